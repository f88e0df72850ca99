"""The assistant that an agent may use: guard, models, tools and sentences put together for a turn.

It decides the order of things; each of them stands in a module of its own.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from agents.breaker import LONGEST_REST_SECONDS
from agents.failover import Asking, Failover, explain_failure, log_refusal
from agents.guard import Guard
from agents.prompt import ModelError, ModelRefused, Prompt, ToolCall, ToolRound
from agents.providers.echo import EchoModel
from agents.sentences import INSTRUCTIONS
from agents.tools import FILLER_AFTER_SECONDS, Toolbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from agents.guard import GuardFindings
    from agents.prompt import Model
    from agents.sentences import Sentences
    from agents.tools import Tool
    from speech_engine import ConversationMessage, SpeechEngineSession, Turn

logger = logging.getLogger("agents")

_MOST_ROUNDS = 5
"""Answers in a row that may call tools; a model that wants more goes in circles."""

_CHECK_SECONDS = 8.0
"""How long a start waits for providers: a slow one is no reason not to begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How an assistant speaks; `instructions` are the model's system prompt."""

    instructions: str = INSTRUCTIONS
    language: str = "en"
    sentences: Sentences
    first_words_seconds: float = 2.0
    """How long one of several models may take to its first piece."""


class Assistant:
    """One server's. Open it on the running event loop before the first turn."""

    def __init__(self, open_models: Callable[[], list[Model]], manner: Manner) -> None:
        self._open_models = open_models
        self._manner = manner
        self._guard = Guard(on_finding=_log_finding)
        self._models: list[Model] = []
        self._failover: Failover

    @property
    def is_echo(self) -> bool:
        """Whether there is no model to ask: an agent may have something better to say then."""
        return all(isinstance(model, EchoModel) for model in self._models)

    async def open(self) -> None:
        """Make the clients, open their connections, and see which models are accepted.

        Those that are refused are logged and rested. Raises ModelRefused if all are.
        """
        self._models = self._open_models()
        self._failover = Failover(self._models, self._manner.first_words_seconds)
        verdicts = await asyncio.gather(*(_check(model) for model in self._models))
        refused = [model for model, verdict in zip(self._models, verdicts, strict=True) if verdict]
        if len(refused) == len(self._models):
            await self.aclose()
            raise ModelRefused("; ".join(str(verdict) for verdict in verdicts))
        for model in refused:
            self._failover.rest(model, LONGEST_REST_SECONDS)

    async def aclose(self) -> None:
        """Close the clients. What can't be closed is left to the end of the process."""
        await asyncio.gather(*(model.aclose() for model in self._models), return_exceptions=True)

    def answer(
        self,
        transcript: Sequence[ConversationMessage],
        session: SpeechEngineSession,
        *,
        instructions: str | None = None,
        tools: Sequence[Tool] = (),
    ) -> AsyncGenerator[str, None]:
        """Stream the answer to a transcript; give it to `session.send_response`.

        `instructions` take the place of the settings'. Never raises for what a model or a tool
        does: the answer then ends with the apology, and the log says why.
        """
        toolbox = Toolbox(tools)
        return self._converse(self._prompt(transcript, instructions, toolbox), session, toolbox)

    def say_filler(self, _turn: Turn, session: SpeechEngineSession) -> None:
        """Tell the user, and with it the platform, that an answer is on its way."""
        session.send_chunk(f"{self._manner.sentences.filler} ")

    def _prompt(
        self,
        transcript: Sequence[ConversationMessage],
        instructions: str | None,
        toolbox: Toolbox,
    ) -> Prompt:
        own = self._manner.instructions if instructions is None else instructions
        return Prompt(
            instructions=f"{own}\nSpeak the language with the tag {self._manner.language}.",
            messages=self._guard.admit(transcript),
            tools=toolbox.specs,
        )

    async def _converse(
        self, prompt: Prompt, session: SpeechEngineSession, toolbox: Toolbox
    ) -> AsyncGenerator[str, None]:
        """Ask, run what the model calls, and ask again with what came of it."""
        turn = session.turn
        fields = {
            "conversation_id": session.conversation_id,
            "event_id": None if turn is None else turn.event_id,
        }
        asking = Asking(fields, {} if turn is None else turn.notes)
        said = ""
        try:
            for _ in range(_MOST_ROUNDS):
                texts: list[str] = []
                calls: list[ToolCall] = []
                async with aclosing(self._failover.stream(prompt, asking)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, ToolCall):
                            calls.append(piece)
                            continue
                        spoken = piece if texts else _set_apart(piece, said)
                        said = piece or said
                        texts.append(piece)
                        yield spoken
                if not calls:
                    return
                with toolbox.start(calls, session) as run:
                    if not texts and not await run.wait(FILLER_AFTER_SECONDS):
                        said = f"{run.filler or self._manner.sentences.filler} "
                        yield said
                    done = ToolRound("".join(texts), await run.results())
                prompt = replace(prompt, rounds=(*prompt.rounds, done))
            raise ModelError(f"{asking.model} called tools {_MOST_ROUNDS} times without an answer")
        except ModelError as error:
            logger.error("answer failed", extra={**asking.fields, "reason": str(error)})
            yield _set_apart(self._manner.sentences.apology, said)


def _set_apart(text: str, said: str) -> str:
    """What is said next, one blank behind what was `said`: what touches is spoken as one word."""
    touches = said and text and not (said[-1].isspace() or text[0].isspace())
    return f" {text}" if touches else text


async def _check(model: Model) -> ModelRefused | None:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await model.check()
    except ModelRefused as error:
        log_refusal(model, error)
        return error
    except Exception as failure:  # noqa: BLE001 - a broken answer is no reason not to begin
        reason = str(explain_failure(model.name, failure, _CHECK_SECONDS))
        logger.warning("model not checked", extra={"model": model.name, "reason": reason})
    return None


def _log_finding(findings: GuardFindings) -> None:
    # At each turn again, since the platform repeats the history.
    logger.debug("transcript cleaned", extra=asdict(findings))
