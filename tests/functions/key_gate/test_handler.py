from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest

from functions.key_gate.handler import act, handler
from tests.fakes.cloudformation import FakeClock, FakeContext, Mailbox, open_mailbox
from tests.fakes.moto_account import make_secret, put_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "sk_test_key_gate_0123456789"
UNDATED = f'{{"current": "{KEY}", "previous": "sk_test_key_gate_old"}}'


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as opened:
        yield opened


def properties(secret_arn: str) -> dict[str, str]:
    return {"ServiceToken": "arn", "SecretArn": secret_arn, "Environment": "dev"}


class TypingClock(FakeClock):
    """While this time passes somebody puts a value into the secret."""

    def __init__(self, secret_arn: str) -> None:
        super().__init__()
        self._secret_arn = secret_arn

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.pauses) == 2:
            put_secret(self._secret_arn, KEY)


@pytest.mark.parametrize("value", [KEY, f'{{"current": "{KEY}"}}', f"{KEY}\n"])
def test_gate_passes_at_once_with_a_value(mailbox: Mailbox, value: str) -> None:
    """A bare key, a JSON one and a pasted one with its line end are values."""
    clock = FakeClock()
    event = mailbox.event("Create", properties(make_secret(value)))
    assert mailbox.run(act, event, clock=clock)["Status"] == "SUCCESS"
    assert clock.pauses == []


@pytest.mark.parametrize("value", [None, "changeme", '{"previous": "x"}', UNDATED])
def test_gate_fails_within_a_minute_and_says_what_to_type(
    mailbox: Mailbox, value: str | None
) -> None:
    """No value, or one that tasks would refuse, fails after a short wait, with two ways out."""
    clock = FakeClock()
    arn = make_secret(value)
    answer = mailbox.run(act, mailbox.event("Create", properties(arn)), clock=clock)
    assert answer["Status"] == "FAILED"
    assert "Run `make deploy ENV=dev`, which asks for the key" in answer["Reason"]
    advice = f"aws secretsmanager put-secret-value --secret-id {arn} --secret-string file:///dev/s"
    assert advice in answer["Reason"]
    assert 10 < clock.seconds < 50


def test_gate_waits_for_a_value_that_is_being_written(mailbox: Mailbox) -> None:
    """Another step of the same deployment may bring the key a few seconds later."""
    arn = make_secret(None)
    event = mailbox.event("Create", properties(arn))
    assert mailbox.run(act, event, clock=TypingClock(arn))["Status"] == "SUCCESS"


def test_gate_closes_again_when_the_value_is_gone(mailbox: Mailbox) -> None:
    """An update looks again, under the same id."""
    event = mailbox.event("Update", properties(make_secret("changeme")), physical_id="key-gate-1")
    answer = mailbox.run(act, event)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "key-gate-1")


def test_gate_keeps_its_id(mailbox: Mailbox) -> None:
    """No update is a replacement."""
    arn = make_secret(KEY)
    first = mailbox.run(act, mailbox.event("Create", properties(arn)))
    event = mailbox.event("Update", properties(arn), physical_id=first["PhysicalResourceId"])
    assert mailbox.run(act, event)["PhysicalResourceId"] == first["PhysicalResourceId"]


def test_gate_is_deleted_without_looking(mailbox: Mailbox) -> None:
    """Neither a missing key nor a missing secret keeps a stack from going."""
    event = mailbox.event("Delete", properties("arn:gone"), physical_id="key-gate-1")
    assert mailbox.run(act, event)["Status"] == "SUCCESS"


@pytest.mark.parametrize(("denials", "status"), [(2, "SUCCESS"), (99, "FAILED")])
def test_gate_waits_for_its_own_permission(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, denials: int, status: str
) -> None:
    """A policy takes some seconds to apply; a denial that stays fails by its name."""
    clock = FakeClock()
    arn = make_secret(KEY)
    client = boto3.client("secretsmanager")
    deny_reading(client, denials)
    monkeypatch.setattr("functions.key_gate.handler.open_secrets", lambda: client)
    answer = mailbox.run(act, mailbox.event("Create", properties(arn)), clock=clock)
    assert answer["Status"] == status
    assert answer.get("Reason") in {
        None,
        f"Secrets Manager refused to read {arn}: AccessDeniedException",
    }
    assert 0 < clock.seconds < 30


def deny_reading(client: Any, times: int) -> None:
    """Let some of the client's reads end as those of a role without the permission do."""
    left = [times]

    def deny(parsed: dict[str, Any], http_response: Any, **_: Any) -> None:
        if left[0] > 0:
            left[0] -= 1
            http_response.status_code = 400
            parsed.clear()
            parsed["Error"] = {"Code": "AccessDeniedException", "Message": "no"}

    client.meta.events.register("after-call.secrets-manager.GetSecretValue", deny)


def test_gate_never_shows_the_key(mailbox: Mailbox, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the answer nor the log holds any part of the value, also when it is no good."""
    for value in (KEY, f'{{"current": "{KEY}", ', f"{KEY} with spaces"):
        mailbox.run(act, mailbox.event("Create", properties(make_secret(value))))
    assert KEY not in str(mailbox.answers) + caplog.text


def test_handler_serves_lambda(mailbox: Mailbox) -> None:
    """The entry point that the stack names answers."""
    handler(mailbox.event("Create", properties(make_secret(KEY))), FakeContext(60))
    assert mailbox.answers[0]["Status"] == "SUCCESS"
