from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from functions.transcripts.reader import Conversation
from functions.transcripts.records import Head, Message
from local.cloud.errors import CloudError
from local.cloud.speechctl import Speechctl
from local.cloud.transcripts import check_exports, check_reading, delete, restore

AT = "2026-11-21T10:00:00.000Z"
SAID = [("user", "Hello"), ("agent", "You said: Hello")]
CONVERSATION = Conversation(
    conversation_id="conv_1",
    head=Head(conversation_id="conv_1", started_at=AT, ended_at=AT, messages=2),
    messages=tuple(
        Message(event_id=1, index=index, role=role, at=AT, text=text)
        for index, (role, text) in enumerate(SAID)
    ),
)
ROWS = [{"role": role, "text": text} for role, text in SAID]
OTHER_ROWS = [{"role": "user", "text": "Goodbye"}]
RESTORED = {"source": "platform", "messages": [{**row, "source": "platform"} for row in ROWS]}


@dataclass
class Commands:
    """Says what the commands say when all is well, but for what a test makes them say."""

    answers: dict[str, Any] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    async def run(self, command: str, *arguments: str) -> str:
        self.ran.append(command)
        if command == "export":
            form = arguments[arguments.index("--format") + 1]
            return write_export(Path(arguments[-1]), form, self.answers.get(form, ROWS))
        usual = {
            "list": {"conversations": [{"conversation_id": "conv_1"}]},
            "show": CONVERSATION.as_json(),
            "delete": {"deleted": {"conv_1": 3}},
            "restore": {"filled": {"conv_1": {"messages": 2}}},
        }
        return json.dumps(self.answers.get(command, usual[command]))

    async def refuse(self, command: str, *_: str) -> str:
        self.ran.append(f"{command} refused")
        return "there is no such conversation"


def write_export(file: Path, form: str, rows: list[dict[str, str]]) -> str:
    lines = [f"{row['role']},{row['text']}" for row in rows]
    if form == "jsonl":
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        file.write_text("\r\n".join(["role,text", *lines, ""]))
    return ""


def list_names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def speechctl(commands: Commands) -> Speechctl:
    return cast("Speechctl", commands)


async def test_conversation_is_listed_and_shown() -> None:
    """Both commands are run, and what they say is what the table holds."""
    commands = Commands()
    await check_reading(speechctl(commands), CONVERSATION)
    assert sorted(commands.ran) == ["list", "show"]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"list": {"conversations": []}}, r"what speechctl lists is \[\]"),
        ({"show": {"messages": []}}, "what speechctl shows is"),
    ],
)
async def test_conversation_that_is_read_otherwise_is_told(
    answers: dict[str, Any], told: str
) -> None:
    """A list without it, and a conversation with something else in it, fail the run."""
    with pytest.raises(CloudError, match=told):
        await check_reading(speechctl(Commands(answers)), CONVERSATION)


async def test_exports_are_files_with_a_row_for_each_message(tmp_path: Path) -> None:
    """They stay, so that a person can open them."""
    assert await check_exports(speechctl(Commands()), CONVERSATION, tmp_path) == 2
    assert list_names(tmp_path) == ["transcripts.csv", "transcripts.jsonl"]


@pytest.mark.parametrize(("form", "name"), [("jsonl", "JSON Lines"), ("csv", "CSV")])
async def test_export_of_something_else_is_told(tmp_path: Path, form: str, name: str) -> None:
    """Each form is read again, and compared."""
    commands = Commands({form: OTHER_ROWS})
    with pytest.raises(CloudError, match=f"what is in the {name} is .*Goodbye"):
        await check_exports(speechctl(commands), CONVERSATION, tmp_path)


async def test_deleted_conversation_is_counted_and_gone() -> None:
    """Its head counts as an item; afterwards nothing can be shown."""
    commands = Commands()
    gone = "there is no such conversation"
    assert await delete(speechctl(commands), CONVERSATION) == (3, gone)
    assert commands.ran == ["delete", "show refused"]


async def test_delete_that_leaves_items_is_told() -> None:
    """A count that is not that of all items fails the run."""
    commands = Commands({"delete": {"deleted": {"conv_1": 2}}})
    with pytest.raises(CloudError, match="what speechctl deletes is"):
        await delete(speechctl(commands), CONVERSATION)


async def test_restored_conversation_is_what_the_platform_knows() -> None:
    """All that it has was said, and comes from the platform's record."""
    assert await restore(speechctl(Commands({"show": RESTORED})), "conv_1", SAID) == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"messages": RESTORED["messages"][:1]}, "what is restored is"),
        ({"source": "elsewhere"}, "where it is from is"),
    ],
)
async def test_restore_of_something_else_is_told(changes: dict[str, Any], told: str) -> None:
    """A message that is missing, and an item of another origin, fail the run."""
    commands = Commands({"show": {**RESTORED, **changes}})
    with pytest.raises(CloudError, match=told):
        await restore(speechctl(commands), "conv_1", SAID)
