"""The rising event ids of one conversation."""

from __future__ import annotations

import itertools

# Real conversations show ids such as 26, 43, 45: rising, with gaps of any size.
_TURN_GAPS = (3, 17, 2, 9, 1, 23)


class EventIds:
    """One counter for everything that carries an event id, the same on every run."""

    def __init__(self) -> None:
        self.last = 0
        self._gaps = itertools.cycle(_TURN_GAPS)

    def next(self) -> int:
        """Return the next id; the first one is 1."""
        self.last += 1
        return self.last

    def next_turn(self) -> int:
        """Return an id for a user turn, some way above the last one."""
        self.last += next(self._gaps)
        return self.last
