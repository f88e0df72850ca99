"""Which models answer, how, and as whom their providers are asked: their part of the settings.

Providers' keys and addresses have the names that their own tools read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agents.prompt import REASONING_EFFORTS
from agents.providers.access import Access
from agents.providers.registry import PROVIDERS, ModelName, parse_model_name
from agents.sentences import INSTRUCTIONS
from service import values
from service.secret import parse_secret
from service.variables import Reader, SettingsError, variable

if TYPE_CHECKING:
    from collections.abc import Mapping

_REGION = "AWS_REGION"
_BEDROCK_URL = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
_GUARDRAIL = variable("bedrock_guardrail")
_KEYS = {name: known.key_variable for name, known in PROVIDERS.items() if known.key_variable}
_URLS = {name: key.replace("API_KEY", "BASE_URL") for name, key in _KEYS.items()}
# A compatible server is often the provider itself behind another of its interfaces.
_FALLBACKS = {"openai_chat": "openai"}

MODEL_VARIABLES = (
    *(
        variable(name)
        for name in (
            "models",
            "instructions",
            "language",
            "temperature",
            "max_tokens",
            "reasoning_effort",
            "first_words_seconds",
            "filler",
            "apology",
        )
    ),
    _GUARDRAIL,
    *_KEYS.values(),
    *_URLS.values(),
    _BEDROCK_URL,
    _REGION,
)
"""Every variable that is read here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """The models in the order in which they are asked; None leaves a provider's own default."""

    models: tuple[ModelName, ...] = (ModelName("echo", ""),)
    accesses: Mapping[str, Access] = field(default_factory=dict)
    """How each provider of those models is reached."""
    instructions: str = INSTRUCTIONS
    language: str = "en"
    temperature: float | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None
    first_words_seconds: float = 2.0
    filler: str | None = None
    apology: str | None = None


def read_model_settings(environ: Mapping[str, str]) -> ModelSettings:
    """Read these settings alone. Raises SettingsError with all that is wrong."""
    reader = Reader(environ)
    settings = take_model_settings(reader)
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


def take_model_settings(reader: Reader) -> ModelSettings:
    """Take these settings out of `reader`, which keeps what is wrong."""
    models = reader.take(variable("models"), _parse_models, (ModelName("echo", ""),))
    accesses = {
        name.provider: _take_access(reader, name.provider)
        for name in models
        if name.provider != "echo"
    }
    for name in models:
        _need_key(reader, name)
    return ModelSettings(
        models=models,
        accesses=accesses,
        instructions=reader.take(variable("instructions"), str, INSTRUCTIONS),
        language=reader.take(variable("language"), values.language, "en"),
        temperature=reader.take(variable("temperature"), values.number(0, 2)),
        max_tokens=reader.take(variable("max_tokens"), values.whole_number(1)),
        reasoning_effort=reader.take(
            variable("reasoning_effort"), values.choice(*REASONING_EFFORTS)
        ),
        first_words_seconds=reader.take(
            variable("first_words_seconds"), values.seconds(0.1, 60), 2.0
        ),
        filler=reader.take(variable("filler"), str),
        apology=reader.take(variable("apology"), str),
    )


def _parse_models(text: str) -> tuple[ModelName, ...]:
    names = tuple(parse_model_name(part) for part in text.split(",") if part.strip())
    if len(set(names)) < len(names):
        raise ValueError("names a model twice; give each once, in the order to ask them")
    if not names:
        raise ValueError("names no model; give one such as echo, or leave it out")
    return names


def _take_access(reader: Reader, provider: str) -> Access:
    if provider == "bedrock":
        return Access(
            region=reader.take(_REGION, values.label),
            base_url=reader.take(_BEDROCK_URL, _parse_url),
            guardrail=reader.take(_GUARDRAIL, values.guardrail),
        )
    key = reader.take(_KEYS[provider], parse_secret)
    url = reader.take(_URLS[provider], _parse_url)
    if key is None and url is None and provider in _FALLBACKS:
        return _take_access(reader, _FALLBACKS[provider])
    return Access(api_key=None if key is None else key.current, base_url=url)


def _parse_url(text: str) -> str:
    # HTTP clients refuse these too, but only when the address is dialled.
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("has a character that no address has; copy it again")
    return values.http_url(text)


def _need_key(reader: Reader, name: ModelName) -> None:
    # A server of one's own may need none.
    providers = [name.provider, _FALLBACKS.get(name.provider, name.provider)]
    ways_in = [table[each] for each in providers for table in (_KEYS, _URLS) if each in table]
    if ways_in and not any(reader.has(variable) for variable in ways_in):
        problem = f"{ways_in[0]} is missing; {name} is asked with it"
        if name.provider in _FALLBACKS:
            problem += f"; for a server without keys, such as Ollama, set {_URLS[name.provider]}"
        reader.problems.append(problem)
