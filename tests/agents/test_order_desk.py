from __future__ import annotations

import gc

import pytest

from agents import order_desk
from agents.confirmation import SETTLE_SECONDS
from agents.intents import Wording
from agents.order_book import OrderBook
from agents.order_caller import HELP
from agents.order_desk import INSTRUCTIONS, OrderDesk
from agents.providers.echo import EchoModel
from service.agent_module import load_agent
from speech_engine import ConversationMessage, SpeechEngineSession
from tests.fakes.order_desk import ObeyingModel, PlainModel, assistant_of, call
from tests.fakes.sockets import MockSocket, final, transcript, until

STATUS = "Order A 4 1 7, two candles, is placed."


async def converse(
    *said: str, caller: str | None = "demo-user", model: PlainModel | None = None
) -> list[str]:
    """The answers to what a caller says, turn by turn."""
    async with (
        assistant_of(model or PlainModel()) as assistant,
        call(assistant, OrderBook(), caller=caller) as line,
    ):
        return [await line.say(text) for text in said]


def test_order_desk_is_an_agent_of_the_service() -> None:
    """It can be chosen by its name."""
    assert load_agent("order_desk") == {"on_transcript": order_desk.on_transcript}


async def test_desk_tells_a_user_of_their_orders() -> None:
    """Who was verified needs no postcode, and hears of no other orders."""
    one, all_of_them = await converse("Where's my order A four one seven?", "List my orders.")
    assert one == STATUS
    assert all_of_them.count("Order ") == 3
    assert "B 3 0 5" not in all_of_them


async def test_desk_tells_strangers_what_it_needs() -> None:
    """An order that is another's and one that is not there get the same answer."""
    answers = await converse("Where is order A417?", "Where is order X999?", caller=None)
    assert answers[0] == answers[1]
    assert "postcode" in answers[0]
    assert (await converse("Where is order B305?"))[0] == answers[0]


async def test_desk_believes_number_and_postcode_together() -> None:
    """A caller who was not verified may then do with that order what its owner may."""
    answers = await converse(
        "Order A417, postcode one oh two four five.",
        "Where is order A417?",
        "Where is order A418?",
        "Cancel order A417.",
        "Yes, cancel it.",
        caller=None,
    )
    assert STATUS in answers[0]
    assert answers[1] == STATUS
    assert "postcode" in answers[2]
    assert answers[4] == "Order A 4 1 7 is cancelled."


async def test_desk_stops_guessing() -> None:
    """After three wrong postcodes a call finds no more orders, not even with the right one."""
    wrong = ["Order A417, postcode 11111."] * 3
    *answers, last = await converse(*wrong, "Order A417, postcode 10245.", caller=None)
    assert len(set(answers)) == 1
    assert last == "I can't check any more postcodes in this call."


async def test_desk_changes_an_address_to_what_it_read_back() -> None:
    """The address is taken as it was said, without the courtesies around it."""
    said = "Change the address of order A417 to 5 Saint-Peter's Rd., Dover, please."
    question, done = await converse(said, "Yes, please send it there.")
    assert question.startswith("Shall I send order A 4 1 7 to 5 Saint-Peter's Rd., Dover? ")
    assert done == "Order A 4 1 7 goes to 5 Saint-Peter's Rd., Dover."


@pytest.mark.parametrize("address", ["Dover", "12345", "5 {Road}", "5 Road; drop", "5 A"])
async def test_desk_leaves_odd_addresses_to_the_model(address: str) -> None:
    """What is no plain address is no address, and no question is asked."""
    (answer,) = await converse(f"Send order A417 to {address}.")
    assert answer == "How can I help?"


async def test_desk_asks_nothing_that_can_not_be_done() -> None:
    """An order that has left is not asked about."""
    (answer,) = await converse("Cancel order C112.")
    assert answer == "That can't be changed any more: the order is on its way."


async def test_desk_leaves_other_talk_to_the_model() -> None:
    """It gets the desk's instructions, what was said, and two tools; known requests it gets not."""
    model = PlainModel()
    answers = await converse("Help.", "My candles smell odd.", model=model)
    assert answers == [HELP, "How can I help?"]
    (prompt,) = model.prompts
    assert prompt.instructions.startswith(INSTRUCTIONS)
    assert prompt.messages[-1] == ConversationMessage("user", "My candles smell odd.")
    assert [tool.name for tool in prompt.tools] == ["order_status", "ask_about_change"]
    assert "session" not in str([tool.parameters for tool in prompt.tools])


async def test_desk_lets_a_model_look_at_the_caller_s_orders() -> None:
    """Its tool tells what the caller may hear, and is as silent about the rest."""
    told = []
    for order in ("a 4 1 7", "B305", "nonsense"):
        model = ObeyingModel(order=order)
        await converse("Well?", model=model)
        told.append(model.prompts[1].rounds[0].results[0].content)
    assert told[0] == STATUS
    assert "postcode" in told[1]
    assert told[2] == "The order can't be understood."


@pytest.mark.parametrize(
    "said",
    [
        "Um, can you cancel order A four one seven?",
        "Cancel A 417, please.",
        "I'd like to cancel my order please.",
        "Okay, cancel it, thank you.",
    ],
)
async def test_desk_understands_how_people_ask(said: str) -> None:
    """Hesitations and courtesies don't count, and the only order talked about needs no number."""
    _, question = await converse("Where is A417?", said)
    assert question.startswith("Shall I cancel order A 4 1 7, two candles?")


@pytest.mark.parametrize("before", [[], ["Where is A417?", "Where is A418?"]])
async def test_desk_guesses_no_order(before: list[str]) -> None:
    """Of none or of two, nobody knows which one "my order" is: the model may ask."""
    assert (await converse(*before, "Cancel my order."))[-1] == "How can I help?"


async def test_desk_takes_no_order_that_is_not_the_caller_s() -> None:
    """An order that was named in vain is not the one meant later."""
    answers = await converse("Where is A417?", "Cancel it.", caller=None)
    assert answers[1] == "How can I help?"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("I may have to cancel something", "cancel order, and its number"),
        ("Change the address of order A417", "send order, its number, to, and"),
        ("I am owed my money back", "refund order, and its number"),
        ("And where has it got to?", "where is order, and its number"),
    ],
)
async def test_desk_without_a_provider_says_what_to_say(said: str, told: str) -> None:
    """A request in other words is answered by the phrase for it."""
    async with assistant_of(EchoModel()) as assistant, call(assistant, OrderBook()) as line:
        assert told in await line.say(said)


async def test_desk_works_without_a_provider() -> None:
    """With the echo in the place of a model it says what it can do, and does it all the same."""
    async with assistant_of(EchoModel()) as assistant, call(assistant, OrderBook()) as line:
        assert await line.say("My candles smell odd.") == HELP
        await line.say("Cancel order A417.")
        assert await line.say("Yes, cancel it.") == "Order A 4 1 7 is cancelled."


async def test_desk_forgets_a_conversation_that_is_over() -> None:
    """What was asked and shown is kept as long as the session, and no longer."""
    desk = OrderDesk(OrderBook())
    session = SpeechEngineSession(MockSocket())
    async with assistant_of(PlainModel()) as assistant:
        await desk.on_transcript([ConversationMessage("user", "Help.")], session, assistant)
        assert len(desk._calls) == 1
        del session
        gc.collect()
        assert len(desk._calls) == 0


async def test_desk_of_the_service_is_one() -> None:
    """All conversations of a process share a book, and its desk lets turns settle."""
    desk = order_desk._open_desk()
    assert desk is order_desk._open_desk()
    assert desk._settle_seconds == SETTLE_SECONDS > 0
    session = SpeechEngineSession(MockSocket())
    async with assistant_of(PlainModel()) as assistant:
        await order_desk.on_transcript([], session, assistant)
    assert session in desk._calls


async def test_desk_does_a_deed_once_through_a_storm_of_turns() -> None:
    """Through the real session: each pause heard three times, and one cancellation."""
    book = OrderBook()
    async with (
        assistant_of(PlainModel()) as assistant,
        call(assistant, book, settle_seconds=0.05) as line,
    ):
        await line.say("Cancel order A417.")
        line.begin("Yes, cancel it.")
        await line.until_taken()
        line.again()
        await line.until_taken()
        line.again()
        assert await line.hear() == "Order A 4 1 7 is cancelled."
    assert len(book.journal) == 1


async def test_desk_does_a_deed_once_when_the_platform_repeats_itself() -> None:
    """The same turn again, and older ones, neither hasten nor end nor repeat what was confirmed."""
    book = OrderBook()
    async with (
        assistant_of(PlainModel()) as assistant,
        call(assistant, book, settle_seconds=0.05) as line,
    ):
        socket = line.socket
        question = await line.say("Cancel order A417.")
        yes = transcript(100, "Cancel order A417.", question, "Yes, cancel it.")
        socket.push(yes, transcript(99, "No."), yes)
        await socket.received(final(100))
        socket.push(transcript(99, "No."), yes)
        await until(lambda: socket.sent.count(final(100)) == 2)
    assert socket.text(100) == "Order A 4 1 7 is cancelled." * 2
    assert len(book.journal) == 1


async def test_desk_that_was_restarted_knows_of_no_question() -> None:
    """A yes that reaches another process than its question did does nothing."""
    book = OrderBook()
    async with assistant_of(PlainModel()) as assistant:
        async with call(assistant, book) as line:
            question = await line.say("Cancel order A417.")
        async with call(assistant, book) as line:
            said = [
                ("user", "Cancel order A417."),
                ("agent", question),
                ("user", "Yes, cancel it."),
            ]
            answer = await line.forge(said)
    assert answer == Wording().nothing_asked
    assert not book.journal
