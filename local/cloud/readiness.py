"""The one question by which a server on its way up is known to be there."""

from __future__ import annotations

import httpx

_ANSWER_SECONDS = 1.0


async def is_ready(http: httpx.AsyncClient, url: str) -> bool:
    """Tell whether `url` answers with success, now."""
    try:
        return (await http.get(url, timeout=_ANSWER_SECONDS)).is_success
    except httpx.HTTPError:
        return False
