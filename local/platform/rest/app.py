"""The simulator as one ASGI application: REST, the conversation socket, CORS, refusals."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse

from local.platform.conversation.endpoint import router as conversation_router
from local.platform.origins import LOOPBACK_ORIGIN
from local.platform.rest.conversations import router as conversations_router
from local.platform.rest.engines import router as engines_router
from local.platform.rest.errors import add_error_handlers
from local.platform.workspace import Workspace


def build_app(workspace: Workspace) -> FastAPI:
    """Return the application that serves `workspace`."""
    app = FastAPI(title="ElevenLabs platform simulator", docs_url=None, redoc_url=None)
    app.state.workspace = workspace
    app.add_middleware(
        CORSMiddleware,
        allow_origin_regex=LOOPBACK_ORIGIN,
        allow_methods=["*"],
        allow_headers=["*"],
    )
    add_error_handlers(app)
    app.include_router(engines_router)
    app.include_router(conversations_router)
    app.include_router(conversation_router)
    app.add_api_route("/rtc", _decline_webrtc, methods=["GET", "POST"])
    app.add_api_route("/rtc/{rest:path}", _decline_webrtc, methods=["GET", "POST"])
    return app


async def _decline_webrtc() -> PlainTextResponse:
    # A 404 makes livekit-client try again without end; 403 fails at once.
    return PlainTextResponse("WebRTC needs LiveKit; use a signed URL here", 403)
