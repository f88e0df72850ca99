"""The engine function between its neighbours: CloudFormation, Secrets Manager, the platform."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from functions.engine.handler import act
from local.platform import Platform
from tests.fakes.cloudformation import FakeClock, Mailbox, open_mailbox
from tests.fakes.faulty_platform import Fault, FaultyPlatform, open_faulty_platform
from tests.fakes.moto_account import make_secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from local.platform import Engine

API_KEY = "sk_test_engine_function_0123456789"
HEADER_SECRET = "h3aderS3cretOfFortyEightLettersAndDigits01234567"
WS_URL = "wss://voice.example.com/ws"


def properties(engine: Mapping[str, Any] | None = None, /, **others: str) -> dict[str, str]:
    """The resource's properties as the stack writes them."""
    return {
        "ServiceToken": "arn:aws:lambda:us-east-1:000000000000:function:engine",
        "Engine": json.dumps(engine or {}),
        "WsUrl": WS_URL,
        "HeaderName": "X-Speech-Engine-Secret",
        "IdHeader": "X-Speech-Engine-Id",
        "OnKeyRefused": "fail",
        "Environment": "dev",
        **others,
    }


@dataclass
class EngineStage:
    """Everything around the function, and the function."""

    platform: Platform
    line: FaultyPlatform
    mailbox: Mailbox
    key_arn: str
    header_arn: str
    clock: FakeClock = field(default_factory=FakeClock)

    @property
    def engines(self) -> list[Engine]:
        """All engines at the platform."""
        return list(self.platform.workspace.engines._engines.values())

    @property
    def engine(self) -> Engine:
        """The only engine at the platform."""
        (engine,) = self.engines
        return engine

    def fail(self, *faults: Fault) -> None:
        """Let coming requests fail, and forget those that were."""
        self.line.faults.extend(faults)
        self.line.requests.clear()

    async def run(self, kind: str, seconds: float = 300.0, **event: Any) -> dict[str, Any]:
        """Send one request to the function; returns its only answer."""
        event.setdefault("properties", properties())
        made = self.mailbox.event(kind, **event)
        run = self.mailbox.run
        return await asyncio.to_thread(run, act, made, seconds=seconds, clock=self.clock)

    async def create(self, engine: dict[str, Any] | None = None) -> str:
        """Create the engine; returns its id."""
        answer = await self.run("Create", properties=properties(engine))
        assert answer["Status"] == "SUCCESS", answer
        return str(answer["PhysicalResourceId"])


@asynccontextmanager
async def open_engine_stage(
    *faults: Fault, key: str | None = API_KEY
) -> AsyncIterator[EngineStage]:
    """Start everything, given an account; `key` is what the key's secret holds, None nothing."""
    async with Platform(api_key=API_KEY) as platform:
        with open_faulty_platform(platform.url, *faults) as line, open_mailbox() as mailbox:
            header_arn = make_secret(json.dumps({"current": HEADER_SECRET}))
            stage = EngineStage(platform, line, mailbox, make_secret(key), header_arn)
            settings = {
                "ELEVENLABS_URL": line.url,
                "ELEVENLABS_API_KEY_SECRET": stage.key_arn,
                "HEADER_SECRET": header_arn,
            }
            with patch.dict(os.environ, settings):
                yield stage
