from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from agents import confirmation
from agents.confirmation import IntentDialogue
from agents.intents import Declined, Intent, Intents, Wording
from agents.phrases import free_text, spoken_code

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from agents.intents import Values

WORDING = Wording()
QUESTION = "Shall I drop 42?"
SLOTS = {"number": spoken_code(letters=0, digits=2), "name": free_text(str)}


class Store:
    """What intents work on: notes every deed, and may keep it waiting."""

    def __init__(self) -> None:
        self.deeds: list[tuple[str, str]] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.begun = asyncio.Event()
        self.error: Exception | None = None
        self.ask_error: Exception | None = None

    async def look(self, values: Values, _key: str) -> str:
        await self.may_end.wait()
        if self.error:
            raise self.error
        return f"Here is {values['number']}."

    async def ask(self, values: Values) -> str:
        if self.ask_error:
            raise self.ask_error
        if values.get("number") == "00":
            raise Declined("There is no 00.")
        return f"Shall I drop {values.get('number') or values['name']}?"

    async def drop(self, values: Values, key: str) -> str:
        self.begun.set()
        await self.may_end.wait()
        if self.error:
            raise self.error
        self.deeds.append((key, next(iter(values.values()))))
        return f"Dropped {next(iter(values.values()))}."


INTENTS = Intents(
    [
        Intent(name="look", phrases=("look at {number}",), run=Store.look),
        Intent(
            name="drop",
            phrases=("drop {number}", "drop the one called {name}"),
            ask=Store.ask,
            confirmations=("yes drop (it|{number})",),
            run=Store.drop,
        ),
    ],
    SLOTS,
)


class Talk:
    """A conversation with a dialogue, turn by turn."""

    def __init__(self, settle_seconds: float = 0, hearing_seconds: float = 0) -> None:
        self.store = Store()
        self.dialogue = IntentDialogue(
            INTENTS,
            self.store,
            settle_seconds=settle_seconds,
            hearing_seconds=hearing_seconds,
        )
        self.proposals: list[tuple[str, dict[str, str]]] = []
        self.declined: list[str] = []

    def answer(self, said: str) -> AsyncGenerator[str, None]:
        return self.dialogue.answer(said, self.chat)

    async def say(self, said: str) -> str:
        async with aclosing(self.answer(said)) as pieces:
            return "".join([piece async for piece in pieces])

    async def chat(self) -> AsyncGenerator[str, None]:
        """A model: talks, has asked what stands in `proposals`, and talks on."""
        yield "Let me see."
        for name, texts in self.proposals:
            try:
                await self.dialogue.propose(name, texts)
            except Declined as reason:
                self.declined.append(str(reason))
        yield " It is all done."


async def test_deed_is_done_after_question_and_confirmation() -> None:
    """First comes the question, then a yes to it, then the deed, once."""
    talk = Talk()
    assert await talk.say("Drop 42.") == QUESTION
    assert not talk.store.deeds
    assert await talk.say("Yes, drop it.") == "Dropped 42."
    assert [value for _, value in talk.store.deeds] == ["42"]


async def test_deed_has_a_key_of_its_own() -> None:
    """Two confirmations are two keys, so that a system behind can tell a repetition."""
    talk = Talk()
    for _ in range(2):
        await talk.say("Drop 42.")
        await talk.say("Yes, drop it.")
    (first, _), (second, _) = talk.store.deeds
    assert first
    assert first != second


@pytest.mark.parametrize(
    "said", ["Yes, drop it, but wait.", "Drop it.", "Look at 4 2.", "", "Yes, drop 4 3.", "Maybe."]
)
async def test_other_words_than_the_confirmation_drop_the_question(said: str) -> None:
    """After anything else, a yes that comes later is a yes to nothing."""
    talk = Talk()
    await talk.say("Drop 42.")
    await talk.say(said)
    assert await talk.say("Yes, drop it.") == WORDING.nothing_asked
    assert not talk.store.deeds


async def test_refusal_is_heard() -> None:
    """A no is answered, and drops the question."""
    talk = Talk()
    await talk.say("Drop 42.")
    assert await talk.say("No, thank you.") == WORDING.left_alone
    assert await talk.say("Yes, drop it.") == WORDING.nothing_asked


async def test_bare_yes_is_asked_again() -> None:
    """A yes alone does nothing; the question that follows it can be confirmed."""
    talk = Talk()
    await talk.say("Drop 42.")
    assert await talk.say("Yes!") == f"{WORDING.say_more} {QUESTION}"
    assert not talk.store.deeds
    assert await talk.say("Yes, drop it.") == "Dropped 42."


async def test_new_request_takes_the_place_of_the_question() -> None:
    """What was asked last is what a yes is about."""
    talk = Talk()
    await talk.say("Drop 42.")
    await talk.say("Drop 43.")
    assert await talk.say("Yes, drop it.") == "Dropped 43."


async def test_question_that_was_cut_off_was_not_asked() -> None:
    """While its text is not taken whole there is nothing to say yes to."""
    talk = Talk()
    async with aclosing(talk.answer("Drop 42.")) as pieces:
        assert await anext(pieces) == QUESTION
    assert await talk.say("Yes, drop it.") == WORDING.nothing_asked


async def test_yes_that_comes_too_soon_is_asked_again() -> None:
    """Nobody says yes to a question that can't have been heard yet."""
    talk = Talk(hearing_seconds=60)
    await talk.say("Drop 42.")
    assert await talk.say("Yes, drop it.") == QUESTION
    assert not talk.store.deeds


async def test_yes_that_comes_too_late_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked long ago is asked anew before it is done."""
    talk = Talk()
    await talk.say("Drop 42.")
    monkeypatch.setattr(confirmation, "_ANSWER_SECONDS", -1)
    assert await talk.say("Yes, drop it.") == QUESTION
    assert not talk.store.deeds


async def test_deed_waits_until_the_turn_has_settled() -> None:
    """It begins when the settle time is over, not before."""
    talk = Talk(settle_seconds=0.05)
    await talk.say("Drop 42.")
    answer = asyncio.create_task(talk.say("Yes, drop it."))
    await asyncio.sleep(0.01)
    assert not talk.store.begun.is_set()
    assert await answer == "Dropped 42."


@pytest.mark.parametrize(
    ("said", "deeds"), [("Yes, drop it, but wait.", 0), ("No.", 0), ("Yes, drop it!", 1)]
)
async def test_turn_that_supersedes_a_yes_decides(said: str, deeds: int) -> None:
    """The same pause heard again counts instead: as a no, or as the one yes that it is."""
    talk = Talk(settle_seconds=0.02)
    await talk.say("Drop 42.")
    first = asyncio.create_task(talk.say("Yes, drop it."))
    await asyncio.sleep(0)
    first.cancel()  # before it has noticed, the next turn begins
    await talk.say(said)
    await asyncio.sleep(0.03)
    assert first.cancelled()
    assert len(talk.store.deeds) == deeds


async def test_yes_of_a_turn_that_nobody_ends_is_overruled() -> None:
    """Also where a superseded turn is left running, the newer one has decided."""
    talk = Talk(settle_seconds=0.02)
    await talk.say("Drop 42.")
    first = asyncio.create_task(talk.say("Yes, drop it."))
    await asyncio.sleep(0)
    assert await talk.say("No.") == WORDING.left_alone
    assert await first == ""
    assert not talk.store.deeds


async def test_deed_goes_on_when_its_turn_is_cut_off() -> None:
    """It ends once, and the next turn begins with how it ended."""
    talk = Talk()
    talk.store.may_end.clear()
    await talk.say("Drop 42.")
    turn = asyncio.create_task(talk.say("Yes, drop it."))
    await talk.store.begun.wait()
    turn.cancel()
    await asyncio.wait([turn])
    following = asyncio.create_task(talk.say("Yes, but wait."))
    await asyncio.sleep(0)
    talk.store.may_end.set()
    assert await following == "Dropped 42. Let me see. It is all done."
    assert len(talk.store.deeds) == 1
    assert "Dropped" not in await talk.say("Hello.")


async def test_deed_outlives_its_conversation() -> None:
    """When nothing of a conversation is left, what it began is still carried to its end."""
    talk = Talk()
    store = talk.store
    store.may_end.clear()
    await talk.say("Drop 42.")
    turn = asyncio.create_task(talk.say("Yes, drop it."))
    await store.begun.wait()
    turn.cancel()
    await asyncio.wait([turn])
    del talk, turn
    gc.collect()
    store.may_end.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(store.deeds) == 1


async def test_deed_that_takes_long_is_told_of_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn does not wait for longer than the platform does; meanwhile nothing else is done."""
    monkeypatch.setattr(confirmation, "_PATIENCE_SECONDS", 0.01)
    talk = Talk()
    talk.store.may_end.clear()
    await talk.say("Drop 42.")
    assert await talk.say("Yes, drop it.") == WORDING.still_working
    assert (await talk.say("Drop 43.")).strip() == WORDING.still_working
    talk.store.may_end.set()
    assert await talk.say("Look at 42.") == "Dropped 42. Here is 42."
    assert len(talk.store.deeds) == 1


async def test_yes_that_is_heard_again_after_the_deed_gets_its_answer() -> None:
    """The same words under a later id do nothing twice, and say what was done."""
    talk = Talk()
    await talk.say("Drop 42.")
    await talk.say("Yes, drop it.")
    assert await talk.say("Yes, drop it.") == "Dropped 42."
    assert len(talk.store.deeds) == 1


async def test_deed_that_is_declined_says_why() -> None:
    """What became impossible between question and yes is told."""
    talk = Talk()
    await talk.say("Drop 42.")
    talk.store.error = Declined("It is gone.")
    assert await talk.say("Yes, drop it.") == "It is gone."


@pytest.mark.parametrize("said", ["Drop 42.", "Look at 42."])
async def test_intent_that_fails_is_told_and_logged_without_speech(
    said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The user hears that it failed; the log names intent and error, and quotes nothing."""
    talk = Talk()
    talk.store.error = RuntimeError("secret words of the user")
    answers = [await talk.say(said), await talk.say("Yes, drop it.")]
    assert WORDING.failed in answers
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "intent failed")
    assert "secret" not in str(record.__dict__)


async def test_question_that_cannot_be_put_is_told_and_logged_without_speech(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A shop's system that fails before the question leaves no turn without words."""
    talk = Talk()
    talk.store.ask_error = RuntimeError("secret words of the user")
    assert await talk.say("Drop 42.") == WORDING.failed
    talk.proposals = [("drop", {"number": "42"})]
    assert await talk.say("I don't need it any more.") == "Let me see. It is all done."
    assert talk.declined == [WORDING.failed]
    assert [record.getMessage() for record in caplog.records] == ["intent failed"] * 2
    assert "secret" not in str([record.__dict__ for record in caplog.records])


@pytest.mark.parametrize("said", ["Drop 42.", "Look at 42."])
async def test_intent_that_does_not_end_has_failed(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What hangs keeps a conversation for its time limit, and not for good."""
    monkeypatch.setattr(confirmation, "_LIMIT_SECONDS", 0.02)
    talk = Talk()
    talk.store.may_end.clear()
    answers = [await talk.say(said), await talk.say("Yes, drop it.")]
    assert WORDING.failed in answers
    assert await talk.say("Hello.") == "Let me see. It is all done."


async def test_question_that_holds_its_answer_is_not_asked() -> None:
    """What would be confirmed by its own echo is declined."""
    talk = Talk()
    assert await talk.say("Drop the one called yes, drop it.") == WORDING.not_askable
    assert await talk.say("Yes, drop it.") == WORDING.nothing_asked


async def test_request_that_cannot_be_met_is_declined_at_once() -> None:
    """No question is asked whose yes could not be followed."""
    assert await Talk().say("Drop 00.") == "There is no 00."


async def test_model_has_a_question_asked_last() -> None:
    """After a proposal the model is not heard any more: what follows is the question alone."""
    talk = Talk()
    talk.proposals = [("drop", {"number": "42"})]
    assert await talk.say("I don't need it any more.") == f"Let me see. {QUESTION}"
    assert not talk.store.deeds
    assert await talk.say("Yes, drop it.") == "Dropped 42."


async def test_first_proposal_of_an_answer_counts() -> None:
    """A model can't stack questions, nor swap one for another."""
    talk = Talk()
    talk.proposals = [("drop", {"number": "42"}), ("drop", {"number": "43"})]
    assert (await talk.say("Well.")).endswith(QUESTION)


async def test_proposal_that_cannot_be_met_is_told_to_the_model() -> None:
    """It learns why, and nothing is asked."""
    talk = Talk()
    talk.proposals = [("drop", {"number": "00"}), ("drop", {"number": "4x"})]
    assert await talk.say("Well.") == "Let me see. It is all done."
    assert talk.declined == ["There is no 00.", "The number can't be understood."]


async def test_proposal_of_a_turn_that_was_cut_off_is_forgotten() -> None:
    """The next turn asks nothing that it was not itself about."""
    talk = Talk()
    await talk.dialogue.propose("drop", {"number": "42"})
    assert await talk.say("Look at 42.") == "Here is 42."
    assert await talk.say("Yes, drop it.") == WORDING.nothing_asked
