from __future__ import annotations

import asyncio
import warnings
from typing import Any

import pytest

from local.cloud.errors import CloudError
from tests.fakes.platform_agents import echo
from tests.fakes.platform_stage import Stage, open_stage

with warnings.catch_warnings():
    # The official module still names a class that websockets has deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from local.cloud.conversation import converse

CLOSED = {"auth": {"enable_auth": True}}


def sign_url(stage: Stage) -> str:
    platform = stage.platform
    return platform.workspace.credentials.sign_url(platform.ws_url, stage.engine.id)


async def test_conversation_goes_by_the_signed_url_it_is_given() -> None:
    """The official client talks to an engine that demands one, and has no key."""
    async with open_stage(on_transcript=echo, settings=CLOSED) as stage:
        conversation_id, answers = await asyncio.to_thread(
            converse, stage.platform.url, sign_url(stage), ["one", "two"]
        )
        assert conversation_id in stage.platform.conversations
    assert answers == ["You said one", "You said two"]


async def test_conversation_that_cannot_begin_says_why() -> None:
    """A server that is not there is named as the platform names it."""
    async with open_stage(on_transcript=echo, settings=CLOSED) as stage:
        await stage.server.stop()
        with pytest.raises(CloudError, match="Could not connect to the Speech Engine"):
            await asyncio.to_thread(converse, stage.platform.url, sign_url(stage), ["one"])


async def test_conversation_that_is_ended_says_why() -> None:
    """An agent that hangs up instead of answering fails the run."""

    async def leave(_: list[Any], session: Any) -> None:
        session.close()

    async with open_stage(on_transcript=leave, settings=CLOSED) as stage:
        with pytest.raises(CloudError, match="the conversation ended without an answer"):
            await asyncio.to_thread(converse, stage.platform.url, sign_url(stage), ["one"])
