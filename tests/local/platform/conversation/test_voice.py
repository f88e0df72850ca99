from __future__ import annotations

import base64
from typing import Any

import pytest

from local.platform import JumpingClock, Platform, Script, Utterance
from local.platform.audio import AudioFormat
from local.platform.conversation.ears import Ears
from tests.fakes.platform_clients import raw_client
from tests.fakes.platform_engines import echo, official_engine, stub_engine

VOICE: dict[str, Any] = {}
HELLO = Script(utterances=(Utterance("hello", after_ms=200),))


async def test_microphone_audio_brings_the_next_utterance() -> None:
    """After its milliseconds of audio an utterance is transcribed and answered with audio."""
    async with Platform(script=HELLO) as platform, official_engine(on_transcript=echo) as url:
        engine = platform.create_engine(ws_url=url)
        async with raw_client(platform, engine, initiation=VOICE) as client:
            await client.speak(150)
            await client.speak(50)
            transcript = await client.next("user_transcript")
            response = await client.next("agent_response")
    assert transcript["user_transcription_event"]["user_transcript"] == "hello"
    assert response["agent_response_event"]["agent_response"] == "You said hello"
    assert client.all("agent_chat_response_part") == []


@pytest.mark.parametrize("name", ["pcm_16000", "pcm_24000", "ulaw_8000"])
async def test_audio_lasts_as_long_as_the_text(name: str) -> None:
    """All frames together play the answer at the voice's pace, in the announced format."""
    async with (
        Platform(script=HELLO, characters_per_second=10) as platform,
        official_engine(on_transcript=echo) as url,
    ):
        engine = platform.create_engine(ws_url=url, tts={"agent_output_audio_format": name})
        async with raw_client(platform, engine, initiation=VOICE) as client:
            await client.speak(200)
            await client.next("agent_response")
    frames = [event["audio_event"] for event in client.all("audio")]
    audio = b"".join(base64.b64decode(frame["audio_base_64"]) for frame in frames)
    assert AudioFormat.parse(name).duration_ms(len(audio)) == pytest.approx(1400, abs=2)
    assert "".join("".join(f["alignment"]["chars"]) for f in frames) == "You said hello"


async def test_audio_ids_start_at_one_and_rise() -> None:
    """Official clients drop audio whose id is not above the last interruption, at first 0."""
    initiation = {"conversation_config_override": {"agent": {"first_message": "A long welcome."}}}
    async with Platform() as platform, stub_engine() as stub:
        engine = platform.create_engine(ws_url=stub.url, overrides={"first_message": True})
        async with raw_client(platform, engine, initiation=initiation) as client:
            await client.next("agent_response")
    ids = [event["audio_event"]["event_id"] for event in client.all("audio")]
    assert ids[0] >= 1
    assert ids == sorted(set(ids))


async def test_barge_in_interrupts_and_corrects_to_what_was_heard() -> None:
    """The user cuts in after two seconds: the rest is unheard, in events, history and record."""
    clock = JumpingClock()
    script = Script(
        utterances=(Utterance("go on", 100), Utterance("stop", 100, interrupts=True)),
    )
    async with (
        Platform(clock=clock, script=script, characters_per_second=10) as platform,
        stub_engine() as stub,
    ):
        engine = platform.create_engine(ws_url=stub.url)
        async with raw_client(platform, engine, initiation=VOICE) as client:
            await client.speak(100)
            old = (await stub.hears(1))["event_id"]
            await stub.reply("It was a dark ", old)
            await stub.answer("and stormy night.", old)
            await client.next("agent_response")
            await clock.advance(2)
            await client.speak(100)
            interruption = (await client.next("interruption"))["interruption_event"]
            correction = await client.next("agent_response_correction")
            transcript = await stub.hears(2)
            await stub.reply("Yes?", transcript["event_id"])
            conversation = await platform.next_conversation()
            audio = await client.next("audio", len(client.all("audio")) + 1)
    heard = "It was a dark and st"
    assert correction["agent_response_correction_event"] == {
        "original_agent_response": "It was a dark and stormy night.",
        "corrected_agent_response": heard,
        "event_id": old,
    }
    assert transcript["user_transcript"][1] == {"role": "agent", "content": heard}
    item = conversation.record.describe()["transcript"][1]
    assert (item["message"], item["interrupted"]) == (heard, True)
    assert audio["audio_event"]["event_id"] > interruption["event_id"]
    before = client.events[: client.events.index(client.all("interruption")[0])]
    sent = [e["audio_event"]["event_id"] for e in before if e["type"] == "audio"]
    assert max(sent) <= interruption["event_id"]


async def test_speaking_after_the_last_word_is_no_interruption() -> None:
    """Once the answer has been played, the next utterance begins an ordinary turn."""
    clock = JumpingClock()
    script = Script(utterances=(Utterance("one", 100), Utterance("two", 100)))
    async with Platform(clock=clock, script=script) as platform, stub_engine() as stub:
        engine = platform.create_engine(ws_url=stub.url)
        async with raw_client(platform, engine, initiation=VOICE) as client:
            await client.speak(100)
            await stub.answer("Short.", (await stub.hears(1))["event_id"])
            await client.next("agent_response")
            await client.speak(500)
            assert len(stub.transcripts) == 1
            await clock.advance(1)
            await client.speak(100)
            await stub.hears(2)
    assert client.all("interruption") == []


def test_ears_count_only_the_audio_that_belongs_to_the_utterance() -> None:
    """Ordinary speech waits for quiet, an interruption for the agent's voice."""
    ears = Ears(
        AudioFormat.parse("pcm_16000"),
        (Utterance("one", after_ms=100), Utterance("two", after_ms=50, interrupts=True)),
    )
    tenth = bytes(3200)
    assert ears.hear(tenth, quiet=False, agent_speaking=True) is None
    assert ears.hear(tenth, quiet=True, agent_speaking=False) == "one"
    assert ears.hear(tenth, quiet=True, agent_speaking=False) is None
    assert ears.hear(tenth, quiet=False, agent_speaking=True) == "two"
    assert ears.hear(tenth, quiet=True, agent_speaking=False) is None
    assert ears.heard_ms == pytest.approx(500)


async def test_audio_in_a_text_conversation_is_ignored() -> None:
    """A text-only conversation has no ears."""
    initiation = {"conversation_config_override": {"text_only": True}}
    async with Platform(script=HELLO) as platform, stub_engine() as stub:
        engine = platform.create_engine(ws_url=stub.url)
        async with raw_client(platform, engine, initiation=initiation) as client:
            await client.speak(1000)
            await client.type_text("typed")
            transcript = await stub.hears(1)
    assert transcript["user_transcript"] == [{"role": "user", "content": "typed"}]


async def test_a_test_can_let_the_user_speak() -> None:
    """`say` needs no microphone: the client sees the transcript and hears the answer."""
    async with Platform() as platform, official_engine(on_transcript=echo) as url:
        engine = platform.create_engine(ws_url=url)
        async with raw_client(platform, engine, initiation=VOICE) as client:
            conversation = await platform.next_conversation()
            await conversation.say("hello")
            transcript = await client.next("user_transcript")
            await client.next("agent_response")
    assert transcript["user_transcription_event"]["user_transcript"] == "hello"


async def test_a_test_can_call_a_client_tool() -> None:
    """`call_tool` returns the id under which the result will be found."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        conversation = await platform.next_conversation()
        call_id = await conversation.call_tool("show_map", {"city": "Bern"})
        call = (await client.next("client_tool_call"))["client_tool_call"]
    assert (call["tool_call_id"], call["parameters"]) == (call_id, {"city": "Bern"})


async def test_audio_that_is_no_base64_ends_the_call() -> None:
    """A client that sends broken audio is told that its message was invalid."""
    async with Platform() as platform, stub_engine() as stub:
        engine = platform.create_engine(ws_url=stub.url)
        async with raw_client(platform, engine, initiation=VOICE) as client:
            await client.connection.send('{"user_audio_chunk": "?"}')
            assert await client.closed() == (1008, "Invalid message received: audio is not base64")


async def test_a_first_message_in_a_voice_conversation_is_spoken() -> None:
    """The greeting is heard as audio, and the user can cut it short."""
    clock = JumpingClock()
    initiation = {"conversation_config_override": {"agent": {"first_message": "Welcome to us"}}}
    async with (
        Platform(clock=clock, characters_per_second=1) as platform,
        stub_engine() as stub,
    ):
        engine = platform.create_engine(ws_url=stub.url, overrides={"first_message": True})
        async with raw_client(platform, engine, initiation=initiation) as client:
            await client.next("agent_response")
            await clock.advance(7)
            conversation = await platform.next_conversation()
            await conversation.say("wait")
            transcript = await stub.hears(1)
            await client.next("agent_response_correction")
    assert client.all("audio")
    assert transcript["user_transcript"][0] == {"role": "agent", "content": "Welcome"}
