from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from local.cloud.terminator import make_certificate

if TYPE_CHECKING:
    from pathlib import Path


def test_certificate_is_for_loopback_by_an_authority_of_its_own(tmp_path: Path) -> None:
    """The names are those of loopback, and only the authority vouches for them."""
    files = make_certificate(tmp_path)
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    leaf = x509.load_pem_x509_certificate(files.bundle.read_bytes())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    leaf.verify_directly_issued_by(authority)
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """The server's key is private, the authority's is written nowhere, and no file is replaced."""
    files = make_certificate(tmp_path)
    assert stat.S_IMODE(files.bundle.stat().st_mode) == 0o600
    assert b"PRIVATE KEY" not in files.authority.read_bytes()
    assert sorted(tmp_path.iterdir()) == sorted([files.authority, files.bundle])
    with pytest.raises(FileExistsError):
        make_certificate(tmp_path)
