from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.engine_function import (
    HEADER_SECRET,
    WS_URL,
    EngineStage,
    open_engine_stage,
    properties,
)
from tests.fakes.faulty_platform import Fault
from tests.fakes.moto_account import put_secret


async def update(
    stage: EngineStage,
    engine_id: str,
    new: dict[str, Any],
    old: dict[str, Any] | None = None,
    **others: str,
) -> dict[str, Any]:
    """Ask for the engine to become `new`, which was `old`."""
    return await stage.run(
        "Update",
        properties=properties(new, **others),
        old=properties(old),
        physical_id=engine_id,
    )


async def test_update_changes_the_engine_and_keeps_its_id() -> None:
    """Every kind of setting changes in place; clients go on with the id they have."""
    new = {
        "name": "Help",
        "tts": {"speed": 0.9},
        "overrides": {"first_message": True},
        "vad": {"background_voice_detection": True},
        "auth": {"enable_auth": False},
    }
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        answer = await update(stage, engine_id, new, WsUrl="wss://other.example.com/ws")
    settings = stage.engine.settings
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == answer["Data"]["EngineId"] == engine_id
    assert (settings.name, settings.tts.speed) == ("Help", 0.9)
    assert settings.overrides.first_message
    assert settings.vad == {"background_voice_detection": True}
    assert not settings.auth.enable_auth
    assert settings.speech_engine.ws_url == "wss://other.example.com/ws"
    assert settings.speech_engine.request_headers["X-Speech-Engine-Id"] == engine_id


async def test_update_repeated_comes_to_the_same() -> None:
    """The same update twice answers twice alike."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        first = await update(stage, engine_id, {"name": "Help"})
        assert await update(stage, engine_id, {"name": "Help"}) == first
    assert stage.engine.settings.name == "Help"


async def test_update_brings_removed_settings_back_to_their_defaults() -> None:
    """What the file no longer sets is what the platform documents, at any depth."""
    old = {
        "name": "Help",
        "tags": ["team-a"],
        "language": "de",
        "tts": {"speed": 0.9, "stability": 0.1},
        "conversation": {"max_duration_seconds": 60},
        "privacy": {"conversation_history_redaction": {"enabled": True, "entities": ["name"]}},
        "vad": {"background_voice_detection": True},
        "auth": {"enable_auth": False},
        "cascade_timeout_seconds": 9,
    }
    async with open_engine_stage() as stage:
        engine_id = await stage.create(old)
        answer = await update(stage, engine_id, {"tts": {"stability": 0.1}}, old)
    settings = stage.engine.settings
    assert answer["Status"] == "SUCCESS"
    assert (settings.name, settings.language) == ("Speech Engine", "en")
    assert (settings.tts.speed, settings.tts.stability) == (1.0, 0.1)
    assert settings.conversation.max_duration_seconds == 600
    assert not settings.privacy.conversation_history_redaction.enabled
    assert settings.privacy.conversation_history_redaction.entities == []
    assert settings.vad == {}
    assert settings.auth.enable_auth
    assert settings.cascade_timeout_seconds == 4
    assert len(settings.tags) == 1


async def test_update_drops_removed_request_headers() -> None:
    """A header that the file no longer names is no longer sent."""
    old = {"speech_engine": {"request_headers": {"X-Tenant": "a"}}}
    async with open_engine_stage() as stage:
        engine_id = await stage.create(old)
        await update(stage, engine_id, {}, old)
    assert set(stage.engine.settings.speech_engine.request_headers) == {
        "X-Speech-Engine-Secret",
        "X-Speech-Engine-Id",
    }


async def test_update_survives_a_default_that_nobody_knows(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where the platform refuses a null the other settings still change, and the log tells."""
    old = {"conversation": {"file_input": {"enabled": False}}, "tts": {"speed": 0.9}}
    async with open_engine_stage() as stage:
        engine_id = await stage.create(old)
        answer = await update(stage, engine_id, {"name": "Help"}, old)
    assert answer["Status"] == "SUCCESS"
    assert (stage.engine.settings.name, stage.engine.settings.tts.speed) == ("Help", 1.0)
    assert "may keep their values: ElevenLabs refused conversation.file_input" in caplog.text


async def test_update_refused_says_which_setting_and_changes_nothing() -> None:
    """A bad setting fails readably under the same id, and the rollback succeeds."""
    bad = {"name": "Help", "turn": {"turn_model": "turn_v1"}, "tts": {"speed": 9}}
    async with open_engine_stage() as stage:
        engine_id = await stage.create({"name": "Before"})
        answer = await update(stage, engine_id, bad, {"name": "Before"})
        assert answer["Status"] == "FAILED"
        assert answer["PhysicalResourceId"] == engine_id
        assert "tts.speed: " in answer["Reason"]
        assert "; turn.turn_model: " in answer["Reason"]
        assert stage.engine.settings.name == "Before"
        back = await update(stage, engine_id, {"name": "Before"}, bad)
    assert back["Status"] == "SUCCESS"


async def test_update_rolls_back_from_what_was_no_json() -> None:
    """Unreadable old properties do not stand in the way of good new ones."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        old = properties(Engine="{")
        answer = await stage.run("Update", old=old, physical_id=engine_id)
    assert answer["Status"] == "SUCCESS"


async def test_update_sends_the_header_secrets_current_value() -> None:
    """After a rotation any update brings the new value to the platform."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        rotated = {"current": "NEW0", "previous": HEADER_SECRET, "previous_until": 4e9}
        put_secret(stage.header_arn, json.dumps(rotated))
        await update(stage, engine_id, {"name": "Help"})
    headers = stage.engine.settings.speech_engine.request_headers
    assert headers["X-Speech-Engine-Secret"] == "NEW0"


async def test_update_of_the_switch_alone_needs_no_key() -> None:
    """OnKeyRefused can be set while the platform refuses the key: that is when it is needed."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        put_secret(stage.key_arn, "sk_test_revoked")
        stage.line.requests.clear()
        answer = await update(stage, engine_id, {}, OnKeyRefused="orphan")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", engine_id)
    assert stage.line.requests == []


async def test_update_replaces_an_engine_that_somebody_deleted() -> None:
    """The stack gets a new engine under a new id, and the old id's Delete does not touch it."""
    async with open_engine_stage() as stage:
        old_id = await stage.create()
        stage.platform.workspace.engines.delete(old_id)
        answer = await update(stage, old_id, {"name": "Help"})
        new_id = answer["PhysicalResourceId"]
        deleted = await stage.run("Delete", physical_id=old_id)
    assert deleted["Status"] == "SUCCESS"
    assert stage.engine.id == new_id == answer["Data"]["EngineId"] != old_id
    assert stage.engine.settings.name == "Help"


async def test_update_repeated_after_a_replacement_finds_the_new_engine() -> None:
    """An update by an outdated id goes to the engine with the tag instead of making another."""
    async with open_engine_stage() as stage:
        old_id = await stage.create()
        stage.platform.workspace.engines.delete(old_id)
        first = await update(stage, old_id, {"name": "Help"})
        second = await update(stage, old_id, {"name": "Help"})
    assert first["PhysicalResourceId"] == second["PhysicalResourceId"] == stage.engine.id


async def test_update_of_what_was_never_created_creates_it() -> None:
    """A stand-in's update, as after a failed create without rollback, makes the engine."""
    async with open_engine_stage(Fault("GET", 401)) as stage:
        failed = await stage.run("Create")
        answer = await update(stage, failed["PhysicalResourceId"], {"name": "Help"})
    assert answer["PhysicalResourceId"] == stage.engine.id
    assert stage.engine.settings.speech_engine.ws_url == WS_URL


@pytest.mark.parametrize("key", ["sk_test_revoked", "changeme"])
async def test_update_with_a_bad_key_says_what_to_type(key: str) -> None:
    """A refused and a missing key fail the update under the same id, with the advice."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        put_secret(stage.key_arn, key)
        answer = await update(stage, engine_id, {"name": "Help"})
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", engine_id)
    assert "make deploy ENV=dev" in answer["Reason"]
    assert stage.engine.settings.name == "Speech Engine"


@pytest.mark.parametrize("fault", [Fault("PATCH", 502, done=True), Fault("PATCH", done=True)])
async def test_update_of_unknown_outcome_is_repeated(fault: Fault) -> None:
    """A PATCH comes to the same when it is done twice."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        stage.fail(Fault(fault.method, fault.status, done=True))
        answer = await update(stage, engine_id, {"name": "Help"})
    assert answer["Status"] == "SUCCESS"
    assert stage.line.methods == ["PATCH", "PATCH"]
