"""Whom the browser page talks to besides its own origin. Knows nothing of the CDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.settings.residency import residency_of

if TYPE_CHECKING:
    from infra.settings import Environment


def livekit_url(host: str) -> str:
    """Return where voice over WebRTC goes; it follows the API's data residency.

    https://elevenlabs.io/docs/overview/administration/data-residency
    """
    residency = residency_of(host)
    return f"wss://livekit.rtc.{f'{residency}.residency.' if residency else ''}elevenlabs.io"


def page_origins(environment: Environment) -> list[str]:
    """List the origins that the page may connect to, each by HTTP and by WebSocket."""
    host = environment.elevenlabs.host
    origins = [host, _swap(host, "http", "ws")]
    if environment.site.transport == "webrtc":
        livekit = livekit_url(host)
        origins += [_swap(livekit, "ws", "http"), livekit]
    return origins


def _swap(url: str, old: str, new: str) -> str:
    return new + url.removeprefix(old)
