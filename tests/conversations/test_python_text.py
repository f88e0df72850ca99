from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from local.platform import Script, ToolCall
from tests.fakes.platform_agents import echo, tell
from tests.fakes.platform_callers import caller
from tests.fakes.platform_sdk import ClientTools, ConversationInitiationData
from tests.fakes.platform_stage import open_stage
from tests.fakes.platform_waiting import until


async def test_typed_messages_are_answered_in_parts_and_as_a_whole() -> None:
    """The official client sees start, deltas, stop and the answer of every turn."""
    async with open_stage(on_transcript=echo) as stage, caller(stage) as person:
        await person.type_text("hello")
        assert await person.hears(1) == "You said hello"
        await person.type_text("bye")
        assert await person.hears(2) == "You said bye"
    kinds = [kind for kind, _ in person.notes.parts]
    assert kinds[0] == "start"
    assert kinds[-1] == "stop"
    assert "".join(text for _, text in person.notes.parts) == "You said helloYou said bye"
    assert [d.reason for d in person.notes.disconnects] == ["user"]


async def test_the_agent_sees_the_whole_history() -> None:
    """Each turn brings what was said before, by both sides."""
    seen: list[list[tuple[str, str]]] = []

    async def remember(transcript: list[Any], session: Any) -> None:
        seen.append([(message.role, message.content) for message in transcript])
        await echo(transcript, session)

    async with open_stage(on_transcript=remember) as stage, caller(stage) as person:
        await person.type_text("one")
        await person.hears(1)
        await person.type_text("two")
        await person.hears(2)
    assert seen[1] == [("user", "one"), ("agent", "You said one"), ("user", "two")]


async def test_a_message_in_mid_answer_interrupts_the_agent() -> None:
    """The endless story stops, its stream is closed, and the new message is answered."""
    ended = asyncio.Event()

    async def on_transcript(transcript: list[Any], session: Any) -> None:
        try:
            await tell(transcript, session)
        except asyncio.CancelledError:
            ended.set()
            raise

    async with open_stage(on_transcript=on_transcript) as stage, caller(stage) as person:
        await person.type_text("story")
        await until(lambda: len(person.notes.parts) > 10)
        await person.type_text("stop")
        assert (await person.hears(1)).startswith("Once upon a time")
        assert await person.hears(2) == "You said stop"
        async with asyncio.timeout(5):
            await ended.wait()
        conversation = await stage.platform.next_conversation()
        sent = [event["type"] for event in conversation.client.sent]
        assert "interruption" in sent
    assert stage.record["transcript"][1]["interrupted"] is True


async def test_a_signed_url_opens_an_engine_that_demands_one() -> None:
    """`requires_auth` fetches a signed URL and talks through it."""
    settings = {"auth": {"enable_auth": True}}
    async with open_stage(on_transcript=echo, settings=settings) as stage:
        async with caller(stage, requires_auth=True) as person:
            await person.type_text("hello")
            assert await person.hears(1) == "You said hello"
        async with caller(stage) as stranger:
            await until(lambda: stranger.notes.disconnects)
    details = stranger.notes.disconnects[0]
    assert (details.reason, details.close_code) == ("error", 1008)
    assert "signed URL" in details.close_reason


async def test_an_allowed_first_message_is_spoken_first() -> None:
    """The client's own greeting is the first answer, and the agent finds it in the history."""
    seen: list[Any] = []

    async def remember(transcript: list[Any], session: Any) -> None:
        seen.extend(transcript)
        await echo(transcript, session)

    override = {"agent": {"first_message": "Welcome!"}}
    config = ConversationInitiationData(conversation_config_override=override)
    settings = {"overrides": {"first_message": True}}
    async with (
        open_stage(on_transcript=remember, settings=settings) as stage,
        caller(stage, config=config) as person,
    ):
        assert await person.hears(1) == "Welcome!"
        await person.type_text("hello")
        await person.hears(2)
    assert (seen[0].role, seen[0].content) == ("agent", "Welcome!")


async def test_a_refused_first_message_reaches_the_caller_as_a_reason() -> None:
    """The close code and the reason name what was not allowed."""
    override = {"agent": {"first_message": "Welcome!"}}
    config = ConversationInitiationData(conversation_config_override=override)
    async with (
        open_stage(on_transcript=echo) as stage,
        caller(stage, config=config) as person,
    ):
        await until(lambda: person.notes.disconnects)
    details = person.notes.disconnects[0]
    assert (details.reason, details.close_code) == ("error", 1008)
    assert "first_message" in details.close_reason


async def test_client_tools_run_and_their_results_come_back() -> None:
    """Tools run in the client, a failing one reports its error."""

    def show_map(parameters: dict[str, Any]) -> str:
        return f"map of {parameters['city']}"

    async def fail(_: dict[str, Any]) -> str:
        raise ValueError("no such tool today")

    tools = ClientTools()
    tools.register("show_map", show_map)
    tools.register("fail", fail, is_async=True)
    script = Script(tool_calls=(ToolCall("show_map", {"city": "Bern"}), ToolCall("fail", {})))
    async with (
        open_stage(on_transcript=echo, script=script) as stage,
        caller(stage, client_tools=tools) as person,
    ):
        await person.type_text("hello")
        conversation = await stage.platform.next_conversation()
        await until(lambda: len(conversation.inbox.tool_results) == 2)
    results = [(r["result"], r["is_error"]) for r in conversation.inbox.tool_results.values()]
    assert sorted(results) == [("map of Bern", False), ("no such tool today", True)]


async def test_updates_that_ask_for_no_answer_arrive_and_start_no_turn() -> None:
    """Contextual updates and user activity are accepted between the turns."""
    turns: list[str] = []

    async def count(transcript: list[Any], session: Any) -> None:
        turns.append(transcript[-1].content)
        await echo(transcript, session)

    async with open_stage(on_transcript=count) as stage, caller(stage) as person:
        await asyncio.to_thread(person.conversation.send_contextual_update, "on page 2")
        await asyncio.to_thread(person.conversation.register_user_activity)
        await asyncio.to_thread(
            person.conversation.send_multimodal_message, "look", file_ids=["file_1"]
        )
        await person.hears(1)
        conversation = await stage.platform.next_conversation()
    kinds = [frame["type"] for frame in conversation.client.received]
    assert conversation.inbox.contextual_updates == ["on page 2"]
    assert "user_activity" in kinds
    assert turns == ["look"]


async def test_latency_is_measured_by_pings() -> None:
    """The client answers pings, and the next one tells it the round trip."""
    script = Script(client_ping_seconds=0.05)
    async with open_stage(on_transcript=echo, script=script) as stage, caller(stage) as person:
        await until(lambda: len(person.notes.latencies) >= 2)
    assert all(latency >= 1 for latency in person.notes.latencies)


async def test_an_agent_that_hangs_up_ends_the_session() -> None:
    """`session.close()` reads as the agent's own end, not as an error."""

    async def leave(_: list[Any], session: Any) -> None:
        session.close()

    async with open_stage(on_transcript=leave) as stage, caller(stage) as person:
        await person.type_text("bye")
        await until(lambda: person.notes.disconnects)
    assert person.notes.disconnects[0].reason == "agent"
    assert person.notes.disconnects[0].close_code == 1000


async def test_the_handlers_hear_of_start_and_end() -> None:
    """`on_init` gets the id that the client has, `on_close` comes once, nothing is an error."""
    calls: list[tuple[str, Any]] = []
    async with open_stage(
        on_transcript=echo,
        on_init=lambda conversation_id, _: calls.append(("init", conversation_id)),
        on_close=lambda _: calls.append(("close", None)),
        on_disconnect=lambda _: calls.append(("disconnect", None)),
        on_error=lambda error, _: calls.append(("error", error)),
    ) as stage:
        async with caller(stage) as person:
            await person.type_text("hello")
            await person.hears(1)
            conversation_id = await person.hang_up()
        await until(lambda: len(calls) >= 2)
    assert calls == [("init", conversation_id), ("close", None)]


async def test_the_deprecated_end_callback_still_comes() -> None:
    """The client's old callback fires once beside the new one."""
    ends: list[str] = []
    call: dict[str, Any] = {"callback_end_session": lambda: ends.append("end")}
    async with open_stage(on_transcript=echo) as stage, AsyncExitStack() as calls:
        with pytest.warns(DeprecationWarning, match="callback_end_session"):
            person = await calls.enter_async_context(caller(stage, **call))
        await person.type_text("hello")
        await person.hears(1)
    assert ends == ["end"]
    assert len(person.notes.disconnects) == 1


async def test_an_unreachable_server_is_named_to_the_caller() -> None:
    """With the server gone the client gets a reason, not silence."""
    async with open_stage(on_transcript=echo) as stage:
        await stage.server.stop()
        async with caller(stage) as person:
            await until(lambda: person.notes.disconnects)
    details = person.notes.disconnects[0]
    assert (details.reason, details.close_code) == ("error", 1011)
    assert details.close_reason.startswith("Could not connect to the Speech Engine")
