from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from openai import AsyncOpenAI

from local.platform import Platform
from speech_engine import SpeechEngineResource
from tests.conversations.quickstart import Quickstart
from tests.fakes.openai_responses import ResponsesApi, responses_api
from tests.fakes.platform_callers import caller
from tests.fakes.platform_engines import official_engine
from tests.fakes.platform_stage import open_stage
from tests.fakes.platform_waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def quickstart() -> AsyncIterator[tuple[Quickstart, ResponsesApi]]:
    """Yield the handlers with OpenAI's own client on a local endpoint."""
    async with (
        responses_api() as api,
        AsyncOpenAI(api_key="sk_test_openai", base_url=api.url, max_retries=0) as client,
    ):
        yield Quickstart(client), api


async def test_quickstart_answers_with_the_models_stream() -> None:
    """The model's deltas reach the caller, and the next request carries the history."""
    async with (
        quickstart() as (agent, api),
        open_stage(**agent.handlers()) as stage,
    ):
        async with caller(stage) as person:
            await person.type_text("hello")
            assert await person.hears(1) == "You said hello"
            await person.type_text("bye")
            assert await person.hears(2) == "You said bye"
            conversation_id = await person.hang_up()
        await until(lambda: len(agent.events) == 2)
    assert [text for kind, text in person.notes.parts if kind == "delta"][:3] == [
        "You ",
        "said ",
        "hello",
    ]
    assert api.requests[1]["input"] == [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "You said hello"},
        {"role": "user", "content": "bye"},
    ]
    assert agent.events == [("init", conversation_id), ("close", conversation_id)]


async def test_quickstart_lets_go_of_the_model_when_interrupted() -> None:
    """The HTTP stream of a superseded answer is closed, not left to run on."""
    async with (
        quickstart() as (agent, api),
        open_stage(**agent.handlers()) as stage,
        caller(stage) as person,
    ):
        await person.type_text("story")
        await until(lambda: len(person.notes.parts) > 5)
        await person.type_text("stop")
        assert await person.hears(2) == "You said stop"
        await until(lambda: api.cut_short == 1)
    assert ("error", "CancelledError") not in agent.events


async def test_quickstart_survives_a_failing_model() -> None:
    """A failing request is told to `on_error`, and the next turn is answered."""
    async with (
        quickstart() as (agent, _),
        open_stage(**agent.handlers()) as stage,
        caller(stage) as person,
    ):
        await person.type_text("fail")
        await until(lambda: ("error", "InternalServerError") in agent.events)
        await person.type_text("hello")
        assert await person.hears(1) == "You said hello"


async def test_quickstart_runs_unchanged_on_the_official_session() -> None:
    """The same handlers answer the same on ElevenLabs' own code: the fixture fits both."""
    async with (
        quickstart() as (agent, _),
        Platform() as platform,
        official_engine(**agent.handlers()) as url,
        platform.dial(url) as upstream,
    ):
        turn = await upstream.say("hello")
        assert await turn.answer() == "You said hello"


async def test_quickstart_serves_through_the_resource() -> None:
    """`SpeechEngineResource(engine_id).create_session` takes the quickstart's raw events."""
    seen: list[Any] = []
    async with quickstart() as (agent, _), open_stage() as stage:
        resource = SpeechEngineResource(stage.engine.id, api_key=stage.platform.api_key)
        async with serve_resource(resource, agent, seen) as url, stage.platform.dial(url) as up:
            turn = await up.say("hello")
            assert await turn.answer() == "You said hello"
    assert seen == [True]


@asynccontextmanager
async def serve_resource(
    resource: SpeechEngineResource, agent: Quickstart, seen: list[Any]
) -> AsyncIterator[str]:
    """Serve sessions that an own WebSocket server hands to the resource."""
    from websockets.asyncio.server import ServerConnection, serve

    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(resource.verify_request(connection.request.headers))
        session = resource.create_session(connection)

        async def on_transcript(transcript: list[Any]) -> None:
            await agent.on_transcript(transcript, session)

        session.on("user_transcript", on_transcript)
        await session.run()

    async with serve(handle, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
