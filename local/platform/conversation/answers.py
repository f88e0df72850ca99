"""How an agent's answer reaches the client: as text parts, or as speech that takes time to play.

An answer is fed piece by piece and ends complete or interrupted. Knows nothing of turns or
upstreams.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from local.platform.audio import Voice
from local.platform.clock import Clock
from local.platform.conversation import events
from local.platform.conversation.client import ClientChannel
from local.platform.event_ids import EventIds


class Answer(ABC):
    """One answer of the agent, shown to the client as it grows."""

    def __init__(self, event_id: int, client: ClientChannel) -> None:
        self.event_id = event_id
        self.text = ""
        self.complete = False
        self._client = client

    @abstractmethod
    async def add(self, text: str) -> None:
        """Show the next piece."""

    @abstractmethod
    def is_under_way(self) -> bool:
        """Tell whether the user can cut in: something was shown, and not all of it is over."""

    @abstractmethod
    def heard(self) -> str:
        """Return what the user has taken in so far."""

    async def finish(self) -> None:
        """Show the whole text once no more comes; an answer without text shows nothing."""
        if self.complete:
            return
        self.complete = True
        if self.text:
            await self._client.send(events.agent_response(self.text, self.event_id))

    async def announce(self, text: str) -> None:
        """Show an answer that is known in full from the start."""
        await self.add(text)
        await self.finish()


class TextAnswer(Answer):
    """An answer in a text conversation: start, deltas, stop, and the whole."""

    async def add(self, text: str) -> None:
        """Send a delta, after a start if it is the first."""
        if not self.text:
            await self._part("", "start")
        self.text += text
        await self._part(text, "delta")

    def is_under_way(self) -> bool:
        """Tell whether more is to come."""
        return bool(self.text) and not self.complete

    def heard(self) -> str:
        """Return everything: text is read as it arrives."""
        return self.text

    async def finish(self) -> None:
        """Send the stop and the whole text."""
        if self.text and not self.complete:
            await self._part("", "stop")
        await super().finish()

    async def announce(self, text: str) -> None:
        """Send the whole text alone."""
        self.text = text
        await super().finish()

    async def _part(self, text: str, part: str) -> None:
        await self._client.send(events.response_part(text, part, self.event_id))


@dataclass(frozen=True)
class _Playing:
    text: str
    starts_at: float


class SpokenAnswer(Answer):
    """An answer in a voice conversation: audio goes out at once and plays in its own time."""

    def __init__(
        self, event_id: int, client: ClientChannel, voice: Voice, ids: EventIds, clock: Clock
    ) -> None:
        super().__init__(event_id, client)
        self._voice = voice
        self._ids = ids
        self._clock = clock
        self._pieces: list[_Playing] = []
        self._ends_at = 0.0

    async def add(self, text: str) -> None:
        """Send the frames that say `text`; they play after what was sent before."""
        starts_at = max(self._ends_at, self._clock.time())
        self.text += text
        self._pieces.append(_Playing(text, starts_at))
        self._ends_at = starts_at + self._voice.seconds(text)
        for frame in self._voice.speak(text):
            await self._client.send(events.audio(frame, self._ids.next()))

    def is_under_way(self) -> bool:
        """Tell whether the agent is still heard, or has more to say."""
        return bool(self.text) and (not self.complete or self._clock.time() < self._ends_at)

    def heard(self) -> str:
        """Return the characters that have been played."""
        now = self._clock.time()
        played = (now - piece.starts_at for piece in self._pieces)
        # Rounded first: a Unix time as a float is good to a microsecond only.
        counts = (max(0, int(round(s * self._voice.characters_per_second, 3))) for s in played)
        return "".join(p.text[:n] for p, n in zip(self._pieces, counts, strict=True))
