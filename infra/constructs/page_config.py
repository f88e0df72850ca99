"""What the browser page is told, and whom it may talk to. Knows nothing of the CDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infra.constructs.routes import SIGNED_URL_PATH, TOKEN_PATH
from infra.settings.residency import residency_of

if TYPE_CHECKING:
    from infra.settings import Environment


def page_config(environment: Environment, engine_id: str) -> dict[str, Any]:
    """Return the page's `config.json`; the engine's id is there for people who look."""
    site, host = environment.site, environment.elevenlabs.host
    config = {
        "title": site.title,
        "transport": site.transport,
        "engineId": engine_id,
        "tokenPath": TOKEN_PATH,
        "signedUrlPath": SIGNED_URL_PATH,
        "firstMessage": site.first_message,
        "livekitUrl": livekit_url(host) if residency_of(host) else None,
        "login": _login(environment),
    }
    return {key: value for key, value in config.items() if value is not None}


def page_origins(environment: Environment) -> list[str]:
    """List the origins that the page may connect to: ElevenLabs', and where visitors sign in."""
    host = environment.elevenlabs.host
    origins = [host, _swap(host, "http", "ws")]
    if environment.site.transport == "webrtc":
        livekit = livekit_url(host)
        origins += [_swap(livekit, "ws", "http"), livekit]
    return origins + _login_origins(environment)


def _login(environment: Environment) -> dict[str, str] | None:
    login, jwt = environment.site.login, environment.token.jwt
    if not (login and jwt):
        return None
    told = {"issuer": jwt.issuer, "clientId": login.client_id, "scope": login.scope}
    return {**told, "audience": login.audience} if login.audience else told


def _login_origins(environment: Environment) -> list[str]:
    login, jwt = environment.site.login, environment.token.jwt
    if not (login and jwt):
        return []
    return [f"https://{urlsplit(jwt.issuer).netloc}", *login.origins]


def livekit_url(host: str) -> str:
    """Return where voice over WebRTC goes; it follows the API's data residency.

    https://elevenlabs.io/docs/overview/administration/data-residency
    """
    residency = residency_of(host)
    return f"wss://livekit.rtc.{f'{residency}.residency.' if residency else ''}elevenlabs.io"


def _swap(url: str, old: str, new: str) -> str:
    return new + url.removeprefix(old)
