from __future__ import annotations

import time

import pytest
from elevenlabs.speech_engine.resource import verify_speech_engine_jwt

from local.platform.clock import JumpingClock
from local.platform.credentials import (
    SIGNED_URL_SECONDS,
    Credentials,
    sign_upstream_token,
)

KEY = "sk_test_credentials"


def test_upstream_token_passes_the_official_check() -> None:
    """ElevenLabs' own verification accepts the token."""
    verify_speech_engine_jwt(sign_upstream_token(KEY, time.time()), KEY)


def test_upstream_token_of_a_residency_key_is_signed_with_the_base_key() -> None:
    """The residency suffix takes no part in the signature."""
    token = sign_upstream_token(f"{KEY}_residency_eu", time.time())
    verify_speech_engine_jwt(token, KEY)


def test_upstream_token_of_another_key_fails_the_official_check() -> None:
    """A token of one key does not open the door of another."""
    with pytest.raises(ValueError, match="signature"):
        verify_speech_engine_jwt(sign_upstream_token("sk_test_other", time.time()), KEY)


def test_upstream_token_expires() -> None:
    """A token that was signed long ago is refused by the official check."""
    with pytest.raises(ValueError, match="expired"):
        verify_speech_engine_jwt(sign_upstream_token(KEY, time.time() - 3600), KEY)


def signature_of(url: str) -> str:
    return url.partition("conversation_signature=")[2].partition("&")[0]


async def test_signed_url_is_valid_for_fifteen_minutes() -> None:
    """A signature can be used again until its time is over, and then no more."""
    clock = JumpingClock()
    credentials = Credentials(KEY, clock)
    signature = signature_of(credentials.sign_url("ws://127.0.0.1:1", "seng_1"))
    assert credentials.redeem(signature, "seng_1") is None
    await clock.advance(SIGNED_URL_SECONDS)
    assert credentials.redeem(signature, "seng_1") is None
    await clock.advance(1)
    with pytest.raises(PermissionError, match="expired"):
        credentials.redeem(signature, "seng_1")


def test_signed_url_with_a_conversation_id_works_once() -> None:
    """The first use gives the conversation id, the second is refused."""
    credentials = Credentials(KEY, JumpingClock())
    signature = signature_of(credentials.sign_url("ws://127.0.0.1:1", "seng_1", "conv_1"))
    assert credentials.redeem(signature, "seng_1") == "conv_1"
    with pytest.raises(PermissionError, match="not valid"):
        credentials.redeem(signature, "seng_1")


def test_signed_url_opens_no_other_engine() -> None:
    """A signature for one engine is refused for another."""
    credentials = Credentials(KEY, JumpingClock())
    signature = signature_of(credentials.sign_url("ws://127.0.0.1:1", "seng_1"))
    with pytest.raises(PermissionError, match="not valid for this agent"):
        credentials.redeem(signature, "seng_2")
