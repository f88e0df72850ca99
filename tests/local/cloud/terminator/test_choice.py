from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.cloud.terminator import (
    HaproxyTerminator,
    LoadBalancer,
    TunnelTerminator,
    choose_terminator,
    make_certificate,
)

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = LoadBalancer(listeners=(), groups={})


@pytest.mark.parametrize(
    ("installed", "kind"), [(True, HaproxyTerminator), (False, TunnelTerminator)]
)
def test_haproxy_is_taken_where_it_is_installed(
    installed: bool, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path decides, and nothing is started or bound by choosing."""
    (tmp_path / "haproxy").touch(mode=0o700)
    monkeypatch.setenv("PATH", str(tmp_path if installed else tmp_path / "empty"))
    monkeypatch.setattr("local.cloud.terminator.choice.SYSTEM_FOLDERS", str(tmp_path / "none"))
    terminator = choose_terminator(EMPTY, certificate=make_certificate(tmp_path))
    assert isinstance(terminator, kind)
    assert terminator.ports == {}
