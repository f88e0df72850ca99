from __future__ import annotations

import pytest

from agents.providers.access import Access
from agents.providers.registry import ModelName
from service.model_settings import ModelSettings, read_model_settings
from service.variables import SettingsError

OPENAI = {"SPEECH_ENGINE_MODELS": "openai/gpt-5.4-mini", "OPENAI_API_KEY": "sk_test_openai"}


def problem_of(**variables: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read_model_settings(variables)
    (problem,) = caught.value.problems
    return problem


def test_model_settings_need_nothing() -> None:
    """Without a variable the echo answers, and nobody is reached."""
    assert read_model_settings({}) == ModelSettings()


def test_model_settings_read_every_variable() -> None:
    """Each variable ends where it is meant to."""
    settings = read_model_settings(
        {
            "SPEECH_ENGINE_MODELS": "bedrock/eu.amazon.nova-lite-v1:0, openai_chat/meta/llama-3",
            "SPEECH_ENGINE_INSTRUCTIONS": "Sell tea.",
            "SPEECH_ENGINE_LANGUAGE": "pt-BR",
            "SPEECH_ENGINE_TEMPERATURE": "0.3",
            "SPEECH_ENGINE_MAX_TOKENS": "300",
            "SPEECH_ENGINE_REASONING_EFFORT": "Low",
            "SPEECH_ENGINE_FIRST_WORDS_SECONDS": "1.5",
            "SPEECH_ENGINE_FILLER": "Well,",
            "SPEECH_ENGINE_APOLOGY": "Sorry.",
            "SPEECH_ENGINE_BEDROCK_GUARDRAIL": "ab12cd34ef56/3",
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:9",
            "OPENAI_CHAT_API_KEY": "sk_test_chat",
            "OPENAI_CHAT_BASE_URL": "http://127.0.0.1:11434/v1/",
        }
    )
    assert settings == ModelSettings(
        models=(
            ModelName("bedrock", "eu.amazon.nova-lite-v1:0"),
            ModelName("openai_chat", "meta/llama-3"),
        ),
        accesses={
            "bedrock": Access(
                region="eu-central-1",
                base_url="http://127.0.0.1:9",
                guardrail=("ab12cd34ef56", "3"),
            ),
            "openai_chat": Access(api_key="sk_test_chat", base_url="http://127.0.0.1:11434/v1"),
        },
        instructions="Sell tea.",
        language="pt-br",
        temperature=0.3,
        max_tokens=300,
        reasoning_effort="low",
        first_words_seconds=1.5,
        filler="Well,",
        apology="Sorry.",
    )


def test_model_settings_take_the_current_value_of_a_rotated_key() -> None:
    """A provider's key may be the same JSON object as the other secrets."""
    key = '{"current": "sk_test_new", "previous": "sk_test_old", "previous_until": 9}'
    access = read_model_settings({**OPENAI, "OPENAI_API_KEY": key}).accesses["openai"]
    assert access.api_key == "sk_test_new"
    assert "sk_test" not in repr(access)


def test_model_settings_share_openai_between_its_interfaces() -> None:
    """Chat Completions use the key of Responses where they have none of their own."""
    settings = read_model_settings({**OPENAI, "SPEECH_ENGINE_MODELS": "openai_chat/gpt-5.4-mini"})
    assert settings.accesses["openai_chat"].api_key == "sk_test_openai"


def test_model_settings_need_no_key_for_a_server_of_ones_own() -> None:
    """An address without a key is enough."""
    settings = read_model_settings(
        {
            "SPEECH_ENGINE_MODELS": "openai_chat/llama3.2",
            "OPENAI_CHAT_BASE_URL": "http://127.0.0.1:11434/v1",
        }
    )
    assert settings.accesses["openai_chat"].api_key is None


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("openai/gpt-5.4-mini", "OPENAI_API_KEY"),
        ("anthropic/claude-haiku-5-5", "ANTHROPIC_API_KEY"),
        ("gemini/gemini-3.1-flash-lite", "GEMINI_API_KEY"),
    ],
)
def test_model_settings_miss_a_key(name: str, key: str) -> None:
    """A provider without its key is told by the variable's name, before anything starts."""
    assert problem_of(SPEECH_ENGINE_MODELS=name) == f"{key} is missing; {name} is asked with it"


def test_model_settings_miss_a_key_or_the_address_of_ones_own_server() -> None:
    """Of the two ways to a compatible server both are told: most of one's own have no keys."""
    assert problem_of(SPEECH_ENGINE_MODELS="openai_chat/llama3.2") == (
        "OPENAI_CHAT_API_KEY is missing; openai_chat/llama3.2 is asked with it; for a server"
        " without keys, such as Ollama, set OPENAI_CHAT_BASE_URL"
    )


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ("opnai/gpt-5.4-mini", "did you mean openai?"),
        ("telepathy/1", "give one of echo, openai"),
        ("openai", "name one: openai/gpt-5.4-mini"),
        ("bedrock/", "name one: bedrock/us.amazon.nova-lite-v1:0"),
        ("echo/loud", "give echo alone"),
        ("echo,echo", "names a model twice"),
        (" , ", "names no model"),
        ("bedrock/nova\nlite", "copy it again"),
    ],
)
def test_model_settings_explain_wrong_models(models: str, said: str) -> None:
    """A name that can't be a model is told with what to write."""
    assert said in problem_of(SPEECH_ENGINE_MODELS=models)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SPEECH_ENGINE_TEMPERATURE", "hot"),
        ("SPEECH_ENGINE_TEMPERATURE", "2.1"),
        ("SPEECH_ENGINE_TEMPERATURE", "nan"),
        ("SPEECH_ENGINE_MAX_TOKENS", "0"),
        ("SPEECH_ENGINE_REASONING_EFFORT", "little"),
        ("SPEECH_ENGINE_FIRST_WORDS_SECONDS", "0"),
        ("SPEECH_ENGINE_LANGUAGE", "Klingon!"),
        ("OPENAI_BASE_URL", "example.com"),
        ("OPENAI_BASE_URL", "https://key@example.com"),
        ("OPENAI_BASE_URL", "http://[::1"),
        ("OPENAI_BASE_URL", "http://exam\nple.com"),
        ("OPENAI_BASE_URL", "http://example\u200b.com"),
        ("OPENAI_BASE_URL", "http://example.com/my models"),
        ("OPENAI_API_KEY", "changeme"),
    ],
)
def test_model_settings_refuse_wrong_values(variable: str, value: str) -> None:
    """A value that can't be meant is refused by the variable's name."""
    assert problem_of(**{**OPENAI, variable: value}).startswith(f"{variable} ")


@pytest.mark.parametrize("value", ["ab12", "ab12/", "ab12/first", "/1", "ab 12/1"])
def test_model_settings_refuse_half_a_guardrail(value: str) -> None:
    """A guardrail needs its version."""
    said = problem_of(SPEECH_ENGINE_MODELS="bedrock/model", SPEECH_ENGINE_BEDROCK_GUARDRAIL=value)
    assert "give id/version" in said


def test_model_settings_quote_no_key() -> None:
    """What is wrong with a key is told without any of it."""
    said = problem_of(**{**OPENAI, "OPENAI_API_KEY": "sk_test secret with spaces"})
    assert "secret" not in said.replace("the secret's", "")


def test_model_settings_tell_of_a_variable_once() -> None:
    """Several models may be reached by one address."""
    models = "openai/a,openai/b,openai_chat/c"
    environ = {**OPENAI, "SPEECH_ENGINE_MODELS": models, "OPENAI_BASE_URL": "example.com"}
    assert problem_of(**environ).startswith("OPENAI_BASE_URL is no address")
