from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx

from local.platform import JumpingClock, Script, ToolCall
from tests.fakes.platform_agents import echo, tell
from tests.fakes.platform_node import run_node
from tests.fakes.platform_stage import Stage, open_stage
from tests.fakes.platform_waiting import until

SCRIPT = Path(__file__).with_name("talk.mjs")
LIMIT_MS = 20_000


async def talk(stage: Stage, *steps: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Hold a conversation of the JavaScript client and return what its callbacks saw."""
    if "signedUrl" not in options:
        options = {"agentId": stage.engine.id, "origin": stage.platform.ws_url, **options}
    order = {"options": options, "steps": steps, "limitMs": LIMIT_MS}
    seen: dict[str, Any] = await run_node(SCRIPT, json.dumps(order))
    return seen


async def test_typed_messages_are_answered_in_parts_and_as_a_whole() -> None:
    """The JavaScript client connects, gets parts and answers, and ends as the user's doing."""
    script = Script(client_ping_seconds=0.1)
    async with open_stage(on_transcript=echo, script=script) as stage:
        seen = await talk(
            stage,
            {"say": "hello"},
            {"waitFor": "message"},
            {"say": "bye"},
            {"waitFor": "message", "count": 2},
            {"waitFor": "ping", "count": 3},
            {"end": True},
        )
        conversation = list(stage.platform.conversations.values())[-1]
        await until(conversation.ended.is_set)
    assert seen["connect"] == [conversation.id]
    assert seen["message"] == [["agent", "You said hello"], ["agent", "You said bye"]]
    assert [kind for kind, _ in seen["part"]][:2] == ["start", "delta"]
    assert "".join(text for _, text in seen["part"]) == "You said helloYou said bye"
    assert seen["disconnect"][0]["reason"] == "user"
    assert seen["error"] == []
    assert seen["ping"][2]["ping_ms"] >= 1
    assert stage.record["status"] == "done"


async def test_a_message_in_mid_answer_interrupts_the_agent() -> None:
    """The client is told of the interruption and gets no chunk of the old answer after it."""
    async with open_stage(on_transcript=tell) as stage:
        seen = await talk(
            stage,
            {"say": "story"},
            {"waitFor": "part", "count": 20},
            {"say": "stop"},
            {"waitFor": "message", "count": 2},
            {"end": True},
        )
    assert len(seen["interruption"]) == 1
    assert seen["message"][0][1].startswith("Once upon a time")
    assert seen["message"][1] == ["agent", "You said stop"]
    kinds = [kind for kind, _ in seen["part"]]
    after = seen["part"][kinds.index("stop") + 1 :]
    assert "".join(text for _, text in after) == "You said stop"


async def test_a_signed_url_opens_an_engine_that_demands_one() -> None:
    """The URL of the REST interface starts the session; without it the reason is readable."""
    settings = {"auth": {"enable_auth": True}}
    async with open_stage(on_transcript=echo, settings=settings) as stage:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(
                f"{stage.platform.url}/v1/convai/conversation/get-signed-url",
                params={"agent_id": stage.engine.id},
                headers={"xi-api-key": stage.platform.api_key},
            )
        hello: tuple[dict[str, Any], ...] = (
            {"say": "hello"},
            {"waitFor": "message"},
            {"end": True},
        )
        seen, refused = await asyncio.gather(
            talk(stage, *hello, signedUrl=answer.json()["signed_url"]), talk(stage, *hello)
        )
    assert seen["message"] == [["agent", "You said hello"]]
    assert refused["refused"]["closeCode"] == 1008
    assert "signed URL" in refused["refused"]["closeReason"]


async def test_first_messages_are_spoken_or_refused_with_a_reason() -> None:
    """An allowed greeting is the first message, a refused one ends the session with 1008."""
    overrides = {"agent": {"firstMessage": "Welcome!"}}
    steps: tuple[dict[str, Any], ...] = ({"waitFor": "message"}, {"end": True})
    async with open_stage(on_transcript=echo, settings={"overrides": {"first_message": True}}) as s:
        seen = await talk(s, *steps, overrides=overrides)
    async with open_stage(on_transcript=echo) as s:
        refused = await talk(s, *steps, overrides=overrides)
    assert seen["message"] == [["agent", "Welcome!"]]
    assert refused["refused"]["closeCode"] == 1008
    assert "first_message" in refused["refused"]["closeReason"]


async def test_client_tools_updates_feedback_and_files_pass() -> None:
    """Everything else a text client can send arrives where it belongs."""
    script = Script(tool_calls=(ToolCall("show_map", {"city": "Bern"}), ToolCall("fail", {})))
    async with open_stage(on_transcript=echo, script=script) as stage:
        seen = await talk(
            stage,
            {"context": "on page 2"},
            {"activity": True},
            {"upload": "content"},
            {"waitFor": "message"},
            {"waitFor": "tool"},
            {"waitFor": "error"},
            {"like": True},
            {"rate": True, "origin": stage.platform.url},
            {"end": True},
            origin=stage.platform.url,
        )
        conversation = list(stage.platform.conversations.values())[-1]
        await until(conversation.ended.is_set)
    results = [(r["result"], r["is_error"]) for r in conversation.inbox.tool_results.values()]
    assert results[0] == ("map of Bern", False)
    assert results[1][1] is True
    assert seen["message"] == [["agent", "You said see the file"]]
    assert conversation.inbox.contextual_updates == ["on page 2"]
    assert list(stage.platform.workspace.files.values()) == [b"content"]
    feedback = stage.record["metadata"]["feedback"]
    assert (feedback["overall_score"], feedback["likes"]) == ("like", 1)


async def test_an_agent_that_hangs_up_ends_the_session_as_the_agent() -> None:
    """`session.close()` closes the client with 1000, which reads as the agent's doing."""

    async def leave(_: list[Any], session: Any) -> None:
        session.close()

    async with open_stage(on_transcript=leave) as stage:
        seen = await talk(stage, {"say": "bye"}, {"waitFor": "disconnect"})
    assert seen["disconnect"][0]["reason"] == "agent"
    assert seen["disconnect"][0]["closeCode"] == 1000


async def test_a_silent_agent_ends_the_call_with_a_readable_error() -> None:
    """After the cascade the client shows the platform's error and the close code."""
    heard = asyncio.Event()

    async def say_nothing(_: list[Any], session: Any) -> None:
        heard.set()
        await asyncio.Event().wait()

    clock = JumpingClock()
    async with open_stage(on_transcript=say_nothing, clock=clock) as stage:
        talking = asyncio.create_task(talk(stage, {"say": "hello"}, {"waitFor": "disconnect"}))
        await heard.wait()
        await clock.advance(12)
        seen = await talking
    assert "Server error: Speech Engine generation failed" in seen["error"][0]
    assert seen["disconnect"][0]["closeCode"] == 1011
    assert stage.record["status"] == "failed"
