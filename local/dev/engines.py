"""The throwaway engine of one run: created and deleted through the platform's REST interface.

https://elevenlabs.io/docs/api-reference/speech-engine/create
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_LIMIT_SECONDS = 15.0
# What a text client needs besides the defaults: the parts of an answer as they come.
_CLIENT_EVENTS = [
    "conversation_initiation_metadata",
    "ping",
    "audio",
    "interruption",
    "user_transcript",
    "agent_response",
    "agent_response_correction",
    "agent_chat_response_part",
]


class EngineError(Exception):
    """The platform refused or can't be reached; the message is one line with the remedy."""


class EngineClient:
    """Creates and deletes engines with one API key at one address."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        is_local = urlsplit(base_url).hostname in {"127.0.0.1", "localhost", "::1"}
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={"xi-api-key": api_key},
            timeout=_LIMIT_SECONDS,
            trust_env=not is_local,  # a proxy of the environment has no business with loopback
        )

    async def create(self, *, name: str, ws_url: str, enable_auth: bool) -> str:
        """Create an engine that dials `ws_url`; returns its id. Never repeated: it has no key."""
        body = {
            "name": name,
            "tags": ["make-dev"],
            "speech_engine": {"ws_url": ws_url},
            "conversation": {"client_events": _CLIENT_EVENTS},
            "auth": {"enable_auth": enable_auth},
        }
        answer = await self._request("POST", "/v1/speech-engine", body)
        engine_id = answer.json().get("speech_engine_id")
        if not isinstance(engine_id, str):
            raise EngineError(f"{self._base_url} created an engine without telling its id")
        return engine_id

    async def delete(self, engine_id: str) -> None:
        """Delete an engine; one that is gone already is no error."""
        await self._request("DELETE", f"/v1/speech-engine/{engine_id}", None, also_good=404)

    def url_of(self, engine_id: str) -> str:
        """The engine's own address."""
        return f"{self._base_url}/v1/speech-engine/{engine_id}"

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def _request(
        self, method: str, path: str, body: object, also_good: int | None = None
    ) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise EngineError(
                f"{self._base_url} can't be reached: {type(error).__name__}; check the network"
            ) from None
        if answer.is_success or answer.status_code == also_good:
            return answer
        raise EngineError(_describe(answer, self._base_url))


@contextlib.asynccontextmanager
async def throwaway_engine(
    client: EngineClient, *, ws_url: str, requires_auth: bool
) -> AsyncIterator[str]:
    """An engine that exists while the block runs; yields its id.

    Raises EngineError, also when it could not be deleted: then it tells how to do it by hand.
    """
    name = f"make dev {secrets.token_hex(4)}"
    creation = asyncio.create_task(
        client.create(name=name, ws_url=ws_url, enable_auth=requires_auth)
    )
    try:
        engine_id = await asyncio.shield(creation)
    except asyncio.CancelledError:
        # The request is on its way: only its answer tells what there is to delete.
        await _delete(client, await creation)
        raise
    try:
        yield engine_id
    finally:
        await _delete(client, engine_id)


async def _delete(client: EngineClient, engine_id: str) -> None:
    try:
        await client.delete(engine_id)
    except EngineError as error:
        raise EngineError(
            f"the throwaway engine {engine_id} is NOT deleted: {error}. Delete it by hand: curl -X"
            f' DELETE -H "xi-api-key: $ELEVENLABS_API_KEY" {client.url_of(engine_id)}'
        ) from None


def _describe(answer: httpx.Response, base_url: str) -> str:
    if answer.status_code in {401, 403}:
        return (
            f"{base_url} refused ELEVENLABS_API_KEY ({answer.status_code} {_reason(answer)});"
            " check the key and its permissions"
        )
    return f"{base_url} answered {answer.status_code}: {_reason(answer)}"


def _reason(answer: httpx.Response) -> str:
    """The platform's own words, in any of its error shapes, on one line of bounded length."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
    first = detail[0] if isinstance(detail, list) and detail else detail
    text = first.get("message") or first.get("msg") if isinstance(first, dict) else first
    return " ".join(str(text or answer.reason_phrase).split())[:200]
