"""The addresses from which ElevenLabs calls, by the host whose engines call.

As published for IP allow-listing, read in November 2026:
https://elevenlabs.io/docs/eleven-agents/customization/personalization/post-call-webhooks
"""

from __future__ import annotations

from urllib.parse import urlsplit

_US = ("34.67.146.145", "34.59.11.47")
_EU = ("35.204.38.71", "34.147.113.54")
_ASIA = ("35.185.187.110", "35.247.157.189")
_RESIDENCY = {
    "api.us.elevenlabs.io": _US,
    "api.eu.residency.elevenlabs.io": ("34.77.234.246", "34.140.184.144"),
    "api.in.residency.elevenlabs.io": ("34.93.26.174", "34.93.252.69"),
    "api.sg.residency.elevenlabs.io": ("34.87.23.17", "34.126.179.103"),
}


def elevenlabs_addresses(host: str) -> tuple[str, ...]:
    """Return the IPv4 addresses that carry every call of the engines of `host` (a URL)."""
    return _RESIDENCY.get(urlsplit(host).hostname or "", (*_US, *_EU, *_ASIA))
