"""What `speechctl transcripts` is seen to do with one conversation in the deployed table.

Every function runs commands and returns what was seen; it raises CloudError when they say or leave
behind something else than they promise.
"""

from __future__ import annotations

import asyncio
import csv
import json
from typing import TYPE_CHECKING, TypeAlias

from local.cloud.checks import expect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from functions.transcripts.reader import Conversation
    from local.cloud.speechctl import Speechctl

Said: TypeAlias = "Sequence[tuple[str, str]]"
"""Role and text of each message, oldest first."""

_PLATFORM = "platform"


async def check_reading(speechctl: Speechctl, conversation: Conversation) -> None:
    """`list` has the conversation, and `show` all of it."""
    name = conversation.conversation_id
    listed, shown = await asyncio.gather(
        speechctl.run("list", "--days", "2", "--json"), speechctl.run("show", name, "--json")
    )
    ids = [each["conversation_id"] for each in json.loads(listed)["conversations"]]
    expect("what speechctl lists", ids, [name])
    expect("what speechctl shows", json.loads(shown), conversation.as_json())


async def check_exports(speechctl: Speechctl, conversation: Conversation, folder: Path) -> int:
    """Export it as JSON Lines and as CSV into `folder`; returns how many rows each has."""
    files = {form: folder / f"transcripts.{form}" for form in ("jsonl", "csv")}
    await asyncio.gather(
        *(
            speechctl.run("export", "--days", "2", "--format", form, "--output", str(file))
            for form, file in files.items()
        )
    )
    said = _list_said(message.as_json() for message in conversation.messages)
    expect("what is in the JSON Lines", _read_lines(files["jsonl"]), said)
    expect("what is in the CSV", _read_table(files["csv"]), said)
    return len(said)


async def delete(speechctl: Speechctl, conversation: Conversation) -> tuple[int, str]:
    """Delete it; returns how many items there were, and how `show` then says it is gone."""
    name = conversation.conversation_id
    answer = json.loads(await speechctl.run("delete", name, "--yes", "--json"))
    items = len(conversation.messages) + 1  # the head is one
    expect("what speechctl deletes", answer["deleted"], {name: items})
    return items, await speechctl.refuse("show", name)


async def restore(speechctl: Speechctl, conversation_id: str, said: Said) -> int:
    """Fill it from ElevenLabs' record, in which `said` is; returns how many messages came."""
    options = ("--from-platform", conversation_id)
    answer = json.loads(await speechctl.run("restore", *options, "--json"))
    shown = json.loads(await speechctl.run("show", conversation_id, "--json"))
    expect("what is restored", _list_said(shown["messages"]), said)
    sources = {each.get("source") for each in (shown, *shown["messages"])}
    expect("where it is from", sources, {_PLATFORM})
    messages: int = answer["filled"][conversation_id]["messages"]
    return messages


def _read_lines(file: Path) -> Said:
    return _list_said(map(json.loads, file.read_text(encoding="utf-8").splitlines()))


def _read_table(file: Path) -> Said:
    with file.open(encoding="utf-8", newline="") as table:
        return _list_said(csv.DictReader(table))


def _list_said(messages: Iterable[Mapping[str, str]]) -> Said:
    return [(message["role"], message["text"]) for message in messages]
