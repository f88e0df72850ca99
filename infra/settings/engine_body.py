"""An environment's Speech Engine as the REST API takes it; knows neither address nor secrets.

Source: https://elevenlabs.io/docs/api-reference/speech-engine/create
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.settings.headers import USER_HEADER, USER_TICKET_VARIABLE

if TYPE_CHECKING:
    from infra.settings.environment import Environment


def engine_body(environment: Environment) -> dict[str, Any]:
    """The body that creates the engine, without its `ws_url` and the stack's own two headers.

    Only keys that the file sets are there, so that the platform's defaults stay the platform's.
    Whether clients need a token, what they may override and how long a conversation may last
    is always said, because the stack rests on it.
    """
    engine = environment.engine
    blocks = engine.model_dump(
        mode="json", exclude_none=True, exclude={"name", "request_headers", "on_key_refused"}
    )
    return {
        "name": engine.name or f"speech-engine-{environment.name}",
        **{key: value for key, value in blocks.items() if value not in ({}, [])},
        "speech_engine": {"request_headers": _request_headers(environment)},
    }


def _request_headers(environment: Environment) -> dict[str, Any]:
    headers: dict[str, Any] = environment.engine.model_dump(mode="json")["request_headers"]
    if environment.token.user_ticket:
        headers[USER_HEADER] = {"variable_name": USER_TICKET_VARIABLE}
    return headers
