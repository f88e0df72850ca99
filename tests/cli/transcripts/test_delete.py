from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from botocore.exceptions import ClientError

from cli.errors import CommandError
from cli.transcripts import delete
from cli.transcripts.changes import delete_keys
from infra.settings import load_environment
from tests.cli.transcripts.account import OneAccount, use_account
from tests.fakes.dynamo import TABLE
from tests.fakes.transcript_items import make_head, make_message, make_part, put

if TYPE_CHECKING:
    from functions.transcripts.reader import ItemKey
    from tests.cli.transcripts.program import Program

UNKNOWN = f"there is no such conversation: conv_none in table {TABLE}"
ENDED = {"ended_at": "2026-11-21T09:05:00.000Z"}


class TypedInput(io.StringIO):
    """Somebody at a terminal, who types."""

    def isatty(self) -> bool:
        return True


def put_conversations(client: Any) -> None:
    """A conversation of two batches, expired items and parts among them, and another."""
    message = make_message("conv_a", 1, 0, "one", parts=3)
    parts = (make_part(message, 2, "two"), make_part(message, 3, "three"))
    put(client, make_head("conv_a", **ENDED), message, *parts)
    put(client, *(make_message("conv_a", n, 0, "x", expires_at=1) for n in range(2, 25)))
    put(client, make_head("conv_b"), make_message("conv_b", 1, 0, "hi"))


def list_left(client: Any) -> list[tuple[str, str]]:
    items = client.scan(TableName=TABLE)["Items"]
    return sorted((item["conversation"]["S"], item["item"]["S"]) for item in items)


OTHER = [("conv_b", "head"), ("conv_b", "message#000000000001#0000")]


def test_delete_removes_every_item_and_says_how_many(client: Any, speechctl: Program) -> None:
    """Head, messages and parts go, expired ones too; nothing of another conversation does."""
    put_conversations(client)
    ended = speechctl("delete", "--yes", "conv_a")
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "conv_a: 27 items deleted"
    assert list_left(client) == OTHER


def test_delete_names_the_copies_that_remain(client: Any, speechctl: Program) -> None:
    """The log, point-in-time recovery, exports and ElevenLabs may still have it."""
    put_conversations(client)
    enabled = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=enabled)
    out = speechctl("delete", "--yes", "conv_a").out
    for copy in (
        "log",
        "recovery, for 35 days",
        "archive in S3",
        "export",
        "ElevenLabs' own record",
    ):
        assert copy in out
    disabled = {"PointInTimeRecoveryEnabled": False}
    client.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=disabled)
    assert "point-in-time" not in speechctl("delete", "--yes", "conv_b").out


def test_delete_for_programs_is_one_document(client: Any, speechctl: Program) -> None:
    """With --json: how many items of which conversation, and the copies."""
    put_conversations(client)
    ended = speechctl("delete", "--yes", "--json", "conv_a", "conv_a", "conv_none")
    assert ended.document["deleted"] == {"conv_a": 27}
    assert len(ended.document["copies"]) >= 3
    assert (ended.code, ended.err) == (1, f"{UNKNOWN}\n")


def test_delete_of_nothing_deletes_nothing(client: Any, speechctl: Program) -> None:
    """An unknown conversation is one line and code 1, and no copies are spoken of."""
    put_conversations(client)
    ended = speechctl("delete", "conv_none")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == f"{UNKNOWN}\n"
    assert len(list_left(client)) == 29


def test_delete_asks_first(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only who types yes deletes; the question tells how much of what."""
    put_conversations(client)
    for typed in ("", "y\n", "no\n"):
        monkeypatch.setattr("sys.stdin", TypedInput(typed))
        ended = speechctl("delete", "conv_a")
        assert ended.err == "speechctl transcripts: nothing was deleted\n"
        assert ended.out == f"Type yes to delete 27 items of conv_a in table {TABLE}: "
    assert len(list_left(client)) == 29
    monkeypatch.setattr("sys.stdin", TypedInput("yes\n"))
    assert speechctl("delete", "conv_a").code == 0
    assert list_left(client) == OTHER


def test_delete_needs_yes_where_nobody_can_be_asked(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a script nothing is deleted without --yes."""
    put_conversations(client)
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    speechctl("delete", "conv_a").assert_refused("27 items of conv_a", "say --yes")
    assert len(list_left(client)) == 29


def test_delete_of_an_open_conversation_warns(client: Any, speechctl: Program) -> None:
    """What is said afterwards is stored again, and that is told."""
    put_conversations(client)
    ended = speechctl("delete", "--yes", "conv_b")
    assert ended.code == 0
    assert ended.err.startswith("conv_b is open: what is said from now on is stored;")


def test_delete_tells_what_is_gone_before_it_fails(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a later conversation can't be deleted, the earlier ones are counted all the same."""
    put_conversations(client)

    def fail_on_others(_client: Any, _table: str, keys: list[ItemKey]) -> int:
        if keys[0].conversation == "conv_b":
            raise CommandError("the table is too busy")
        return delete_keys(client, TABLE, keys)

    monkeypatch.setattr(delete, "delete_keys", fail_on_others)
    ended = speechctl("delete", "--yes", "conv_a", "conv_b")
    assert (ended.code, list_left(client)) == (1, OTHER)
    assert ended.out.startswith("conv_a: 27 items deleted\n")
    assert ended.err.endswith("speechctl transcripts: the table is too busy\n")


def test_delete_checks_all_ids_before_it_begins(client: Any, speechctl: Program) -> None:
    """One id that can't be one, and nothing is deleted."""
    put_conversations(client)
    speechctl("delete", "--yes", "conv_a", "bad\udc80").assert_refused("nothing was deleted")
    assert len(list_left(client)) == 29


def test_an_environment_says_how_long_copies_remain(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With -e the days are the settings', also for who may not ask about the table's backups."""

    def refuse(**_: Any) -> NoReturn:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "Describe")

    put_conversations(client)
    use_account(monkeypatch, OneAccount(client, {"TranscriptTable": TABLE}))
    monkeypatch.setattr(client, "describe_continuous_backups", refuse)
    out = speechctl("delete", "-e", "dev", "--yes", "conv_a", table=None).out
    environment = load_environment("dev")
    assert f"log, for {environment.service.log_days} days" in out
    assert f"recovery, for {environment.data.recovery_days} days" in out
    assert "archive" not in out
    account = OneAccount(client, {"TranscriptTable": TABLE})
    use_account(monkeypatch, account, archive=True, days=9)
    out = speechctl("delete", "-e", "dev", "--yes", "conv_b", table=None).out
    assert "the archive in S3, for 9 days" in out
