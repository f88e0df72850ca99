"""The DynamoDB table of the transcript log. The only module that knows boto3.

boto3 takes a while to import: a `DynamoTable` is made where that holds up nobody.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.transcripts.items import Item

MOST_ITEMS = 25
"""What one BatchWriteItem call takes; no key may be in it twice."""

# The writer waits and tries again by itself, and can be told to stop waiting.
_CONNECT_SECONDS = 2.0
_READ_SECONDS = 5.0
_ATTEMPTS = 1
_REFUSALS = frozenset({"ValidationException", "SerializationException"})


class ItemRefused(Exception):
    """The table will never take these items as they are. Its message is a code, no text."""


class TableUnavailable(Exception):
    """The table took nothing now. Its message is a code, no text."""


class DynamoTable:
    """Writes batches of items; `region` None leaves the choice to the AWS configuration."""

    def __init__(self, name: str, region: str | None = None) -> None:
        import boto3
        from botocore.config import Config

        self._name = name
        self._client: Any = boto3.client(
            "dynamodb",
            region_name=region,
            config=Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
                retries={"total_max_attempts": _ATTEMPTS},
            ),
        )

    def write(self, items: Sequence[Item]) -> list[Item]:
        """Write up to `MOST_ITEMS`; returns those that the table had no capacity for.

        Raises ItemRefused and TableUnavailable.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        puts = [{"PutRequest": {"Item": _encode(item)}} for item in items]
        try:
            answer = self._client.batch_write_item(RequestItems={self._name: puts})
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))
            kind = ItemRefused if code in _REFUSALS else TableUnavailable
            raise kind(code) from None
        except BotoCoreError as error:
            raise TableUnavailable(type(error).__name__) from None
        left = [put["PutRequest"]["Item"] for put in answer["UnprocessedItems"].get(self._name, [])]
        keys = {(item["conversation"]["S"], item["item"]["S"]) for item in left}
        return [item for item in items if (item["conversation"], item["item"]) in keys]


def _encode(item: Item) -> dict[str, dict[str, str]]:
    return {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in item.items()
    }
