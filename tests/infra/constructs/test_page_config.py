from __future__ import annotations

import pytest

from infra.constructs.page_config import page_config, page_origins
from tests.fakes.environments import environment_with


def test_page_config_says_what_the_page_reads() -> None:
    """Title, transport, paths and the engine's id; what is not set is left out."""
    assert page_config(environment_with(), "seng_1") == {
        "title": "Speech Engine",
        "transport": "webrtc",
        "engineId": "seng_1",
        "tokenPath": "/api/token",
        "signedUrlPath": "/api/signed-url",
    }


def test_page_config_carries_the_first_message() -> None:
    """The first message is the client's to send, so the page is told it."""
    environment = environment_with({"site.first_message": "Hello! Say “hi”."})
    assert page_config(environment, "seng_1")["firstMessage"] == "Hello! Say “hi”."


@pytest.mark.parametrize("residency", ["eu", "in", "sg"])
def test_page_config_sends_voice_to_the_residencys_host(residency: str) -> None:
    """Where an API has a data residency, voice goes to the same one."""
    host = f"https://api.{residency}.residency.elevenlabs.io"
    environment = environment_with({"elevenlabs.host": host})
    livekit = f"livekit.rtc.{residency}.residency.elevenlabs.io"
    assert page_config(environment, "seng_1")["livekitUrl"] == f"wss://{livekit}"
    assert page_origins(environment) == [
        host,
        f"wss://api.{residency}.residency.elevenlabs.io",
        f"https://{livekit}",
        f"wss://{livekit}",
    ]


def test_page_config_reaches_no_voice_host_without_webrtc() -> None:
    """Over WebSockets the page talks to the API's host alone."""
    environment = environment_with({"site.transport": "websocket"})
    assert page_origins(environment) == ["https://api.elevenlabs.io", "wss://api.elevenlabs.io"]


def test_page_config_says_where_visitors_sign_in() -> None:
    """The page may ask the issuer, and the other origins that its sign-in needs."""
    environment = environment_with(
        {
            "site.transport": "websocket",
            "site.login.client_id": "page",
            "site.login.audience": "voice",
            "site.login.origins": ["https://tokens.example.com"],
            "token.jwt.issuer": "https://auth.example.com/pool/",
            "token.jwt.audience": ["voice"],
        }
    )
    assert page_config(environment, "seng_1")["login"] == {
        "issuer": "https://auth.example.com/pool/",
        "clientId": "page",
        "scope": "openid",
        "audience": "voice",
    }
    assert page_origins(environment)[2:] == [
        "https://auth.example.com",
        "https://tokens.example.com",
    ]
