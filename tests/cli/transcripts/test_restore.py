from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from functions.transcripts.records import decode
from tests.cli.transcripts.printed import OTHER, print_lines
from tests.fakes.dynamo import TABLE
from tests.fakes.transcript_items import make_head, make_message, make_part, put

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.transcripts.program import Program

ENDED: dict[str, Any] = {"ended_at": "2026-11-21T09:05:00.000Z", "turns": 1, "messages": 2}
_LONG = make_message("conv_a", 1, 1, "long " * 4000, role="agent", parts=2)
ITEMS = [
    make_head("conv_a"),
    make_message("conv_a", 1, 0, "Grüße"),
    _LONG,
    make_part(_LONG, 2, "end"),
    make_head("conv_a", **ENDED),
]
LEFT = ITEMS[1:]


def write_log(path: Path, *lines: str) -> str:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def read_all(client: Any) -> list[dict[str, Any]]:
    items = [decode(item) for item in client.scan(TableName=TABLE)["Items"]]
    return sorted(items, key=lambda item: (item["conversation"], item["item"]))


def sort(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: (item["conversation"], item["item"]))


def test_restore_writes_back_what_was_printed(
    client: Any, speechctl: Program, tmp_path: Path
) -> None:
    """From a log the table gets exactly the items that it lacks; a second time changes nothing."""
    log = write_log(tmp_path / "log", OTHER, *print_lines(ITEMS), OTHER)
    ended = speechctl("restore", log)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("5 items written, of 1 conversation; 0 there already")
    assert read_all(client) == sort(*LEFT)
    again = speechctl("restore", log, "--json").document
    assert again == {
        "written": 0,
        "kept": 5,
        "expired": 0,
        "conversations": ["conv_a"],
        "problems": [],
    }
    assert read_all(client) == sort(*LEFT)


@pytest.mark.parametrize("name", [(), ("-",)])
def test_restore_reads_standard_input(
    client: Any, speechctl: Program, monkeypatch: pytest.MonkeyPatch, name: tuple[str, ...]
) -> None:
    """A log can come through a pipe, compressed too."""
    data = gzip.compress("\n".join(print_lines(ITEMS)).encode())
    pipe = io.TextIOWrapper(io.BufferedReader(io.BytesIO(data)))
    monkeypatch.setattr("sys.stdin", pipe)
    assert speechctl("restore", *name).code == 0
    assert read_all(client) == sort(*LEFT)


def test_restore_joins_parts_of_several_files(
    client: Any, speechctl: Program, tmp_path: Path
) -> None:
    """An export may have cut an item in two: its parts are joined across files."""
    lines = print_lines([_LONG])
    files = [write_log(tmp_path / str(n), line) for n, line in enumerate(lines)]
    assert len(files) > 1
    assert speechctl("restore", *files).code == 0
    assert read_all(client) == [_LONG]


def test_restore_overwrites_nothing_newer(client: Any, speechctl: Program, tmp_path: Path) -> None:
    """What the server could write later stays: an end, and an answer as it was heard."""
    heard = {**_LONG, "heard": "lo"}
    put(client, make_head("conv_a", **ENDED), heard)
    log = write_log(tmp_path / "log", *print_lines([ITEMS[0], _LONG]))
    assert speechctl("restore", log, "--json").document["kept"] == 2
    assert read_all(client) == sort(make_head("conv_a", **ENDED), heard)


def test_restore_does_not_bring_back_what_has_expired(
    client: Any, speechctl: Program, tmp_path: Path
) -> None:
    """An old log holds what should be gone; that is counted, and not written."""
    log = write_log(tmp_path / "log", *print_lines([make_head("conv_a", expires_at=1)]))
    ended = speechctl("restore", log)
    assert (ended.code, read_all(client)) == (0, [])
    assert "1 expired" in ended.out


@pytest.mark.parametrize("lines", [(), ("what is this?", OTHER)])
def test_restore_refuses_what_holds_nothing_to_restore(
    speechctl: Program, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    """A wrong file, or a filter that let nothing through, is not taken for success."""
    ended = speechctl("restore", write_log(tmp_path / "log", *lines))
    ended.assert_refused('no line "transcript not written" of the server\'s was found')


def test_bad_lines_cost_no_good_ones(client: Any, speechctl: Program, tmp_path: Path) -> None:
    """Each bad line is one line on standard error, the good ones are restored, the code is 1."""
    first, *further = print_lines([_LONG])
    changed = json.loads(print_lines([make_message("conv_b", 1, 0, "hello")])[0])
    changed["data"] = changed["data"].replace("hello", "HELLO")
    good = print_lines([ITEMS[1], ITEMS[0]])
    assert further
    log = write_log(
        tmp_path / "log", good[0], good[0][:-20], json.dumps(changed), first, OTHER, good[1]
    )
    ended = speechctl("restore", log)
    assert ended.code == 1
    assert read_all(client) == sort(ITEMS[0], ITEMS[1])
    cut, digest, parts = ended.err.splitlines()
    assert cut == f"{log}, line 2: no whole JSON object as the server prints it"
    assert digest.startswith(f"{log}, line 3: the digest of conv_b/message#")
    assert parts.endswith(f"1 of {len(further) + 1} parts are in the log")
    assert ended.out.endswith("3 could not be restored\n")
    assert "hello" not in (ended.out + ended.err).lower()


def test_an_item_that_the_table_refuses_costs_no_other(
    client: Any, speechctl: Program, tmp_path: Path
) -> None:
    """One that can't be stored is told of, and the next one is."""
    huge = make_message("conv_a", 1, 1, "x" * 410_000)
    log = write_log(tmp_path / "log", *print_lines([huge, ITEMS[1]]))
    ended = speechctl("restore", log)
    assert ended.code == 1
    assert ended.err == "conv_a/message#000000000001#0001: the table refused it\n"
    assert read_all(client) == [ITEMS[1]]


def test_restore_tells_of_files_that_it_cannot_read(
    client: Any, speechctl: Program, tmp_path: Path
) -> None:
    """A missing file and one that is cut off are a line each; what can be read is restored."""
    lines = "\n".join(print_lines([ITEMS[1]]) + [OTHER] * 5000)
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(lines.encode(), compresslevel=0)[:-400])
    ended = speechctl("restore", str(tmp_path / "none"), str(tmp_path), str(cut))
    assert ended.code == 1
    none, folder, gz = ended.err.splitlines()
    assert none.endswith("none: No such file or directory")
    assert folder.endswith("Is a directory")
    assert gz == f"can't read {cut}: it is no whole gzip file"
    assert read_all(client) == [ITEMS[1]]


def test_restore_shows_no_escapes(speechctl: Program, tmp_path: Path) -> None:
    """A key that came from elsewhere can't steer the terminal that a bad line is told on."""
    fields = {**json.loads(print_lines([ITEMS[0]])[0]), "of": "\x1b[2J/head", "parts": 2}
    log = write_log(tmp_path / "log", json.dumps(fields))
    ended = speechctl("restore", log)
    assert (ended.code, "\x1b" in ended.err) == (1, False)


def test_restore_to_a_wrong_table_is_one_line(speechctl: Program, tmp_path: Path) -> None:
    """A table that isn't there is told before a log of thousands of lines is gone through."""
    log = write_log(tmp_path / "log", *print_lines(ITEMS))
    speechctl("restore", log, table="nowhere").assert_refused("no transcript table nowhere")


def test_restore_takes_one_source_at_a_time(speechctl: Program) -> None:
    """The log comes first, and what it lacks from the platform."""
    ended = speechctl("restore", "log", "--from-platform", "conv_a")
    ended.assert_refused("a log or --from-platform, not both", code=2)
