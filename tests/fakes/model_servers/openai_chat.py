"""Chat Completions' chunks as OpenAI streams them.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.fakes.model_servers.openai_routes import OpenAIRoutes

if TYPE_CHECKING:
    from tests.fakes.model_servers.server import Call, Request


class ChatWire(OpenAIRoutes):
    """One completion with one choice."""

    def __init__(self) -> None:
        self._calls = 0

    def begin(self, request: Request) -> bytes:
        self._model = request.body["model"]
        return self.delta(role="assistant", content="", refusal=None)

    def say(self, text: str) -> bytes:
        return self.delta(content=text)

    def call(self, call: Call) -> bytes:
        index = self._calls
        self._calls += 1
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        head = {
            "index": index,
            "id": f"call_{index}",
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        }
        pieces = (arguments[start : start + 4] for start in range(0, len(arguments), 4))
        return self.delta(tool_calls=[head]) + b"".join(
            self.delta(tool_calls=[{"index": index, "function": {"arguments": piece}}])
            for piece in pieces
        )

    def stream_failure(self) -> bytes:
        error = {"message": "About: Hi", "type": "server_error", "code": 502}
        return encode_event({"error": error})

    def end(self) -> bytes:
        return self.finish("tool_calls" if self._calls else "stop") + b"data: [DONE]\n\n"

    def delta(self, **delta: Any) -> bytes:
        """One chunk in the middle of the answer."""
        return self._chunk(delta, None)

    def finish(self, reason: str) -> bytes:
        """The last chunk with a choice."""
        return self._chunk({}, reason)

    def _chunk(self, delta: dict[str, Any], reason: str | None) -> bytes:
        return encode_event(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion.chunk",
                "created": 1_700_000_000,
                "model": self._model,
                "system_fingerprint": "fp_test",
                "choices": [
                    {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
                ],
            }
        )


def encode_event(data: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
