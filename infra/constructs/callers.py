"""The addresses from which ElevenLabs calls, by the API host whose engines call.

They carry every connection of a Speech Engine. As published for allow-listing, November 2026:
https://elevenlabs.io/docs/eleven-agents/workflows/post-call-webhooks#ip-whitelisting
"""

from __future__ import annotations

from urllib.parse import urlsplit

from infra.settings.residency import residency_of

_US = ("34.67.146.145", "34.59.11.47")
_EU = ("35.204.38.71", "34.147.113.54")
_ASIA = ("35.185.187.110", "35.247.157.189")
_RESIDENCIES = {
    "eu": ("34.77.234.246", "34.140.184.144"),
    "in": ("34.93.26.174", "34.93.252.69"),
    "sg": ("34.87.23.17", "34.126.179.103"),
}


def elevenlabs_addresses(host: str) -> tuple[str, ...]:
    """Return the IPv4 addresses behind an API address (`https://…`).

    Without a residency the platform calls from wherever it runs a conversation.
    """
    residency = residency_of(host)
    if residency:
        return _RESIDENCIES[residency]
    if urlsplit(host).hostname == "api.us.elevenlabs.io":
        return _US
    return (*_US, *_EU, *_ASIA)
