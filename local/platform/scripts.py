"""What the user will "say" and what will go wrong: plain descriptions, no behaviour.

Turns are counted from 1: the first thing the user says or types is turn 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from local.platform.json_types import JsonObject


@dataclass(frozen=True)
class Utterance:
    """Something the user says in a voice conversation after `after_ms` of microphone audio.

    The audio is counted while the agent is silent; with `interrupts`, while the agent speaks.
    """

    text: str
    after_ms: float = 500.0
    interrupts: bool = False


@dataclass(frozen=True)
class ToolCall:
    """A client tool that the platform calls as soon as turn `turn` has been answered."""

    name: str
    parameters: JsonObject = field(default_factory=dict)
    turn: int = 1


@dataclass(frozen=True)
class SplitPause:
    """Turn `turn` is transcribed `ids` times over, each time under a new and higher event id."""

    turn: int = 1
    ids: int = 2
    gap_seconds: float = 0.0


@dataclass(frozen=True)
class RepeatOldId:
    """Once turn `after_turn` has been answered, the frame of turn `turn` is sent again."""

    turn: int = 1
    after_turn: int = 2


@dataclass(frozen=True)
class StayIdle:
    """An intermediary cuts the upstream socket after `seconds` without a byte either way."""

    seconds: float = 60.0


Fault: TypeAlias = SplitPause | RepeatOldId | StayIdle


@dataclass(frozen=True)
class Script:
    """One conversation's course; the defaults are an uneventful one.

    `client_ping_seconds` and `upstream_ping_seconds` are the pauses between pings; 0 sends none.
    """

    utterances: tuple[Utterance, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    faults: tuple[Fault, ...] = ()
    client_ping_seconds: float = 5.0
    upstream_ping_seconds: float = 10.0

    def split_of(self, turn: int) -> SplitPause | None:
        """Return how turn `turn` is split, if it is."""
        return next((f for f in self.faults if isinstance(f, SplitPause) and f.turn == turn), None)

    def repeats_after(self, turn: int) -> list[RepeatOldId]:
        """Return the old turns that are sent again once `turn` is answered."""
        return [f for f in self.faults if isinstance(f, RepeatOldId) and f.after_turn == turn]

    def tools_after(self, turn: int) -> list[ToolCall]:
        """Return the tools that are called once `turn` is answered."""
        return [call for call in self.tool_calls if call.turn == turn]

    @property
    def idle_drop_seconds(self) -> float | None:
        """Return after how much silence the upstream socket is cut, if it is."""
        return next((f.seconds for f in self.faults if isinstance(f, StayIdle)), None)
