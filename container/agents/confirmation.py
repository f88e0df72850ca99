"""The spoken yes before a deed: what was asked in a conversation, and what is done once.

A privileged intent is read back, and carried out when the very next turn of the user confirms it.
What was asked is remembered here and never read from a transcript. A model can have a question
asked, and no more than that. It knows neither models nor what intents are about.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

from agents.intents import C, Declined, Intent, Intents, Request
from agents.phrases import Utterance

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

SETTLE_SECONDS = 0.8
"""From a confirmation to the deed: the platform may hear one pause again, and more in it."""

HEARING_SECONDS = 1.0
"""A yes that comes sooner after its question was sent is none: nobody has heard it so soon."""

_ANSWER_SECONDS = 60.0
"""A yes that comes later may be an answer to somebody else in the room."""

_PATIENCE_SECONDS = 2.5
"""How long a turn waits for a deed; the platform repeats itself after 4 s without an answer."""

_LIMIT_SECONDS = 20.0
"""How long one call of an intent's function may take; then it counts as failed."""

logger = logging.getLogger("agents")

# A deed belongs to no turn: it is kept from the garbage collector until it has ended.
_deeds: set[asyncio.Task[str]] = set()


@dataclass(frozen=True, slots=True)
class _Question(Generic[C]):
    """A question that was sent whole, and when. Its key goes with the one deed it may lead to."""

    request: Request[C]
    sent_at: float
    key: str


class IntentDialogue(Generic[C]):
    """The intents of one conversation. Made on the running event loop."""

    def __init__(
        self,
        intents: Intents[C],
        context: C,
        *,
        settle_seconds: float = SETTLE_SECONDS,
        hearing_seconds: float = HEARING_SECONDS,
    ) -> None:
        self._intents = intents
        self._context = context
        self._wording = intents.wording
        self._settle_seconds = settle_seconds
        self._hearing_seconds = hearing_seconds
        self._time = asyncio.get_running_loop().time
        self._question: _Question[C] | None = None
        self._proposal: Request[C] | None = None
        self._deed: asyncio.Task[str] | None = None
        self._done: tuple[Request[C], str] | None = None

    async def answer(
        self, said: str, otherwise: Callable[[], AsyncGenerator[str, None]]
    ) -> AsyncGenerator[str, None]:
        """Answer one turn of the user; `otherwise` answers where no intent is meant.

        Whoever reads it has to stop when a new turn begins, as `session.send_response` does, and
        asks for a next piece only when the one before is on its way.
        """
        utterance = Utterance(said)
        question, self._question, self._proposal = self._question, None, None
        if self._deed is not None:
            async for text in self._tell_deed():
                yield f"{text} "
            if self._deed is not None:
                return
        async with aclosing(self._reply(utterance, question, otherwise)) as pieces:
            async for piece in pieces:
                yield piece

    async def propose(self, name: str, texts: Mapping[str, str]) -> None:
        """Have the question of a privileged intent asked at the end of the answer being given.

        For tools of a model: what it writes is read by the same slots as speech. Raises Declined.
        """
        request = self._intents.request(name, texts)
        await self._word(request)
        self._proposal = self._proposal or request

    def _reply(
        self,
        utterance: Utterance,
        question: _Question[C] | None,
        otherwise: Callable[[], AsyncGenerator[str, None]],
    ) -> AsyncGenerator[str, None]:
        if question is None:
            return self._serve(utterance, otherwise)
        if self._intents.is_confirmed(question.request, utterance):
            return self._carry_out(question)
        if self._intents.is_agreement(utterance):
            return self._ask(question.request, f"{self._wording.say_more} ")
        if self._intents.is_refusal(utterance):
            return _say(self._wording.left_alone)
        return self._serve(utterance, otherwise)

    async def _serve(
        self, utterance: Utterance, otherwise: Callable[[], AsyncGenerator[str, None]]
    ) -> AsyncGenerator[str, None]:
        request = self._intents.recognise(utterance, self._context)
        if request is None and self._intents.is_any_confirmation(utterance):
            yield self._tell_done(utterance)
            return
        if request is not None and request.intent.ask is None:
            yield await self._run(request, "")
            return
        lead = ""
        if request is None:
            async with aclosing(otherwise()) as pieces:
                async for piece in pieces:
                    if self._proposal is not None:
                        break  # the question comes last, so that nothing stands before its answer
                    yield piece
                    lead = " "
            request = self._proposal
        if request is not None:
            async for text in self._ask(request, lead):
                yield text

    async def _ask(self, request: Request[C], lead: str) -> AsyncGenerator[str, None]:
        try:
            question = await self._word(request)
        except Declined as reason:
            yield f"{lead}{reason}"
            return
        yield f"{lead}{question}"
        # The reader is back for more, so the question has gone out whole.
        self._question = _Question(request, self._time(), uuid.uuid4().hex)

    async def _word(self, request: Request[C]) -> str:
        """The question of a request. Raises Declined."""
        assert request.intent.ask is not None, "only privileged intents are asked about"
        question = await self._call(
            request.intent, request.intent.ask(self._context, request.values)
        )
        if self._intents.answers_itself(question, request):
            raise Declined(self._wording.not_askable)
        return question

    async def _carry_out(self, question: _Question[C]) -> AsyncGenerator[str, None]:
        waited_seconds = self._time() - question.sent_at
        if not self._hearing_seconds <= waited_seconds <= _ANSWER_SECONDS:
            async for text in self._ask(question.request, ""):
                yield text
            return
        # A turn that supersedes this one meanwhile finds the question open, and decides anew.
        self._question = question
        await asyncio.sleep(self._settle_seconds)
        if self._question is not question:
            return
        self._question = None
        self._deed = asyncio.create_task(self._run(question.request, question.key))
        _deeds.add(self._deed)
        self._deed.add_done_callback(_deeds.discard)
        async for text in self._tell_deed():
            yield text

    async def _run(self, request: Request[C], key: str) -> str:
        intent = request.intent
        try:
            text = await self._call(intent, intent.run(self._context, request.values, key))
        except Declined as reason:
            text = str(reason)
        if key:
            self._done = (request, text)
        return text

    async def _call(self, intent: Intent[C], work: Awaitable[str]) -> str:
        """What a function of the intent says. Raises Declined, also where the function fails."""
        try:
            async with asyncio.timeout(_LIMIT_SECONDS):
                return await work
        except Declined:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a shop's system raises
            # Its name only: a message or a traceback may quote what was said.
            fields = {"intent": intent.name, "error": type(error).__name__}
            logger.error("intent failed", extra=fields)
            raise Declined(self._wording.failed) from None

    async def _tell_deed(self) -> AsyncGenerator[str, None]:
        """Wait for the deed, which goes on when the turn does not, and tell how it ended."""
        assert self._deed is not None, "nothing is being done"
        await asyncio.wait({self._deed}, timeout=_PATIENCE_SECONDS)
        if not self._deed.done():
            yield self._wording.still_working
            return
        yield self._deed.result()
        self._deed = None

    def _tell_done(self, utterance: Utterance) -> str:
        """The answer to a yes that nothing was asked for; one heard twice gets its answer twice."""
        if self._done is not None and self._intents.is_confirmed(self._done[0], utterance):
            return self._done[1]
        return self._wording.nothing_asked


async def _say(text: str) -> AsyncGenerator[str, None]:
    yield text
