from __future__ import annotations

from infra.settings import engine_body
from tests.fakes.environments import environment_with


def test_engine_body_says_what_the_stack_rests_on() -> None:
    """Without any setting, only name, language, length, access and overrides are said."""
    assert engine_body(environment_with(name="dev")) == {
        "name": "speech-engine-dev",
        "language": "en",
        "conversation": {"max_duration_seconds": 600},
        "auth": {"enable_auth": True},
        "overrides": {"first_message": True},
        "speech_engine": {"request_headers": {}},
    }


def test_engine_body_has_every_block_that_is_set() -> None:
    """Each set key of each block travels under the name it has in the API, and no other."""
    settings = {
        "engine.name": "Concierge",
        "engine.language": "de",
        "engine.tags": ["voice"],
        "engine.asr": {"provider": "scribe_v2_turbo", "keywords": ["Fargate"]},
        "engine.tts": {"voice_id": "v1", "stability": 1},
        "engine.turn": {"turn_timeout": 5, "speculative_turn": False},
        "engine.vad": {"background_voice_detection": True},
        "engine.conversation": {"text_only": True, "max_duration_seconds": 900},
        "engine.privacy": {"record_voice": False},
        "engine.call_limits": {"daily_limit": 0},
        "engine.auth": {"enable_auth": False},
        "engine.overrides": {"first_message": False},
        "engine.cascade_timeout_seconds": 6.5,
    }
    assert engine_body(environment_with({**settings, "engine.on_key_refused": "orphan"})) == {
        **{key.removeprefix("engine."): value for key, value in settings.items()},
        "speech_engine": {"request_headers": {}},
    }


def test_engine_body_sends_request_headers_as_the_api_takes_them() -> None:
    """Text, dynamic variables and workspace secrets each have the API's own shape."""
    headers = {
        "X-Tenant": "a",
        "X-Customer": {"variable_name": "customer"},
        "X-Token": {"secret_id": "secret"},
    }
    body = engine_body(environment_with({"engine.request_headers": headers}))
    assert body["speech_engine"] == {"request_headers": headers}


def test_engine_body_brings_the_user_ticket_back() -> None:
    """With user tickets on, the platform hands the ticket's variable to the server."""
    environment = environment_with(
        {
            "token.user_ticket": True,
            "token.jwt.issuer": "https://auth.example.com/",
            "token.jwt.audience": ["voice"],
        }
    )
    assert engine_body(environment)["speech_engine"]["request_headers"] == {
        "X-Speech-Engine-User": {"variable_name": "user_ticket"}
    }
