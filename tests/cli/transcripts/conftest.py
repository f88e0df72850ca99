from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import boto3
import pytest

from tests.cli.transcripts.program import Program
from tests.fakes.dynamo import CREDENTIALS, REGION, TABLE, dynamo


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Moto's DynamoDB with the transcript table, one a module: opening it costs a CPU second."""
    with patch.dict("os.environ", CREDENTIALS), dynamo() as client:
        yield client


@pytest.fixture(scope="module")
def session(client: Any) -> boto3.Session:
    """The session of all commands of a module: each new one reads boto3's data again."""
    assert client
    return boto3.Session(region_name=REGION)


@pytest.fixture
def speechctl(
    client: Any,
    session: boto3.Session,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Program]:
    """The command in this process, with a table that is empty before and after."""
    monkeypatch.setattr(boto3, "Session", lambda **_: session)
    for name in ("ENV", "AWS_ENDPOINT_URL", "ELEVENLABS_API_KEY", "ELEVENLABS_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    yield Program(capsys)
    left = client.scan(
        TableName=TABLE,
        ProjectionExpression="conversation, #i",
        ExpressionAttributeNames={"#i": "item"},
    )["Items"]
    requests = [{"DeleteRequest": {"Key": key}} for key in left]
    for start in range(0, len(requests), 25):
        client.batch_write_item(RequestItems={TABLE: requests[start : start + 25]})
