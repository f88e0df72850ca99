"""Google's Gemini API by its own SDK: connections, streams and errors.

https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from agents.prompt import ModelRefused, ToolCall
from agents.providers.connections import open_http_client
from agents.providers.failures import (
    explain_exception,
    explain_status,
    parse_retry_after,
    report_cut,
    report_limit,
    report_no_answer,
)
from agents.providers.gemini_request import build_config, build_contents

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    import httpx2
    from google.genai import Client
    from google.genai.errors import APIError
    from google.genai.types import FunctionCall, GenerateContentResponse, Part

    from agents.prompt import Model, ModelError, ModelOptions, Prompt
    from agents.providers.access import Access

KEY_VARIABLE = "GEMINI_API_KEY"

_API_VERSION = "v1beta"
"""Has every field that is sent here; the SDK's own choice depends on its environment."""

_STOP = "STOP"
_LIMIT = "MAX_TOKENS"
_NORMAL_ENDS = {_STOP, _LIMIT}

_LATE_SECONDS = 0.5
"""How long more may take after a reason to end: models and gateways have put one on each chunk.

https://github.com/BerriAI/litellm/issues/2195
"""

_opened: ContextVar[list[httpx2.Response] | None] = ContextVar("opened", default=None)
"""Where a stream that is being opened wants its response noted: the SDK hands it to nobody."""


class GeminiModel:
    """One model of Gemini."""

    def __init__(
        self,
        name: str,
        model: str,
        client: Client,
        http: httpx2.AsyncClient,
        options: ModelOptions,
    ) -> None:
        self.name = name
        self._model = model
        self._client = client
        self._http = http
        self._options = options

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | ToolCall, None]:
        """Yield the answer as it comes. Raises ModelError."""
        reply = _Reply()
        responses: list[httpx2.Response] = []
        try:
            chunks = await self._client.aio.models.generate_content_stream(
                model=self._model,
                contents=list(build_contents(prompt)),
                config=build_config(self._model, prompt, self._options),
            )
            chunk = await _begin(chunks, responses)
            while chunk is not None:
                for piece in reply.take(chunk):
                    yield piece
                chunk = await (_follow(chunks) if reply.may_be_over else anext(chunks, None))
        except Exception as error:  # noqa: BLE001 - the SDK's, its HTTP client's and its parser's
            raise self._explain(error) from None
        finally:
            # Closing the SDK's generator would leave this to the garbage collector.
            # https://github.com/googleapis/python-genai/issues/2425
            for response in responses:
                await response.aclose()
        reply.expect_end(self.name)

    async def check(self) -> None:
        """Retrieve the model. Raises ModelError."""
        try:
            await self._client.aio.models.get(model=self._model)
        except Exception as error:  # noqa: BLE001 - as in `stream`
            raise self._explain(error) from None

    async def aclose(self) -> None:
        """Close the client and its connections."""
        await self._http.aclose()

    def _explain(self, error: Exception) -> ModelError:
        from google.genai.errors import APIError

        if not isinstance(error, APIError):
            return explain_exception(self.name, error, "GEMINI_BASE_URL")
        details = list(_read_details(error))
        is_key_wrong = any(detail.get("reason") == "API_KEY_INVALID" for detail in details)
        status = 401 if is_key_wrong else error.code
        return explain_status(self.name, status, KEY_VARIABLE, _read_retry_after(error, details))


class _Reply:
    """What is known of one answer while it streams."""

    def __init__(self) -> None:
        self._reason: str | None = None
        self._has_content = False

    @property
    def may_be_over(self) -> bool:
        """Whether there is a reason to end, and not one that a gateway puts before all words."""
        return self._reason is not None and (self._has_content or self._reason != _STOP)

    def take(self, chunk: GenerateContentResponse) -> Iterator[str | ToolCall]:
        """Yield what is to be said and called; thoughts are neither."""
        if chunk.prompt_feedback and chunk.prompt_feedback.block_reason:
            self._reason = chunk.prompt_feedback.block_reason.name
        if not chunk.candidates:
            return
        candidate = chunk.candidates[0]
        if candidate.finish_reason:
            self._reason = candidate.finish_reason.name
        for part in (candidate.content and candidate.content.parts) or ():
            if part.function_call:
                self._has_content = True
                yield _read_call(part.function_call, part)
            elif part.text and not part.thought:
                self._has_content = True
                yield part.text

    def expect_end(self, name: str) -> None:
        """Raise ModelError if what was taken is no whole answer of the model `name`."""
        if self._reason is None:
            raise report_cut(name)
        if self._reason == _LIMIT and not self._has_content:
            raise report_limit(name)
        if self._reason not in _NORMAL_ENDS or not self._has_content:
            raise report_no_answer(name, self._reason)


def _read_call(call: FunctionCall, part: Part) -> ToolCall:
    # The part goes back as it is, with its signature, and without an id if it has none.
    arguments = json.dumps(call.args or {}, ensure_ascii=False)
    return ToolCall(call.id or f"call_{uuid4().hex}", call.name or "", arguments, part)


def create(name: str, model: str, access: Access, options: ModelOptions) -> Model:
    """Return the model with a client of its own. Raises ModelRefused without a key."""
    import httpx2
    from google.genai import Client
    from google.genai.types import HttpOptions

    if not access.api_key:
        raise ModelRefused(f"{name} needs a key; set {KEY_VARIABLE}")
    tls = httpx2.create_ssl_context()
    http = open_http_client(verify=tls)
    http.event_hooks["request"].append(partial(_limit, http.timeout.as_dict()))
    http.event_hooks["response"].append(_note)
    transport = HttpOptions(
        base_url=access.base_url,
        api_version=_API_VERSION,
        # Also keeps the SDK from aiohttp, wherever that is installed: with that it would ask
        # again by itself, as it does nowhere else without options for it.
        httpx_async_client=http,
        # Unused; the SDK would read all certificates again for each of these two.
        httpx_client=httpx2.Client(verify=tls),
        async_client_args={"ssl": tls},
    )
    client = Client(api_key=access.api_key, vertexai=False, http_options=transport)
    return GeminiModel(name, model, client, http, options)


async def _limit(seconds: dict[str, float | None], request: httpx2.Request) -> None:
    # The SDK asks for no time limit, unless it may also tell the server to keep it.
    request.extensions["timeout"] = seconds


async def _note(response: httpx2.Response) -> None:
    opened = _opened.get()
    if opened is not None:
        opened.append(response)


async def _begin(
    chunks: AsyncIterator[GenerateContentResponse], responses: list[httpx2.Response]
) -> GenerateContentResponse | None:
    """Wait for the first chunk; `responses` gets the response, also when there is no chunk."""
    token = _opened.set(responses)
    try:
        return await anext(chunks, None)
    finally:
        _opened.reset(token)


async def _follow(
    chunks: AsyncIterator[GenerateContentResponse],
) -> GenerateContentResponse | None:
    """Wait for what follows a chunk that names the end; not for a body that is kept open."""
    # The answer may well be complete: what goes wrong from here concerns nobody.
    with suppress(Exception):
        async with asyncio.timeout(_LATE_SECONDS):
            return await anext(chunks, None)
    return None


def _read_details(error: APIError) -> Iterator[dict[str, Any]]:
    """The typed details of an error: https://google.aip.dev/193."""
    body = error.details if isinstance(error.details, dict) else {}
    inner = body.get("error", body)
    details = inner.get("details") if isinstance(inner, dict) else None
    return (detail for detail in details or () if isinstance(detail, dict))


def _read_retry_after(error: APIError, details: list[dict[str, Any]]) -> float | None:
    headers = getattr(error.response, "headers", None) or {}
    delays = [
        str(detail.get("retryDelay")).removesuffix("s")
        for detail in details
        if str(detail.get("@type")).endswith("google.rpc.RetryInfo")
    ]
    told = map(parse_retry_after, (headers.get("retry-after"), *delays))
    return max((seconds for seconds in told if seconds is not None), default=None)
