from __future__ import annotations

import pytest

from agents.prompt import ModelOptions, ModelRefused
from agents.providers.access import Access
from agents.providers.registry import open_model, parse_model_name


@pytest.mark.parametrize("name", ["openai/m", "openai_chat/m", "anthropic/m", "gemini/m"])
@pytest.mark.parametrize(
    ("variable", "value"),
    [("SSL_CERT_FILE", "/nowhere/ca.pem"), ("HTTPS_PROXY", "carrier://pigeon")],
)
async def test_registry_names_what_keeps_a_client_from_being_made(
    name: str, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong variable of every HTTP client's is one line with its name, and quotes no value."""
    monkeypatch.setenv(variable, value)
    access = Access(api_key="sk_test_registry")
    hint = "SSL_CERT_FILE.*proxy"
    with pytest.raises(ModelRefused, match=rf"^{name}: .*{hint}") as caught:
        open_model(parse_model_name(name), access, ModelOptions())
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("openai/m", "OPENAI_API_KEY"),
        ("openai_chat/m", "OPENAI_CHAT_API_KEY or OPENAI_API_KEY"),
        ("anthropic/m", "ANTHROPIC_API_KEY"),
        ("gemini/m", "GEMINI_API_KEY"),
    ],
)
async def test_registry_names_the_key_that_is_missing(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key there is no model, whatever an SDK would find in the environment."""
    for each in variable.split(" or "):
        monkeypatch.setenv(each, "sk_test_ambient")
    with pytest.raises(ModelRefused, match=rf"^{name} needs a key; set {variable}$"):
        open_model(parse_model_name(name), Access(), ModelOptions())


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("OpenAI/gpt-5.4-mini", "did you mean openai?"),
        ("gpt-5.4", "did you mean openai/gpt-5.4?"),
        ("claude-opus-5", "did you mean anthropic/claude-opus-5?"),
        (
            "mistral-large",
            "give one of echo, openai, openai_chat, anthropic, gemini, bedrock, such",
        ),
    ],
)
def test_registry_suggests_how_a_model_is_named(name: str, remedy: str) -> None:
    """A provider in other letters, or none before the model, is told with the whole name."""
    with pytest.raises(ValueError, match="has the unknown provider") as caught:
        parse_model_name(name)
    assert remedy in str(caught.value)


@pytest.mark.parametrize("name", ["sk-test-registry", "openai/sk_test_registry"])
def test_registry_takes_no_key_for_a_model(name: str) -> None:
    """A key in the place of a name is refused without being repeated."""
    with pytest.raises(ValueError, match="holds an API key") as caught:
        parse_model_name(name)
    assert "registry" not in str(caught.value)
