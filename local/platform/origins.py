"""Which web pages may talk to the simulator: those served from this machine.

Any page that a browser shows can reach a loopback port, and a conversation may cost model calls.
"""

from __future__ import annotations

import re

LOOPBACK_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"


def is_allowed_origin(origin: str | None) -> bool:
    """Tell whether a request with this `Origin` header is welcome; programs send none."""
    return origin is None or re.fullmatch(LOOPBACK_ORIGIN, origin) is not None
