"""The service's settings: environment variables in, one frozen and validated object out.

Every variable is read here, once, and nowhere else. What the variables mean is written down in
docs/configuration.md; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from service import values
from service.model_settings import MODEL_VARIABLES, ModelSettings, take_model_settings
from service.secret import RotatingSecret, parse_secret
from service.variables import PREFIX, Reader, SettingsError, variable
from speech_engine import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

API_KEY = "ELEVENLABS_API_KEY"
# The only value that turns authentication off: nobody types it by habit.
ACCEPT_ANYONE = "accept-anyone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the service can be told. Durations are seconds; defaults suit one laptop."""

    api_key: RotatingSecret | None = None
    host: str = "127.0.0.1"
    port: int = 3001
    ws_path: str = "/ws"
    agent: str = "agent"
    assistant: ModelSettings = field(default_factory=ModelSettings)
    environment: str | None = None
    header_name: str | None = None
    header_secret: RotatingSecret | None = None
    engine_id_header: str = "X-Speech-Engine-Id"
    limits: Limits = field(default_factory=Limits)
    # Below Fargate's longest stop timeout of 120 s, with room for the closing frames:
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    stop_grace_seconds: float = 110.0
    log_level: str = "info"
    log_format: str = "json"
    debug_transcripts: bool = False
    disable_auth: bool = False
    uvloop: str = "auto"
    transcript_table: str | None = None
    transcript_days: int = 30
    transcript_shards: int = 4
    transcript_text: str = "keep"
    transcript_buffer_mib: int = 32
    transcript_redaction: str = "redact"
    transcript_redaction_locales: tuple[str, ...] = ("en_US",)
    transcript_redaction_patterns: Mapping[str, str] = field(default_factory=dict)


_PARSERS: dict[str, Callable[[str], object]] = {
    "host": values.host_name,
    "port": values.whole_number(0, 65535),
    "ws_path": values.url_path,
    "agent": str,
    "environment": values.label,
    "header_name": values.header_name,
    "header_secret": parse_secret,
    "engine_id_header": values.header_name,
    "stop_grace_seconds": values.seconds(0, 86400),
    "log_level": values.choice("debug", "info", "warning", "error"),
    "log_format": values.choice("json", "text"),
    "debug_transcripts": values.switch,
    "uvloop": values.choice("auto", "on", "off"),
    "transcript_table": values.table_name,
    "transcript_days": values.whole_number(1, 36500),
    "transcript_shards": values.whole_number(1, 1000),
    "transcript_text": values.choice("keep", "drop"),
    "transcript_buffer_mib": values.whole_number(1, 4096),
    "transcript_redaction": values.choice("off", "redact"),
    "transcript_redaction_locales": values.redaction_locales,
    "transcript_redaction_patterns": values.redaction_patterns,
}


def variable_names() -> tuple[str, ...]:
    """Every environment variable that the service reads."""
    own = (*_PARSERS, "disable_auth", *(limit.name for limit in fields(Limits)))
    return (API_KEY, *(variable(name) for name in own), *MODEL_VARIABLES)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check the whole environment.

    Raises SettingsError with all that is wrong, not only the first finding. Empty variables count
    as unset. A variable with the service's prefix that it does not know is an error.
    """
    reader = Reader(environ)
    chosen: dict[str, Any] = {
        name: reader.take(variable(name), parse, None) for name, parse in _PARSERS.items()
    }
    settings = Settings(
        api_key=reader.take(API_KEY, parse_secret, None),
        assistant=take_model_settings(reader),
        limits=_read_limits(reader),
        disable_auth=reader.take(variable("disable_auth"), _parse_disable_auth, False),
        **{name: value for name, value in chosen.items() if value is not None},
    )
    problems = reader.problems + _contradictions(settings, reader) + _strangers(environ)
    if problems:
        raise SettingsError(problems)
    return settings


def _read_limits(reader: Reader) -> Limits:
    chosen: dict[str, Any] = {}
    for limit in fields(Limits):
        parse = values.whole_number(1) if isinstance(limit.default, int) else values.seconds(0.001)
        chosen[limit.name] = reader.take(variable(limit.name), parse, limit.default)
    return Limits(**chosen)


def _parse_disable_auth(text: str) -> bool:
    if text != ACCEPT_ANYONE:
        raise ValueError(
            f"is {values.quote(text)}; only {ACCEPT_ANYONE!r} lets callers in unchecked"
        )
    return True


def _contradictions(settings: Settings, reader: Reader) -> list[str]:
    problems = []
    if not settings.disable_auth and not reader.has(API_KEY):
        problems.append(
            f"{API_KEY} is missing; set it to the API key of the ElevenLabs workspace"
            " whose engine calls this server"
        )
    name, secret = variable("header_name"), variable("header_secret")
    if reader.has(name) != reader.has(secret):
        present, absent = (name, secret) if reader.has(name) else (secret, name)
        problems.append(f"{absent} is missing; {present} is set, and one needs the other")
    return problems


def _strangers(environ: Mapping[str, str]) -> list[str]:
    known = variable_names()
    strangers = [name for name in environ if name.startswith(PREFIX) and name not in known]
    return [f"{name} is unknown; {_suggest(name, known)}" for name in sorted(strangers)]


def _suggest(name: str, known: tuple[str, ...]) -> str:
    # Without the prefix, which would make any two names look alike.
    endings = [other.removeprefix(PREFIX) for other in known if other.startswith(PREFIX)]
    close = get_close_matches(name.removeprefix(PREFIX), endings, n=1)
    return f"did you mean {PREFIX}{close[0]}?" if close else "see docs/configuration.md"
