from __future__ import annotations

from contextlib import aclosing

import pytest

from agents.prompt import ModelError, ModelRefused, ToolCall
from tests.agents.providers.bedrock_account import KEY_ID, SECRET, TOKEN
from tests.agents.providers.candidates import collect, listen
from tests.agents.providers.candidates import serve_bedrock as serve
from tests.fakes.model_servers.bedrock import BedrockFormat, encode_event, encode_exception
from tests.fakes.model_servers.event_stream import encode_message
from tests.fakes.model_servers.server import Refuse, Say

pytestmark = pytest.mark.usefixtures("aws_account")


@pytest.mark.parametrize(
    ("reason", "text"),
    [("content_filtered", ""), ("malformed_tool_use", "Well,"), ("malformed_model_output", "")],
)
async def test_bedrock_reports_an_answer_that_is_none(reason: str, text: str) -> None:
    """A filtered or broken answer is an error after what was said, and tells the reason."""
    heard: list[str | ToolCall] = []
    async with serve(stop_reason=reason) as candidate:
        candidate.server.script = lambda _: [Say(text)]
        async with aclosing(candidate.open()) as model:
            with pytest.raises(ModelError, match=reason):
                await listen(model, heard)
    assert heard == ([text] if text else [])


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("internalServerException", False),
        ("modelStreamErrorException", False),
        ("serviceUnavailableException", False),
        ("throttlingException", False),
        ("validationException", True),
    ],
)
async def test_bedrock_explains_an_exception_inside_the_stream(kind: str, *, refused: bool) -> None:
    """The names of exceptions mean the same inside a stream; what they quote is not repeated."""
    failure = encode_exception(kind, "It went wrong after: Hi")
    async with serve(opening=failure) as candidate, aclosing(candidate.open()) as model:
        with pytest.raises(ModelError, match=f"(?i){kind}") as caught:
            await collect(model)
    assert isinstance(caught.value, ModelRefused) is refused
    assert_tells_nothing(caught.value)


@pytest.mark.parametrize(
    ("status", "refused", "words"),
    [
        (400, True, "ValidationException.*inference profile"),
        (401, True, "UnrecognizedClientException.*credentials"),
        (403, True, "AccessDeniedException.*bedrock:InvokeModelWithResponseStream"),
        (404, True, "ResourceNotFoundException.*region"),
        (424, False, "ModelErrorException"),
        (429, False, "ThrottlingException.*quota|quota.*ThrottlingException"),
        (500, False, "InternalServerException"),
        (503, False, "ServiceUnavailableException"),
    ],
)
async def test_bedrock_explains_a_refusal_and_tries_once(
    status: int, *, refused: bool, words: str
) -> None:
    """An error response names the model, the code and the remedy in one line, at once."""
    async with serve() as candidate:
        candidate.server.script = lambda _: [Refuse(status)]
        async with aclosing(candidate.open()) as model:
            with pytest.raises(ModelError, match=f"bedrock/test-model.*({words})") as caught:
                await collect(model)
    assert isinstance(caught.value, ModelRefused) is refused
    assert len(candidate.server.requests) == 1
    assert_tells_nothing(caught.value)


async def test_bedrock_is_refused_by_somebody_on_the_way() -> None:
    """A refusal without the service's own code, of a proxy say, is a refusal too."""

    class Proxied(BedrockFormat):
        def error_headers(self, status: int) -> dict[str, str]:
            return {}

    async with serve(Proxied) as candidate, aclosing(candidate.open()) as model:
        candidate.server.script = lambda _: [Refuse(403)]
        with pytest.raises(ModelRefused, match=r"bedrock/test-model refused \(403\)"):
            await collect(model)


def assert_tells_nothing(error: ModelError) -> None:
    """Neither the conversation nor a credential is in it, nor in an error behind it."""
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert "\n" not in str(error)
    for hidden in ("Hi", KEY_ID, SECRET, TOKEN):
        assert hidden not in f"{error} {error!r}"


@pytest.mark.parametrize(
    "opening",
    [
        b"<html>This is no event stream, whatever it is</html>",
        encode_event("contentBlockStop", {"contentBlockIndex": 0})[:-1] + b"\0",
        encode_message({":event-type": "messageStart", ":message-type": "event"}, b"\xff"),
        encode_message({":event-type": "fromTheFuture", ":message-type": "event"}, b"{}")[:-9],
    ],
    ids=["html", "checksum", "no text", "cut"],
)
async def test_bedrock_reports_bytes_that_are_no_events(opening: bytes) -> None:
    """Whatever stands in the place of the stream is an error of the provider, and no crash."""
    async with serve(opening=opening) as candidate, aclosing(candidate.open()) as model:
        with pytest.raises(ModelError, match="bedrock/test-model"):
            await collect(model)
