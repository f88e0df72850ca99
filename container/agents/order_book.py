"""The orders of a shop that does not exist, in memory. A fork replaces it with its own system.

What such a system must keep to: a deed with a key that it has seen is not done again, and whether
an order may still be changed is decided here, at the moment of the deed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Status = Literal["placed", "packed", "on its way", "delivered", "cancelled", "refunded"]
Change = Literal["cancel", "refund", "address"]

_ALLOWED: dict[Change, tuple[Status, ...]] = {
    "cancel": ("placed", "packed"),
    "refund": ("delivered",),
    "address": ("placed", "packed"),
}


class OrderError(Exception):
    """A change is not possible any more; the message is a sentence for the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order; `owner` is the user's id as the token endpoint's authorizer knows it."""

    number: str
    owner: str
    items: str
    total: str
    status: Status
    address: str
    postcode: str


DEMO_ORDERS = (
    Order(
        number="A417",
        owner="demo-user",
        items="two candles",
        total="24 euros",
        status="placed",
        address="12 Elm Street, Ashford",
        postcode="10245",
    ),
    Order(
        number="A418",
        owner="demo-user",
        items="a teapot",
        total="39 euros",
        status="delivered",
        address="12 Elm Street, Ashford",
        postcode="10245",
    ),
    Order(
        number="B305",
        owner="another-user",
        items="a garden chair",
        total="85 euros",
        status="placed",
        address="7 Harbour Lane, Whitby",
        postcode="20095",
    ),
    Order(
        number="C112",
        owner="demo-user",
        items="a wool blanket",
        total="60 euros",
        status="on its way",
        address="12 Elm Street, Ashford",
        postcode="10245",
    ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One change that was made."""

    key: str
    change: Change
    number: str


class OrderBook:
    """Finds and changes orders."""

    def __init__(self, orders: Iterable[Order] = DEMO_ORDERS) -> None:
        self._orders = {order.number: order for order in orders}
        self._entries: dict[str, Entry] = {}

    @property
    def journal(self) -> tuple[Entry, ...]:
        """Every change that was made, oldest first."""
        return tuple(self._entries.values())

    async def find(self, number: str) -> Order | None:
        """The order with that number."""
        return self._orders.get(number)

    async def orders_of(self, owner: str) -> list[Order]:
        """A user's orders."""
        return [order for order in self._orders.values() if order.owner == owner]

    async def check(self, number: str, change: Change) -> Order:
        """The order, if the change is possible now. Raises OrderError."""
        order = self._orders.get(number)
        if order is None:
            raise OrderError("There is no such order.")
        if order.status not in _ALLOWED[change]:
            raise OrderError(f"That can't be changed any more: the order is {order.status}.")
        return order

    async def cancel(self, number: str, key: str) -> None:
        """Cancel an order that has not left yet. Raises OrderError."""
        await self._change(Entry(key, "cancel", number), status="cancelled")

    async def refund(self, number: str, key: str) -> None:
        """Pay back an order that was delivered. Raises OrderError."""
        await self._change(Entry(key, "refund", number), status="refunded")

    async def change_address(self, number: str, address: str, key: str) -> None:
        """Send an order that has not left yet elsewhere. Raises OrderError."""
        await self._change(Entry(key, "address", number), address=address)

    async def _change(self, entry: Entry, **fields: Any) -> None:
        """Make a change once, however often its key comes. Raises OrderError."""
        if entry.key not in self._entries:
            order = await self.check(entry.number, entry.change)
            self._entries[entry.key] = entry
            self._orders[order.number] = replace(order, **fields)
