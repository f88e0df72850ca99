"""Gemini's wire format: server-sent events without names, each a whole response.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fakes.model_servers.server import Call, Request

_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
_QUOTE = "contents[0]: 'Hi' is not what it should be"


@dataclass
class GeminiWire:
    """One answer. Calls have ids and signatures if given; errors have these `details`."""

    finish_reason: str | None = "STOP"
    block_reason: str | None = None
    thought: str | None = None
    signature: str | None = None
    id_prefix: str | None = None
    details: tuple[dict[str, Any], ...] = ()
    models: tuple[str, ...] = ("test-model",)
    content_type: str = "text/event-stream"
    _calls: int = 0

    def is_stream(self, request: Request) -> bool:
        return request.path.endswith(":streamGenerateContent?alt=sse")

    def model_of(self, request: Request) -> str:
        return request.path.removeprefix("/v1beta/models/").partition(":")[0]

    def begin(self, _request: Request) -> bytes:
        if self.block_reason is not None:
            return _event({"promptFeedback": {"blockReason": self.block_reason}})
        if self.thought is not None:
            return _part({"text": self.thought, "thought": True})
        return b""

    def say(self, text: str) -> bytes:
        return _part({"text": text})

    def promise_more(self) -> bytes:
        """A piece of a long answer, with the token by which a next request may go on."""
        content = {"role": "model", "parts": [{"text": "Well,"}]}
        return _event({"candidates": [{"content": content, "continuationToken": "dG9rZW4="}]})

    def call(self, call: Call) -> bytes:
        self._calls += 1
        named: dict[str, Any] = {"name": call.name, "args": call.arguments}
        if self.id_prefix is not None:
            named["id"] = f"{self.id_prefix}{self._calls}"
        part: dict[str, Any] = {"functionCall": named}
        if self.signature is not None and self._calls == 1:
            part["thoughtSignature"] = self.signature
        return _part(part)

    def stream_failure(self) -> bytes:
        return b"data: " + self.error(503) + b"\r\n\r\n"

    def end(self) -> bytes:
        if self.finish_reason is None or self.block_reason is not None:
            return b""
        ended = {"content": {"role": "model", "parts": [{"text": ""}]}, "index": 0}
        return _event({"candidates": [{**ended, "finishReason": self.finish_reason}]})

    def answer_check(self, request: Request) -> bytes:
        found = {"name": f"models/{self.model_of(request)}", "displayName": "Test"}
        return json.dumps(found).encode()

    def error(self, status: int) -> bytes:
        error: dict[str, Any] = {
            "code": status,
            "message": _QUOTE,
            "status": _STATUSES.get(status, "INTERNAL"),
        }
        if self.details:
            error["details"] = list(self.details)
        return json.dumps({"error": error}).encode()

    def error_headers(self, _status: int) -> dict[str, str]:
        return {}


def _part(part: dict[str, Any]) -> bytes:
    return _event({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]})


def _event(response: dict[str, Any]) -> bytes:
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 1, "totalTokenCount": 10}
    told = {**response, "usageMetadata": usage, "modelVersion": "test", "responseId": "test"}
    return b"data: " + json.dumps(told, ensure_ascii=False).encode() + b"\r\n\r\n"
