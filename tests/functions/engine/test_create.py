from __future__ import annotations

import json
from typing import Any

import pytest

from functions.engine import api
from tests.fakes.engine_function import (
    API_KEY,
    HEADER_SECRET,
    WS_URL,
    EngineStage,
    open_engine_stage,
    properties,
)
from tests.fakes.faulty_platform import Fault

REFUSED = {"status": "invalid_api_key", "message": "Invalid API key"}


async def test_create_makes_an_engine_behind_the_stacks_address() -> None:
    """The answer's id is the engine's, which dials the stack with its secret and its own id."""
    async with open_engine_stage() as stage:
        answer = await stage.run("Create")
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == answer["Data"]["EngineId"] == stage.engine.id
    target = stage.engine.settings.speech_engine
    assert target.ws_url == WS_URL
    assert target.request_headers == {
        "X-Speech-Engine-Secret": HEADER_SECRET,
        "X-Speech-Engine-Id": stage.engine.id,
    }


async def test_create_sends_the_settings_of_the_template() -> None:
    """Blocks, tags and request headers of the environment's file all reach the platform."""
    engine: dict[str, Any] = {
        "name": "Support",
        "tags": ["team-a"],
        "tts": {"stability": 0.3},
        "overrides": {"first_message": True},
        "cascade_timeout_seconds": 6,
        "speech_engine": {"request_headers": {"X-Tenant": "a"}},
    }
    async with open_engine_stage() as stage:
        await stage.create(engine)
    settings = stage.engine.settings
    assert (settings.name, settings.tts.stability) == ("Support", 0.3)
    assert settings.overrides.first_message
    assert settings.cascade_timeout_seconds == 6
    assert settings.tags[0] == "team-a"
    assert settings.speech_engine.request_headers["X-Tenant"] == "a"


@pytest.mark.parametrize(("auth", "enabled"), [({}, True), ({"enable_auth": False}, False)])
async def test_create_demands_signed_clients_by_default(
    auth: dict[str, bool], enabled: bool
) -> None:
    """An engine is open to anybody only where the settings say so."""
    async with open_engine_stage() as stage:
        await stage.create({"auth": auth} if auth else {})
    assert stage.engine.settings.auth.enable_auth is enabled


async def test_create_repeated_finds_the_engine() -> None:
    """The same request twice leaves one engine, under the same id."""
    async with open_engine_stage() as stage:
        first = await stage.create()
        second = await stage.create({"name": "Changed meanwhile"})
    assert first == second == stage.engine.id
    assert stage.engine.settings.name == "Changed meanwhile"


async def test_create_finds_its_engine_behind_many_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is read to its last page."""
    monkeypatch.setattr(api, "PAGE_SIZE", 2)
    async with open_engine_stage() as stage:
        for _ in range(3):
            stage.platform.create_engine(ws_url=WS_URL, tags=["aws-stack-of-somebody-else"])
        first = await stage.create()
        assert await stage.create() == first
    assert len(stage.engines) == 4


async def test_create_reads_no_endless_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list beyond all reason fails, rather than an engine being made that may exist."""
    monkeypatch.setattr(api, "PAGE_SIZE", 1)
    monkeypatch.setattr(api, "MOST_PAGES", 2)
    async with open_engine_stage() as stage:
        for _ in range(3):
            stage.platform.create_engine(ws_url=WS_URL)
        answer = await stage.run("Create")
    assert answer["Reason"] == "ElevenLabs lists more than 2 engines"
    assert len(stage.engines) == 3


async def test_create_believes_no_page_of_a_gateway() -> None:
    """A success that is not the platform's JSON is no empty list of engines."""
    async with open_engine_stage(Fault("GET", 200, page=b"<html>welcome</html>")) as stage:
        answer = await stage.run("Create")
    assert answer["Reason"] == "ElevenLabs answered something that is not JSON"
    assert stage.engines == []


async def test_create_leaves_engines_of_other_stacks_alone() -> None:
    """Another stack's engine of the same name and address is not adopted."""
    async with open_engine_stage() as stage:
        other = stage.platform.create_engine(ws_url=WS_URL, name="Speech Engine")
        assert await stage.create() != other.id
    assert len(stage.engines) == 2


async def test_create_keeps_one_of_doubles() -> None:
    """Where a create went through twice, the older engine stays and the other goes."""
    async with open_engine_stage() as stage:
        first = await stage.create()
        stage.platform.workspace.engines.duplicate(first)
        assert await stage.create() == first
    assert stage.engine.id == first


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("status", [0, 201, 500, 504], ids=["cut", "no id", "500", "504"])
async def test_create_of_unknown_outcome_is_not_repeated_blindly(status: int, done: bool) -> None:
    """After an answer that says nothing one engine exists, whether or not it was acted on."""
    async with open_engine_stage(Fault("POST", status, done=done)) as stage:
        engine_id = await stage.create()
    assert stage.engine.id == engine_id
    assert stage.line.methods.count("POST") == (1 if done else 2)
    after = stage.line.methods.index("POST") + 1
    assert stage.line.methods[after] == "GET"


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
async def test_create_that_times_out_leaves_one_engine(
    done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A platform that never answers a create is asked what it did, not told again."""
    monkeypatch.setattr(api, "REQUEST_SECONDS", 0.3)
    async with open_engine_stage(Fault("POST", hangs=True, done=done)) as stage:
        assert await stage.create() == stage.engine.id


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        ({"tts": {"stability": 3}}, "ElevenLabs refused tts.stability: "),
        ({"asr": {"provider": "x"}, "turn": {"turn_model": "y"}}, "; turn.turn_model: "),
        ({"tts": {"model_id": "eleven_flash_v2_5"}}, "An English engine cannot use"),
    ],
)
async def test_create_refused_says_which_setting(engine: dict[str, Any], reason: str) -> None:
    """The platform's objection is the stack event's text, and no engine is left."""
    async with open_engine_stage() as stage:
        answer = await stage.run("Create", properties=properties(engine))
    assert answer["Status"] == "FAILED"
    assert reason in answer["Reason"]
    assert stage.engines == []


async def delete_after(stage: EngineStage, failed: dict[str, Any]) -> dict[str, Any]:
    """Do what CloudFormation does after a failed create."""
    assert failed["Status"] == "FAILED"
    return await stage.run("Delete", physical_id=failed["PhysicalResourceId"])


async def test_create_failed_half_way_leaves_nothing() -> None:
    """An engine that was created and then could not be completed is deleted again."""
    problem = [{"loc": ["body", "speech_engine", "request_headers"], "msg": "too many"}]
    async with open_engine_stage(Fault("PATCH", 422, problem)) as stage:
        answer = await stage.run("Create")
        assert "speech_engine.request_headers: too many" in answer["Reason"]
        assert stage.engines == []
        assert (await delete_after(stage, answer))["Status"] == "SUCCESS"


async def test_create_failed_and_not_cleaned_up_is_deleted_by_its_tag() -> None:
    """What could not be removed at once is found by the Delete that follows."""
    outage = [Fault("PATCH", 500)] * 4 + [Fault("DELETE", 500)] * 4
    async with open_engine_stage(*outage) as stage:
        answer = await stage.run("Create")
        assert len(stage.engines) == 1
        assert (await delete_after(stage, answer))["Status"] == "SUCCESS"
    assert stage.engines == []


@pytest.mark.parametrize("status", [401, 403])
async def test_create_with_a_refused_key_says_what_to_type(status: int) -> None:
    """The event tells that the key was refused and how to put another; the stack rolls back."""
    faults = [Fault("GET", status, REFUSED), Fault("GET", status, REFUSED)]
    async with open_engine_stage(*faults) as stage:
        answer = await stage.run("Create")
        assert "refused the API key" in answer["Reason"]
        assert "Invalid API key" in answer["Reason"]
        assert f"put-secret-value --secret-id {stage.key_arn}" in answer["Reason"]
        assert "then `make deploy ENV=dev`" in answer["Reason"]
        # The secret has a value, so a deployment would not ask.
        assert "asks for the key" not in answer["Reason"]
        assert (await delete_after(stage, answer))["Status"] == "SUCCESS"


@pytest.mark.parametrize("key", [None, "changeme", '{"current": ""}', "<your key>", "two words"])
async def test_create_without_a_key_fails_at_once(key: str | None) -> None:
    """No wait and no request: the event says what to type, with no key on a command line."""
    async with open_engine_stage(key=key) as stage:
        answer = await stage.run("Create")
        assert "make deploy ENV=dev" in answer["Reason"]
        advice = f"put-secret-value --secret-id {stage.key_arn} --secret-string file:///dev/stdin"
        assert advice in answer["Reason"]
        assert (stage.line.requests, stage.clock.pauses) == ([], [])
        assert (await delete_after(stage, answer))["Status"] == "SUCCESS"


@pytest.mark.parametrize("wish", [{"retry-after": "7"}, {"retry-after-ms": "7000"}], ids=str)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
async def test_create_honours_retry_after(method: str, wish: dict[str, str]) -> None:
    """A 429 is waited out for as long as it asks, also by the create itself: it did nothing."""
    slow_down = Fault(method, 429, {"code": "rate_limit_exceeded"}, headers=wish)
    async with open_engine_stage(slow_down) as stage:
        assert await stage.create() == stage.engine.id
    assert stage.clock.pauses == [7.0]


async def test_create_does_not_wait_for_hours() -> None:
    """A 429 that asks for more than a minute fails at once and passes the wish on."""
    wish = {"retry-after": "3600"}
    slow_down = Fault("POST", 429, {"message": "Too busy"}, headers=wish)
    async with open_engine_stage(slow_down) as stage:
        answer = await stage.run("Create")
    assert "429: Too busy; it asks to wait 3600 s" in answer["Reason"]
    assert stage.clock.pauses == []


async def test_create_rides_out_short_outages() -> None:
    """Requests that may be repeated are repeated, with growing pauses."""
    async with open_engine_stage(
        Fault("GET", 503), Fault("GET", 503), Fault("PATCH", 500)
    ) as stage:
        assert await stage.create() == stage.engine.id
    assert stage.clock.pauses == [1.0, 2.0, 1.0]


async def test_create_gives_up_on_long_outages() -> None:
    """An outage ends in a readable failure well within the function's five minutes."""
    busy = {"code": "service_unavailable", "message": "Back soon"}
    async with open_engine_stage(*[Fault("POST", 503, busy)] * 9) as stage:
        answer = await stage.run("Create")
    assert "503: service_unavailable Back soon" in answer["Reason"]
    assert stage.clock.seconds < 120
    assert stage.engines == []


async def test_create_without_the_platform_fails_readably() -> None:
    """Where nobody listens the event says so."""
    async with open_engine_stage() as stage:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ELEVENLABS_URL", "http://127.0.0.1:1")
            answer = await stage.run("Create")
    assert answer["Reason"].startswith("ElevenLabs can't be reached: Connection refused")


async def test_create_sends_no_key_in_clear() -> None:
    """A host that is neither https nor on loopback gets no request, and the setting is named."""
    async with open_engine_stage() as stage:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ELEVENLABS_URL", "http://api.example.com")
            answer = await stage.run("Create")
    assert answer["Reason"].startswith("http://api.example.com can't be called: an address must be")
    assert answer["Reason"].endswith("check elevenlabs.host")


async def test_create_does_not_trust_an_outdated_list() -> None:
    """An engine that is listed and no longer there is replaced by a new one."""
    async with open_engine_stage() as stage:
        first = await stage.create()
        stage.fail(Fault("PATCH", 404, {"code": "speech_engine_not_found"}))
        second = await stage.create()
    assert second != first


async def test_create_ends_within_the_functions_time() -> None:
    """With little time left, waiting gives way to a failure that says what was going on."""
    async with open_engine_stage(*[Fault("GET", 503, {"message": "Later"})] * 9) as stage:
        answer = await stage.run("Create", seconds=6.0)
    assert "503: Later" in answer["Reason"]
    assert stage.clock.seconds < 6


@pytest.mark.parametrize("name", ["WsUrl", "HeaderName", "IdHeader"])
async def test_create_needs_its_properties(name: str) -> None:
    """A template without one of them is told which."""
    async with open_engine_stage() as stage:
        answer = await stage.run("Create", properties=properties(**{name: ""}))
    assert f"no property {name}" in answer["Reason"]


@pytest.mark.parametrize("text", ["", "{", "[]", "7"])
async def test_create_needs_an_engine_in_json(text: str) -> None:
    """An Engine property that holds no JSON object is named."""
    async with open_engine_stage() as stage:
        answer = await stage.run("Create", properties=properties(Engine=text))
    assert answer["Reason"] == "The property Engine is not the text of a JSON object"


async def test_create_never_shows_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Even a platform that quotes key and header secret gets neither into log or event."""
    echo = {"message": f"bad request with {API_KEY} and {HEADER_SECRET}"}
    async with open_engine_stage(Fault("GET", 500, echo), Fault("POST", 400, echo)) as stage:
        answer = await stage.run("Create")
    assert "bad request with (hidden) and (hidden)" in answer["Reason"]
    told = json.dumps(stage.mailbox.answers) + caplog.text
    assert API_KEY not in told
    assert HEADER_SECRET not in told
