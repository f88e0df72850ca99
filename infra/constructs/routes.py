"""The token endpoint's routes; the function serves them, the page asks them."""

from __future__ import annotations

from typing import Final

TOKEN_PATH: Final = "/api/token"  # noqa: S105 - a path
SIGNED_URL_PATH: Final = "/api/signed-url"
HEALTH_PATH: Final = "/api/health"
