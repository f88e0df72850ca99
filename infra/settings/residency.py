"""ElevenLabs' API hosts, and which API keys belong to which of them.

Source: https://elevenlabs.io/docs/overview/administration/data-residency
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from infra.settings.section import UNFIT

# Host and data residency; None is the platform without a residency of its own.
RESIDENCIES: dict[str, str | None] = {
    "api.elevenlabs.io": None,
    "api.us.elevenlabs.io": None,
    "api.eu.residency.elevenlabs.io": "eu",
    "api.in.residency.elevenlabs.io": "in",
    "api.sg.residency.elevenlabs.io": "sg",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_KEY_SUFFIX = re.compile(r"_residency_([a-z0-9]+)$")


def residency_of(host: str) -> str | None:
    """The data residency behind an API address (`https://…`), None if it has none of its own."""
    return RESIDENCIES.get(urlsplit(host).hostname or "")


def is_loopback(host: str) -> bool:
    """Whether the address is a simulator on this machine."""
    return urlsplit(host).hostname in LOOPBACK


def check_key(host: str, key: str) -> None:
    """Refuse an API key at an address where it can't work.

    A key that ends in `_residency_<code>` works at that residency's host alone. Raises ValueError
    with one line, which never quotes the key.
    """
    found = _KEY_SUFFIX.search(key.strip())
    if found is None or is_loopback(host):
        return
    wanted = found[1] if found[1] in RESIDENCIES.values() else None
    if wanted == residency_of(host):
        return
    fitting = next(name for name, residency in RESIDENCIES.items() if residency == wanted)
    raise ValueError(
        f"the API key belongs to the residency {found[1]!r}, but elevenlabs.host is {host!r};"
        f' set host = "https://{fitting}", or give a key of a workspace at the present one'
    )


def _check_host(host: str) -> str:
    address = urlsplit(host)
    bare = not (address.path or address.query or address.fragment or "@" in address.netloc)
    official = address.scheme == "https" and address.netloc in RESIDENCIES
    local = address.scheme in {"http", "https"} and address.hostname in LOOPBACK
    if not (bare and (official or local)):
        choices = ", ".join(f"https://{name}" for name in RESIDENCIES)
        raise PydanticCustomError(UNFIT, "{remedy}", {"remedy": f"one of {choices}"})
    return host


Host = Annotated[str, AfterValidator(_check_host)]
