"""What both of OpenAI's protocols share: the SDK's client, streams of events, the check.

It knows neither what is asked nor what the events mean.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from agents.prompt import ModelError
from agents.providers.connections import open_http_client
from agents.providers.openai_failures import Failures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from agents.providers.access import Access

OFFICIAL_URL = "https://api.openai.com/v1"

_NO_KEY = "none"
"""What a server that needs no key is sent: the SDK insists on one, or takes OPENAI_API_KEY."""

_NO_ROUTE = {404, 405}


class OpenAIClient:
    """One client for one model. `key_variable` and `url_variable` are named where they can help.

    Raises ModelRefused if there is no key for the official API.
    """

    def __init__(
        self, name: str, model: str, access: Access, *, key_variable: str, url_variable: str
    ) -> None:
        from openai import AsyncOpenAI

        self.name = name
        self._model = model
        self._failures = Failures(name, key_variable, url_variable)
        if access.api_key is None and access.base_url is None:
            raise self._failures.report_missing_key()
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
        from openai import AsyncStream

        try:
            stream = await self._sdk.post(
                path, body=body, cast_to=object, stream=True, stream_cls=AsyncStream[object]
            )
            async with stream:
                # One iterator for all readers: each `async for` over the stream would make its own.
                yield cast("AsyncIterator[dict[str, Any]]", aiter(stream))
        except ModelError:
            raise
        except Exception as error:  # noqa: BLE001 - the SDK's, its HTTP client's and its parser's
            # None: the SDK's errors carry what was asked and what came, and would be printed too.
            raise self._failures.explain(error) from None

    async def check(self) -> None:
        """See that key and model are accepted. Raises as `Model.check` does."""
        try:
            is_known = await self._has_model() or await self._lists_model()
        except ModelError:
            raise
        except Exception as error:  # noqa: BLE001 - as in `open_stream`
            raise self._failures.explain(error) from None
        if not is_known:
            raise self._failures.report_unknown_model()

    async def aclose(self) -> None:
        """Close the idle connections."""
        await self._sdk.close()

    async def _has_model(self) -> bool:
        # Compatible servers may lack this route, or answer it with a page for browsers.
        from openai import APIStatusError

        try:
            found = await self._sdk.get(f"/models/{quote(self._model, safe='')}", cast_to=object)
        except APIStatusError as error:
            if error.status_code not in _NO_ROUTE or error.code == "model_not_found":
                raise
            return False
        return isinstance(found, dict)

    async def _lists_model(self) -> bool:
        from openai import APIStatusError

        try:
            answer = await self._sdk.get("/models", cast_to=object)
        except APIStatusError as error:
            if error.status_code in _NO_ROUTE:
                raise self._failures.report_uncheckable() from None
            raise
        entries = answer.get("data") if isinstance(answer, dict) else answer
        if isinstance(entries, str):
            raise self._failures.report_uncheckable()
        known = {entry["id"] for entry in cast("list[dict[str, Any]]", entries or [])}
        # Variants such as OpenRouter's `model:online` are not listed, but their models are.
        return not known.isdisjoint({self._model, self._model.partition(":")[0]})
