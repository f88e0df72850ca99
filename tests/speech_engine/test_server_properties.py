"""Whatever bytes come in on the wire, the conversation goes on where the protocol allows it.

And the server goes on in any case.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Opcode

from speech_engine import ConversationMessage, Limits, SpeechEngineSession
from tests.fakes.sockets import (
    PING,
    PONG,
    dial,
    encode,
    final,
    init,
    raw_client,
    request,
    serving,
    transcript,
    until,
)

LIMIT_BYTES = 2000


async def echo(messages: list[ConversationMessage], session: SpeechEngineSession) -> None:
    await session.send_response([message.content for message in messages])


PAYLOADS = (
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.binary(min_size=LIMIT_BYTES + 1, max_size=LIMIT_BYTES + 500)
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """One message in one or several frames, perhaps with control frames in between."""
    payload = draw(PAYLOADS)
    opcode = draw(st.sampled_from([Opcode.TEXT, Opcode.BINARY]))
    cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=4)))
    edges = [0, *cuts, len(payload)]
    wire = b""
    for index, (start, end) in enumerate(itertools.pairwise(edges)):
        if draw(st.booleans()):
            wire += encode(draw(st.binary(max_size=125)), Opcode.PONG)
        fin = index == len(edges) - 2
        wire += encode(payload[start:end], opcode if index == 0 else Opcode.CONT, fin=fin)
    return wire


@settings(max_examples=60)
@given(st.lists(messages(), max_size=6), st.lists(st.integers(1, 3000), max_size=6))
async def test_server_conversation_goes_on_after_any_messages(
    wires: list[bytes], cuts: list[int]
) -> None:
    """After messages of any content, length and fragmentation a ping and a user are answered."""
    wire = encode(init()) + b"".join(wires) + encode(PING) + encode(transcript(9, "a", "b"))
    edges = [0, *sorted(cut for cut in cuts if cut < len(wire)), len(wire)]
    errors: list[Exception] = []
    async with (
        serving(
            on_transcript=echo,
            on_error=lambda error, _: errors.append(error),
            limits=Limits(max_frame_bytes=LIMIT_BYTES),
        ) as server,
        raw_client(server) as client,
    ):
        for start, end in itertools.pairwise(edges):
            await client.send(wire[start:end])
        await client.received(PONG, final(9))
        assert client.text(9) == "ab"
        assert client.close_code is None
        assert server.conversations == 1


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=400))
async def test_server_survives_any_bytes_after_the_upgrade(junk: bytes) -> None:
    """Bytes that are no frames end the one conversation at most, and no other one."""
    async with (
        serving(on_transcript=echo) as server,
        raw_client(server) as victim,
        raw_client(server) as other,
    ):
        await other.send(init())
        await victim.send(init(), PING)
        await victim.received(PONG)
        await victim.send(junk)
        await other.send(PING, transcript(1, "hi"))
        await other.received(PONG, final(1))
        assert all(frame == PONG for frame in victim.sent)


@settings(max_examples=60)
@given(st.binary(max_size=400))
async def test_server_survives_any_bytes_in_the_place_of_a_request(junk: bytes) -> None:
    """Bytes that are no HTTP request do not reach a conversation, and the server goes on."""
    async with serving(on_transcript=echo, limits=Limits(init_seconds=2.0)) as server:
        _, writer = await dial(server)
        writer.write(junk)
        await writer.drain()
        assert (await request(server, "/healthz"))[0] == 200
        assert server.conversations == 0
        writer.close()


NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=10)
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=30)


@settings(max_examples=60)
@given(st.dictionaries(NAMES, VALUES, max_size=5), st.text("/abc?%=&.", max_size=20))
async def test_server_answers_any_request_with_a_status(headers: dict[str, str], path: str) -> None:
    """Any request in HTTP's form gets an answer in HTTP's form, and no conversation."""
    safe = {name: value for name, value in headers.items() if name != "content-length"}
    async with serving() as server:
        status, _, body = await request(server, f"/{path}", headers=safe)
        assert status in {200, 400, 401, 404, 426}
        assert "Traceback" not in body


@settings(max_examples=100)
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=300), max_size=20))
async def test_server_answers_arrive_as_they_were_sent(texts: list[str]) -> None:
    """Any strings arrive in order and unchanged, in frames that any client can read."""

    async def on_transcript(_: Any, session: SpeechEngineSession) -> None:
        await session.send_response(texts)

    async with serving(on_transcript=on_transcript) as server, raw_client(server) as client:
        await client.send(init(), transcript(1))
        await client.received(final(1))
        sent = [frame["content"] for frame in client.answers(1)]
        assert sent == [json.loads(json.dumps(text)) for text in texts if text] + [""]
        await client.send({"type": "close"})
        await until(lambda: client.close_code == 1000)
