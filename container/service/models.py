"""The assistant: from settings to what an agent is handed, and what is told if that fails."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from agents.assistant import Assistant, Manner
from agents.prompt import ModelOptions, ModelRefused
from agents.providers.access import Access
from agents.providers.registry import open_model
from agents.sentences import Sentences, sentences_of
from service.agent_module import ASSISTANT, AgentError, wants_assistant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agents.prompt import Model
    from service.model_settings import ModelSettings


def equip(
    handlers: Mapping[str, Callable[..., Any]], settings: ModelSettings
) -> tuple[dict[str, Callable[..., Any]], Assistant | None]:
    """An agent's handlers with the assistant handed in, where on_transcript asks for one.

    While such an agent is late, the filler is said, unless it sees to that itself.
    """
    on_transcript = handlers["on_transcript"]
    if not wants_assistant("on_transcript", on_transcript):
        return dict(handlers), None
    assistant = build_assistant(settings)
    return {
        "on_first_chunk_late": assistant.say_filler,
        **handlers,
        "on_transcript": partial(on_transcript, **{ASSISTANT: assistant}),
    }, assistant


def build_assistant(settings: ModelSettings) -> Assistant:
    """The assistant as the settings want it, not open yet: it has dialled nobody."""
    options = ModelOptions(
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        reasoning_effort=settings.reasoning_effort,
    )
    usual = sentences_of(settings.language)

    def open_models() -> list[Model]:
        return [
            open_model(name, settings.accesses.get(name.provider, Access()), options)
            for name in settings.models
        ]

    return Assistant(
        open_models,
        Manner(
            instructions=settings.instructions,
            language=settings.language,
            sentences=Sentences(settings.filler or usual.filler, settings.apology or usual.apology),
            first_words_seconds=settings.first_words_seconds,
        ),
    )


async def open_assistant(assistant: Assistant) -> None:
    """Open it on the running event loop. Raises AgentError when no model accepts us."""
    try:
        await assistant.open()
    except ModelRefused as error:
        raise AgentError(str(error)) from None
