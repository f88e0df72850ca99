from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NoReturn

import pytest

from functions.custom_resource.failure import Failure
from functions.custom_resource.lifecycle import Resource, answer
from functions.custom_resource.reply import NotDelivered
from tests.fakes.cloudformation import LOGICAL_ID, STACK_ID, FakeContext, Mailbox, open_mailbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions.custom_resource.deadline import Deadline
    from functions.custom_resource.request import Request

SECRET = "sk_test_in_a_property"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as opened:
        yield opened


def succeed(request: Request, deadline: Deadline) -> Resource:
    return Resource("thing_1", {"Kind": request.kind})


def fail(request: Request, deadline: Deadline) -> NoReturn:
    raise Failure("the widget is too\n  small; use a larger one")


def crash(request: Request, deadline: Deadline) -> NoReturn:
    raise RuntimeError(f"broken by {request.properties['Key']}")


def test_answer_names_the_resource_and_repeats_the_request(mailbox: Mailbox) -> None:
    """What was asked is answered with its ids verbatim, the new id and the attributes."""
    assert mailbox.run(succeed, mailbox.event("Create")) == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "thing_1",
        "StackId": STACK_ID,
        "RequestId": "9c8a6a1e",
        "LogicalResourceId": LOGICAL_ID,
        "Data": {"Kind": "Create"},
    }


def test_answer_to_a_pre_signed_address_has_no_content_type(mailbox: Mailbox) -> None:
    """S3 would refuse the signature otherwise."""
    mailbox.run(succeed, mailbox.event("Create"))
    assert "content-type" not in mailbox.headers[0]
    assert int(mailbox.headers[0]["content-length"]) == len(mailbox.bodies[0])


def test_failure_is_one_line(mailbox: Mailbox) -> None:
    """A failure's sentence becomes the event's text."""
    given = mailbox.run(fail, mailbox.event("Create"))
    assert given["Status"] == "FAILED"
    assert given["Reason"] == "the widget is too small; use a larger one"


@pytest.mark.parametrize("kind", ["Update", "Delete"])
def test_failure_keeps_the_resources_id(mailbox: Mailbox, kind: str) -> None:
    """A failed update must not look like a replacement."""
    given = mailbox.run(fail, mailbox.event(kind, physical_id="thing_7"))
    assert given["PhysicalResourceId"] == "thing_7"


def test_failed_create_has_a_stand_in(mailbox: Mailbox) -> None:
    """CloudFormation demands an id also for what does not exist."""
    given = mailbox.run(fail, mailbox.event("Create"))
    assert given["PhysicalResourceId"] == f"unsettled-{LOGICAL_ID}"


def test_crash_is_answered_without_its_message(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception's text may quote a property: the event has its kind, the log its place."""
    given = mailbox.run(crash, mailbox.event("Create", {"Key": SECRET}))
    assert "Unexpected RuntimeError" in given["Reason"]
    assert "Traceback" not in given["Reason"]
    assert "in crash" in caplog.text
    assert SECRET not in given["Reason"] + caplog.text


@pytest.mark.parametrize("act", [succeed, fail])
def test_log_holds_no_properties_and_no_address(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture, act: object
) -> None:
    """Whoever reads the log can neither learn a property nor answer in the function's place."""
    with caplog.at_level("DEBUG"):
        mailbox.run(act, mailbox.event("Create", {"Key": SECRET}))  # type: ignore[arg-type]
    assert SECRET not in caplog.text
    assert "signature" not in caplog.text


def test_unknown_kind_is_answered(mailbox: Mailbox) -> None:
    """A request that is neither Create, Update nor Delete does nothing and fails."""
    assert "'Import' is not" in mailbox.run(succeed, mailbox.event("Import"))["Reason"]


def test_answer_is_given_before_lambda_kills_the_function(mailbox: Mailbox) -> None:
    """Work that overruns its time is answered for, and its own late outcome is not sent."""
    answered = threading.Event()

    def overrun(request: Request, deadline: Deadline) -> Resource:
        assert answered.wait(10)
        return Resource("late")

    mailbox.on_answer = answered.set
    answer(mailbox.event("Create"), FakeContext(seconds=0.4), overrun)
    (given,) = mailbox.answers
    assert given["Status"] == "FAILED"
    assert "did not finish in time" in given["Reason"]


@pytest.mark.parametrize("seconds", [3.0, 60.0, 300.0])
def test_work_has_less_time_than_the_function(mailbox: Mailbox, seconds: float) -> None:
    """The deadline leaves time for the answer, for short and for long functions."""
    left: list[float] = []

    def look(request: Request, deadline: Deadline) -> Resource:
        left.append(deadline.remaining_seconds)
        return Resource("thing_1")

    mailbox.run(look, mailbox.event("Create"), seconds=seconds)
    assert left[0] >= seconds / 4
    assert seconds - left[0] >= min(13, seconds / 2)


@pytest.mark.parametrize("statuses", [(500,), (503, 500)])
def test_answer_is_delivered_again_after_a_failure(statuses: tuple[int, ...]) -> None:
    """A mailbox that fails gets the very same bytes again."""
    with open_mailbox(*statuses) as mailbox:
        answer(mailbox.event("Create"), FakeContext(), succeed)
    assert len(mailbox.bodies) == len(statuses) + 1
    assert len(set(mailbox.bodies)) == 1


def test_answer_that_can_not_be_delivered_fails_the_function() -> None:
    """After three attempts the function's own failure is what is left to notice."""
    with open_mailbox(500, 500, 500, 500) as mailbox, pytest.raises(NotDelivered):
        answer(mailbox.event("Create"), FakeContext(), succeed)
    assert len(mailbox.bodies) == 3


def test_answer_to_nobody_fails_the_function() -> None:
    """An address where nobody listens is tried as often, and no longer."""
    with open_mailbox() as mailbox:
        event = mailbox.event("Create")
    with pytest.raises(NotDelivered):
        answer(event, FakeContext(), succeed)
