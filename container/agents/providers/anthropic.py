"""Anthropic's Messages API by its own SDK: connections, streams and errors.

https://platform.claude.com/docs/en/api/messages-streaming
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from agents.prompt import ModelRefused, ToolCall
from agents.providers.anthropic_request import Preceding, build_request
from agents.providers.connections import drain, open_http_client
from agents.providers.failures import (
    explain_exception,
    explain_status,
    parse_retry_after,
    report_break,
    report_cut,
    report_limit,
    report_no_answer,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from anthropic import AsyncAnthropic
    from anthropic.types import RawMessageStreamEvent
    from anthropic.types.raw_content_block_delta import RawContentBlockDelta

    from agents.prompt import Model, ModelError, ModelOptions, Prompt
    from agents.providers.access import Access
    from agents.providers.anthropic_request import Block

KEY_VARIABLE = "ANTHROPIC_API_KEY"

DEFAULT_MAX_TOKENS = 1024
"""The API wants a limit: some five minutes of speech, where nobody set another."""

logger = logging.getLogger("agents")

_LIMITS = {"max_tokens", "model_context_window_exceeded"}
_NORMAL_ENDS = {"end_turn", "stop_sequence", "tool_use", *_LIMITS}
_THINKING = {"thinking", "redacted_thinking"}


class AnthropicModel:
    """One model of Anthropic.

    Once checked, it thinks before it speaks as little as it can, unless more effort is set.
    """

    def __init__(
        self, name: str, model: str, client: AsyncAnthropic, options: ModelOptions
    ) -> None:
        self.name = name
        self._model = model
        self._client = client
        self._effort = options.reasoning_effort
        self._fixed: dict[str, Any] = {"max_tokens": options.max_tokens or DEFAULT_MAX_TOKENS}

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | ToolCall, None]:
        """Yield the answer as it comes. Raises ModelError."""
        reply = _Reply(self._model)
        request = build_request(prompt, self._model)
        try:
            async with await self._client.messages.create(
                model=self._model, stream=True, **self._fixed, **request
            ) as stream:
                # One iterator for both readers: each `async for` over the stream makes its own.
                events = aiter(stream)
                async for event in events:
                    if text := reply.take(event):
                        yield text
                    if event.type == "message_stop":
                        break
                await drain(events)
        except Exception as error:  # noqa: BLE001 - the SDK's, its HTTP client's and its parser's
            raise self._explain(error) from None
        reply.expect_end(self.name)
        for call in reply.calls:
            yield call

    async def check(self) -> None:
        """Retrieve the model, and learn how to keep it from long thoughts. Raises ModelError."""
        try:
            found = await self._client.models.retrieve(self._model)
            capabilities = found.to_dict().get("capabilities")
        except Exception as error:  # noqa: BLE001 - as in `stream`
            raise self._explain(error) from None
        self._fixed |= _limit_thinking(capabilities, self._effort)

    async def aclose(self) -> None:
        """Close the client and its connections."""
        await self._client.close()

    def _explain(self, error: Exception) -> ModelError:
        from anthropic import APIStatusError

        if not isinstance(error, APIStatusError):
            # The SDK says only that the connection failed; its cause is the HTTP client's error.
            cause = error.__cause__
            reason = cause if isinstance(cause, Exception) else error
            return explain_exception(self.name, reason, "ANTHROPIC_BASE_URL")
        if error.status_code < 300:
            # An error event inside a stream comes with the stream's own status, a success.
            return report_break(self.name)
        retry_after = parse_retry_after(error.response.headers.get("retry-after"))
        return explain_status(self.name, error.status_code, KEY_VARIABLE, retry_after)


class _Reply:
    """The content blocks of one answer, as they grow."""

    def __init__(self, model: str) -> None:
        self.calls: list[ToolCall] = []
        self._stop_reason: str | None = None
        self._has_text = False
        self._model = model
        self._block: Block = {}
        self._fragments: list[str] = []
        self._preceding: list[Block] = []

    def take(self, event: RawMessageStreamEvent) -> str | None:
        """Take an event; return what is to be said."""
        match event.type:
            case "content_block_delta":
                return self._grow(event.delta)
            case "content_block_start":
                self._block = event.content_block.to_dict()
                self._fragments = []
            case "content_block_stop":
                self._finish()
            case "message_delta":
                self._stop_reason = event.delta.stop_reason
        return None

    def expect_end(self, name: str) -> None:
        """Raise ModelError if what was taken is no whole answer of the model `name`."""
        reason = self._stop_reason
        if reason is None:
            raise report_cut(name)
        was_calling = self._block.get("type") == "tool_use"
        if reason in _LIMITS and (was_calling or not self._has_text):
            raise report_limit(name)
        if reason not in _NORMAL_ENDS or not (self._has_text or self.calls):
            raise report_no_answer(name, reason)

    def _grow(self, delta: RawContentBlockDelta) -> str | None:
        match delta.type:
            case "text_delta":
                self._fragments.append(delta.text)
                return delta.text
            case "input_json_delta":
                self._fragments.append(delta.partial_json)
            case "thinking_delta":
                self._fragments.append(delta.thinking)
            case "signature_delta":
                self._block["signature"] = delta.signature
        return None

    def _finish(self) -> None:
        block, grown = self._block, "".join(self._fragments)
        kind = block["type"]
        if kind == "tool_use":
            # Without fragments the input stands in the block's beginning, and is mostly empty.
            arguments = grown or json.dumps(block.get("input") or {})
            preceding = self._take_preceding()
            self.calls.append(ToolCall(block["id"], block["name"], arguments, preceding))
        elif kind == "text":
            self._has_text = self._has_text or bool(grown)
            if grown:  # the API takes no empty text back
                self._preceding.append({**block, "text": grown})
        elif kind == "thinking":
            self._preceding.append({**block, "thinking": grown})
        else:
            self._preceding.append(block)

    def _take_preceding(self) -> Preceding | None:
        blocks, self._preceding = tuple(self._preceding), []
        has_thoughts = any(block["type"] in _THINKING for block in blocks)
        return Preceding(self._model, blocks) if has_thoughts else None


def create(name: str, model: str, access: Access, options: ModelOptions) -> Model:
    """Return the model with a client of its own. Raises ModelRefused without a key."""
    from anthropic import AsyncAnthropic

    if not access.api_key:
        raise ModelRefused(f"{name} needs a key; set {KEY_VARIABLE}")
    client = AsyncAnthropic(
        api_key=access.api_key,
        base_url=access.base_url,
        max_retries=0,
        http_client=open_http_client(),
        open_telemetry=False,  # its spans can be told to carry the conversation
    )
    if options.temperature is not None:
        # Not refused: the other models of a failover list may take the same setting.
        # https://platform.claude.com/docs/en/api/versioning
        logger.warning(
            "temperature left out", extra={"model": name, "reason": "Anthropic's API takes none"}
        )
    return AnthropicModel(name, model, client, options)


def _limit_thinking(capabilities: object, effort: str | None) -> dict[str, Any]:
    """What to ask of a model that thinks: the effort that it knows, or its first words soon.

    Newer ones think by default, at length, and each takes other words for "don't".
    https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting
    """
    if effort is not None and _supports(capabilities, "effort", effort):
        return {"output_config": {"effort": effort}}
    if not _supports(capabilities, "thinking"):
        return {}
    for kind in ("disabled", "between_tools"):
        if _supports(capabilities, "thinking", "types", kind):
            return {"thinking": {"type": kind}}
    if _supports(capabilities, "effort", "low"):
        return {"output_config": {"effort": "low"}}
    return {}


def _supports(capabilities: object, *path: str) -> bool:
    for key in (*path, "supported"):
        capabilities = capabilities.get(key) if isinstance(capabilities, dict) else None
    return capabilities is True
