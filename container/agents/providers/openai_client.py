"""What both of OpenAI's protocols share: the SDK's client, event streams, the check, the errors.

It knows neither what is asked nor what the events mean.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from agents.prompt import ModelError, ModelRefused
from agents.providers.connections import open_http_client
from agents.providers.failures import explain_exception, explain_status, parse_retry_after

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from openai import APIStatusError

    from agents.providers.access import Access

OFFICIAL_URL = "https://api.openai.com/v1"

_NO_KEY = "none"
"""What a server that needs no key is sent: the SDK insists on one, or takes OPENAI_API_KEY."""

_DRAIN_SECONDS = 0.1
"""How long the end of the HTTP response may take after the last event; it comes with it."""

_UNPAID = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
"""Told as 429 or 400, but no patience helps before somebody pays: refused like a wrong key.

https://platform.openai.com/docs/guides/error-codes
"""

_SETTINGS = {
    "temperature": "SPEECH_ENGINE_TEMPERATURE",
    "max_tokens": "SPEECH_ENGINE_MAX_TOKENS",
    "max_completion_tokens": "SPEECH_ENGINE_MAX_TOKENS",
    "max_output_tokens": "SPEECH_ENGINE_MAX_TOKENS",
}

_MISUNDERSTOOD = (ValueError, LookupError, TypeError, AttributeError, EOFError)
"""What reading a stream that follows another format ends in; EOFError: it stopped too early."""


class OpenAIClient:
    """One client for one model. `key_variable` and `url_variable` are named where they can help.

    Raises ModelRefused if there is no key for the official API.
    """

    def __init__(
        self, name: str, model: str, access: Access, *, key_variable: str, url_variable: str
    ) -> None:
        from openai import AsyncOpenAI

        if access.api_key is None and access.base_url is None:
            raise ModelRefused(f"{name} needs a key; set {key_variable}")
        self.name = name
        self._model = model
        self._key_variable = key_variable
        self._url_variable = url_variable
        self._sdk = AsyncOpenAI(
            api_key=access.api_key or _NO_KEY,
            base_url=access.base_url or OFFICIAL_URL,
            http_client=(http := open_http_client()),
            timeout=http.timeout,
            max_retries=0,
        )

    @asynccontextmanager
    async def open_stream(
        self, path: str, body: Mapping[str, Any]
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """Post `body`, hand out the events, and close the connection if they were not all read.

        Events stay the dicts of their JSON: the SDK's typed events cost ten times as much, and an
        answer has one for each word. Whatever goes wrong inside comes out as a ModelError.
        """
        from openai import AsyncStream, OpenAIError

        try:
            stream = await self._sdk.post(
                path, body=body, cast_to=object, stream=True, stream_cls=AsyncStream[object]
            )
            async with stream:
                # One iterator for all readers: each `async for` over the stream would make its own.
                yield cast("AsyncIterator[dict[str, Any]]", aiter(stream))
        except (OpenAIError, *_MISUNDERSTOOD) as error:
            # None: the SDK's errors carry what was asked and what came, and would be printed too.
            raise self._explain(error) from None

    async def check(self) -> None:
        """See that key and model are accepted. Raises as `Model.check` does."""
        from openai import OpenAIError

        try:
            is_known = await self._has_model() or await self._lists_model()
        except (OpenAIError, *_MISUNDERSTOOD) as error:
            raise self._explain(error) from None
        if not is_known:
            raise explain_status(self.name, 404, self._key_variable)

    async def aclose(self) -> None:
        """Close the idle connections."""
        await self._sdk.close()

    async def _has_model(self) -> bool:
        # Compatible servers may lack this route, or answer it with a page for browsers.
        from openai import APIStatusError

        try:
            found = await self._sdk.get(f"/models/{quote(self._model, safe='')}", cast_to=object)
        except APIStatusError as error:
            if error.status_code not in {404, 405} or error.code == "model_not_found":
                raise
            return False
        return isinstance(found, dict)

    async def _lists_model(self) -> bool:
        from openai import APIStatusError

        try:
            answer = await self._sdk.get("/models", cast_to=object)
        except APIStatusError as error:
            if error.status_code in {404, 405}:
                raise self._cannot_check() from None
            raise
        entries = answer.get("data") if isinstance(answer, dict) else answer
        if isinstance(entries, str):
            raise self._cannot_check()
        known = {entry["id"] for entry in cast("list[dict[str, Any]]", entries or [])}
        # Variants such as OpenRouter's `model:online` are not listed, but their models are.
        return not known.isdisjoint({self._model, self._model.partition(":")[0]})

    def _cannot_check(self) -> ModelError:
        return ModelError(
            f"{self.name} can't be checked: the server tells of no models; if turns fail too,"
            f" correct {self._url_variable}"
        )

    def _explain(self, error: Exception) -> ModelError:
        from openai import APIStatusError

        if isinstance(error, APIStatusError):
            return self._explain_answer(error)
        return explain_exception(self.name, error)

    def _explain_answer(self, error: APIStatusError) -> ModelError:
        status = error.status_code
        if error.code in _UNPAID:
            status = 402
        elif error.code == "model_not_found":
            status = 404
        elif 300 <= status < 400:
            return ModelRefused(
                f"{self.name}: the server sends requests elsewhere (HTTP {status}); set"
                f" {self._url_variable} to the address that answers"
            )
        elif status == 400 and error.param in _SETTINGS:
            return ModelRefused(
                f"{self.name}: the model does not take this {_SETTINGS[error.param]}; change it,"
                " or leave it out"
            )
        seconds = _read_retry_after(error.response.headers)
        return explain_status(self.name, status, self._key_variable, seconds)


async def drain(events: AsyncIterator[object]) -> None:
    """Read what follows the last event, so that the connection can carry the next turn."""
    # The answer is complete: what goes wrong from here concerns nobody.
    with suppress(Exception):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in events:
                pass


def report_limit(name: str) -> ModelError:
    """Return the error for a call of a function that the token limit cut off."""
    return ModelError(
        f"{name}: the answer reached its limit within a function call; raise"
        " SPEECH_ENGINE_MAX_TOKENS"
    )


def _read_retry_after(headers: Mapping[str, str]) -> float | None:
    milliseconds = parse_retry_after(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    return parse_retry_after(headers.get("retry-after"))
