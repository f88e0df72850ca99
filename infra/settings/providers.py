"""The providers of models: what each needs of a deployment, by the name it has in settings.

The server has a table of its own; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key that a person brings: whose it is, its variable, and its secret's name in the stack."""

    owner: str
    variable: str
    secret: str

    @property
    def output(self) -> str:
        """The stack's output that has the secret's ARN."""
        return f"{self.secret}SecretArn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider of models; `packages` is its group, locked in `requirements/<packages>.txt`."""

    packages: str | None = None
    key: ApiKey | None = None
    example: str | None = None
    """A model of it, for messages; None where there is only one."""


ELEVENLABS_KEY = ApiKey(owner="ElevenLabs", variable="ELEVENLABS_API_KEY", secret="ApiKey")  # noqa: S106 - a name

PROVIDERS = {
    "echo": Provider(),
    "openai": Provider(
        packages="openai",
        key=ApiKey(owner="OpenAI", variable="OPENAI_API_KEY", secret="OpenAiKey"),  # noqa: S106
        example="gpt-5.4-mini",
    ),
    "openai_chat": Provider(
        packages="openai",
        key=ApiKey(
            owner="Chat Completions",
            variable="OPENAI_CHAT_API_KEY",
            secret="OpenAiChatKey",  # noqa: S106
        ),
        example="llama3.2",
    ),
    "anthropic": Provider(
        packages="anthropic",
        key=ApiKey(owner="Anthropic", variable="ANTHROPIC_API_KEY", secret="AnthropicKey"),  # noqa: S106
        example="claude-haiku-5-5",
    ),
    "gemini": Provider(
        packages="gemini",
        key=ApiKey(owner="Gemini", variable="GEMINI_API_KEY", secret="GeminiKey"),  # noqa: S106
        example="gemini-3.1-flash-lite",
    ),
    # The task role is the key.
    "bedrock": Provider(packages="bedrock", example="us.amazon.nova-lite-v1:0"),
}

# The variable of every key there is.
KEY_VARIABLES = (
    ELEVENLABS_KEY.variable,
    *(provider.key.variable for provider in PROVIDERS.values() if provider.key),
)
