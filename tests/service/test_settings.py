from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from service.model_settings import ModelSettings
from service.settings import ACCEPT_ANYONE, Settings, read_settings, variable_names
from service.variables import SettingsError
from speech_engine import Limits

KEY = {"ELEVENLABS_API_KEY": "sk_test_settings"}
# What a default does is told there in words, where None says too little.
_TOLD = ModelSettings(
    instructions="short, spoken answers",
    filler="by language",
    apology="by language",
)
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def problems_of(**variables: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read_settings({**KEY, **variables})
    return caught.value.problems


def test_settings_need_only_a_key() -> None:
    """With a key alone, every other setting has its default."""
    settings = read_settings(KEY)
    assert settings.api_key is not None
    assert settings == Settings(api_key=settings.api_key)


def test_settings_read_every_variable() -> None:
    """Each variable changes the field it is named after."""
    settings = read_settings(
        {
            **KEY,
            "SPEECH_ENGINE_HOST": "::1",
            "SPEECH_ENGINE_PORT": "8080",
            "SPEECH_ENGINE_WS_PATH": "/talk",
            "SPEECH_ENGINE_AGENT": "echo",
            "SPEECH_ENGINE_HEADER_NAME": "X-Origin-Secret",
            "SPEECH_ENGINE_HEADER_SECRET": "sk_test_header",
            "SPEECH_ENGINE_ENGINE_ID_HEADER": "X-Engine",
            "SPEECH_ENGINE_STOP_GRACE_SECONDS": "7.5",
            "SPEECH_ENGINE_LOG_LEVEL": "DEBUG",
            "SPEECH_ENGINE_LOG_FORMAT": "text",
            "SPEECH_ENGINE_DEBUG_TRANSCRIPTS": "on",
            "SPEECH_ENGINE_UVLOOP": "off",
            "SPEECH_ENGINE_ENVIRONMENT": "prod",
            "SPEECH_ENGINE_TRANSCRIPT_TABLE": "transcripts",
            "SPEECH_ENGINE_TRANSCRIPT_DAYS": "7",
            "SPEECH_ENGINE_TRANSCRIPT_SHARDS": "2",
            "SPEECH_ENGINE_TRANSCRIPT_TEXT": "drop",
            "SPEECH_ENGINE_TRANSCRIPT_BUFFER_MIB": "8",
            "SPEECH_ENGINE_TRANSCRIPT_REDACTION": "off",
            "SPEECH_ENGINE_TRANSCRIPT_REDACTION_LOCALES": "de-DE, en_GB",
            "SPEECH_ENGINE_TRANSCRIPT_REDACTION_PATTERNS": '{"order": "ORD-[0-9]{6}"}',
            "SPEECH_ENGINE_DISABLE_AUTH": ACCEPT_ANYONE,
        }
    )
    default = Settings()
    unchanged = {
        field.name
        for field in fields(Settings)
        if getattr(settings, field.name) == getattr(default, field.name)
    }
    assert unchanged == {"limits", "assistant"}
    assert (settings.port, settings.stop_grace_seconds, settings.log_level) == (8080, 7.5, "debug")


@pytest.mark.parametrize("limit", [field.name for field in fields(Limits)])
def test_settings_read_every_limit(limit: str) -> None:
    """Each limit of the runtime has a variable of its own name."""
    settings = read_settings({**KEY, f"SPEECH_ENGINE_{limit.upper()}": "7"})
    assert getattr(settings.limits, limit) == 7


@pytest.mark.parametrize("limit", [field.name for field in fields(Limits)])
def test_settings_refuse_a_limit_of_zero(limit: str) -> None:
    """A limit that lets nothing through is refused by the name of its variable."""
    (problem,) = problems_of(**{f"SPEECH_ENGINE_{limit.upper()}": "0"})
    assert problem.startswith(f"SPEECH_ENGINE_{limit.upper()} is '0'; give ")


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("HOST", "http://localhost", "such as 127.0.0.1"),
        ("PORT", "65536", "from 0 to 65535"),
        ("PORT", "3001.5", "from 0 to 65535"),
        ("WS_PATH", "ws", "such as /ws"),
        ("WS_PATH", "/ws?x=1", "such as /ws"),
        ("HEADER_NAME", "X Secret", "such as X-Origin-Secret"),
        ("HEADER_NAME", "X-ElevenLabs-Speech-Engine-Authorization", "choose another"),
        ("STOP_GRACE_SECONDS", "nan", "from 0 to"),
        ("STOP_GRACE_SECONDS", "-1", "from 0 to"),
        ("STOP_GRACE_SECONDS", "soon", "from 0 to"),
        ("LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("LOG_FORMAT", "xml", "json, text"),
        ("DEBUG_TRANSCRIPTS", "maybe", "on or off"),
        ("UVLOOP", "yes", "auto, on, off"),
        ("DISABLE_AUTH", "true", f"only {ACCEPT_ANYONE!r}"),
        ("ENVIRONMENT", "prod/blue", "such as prod"),
        ("TRANSCRIPT_TABLE", "arn:aws:dynamodb:eu-central-1:1:table/x", "a DynamoDB table's name"),
        ("TRANSCRIPT_DAYS", "0", "from 1 to"),
        ("TRANSCRIPT_SHARDS", "0", "from 1 to"),
        ("TRANSCRIPT_TEXT", "redact", "keep, drop"),
        ("TRANSCRIPT_BUFFER_MIB", "0", "from 1 to"),
        ("TRANSCRIPT_REDACTION", "drop", "off, redact"),
        ("MAX_THREADS", "a few", "from 1 up"),
        ("IDLE_SECONDS", "inf", "from 0.001 up"),
    ],
)
def test_settings_refuse_a_bad_value(variable: str, value: str, remedy: str) -> None:
    """A value that can't be used is told with its variable, itself and the remedy, on one line."""
    problem = problems_of(**{f"SPEECH_ENGINE_{variable}": value})[0]
    assert problem.startswith(f"SPEECH_ENGINE_{variable} is ")
    assert remedy in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("LOCALES", "en", "give language and territory"),
        ("PATTERNS", "ORD-.*", "no JSON object"),
        ("PATTERNS", '{"order": "ORD-.*"}', "repeats without end"),
    ],
)
def test_settings_refuse_what_redaction_cannot_use(name: str, value: str, remedy: str) -> None:
    """A locale or a pattern that can't be used, or could take for ever, is told at start."""
    (problem,) = problems_of(**{f"SPEECH_ENGINE_TRANSCRIPT_REDACTION_{name}": value})
    assert problem.startswith(f"SPEECH_ENGINE_TRANSCRIPT_REDACTION_{name} ")
    assert remedy in problem


def test_settings_report_everything_at_once() -> None:
    """Several mistakes are all told, one line each."""
    with pytest.raises(SettingsError) as caught:
        read_settings({"SPEECH_ENGINE_PORT": "x", "SPEECH_ENGINE_LOG_LEVEL": "y"})
    assert [problem.partition(" ")[0] for problem in caught.value.problems] == [
        "SPEECH_ENGINE_PORT",
        "SPEECH_ENGINE_LOG_LEVEL",
        "ELEVENLABS_API_KEY",
    ]


def test_settings_shorten_a_long_value() -> None:
    """A value of any length, with any characters, is shown short and on one line."""
    (problem,) = problems_of(SPEECH_ENGINE_PORT="1\n" * 5000)
    assert len(problem) < 250
    assert "\n" not in problem


@pytest.mark.parametrize("value", ["", "   "])
def test_settings_take_an_empty_variable_as_unset(value: str) -> None:
    """An empty variable means the default, as deployment tools leave them behind."""
    assert read_settings({**KEY, "SPEECH_ENGINE_PORT": value}).port == 3001


def test_settings_demand_a_key() -> None:
    """Without a key and with authentication on there is no server."""
    with pytest.raises(SettingsError, match="ELEVENLABS_API_KEY is missing; set it"):
        read_settings({})


def test_settings_need_no_key_without_authentication() -> None:
    """The explicit word for no authentication makes the key optional."""
    settings = read_settings({"SPEECH_ENGINE_DISABLE_AUTH": ACCEPT_ANYONE})
    assert settings.disable_auth
    assert settings.api_key is None


@pytest.mark.parametrize(
    ("given", "absent"),
    [("HEADER_NAME", "HEADER_SECRET"), ("HEADER_SECRET", "HEADER_NAME")],
)
def test_settings_refuse_half_a_header(given: str, absent: str) -> None:
    """A secret header needs its name and its value."""
    (problem,) = problems_of(**{f"SPEECH_ENGINE_{given}": "X-value"})
    assert problem.startswith(f"SPEECH_ENGINE_{absent} is missing")


def test_settings_refuse_a_misspelt_variable() -> None:
    """An unknown variable with the prefix is refused with the closest known name."""
    assert problems_of(SPEECH_ENGINE_PROT="1") == [
        "SPEECH_ENGINE_PROT is unknown; did you mean SPEECH_ENGINE_PORT?"
    ]
    (problem,) = problems_of(SPEECH_ENGINE_QQ="1")
    assert problem == "SPEECH_ENGINE_QQ is unknown; see docs/configuration.md"


@pytest.mark.parametrize("variable", ["ELEVENLABS_API_KEY", "SPEECH_ENGINE_HEADER_SECRET"])
@pytest.mark.parametrize(
    "value",
    [
        "sk_test_hidden with a blank",
        '{"current": "sk_test_hidden"',
        '{"sk_test_hidden": 1}',
        '{"current": "sk_test_hidden", "previous": "sk_test_hidden"}',
    ],
)
def test_settings_never_quote_a_secret(variable: str, value: str) -> None:
    """A secret that can't be used is not part of the error."""
    environ = {**KEY, "SPEECH_ENGINE_HEADER_NAME": "X-Secret", variable: value}
    with pytest.raises(SettingsError) as caught:
        read_settings(environ)
    assert variable in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_settings_never_show_secrets() -> None:
    """The settings can be printed without giving a secret away."""
    environ = {
        "ELEVENLABS_API_KEY": '{"current":"sk_test_a","previous":"sk_test_b","previous_until":9}',
        "SPEECH_ENGINE_HEADER_NAME": "X-Secret",
        "SPEECH_ENGINE_HEADER_SECRET": "sk_test_c",
    }
    assert "sk_test" not in repr(read_settings(environ))


def test_settings_are_all_documented() -> None:
    """docs/configuration.md has a row for every variable, and none for an unknown one."""
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in row.split("|")[1].split("`")[1::2]}
    known = set(variable_names())
    assert known <= documented
    assert {name for name in documented if name.startswith("SPEECH_ENGINE_")} <= known


def test_settings_defaults_are_documented() -> None:
    """The defaults in docs/configuration.md are those of the code."""
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `SPEECH")]
    told = {row.split("`")[1]: row.split("|")[2].strip().strip("`") for row in rows}
    for owner, default in [(Settings, Settings()), (Limits, Limits()), (ModelSettings, _TOLD)]:
        for field in fields(owner):
            variable = f"SPEECH_ENGINE_{field.name.upper()}"
            if variable in told:
                assert told[variable] == as_documented(getattr(default, field.name)), variable


def as_documented(value: object) -> str:
    if value is None or value == {}:
        return "—"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
