"""Items of the transcript log, as the server writes them, without the server."""

from __future__ import annotations

from typing import Any

from tests.fakes.dynamo import TABLE

DAY = "2026-11-21"
SHARDS = 4
EXPIRES_AT = 2_000_000_000


def make_head(conversation: str, time: str = "09:00:00.000", **more: Any) -> dict[str, Any]:
    """The head of a conversation that began on `DAY`, unless `day` says otherwise."""
    day = more.pop("day", DAY)
    shard = more.pop("shard", sum(conversation.encode()) % SHARDS)
    return {
        "conversation": conversation,
        "item": "head",
        "expires_at": EXPIRES_AT,
        "day_shard": f"{day}#{shard}",
        "started_at": f"{day}T{time}Z",
        "agent": "agent",
        **more,
    }


def make_message(
    conversation: str, event_id: int, index: int, text: str, **more: Any
) -> dict[str, Any]:
    """One message, the user's unless `role` says otherwise."""
    return {
        "conversation": conversation,
        "item": f"message#{event_id:012d}#{index:04d}",
        "expires_at": EXPIRES_AT,
        "event_id": event_id,
        "role": "user",
        "at": f"{DAY}T09:00:01.000Z",
        "characters": len(text),
        "text": text,
        **more,
    }


def make_part(message: dict[str, Any], number: int, text: str) -> dict[str, Any]:
    """Part `number` (2 and on) of a message's text."""
    return {
        "conversation": message["conversation"],
        "item": f"{message['item']}#part#{number:04d}",
        "expires_at": message["expires_at"],
        "text": text,
    }


def put(client: Any, *items: dict[str, Any]) -> None:
    """Write items into the fake table."""
    for item in items:
        values = {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in item.items()
        }
        client.put_item(TableName=TABLE, Item=values)
