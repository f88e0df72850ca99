from __future__ import annotations

import json

import pytest

from functions.custom_resource.reply import BODY_BYTES, REASON_CHARACTERS, Outcome, write_reply
from functions.custom_resource.request import Request

REQUEST = Request("Create", f"arn:{'s' * 250}", "L" * 255, "r" * 36, "http://127.0.0.1/x")


@pytest.mark.parametrize("letter", ["a", '"', "\\", "ü", "語", "🎙", "\x00"])
def test_reply_fits_its_limits(letter: str) -> None:
    """Whatever a reason is made of, the body stays within 4096 bytes and the reason readable."""
    body = write_reply(REQUEST, Outcome("p" * 1000, error=letter * 5000))
    reason = json.loads(body)["Reason"]
    assert len(body) <= BODY_BYTES
    assert 100 < len(reason) <= REASON_CHARACTERS
    assert set(reason) == {letter}


def test_reply_of_a_failure_always_has_a_reason() -> None:
    """CloudFormation demands one."""
    assert json.loads(write_reply(REQUEST, Outcome("x", error=" \n")))["Reason"]


def test_reply_of_a_success_has_none() -> None:
    """A success shows nothing in the stack's events."""
    assert "Reason" not in json.loads(write_reply(REQUEST, Outcome("x")))
