"""Speech recognition by script: microphone audio goes in, the next utterance comes out."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from local.platform.audio import AudioFormat

if TYPE_CHECKING:
    from local.platform.scripts import Utterance


class Ears:
    """Counts the audio that came while its next utterance could be said."""

    def __init__(self, audio_format: AudioFormat, utterances: tuple[Utterance, ...]) -> None:
        self.heard_ms = 0.0
        self._format = audio_format
        self._left = deque(utterances)
        self._counted_ms = 0.0

    def hear(self, audio: bytes, *, quiet: bool, agent_speaking: bool) -> str | None:
        """Take some audio; return what the user has just said, if that completes an utterance."""
        duration_ms = self._format.duration_ms(len(audio))
        self.heard_ms += duration_ms
        if not self._left:
            return None
        utterance = self._left[0]
        if agent_speaking if utterance.interrupts else quiet:
            self._counted_ms += duration_ms
        if self._counted_ms < utterance.after_ms:
            return None
        self._counted_ms = 0.0
        return self._left.popleft().text
