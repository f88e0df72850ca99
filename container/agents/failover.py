"""An ordered list of models that answers as one: who is asked, for how long, and who is rested.

Until a model's first piece comes, the next one may answer in its place; after it there is no
switch, since two halves of different answers would be heard as one.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.breaker import Breaker
from agents.patience import NO_WAIT, Watch
from agents.prompt import ModelError, ModelRefused, ToolCall

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from agents.prompt import Model, Prompt

logger = logging.getLogger("agents")

# The platform has been told to wait by then: the service says the filler before its deadline.
GIVE_UP_SECONDS = 12.0
"""How long the last model may take to its first piece."""

STALL_SECONDS = 6.0
"""How long a model may pause between two pieces: callers take more for a dropped line."""


@dataclass(slots=True)
class Asking:
    """One turn's questions: `fields` go into each log line, `model` is who answered in the end.

    It is noted in `notes` with the first piece: a turn that is interrupted is logged at once.
    """

    fields: Mapping[str, object] = field(default_factory=dict)
    notes: dict[str, str | int | float] = field(default_factory=dict)
    model: str | None = None
    switches: int = 0


class _Candidate:
    """A model, and whether it is left alone at the moment."""

    __slots__ = ("breaker", "has_refused", "model", "name")

    def __init__(self, model: Model) -> None:
        self.model = model
        self.name = model.name
        self.breaker = Breaker()
        self.has_refused = False
        """Since it last answered."""


class Failover:
    """The models of one server. Of several, each but the last has `first_words_seconds` to begin.

    Made on the running event loop.
    """

    def __init__(self, models: Sequence[Model], first_words_seconds: float) -> None:
        self._candidates = [_Candidate(model) for model in models]
        self._first_words_seconds = first_words_seconds
        self._loop = asyncio.get_running_loop()
        self._watch = Watch()

    def rest(self, model: Model, seconds: float) -> None:
        """Ask a model last for a while: what is wrong with it is known."""
        for candidate in self._candidates:
            if candidate.model is model:
                candidate.breaker.rest(self._loop.time(), seconds)

    async def stream(self, prompt: Prompt, asking: Asking) -> AsyncGenerator[str | ToolCall, None]:
        """Yield the pieces of the first model that has any. Raises ModelError if none has.

        A model that fails after its first piece raises ModelError as well.
        """
        began_at = self._loop.time()
        waiting = self._order()
        once_more = waiting[:1]
        while True:
            candidate = waiting.pop(0)
            seconds = self._first_words_seconds if waiting else GIVE_UP_SECONDS
            breaker, has_begun = candidate.breaker, False
            asked_at = self._loop.time()
            breaker.begin(asked_at)
            try:
                async with (
                    aclosing(candidate.model.stream(prompt)) as answer,
                    self._watch.allow(seconds) as patience,
                ):
                    piece = await _take_first(answer, candidate.name)
                    patience.seconds_left = NO_WAIT
                    has_begun, seconds = True, STALL_SECONDS
                    asking.model = asking.notes["model"] = candidate.name
                    yield piece
                    patience.seconds_left = seconds
                    async for piece in answer:
                        patience.seconds_left = NO_WAIT
                        yield piece
                        patience.seconds_left = seconds
                breaker.succeed(asked_at)  # not at the first piece: every answer may break off
                candidate.has_refused = False
                return
            except Exception as failure:  # noqa: BLE001 - also what no module should raise
                error = self._fail(candidate, asked_at, failure, seconds)
            if not waiting and self._is_hiccup(error, began_at):
                waiting, once_more = once_more, []
            if has_begun or not waiting:
                raise error
            _note(asking, candidate, waiting[0], error)

    def _order(self) -> list[_Candidate]:
        """Those that rest come last: better a try than no answer."""
        now = self._loop.time()
        return sorted(self._candidates, key=lambda candidate: candidate.breaker.is_resting(now))

    def _is_hiccup(self, error: ModelError, began_at: float) -> bool:
        """Whether all failed so fast, and so, that the first may be asked once more."""
        is_final = isinstance(error, ModelRefused) or error.retry_after_seconds is not None
        return not is_final and self._loop.time() - began_at < self._first_words_seconds

    def _fail(
        self, candidate: _Candidate, asked_at: float, failure: Exception, seconds: float
    ) -> ModelError:
        error = explain_failure(candidate.name, failure, seconds)
        now = self._loop.time()
        rest_seconds = candidate.breaker.fail(now, asked_at, error.retry_after_seconds)
        if rest_seconds is not None:
            fields = {"model": candidate.name, "seconds": rest_seconds}
            logger.warning("model rested", extra=fields)
        if isinstance(error, ModelRefused):
            # Again at each rest: an alarm should ring for as long as nobody has mended it.
            if rest_seconds is not None or not candidate.has_refused:
                log_refusal(candidate.model, error)
            candidate.has_refused = True
        return error


async def _take_first(answer: AsyncGenerator[str | ToolCall, None], name: str) -> str | ToolCall:
    """The first piece that can be heard, with the white space before it. Raises ModelError."""
    blank = ""
    async for piece in answer:
        if isinstance(piece, ToolCall):
            return piece
        if piece and not piece.isspace():
            return f"{blank}{piece}"
        blank += piece
    raise ModelError(f"{name} gave no answer")


def explain_failure(name: str, failure: Exception, seconds: float) -> ModelError:
    """Say what a model did wrong; one that no module should raise goes to the log as well."""
    if isinstance(failure, ModelError):
        return failure
    if isinstance(failure, TimeoutError):
        return ModelError(f"{name} was silent for {seconds:g} s")
    logger.error("model not understood", exc_info=failure, extra={"model": name})
    return ModelError(f"{name} failed ({type(failure).__name__})")


def log_refusal(model: Model, error: ModelRefused) -> None:
    """Tell of a model that somebody has to see to: no patience helps."""
    logger.error("model refused", extra={"model": model.name, "reason": str(error)})


def _note(asking: Asking, candidate: _Candidate, successor: _Candidate, error: ModelError) -> None:
    fields = {**asking.fields, "reason": str(error)}
    if candidate is successor:
        logger.warning("model asked again", extra={**fields, "model": candidate.name})
        return
    asking.switches += 1
    switch = {"from": candidate.name, "to": successor.name}
    logger.warning("model switched", extra={**fields, **switch})
