"""The public surface beside that of the official Python SDK: every name, parameter and default."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import elevenlabs.speech_engine as official
import pytest
from elevenlabs.speech_engine.resource import (
    verify_speech_engine_jwt as official_verify_speech_engine_jwt,
)

import speech_engine as ours
from tests.fakes.tokens import API_KEY, OTHER_API_KEY, sign_token

NAMES = [
    "SpeechEngineServer",
    "SpeechEngineResource",
    "SpeechEngineSession",
    "ConversationMessage",
    "INIT",
    "USER_TRANSCRIPT",
    "CLOSE",
    "ERROR",
    "DISCONNECTED",
]
HANDLERS = ["on_init", "on_transcript", "on_close", "on_disconnect", "on_error"]


def parameters(function: Any) -> dict[str, inspect.Parameter]:
    return {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
    }


@pytest.mark.parametrize("name", NAMES)
def test_surface_has_every_name_of_the_sdk(name: str) -> None:
    """What the SDK's module exports for servers is exported here, too."""
    assert hasattr(official, name)
    assert name in ours.__all__
    assert hasattr(ours, name)


@pytest.mark.parametrize("name", ours.__all__)
def test_surface_names_exist(name: str) -> None:
    """Every exported name is there."""
    assert getattr(ours, name) is not None


@pytest.mark.parametrize("name", ["INIT", "USER_TRANSCRIPT", "CLOSE", "ERROR", "DISCONNECTED"])
def test_surface_events_have_the_same_names(name: str) -> None:
    """The event constants are the SDK's strings."""
    assert getattr(ours, name) == getattr(official, name)


@pytest.mark.parametrize(
    ("member", "left_out"),
    [
        ("SpeechEngineServer.__init__", set()),
        ("SpeechEngineServer.handle_connection", set()),
        ("SpeechEngineServer.serve", set()),
        ("SpeechEngineServer.stop", set()),
        ("SpeechEngineResource.__init__", {"client_wrapper", "response"}),
        ("SpeechEngineResource.serve", set()),
        ("SpeechEngineResource.create_session", set()),
        ("SpeechEngineResource.verify_request", set()),
        ("SpeechEngineSession.__init__", set()),
        ("SpeechEngineSession.on", set()),
        ("SpeechEngineSession.off", set()),
        ("SpeechEngineSession.once", set()),
        ("SpeechEngineSession.run", set()),
        ("SpeechEngineSession.send_response", set()),
        ("SpeechEngineSession.close", set()),
    ],
)
def test_surface_calls_for_the_sdk_fit(member: str, left_out: set[str]) -> None:
    """Each parameter of the SDK's is here by the same name, in the same place, same default."""
    class_name, name = member.split(".")
    theirs = getattr(getattr(official, class_name), name)
    own = getattr(getattr(ours, class_name), name)
    assert inspect.iscoroutinefunction(theirs) == inspect.iscoroutinefunction(own)
    mine = parameters(own)
    positional = [key for key, value in mine.items() if value.kind is not value.KEYWORD_ONLY]
    for index, (key, parameter) in enumerate(parameters(theirs).items()):
        if key in left_out or key == "self":
            continue
        assert key in mine, f"{member} lacks {key}"
        if parameter.default is not parameter.empty:
            assert mine[key].default == parameter.default
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            assert positional[index] == key


@pytest.mark.parametrize("name", HANDLERS)
def test_surface_takes_every_handler_of_the_sdk(name: str) -> None:
    """The SDK's handler keywords are accepted by server, engine and attachment."""
    handler: dict[str, Any] = {name: lambda *_: None}
    ours.SpeechEngineServer(**handler)


@pytest.mark.parametrize("name", ["conversation_id", "is_open"])
def test_surface_session_properties_are_there(name: str) -> None:
    """The session's documented properties exist."""
    assert isinstance(getattr(official.SpeechEngineSession, name), property)
    assert isinstance(getattr(ours.SpeechEngineSession, name), property)


def test_surface_engine_knows_its_id() -> None:
    """An engine is made of its id, by position like the SDK's, and shows it."""
    assert ours.SpeechEngineResource("seng_1").engine_id == "seng_1"
    assert ours.SpeechEngineResource("seng_1", api_key=API_KEY).engine_id == "seng_1"


def official_reason(token: str, api_key: str) -> str | None:
    try:
        official_verify_speech_engine_jwt(token, api_key)
    except ValueError as refusal:
        return str(refusal)
    return None


def own_reason(token: str, api_key: str) -> str | None:
    try:
        ours.verify_speech_engine_jwt(token, api_key)
    except ValueError as refusal:
        return str(refusal)
    return None


REASONS = [
    "expected 3 parts",
    "failed to decode payload",
    "signature mismatch",
    "expected issuer",
    "expected subject",
    "missing exp",
    "missing iat",
    "expired",
    "iat is in the future",
]


@pytest.mark.parametrize(
    ("token", "api_key"),
    [
        ("a.b", API_KEY),
        ("a.!.c", API_KEY),
        (sign_token(), OTHER_API_KEY),
        (sign_token(iss="x"), API_KEY),
        (sign_token(sub="x"), API_KEY),
        (sign_token(exp="soon"), API_KEY),
        (sign_token(iat=None), API_KEY),
        (sign_token(exp=1), API_KEY),
        (sign_token(iat=10**11), API_KEY),
        (sign_token(), API_KEY),
        (f"bearer {sign_token()} ", f" {API_KEY}_residency_in "),
    ],
)
def test_surface_token_check_agrees_with_the_sdk(token: str, api_key: str) -> None:
    """Both accept the same tokens and name the same reason for refusing the others."""
    theirs = official_reason(token, api_key)
    own = own_reason(token, api_key)
    assert (theirs is None) == (own is None)
    if theirs is not None and own is not None:
        named = [reason for reason in REASONS if reason in theirs]
        assert len(named) == 1
        assert named[0] in own


def test_surface_import_brings_no_heavy_library() -> None:
    """Importing the runtime loads no HTTP client, no web framework, no pydantic, no AWS."""
    code = (
        "import sys, speech_engine;print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(Path(ours.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(run.stdout.split())
    assert "speech_engine" in loaded
    assert not loaded & {
        "httpx",
        "requests",
        "aiohttp",
        "pydantic",
        "starlette",
        "fastapi",
        "uvicorn",
        "boto3",
        "botocore",
        "elevenlabs",
        "openai",
        "cryptography",
        "agents",
        "service",
        "local",
    }
