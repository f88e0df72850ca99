"""`speechctl transcripts delete`: every item of a conversation, and where copies remain."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cli.errors import CommandError
from cli.transcripts.changes import delete_keys
from cli.transcripts.copies import list_copies
from cli.transcripts.output import add_json_argument, count, tell, write_json
from cli.transcripts.place import add_place_arguments, opened_place
from functions.transcripts.failures import InvalidRequest, UnknownConversation
from local.dev.visible import make_visible

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from cli.transcripts.place import Place

SUMMARY = "delete conversations with all their items"
# Of a conversation that goes on, items may come while others are deleted.
_MOST_ROUNDS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `delete`."""
    parser.add_argument("id", nargs="+", help="the conversations' ids")
    add_place_arguments(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Delete; returns 1 when one of them wasn't there. Raises CommandError."""
    with opened_place(arguments) as place:
        counts = {each: _count(place, each) for each in dict.fromkeys(arguments.id)}
        found = [each for each, items in counts.items() if items]
        if found and not arguments.yes:
            _confirm(found, sum(counts.values()), place.table)
        _warn_of_open(place, found)
        _delete_all(place, found, as_json=arguments.json)
    return 0 if len(found) == len(counts) else 1


def _count(place: Place, conversation_id: str) -> int:
    """How many items there are, expired ones too: those are still in the table."""
    try:
        items = place.reader.count(conversation_id)
    except InvalidRequest as error:
        raise CommandError(f"{error}; nothing was deleted") from None
    if not items:
        name = make_visible(conversation_id)
        tell(f"there is no such conversation: {name} in table {place.table}")
    return items


def _confirm(ids: Sequence[str], items: int, table: str) -> None:
    what = f"{count(items, 'item')} of {', '.join(map(make_visible, ids))} in table {table}"
    if not sys.stdin.isatty():
        raise CommandError(f"this deletes {what}; say --yes where nobody can be asked")
    try:
        answer = input(f"Type yes to delete {what}: ")
    except EOFError:
        answer = ""
    if answer.strip() != "yes":
        raise CommandError("nothing was deleted")


def _warn_of_open(place: Place, ids: Sequence[str]) -> None:
    for conversation_id in ids:
        try:
            head = place.reader.read(conversation_id).head
        except UnknownConversation:
            continue
        if head and not head.ended_at:
            tell(
                f"{make_visible(conversation_id)} is open: what is said from now on is stored;"
                " delete it again when it has ended"
            )


def _delete_all(place: Place, ids: Sequence[str], *, as_json: bool) -> None:
    deleted: dict[str, int] = {}
    try:
        for conversation_id in ids:
            deleted[conversation_id] = _delete(place, conversation_id)
    finally:
        # Also when a later one fails: what is gone is gone.
        _report(deleted, list_copies(place) if deleted else [], as_json=as_json)


def _delete(place: Place, conversation_id: str) -> int:
    deleted = 0
    for _ in range(_MOST_ROUNDS):
        keys = list(place.reader.keys(conversation_id))
        if not keys:
            break
        deleted += delete_keys(place.client, place.table, keys)
    return deleted


def _report(deleted: dict[str, int], copies: list[str], *, as_json: bool) -> None:
    if as_json:
        write_json({"deleted": deleted, "copies": copies})
        return
    for conversation_id, items in deleted.items():
        print(f"{make_visible(conversation_id)}: {count(items, 'item')} deleted")
    if copies:
        print("copies may remain:")
    for copy in copies:
        print(f"  {copy}")
