"""Deterministic intents: an allowlist of what users may ask for, in the words they ask in.

Speech is compared with phrases and read into slots; a name of an intent never comes from it. Asking
before a deed, and when a yes counts, is the matter of `agents.confirmation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from agents.phrases import Phrases, Slot, Utterance

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    Values = Mapping[str, str]

# Of every script that a transcript may be in; the Greek one becomes a semicolon.
_QUESTION_MARKS = frozenset("?\u00bf;\u055e\u061f\u1367\u203d\u2e2e")

C = TypeVar("C")
"""What the functions of intents work on: the caller of one conversation, say."""


class Declined(Exception):
    """What the user asks for can't be done; the message is a sentence to be spoken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(Generic[C]):
    """One thing that users may ask for, and the `phrases` they ask in.

    `run(context, values, key)` does it and returns a sentence. With `ask` the intent is privileged:
    `ask(context, values)` returns the question that has to be confirmed first. Both may raise
    Declined. The `key` is of one confirmation: whoever gets it twice must not act twice.
    """

    name: str
    phrases: tuple[str, ...]
    run: Callable[[C, Values, str], Awaitable[str]]
    ask: Callable[[C, Values], Awaitable[str]] | None = None
    confirmations: tuple[str, ...] = ()
    """Phrases that say yes to the question; a slot must have the question's value."""
    complete: Callable[[C, Values], Values | None] | None = None
    """Gives a recognised request the values that its phrase left open, from what the context knows.

    Without them it returns None, and nothing was recognised. It must not look at what was said.
    """


@dataclass(frozen=True, slots=True)
class Request(Generic[C]):
    """An intent with the values of its slots."""

    intent: Intent[C]
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What is heard and said around intents, in the language of their phrases."""

    agreements: tuple[str, ...] = (
        "(yes|yeah|yep|sure|ok|okay|correct|right|confirm) [please]",
        "[yes] (go ahead|do it|please do) [please]",
    )
    """They agree, and don't say to what."""
    refusals: tuple[str, ...] = (
        "(no|nope|stop|wait|never mind) [please|thanks|thank you]",
        "[no] (do not|don't) [do it|do that]",
    )
    hesitations: frozenset[str] = frozenset(
        {"ah", "eh", "er", "erm", "hm", "hmm", "mm", "uh", "uhm", "um"}
    )
    """Sounds that don't count in a request. A confirmation has none."""
    say_more: str = "A yes alone is not enough: please say yes, and also what I am to do."
    left_alone: str = "All right, nothing has been done."
    nothing_asked: str = "There is nothing for you to confirm. What can I do for you?"
    not_askable: str = "I can't read that back to you. Please say it in other words."
    still_working: str = "I am still working on it. Please ask me again in a moment."
    failed: str = "Something went wrong. Please talk to a person before you try it again."


class Intents(Generic[C]):
    """The intents of one agent, for all its conversations. Raises ValueError if unusable."""

    def __init__(
        self,
        intents: Iterable[Intent[C]],
        slots: Mapping[str, Slot],
        wording: Wording | None = None,
    ) -> None:
        self.wording = wording or Wording()
        self._agreements = Phrases(self.wording.agreements, {})
        self._refusals = Phrases(self.wording.refusals, {})
        self._slots = slots
        self._intents = {intent.name: intent for intent in intents}
        self._phrases: dict[str, Phrases] = {}
        self._confirmations: dict[str, Phrases] = {}
        for name, intent in self._intents.items():
            if (intent.ask is None) == bool(intent.confirmations):
                raise ValueError(f"intent {name!r} needs ask and confirmations, or neither")
            self._phrases[name] = Phrases(intent.phrases, slots)
            self._confirmations[name] = Phrases(intent.confirmations, slots)

    def recognise(self, utterance: Utterance, context: C) -> Request[C] | None:
        """The first intent that the whole utterance is a phrase of, hesitations aside."""
        request = utterance.without(self.wording.hesitations)
        for name, phrases in self._phrases.items():
            intent = self._intents[name]
            values: Values | None = phrases.match(request)
            if values is not None and intent.complete is not None:
                values = intent.complete(context, values)
            if values is not None:
                return Request(intent, values)
        return None

    def request(self, name: str, texts: Mapping[str, str]) -> Request[C]:
        """A request for the intent `name`. Raises Declined where a slot can't read its text."""
        values = {}
        for slot, text in texts.items():
            value = self._slots[slot].read(text)
            if value is None:
                raise Declined(f"The {slot} can't be understood.")
            values[slot] = value
        return Request(self._intents[name], values)

    def is_confirmed(self, request: Request[C], utterance: Utterance) -> bool:
        """Whether the whole utterance says yes to this request; a question says nothing."""
        said = self._confirmations[request.intent.name].match(utterance)
        if said is None or not _QUESTION_MARKS.isdisjoint(utterance.text):
            return False
        return all(request.values.get(slot) == value for slot, value in said.items())

    def is_any_confirmation(self, utterance: Utterance) -> bool:
        """Whether the utterance would say yes to some question."""
        confirmations = self._confirmations.values()
        return any(phrases.match(utterance) is not None for phrases in confirmations)

    def is_agreement(self, utterance: Utterance) -> bool:
        """Whether the utterance agrees without saying to what."""
        return self._agreements.match(utterance) is not None

    def is_refusal(self, utterance: Utterance) -> bool:
        """Whether the utterance says no, and nothing else."""
        return self._refusals.match(utterance) is not None

    def answers_itself(self, question: str, request: Request[C]) -> bool:
        """Whether a question has its own answer in it: a microphone may hear the loudspeaker."""
        utterance = Utterance(question, most_characters=len(question))
        return self._confirmations[request.intent.name].occur_in(utterance)
