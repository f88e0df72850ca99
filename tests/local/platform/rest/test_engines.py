from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from elevenlabs import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors.unprocessable_entity_error import UnprocessableEntityError
from elevenlabs.types import SpeechEngineConfig, TtsConversationalConfigInput

from local.platform import Platform
from tests.fakes.platform_sdk import sdk_client

if TYPE_CHECKING:
    from elevenlabs import ElevenLabs

WS_URL = "wss://example.com/ws"
BODY = {"speech_engine": {"ws_url": WS_URL}}


def http(platform: Platform, api_key: str | None = "") -> httpx.AsyncClient:
    """Return a client with the right key, another one, or (None) none."""
    headers = {} if api_key is None else {"xi-api-key": api_key or platform.api_key}
    return httpx.AsyncClient(base_url=platform.url, headers=headers, trust_env=False)


async def test_create_echoes_every_block_with_its_defaults() -> None:
    """A minimal create answers 201 with the documented defaults of all blocks."""
    async with Platform() as platform, http(platform) as client:
        answer = await client.post("/v1/speech-engine", json=BODY)
    engine = answer.json()
    assert answer.status_code == 201
    assert engine["speech_engine_id"].startswith("seng_")
    assert engine["speech_engine"] == {"ws_url": WS_URL, "request_headers": {}}
    assert engine["asr"]["provider"] == "scribe_realtime"
    assert engine["tts"]["agent_output_audio_format"] == "pcm_16000"
    assert engine["turn"]["turn_timeout"] == 7
    assert engine["conversation"]["max_duration_seconds"] == 600
    assert engine["privacy"]["retention_days"] == -1
    assert engine["call_limits"]["daily_limit"] == 100_000
    assert engine["cascade_timeout_seconds"] == 4
    assert engine["auth"] == {"enable_auth": False}
    assert engine["overrides"] == {"first_message": False}
    assert (engine["language"], engine["tags"], engine["vad"]) == ("en", [], {})
    assert engine["metadata"]["created_from"] == "api"


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, ["body", "speech_engine"]),
        ({"speech_engine": {}}, ["body", "speech_engine", "ws_url"]),
        ({"speech_engine": {"ws_url": "https://x"}}, ["body", "speech_engine", "ws_url"]),
        ({**BODY, "asr": {"provider": "other"}}, ["body", "asr", "provider"]),
        ({**BODY, "tts": {"model_id": "eleven_v9"}}, ["body", "tts", "model_id"]),
        ({**BODY, "turn": {"turn_eagerness": "wild"}}, ["body", "turn", "turn_eagerness"]),
        ({**BODY, "cascade_timeout_seconds": 1}, ["body", "cascade_timeout_seconds"]),
        ({**BODY, "cascade_timeout_seconds": 16}, ["body", "cascade_timeout_seconds"]),
        (
            {**BODY, "conversation": {"client_events": ["noise"]}},
            ["body", "conversation", "client_events", 0],
        ),
    ],
)
async def test_create_refuses_unknown_values_with_a_list_of_problems(
    body: dict[str, Any], loc: list[Any]
) -> None:
    """A wrong value answers 422 and names the field by its path."""
    async with Platform() as platform, http(platform) as client:
        answer = await client.post("/v1/speech-engine", json=body)
    assert answer.status_code == 422
    problem = answer.json()["detail"][0]
    assert problem["loc"] == loc
    assert set(problem) == {"loc", "msg", "type"}


async def test_create_refuses_newer_models_for_english() -> None:
    """An English engine with a `_v2_5` model answers 400; a German one is created."""
    body = {**BODY, "tts": {"model_id": "eleven_flash_v2_5"}}
    async with Platform() as platform, http(platform) as client:
        english = await client.post("/v1/speech-engine", json=body)
        german = await client.post("/v1/speech-engine", json={**body, "language": "de"})
    assert english.status_code == 400
    assert "eleven_flash_v2_5" in english.json()["detail"]["message"]
    assert german.status_code == 201


@pytest.mark.parametrize(
    ("key", "status"), [(None, "needs_authorization"), ("sk_test_wrong", "invalid_api_key")]
)
async def test_requests_need_the_right_key(key: str | None, status: str) -> None:
    """A missing and a wrong key answer 401, each with its code."""
    async with Platform() as platform, http(platform, key) as client:
        answer = await client.get("/v1/speech-engine")
    assert answer.status_code == 401
    detail = answer.json()["detail"]
    assert detail["status"] == detail["code"] == status
    assert {"type", "message", "request_id"} <= set(detail)


@pytest.mark.parametrize(
    ("method", "suffix"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/duplicate")]
)
async def test_an_unknown_engine_is_not_found(method: str, suffix: str) -> None:
    """Every operation on an id that does not exist answers 404 and names the id."""
    async with Platform() as platform, http(platform) as client:
        url = f"/v1/speech-engine/seng_none{suffix}"
        answer = await client.request(method, url, json={} if method == "PATCH" else None)
    assert answer.status_code == 404
    assert "seng_none" in answer.json()["detail"]["message"]


async def test_update_merges_into_the_engine() -> None:
    """A PATCH changes what it names and returns the whole engine."""
    body = {**BODY, "tts": {"speed": 1.1, "stability": 0.3}, "tags": ["a"]}
    async with Platform() as platform, http(platform) as client:
        engine_id = (await client.post("/v1/speech-engine", json=body)).json()["speech_engine_id"]
        answer = await client.patch(
            f"/v1/speech-engine/{engine_id}",
            json={"tts": {"speed": 0.9}, "overrides": {"first_message": True}},
        )
        stored = (await client.get(f"/v1/speech-engine/{engine_id}")).json()
    assert answer.status_code == 200
    assert answer.json() == stored
    assert (stored["tts"]["speed"], stored["tts"]["stability"]) == (0.9, 0.3)
    assert stored["overrides"] == {"first_message": True}
    assert stored["tags"] == ["a"]


async def test_update_validates_as_create_does() -> None:
    """A PATCH with an unknown value answers 422 and changes nothing."""
    async with Platform() as platform, http(platform) as client:
        engine = platform.create_engine(ws_url=WS_URL)
        answer = await client.patch(
            f"/v1/speech-engine/{engine.id}", json={"name": "x", "turn": {"turn_model": "turn_v1"}}
        )
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "turn", "turn_model"]
    assert engine.settings.name == "Speech Engine"


async def test_update_cannot_take_the_address_away() -> None:
    """A null for the only required block answers 422 and names it."""
    async with Platform() as platform, http(platform) as client:
        engine = platform.create_engine(ws_url=WS_URL)
        answer = await client.patch(f"/v1/speech-engine/{engine.id}", json={"speech_engine": None})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "speech_engine"]


async def test_update_refuses_settings_that_do_not_go_together() -> None:
    """A PATCH that gives an English engine a newer model answers 400."""
    async with Platform() as platform, http(platform) as client:
        engine = platform.create_engine(ws_url=WS_URL)
        body = {"tts": {"model_id": "eleven_turbo_v2_5"}}
        answer = await client.patch(f"/v1/speech-engine/{engine.id}", json=body)
    assert answer.status_code == 400


async def test_list_answers_in_pages() -> None:
    """`has_more` and `next_cursor` lead from page to page."""
    async with Platform() as platform, http(platform) as client:
        for name in ("one", "two", "three"):
            platform.create_engine(ws_url=WS_URL, name=name)
        query: dict[str, str | int] = {"page_size": 2, "sort_by": "name", "sort_direction": "asc"}
        first = (await client.get("/v1/speech-engine", params=query)).json()
        query["cursor"] = first["next_cursor"]
        second = (await client.get("/v1/speech-engine", params=query)).json()
    assert [e["name"] for e in first["speech_engines"]] == ["one", "three"]
    assert [e["name"] for e in second["speech_engines"]] == ["two"]
    assert (first["has_more"], second["has_more"]) == (True, False)


@pytest.mark.parametrize(
    ("query", "status"),
    [({"page_size": 101}, 422), ({"sort_by": "x"}, 422), ({"cursor": "?"}, 400)],
)
async def test_list_refuses_what_it_cannot_do(query: dict[str, Any], status: int) -> None:
    """A page above 100 items, an unknown order and a foreign cursor are errors of the caller."""
    async with Platform() as platform, http(platform) as client:
        answer = await client.get("/v1/speech-engine", params=query)
    assert answer.status_code == status


async def test_answers_allow_pages_from_this_machine() -> None:
    """A preflight for the key header is granted, and answers carry the CORS header."""
    origin = {"Origin": "http://localhost:5173"}
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "xi-api-key"}
    async with Platform() as platform, http(platform) as client:
        preflight = await client.options("/v1/speech-engine", headers={**origin, **ask})
        answer = await client.get("/v1/speech-engine", headers=origin)
    assert preflight.status_code == 200
    assert "xi-api-key" in preflight.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-origin"] == origin["Origin"]


async def test_answers_are_closed_to_pages_from_elsewhere() -> None:
    """A page on the internet can reach a loopback port, and must not read it."""
    async with Platform() as platform, http(platform) as client:
        answer = await client.get("/v1/speech-engine", headers={"Origin": "https://example.com"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/rtc", "/rtc/v1", "/rtc/v1/validate"])
async def test_webrtc_is_declined_at_once(path: str) -> None:
    """LiveKit's paths answer 403, which its client takes for final."""
    async with Platform() as platform, http(platform, None) as client:
        answer = await client.get(path)
    assert answer.status_code == 403


def manage_with_python(platform: Platform) -> None:
    """Go through every operation of the official synchronous client."""
    with sdk_client(platform) as client:
        manage_engines(client)


def manage_engines(client: ElevenLabs) -> None:
    engine = client.speech_engine.create(
        name="Support",
        speech_engine=SpeechEngineConfig(ws_url=WS_URL, request_headers={"x-tenant": "a"}),
        tts=TtsConversationalConfigInput(stability=0.7),
        request_options={"additional_body_parameters": {"cascade_timeout_seconds": 6}},
    )
    assert engine.config is not None
    assert engine.config.name == "Support"
    changed = client.speech_engine.update(engine.engine_id, name="Help")
    assert changed.config is not None
    assert changed.config.name == "Help"
    assert changed.config.cascade_timeout_seconds == 6
    assert client.speech_engine.get(engine.engine_id).engine_id == engine.engine_id
    assert [e.name for e in client.speech_engine.list().speech_engines] == ["Help"]
    client.speech_engine.delete(engine.engine_id)
    with pytest.raises(ApiError) as missing:
        client.speech_engine.get(engine.engine_id)
    assert missing.value.status_code == 404


async def test_official_python_client_manages_engines() -> None:
    """ElevenLabs' Python client creates, changes, lists, reads and deletes an engine."""
    async with Platform() as platform:
        await asyncio.to_thread(manage_with_python, platform)


async def test_official_async_client_reads_errors() -> None:
    """The official client raises its own classes for 401 and 422."""
    async with Platform() as platform, httpx.AsyncClient(trust_env=False) as transport:
        options: dict[str, Any] = {"base_url": platform.url, "httpx_client": transport}
        stranger = AsyncElevenLabs(api_key="sk_test_wrong", **options)
        with pytest.raises(ApiError) as refused:
            await stranger.speech_engine.list()
        client = AsyncElevenLabs(api_key=platform.api_key, **options)
        with pytest.raises(UnprocessableEntityError):
            await client.speech_engine.create(speech_engine=SpeechEngineConfig(ws_url="nonsense"))
    assert refused.value.status_code == 401
