from __future__ import annotations

import asyncio

import pytest

from bench.table import counted_table
from service.transcripts.entries import encode
from service.transcripts.table import DynamoTable
from tests.fakes.dynamo import CREDENTIALS, REGION


async def test_counted_table_takes_and_counts_what_a_real_client_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every batch is taken on one connection, and its items are counted."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    entries = [encode({"conversation": "conv_1", "item": str(number)}) for number in range(7)]
    async with counted_table() as counted:
        monkeypatch.setenv("AWS_ENDPOINT_URL", counted.url)
        table = await asyncio.to_thread(DynamoTable, "bench", REGION)
        for batch in (entries[:4], entries[4:]):
            assert await asyncio.to_thread(table.write, batch) == []
        assert counted.items == 7
