"""Starting and reading conversations over HTTP: tokens, signed URLs, records, feedback, files.

Sources: https://elevenlabs.io/docs/api-reference/conversations and
https://elevenlabs.io/docs/eleven-agents/customization/authentication.
"""

from __future__ import annotations

import email.policy
import secrets
from email.parser import BytesParser

from fastapi import APIRouter, Depends, Request

from local.platform.conversation.conversation import Conversation
from local.platform.json_types import JsonObject
from local.platform.rest.access import (
    ApiKeyHeader,
    SharedWorkspace,
    find_engine,
    require_api_key,
)
from local.platform.rest.errors import invalid_request, not_found
from local.platform.rest.models import Feedback
from local.platform.workspace import Workspace, new_conversation_id

router = APIRouter(prefix="/v1/convai")


@router.get("/conversation/token")
async def get_token(
    workspace: SharedWorkspace,
    agent_id: str,
    participant_name: str | None = None,
    api_key: ApiKeyHeader = None,
) -> JsonObject:
    """Return a conversation token; a public engine gives one to anybody."""
    engine = find_engine(workspace, agent_id)
    if engine.settings.auth.enable_auth or api_key is not None:
        require_api_key(workspace, api_key)
    conversation_id = new_conversation_id()
    participant = participant_name or f"user_{secrets.token_hex(4)}"
    token = workspace.credentials.issue_token(engine.id, conversation_id, participant)
    return {"token": token, "conversation_id": conversation_id}


@router.get("/conversation/get-signed-url", dependencies=[Depends(require_api_key)])
async def get_signed_url(
    request: Request,
    workspace: SharedWorkspace,
    agent_id: str,
    include_conversation_id: bool = False,
) -> JsonObject:
    """Return a WebSocket URL on this host; with a conversation id it works once."""
    engine = find_engine(workspace, agent_id)
    conversation_id = new_conversation_id() if include_conversation_id else None
    origin = f"ws://{request.url.netloc}"
    answer = {"signed_url": workspace.credentials.sign_url(origin, engine.id, conversation_id)}
    return {**answer, "conversation_id": conversation_id} if conversation_id else dict(answer)


@router.get("/conversations/{conversation_id}", dependencies=[Depends(require_api_key)])
async def get_conversation(conversation_id: str, workspace: SharedWorkspace) -> JsonObject:
    """Return what was said and how it ended."""
    return _find_conversation(workspace, conversation_id).record.describe()


@router.post("/conversations/{conversation_id}/feedback")
async def send_feedback(
    conversation_id: str, feedback: Feedback, workspace: SharedWorkspace
) -> JsonObject:
    """Keep a judgement on a conversation."""
    _find_conversation(workspace, conversation_id).record.feedback = feedback
    return {}


@router.post("/conversations/{conversation_id}/files")
async def upload_file(
    conversation_id: str, request: Request, workspace: SharedWorkspace
) -> JsonObject:
    """Keep a file that a multimodal message may name."""
    _find_conversation(workspace, conversation_id)
    content = read_multipart_file(request.headers.get("content-type", ""), await request.body())
    file_id = f"file_{secrets.token_hex(8)}"
    workspace.files[file_id] = content
    return {"file_id": file_id}


def read_multipart_file(content_type: str, body: bytes) -> bytes:
    """Return the part named `file` of a multipart/form-data body (RFC 7578)."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    raise invalid_request("The body needs a multipart field named file")


def _find_conversation(workspace: Workspace, conversation_id: str) -> Conversation:
    conversation = workspace.conversations.get(conversation_id)
    if conversation is None:
        raise not_found("conversation", conversation_id)
    return conversation
