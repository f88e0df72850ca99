"""ConverseStream of Amazon Bedrock's runtime as its clients see it: signed requests, binary events.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.fakes.model_servers.event_stream import encode_message

if TYPE_CHECKING:
    from tests.fakes.model_servers.server import Call, Request

_ERRORS = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
_PATH = re.compile(r"/model/([^/]+)/converse-stream")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
_SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/[a-z0-9-]+/bedrock/aws4_request, "
    r"SignedHeaders=(?=[a-z0-9;-]*host)[a-z0-9;-]*x-amz-date[a-z0-9;-]*, Signature=[0-9a-f]{64}"
)


def encode_event(kind: str, body: dict[str, Any]) -> bytes:
    """One event; `p` is the padding that the service adds, of no meaning."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return encode_message(headers, json.dumps({**body, "p": "abcdefgh"}).encode())


def encode_exception(kind: str, message: str) -> bytes:
    """An exception in the place of an event; the stream ends with it."""
    headers = {
        ":exception-type": kind,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return encode_message(headers, json.dumps({"message": message}).encode())


def is_signed(request: Request) -> bool:
    """Whether the request carries a version 4 signature for the service, going by its looks."""
    return bool(_SIGNATURE.fullmatch(request.headers.get("authorization", "")))


class BedrockFormat:
    """One answer. Text needs no start of its block; a tool call has one.

    `opening` comes before the first step; `stop_reason` takes the place of the usual one.
    """

    models: tuple[str, ...] = ("test-model", "us.test.model-v1:0")
    content_type = "application/vnd.amazon.eventstream"

    def __init__(self, *, opening: bytes = b"", stop_reason: str | None = None) -> None:
        self._opening = opening
        self._stop_reason = stop_reason
        self._usual_reason = "end_turn"
        self._index = 0
        self._in_text = False

    def is_stream(self, request: Request) -> bool:
        return _PATH.fullmatch(request.path) is not None

    def model_of(self, request: Request) -> str:
        # A request that is not signed is for no model at all.
        match = _PATH.fullmatch(request.path)
        return unquote(match[1]) if match and is_signed(request) else ""

    def begin(self, request: Request) -> bytes:
        return encode_event("messageStart", {"role": "assistant"}) + self._opening

    def say(self, text: str) -> bytes:
        self._in_text = True
        return self._delta({"text": text})

    def call(self, call: Call) -> bytes:
        begun = self._end_text()
        self._usual_reason = "tool_use"
        tool = {"toolUseId": f"tooluse_{self._index}", "name": call.name}
        start = {"contentBlockIndex": self._index, "start": {"toolUse": tool}}
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        fragments = [arguments[at : at + 5] for at in range(0, len(arguments), 5)]
        return b"".join(
            (
                begun,
                encode_event("contentBlockStart", start),
                *(self._delta({"toolUse": {"input": fragment}}) for fragment in fragments),
                self._end_block(),
            )
        )

    def stream_failure(self) -> bytes:
        return encode_exception("modelStreamErrorException", "It went wrong after: Hi")

    def end(self) -> bytes:
        reason = self._stop_reason or self._usual_reason
        stop = encode_event("messageStop", {"stopReason": reason})
        usage = {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}}
        return self._end_text() + stop + encode_event("metadata", usage)

    def answer_check(self, request: Request) -> bytes:
        raise AssertionError(f"{request.path} is nothing that a client asks for")

    def error(self, status: int) -> bytes:
        return json.dumps({"message": "It went wrong after: Hi"}).encode()

    def error_headers(self, status: int) -> dict[str, str]:
        return {"x-amzn-ErrorType": _ERRORS[status]} if status in _ERRORS else {}

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return encode_event("contentBlockDelta", {"contentBlockIndex": self._index, "delta": delta})

    def _end_text(self) -> bytes:
        return self._end_block() if self._in_text else b""

    def _end_block(self) -> bytes:
        ended = encode_event("contentBlockStop", {"contentBlockIndex": self._index})
        self._index += 1
        self._in_text = False
        return ended
