"""The table against moto's DynamoDB, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from service.transcripts.entries import encode
from service.transcripts.table import (
    MOST_ITEMS,
    CredentialsRefused,
    DynamoTable,
    ItemRefused,
    TableBusy,
    TableUnavailable,
)
from tests.fakes.dynamo import CREDENTIALS, REGION, TABLE, dynamo
from tests.fakes.faulty_table import THROTTLED, FaultyTable, listening

if TYPE_CHECKING:
    from service.transcripts.entries import Entry
    from service.transcripts.items import Item


@pytest.fixture(autouse=True)
def _some_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def make_entries(count: int) -> list[Entry]:
    item: Item = {"conversation": "conv_1", "text": "Grüße", "characters": 5}
    return [encode({**item, "item": f"message#{number}"}) for number in range(count)]


def test_table_writes_what_can_be_read_back() -> None:
    """Texts and numbers arrive as such, in the most items that one call takes."""
    with dynamo() as client:
        assert DynamoTable(TABLE, REGION).write(make_entries(MOST_ITEMS)) == []
        found = client.scan(TableName=TABLE)["Items"]
    assert len(found) == MOST_ITEMS
    assert found[0]["text"] == {"S": "Grüße"}
    assert found[0]["characters"] == {"N": "5"}


def test_table_writes_the_same_item_twice_without_harm() -> None:
    """A batch that is written again changes nothing."""
    with dynamo() as client:
        table = DynamoTable(TABLE, REGION)
        assert table.write(make_entries(3)) == table.write(make_entries(3)) == []
        assert client.scan(TableName=TABLE)["Count"] == 3


def test_table_returns_what_was_not_processed() -> None:
    """Items for which DynamoDB had no capacity come back, to be written again."""

    def leave_one(parsed: dict[str, Any], **_: Any) -> None:
        put = {"conversation": {"S": "conv_1"}, "item": {"S": "message#1"}}
        parsed["UnprocessedItems"] = {TABLE: [{"PutRequest": {"Item": put}}]}

    entries = make_entries(3)
    with dynamo():
        table = DynamoTable(TABLE, REGION)
        table._client.meta.events.register("after-call.dynamodb.BatchWriteItem", leave_one)
        assert table.write(entries) == [entries[1]]


def test_table_tells_what_it_will_never_take() -> None:
    """An item that breaks DynamoDB's rules is refused for good, without its text in the error."""
    entries = make_entries(1)
    with dynamo(), pytest.raises(ItemRefused) as caught:
        DynamoTable(TABLE, REGION).write([*entries, *entries])
    assert str(caught.value) == "ValidationException"


def test_table_tells_what_may_pass() -> None:
    """A table that is not there, or no way to reach one, may be there later."""
    with mock_aws(), pytest.raises(TableUnavailable, match="ResourceNotFoundException"):
        DynamoTable("absent", REGION).write(make_entries(1))


def test_table_tells_missing_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails before any request is told as unavailable, too."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(CredentialsRefused, match="NoCredentialsError"):
        DynamoTable(TABLE, REGION).write(make_entries(1))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExpiredTokenException", CredentialsRefused),
        ("UnrecognizedClientException", CredentialsRefused),
        (THROTTLED, TableBusy),
        ("InternalServerError", TableUnavailable),
        ("AccessDeniedException", TableUnavailable),
        ("ValidationException", ItemRefused),
    ],
)
def test_table_tells_apart_what_helps(
    code: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """New credentials, patience, or nothing: each error says by its kind what will help."""
    table = FaultyTable()
    table.errors = [code]
    with listening(table) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        dynamo_table = DynamoTable(TABLE, REGION)
        with pytest.raises(Exception, match=code) as caught:
            dynamo_table.write(make_entries(1))
        assert caught.type is kind
        assert dynamo_table.write(make_entries(1)) == []
    assert set(table.items) == {("conv_1", "message#0")}


def test_table_that_is_made_anew_finds_new_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """No session is shared: credentials are looked for by each table of its own."""
    with listening(table := FaultyTable()) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        for key in ("AKIDOLD", "AKIDNEW"):
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
            DynamoTable(TABLE, REGION).write(make_entries(1))
    assert table.signed_by == ["AKIDOLD", "AKIDNEW"]
