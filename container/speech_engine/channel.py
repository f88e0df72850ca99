"""What a session needs of a socket: a way out for its texts."""

from __future__ import annotations

from typing import Protocol


class Channel(Protocol):
    """Takes a session's texts to the platform."""

    @property
    def is_full(self) -> bool:
        """Whether a sender has to `drain` before it writes on."""
        ...  # pragma: no cover

    def write(self, text: str) -> None:
        """Take one ASCII text along with the next `flush`."""

    def write_chunks(self, texts: list[str], end: str) -> None:
        """Take chunks of a turn along with the next `flush`; ``end`` as of `frames.chunk_end`."""

    def flush(self) -> None:
        """Send what was written; never blocks."""

    async def drain(self) -> None:
        """Wait until there is room again."""

    async def close(self, code: int, reason: str) -> None:
        """Send what was written, then close."""
