from __future__ import annotations

import pytest

from functions.token.settings import Settings, SettingsError, read_settings, variable_names

NEEDED = {
    "ELEVENLABS_URL": "https://api.elevenlabs.io/",
    "ELEVENLABS_API_KEY_SECRET": "arn:aws:secretsmanager:us-east-1:123456789012:secret:key",
    "SPEECH_ENGINE_ID": "seng_0123",
}


def test_three_variables_are_enough() -> None:
    """The rest has defaults, and no tickets are given."""
    assert read_settings(NEEDED) == Settings(
        elevenlabs_url="https://api.elevenlabs.io",
        api_key_secret=NEEDED["ELEVENLABS_API_KEY_SECRET"],
        engine_id="seng_0123",
        key_cache_seconds=300,
        log_level="INFO",
        ticket_secret=None,
        ticket_seconds=300,
    )


def test_every_variable_counts() -> None:
    """Each optional one is read, white space around it is dropped, empty is unset."""
    chosen = {
        "KEY_CACHE_SECONDS": " 0 ",
        "LOG_LEVEL": "debug",
        "USER_TICKET_SECRET": "arn:ticket",
        "USER_TICKET_SECONDS": "",
    }
    settings = read_settings(NEEDED | chosen)
    assert (settings.key_cache_seconds, settings.log_level) == (0, "DEBUG")
    assert (settings.ticket_secret, settings.ticket_seconds) == ("arn:ticket", 300)
    assert set(variable_names()) == NEEDED.keys() | chosen.keys()


def test_missing_variables_are_told_together() -> None:
    """One line names all of them."""
    with pytest.raises(SettingsError) as error:
        read_settings({"SPEECH_ENGINE_ID": "  "})
    assert str(error.value) == (
        "ELEVENLABS_URL is missing; ELEVENLABS_API_KEY_SECRET is missing; "
        "SPEECH_ENGINE_ID is missing"
    )


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("ELEVENLABS_URL", "http://api.elevenlabs.io", "not a plain https"),
        ("SPEECH_ENGINE_ID", "seng_1&x=2", "not an engine id"),
        ("KEY_CACHE_SECONDS", "-1", "from 0 to 86400"),
        ("KEY_CACHE_SECONDS", "1.5", "from 0 to 86400"),
        ("LOG_LEVEL", "loud", "not one of DEBUG, INFO"),
        ("USER_TICKET_SECONDS", "0", "from 1 to 3600"),
        ("USER_TICKET_SECONDS", "3601", "from 1 to 3600"),
    ],
)
def test_wrong_value_is_told(name: str, value: str, complaint: str) -> None:
    """The line says which variable, and what it should be."""
    with pytest.raises(SettingsError, match=f"^{name} is .*{complaint}"):
        read_settings(NEEDED | {name: value})
