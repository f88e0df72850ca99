"""The Responses API's events as OpenAI streams them, typed and numbered.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.fakes.model_servers.openai_routes import OpenAIRoutes

if TYPE_CHECKING:
    from tests.fakes.model_servers.server import Call, Request


class ResponsesWire(OpenAIRoutes):
    """One response: a message opens with its first text, and is done before the next item."""

    def __init__(self) -> None:
        self._numbers = count()
        self._output: list[dict[str, Any]] = []
        self._said: str | None = None

    def begin(self, request: Request) -> bytes:
        self._model = request.body["model"]
        return b"".join(
            self.event(f"response.{kind}", response=self._describe("in_progress"))
            for kind in ("created", "in_progress")
        )

    def say(self, text: str) -> bytes:
        opening = b"" if self._said is not None else self._open_message()
        self._said = (self._said or "") + text
        return opening + self._part("output_text.delta", delta=text, logprobs=[])

    def refuse(self, text: str) -> bytes:
        """A piece of a refusal: text of another type."""
        return self._part("refusal.delta", delta=text)

    def call(self, call: Call) -> bytes:
        number = len(self._output) + (self._said is not None)
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        item = {
            "id": f"fc_{number}",
            "type": "function_call",
            "status": "completed",
            "call_id": f"call_{number}",
            "name": call.name,
            "arguments": arguments,
        }
        return (
            self._close_message()
            + self._add({**item, "status": "in_progress", "arguments": ""})
            + b"".join(self._argue(item, piece) for piece in _halve(arguments))
            + self.event(
                "response.function_call_arguments.done",
                item_id=item["id"],
                output_index=number,
                arguments=arguments,
            )
            + self.finish_item(item)
        )

    def finish_item(self, item: dict[str, Any]) -> bytes:
        """The event that ends an output item of whatever type."""
        self._output.append(item)
        number = len(self._output) - 1
        return self.event("response.output_item.done", output_index=number, item=item)

    def stream_failure(self) -> bytes:
        error = {"code": "server_error", "message": "About: Hi"}
        return self.event("response.failed", response={**self._describe("failed"), "error": error})

    def end(self) -> bytes:
        closing = self._close_message()
        return closing + self.event("response.completed", response=self._describe("completed"))

    def cut_short(self) -> bytes:
        """The end of an answer that met the token limit."""
        details = {"incomplete_details": {"reason": "max_output_tokens"}}
        response = {**self._describe("incomplete"), **details}
        return self._close_message() + self.event("response.incomplete", response=response)

    def event(self, kind: str, **fields: Any) -> bytes:
        """One server-sent event with its number."""
        data = {"type": kind, "sequence_number": next(self._numbers), **fields}
        return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()

    def _describe(self, status: str) -> dict[str, Any]:
        return {
            "id": "resp_1",
            "object": "response",
            "created_at": 1_700_000_000,
            "status": status,
            "model": self._model,
            "output": self._output,
            "error": None,
        }

    def _open_message(self) -> bytes:
        message = {"id": "msg_1", "type": "message", "role": "assistant", "content": []}
        return self._add({**message, "status": "in_progress"}) + self._part(
            "content_part.added", part={"type": "output_text", "text": "", "annotations": []}
        )

    def _close_message(self) -> bytes:
        if self._said is None:
            return b""
        part = {"type": "output_text", "text": self._said, "annotations": []}
        done = self._part("output_text.done", text=self._said, logprobs=[]) + self._part(
            "content_part.done", part=part
        )
        self._said = None
        message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [part]}
        return done + self.finish_item({**message, "status": "completed"})

    def _add(self, item: dict[str, Any]) -> bytes:
        number = len(self._output)
        return self.event("response.output_item.added", output_index=number, item=item)

    def _part(self, kind: str, **fields: Any) -> bytes:
        place = {"item_id": "msg_1", "output_index": len(self._output), "content_index": 0}
        return self.event(f"response.{kind}", **place, **fields)

    def _argue(self, item: dict[str, Any], piece: str) -> bytes:
        return self.event(
            "response.function_call_arguments.delta",
            item_id=item["id"],
            output_index=len(self._output),
            delta=piece,
        )


def _halve(text: str) -> tuple[str, str]:
    middle = len(text) // 2
    return text[:middle], text[middle:]
