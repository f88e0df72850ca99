from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from tests.fakes.dynamo import CREDENTIALS, TABLE, dynamo


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Moto's DynamoDB with the transcript table, one a module: opening it costs a CPU second."""
    with patch.dict("os.environ", CREDENTIALS), dynamo() as client:
        yield client


@pytest.fixture(autouse=True)
def _empty_table(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "client" in request.fixturenames:
        client = request.getfixturevalue("client")
        for item in client.scan(TableName=TABLE)["Items"]:
            key = {name: item[name] for name in ("conversation", "item")}
            client.delete_item(TableName=TABLE, Key=key)
