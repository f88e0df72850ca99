from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
from starlette.responses import JSONResponse, Response

from local.platform import Script, Utterance
from tests.fakes.platform_agents import echo, tell
from tests.fakes.platform_stage import Stage, open_stage
from tests.fakes.platform_waiting import until
from tests.fakes.web_pages import visit

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from tests.fakes.browsers import Page

STATE = "document.getElementById('state').textContent"
SAID = """[...document.querySelectorAll('#transcript > li')].map((item) =>
    [item.dataset.role, item.querySelector('.words').textContent.trim(),
     item.querySelector('.cut') !== null])"""


async def said(page: Page, count: int) -> list[list[Any]]:
    """Wait until `count` things have been said in whole; return role, words, and whether cut."""
    await page.until(f"{SAID}.length >= {count} && !document.querySelector('[data-open]')")
    lines: list[list[Any]] = await page.evaluate(SAID)
    return lines


async def focus_message(page: Page) -> None:
    await page.until("document.title === 'Tides'")
    await page.evaluate("document.getElementById('message').focus()")


def allow(**settings: Any) -> dict[str, Any]:
    """The settings of an engine that demands a signed URL and lets the page greet."""
    return {"auth": {"enable_auth": True}, "overrides": {"first_message": True}, **settings}


async def sign(stage: Stage) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(
            f"{stage.platform.url}/v1/convai/conversation/get-signed-url",
            params={"agent_id": stage.engine.id},
            headers={"xi-api-key": stage.platform.api_key},
        )
    return str(answer.json()["signed_url"])


async def test_text_conversation_needs_the_keyboard_only(devtools: str, files: Path) -> None:
    """Typing starts it without a microphone; answers stream, are interrupted, and it ends."""
    async with (
        open_stage(on_transcript=tell, settings=allow()) as stage,
        visit(
            devtools, files, stage=stage, microphone=False, title="Tides", firstMessage="Welcome!"
        ) as page,
    ):
        await focus_message(page)
        await page.type("hello")
        assert await said(page, 3) == [
            ["user", "hello", False],
            ["agent", "Welcome!", False],
            ["agent", "You said hello", False],
        ]
        await page.type("story")
        await page.until("document.querySelector('[data-open]')?.textContent.length > 20")
        await page.type("stop")
        lines = await said(page, 6)
        assert lines[3:] == [
            ["user", "story", False],
            ["agent", lines[4][1], True],
            ["user", "stop", False],
            ["agent", "You said stop", False],
        ]
        assert lines[4][1].startswith("Once upon a time")
        assert await page.evaluate(STATE) == "Connected"
        assert await page.evaluate("announcer.textContent") == "Agent: You said stop"
        await page.click("End")
        await page.until(f"{STATE} === 'Not connected'")
        conversation = next(iter(stage.platform.conversations.values()))
        await until(conversation.ended.is_set)
    assert page.complaints == []


async def test_voice_conversation_shows_who_speaks(devtools: str, files: Path) -> None:
    """The microphone is heard, both sides are transcribed, modes, interruption and mute show."""
    script = Script(
        utterances=(Utterance("story", after_ms=200), Utterance("wait", 200, interrupts=True))
    )
    async with (
        open_stage(
            on_transcript=tell, script=script, settings=allow(), characters_per_second=60
        ) as stage,
        visit(devtools, files, stage=stage, title="Tides", firstMessage="Welcome!") as page,
    ):
        await page.click("Start talking")
        await page.until(f"{STATE} === 'Speaking'")
        lines = await said(page, 5)
        assert [lines[0], lines[1]] == [["agent", "Welcome!", False], ["user", "story", False]]
        assert lines[2][2], "the story was cut"
        assert lines[3:] == [["user", "wait", False], ["agent", "You said wait", False]]
        await page.until(f"{STATE} === 'Listening'")
        await page.click("Mute")
        await page.until(f"{STATE} === 'Muted' && mute.ariaPressed === 'true'")
        await page.click("Unmute")
        await page.until(f"{STATE} === 'Listening' && mute.ariaPressed === 'false'")
        await page.click("End")
        await page.until(f"{STATE} === 'Not connected'")
        conversation = next(iter(stage.platform.conversations.values()))
        await until(conversation.ended.is_set)
    assert page.complaints == []


async def test_conversation_that_the_agent_ends_says_so(devtools: str, files: Path) -> None:
    """Hanging up is no error, and the next message begins a new conversation."""

    async def leave(_: list[Any], session: Any) -> None:
        session.close()

    async with (
        open_stage(on_transcript=leave) as stage,
        visit(devtools, files, stage=stage, title="Tides") as page,
    ):
        await focus_message(page)
        await page.type("bye")
        await page.until(f"{STATE} === 'Ended by the agent'")
        assert await page.evaluate("problem.hidden")
        await page.type("again")
        await page.until("transcript.textContent.includes('again')")
        await until(lambda: len(stage.platform.conversations) == 2)
    assert page.complaints == []


async def test_lost_connection_is_told_in_one_line(devtools: str, files: Path) -> None:
    """When the other side is gone the page says what to do and is ready again."""
    async with (
        open_stage(on_transcript=echo) as stage,
        visit(devtools, files, stage=stage, title="Tides") as page,
    ):
        await focus_message(page)
        await page.type("hello")
        await said(page, 2)
        await stage.platform.stop()
        line = await page.until("!problem.hidden && problem.textContent")
        assert await page.evaluate(STATE) == "Not connected"
    assert "tart again" in line
    assert "\n" not in line


async def test_user_ticket_becomes_a_dynamic_variable(devtools: str, files: Path) -> None:
    """What the token endpoint says of the user reaches the agent's server as the engine asks."""
    async with open_stage(on_transcript=echo) as stage:

        async def signed_url(_: Request) -> Response:
            return JSONResponse({"signedUrl": await sign(stage), "userTicket": "ticket-1"})

        async with visit(
            devtools, files, stage=stage, signed_url=signed_url, title="Tides"
        ) as page:
            await focus_message(page)
            await page.type("hello")
            await said(page, 2)
        data = stage.record["conversation_initiation_client_data"]
    assert data["dynamic_variables"]["user_ticket"] == "ticket-1"
    assert json.dumps(page.complaints) == "[]"
