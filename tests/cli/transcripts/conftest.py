from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from tests.cli.transcripts.program import Program
from tests.fakes.dynamo import CREDENTIALS, REGION, TABLE, dynamo


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Moto's DynamoDB with the transcript table, one a module: opening it costs a CPU second."""
    with patch.dict("os.environ", CREDENTIALS), dynamo() as client:
        yield client


@pytest.fixture
def speechctl(
    client: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Program]:
    """The command in this process, with a table that is empty before and after."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    for name in ("ENV", "AWS_ENDPOINT_URL", "ELEVENLABS_API_KEY", "ELEVENLABS_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    yield Program(capsys)
    for item in client.scan(TableName=TABLE)["Items"]:
        key = {name: item[name] for name in ("conversation", "item")}
        client.delete_item(TableName=TABLE, Key=key)
