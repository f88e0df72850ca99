"""The engine function between its neighbours: CloudFormation, Secrets Manager, the platform."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3
from moto import mock_aws

from functions.engine.handler import act
from local.platform import Platform
from tests.fakes.cloudformation import FakeClock, Mailbox, open_mailbox
from tests.fakes.faulty_platform import Fault, FaultyPlatform, open_faulty_platform

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from local.platform import Engine

API_KEY = "sk_test_engine_function_0123456789"
HEADER_SECRET = "h3aderS3cretOfFortyEightLettersAndDigits01234567"
WS_URL = "wss://voice.example.com/ws"
AWS_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def properties(engine: dict[str, Any] | None = None, **others: str) -> dict[str, str]:
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
    secrets: SecretsManagerClient
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

    def rotate(self, secret_arn: str, value: str) -> None:
        """Give a secret another value."""
        self.secrets.put_secret_value(SecretId=secret_arn, SecretString=value)


def make_secret(client: SecretsManagerClient, name: str, value: str | None) -> str:
    """Create a secret, with None one without a value; returns its ARN."""
    if value is None:
        return client.create_secret(Name=name)["ARN"]
    return client.create_secret(Name=name, SecretString=value)["ARN"]


@asynccontextmanager
async def open_engine_stage(
    *faults: Fault, key: str | None = API_KEY
) -> AsyncIterator[EngineStage]:
    """Start everything; `key` is the value of the key's secret, None leaves it without one."""
    async with Platform(api_key=API_KEY) as platform:
        with ExitStack() as stack:
            stack.enter_context(patch.dict(os.environ, AWS_ENVIRONMENT))
            stack.enter_context(mock_aws())
            line = stack.enter_context(open_faulty_platform(platform.url, *faults))
            mailbox = stack.enter_context(open_mailbox())
            secrets = boto3.client("secretsmanager")
            header = make_secret(secrets, "header", json.dumps({"current": HEADER_SECRET}))
            key_arn = make_secret(secrets, "key", key)
            stage = EngineStage(platform, line, mailbox, secrets, key_arn, header)
            settings = {
                "ELEVENLABS_URL": line.url,
                "ELEVENLABS_API_KEY_SECRET": key_arn,
                "HEADER_SECRET": header,
            }
            stack.enter_context(patch.dict(os.environ, settings))
            yield stage
