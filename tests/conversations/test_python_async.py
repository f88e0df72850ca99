from __future__ import annotations

import asyncio

from local.platform import Script, ToolCall
from tests.fakes.platform_agents import echo, tell
from tests.fakes.platform_callers import async_caller
from tests.fakes.platform_sdk import ClientTools
from tests.fakes.platform_stage import open_stage
from tests.fakes.platform_waiting import until


async def test_typed_messages_are_answered() -> None:
    """The official asynchronous client gets parts and answers of every turn."""
    async with open_stage(on_transcript=echo) as stage, async_caller(stage) as call:
        conversation, notes = call
        await conversation.send_user_message("hello")
        await until(lambda: len(notes.responses) == 1)
        await conversation.send_user_message("bye")
        await until(lambda: len(notes.responses) == 2)
    assert notes.responses == ["You said hello", "You said bye"]
    assert "".join(text for _, text in notes.parts) == "You said helloYou said bye"
    assert [details.reason for details in notes.disconnects] == ["user"]


async def test_a_signed_url_opens_an_engine_that_demands_one() -> None:
    """`requires_auth` works with the synchronous REST client inside."""
    settings = {"auth": {"enable_auth": True}}
    async with (
        open_stage(on_transcript=echo, settings=settings) as stage,
        async_caller(stage, requires_auth=True) as call,
    ):
        conversation, notes = call
        await conversation.send_user_message("hello")
        await until(lambda: notes.responses)
    assert notes.responses == ["You said hello"]


async def test_a_message_in_mid_answer_interrupts_the_agent() -> None:
    """The story ends where it was cut, and the new message is answered."""
    async with open_stage(on_transcript=tell) as stage, async_caller(stage) as call:
        conversation, notes = call
        await conversation.send_user_message("story")
        await until(lambda: len(notes.parts) > 10)
        await conversation.send_user_message("stop")
        await until(lambda: len(notes.responses) == 2)
    assert notes.responses[0].startswith("Once upon a time")
    assert notes.responses[1] == "You said stop"


async def test_updates_and_tools_work() -> None:
    """Context, activity, a client tool and pings pass through the asynchronous client."""
    tools = ClientTools(asyncio.get_running_loop())
    tools.register("note", lambda parameters: parameters["text"])
    script = Script(tool_calls=(ToolCall("note", {"text": "done"}),), client_ping_seconds=0.05)
    async with (
        open_stage(on_transcript=echo, script=script) as stage,
        async_caller(stage, client_tools=tools) as call,
    ):
        conversation, notes = call
        await conversation.send_contextual_update("on page 2")
        await conversation.register_user_activity()
        await conversation.send_multimodal_message("look")
        held = await stage.platform.next_conversation()
        await until(lambda: held.inbox.tool_results and notes.latencies)
    assert held.inbox.contextual_updates == ["on page 2"]
    assert [result["result"] for result in held.inbox.tool_results.values()] == ["done"]
