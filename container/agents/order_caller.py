"""Who calls the order desk: which orders they may hear of, what they may ask for, in which words.

It knows the order book and the shape of intents, and neither sessions nor models.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, TypeVar

from agents.intents import Declined, Intent, Intents
from agents.order_book import OrderError
from agents.phrases import Phrases, Utterance, free_text, spoken_code

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from agents.intents import Values
    from agents.order_book import Change, Order, OrderBook

T = TypeVar("T")

HELP = (
    "I can tell you where an order is, cancel it, refund it, or change its address. Say for"
    " example: where is order A 4 1 7."
)
# What to say, by the words that are heard of somebody who said it otherwise.
_HELPS = {
    "(cancel|cancellation)": "To cancel an order, please say: cancel order, and its number, such as"
    " A 4 1 7.",
    "(refund|money back|pay back)": "To have an order paid back, please say: refund order, and its"
    " number, such as A 4 1 7.",
    "(where|where's|track|status)": "To hear where an order is, please say: where is order, and its"
    " number, such as A 4 1 7.",
    "(address|send|deliver)": "To have an order sent elsewhere, please say: send order, its number,"
    " to, and the whole new address.",
}
_WHO = (
    "For that order I need number and postcode together. Please say: order, its number, postcode,"
    " and the digits."
)
_NO_MORE_TRIES = "I can't check any more postcodes in this call."
_MOST_TRIES = 3

# The question must not hold its own answer: a microphone may hear the loudspeaker.
_AGREE = "If so, please say yes, and what I am to do."

_ADDRESS = re.compile(r"(?=.*\d)(?=.*[^\W\d_])\w[\w ,.'/-]{4,79}")
_COURTESY = re.compile(r"[,.]? *(?:please|thanks|thank you)?[.!]?$", re.IGNORECASE)


class Caller:
    """One caller: a user whom the service has verified, or somebody who has to say a postcode."""

    def __init__(self, book: OrderBook, user: str | None) -> None:
        self._book = book
        self._user = user
        self._shown: set[str] = set()
        self._tries = 0

    async def identify(self, values: Values, _key: str) -> str:
        """Let whoever knows number and postcode hear of an order. A weak proof: see the docs."""
        if self._tries >= _MOST_TRIES:
            raise Declined(_NO_MORE_TRIES)
        order = await self._book.find(values["order"])
        if order is None or order.postcode != values["postcode"]:
            self._tries += 1
            raise Declined("That number and that postcode don't go together.")
        self._shown.add(order.number)
        return f"Thank you. {_describe(order)} What can I do about it?"

    def complete(self, values: Values) -> Values | None:
        """Take the one order that this caller has named, and may hear of, for "my order"."""
        if "order" in values:
            return values
        return {**values, "order": min(self._shown)} if len(self._shown) == 1 else None

    async def help(self, _values: Values, _key: str) -> str:
        """Say what this line is for."""
        return HELP

    async def tell_status(self, values: Values, _key: str) -> str:
        """Say where an order is."""
        return _describe(await self._find(values))

    async def list_orders(self, _values: Values, _key: str) -> str:
        """Say which orders a verified user has."""
        orders = [] if self._user is None else await self._book.orders_of(self._user)
        if not orders:
            raise Declined(_WHO)
        return " ".join(_describe(order) for order in orders)

    async def ask_cancel(self, values: Values) -> str:
        """Read a cancellation back."""
        order = await self._check(values, "cancel")
        return f"Shall I cancel order {_spell(order.number)}, {order.items}? {_AGREE}"

    async def cancel(self, values: Values, key: str) -> str:
        """Cancel an order."""
        order = await self._find(values)
        await _or_decline(self._book.cancel(order.number, key))
        return f"Order {_spell(order.number)} is cancelled."

    async def ask_refund(self, values: Values) -> str:
        """Read a refund back."""
        order = await self._check(values, "refund")
        number = _spell(order.number)
        return f"Shall I pay back {order.total} for order {number}, {order.items}? {_AGREE}"

    async def refund(self, values: Values, key: str) -> str:
        """Pay an order back."""
        order = await self._find(values)
        await _or_decline(self._book.refund(order.number, key))
        return f"You get {order.total} back for order {_spell(order.number)}."

    async def ask_address(self, values: Values) -> str:
        """Read a new address back."""
        order = await self._check(values, "address")
        return f"Shall I send order {_spell(order.number)} to {values['address']}? {_AGREE}"

    async def change_address(self, values: Values, key: str) -> str:
        """Send an order to another address."""
        order = await self._find(values)
        await _or_decline(self._book.change_address(order.number, values["address"], key))
        return f"Order {_spell(order.number)} goes to {values['address']}."

    async def _find(self, values: Values) -> Order:
        """An order that this caller may hear of. Raises Declined, the same where there is none."""
        order = await self._book.find(values["order"])
        is_own = order is not None and self._user is not None and order.owner == self._user
        if order is None or not (is_own or order.number in self._shown):
            raise Declined(_WHO)
        self._shown.add(order.number)
        return order

    async def _check(self, values: Values, change: Change) -> Order:
        """An order that this caller may change now. Raises Declined."""
        order = await self._find(values)
        await _or_decline(self._book.check(order.number, change))
        return order


async def _or_decline(work: Awaitable[T]) -> T:
    try:
        return await work
    except OrderError as error:
        raise Declined(str(error)) from None


def _describe(order: Order) -> str:
    return f"Order {_spell(order.number)}, {order.items}, is {order.status}."


def _spell(number: str) -> str:
    return " ".join(number)


def _read_address(text: str) -> str | None:
    address = _COURTESY.sub("", text)
    return address if _ADDRESS.fullmatch(address) else None


_SLOTS = {
    "order": spoken_code(letters=1, digits=3),
    "postcode": spoken_code(letters=0, digits=5),
    "address": free_text(_read_address),
}
_OPENING = (
    "[so|well] [hello|hi|hey|ok|okay|good morning|good afternoon] [there] [please]"
    " [can you|could you|would you|can i|(i want|i need|i would like|i'd like) [to]] [please]"
)
_CLOSING = "[for me] [please] [thanks|thank you]"
# Which one is meant without its number is `Caller.complete`'s to tell.
_ORDER = "([my|the] [order] [number] {order}|it|that|this order|that order|the order|my order)"
_NUMBER = "[it is|it's] [my|the] order [number] [is] {order}"
_POSTCODE = "[and] [the|my] (postcode|post code) [is] {postcode}"
_IT = "(it|that|the order|my order|order [number] {order}) [please]"

_INTENTS: tuple[Intent[Caller], ...] = (
    Intent(
        name="help",
        phrases=("(hello|hi|good morning|good afternoon)", "help [me]", "what can you do [for me]"),
        run=Caller.help,
    ),
    Intent(
        name="identify",
        phrases=(f"{_OPENING} {_NUMBER} {_POSTCODE} {_CLOSING}",),
        run=Caller.identify,
    ),
    Intent(
        name="list",
        phrases=(f"{_OPENING} (where are|what are|list|tell me) [all] my orders {_CLOSING}",),
        run=Caller.list_orders,
    ),
    Intent(
        name="status",
        phrases=(
            f"{_OPENING} (where is|where's|what about|how is|track|check) {_ORDER} {_CLOSING}",
            f"{_OPENING} (what is|what's|tell me) the status of {_ORDER} {_CLOSING}",
            f"{_OPENING} tell me where {_ORDER} is {_CLOSING}",
        ),
        complete=Caller.complete,
        run=Caller.tell_status,
    ),
    Intent(
        name="cancel",
        phrases=(f"{_OPENING} cancel {_ORDER} {_CLOSING}",),
        complete=Caller.complete,
        ask=Caller.ask_cancel,
        confirmations=(f"yes [please] cancel {_IT}",),
        run=Caller.cancel,
    ),
    Intent(
        name="refund",
        phrases=(
            f"{_OPENING} (refund|pay back) {_ORDER} {_CLOSING}",
            f"{_OPENING} [get|have] (a refund|my money back) for {_ORDER} {_CLOSING}",
        ),
        complete=Caller.complete,
        ask=Caller.ask_refund,
        confirmations=(
            f"yes [please] (refund|pay back) {_IT}",
            "yes [please] pay it back [please]",
        ),
        run=Caller.refund,
    ),
    Intent(
        name="address",
        phrases=(
            f"{_OPENING} (send|deliver) {_ORDER} to {{address}}",
            f"{_OPENING} change the [delivery] address (of|for) {_ORDER} to {{address}}",
            f"{_OPENING} change (my|the) [delivery] address to {{address}}",
        ),
        complete=Caller.complete,
        ask=Caller.ask_address,
        confirmations=(
            "yes [please] change (it|that|the address|my address) [please]",
            "yes [please] send it there [please]",
        ),
        run=Caller.change_address,
    ),
)


@functools.cache
def order_intents() -> Intents[Caller]:
    """All that callers may ask for; those with a question are done when it is confirmed."""
    return Intents(_INTENTS, _SLOTS)


@functools.cache
def _helps() -> list[tuple[Phrases, str]]:
    return [(Phrases((words,), {}), text) for words, text in _HELPS.items()]


def help_with(said: str) -> str:
    """How to say what was meant, going by the words in it; what this line is for without any."""
    utterance = Utterance(said)
    return next((text for words, text in _helps() if words.occur_in(utterance)), HELP)
