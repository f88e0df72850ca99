"""One line of a bill."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """`count` of `unit` at `price` USD each."""

    name: str
    count: float
    unit: str
    price: float

    @property
    def usd(self) -> float:
        """What it comes to."""
        return self.count * self.price


def total(items: list[Item]) -> float:
    """The sum, in USD."""
    return sum(item.usd for item in items)
