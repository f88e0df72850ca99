"""Amazon Bedrock, asked with ConverseStream as the task's role; there is no key.

aiobotocore signs and transports: AWS's own asynchronous SDK needs a newer Python. One client for
each model; credentials come from the SDK's default chain and are renewed by it.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from agents.prompt import ModelRefused, Prompt
from agents.providers.bedrock_converse import Answer, Question
from agents.providers.connections import CONNECT_SECONDS, KEEP_SECONDS, READ_SECONDS, drain
from agents.providers.failures import report_no_answer
from speech_engine import ConversationMessage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager

    from agents.prompt import Model, ModelOptions, ToolCall
    from agents.providers.access import Access

logger = logging.getLogger("agents")

# No limit, in aiohttp's words: each turn has a connection, and the server limits its conversations.
_CONNECTIONS = 0

# Other successes have no body, and aiohttp reads that without end and without a pause:
# https://github.com/aio-libs/aiohttp/blob/master/aiohttp/streams.py
_OK = 200

_GREETING = Prompt(instructions="", messages=(ConversationMessage("user", "Hi"),))


class BedrockModel:
    """One model behind one client, which is opened when it is first needed."""

    def __init__(
        self,
        name: str,
        question: Question,
        new_client: Callable[[], AbstractAsyncContextManager[Any]],
    ) -> None:
        self.name = name
        self._question = question
        self._new_client = new_client
        self._client: Any = None
        self._streams: set[Any] = set()
        self._opening = asyncio.Lock()
        self._open = AsyncExitStack()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | ToolCall, None]:
        """Ask, and yield texts and whole tool calls; closing it closes the connection."""
        answer = Answer(self._question.model_id)
        async with aclosing(self._events(self._question.ask(prompt))) as events:
            async for event in events:
                if (piece := answer.take(event)) is not None:
                    yield piece
        answer.expect_end(self.name)

    async def check(self) -> None:
        """Ask for one token: only an answer shows role, region, model and guardrail together."""
        options = replace(self._question.options, max_tokens=1)
        request = replace(self._question, options=options).ask(_GREETING)
        async with aclosing(self._events(request)) as events:
            async for _ in events:
                """Read to its end, the connection stays open for the first turn."""

    async def aclose(self) -> None:
        """Close the client and its connections; answers that still come end with ModelError."""
        async with self._opening:
            self._client = None
            # aiohttp alone would leave their readers waiting for ever.
            for stream in self._streams:
                stream.close()
            await self._open.aclose()

    async def _events(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        from agents.providers.bedrock_failures import explained

        with explained(self.name):
            client = await self._connect()
            await _notice_closed_connections()
            response = await client.converse_stream(**request)
            stream = response["stream"]
            self._streams.add(stream)
            if client is not self._client:
                stream.close()
            try:
                if response["ResponseMetadata"]["HTTPStatusCode"] != _OK:
                    raise report_no_answer(self.name)
                events = aiter(stream)
                async for event in events:
                    yield event
                    if "messageStop" in event:
                        break  # What comes after it are counts and traces.
                await drain(events)
            finally:
                self._streams.remove(stream)
                # At its end the connection has gone back already, and this does nothing.
                stream.close()

    async def _connect(self) -> Any:
        async with self._opening:
            if self._client is None:
                try:
                    self._client = await self._open.enter_async_context(self._new_client())
                except ValueError:
                    raise ModelRefused(
                        f"{self.name} has a region or an address that is none:"
                        " check AWS_REGION and AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
                    ) from None
            return self._client


async def _notice_closed_connections() -> None:
    """Let the event loop hear of servers that hung up on idle connections.

    aiohttp takes a connection as open until then, and does not send a POST again. Reading the end
    of a connection takes one round of the loop, and our own turn comes first in that round.
    """
    for _ in range(2):
        await asyncio.sleep(0)


@cache
def _open_descriptions() -> Any:
    """What the SDK has written down of AWS, read once for all models: it takes megabytes."""
    from botocore.loaders import create_loader

    return create_loader()


def create(name: str, model: str, access: Access, options: ModelOptions) -> Model:
    """Make the model; it dials nothing yet. Raises ModelRefused if no region is known."""
    from aiobotocore.config import AioConfig  # type: ignore[import-untyped]
    from aiobotocore.session import get_session  # type: ignore[import-untyped]

    from agents.providers.bedrock_failures import explained
    from agents.providers.bedrock_session import Session

    session = get_session()
    session.register_component("data_loader", _open_descriptions())
    with explained(name):
        region = access.region or session.get_config_variable("region")
    if not region:
        raise ModelRefused(f"{name} needs a region: set AWS_REGION")
    config = AioConfig(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=_CONNECTIONS,
        connector_args={"keepalive_timeout": KEEP_SECONDS},
        http_session_cls=Session,
        retries={"mode": "standard", "total_max_attempts": 1},
        # The service checks the request too; in a long conversation the SDK's own check takes half
        # of the CPU time of a turn.
        parameter_validation=False,
    )

    if options.reasoning_effort is not None:
        # Not refused: the other models of a failover list may take the same setting.
        logger.warning(
            "reasoning effort left out",
            extra={"model": name, "reason": "Amazon Bedrock has no field for it that all take"},
        )

    def new_client() -> AbstractAsyncContextManager[Any]:
        client: AbstractAsyncContextManager[Any] = session.create_client(
            "bedrock-runtime", region_name=region, endpoint_url=access.base_url, config=config
        )
        return client

    return BedrockModel(name, Question(model, options, access.guardrail), new_client)
