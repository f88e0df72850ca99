"""What a client asks for when it starts a conversation, and whether the engine allows it.

Opens nothing and sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from local.platform.engines import Engine
from local.platform.json_types import JsonObject
from local.platform.rest.models import DynamicVariable, SecretLocator


class RefusedError(Exception):
    """A conversation that does not start: WebSocket close code, and a reason for people."""

    def __init__(self, close_code: int, reason: str) -> None:
        super().__init__(reason)
        self.close_code = close_code
        self.reason = reason


@dataclass(frozen=True)
class Initiation:
    """The client's wishes, checked."""

    first_message: str | None = None
    text_only: bool = False
    dynamic_variables: JsonObject = field(default_factory=dict)
    user_id: str | None = None
    source: str | None = None
    raw: JsonObject = field(default_factory=dict)


def read_initiation(frame: JsonObject, engine: Engine) -> Initiation:
    """Read a `conversation_initiation_client_data` frame. Raises `RefusedError`."""
    override = _block(frame, "conversation_config_override")
    # Python's client puts text_only at the top, JavaScript's into the conversation block.
    text_only = override.get("text_only") or _block(override, "conversation").get("text_only")
    first_message = _block(override, "agent").get("first_message")
    _check_overrides(override, engine)
    return Initiation(
        first_message=str(first_message) if first_message else None,
        text_only=bool(text_only) or engine.settings.conversation.text_only,
        dynamic_variables=_block(frame, "dynamic_variables"),
        user_id=frame.get("user_id"),
        source=_block(frame, "source_info").get("source"),
        raw=frame,
    )


def resolve_headers(
    engine: Engine, variables: Mapping[str, object], secret_values: Mapping[str, str]
) -> dict[str, str]:
    """Return the engine's own request headers, values filled in. Raises `RefusedError`."""
    headers = {}
    for name, value in engine.settings.speech_engine.request_headers.items():
        if isinstance(value, DynamicVariable):
            headers[name] = _look_up(variables, value.variable_name, "dynamic variable")
        elif isinstance(value, SecretLocator):
            headers[name] = _look_up(secret_values, value.secret_id, "secret")
        else:
            headers[name] = value
    return headers


def _look_up(values: Mapping[str, object], key: str, kind: str) -> str:
    if key not in values:
        raise RefusedError(1008, f"Missing {kind} for a request header: {key}")
    return str(values[key])


def _check_overrides(override: JsonObject, engine: Engine) -> None:
    allowed = {"text_only", "conversation.text_only"}
    if engine.settings.overrides.first_message:
        allowed.add("agent.first_message")
    for path in sorted(set(_paths(override)) - allowed):
        field_name = path.rpartition(".")[2]
        raise RefusedError(1008, f"Override for field '{field_name}' is not allowed by config.")


def _paths(override: JsonObject) -> list[str]:
    """Return the dotted names of all fields that have a value."""
    paths = []
    for key, value in override.items():
        if isinstance(value, dict):
            paths += [f"{key}.{path}" for path in _paths(value)]
        elif value is not None:
            paths.append(key)
    return paths


def _block(frame: JsonObject, key: str) -> JsonObject:
    value = frame.get(key)
    return value if isinstance(value, dict) else {}
