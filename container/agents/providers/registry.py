"""Which providers there are, and how a model's name in settings becomes a model."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from agents.prompt import ModelRefused

if TYPE_CHECKING:
    from agents.prompt import Model, ModelOptions
    from agents.providers.access import Access


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: its module, its group of packages, and the variable that holds its key."""

    module: str
    packages: str | None = None
    key_variable: str | None = None
    example: str | None = None
    """A model of it, for messages; None where there is only one."""


PROVIDERS = {
    "echo": Provider("echo"),
    "openai": Provider("openai_responses", "openai", "OPENAI_API_KEY", "gpt-5.4-mini"),
    "openai_chat": Provider("openai_chat", "openai", "OPENAI_CHAT_API_KEY", "llama3.2"),
    "anthropic": Provider("anthropic", "anthropic", "ANTHROPIC_API_KEY", "claude-haiku-5-5"),
    "gemini": Provider("gemini", "gemini", "GEMINI_API_KEY", "gemini-3.1-flash-lite"),
    "bedrock": Provider("bedrock", "bedrock", example="us.amazon.nova-lite-v1:0"),
}


# Names go into logs. OpenAI and Anthropic; Gemini.
_KEY_BEGINNINGS = ("sk-", "sk_", "AIza")


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model as settings name it: provider and the provider's own name for it."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}" if self.model else self.provider


def parse_model_name(text: str) -> ModelName:
    """Read `provider/model`. Raises ValueError with the remedy."""
    provider, _, model = (part.strip() for part in text.partition("/"))
    if provider.startswith(_KEY_BEGINNINGS) or model.startswith(_KEY_BEGINNINGS):
        raise ValueError("holds an API key; give provider/model here, the key in its own variable")
    known = PROVIDERS.get(provider)
    if known is None:
        raise ValueError(f"has the unknown provider {provider[:60]!r}; {_suggest(provider, model)}")
    if known.example is None and model:
        raise ValueError(f"has a model for {provider}, which has none; give {provider} alone")
    if known.example is not None and not model:
        raise ValueError(f"has no model for {provider}; name one: {provider}/{known.example}")
    if not model.isprintable():
        raise ValueError(f"has a character in {model[:60]!r} that no name has; copy it again")
    return ModelName(provider, model)


def _suggest(provider: str, model: str) -> str:
    if close := get_close_matches(provider.lower(), PROVIDERS, n=1):
        return f"did you mean {close[0]}?"
    family = provider.lower().partition("-")[0]
    for name, known in PROVIDERS.items():
        if not model and known.example and known.example.partition("-")[0] == family:
            return f"did you mean {name}/{provider[:60]}?"
    return f"give one of {', '.join(PROVIDERS)}, such as openai/{PROVIDERS['openai'].example}"


def open_model(name: ModelName, access: Access, options: ModelOptions) -> Model:
    """Make a model with a client of its own, on the running event loop. Raises ModelRefused."""
    provider = PROVIDERS[name.provider]
    try:
        module = importlib.import_module(f"agents.providers.{provider.module}")
        model: Model = module.create(str(name), name.model, access, options)
    except ModuleNotFoundError as error:
        raise ModelRefused(
            f"{name} needs packages that are not here ({error.name}): on a laptop run make setup;"
            f" an image gets them when agent.models of its environment names the model"
        ) from None
    except ModelRefused:
        raise
    except Exception as error:  # noqa: BLE001 - what the environment tells HTTP clients may be wrong
        kind = type(error).__name__
        raise ModelRefused(
            f"{name}: its HTTP client can't be made ({kind}): check SSL_CERT_FILE, SSL_CERT_DIR and"
            " the proxy variables"
        ) from None
    return model
