from __future__ import annotations

import asyncio
from typing import Any

import pytest

from functions.engine import api
from tests.fakes.cloudformation import LOGICAL_ID
from tests.fakes.engine_function import EngineStage, open_engine_stage, properties
from tests.fakes.faulty_platform import Fault
from tests.fakes.moto_account import put_secret


async def delete(stage: EngineStage, physical_id: str, **others: str) -> dict[str, Any]:
    """Ask for the engine's end."""
    return await stage.run("Delete", properties=properties(**others), physical_id=physical_id)


async def test_delete_twice_succeeds_twice() -> None:
    """The engine goes, and a Delete that finds it gone has nothing to complain about."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        first = await delete(stage, engine_id)
        assert stage.engines == []
        second = await delete(stage, engine_id)
    assert first["Status"] == second["Status"] == "SUCCESS"
    assert first["PhysicalResourceId"] == engine_id


@pytest.mark.parametrize(
    "stand_in",
    [
        f"unsettled-{LOGICAL_ID}",
        f"not-created-{LOGICAL_ID}",
        f"voice-Api-{LOGICAL_ID}-1O3XAMPLE",  # CloudFormation's own, when no answer came
    ],
)
async def test_delete_by_a_stand_in_finds_the_engine_by_its_tag(stand_in: str) -> None:
    """An engine whose id never reached CloudFormation is deleted, other stacks' are not."""
    async with open_engine_stage() as stage:
        other = stage.platform.create_engine(ws_url="wss://other.example.com/ws")
        await stage.create()
        answer = await delete(stage, stand_in)
    assert answer["Status"] == "SUCCESS"
    assert stage.engine.id == other.id


@pytest.mark.parametrize("kind", ["not-created", "unsettled"])
async def test_delete_of_what_was_never_created_succeeds(kind: str) -> None:
    """A stand-in for nothing is deleted by finding nothing."""
    async with open_engine_stage() as stage:
        answer = await delete(stage, f"{kind}-{LOGICAL_ID}")
    assert answer["Status"] == "SUCCESS"
    assert set(stage.line.methods) == {"GET"}


@pytest.mark.parametrize("key", ["sk_test_revoked", "changeme"])
async def test_delete_with_a_bad_key_fails_and_names_the_switch(key: str) -> None:
    """The event names the engine, the remedy, and the setting that leaves it behind."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        put_secret(stage.key_arn, key)
        answer = await delete(stage, engine_id)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", engine_id)
    assert f"engine {engine_id} is not deleted" in answer["Reason"]
    assert 'engine.on_key_refused = "orphan"' in answer["Reason"]
    assert "OnKeyRefused=orphan" in answer["Reason"]
    assert f"--stack-name voice-Api --retain-resources {LOGICAL_ID}`" in answer["Reason"]
    assert stage.engine.id == engine_id


@pytest.mark.parametrize("key", ["sk_test_revoked", "changeme"])
async def test_delete_may_orphan_the_engine(key: str, caplog: pytest.LogCaptureFixture) -> None:
    """With the switch a bad key does not keep the stack; the log names what stays behind."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        put_secret(stage.key_arn, key)
        answer = await delete(stage, engine_id, OnKeyRefused="orphan")
    assert answer["Status"] == "SUCCESS"
    assert f"engine {engine_id} is orphaned" in caplog.text
    assert stage.engine.id == engine_id


async def test_delete_orphans_nothing_while_the_key_is_good() -> None:
    """The switch alone leaves nothing behind."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        answer = await delete(stage, engine_id, OnKeyRefused="orphan")
    assert answer["Status"] == "SUCCESS"
    assert stage.engines == []


@pytest.mark.parametrize("switch", ["fail", "orphan"])
async def test_delete_orphans_nothing_in_an_outage(switch: str) -> None:
    """An outage fails the delete whatever the switch says: the key was not refused."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        stage.fail(*[Fault("DELETE", 503, {"message": "Back soon"})] * 4)
        answer = await delete(stage, engine_id, OnKeyRefused=switch)
    assert answer["Reason"] == "ElevenLabs is not available (503: Back soon)"
    assert stage.engine.id == engine_id


@pytest.mark.parametrize("status", [0, 429, 500])
@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
async def test_delete_of_unknown_outcome_is_repeated(status: int, done: bool) -> None:
    """Whether or not the first request was acted on, the engine is gone and the answer good."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        stage.fail(Fault("DELETE", status, done=done))
        answer = await delete(stage, engine_id)
    assert answer["Status"] == "SUCCESS"
    assert stage.engines == []


async def test_delete_that_times_out_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that never answers is asked again."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        stage.fail(Fault("DELETE", hangs=True))
        monkeypatch.setattr(api, "REQUEST_SECONDS", 0.3)
        answer = await delete(stage, engine_id)
    assert answer["Status"] == "SUCCESS"
    assert stage.engines == []


async def test_delete_does_not_read_the_engines_properties() -> None:
    """Properties that no create could take do not keep the stack from going."""
    async with open_engine_stage() as stage:
        engine_id = await stage.create()
        answer = await delete(stage, engine_id, Engine="{", WsUrl="", HeaderName="")
    assert answer["Status"] == "SUCCESS"
    assert stage.engines == []


async def test_handler_serves_lambda() -> None:
    """The entry point that the stack names answers with the real clock."""
    from functions.engine.handler import handler
    from tests.fakes.cloudformation import FakeContext

    async with open_engine_stage() as stage:
        event = stage.mailbox.event("Create", properties())
        await asyncio.to_thread(handler, event, FakeContext())
        assert stage.mailbox.answers[0]["PhysicalResourceId"] == stage.engine.id
