"""The door of the conversation WebSocket: who may come in, and to which engine they are led.

Source: https://elevenlabs.io/docs/api-reference/agents-platform/websocket
"""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter
from starlette.websockets import WebSocket

from local.platform.clock import finish_within
from local.platform.conversation.client import ClientChannel, MalformedFrameError
from local.platform.conversation.conversation import Conversation
from local.platform.conversation.initiation import (
    Initiation,
    RefusedError,
    read_initiation,
    resolve_headers,
)
from local.platform.credentials import UPSTREAM_HEADER
from local.platform.dialling import open_connection
from local.platform.engines import Engine
from local.platform.json_types import JsonObject
from local.platform.origins import is_allowed_origin
from local.platform.workspace import Workspace, new_conversation_id

INITIATION_SECONDS = 10.0
POLICY_VIOLATION = 1008
SUBPROTOCOL = "convai"

router = APIRouter()


@router.websocket("/v1/convai/conversation")
async def converse(websocket: WebSocket) -> None:
    """Hold one conversation, or close the socket with the reason why not."""
    workspace: Workspace = websocket.app.state.workspace
    # A browser that offers a subprotocol fails the handshake unless it is selected.
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    client = ClientChannel(websocket)
    try:
        conversation, headers = await _admit(workspace, websocket, client)
    except RefusedError as refusal:
        await client.close(refusal.close_code, refusal.reason)
        return
    url = conversation.engine.settings.speech_engine.ws_url
    dial = partial(open_connection, url, headers, ssl_context=workspace.upstream_ssl)
    await conversation.run(dial)


async def _admit(
    workspace: Workspace, websocket: WebSocket, client: ClientChannel
) -> tuple[Conversation, dict[str, str]]:
    """Check everything that can be checked before the engine is dialled. Raises `RefusedError`."""
    if not is_allowed_origin(websocket.headers.get("origin")):
        reason = "The simulator talks to pages from this machine only"
        raise RefusedError(POLICY_VIOLATION, reason)
    engine = _find_engine(workspace, websocket.query_params.get("agent_id", ""))
    conversation_id = _authorize(workspace, websocket, engine) or new_conversation_id()
    _check_concurrency(workspace, engine)
    initiation = await _receive_initiation(workspace, client, engine)
    headers = resolve_headers(engine, initiation.dynamic_variables, workspace.secrets)
    headers[UPSTREAM_HEADER] = workspace.credentials.sign_upstream()
    conversation = Conversation(
        conversation_id,
        engine,
        initiation,
        client,
        clock=workspace.clock,
        script=workspace.script_of(engine),
        characters_per_second=workspace.characters_per_second,
    )
    workspace.conversations[conversation_id] = conversation
    engine.call_times.append(workspace.clock.time())
    return conversation, headers


def _find_engine(workspace: Workspace, engine_id: str) -> Engine:
    try:
        return workspace.engines.get(engine_id)
    except KeyError:
        reason = "The AI agent you are trying to reach does not exist."
        raise RefusedError(POLICY_VIOLATION, reason) from None


def _authorize(workspace: Workspace, websocket: WebSocket, engine: Engine) -> str | None:
    """Return the conversation id that the client's credential is bound to, if there is one."""
    credential = websocket.query_params.get("conversation_signature") or _bearer(websocket)
    if credential:
        try:
            return workspace.credentials.redeem(credential, engine.id)
        except PermissionError as error:
            raise RefusedError(POLICY_VIOLATION, str(error)) from None
    if engine.settings.auth.enable_auth:
        reason = "This agent requires conversations to be authorized: use a signed URL or a token"
        raise RefusedError(POLICY_VIOLATION, reason)
    return None


def _bearer(websocket: WebSocket) -> str | None:
    """Return the token that the JavaScript client offers as a subprotocol."""
    offered: list[str] = websocket.scope.get("subprotocols", [])
    return next((p.removeprefix("bearer.") for p in offered if p.startswith("bearer.")), None)


def _check_concurrency(workspace: Workspace, engine: Engine) -> None:
    limit = engine.settings.call_limits.agent_concurrency_limit
    live = sum(
        conversation.engine is engine and conversation.record.ending is None
        for conversation in workspace.conversations.values()
    )
    if 0 <= limit <= live:
        raise RefusedError(POLICY_VIOLATION, "The agent has reached its limit of conversations")


async def _receive_initiation(
    workspace: Workspace, client: ClientChannel, engine: Engine
) -> Initiation:
    receiving = _next_initiation(client)
    try:
        frame = await finish_within(receiving, INITIATION_SECONDS, workspace.clock)
    except MalformedFrameError as error:
        raise RefusedError(POLICY_VIOLATION, f"Invalid message received: {error}") from None
    except TimeoutError:
        reason = "No conversation_initiation_client_data was received"
        raise RefusedError(POLICY_VIOLATION, reason) from None
    return read_initiation(frame, engine)


async def _next_initiation(client: ClientChannel) -> JsonObject:
    """Read frames up to the initiation; an on-premises set-up frame may come before it."""
    while (frame := await client.receive()) is not None:
        if frame.get("type") == "conversation_initiation_client_data":
            return frame
    raise RefusedError(1000, "The client left before the conversation began")
