from __future__ import annotations

import pytest
from elevenlabs.speech_engine import verify_speech_engine_jwt

from bench.frames import TEXT
from bench.handshake import API_KEY, WRONG_KEY, Reply, read_reply, sign_token, upgrade_request


def test_token_passes_the_official_check() -> None:
    """The Python SDK accepts what the load signs."""
    claims = verify_speech_engine_jwt(sign_token(API_KEY), API_KEY)
    assert claims["sub"] == "convai_speech_engine_upstream"


def test_token_of_the_wrong_key_is_refused() -> None:
    """The refused connections of the benchmark fail for their signature."""
    with pytest.raises(ValueError, match="signature mismatch"):
        verify_speech_engine_jwt(sign_token(WRONG_KEY), API_KEY)


def test_token_is_new_for_each_connection() -> None:
    """No server can profit from having seen a token before."""
    assert sign_token(API_KEY) != sign_token(API_KEY)


@pytest.mark.parametrize("offer_deflate", [True, False])
def test_request_offers_deflate_only_when_told(*, offer_deflate: bool) -> None:
    """The offer is a setting of the run."""
    request = upgrade_request(80, "token", offer_deflate=offer_deflate)
    assert (b"permessage-deflate" in request) is offer_deflate


def test_reply_tells_what_was_agreed() -> None:
    """Status and extension are read from the head, names in any case."""
    head = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Extensions: Permessage-Deflate"
    assert read_reply(head) == Reply(101, "permessage-deflate")
    assert read_reply(head).is_deflated


def test_reply_without_extension_is_read_plainly() -> None:
    """Where deflate was declined frames are read as they are."""
    reply = read_reply(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket")
    assert not reply.is_deflated
    assert reply.make_scanner().feed(b"\x81\x01x") == [(TEXT, b"x")]


def test_reply_that_is_not_http_is_refused() -> None:
    """A server of another kind is not measured by accident."""
    with pytest.raises(ValueError, match="not an HTTP response"):
        read_reply(b"SSH-2.0-OpenSSH")
