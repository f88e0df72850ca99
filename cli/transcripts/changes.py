"""What commands change in the table: items put back, items deleted. Knows no terminal.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from cli.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from functions.transcripts.reader import ItemKey

    Item = Mapping[str, str | int]

HEAD = "head"
SOURCE, PLATFORM = "source", "platform"
"""An item with this attribute and value was made from ElevenLabs' own record."""

_MOST_A_BATCH = 25
_MOST_FRUITLESS = 8
_LONGEST_PAUSE_SECONDS = 5.0
_REFUSED = "ConditionalCheckFailedException"


def put_unless_newer(client: Any, table: str, item: Item) -> bool:
    """Put the item as the server would have, unless the table has it or a newer form of it.

    Whatever the order of calls, the newest form stays. Returns whether it was written.
    """
    return _put(client, table, item, _older_forms(item))


def put_if_absent(client: Any, table: str, item: Item, unless: str = "conversation") -> bool:
    """Put the item unless there is one with the attribute `unless`; returns whether."""
    return _put(client, table, item, f"attribute_not_exists({unless})")


def delete_keys(
    client: Any,
    table: str,
    keys: Sequence[ItemKey],
    sleep: Callable[[float], object] = time.sleep,
) -> int:
    """Delete items in batches, again what the table had no capacity for; returns how many.

    The head comes last: as long as there is one, the conversation can be found. Raises CommandError
    when the table keeps refusing.
    """
    waiting = [key.as_dynamo() for key in sorted(keys, key=lambda key: key.item == HEAD)]
    fruitless = 0
    while waiting:
        batch, rest = waiting[:_MOST_A_BATCH], waiting[_MOST_A_BATCH:]
        requests = [{"DeleteRequest": {"Key": key}} for key in batch]
        answer = client.batch_write_item(RequestItems={table: requests})
        left = [
            request["DeleteRequest"]["Key"]
            for request in answer.get("UnprocessedItems", {}).get(table, [])
        ]
        waiting = left + rest
        fruitless = fruitless + 1 if len(left) == len(batch) else 0
        if fruitless > _MOST_FRUITLESS:
            raise CommandError(
                f"the table is too busy: {len(keys) - len(waiting)} of {len(keys)} items are"
                " deleted; delete again"
            )
        if left:
            sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, 0.1 * 2**fruitless)))
    return len(keys)


def _older_forms(item: Item) -> str:
    """The condition that what is in the table, if anything, is older than the item.

    The server writes a head again with its end, and an answer again as it was heard. What was made
    from the platform's record gives way, but an end is never lost.
    """
    source = f"#source = :{PLATFORM}"
    later = "ended_at" if item["item"] == HEAD else "heard"
    if later in item:
        return f"attribute_not_exists(conversation) OR attribute_not_exists({later}) OR {source}"
    if item["item"] == HEAD:
        return "attribute_not_exists(conversation)"
    return f"attribute_not_exists(conversation) OR {source}"


def _put(client: Any, table: str, item: Item, condition: str) -> bool:
    from botocore.exceptions import ClientError

    named: dict[str, Any] = {}
    if "#source" in condition:
        named["ExpressionAttributeNames"] = {"#source": SOURCE}
        named["ExpressionAttributeValues"] = {f":{PLATFORM}": {"S": PLATFORM}}
    try:
        client.put_item(TableName=table, Item=_encode(item), ConditionExpression=condition, **named)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != _REFUSED:
            raise
        return False
    return True


def _encode(item: Item) -> dict[str, dict[str, str]]:
    return {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value}
        for name, value in item.items()
    }
