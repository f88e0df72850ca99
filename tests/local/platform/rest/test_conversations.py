from __future__ import annotations

import asyncio
from typing import Any

import httpx
import jwt
import pytest

from local.platform import Platform
from local.platform.rest.conversations import read_multipart_file
from local.platform.rest.errors import ApiError
from tests.fakes.platform_clients import raw_client
from tests.fakes.platform_engines import echo, official_engine
from tests.fakes.platform_sdk import sdk_client

WS_URL = "wss://example.com/ws"
TOKEN_PATH = "/v1/convai/conversation/token"
SIGNED_URL_PATH = "/v1/convai/conversation/get-signed-url"


def http(platform: Platform, *, with_key: bool = True) -> httpx.AsyncClient:
    headers = {"xi-api-key": platform.api_key} if with_key else {}
    return httpx.AsyncClient(base_url=platform.url, headers=headers, trust_env=False)


async def test_token_names_room_and_participant() -> None:
    """The token is a JWT for ten minutes in the conversation's room."""
    async with Platform() as platform, http(platform) as client:
        engine = platform.create_engine(ws_url=WS_URL)
        query = {"agent_id": engine.id, "participant_name": "ada"}
        answer = (await client.get(TOKEN_PATH, params=query)).json()
    claims = jwt.decode(answer["token"], options={"verify_signature": False})
    assert claims["sub"] == "ada"
    assert claims["video"]["room"] == answer["conversation_id"]
    assert claims["exp"] - claims["nbf"] == 600


async def test_token_of_a_public_engine_needs_no_key() -> None:
    """Browsers fetch it themselves unless the engine demands authorization."""
    async with Platform() as platform, http(platform, with_key=False) as client:
        public = platform.create_engine(ws_url=WS_URL)
        private = platform.create_engine(ws_url=WS_URL, auth={"enable_auth": True})
        assert (await client.get(TOKEN_PATH, params={"agent_id": public.id})).status_code == 200
        assert (await client.get(TOKEN_PATH, params={"agent_id": private.id})).status_code == 401


async def test_signed_url_needs_a_key() -> None:
    """Without a key there is no signature."""
    async with Platform() as platform, http(platform, with_key=False) as client:
        engine = platform.create_engine(ws_url=WS_URL)
        answer = await client.get(SIGNED_URL_PATH, params={"agent_id": engine.id})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", [TOKEN_PATH, SIGNED_URL_PATH])
async def test_credentials_need_an_engine(path: str) -> None:
    """An unknown engine answers 404, a missing id 422."""
    async with Platform() as platform, http(platform) as client:
        unknown = await client.get(path, params={"agent_id": "seng_none"})
        missing = await client.get(path)
    assert unknown.status_code == 404
    assert missing.status_code == 422
    assert missing.json()["detail"][0]["loc"] == ["query", "agent_id"]


async def test_signed_url_points_at_the_simulator() -> None:
    """It keeps the documented shape on the simulator's own host."""
    async with Platform() as platform, http(platform) as client:
        engine = platform.create_engine(ws_url=WS_URL)
        url = (await client.get(SIGNED_URL_PATH, params={"agent_id": engine.id})).json()
    prefix = (
        f"{platform.ws_url}/v1/convai/conversation?agent_id={engine.id}&conversation_signature="
    )
    assert url["signed_url"].startswith(prefix)
    assert set(url) == {"signed_url"}


def read_with_python(platform: Platform, conversation_id: str) -> Any:
    with sdk_client(platform) as client:
        return client.conversational_ai.conversations.get(conversation_id)


async def test_official_client_reads_the_record() -> None:
    """ElevenLabs' Python client finds transcript and status of an ended conversation."""
    async with Platform() as platform, official_engine(on_transcript=echo) as url:
        async with raw_client(platform, url) as client:
            await client.type_text("hello")
            await client.next("agent_response")
            conversation = await platform.next_conversation()
        await conversation.ended.wait()
        record = await asyncio.to_thread(read_with_python, platform, conversation.id)
    assert record.status == "done"
    shown = [(item.role, item.message) for item in record.transcript]
    assert shown == [("user", "hello"), ("agent", "You said hello")]


async def test_feedback_and_files_belong_to_a_conversation() -> None:
    """Feedback joins the record; an uploaded file gets an id and keeps its bytes."""
    async with (
        Platform() as platform,
        official_engine() as url,
        http(platform) as client,
        raw_client(platform, url),
    ):
        conversation = await platform.next_conversation()
        base = f"/v1/convai/conversations/{conversation.id}"
        liked = await client.post(f"{base}/feedback", json={"feedback": "like"})
        upload = {"file": ("note.txt", b"one\r\ntwo\x00", "text/plain")}
        stored = await client.post(f"{base}/files", files=upload)
    assert liked.status_code == 200
    assert conversation.record.describe()["metadata"]["feedback"]["overall_score"] == "like"
    assert platform.workspace.files[stored.json()["file_id"]] == b"one\r\ntwo\x00"


@pytest.mark.parametrize(("suffix", "method"), [("", "GET"), ("/feedback", "POST")])
async def test_an_unknown_conversation_is_not_found(suffix: str, method: str) -> None:
    """A wrong id answers 404 and names it."""
    async with Platform() as platform, http(platform) as client:
        body = {"feedback": "like"} if method == "POST" else None
        url = f"/v1/convai/conversations/conv_none{suffix}"
        answer = await client.request(method, url, json=body)
    assert answer.status_code == 404
    assert "conv_none" in answer.json()["detail"]["message"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("", b""),
    ],
)
def test_a_body_without_a_file_is_refused(content_type: str, body: bytes) -> None:
    """An upload that carries no field named file is an error of the caller."""
    with pytest.raises(ApiError, match="multipart field named file"):
        read_multipart_file(content_type, body)
