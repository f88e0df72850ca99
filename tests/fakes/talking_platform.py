"""The platform in many conversations at once, with a record of its own of what was said.

It asks turn after turn until it is told to stop or its connections break. Knows the protocol, and
nothing of who answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection


@dataclass
class PlatformRecord:
    """One conversation: each turn's words of the user, and what has come of the answer to them."""

    name: str
    asked: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def last_history(self) -> list[tuple[str, str]]:
        """The messages of the last transcript that was sent: all but the answer to it."""
        return self.messages()[: 2 * len(self.asked) - 1]

    def messages(self) -> list[tuple[str, str]]:
        """All that was said, an answer as far as it has come."""
        pairs = zip(self.asked, self.answers, strict=True)
        return [one for said, heard in pairs for one in (("user", said), ("agent", heard))]


class TalkingPlatform:
    """Conversations with one server: each takes `first_turns`, and all others after `go_on`."""

    def __init__(
        self, address: str, headers: dict[str, str], *, conversations: int, first_turns: int
    ) -> None:
        self.records = [PlatformRecord(f"conv_{number}") for number in range(conversations)]
        self.go_on = asyncio.Event()
        self._first_turns = first_turns
        self._address = address
        self._headers = headers

    async def talk(self) -> None:
        """Hold all conversations until their connections are gone."""
        async with asyncio.TaskGroup() as tasks:
            for record in self.records:
                tasks.create_task(self._converse(record))

    async def _converse(self, record: PlatformRecord) -> None:
        async with connect(self._address, additional_headers=self._headers) as socket:
            with contextlib.suppress(ConnectionClosed):
                first = {"type": "init", "conversation_id": record.name}
                await socket.send(json.dumps(first))
                for _ in range(self._first_turns):
                    await self._take_turn(record, socket)
                await self.go_on.wait()
                while True:
                    await self._take_turn(record, socket)

    async def _take_turn(self, record: PlatformRecord, socket: ClientConnection) -> None:
        number = len(record.asked) + 1
        record.asked.append(f"question {number} of {record.name}")
        record.answers.append("")
        frame = {
            "type": "user_transcript",
            "user_transcript": [
                {"role": role, "content": text} for role, text in record.last_history()
            ],
            "event_id": number,
        }
        await socket.send(json.dumps(frame))
        is_whole = False
        while not is_whole:
            answer = json.loads(await socket.recv())
            if answer["type"] == "agent_response" and answer["event_id"] == number:
                record.answers[-1] += answer["content"]
                is_whole = answer["is_final"]
