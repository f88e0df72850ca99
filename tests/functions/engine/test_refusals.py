from __future__ import annotations

import json

import pytest

from functions.engine.refusals import KeyRefused, NotFound, make_refusal


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        ([{"loc": ["body", "tts", "speed"], "msg": "too fast"}], "tts.speed: too fast"),
        ([{"loc": ["query", "page_size"], "msg": "too big"}], "query.page_size: too big"),
        ([{"msg": "not good"}], "the request: not good"),
        (["plain"], "plain"),
        ({"code": "input_invalid", "message": "No"}, "input_invalid No"),
        ({"status": "older_shape", "message": "No"}, "older_shape No"),
        ({"message": "No", "param": "tts.speed"}, "tts.speed: No"),
        ({"message": "on\ntwo  lines"}, "on two lines"),
        ({}, "no reason given"),
        ("just text", "just text"),
    ],
)
def test_refusal_reads_every_documented_shape(detail: object, text: str) -> None:
    """List, object of either age and plain text all become one line."""
    refusal = make_refusal(422, json.dumps({"detail": detail}).encode())
    assert str(refusal) == f"ElevenLabs refused {text}"


@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", b"\xff"])
def test_refusal_without_json_shows_no_page(body: bytes) -> None:
    """A gateway's page does not reach the stack's events."""
    assert "an answer that is not JSON" in str(make_refusal(400, body))


def test_refusal_shows_a_bounded_part() -> None:
    """Fifty problems and a long text leave a readable line."""
    problems = [{"loc": ["body", str(number)], "msg": "x" * 1000} for number in range(50)]
    refusal = make_refusal(422, json.dumps({"detail": problems}).encode())
    assert len(str(refusal)) < 1700
    assert str(refusal).startswith("ElevenLabs refused 0: xxx")


@pytest.mark.parametrize(
    ("status", "kind"), [(401, KeyRefused), (403, KeyRefused), (404, NotFound)]
)
def test_refusal_tells_key_and_absence_apart(status: int, kind: type[Exception]) -> None:
    """What the function treats differently has a class of its own."""
    assert type(make_refusal(status, b"{}")) is kind


def test_refusal_by_redirect_names_the_setting() -> None:
    """A wrong host often redirects: no request follows with the key in it."""
    assert "check elevenlabs.host" in str(make_refusal(307, b""))
