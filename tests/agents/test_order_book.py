from __future__ import annotations

import pytest

from agents.order_book import DEMO_ORDERS, Entry, OrderBook, OrderError


async def test_book_finds_orders() -> None:
    """By number, or all of one owner."""
    book = OrderBook()
    assert await book.find("A417") in DEMO_ORDERS
    assert await book.find("X000") is None
    assert [order.number for order in await book.orders_of("another-user")] == ["B305"]


async def test_book_makes_each_change_once() -> None:
    """A key that was seen before changes nothing again, and is no error."""
    book = OrderBook()
    for _ in range(2):
        await book.cancel("A417", "k1")
        await book.refund("A418", "k2")
        await book.change_address("B305", "1 New Road, Kent", "k3")
    assert book.journal == (
        Entry("k1", "cancel", "A417"),
        Entry("k2", "refund", "A418"),
        Entry("k3", "address", "B305"),
    )
    orders = [await book.find(number) for number in ("A417", "A418", "B305")]
    assert [order.status for order in orders if order] == ["cancelled", "refunded", "placed"]
    assert orders[2] is not None
    assert orders[2].address == "1 New Road, Kent"


async def test_book_refuses_what_came_too_late() -> None:
    """Whether a change is possible is decided at the moment of the deed."""
    book = OrderBook()
    await book.cancel("A417", "k1")
    for change in (
        book.cancel("A417", "k2"),
        book.refund("A417", "k3"),
        book.change_address("C112", "1 New Road, Kent", "k4"),
        book.cancel("X000", "k5"),
    ):
        with pytest.raises(OrderError, match="order"):
            await change
    assert len(book.journal) == 1
