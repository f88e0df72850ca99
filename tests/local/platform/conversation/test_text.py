from __future__ import annotations

from typing import Any

from local.platform import Platform, Script, ToolCall
from tests.fakes.platform_clients import TEXT_ONLY, raw_client
from tests.fakes.platform_engines import echo, official_engine, stub_engine
from tests.fakes.platform_waiting import until


def parts(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(e["text_response_part"]["type"], e["text_response_part"]["text"]) for e in events]


async def test_text_conversation_streams_parts_and_then_the_whole() -> None:
    """The official server's chunks arrive as start, deltas and stop, followed by the answer."""
    async with (
        Platform() as platform,
        official_engine(on_transcript=echo) as url,
        raw_client(platform, url) as client,
    ):
        metadata = await client.next("conversation_initiation_metadata")
        await client.type_text("hello")
        response = await client.next("agent_response")
    assert client.events[0] is metadata
    assert parts(client.all("agent_chat_response_part")) == [
        ("start", ""),
        ("delta", "You "),
        ("delta", "said "),
        ("delta", "hello"),
        ("stop", ""),
    ]
    assert response["agent_response_event"]["agent_response"] == "You said hello"
    assert isinstance(response["agent_response_event"]["event_id"], int)


async def test_metadata_announces_the_engines_formats() -> None:
    """The first event names the conversation and both audio formats."""
    async with Platform() as platform, stub_engine() as stub:
        engine = platform.create_engine(
            ws_url=stub.url,
            tts={"agent_output_audio_format": "ulaw_8000"},
            asr={"user_input_audio_format": "pcm_24000"},
        )
        async with raw_client(platform, engine) as client:
            event = await client.next("conversation_initiation_metadata")
            conversation = await platform.next_conversation()
    assert event["conversation_initiation_metadata_event"] == {
        "conversation_id": conversation.id,
        "agent_output_audio_format": "ulaw_8000",
        "user_input_audio_format": "pcm_24000",
    }


async def test_each_turn_sends_the_whole_history_under_a_higher_id() -> None:
    """The server gets every earlier message, and ids rise."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("one")
        first = await stub.hears(1)
        await stub.answer("ONE", first["event_id"])
        await client.next("agent_response")
        await client.type_text("two")
        second = await stub.hears(2)
    assert second["event_id"] > first["event_id"]
    assert second["user_transcript"] == [
        {"role": "user", "content": "one"},
        {"role": "agent", "content": "ONE"},
        {"role": "user", "content": "two"},
    ]


async def test_typing_during_an_answer_interrupts_it() -> None:
    """The old answer is ended and announced as interrupted; its late chunks are dropped."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("one")
        old = (await stub.hears(1))["event_id"]
        await stub.reply("Once upon", old)
        await client.next("agent_chat_response_part", 2)
        await client.type_text("two")
        new = (await stub.hears(2))["event_id"]
        await stub.reply(" a time", old)
        await stub.answer("Yes?", new)
        await client.next("agent_response", 2)
        conversation = await platform.next_conversation()
    interruption = client.all("interruption")[0]["interruption_event"]
    assert old <= interruption["event_id"] < new
    texts = [e["agent_response_event"]["agent_response"] for e in client.all("agent_response")]
    assert texts == ["Once upon", "Yes?"]
    assert conversation.stale_chunks == 1
    assert stub.transcripts[1]["user_transcript"][1] == {"role": "agent", "content": "Once upon"}


async def test_typing_before_an_answer_supersedes_without_interruption() -> None:
    """Nothing was shown yet, so there is nothing to interrupt."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("one")
        await client.type_text("two")
        new = (await stub.hears(2))["event_id"]
        await stub.answer("both", new)
        await client.next("agent_response")
    assert client.all("interruption") == []
    assert [m["role"] for m in stub.transcripts[1]["user_transcript"]] == ["user", "user"]


async def test_an_answer_is_shown_once() -> None:
    """Chunks after the final frame change nothing for the client."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("one")
        event_id = (await stub.hears(1))["event_id"]
        await stub.answer("once", event_id)
        await stub.answer("twice", event_id)
        await client.type_text("two")
        await stub.answer("next", (await stub.hears(2))["event_id"])
        await client.next("agent_response", 2)
    texts = [e["agent_response_event"]["agent_response"] for e in client.all("agent_response")]
    assert texts == ["once", "next"]
    deltas = [text for kind, text in parts(client.all("agent_chat_response_part")) if text]
    assert deltas == ["once", "next"]
    history = [message["content"] for message in stub.transcripts[1]["user_transcript"]]
    assert history == ["one", "once", "two"]


async def test_an_empty_answer_shows_nothing_and_counts_as_an_answer() -> None:
    """A lone final ends the turn: no event, no re-send, no item in the history."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.type_text("one")
        await stub.reply("", (await stub.hears(1))["event_id"], is_final=True)
        await client.type_text("two")
        await stub.answer("here", (await stub.hears(2))["event_id"])
        response = await client.next("agent_response")
    assert response["agent_response_event"]["agent_response"] == "here"
    assert [m["content"] for m in stub.transcripts[1]["user_transcript"]] == ["one", "two"]


async def test_an_allowed_first_message_is_said_and_leads_the_history() -> None:
    """The engine's server hears of it only as the first item of later transcripts."""
    initiation = {
        "conversation_config_override": {
            "agent": {"first_message": "Hi there!"},
            "conversation": {"text_only": True},
        }
    }
    async with Platform() as platform, stub_engine() as stub:
        engine = platform.create_engine(ws_url=stub.url, overrides={"first_message": True})
        async with raw_client(platform, engine, initiation=initiation) as client:
            response = await client.next("agent_response")
            await client.type_text("one")
            transcript = await stub.hears(1)
    assert client.events[1] is response
    assert response["agent_response_event"] == {"agent_response": "Hi there!", "event_id": 1}
    assert transcript["user_transcript"][0] == {"role": "agent", "content": "Hi there!"}


async def test_a_scripted_tool_is_called_after_its_turn_and_its_result_kept() -> None:
    """The client gets the call with an id and its result is found under that id."""
    script = Script(tool_calls=(ToolCall("show_map", {"city": "Bern"}, turn=1),))
    async with (
        Platform(script=script) as platform,
        official_engine(on_transcript=echo) as url,
        raw_client(platform, url) as client,
    ):
        await client.type_text("hello")
        call = (await client.next("client_tool_call"))["client_tool_call"]
        await client.send(
            "client_tool_result", tool_call_id=call["tool_call_id"], result="ok", is_error=False
        )
        conversation = await platform.next_conversation()
        await until(lambda: conversation.inbox.tool_results)
    assert (call["tool_name"], call["parameters"]) == ("show_map", {"city": "Bern"})
    assert conversation.inbox.tool_results[call["tool_call_id"]]["result"] == "ok"


async def test_frames_that_ask_for_nothing_are_accepted_and_kept() -> None:
    """Context, activity, feedback and unknown types neither reach the server nor end the call."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        await client.send("contextual_update", text="on page 2")
        await client.send("user_activity")
        await client.send("feedback", event_id=1, score="like")
        await client.send("something_new")
        await client.type_text("one")
        await stub.hears(1)
        conversation = await platform.next_conversation()
    kinds = [frame["type"] for frame in conversation.client.received]
    assert kinds[1:5] == ["contextual_update", "user_activity", "feedback", "something_new"]
    assert conversation.inbox.contextual_updates == ["on page 2"]
    assert conversation.record.describe()["metadata"]["feedback"]["likes"] == 1
    assert [frame["type"] for frame in stub.frames[:2]] == ["init", "user_transcript"]


async def test_a_multimodal_message_is_a_turn_with_its_text() -> None:
    """Text beside files is what the server hears."""
    async with (
        Platform() as platform,
        stub_engine() as stub,
        raw_client(platform, stub.url) as client,
    ):
        text = {"type": "user_message", "text": "what is this?"}
        files = [{"type": "file_input", "file_id": "file_1"}]
        await client.send("multimodal_message", text=text, file=files[0], files=files)
        transcript = await stub.hears(1)
    assert transcript["user_transcript"] == [{"role": "user", "content": "what is this?"}]


async def test_only_the_client_events_an_engine_names_are_sent() -> None:
    """An explicit list leaves everything else out, but never the metadata."""
    async with Platform() as platform, official_engine(on_transcript=echo) as url:
        engine = platform.create_engine(
            ws_url=url, conversation={"client_events": ["agent_response"]}
        )
        async with raw_client(platform, engine) as client:
            await client.type_text("hello")
            await client.next("agent_response")
    assert {event["type"] for event in client.events} == {
        "conversation_initiation_metadata",
        "agent_response",
    }


async def test_an_engine_can_be_text_only_by_itself() -> None:
    """With `text_only` in the engine the client needs no override."""
    async with Platform() as platform, official_engine(on_transcript=echo) as url:
        engine = platform.create_engine(ws_url=url, conversation={"text_only": True})
        async with raw_client(platform, engine, initiation={}) as client:
            await client.type_text("hello")
            await client.next("agent_response")
    assert client.all("agent_chat_response_part")
    assert client.all("audio") == []


async def test_both_spellings_of_text_only_are_understood() -> None:
    """Python's client puts the override at the top, JavaScript's into a block."""
    async with Platform() as platform, official_engine(on_transcript=echo) as url:
        engine = platform.create_engine(ws_url=url)
        top: dict[str, Any] = {"conversation_config_override": {"text_only": True}}
        for initiation in (top, TEXT_ONLY):
            async with raw_client(platform, engine, initiation=initiation) as client:
                await client.type_text("hello")
                await client.next("agent_response")
            assert client.all("audio") == []
