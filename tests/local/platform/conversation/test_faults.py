from __future__ import annotations

from functools import partial

import pytest

from local.platform import (
    JumpingClock,
    Platform,
    RepeatOldId,
    Script,
    SplitPause,
    StayIdle,
    Upstream,
)
from tests.fakes.platform_clients import raw_client
from tests.fakes.platform_engines import stub_engine
from tests.fakes.platform_waiting import until


async def test_silence_is_answered_with_the_same_frame_and_then_the_end() -> None:
    """A server that says nothing gets the frame three times; then the call fails."""
    clock = JumpingClock()
    async with (
        Platform(clock=clock) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("anybody?")
        for tries in (1, 2, 3):
            await stub.hears(tries)
            await clock.advance(3.5)
            assert len(stub.transcripts) == tries
            await clock.advance(0.5)
        code, reason = await client.closed()
        conversation = next(iter(platform.conversations.values()))
    assert stub.transcripts[0] == stub.transcripts[1] == stub.transcripts[2]
    assert code == 1011
    assert reason == "Speech Engine generation failed: LLM Cascade Error"
    assert client.all("error")[0]["error_event"]["error_type"] == "cascade_brain_error"
    record = conversation.record.describe()
    assert record["status"] == "failed"
    assert "generation failed" in record["metadata"]["error"]["reason"]
    assert stub.frames[-1] == {"type": "close"}


async def test_the_cascade_follows_the_engines_own_timeout() -> None:
    """`cascade_timeout_seconds` says how long the platform waits."""
    clock = JumpingClock()
    async with Platform(clock=clock) as platform, stub_engine() as stub:
        engine = platform.create_engine(ws_url=stub.url, cascade_timeout_seconds=15)
        async with raw_client(platform, engine) as client:
            await client.type_text("slow one")
            await stub.hears(1)
            await clock.advance(14.9)
            assert len(stub.transcripts) == 1
            await clock.advance(0.2)
            await stub.hears(2)


async def test_the_first_chunk_ends_the_cascade() -> None:
    """Once anything was answered the frame is not sent again, however long the rest takes."""
    clock = JumpingClock()
    async with (
        Platform(clock=clock) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("hello")
        event_id = (await stub.hears(1))["event_id"]
        await stub.reply("Let me think", event_id)
        await client.next("agent_chat_response_part", 2)
        await clock.advance(60)
        await stub.answer("... yes", event_id)
        response = await client.next("agent_response")
    assert len(stub.transcripts) == 1
    assert response["agent_response_event"]["agent_response"] == "Let me think... yes"


async def test_a_superseded_turn_is_not_sent_again() -> None:
    """The cascade belongs to the newest turn alone."""
    clock = JumpingClock()
    async with (
        Platform(clock=clock) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("one")
        await client.type_text("two")
        await stub.hears(2)
        await clock.advance(4.1)
        await stub.hears(3)
    assert stub.ids[2] == stub.ids[1]


async def test_one_pause_can_bring_several_ids() -> None:
    """The same words come under rising ids, and only the last id's answer counts."""
    script = Script(faults=(SplitPause(turn=1, ids=3),))
    async with (
        Platform(script=script) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("well")
        await stub.hears(3)
        for event_id in stub.ids:
            await stub.answer(f"answer to {event_id}", event_id)
        response = await client.next("agent_response")
        conversation = await platform.next_conversation()
    assert stub.ids == sorted(set(stub.ids))
    assert [t["user_transcript"] for t in stub.transcripts] == [
        [{"role": "user", "content": "well"}]
    ] * 3
    assert response["agent_response_event"]["agent_response"] == f"answer to {stub.ids[2]}"
    assert len(client.all("agent_response")) == 1
    assert conversation.stale_chunks == 4
    assert [m.text for m in conversation.record.messages] == ["well", f"answer to {stub.ids[2]}"]


async def test_a_split_pause_takes_an_answer_back() -> None:
    """What was already shown for the earlier id is withdrawn and never enters the history."""
    clock = JumpingClock()
    script = Script(faults=(SplitPause(turn=1, ids=2, gap_seconds=0.5),))
    async with (
        Platform(clock=clock, script=script) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("well")
        await stub.answer("too early", (await stub.hears(1))["event_id"])
        await client.next("agent_response")
        await clock.advance(0.5)
        transcript = await stub.hears(2)
        await stub.answer("in time", transcript["event_id"])
        await client.next("agent_response", 2)
        conversation = await platform.next_conversation()
    assert transcript["user_transcript"] == [{"role": "user", "content": "well"}]
    assert [m.text for m in conversation.record.messages] == ["well", "in time"]


async def test_an_old_id_can_come_again_after_a_newer_answer() -> None:
    """The older frame is sent as it was; what the server says to it reaches nobody."""
    script = Script(faults=(RepeatOldId(turn=1, after_turn=2),))
    async with (
        Platform(script=script) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        for count, text in enumerate(("one", "two"), start=1):
            await client.type_text(text)
            await stub.answer(text.upper(), (await stub.hears(count))["event_id"])
            await client.next("agent_response", count)
        again = await stub.hears(3)
        await stub.answer("ONE again", again["event_id"])
        conversation = await platform.next_conversation()
        await until(lambda: conversation.stale_chunks == 2)
    assert again == stub.transcripts[0]
    assert len(client.all("agent_response")) == 2


async def test_an_idle_line_is_lost_and_the_call_with_it() -> None:
    """Without traffic an intermediary cuts the socket, which ends the call readably."""
    clock = JumpingClock()
    script = Script(faults=(StayIdle(seconds=60),), upstream_ping_seconds=0)
    async with (
        Platform(clock=clock, script=script) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.next("conversation_initiation_metadata")
        await until(lambda: stub.frames)
        await clock.advance(61)
        code, reason = await client.closed()
    assert (code, reason) == (1011, "Failed to send message to Speech Engine")
    assert stub.close_codes == [1006]


def answered(upstream: Upstream, pings: int) -> bool:
    return upstream.pongs >= pings


async def test_the_platforms_pings_keep_an_idle_line() -> None:
    """Application-level pings are traffic too."""
    clock = JumpingClock()
    script = Script(faults=(StayIdle(seconds=60),), upstream_ping_seconds=20)
    async with (
        Platform(clock=clock, script=script) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        conversation = await platform.next_conversation()
        upstream = conversation.upstream
        for pongs in range(1, 6):
            await clock.advance(20)
            await upstream.until(partial(answered, upstream, pongs))
        await client.type_text("still here")
        await stub.hears(1)
    assert {"type": "ping"} in stub.frames


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        (1000, (1000, "Speech Engine ended the conversation")),
        (1001, (1000, "Speech Engine ended the conversation")),
        (1011, (1011, "Failed to send message to Speech Engine")),
    ],
)
async def test_a_server_that_closes_ends_the_call(code: int, seen: tuple[int, str]) -> None:
    """A clean close reads as the agent hanging up, any other one as a failure."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.next("conversation_initiation_metadata")
        await until(lambda: stub.connections)
        await stub.connections[0].close(code)
        assert await client.closed() == seen


async def test_a_split_pause_ends_when_the_user_goes_on() -> None:
    """Words that are followed by others in time are not transcribed again."""
    clock = JumpingClock()
    script = Script(faults=(SplitPause(turn=1, ids=3, gap_seconds=0.5),))
    async with (
        Platform(clock=clock, script=script) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("one")
        await client.type_text("two")
        await stub.hears(2)
        await clock.advance(2)
        await stub.answer("both", stub.ids[1])
        await client.next("agent_response")
    assert len(stub.transcripts) == 2


async def test_a_split_pause_withdraws_what_is_being_spoken() -> None:
    """A client that already hears an answer to the earlier id is told to stop."""
    clock = JumpingClock()
    script = Script(faults=(SplitPause(turn=1, ids=2, gap_seconds=0.5),))
    async with (
        Platform(clock=clock, script=script) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("well")
        await stub.reply("too ear", (await stub.hears(1))["event_id"])
        await client.next("agent_chat_response_part", 2)
        await clock.advance(0.5)
        await client.next("interruption")
        transcript = await stub.hears(2)
    assert transcript["user_transcript"] == [{"role": "user", "content": "well"}]


async def test_speaking_into_a_lost_line_ends_the_call_quietly() -> None:
    """A turn that cannot be sent is no failure of the simulator."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        conversation = await platform.next_conversation()
        await conversation.upstream.drop()
        await conversation.say("hello?")
        code, reason = await client.closed()
    assert (code, reason) == (1011, "Failed to send message to Speech Engine")
