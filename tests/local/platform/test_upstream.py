from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from local.platform import EngineUnreachableError, JumpingClock, Platform
from local.platform.conversation.initiation import RefusedError
from tests.fakes.platform_certificates import make_contexts
from tests.fakes.platform_engines import echo, official_engine, stub_engine
from tests.fakes.platform_waiting import until

if TYPE_CHECKING:
    from pathlib import Path


async def test_dial_holds_turns_with_the_official_server() -> None:
    """ElevenLabs' own session answers each turn, and answers join the history."""
    async with (
        Platform() as platform,
        official_engine(on_transcript=echo) as url,
        platform.dial(platform.create_engine(ws_url=url)) as upstream,
    ):
        first = await upstream.say("hello")
        assert await first.answer() == "You said hello"
        second = await upstream.say("bye")
        assert await second.answer() == "You said bye"
    assert [chunk.content for chunk in first.chunks] == ["You ", "said ", "hello", ""]
    assert first.finals == 1
    assert 0 < first.event_id < second.event_id
    assert second.frame["user_transcript"] == [
        {"role": "user", "content": "hello"},
        {"role": "agent", "content": "You said hello"},
        {"role": "user", "content": "bye"},
    ]


async def test_dial_tells_the_server_the_conversation_and_its_end() -> None:
    """The first frame is `init` with the id, the last one `close`; the socket closes with 1000."""
    async with Platform() as platform, stub_engine() as stub:
        async with platform.dial(stub.url, conversation_id="conv_x"):
            await until(lambda: stub.frames)
        await until(lambda: stub.close_codes)
    assert stub.frames == [{"type": "init", "conversation_id": "conv_x"}, {"type": "close"}]
    assert stub.close_codes == [1000]


async def test_dial_event_ids_rise_with_gaps() -> None:
    """Turn ids rise, not by one, and are the same on every run."""
    async with Platform() as platform, stub_engine() as stub:
        for _ in range(2):
            async with platform.dial(stub.url) as upstream:
                for text in ("a", "b", "c"):
                    await upstream.say(text)
        await stub.hears(6)
    assert stub.ids == [3, 20, 22, 3, 20, 22]


async def test_dial_signs_for_the_key_of_the_platform() -> None:
    """A server with another key refuses, and the error names the status."""
    async with Platform() as platform, official_engine("sk_test_other") as url:
        with pytest.raises(EngineUnreachableError, match="HTTP 401"):
            async with platform.dial(url):
                pass


async def test_dial_can_leave_the_signature_out() -> None:
    """Without a signature the official check refuses."""
    async with Platform() as platform, official_engine() as url:
        with pytest.raises(EngineUnreachableError, match="HTTP 401"):
            async with platform.dial(url, signed=False):
                pass


async def test_dial_reports_a_closed_port() -> None:
    """Nobody listening is an error of one line, not a traceback of the socket."""
    async with Platform() as platform:
        async with stub_engine() as stub:
            url = stub.url
        with pytest.raises(EngineUnreachableError, match="nothing listens at 127"):
            async with platform.dial(url):
                pass


async def test_dial_sends_the_engines_request_headers() -> None:
    """Literal, dynamic and secret values reach the server beside the signed header."""
    headers = {
        "x-plain": "one",
        "x-user": {"variable_name": "user"},
        "x-secret": {"secret_id": "sec_1"},
    }
    async with Platform(secrets={"sec_1": "hush"}) as platform, stub_engine() as stub:
        engine = platform.create_engine(ws_url=stub.url, request_headers=headers)
        async with platform.dial(engine, dynamic_variables={"user": 7}, headers={"x-more": "m"}):
            await until(lambda: stub.headers)
    sent = stub.headers[0]
    assert [sent[f"x-{name}"] for name in ("plain", "user", "secret", "more")] == [
        "one",
        "7",
        "hush",
        "m",
    ]
    assert sent["X-Elevenlabs-Speech-Engine-Authorization"].count(".") == 2


async def test_dial_needs_every_variable_of_the_headers() -> None:
    """A missing dynamic variable is named before anything is dialled."""
    async with Platform() as platform:
        engine = platform.create_engine(
            ws_url="ws://127.0.0.1:9", request_headers={"x-user": {"variable_name": "user"}}
        )
        with pytest.raises(RefusedError, match="dynamic variable for a request header: user"):
            async with platform.dial(engine):
                pass


async def test_chunks_of_a_superseded_turn_are_counted_as_stale() -> None:
    """What comes for an older id after a newer turn began is marked, counted and kept apart."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        platform.dial(stub.url) as upstream,
    ):
        old = await upstream.say("one")
        await stub.hears(1)
        await stub.reply("in time", old.event_id)
        await old.first_chunk()
        new = await upstream.say("two")
        await stub.hears(2)
        await stub.reply("late", old.event_id)
        await stub.answer("right", new.event_id)
        assert await new.answer() == "right"
    assert [(chunk.content, chunk.stale) for chunk in old.chunks] == [
        ("in time", False),
        ("late", True),
    ]
    assert upstream.stale_chunks == 1


async def test_a_turn_can_be_sent_again_as_it_was() -> None:
    """A repeated frame has the same id and the same transcript."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        platform.dial(stub.url) as upstream,
    ):
        turn = await upstream.say("hello")
        await upstream.send_turn(turn)
        await stub.hears(2)
    assert stub.transcripts[0] == stub.transcripts[1]
    assert len(turn.sent_times) == 2


async def test_pings_are_answered_and_counted() -> None:
    """The official server answers each ping with a pong."""
    async with Platform() as platform, official_engine() as url, platform.dial(url) as upstream:
        await upstream.ping()
        await upstream.ping()
        await upstream.until(lambda: upstream.pongs == 2)


async def test_frames_that_are_no_json_are_kept_as_they_came() -> None:
    """A server that talks nonsense can be looked at."""
    async with Platform() as platform, stub_engine() as stub, platform.dial(stub.url) as upstream:
        await until(lambda: stub.frames)
        await stub.send("nonsense")
        await upstream.until(lambda: upstream.frames == ["nonsense"])


async def test_waiting_ends_when_the_server_closes() -> None:
    """A wait for an answer that cannot come any more fails with the close code."""
    async with Platform() as platform, stub_engine() as stub, platform.dial(stub.url) as upstream:
        turn = await upstream.say("hello")
        await stub.hears(1)
        await stub.connections[0].close(4001, "enough")
        with pytest.raises(ConnectionError, match="4001 enough"):
            await turn.answer()
        with pytest.raises(ConnectionError, match="closed"):
            await upstream.ping()


async def test_waiting_has_a_limit() -> None:
    """A silent server fails the wait after its seconds."""
    async with Platform() as platform, stub_engine() as stub, platform.dial(stub.url) as upstream:
        turn = await upstream.say("hello")
        with pytest.raises(TimeoutError):
            await turn.first_chunk(seconds=0.05)


async def test_a_dropped_line_has_no_close_handshake() -> None:
    """The server sees the connection vanish: 1006."""
    async with Platform() as platform, stub_engine() as stub:
        async with platform.dial(stub.url) as upstream:
            await until(lambda: stub.frames)
            await upstream.drop()
        await until(lambda: stub.close_codes)
    assert stub.close_codes == [1006]


async def test_an_idle_line_is_cut_after_silence_and_no_sooner() -> None:
    """A frame either way, also a protocol-level ping of the server, starts the silence anew."""
    clock = JumpingClock()
    async with (
        Platform(clock=clock) as platform,
        stub_engine() as stub,
        platform.dial(stub.url) as upstream,
    ):
        await until(lambda: stub.frames)
        watch = asyncio.create_task(upstream.drop_when_idle(60))
        await clock.advance(59)
        pong = await stub.connections[0].ping()
        await pong
        await clock.advance(59)
        await upstream.send({"type": "nothing"})
        await clock.advance(59)
        assert not upstream.closed.is_set()
        await clock.advance(2)
        await watch
        assert upstream.closed.is_set()


async def test_raw_frames_reach_the_server_unchanged() -> None:
    """Bytes and text go out as they are, for tests of hostile input."""
    received: list[Any] = []

    async def on_error(error: Exception, _: Any) -> None:
        received.append(error)

    async with (
        Platform() as platform,
        official_engine(on_error=on_error) as url,
        platform.dial(url) as upstream,
    ):
        await upstream.send("{broken")
        await upstream.send(b"[]")
        await until(lambda: len(received) == 2)


async def test_dial_speaks_tls_to_a_server_it_trusts(tmp_path: Path) -> None:
    """A `wss://` address works with the certificates that the platform was given."""
    server, client = make_contexts(tmp_path)
    async with (
        Platform(upstream_ssl=client) as platform,
        official_engine(tls=server, on_transcript=echo) as url,
        platform.dial(url) as upstream,
    ):
        turn = await upstream.say("hello")
        assert await turn.answer() == "You said hello"


async def test_dial_reports_a_certificate_it_does_not_trust(tmp_path: Path) -> None:
    """An unknown certificate is an unreachable engine, and the message says so."""
    server, _ = make_contexts(tmp_path)
    async with Platform() as platform, official_engine(tls=server) as url:
        with pytest.raises(EngineUnreachableError, match="certificate verify failed"):
            async with platform.dial(url):
                pass
