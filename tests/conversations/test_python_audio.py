from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from local.platform import Script, ToolCall, Utterance
from local.platform.audio import AudioFormat
from tests.fakes.platform_agents import narrate
from tests.fakes.platform_callers import AsyncMicrophone, Microphone, async_caller, caller
from tests.fakes.platform_sdk import ClientTools
from tests.fakes.platform_stage import FAST_SPEECH, open_stage
from tests.fakes.platform_waiting import until

INTERRUPTED = Script(
    utterances=(
        Utterance("story", after_ms=500),
        Utterance("stop", after_ms=1000, interrupts=True),
    ),
    client_ping_seconds=0.05,
)
INTERRUPTED_AND_NOTED = replace(
    INTERRUPTED, tool_calls=(ToolCall("note", {"text": "interrupted"}, turn=2),)
)
VOICE_TYPES = {
    "conversation_initiation_metadata",
    "audio",
    "agent_response",
    "agent_response_correction",
    "user_transcript",
    "interruption",
    "ping",
    "client_tool_call",
}


def milliseconds(played: list[bytes]) -> float:
    return AudioFormat.parse("pcm_16000").duration_ms(sum(map(len, played)))


def noting_tools(loop: asyncio.AbstractEventLoop | None = None) -> ClientTools:
    """Return the script's tool; the asynchronous client's must run on that client's own loop.

    On a thread of their own, which is the default, they would write to its socket from there.
    """
    tools = ClientTools(loop)
    tools.register("note", lambda parameters: parameters["text"])
    return tools


async def test_spoken_words_are_answered_with_speech() -> None:
    """What the user says is transcribed, answered, and played with its alignment."""
    script = Script(utterances=(Utterance("hello", after_ms=500),))
    microphone = Microphone()
    async with (
        open_stage(on_transcript=narrate, script=script) as stage,
        caller(stage, audio_interface=microphone) as person,
    ):
        assert await person.hears(1) == "You said hello"
    assert person.notes.transcripts == ["hello"]
    assert person.notes.parts == []
    spoken = "You said hello"
    assert milliseconds(microphone.played) == pytest.approx(len(spoken) / FAST_SPEECH * 1000, abs=2)
    chars = [char for alignment in person.notes.alignments for char in alignment.chars]
    assert "".join(chars) == spoken


async def test_a_voice_conversation_with_an_interruption_uses_every_callback() -> None:
    """Speaking over the agent stops it, corrects its answer, and is answered."""
    microphone = Microphone()
    async with (
        open_stage(on_transcript=narrate, script=INTERRUPTED_AND_NOTED) as stage,
        caller(stage, audio_interface=microphone, client_tools=noting_tools()) as person,
    ):
        assert (await person.hears(1)).startswith("Once upon a time")
        assert await person.hears(2) == "You said stop"
        conversation = await stage.platform.next_conversation()
        await until(lambda: conversation.inbox.tool_results)
        await until(lambda: person.notes.latencies)
    notes = person.notes
    assert notes.transcripts == ["story", "stop"]
    assert microphone.interruptions == 1
    (original, corrected), *more = notes.corrections
    assert more == []
    assert original.startswith(corrected)
    assert 0 < len(corrected) < len(original)
    assert notes.alignments
    assert {event["type"] for event in conversation.client.sent} == VOICE_TYPES
    assert [r["result"] for r in conversation.inbox.tool_results.values()] == ["interrupted"]


async def test_the_agent_learns_what_was_heard() -> None:
    """After an interruption the history holds the heard part of the answer, not the whole."""
    histories: list[list[Any]] = []

    async def remember(transcript: list[Any], session: Any) -> None:
        histories.append(transcript)
        await narrate(transcript, session)

    async with (
        open_stage(on_transcript=remember, script=INTERRUPTED) as stage,
        caller(stage, audio_interface=Microphone()) as person,
    ):
        await person.hears(2)
    corrected = person.notes.corrections[0][1]
    assert histories[1][1].role == "agent"
    assert histories[1][1].content.strip() == corrected


async def test_the_async_client_speaks_and_is_interrupted() -> None:
    """`AsyncConversation` in voice mode behaves as the synchronous one."""
    microphone = AsyncMicrophone()
    tools = noting_tools(asyncio.get_running_loop())
    async with (
        open_stage(on_transcript=narrate, script=INTERRUPTED_AND_NOTED) as stage,
        async_caller(stage, audio_interface=microphone, client_tools=tools) as call,
    ):
        _, notes = call
        await until(lambda: len(notes.responses) >= 2)
        conversation = await stage.platform.next_conversation()
        await until(lambda: conversation.inbox.tool_results and notes.latencies)
    assert notes.transcripts == ["story", "stop"]
    assert microphone.interruptions == 1
    assert len(notes.corrections) == 1
    assert notes.alignments
    assert microphone.played


async def test_a_signed_voice_conversation_plays_speech() -> None:
    """A signed URL opens a voice conversation as well."""
    script = Script(utterances=(Utterance("hello", after_ms=500),))
    settings = {"auth": {"enable_auth": True}}
    microphone = Microphone()
    async with (
        open_stage(on_transcript=narrate, script=script, settings=settings) as stage,
        caller(stage, requires_auth=True, audio_interface=microphone) as person,
    ):
        assert await person.hears(1) == "You said hello"
    assert microphone.played


async def test_no_stale_audio_follows_an_interruption() -> None:
    """After the interruption only audio of the new answer is sent, all under higher ids."""
    async with (
        open_stage(on_transcript=narrate, script=INTERRUPTED) as stage,
        caller(stage, audio_interface=Microphone()) as person,
    ):
        await person.hears(2)
        sent = list((await stage.platform.next_conversation()).client.sent)
    at = next(i for i, event in enumerate(sent) if event["type"] == "interruption")
    last_id = sent[at]["interruption_event"]["event_id"]
    audio = [event["audio_event"] for event in sent[at:] if event["type"] == "audio"]
    assert all(frame["event_id"] > last_id for frame in audio)
    said = "".join("".join(frame["alignment"]["chars"]) for frame in audio)
    assert said == "You said stop", json.dumps(said)
