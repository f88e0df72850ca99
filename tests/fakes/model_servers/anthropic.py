"""Anthropic's wire format: server-sent events, each with its name.

https://platform.claude.com/docs/en/api/messages-streaming
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fakes.model_servers.server import Call, Request

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_QUOTE = "messages.0: 'Hi' is not what it should be"


@dataclass
class AnthropicWire:
    """One answer. `thought` comes before it, `stop_reason` and `capabilities` are as given."""

    stop_reason: str | None = None
    thought: str | None = None
    capabilities: dict[str, Any] | None = None
    fragments: int = 3
    models: tuple[str, ...] = ("test-model",)
    content_type: str = "text/event-stream; charset=utf-8"
    _index: int = -1
    _open: str | None = None
    _kinds: list[str] = field(default_factory=list)

    def is_stream(self, request: Request) -> bool:
        return request.method == "POST" and request.body.get("stream") is True

    def model_of(self, request: Request) -> str:
        if request.method == "POST" and request.path == "/v1/messages":
            return str(request.body["model"])
        return request.path.removeprefix("/v1/models/")

    def begin(self, request: Request) -> bytes:
        message = {
            "id": "msg_test",
            "type": "message",
            "role": "assistant",
            "model": request.body["model"],
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 9, "output_tokens": 1},
        }
        begun = _event("message_start", message=message) + _event("ping")
        return begun + self._think() if self.thought is not None else begun

    def say(self, text: str) -> bytes:
        opened = b"" if self._open == "text" else self._begin_block("text", text="")
        return opened + self._delta("text_delta", text=text)

    def call(self, call: Call) -> bytes:
        """Empty arguments come without any fragment but an empty one."""
        block = {"id": f"toolu_{self._index + 1}", "name": call.name, "input": {}}
        written = json.dumps(call.arguments, ensure_ascii=False) if call.arguments else ""
        size = -(-len(written) // self.fragments) or 1
        pieces = ["", *(written[at : at + size] for at in range(0, len(written), size))]
        deltas = (self._delta("input_json_delta", partial_json=piece) for piece in pieces)
        return self._begin_block("tool_use", **block) + b"".join(deltas)

    def redact(self) -> bytes:
        """A thought that only its model may read."""
        return self._begin_block("redacted_thinking", data="c2VjcmV0")

    def stream_failure(self) -> bytes:
        return _event("error", error={"type": "overloaded_error", "message": _QUOTE})

    def end(self) -> bytes:
        reason = self.stop_reason or ("tool_use" if "tool_use" in self._kinds else "end_turn")
        delta = {"stop_reason": reason, "stop_sequence": None}
        usage = {"output_tokens": 15}
        ended = _event("message_delta", delta=delta, usage=usage) + _event("message_stop")
        return self._end_block() + ended

    def answer_check(self, request: Request) -> bytes:
        found = {
            "type": "model",
            "id": self.model_of(request),
            "display_name": "Test",
            "created_at": "2026-01-01T00:00:00Z",
            "lifecycle": "active",
            "capabilities": self.capabilities,
        }
        return json.dumps(found).encode()

    def error(self, status: int) -> bytes:
        error = {"type": _ERROR_TYPES.get(status, "api_error"), "message": _QUOTE}
        return json.dumps({"type": "error", "error": error, "request_id": "req_test"}).encode()

    def error_headers(self, status: int) -> dict[str, str]:
        """Its clients are told to try again, which these must not."""
        retry = "true" if status in {429, 500, 503, 529} else "false"
        return {"request-id": "req_test", "x-should-retry": retry}

    def _think(self) -> bytes:
        begun = self._begin_block("thinking", thinking="", signature="")
        thought = self._delta("thinking_delta", thinking=self.thought)
        return begun + thought + self._delta("signature_delta", signature="c2lnbmVk")

    def _begin_block(self, kind: str, **fields: Any) -> bytes:
        ended = self._end_block()
        self._index += 1
        self._open = kind
        self._kinds.append(kind)
        block = {"type": kind, **fields}
        return ended + _event("content_block_start", index=self._index, content_block=block)

    def _end_block(self) -> bytes:
        was_open, self._open = self._open, None
        return _event("content_block_stop", index=self._index) if was_open else b""

    def _delta(self, kind: str, **fields: Any) -> bytes:
        return _event("content_block_delta", index=self._index, delta={"type": kind, **fields})


def _event(kind: str, **fields: Any) -> bytes:
    data = json.dumps({"type": kind, **fields}, ensure_ascii=False)
    return f"event: {kind}\ndata: {data}\n\n".encode()
