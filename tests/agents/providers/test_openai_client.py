from __future__ import annotations

import asyncio
import json
import socket
import traceback
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from agents.prompt import ModelError, ModelOptions, ModelRefused
from agents.providers import openai_chat
from agents.providers.access import Access
from tests.agents.providers.candidates import PROMPT, collect
from tests.fakes.model_servers.openai_chat import ChatWire
from tests.fakes.model_servers.openai_routes import encode_error
from tests.fakes.model_servers.server import Break, Refuse, Say, serve_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from agents.prompt import Model
    from tests.fakes.model_servers.server import ModelServer, Request

KEY = "sk_test_client"
LIST = "/v1/models"


class OddWire(ChatWire):
    """A server that differs from OpenAI's: `paths` are the routes that it does not have."""

    def __init__(
        self,
        *,
        paths: tuple[str, ...] = (),
        listed: object = None,
        error: bytes = b'{"detail": "Not Found"}',
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._paths = paths
        self._listed = listed
        self._error = error
        self._headers = headers or {}

    def model_of(self, request: Request) -> str:
        return "" if request.path in self._paths else super().model_of(request)

    def answer_check(self, request: Request) -> bytes:
        if self._listed is not None and request.path == LIST:
            return json.dumps(self._listed).encode()
        return super().answer_check(request)

    def error(self, _status: int) -> bytes:
        return self._error

    def error_headers(self, _status: int) -> dict[str, str]:
        return self._headers


@asynccontextmanager
async def serve(
    name: str = "test-model", **odd: object
) -> AsyncIterator[tuple[ModelServer, Model]]:
    async with serve_model(partial(OddWire, **odd)) as server:  # type: ignore[arg-type]
        access = Access(api_key=KEY, base_url=f"{server.url}/v1")
        model = openai_chat.create(f"openai_chat/{name}", name, access, ModelOptions())
        async with aclosing(model):
            yield server, model


async def refuse(status: int, retry_after: str | None = None, **odd: object) -> ModelError:
    """What becomes of a turn that is answered with that status."""
    async with serve(**odd) as (server, model):  # type: ignore[arg-type]
        server.script = lambda _: [Refuse(status, retry_after)]
        with pytest.raises(ModelError) as caught:
            await collect(model)
    return caught.value


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("test-model", {"object": "list", "data": [{"id": "other"}, {"id": "test-model"}]}),
        ("test-model:online", {"data": [{"id": "test-model"}]}),
        ("test-model", [{"id": "test-model"}]),
    ],
    ids=["list", "variant", "bare-list"],
)
async def test_check_looks_a_model_up_in_the_list(name: str, listed: object) -> None:
    """A server that tells of no single model is asked for all that it has."""
    async with serve(name, paths=(f"{LIST}/{name.replace(':', '%3A')}",), listed=listed) as served:
        server, model = served
        await model.check()
    assert [request.path for request in server.requests][1:] == [LIST]


@pytest.mark.parametrize("listed", [{"data": [{"id": "other"}]}, {"data": None}, []])
async def test_check_refuses_a_model_that_is_not_listed(listed: object) -> None:
    """A list without the model is as clear an answer as a missing model."""
    async with serve(paths=(f"{LIST}/test-model",), listed=listed) as (_, model):
        with pytest.raises(ModelRefused, match=r"openai_chat/test-model.*correct its name"):
            await model.check()


async def test_check_believes_a_server_that_knows_no_such_model() -> None:
    """OpenAI's own word for an unknown model needs no second question."""
    error = encode_error("invalid_request_error", "model_not_found", "model")
    async with serve("unknown", error=error) as (server, model):
        with pytest.raises(ModelRefused, match="unknown"):
            await model.check()
    assert len(server.requests) == 1


async def test_check_asks_for_a_model_by_its_whole_name() -> None:
    """A slash in a model's name is part of the name, not of the path."""
    async with serve("vendor/model", paths=(f"{LIST}/vendor%2Fmodel",), listed=[]) as served:
        server, model = served
        with pytest.raises(ModelRefused):
            await model.check()
    assert server.requests[0].path == f"{LIST}/vendor%2Fmodel"


@pytest.mark.parametrize(
    ("paths", "listed"),
    [((f"{LIST}/test-model", LIST), None), ((f"{LIST}/test-model",), "<html>")],
    ids=["no-route", "a-page"],
)
async def test_check_can_not_tell_of_a_server_without_models(
    paths: tuple[str, ...], listed: object
) -> None:
    """A server without any such route is no refusal: turns may well be answered."""
    async with serve(paths=paths, listed=listed) as (_, model):
        with pytest.raises(ModelError, match="can't be checked") as caught:
            await model.check()
        assert not isinstance(caught.value, ModelRefused)
        assert await collect(model) == ["Hello", " there."]


@pytest.mark.parametrize(
    "step", [Refuse(400), Refuse(401), Refuse(429), Refuse(500), Break()], ids=str
)
async def test_errors_quote_neither_key_nor_conversation(step: Refuse | Break) -> None:
    """Even printed with everything that led to it, an error holds nothing confidential."""
    error = encode_error("invalid_request_error", None)
    async with serve(error=error) as (server, model):
        server.script = lambda _: [step] if isinstance(step, Refuse) else [Say("Well"), step]
        with pytest.raises(ModelError) as caught:
            await collect(model)
    printed = "".join(traceback.format_exception(caught.value))
    said = PROMPT.messages[0].content
    assert "\n" not in str(caught.value)
    assert KEY not in printed
    assert f"About: {said}" not in printed
    assert "openai_chat/test-model" in str(caught.value)


async def test_errors_of_the_network_name_their_kind() -> None:
    """Whether nobody listens, or somebody falls silent, can be told, and which variable to mend."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        access = Access(base_url=f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        model = openai_chat.create("openai_chat/m", "m", access, ModelOptions())
        async with aclosing(model):
            with pytest.raises(ModelError, match=r"ConnectError.* OPENAI_CHAT_BASE_URL is"):
                await model.check()


async def test_errors_may_break_off_themselves() -> None:
    """An error response that is cut off is a failure that may pass, like any other."""
    head = b"HTTP/1.1 500 Status\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + b'{"error":')
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        model = openai_chat.create("openai_chat/m", "m", Access(base_url=url), ModelOptions())
        async with aclosing(model):
            with pytest.raises(ModelError, match="openai_chat/m"):
                await collect(model)


async def test_errors_do_not_quote_a_key_that_no_header_can_hold() -> None:
    """A key with a line break is refused by the HTTP client, whose error would quote it."""
    async with serve_model(ChatWire) as server:
        access = Access(api_key=f"{KEY}\nX", base_url=f"{server.url}/v1")
        model = openai_chat.create("openai_chat/m", "test-model", access, ModelOptions())
        async with aclosing(model):
            with pytest.raises(ModelError) as caught:
                await collect(model)
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 410, 413, 422])
async def test_errors_that_do_not_pass_are_refusals(status: int) -> None:
    """What is wrong with key, model or request stays wrong, however often it is asked."""
    assert isinstance(await refuse(status), ModelRefused)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
async def test_errors_that_may_pass_are_none(status: int) -> None:
    """Limits and failures of the provider may be over at the next turn."""
    assert not isinstance(await refuse(status), ModelRefused)


@pytest.mark.parametrize("status", [401, 403])
async def test_errors_of_the_key_name_its_variable(status: int) -> None:
    """Whoever reads that the key is not taken reads where it is set."""
    assert "OPENAI_CHAT_API_KEY or OPENAI_API_KEY" in str(await refuse(status))


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (429, "insufficient_quota", "credit"),
        (400, "billing_hard_limit_reached", "credit"),
        (403, "model_not_found", "correct its name"),
    ],
)
async def test_errors_are_known_by_their_code(status: int, code: str, remedy: str) -> None:
    """Some statuses mean several things: an empty account is no limit that a wait would lift."""
    error = await refuse(status, error=encode_error("x", code))
    assert isinstance(error, ModelRefused)
    assert remedy in str(error)


@pytest.mark.parametrize(
    ("parameter", "variable"),
    [
        ("temperature", "SPEECH_ENGINE_TEMPERATURE"),
        ("reasoning.effort", "SPEECH_ENGINE_REASONING_EFFORT"),
        ("reasoning_effort", "SPEECH_ENGINE_REASONING_EFFORT"),
    ],
)
async def test_errors_name_the_setting_that_a_model_does_not_take(
    parameter: str, variable: str
) -> None:
    """A refused parameter is told by the name of its setting."""
    error = await refuse(400, error=encode_error("x", "unsupported_value", parameter))
    assert isinstance(error, ModelRefused)
    assert variable in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "7", "retry-after-ms": "1500"}, 1.5),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
async def test_errors_tell_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds, seconds and dates are read; nonsense is no time."""
    assert (await refuse(429, headers=headers)).retry_after_seconds == seconds


async def test_client_asks_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the environment names a proxy, the provider is reached through it."""
    async with serve_model(ChatWire) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        access = Access(base_url="http://provider.invalid/v1")
        model = openai_chat.create("openai_chat/m", "test-model", access, ModelOptions())
        async with aclosing(model):
            assert await collect(model) == ["Hello", " there."]
    assert server.requests[0].path == "http://provider.invalid/v1/chat/completions"
