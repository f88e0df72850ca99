"""The agent: its module, the models it asks, and how they are to answer.

Rules between these fields and others are in `agent_rules`.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from infra.settings.providers import PROVIDERS, ApiKey
from infra.settings.residency import LOOPBACK
from infra.settings.section import UNFIT, Section, shaped

ECHO = "echo"
READY_MADE = (ECHO, "order_desk")
"""The server's own agents; every other module is a file of `container/`. A test holds the two
lists together."""
# A task definition has 64 KiB, in which a character of two bytes may become an escape of six:
# https://docs.aws.amazon.com/general/latest/gr/ecs-service.html
_INSTRUCTIONS_BYTES = 16 * 1024
_SENTENCE_BYTES = 1024
_HTTPS_PORT = 443
_MODULE = shaped(r"[A-Za-z_][\w.]*(:[A-Za-z_]\w*)?", "a module such as agent, or agent:answer")
# No comma, which separates models in the server's variable.
_MODEL = re.compile(r"[\w.:/@+-]{1,2048}", re.ASCII)
# What can be asked and is granted by its own ARN:
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
_BEDROCK_ARN = re.compile(
    r"arn:aws[a-z-]*:bedrock:[a-z0-9-]+:(\d{12})?:(foundation-model|imported-model|provisioned-model"
    r"|custom-model-deployment|(application-)?inference-profile)/[\w.:-]+"
)
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailStreamConfiguration.html
_GUARDRAIL = shaped(r"[a-z0-9]+/([1-9]\d{0,7}|DRAFT)", "id/version, such as gr1a2b3c4d5e/1")


def _unfit(remedy: str) -> PydanticCustomError:
    return PydanticCustomError(UNFIT, "{remedy}", {"remedy": remedy})


def _check_model(name: str) -> str:
    provider_name, _, model = name.partition("/")
    provider = PROVIDERS.get(provider_name)
    if provider is None:
        raise _unfit(_suggest(provider_name, model))
    if provider.example is None:
        if name != provider_name:
            raise _unfit(f"{provider_name} alone, which has one model")
    elif not model:
        raise _unfit(f"its model as well, such as {provider_name}/{provider.example}")
    elif _MODEL.fullmatch(model) is None:
        raise _unfit("a model's name without blanks and commas")
    elif model.startswith("arn:") and _BEDROCK_ARN.fullmatch(model) is None:
        raise _unfit("the ARN of a model or an inference profile of Amazon Bedrock")
    return name


def _suggest(provider: str, model: str) -> str:
    known = f"a known provider: {', '.join(PROVIDERS)}"
    near = get_close_matches(provider.lower(), PROVIDERS, n=1)
    if near:
        example = PROVIDERS[near[0]].example
        return f"{known}; did you mean {near[0]}{f'/{model or example}' if example else ''}?"
    family = provider.lower().partition("-")[0]
    for name, each in PROVIDERS.items():
        if not model and each.example and each.example.partition("-")[0] == family:
            return f"{known}; did you mean {name}/{provider}?"
    return known


def _check_text(most_bytes: int, beyond: str = "") -> AfterValidator:
    def check(text: str) -> str:
        if not text.strip():
            raise _unfit("a text, or leave it out")
        if len(text.encode()) > most_bytes:
            raise _unfit(f"a text of at most {most_bytes} bytes{beyond}")
        # CloudFormation would take it for an order to put something else in its place:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
        if "{{resolve:" in text:
            raise _unfit("a text without {{resolve:, which CloudFormation would act on")
        if not all(character.isprintable() or character in "\n\t" for character in text):
            raise _unfit("a text without control characters")
        return text

    return AfterValidator(check)


def _check_base_url(text: str) -> str:
    try:
        address = urlsplit(text)
        is_local = address.scheme == "http" and address.hostname in LOOPBACK
        is_whole = bool(address.hostname) and (address.port or _HTTPS_PORT) > 0
    except ValueError:
        is_local = is_whole = False
        address = urlsplit("")
    is_bare = not (address.query or address.fragment or "@" in address.netloc)
    if not (is_whole and is_bare and (is_local or address.scheme == "https")) or " " in text:
        raise _unfit("an https:// address such as https://llm.example.com/v1")
    return text


ModelName = Annotated[str, AfterValidator(_check_model)]
BaseUrl = Annotated[str, AfterValidator(_check_base_url)]
Instructions = Annotated[
    str,
    _check_text(
        _INSTRUCTIONS_BYTES, "; longer ones can stand in container/agent.py, for assistant.answer"
    ),
]
# The words of the server; a test holds the two lists together.
ReasoningEffort = Literal["none", "minimal", "low", "medium", "high"]
Sentence = Annotated[str, _check_text(_SENTENCE_BYTES)]


class AgentSettings(Section):
    """The agent. `models` are asked in their order: the next one where one fails or is late."""

    module: Annotated[str, _MODULE] = "agent"
    models: Annotated[list[ModelName], Field(min_length=1, max_length=5)] = Field(
        default_factory=lambda: [ECHO]
    )
    instructions: Instructions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=100_000)] | None = None
    reasoning_effort: ReasoningEffort | None = None
    first_words_seconds: Annotated[float, Field(ge=0.1, le=15)] = 2.0
    filler: Sentence | None = None
    apology: Sentence | None = None
    bedrock_guardrail: Annotated[str, _GUARDRAIL] | None = None
    openai_base_url: BaseUrl | None = None
    openai_chat_base_url: BaseUrl | None = None

    @property
    def providers(self) -> list[str]:
        """Whose models are asked, each once, in order."""
        return list(dict.fromkeys(name.partition("/")[0] for name in self.models))

    @property
    def packages(self) -> list[str]:
        """The groups of packages that the image needs for them."""
        groups = {PROVIDERS[name].packages for name in self.providers}
        return sorted(group for group in groups if group)

    @property
    def keys(self) -> list[ApiKey]:
        """The keys that a person has to bring for them."""
        return [key for name in self.providers if (key := PROVIDERS[name].key)]

    @property
    def bedrock_models(self) -> list[str]:
        """What Amazon Bedrock calls its models among them: ids, or ARNs."""
        split = [name.partition("/") for name in self.models]
        return [model for provider, _, model in split if provider == "bedrock"]

    @property
    def ports(self) -> list[int]:
        """The TCP ports at which the models' servers are, 443 among them."""
        urls = [urlsplit(url) for url in (self.openai_base_url, self.openai_chat_base_url) if url]
        ports = {url.port or _HTTPS_PORT for url in urls if url.scheme == "https"}
        return sorted(ports | {_HTTPS_PORT})
