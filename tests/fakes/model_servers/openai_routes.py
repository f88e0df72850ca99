"""What both of OpenAI's wire formats share: where models are looked up, and how errors look.

https://platform.openai.com/docs/api-reference/models and /docs/guides/error-codes
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from tests.fakes.model_servers.server import Request

_ERRORS = {
    401: ("invalid_request_error", "invalid_api_key", None),
    404: ("invalid_request_error", "model_not_found", "model"),
    429: ("requests", "rate_limit_exceeded", None),
}


class OpenAIRoutes:
    """Knows `models`; `GET /v1/models/{id}` and `GET /v1/models` tell of them."""

    models: tuple[str, ...] = ("test-model",)
    content_type = "text/event-stream; charset=utf-8"

    def is_stream(self, request: Request) -> bool:
        return request.method == "POST" and request.body.get("stream") is True

    def model_of(self, request: Request) -> str:
        if request.path == "/v1/models":
            return self.models[0]
        return str(request.body.get("model") or unquote(request.path.rpartition("/")[2]))

    def answer_check(self, request: Request) -> bytes:
        if request.path == "/v1/models":
            known = [_describe(model) for model in self.models]
            return json.dumps({"object": "list", "data": known}).encode()
        return json.dumps(_describe(self.model_of(request))).encode()

    def error(self, status: int) -> bytes:
        kind, code, parameter = _ERRORS.get(status, ("server_error", None, None))
        return encode_error(kind, code, parameter)

    def error_headers(self, _status: int) -> dict[str, str]:
        return {"x-request-id": "req_test"}


def encode_error(kind: str, code: str | None, parameter: str | None = None) -> bytes:
    """An error's body; the real ones quote what was asked."""
    error = {"message": "About: Hi", "type": kind, "param": parameter, "code": code}
    return json.dumps({"error": error}).encode()


def _describe(model: str) -> dict[str, Any]:
    return {"id": model, "object": "model", "created": 1_700_000_000, "owned_by": "test"}
