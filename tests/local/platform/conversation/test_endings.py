from __future__ import annotations

from local.platform import JumpingClock, Platform, Script
from tests.fakes.platform_clients import raw_client
from tests.fakes.platform_engines import echo, official_engine, stub_engine
from tests.fakes.platform_waiting import until


async def test_a_client_that_leaves_ends_the_conversation_cleanly() -> None:
    """The server gets `close` and the record reads as done."""
    async with Platform() as platform, stub_engine() as stub:
        async with raw_client(platform, stub.url) as client:
            await client.next("conversation_initiation_metadata")
            conversation = await platform.next_conversation()
        await until(conversation.ended.is_set)
        await until(lambda: stub.close_codes)
    assert stub.frames[-1] == {"type": "close"}
    assert stub.close_codes == [1000]
    record = conversation.record.describe()
    assert (record["status"], record["metadata"]["error"]) == ("done", None)
    assert record["metadata"]["termination_reason"] == "Client ended the conversation"


async def test_the_record_shows_the_transcript_while_it_grows() -> None:
    """Roles, texts and seconds into the call, status in-progress until the end."""
    clock = JumpingClock()
    async with (
        Platform(clock=clock) as platform,
        official_engine(on_transcript=echo) as url,
        raw_client(platform, url) as client,
    ):
        conversation = await platform.next_conversation()
        await clock.advance(3)
        await client.type_text("hello")
        await client.next("agent_response")
        record = conversation.record.describe()
    assert record["status"] == "in-progress"
    shown = [(m["role"], m["message"], m["time_in_call_secs"]) for m in record["transcript"]]
    assert shown == [("user", "hello", 3), ("agent", "You said hello", 3)]


async def test_the_maximum_duration_ends_the_call() -> None:
    """The client gets an error event that names the limit, and a normal close."""
    clock = JumpingClock()
    async with Platform(clock=clock) as platform, stub_engine() as stub:
        engine = platform.create_engine(ws_url=stub.url, conversation={"max_duration_seconds": 30})
        async with raw_client(platform, engine) as client:
            await client.next("conversation_initiation_metadata")
            conversation = await platform.next_conversation()
            await clock.advance(29)
            assert conversation.record.ending is None
            await clock.advance(2)
            code, _ = await client.closed()
    assert code == 1000
    error = client.all("error")[0]["error_event"]
    assert (error["error_type"], error["code"]) == ("max_duration_exceeded", 1000)
    assert conversation.record.describe()["metadata"]["call_duration_secs"] == 30


async def test_pings_carry_the_last_round_trip() -> None:
    """The first ping has no measurement; the next ones have what the pong took."""
    clock = JumpingClock()
    async with (
        Platform(clock=clock, script=Script(client_ping_seconds=5)) as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        first = (await client.next("ping"))["ping_event"]
        await clock.advance(0.04)
        await client.send("pong", event_id=first["event_id"])
        await client.type_text("a frame behind the pong")
        await stub.hears(1)
        await clock.advance(5)
        second = (await client.next("ping", 2))["ping_event"]
    assert first["ping_ms"] is None
    assert second["ping_ms"] == 40
    assert second["event_id"] > first["event_id"]


async def test_a_frame_of_nonsense_ends_the_call() -> None:
    """A client that breaks the protocol is told so."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.next("conversation_initiation_metadata")
        await client.connection.send("[]")
        assert await client.closed() == (
            1008,
            "Invalid message received: a frame is not a JSON object",
        )
        assert client.all("error")[0]["error_event"]["error_type"] == "invalid_message"


async def test_stopping_the_platform_ends_every_conversation() -> None:
    """Clients and servers are told before the port closes."""
    async with stub_engine() as stub:
        platform = Platform()
        await platform.start()
        async with raw_client(platform, stub.url) as client:
            await client.next("conversation_initiation_metadata")
            await platform.stop()
            assert await client.closed() == (1001, "The simulator is shutting down")
        await until(lambda: stub.close_codes)
    assert stub.frames[-1] == {"type": "close"}
