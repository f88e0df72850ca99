from __future__ import annotations

import io
import json

import pytest

from cli.transcripts.log_lines import EVENT, Found, Unreadable, find_lines, read_lines
from tests.cli.transcripts.printed import LOGS, OTHER, print_lines
from tests.fakes.transcript_items import make_head, make_message

ITEMS = [
    make_head("conv_a"),
    make_message("conv_a", 1, 0, 'say "hi" {"event": "transcript not written", "of": [{'),
    make_message("conv_a", 2, 0, "Grüße\n" * 3000),
]
LINES = print_lines(ITEMS)


def find(data: bytes) -> list[Found | Unreadable]:
    return list(find_lines(read_lines(io.BufferedReader(io.BytesIO(data)))))


@pytest.mark.parametrize("form", list(LOGS))
def test_lines_are_found_in_every_form_of_log(form: str) -> None:
    """However a log was exported: exactly the restore lines, in their order, as printed."""
    lines = [OTHER, LINES[0], OTHER, *LINES[1:], OTHER]
    found = find(LOGS[form](lines))
    assert [each.fields for each in found if isinstance(each, Found)] == [
        json.loads(line) for line in LINES
    ]
    assert len(found) == len(LINES)


@pytest.mark.parametrize("form", list(LOGS))
def test_a_line_that_is_cut_off_spoils_no_other(form: str) -> None:
    """The lines before and behind it are found, and it is told of itself."""
    found = find(LOGS[form]([LINES[0], LINES[1][:-9], LINES[2]]))
    fields = [each.fields if isinstance(each, Found) else None for each in found]
    assert fields == [json.loads(LINES[0]), None, json.loads(LINES[2])]


def test_numbers_of_lines_are_told() -> None:
    """A person can look a bad line up: by its own number, or by where its document begins."""
    text = "\n".join(
        [OTHER, LINES[0], f"{EVENT} of=conv_a", "{", '  "message": "x"', "}", LINES[1][:120]]
    )
    assert [each.line for each in find(text.encode())] == [2, 3, 7]


def test_a_broken_document_swallows_no_line() -> None:
    """A printed brace that nothing closes doesn't take the restore lines behind it along."""
    text = "\n".join(["void main() {", "  indented", LINES[0], "{", '  "events": [', LINES[1]])
    found = find(text.encode())
    assert [each.fields for each in found if isinstance(each, Found)] == [
        json.loads(line) for line in LINES[:2]
    ]


@pytest.mark.parametrize(
    "line",
    [
        json.dumps({"event": "turn", "message": LINES[0]}),
        json.dumps({"user": LINES[0]}),
        "[" * 5000 + '{"a":' * 5000 + EVENT,
        "{" * 100_000 + EVENT,
    ],
)
def test_what_users_said_is_no_restore_line(line: str) -> None:
    """Only where a log's message stands can there be one; what looks like it is told of."""
    (found,) = find(line.encode())
    assert isinstance(found, Unreadable)


def test_other_logs_have_none() -> None:
    """A log without such lines, an empty one and one of any bytes: nothing, and nothing to tell."""
    for data in (b"", OTHER.encode(), bytes(range(256)) * 50):
        assert find(data) == []
