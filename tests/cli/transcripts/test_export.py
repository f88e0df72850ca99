from __future__ import annotations

import csv
import importlib
import io
import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.transcript_items import make_head, make_message, put

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.transcripts.program import Program

DAY = "2026-11-21"
FORMULAS = (
    "=cmd|'/c calc'!A1",
    "+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "\r\n=1",
    "\uff1d1",
)
TEXTS = ('Grüße, "you"', "two\nlines", "NA", "12", "\x00\x1b[31m\x85", *FORMULAS)


def put_texts(client: Any) -> None:
    """A conversation in which each of TEXTS is said, one with an answer alone, one of nothing."""
    put(client, make_head("conv_a", "08:00:00.000", user="ada"))
    put(client, *(make_message("conv_a", 1, n, text) for n, text in enumerate(TEXTS)))
    facts = {"role": "agent", "outcome": "complete", "duration_ms": 1200, "heard": "Hel"}
    put(client, make_head("conv_b"), make_message("conv_b", 1, 0, "Hello", **facts))
    put(client, make_head("conv_c", "10:00:00.000"))


def test_json_lines_are_exact(client: Any, speechctl: Program) -> None:
    """A line for each message, all with the same columns, the texts to the last character."""
    put_texts(client)
    ended = speechctl("export", "--day", DAY)
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert [row["text"] for row in rows] == ["Hello", *TEXTS]
    assert len({tuple(row) for row in rows}) == 1
    assert (rows[0]["duration_ms"], rows[1]["duration_ms"]) == (1200, None)
    assert (rows[1]["conversation_id"], rows[1]["user"]) == ("conv_a", "ada")
    assert ended.err == f"3 conversations, {len(TEXTS) + 1} messages\n"
    assert ended.out.replace("\n", "").isprintable()


def test_csv_has_no_formula(client: Any, speechctl: Program) -> None:
    """What a spreadsheet would compute has an apostrophe before it, everything else has none."""
    put_texts(client)
    ended = speechctl("export", "conv_a", "--format", "csv")
    texts = [row["text"] for row in csv.DictReader(io.StringIO(ended.out, newline=""))]
    assert texts[: len(TEXTS) - len(FORMULAS)] == [*TEXTS[:4], "\ufffd\ufffd[31m\ufffd"]
    assert all(text.startswith("'") for text in texts[-len(FORMULAS) :])
    assert not {*"\x00\x1b\x85"} & {*ended.out}


def test_csv_has_no_formula_where_cells_are_parted_by_semicolons(
    client: Any, speechctl: Program
) -> None:
    """Such a spreadsheet takes semicolons and line ends for its own, within quotation marks too."""
    texts = ["well; =1;no", "two\r\n+1", "a;b\nc"]
    put(client, make_head("conv_a"))
    put(client, *(make_message("conv_a", 1, n, text) for n, text in enumerate(texts)))
    rows = csv.DictReader(
        io.StringIO(speechctl("export", "conv_a", "--format", "csv").out, newline="")
    )
    assert [row["text"] for row in rows] == ["well;' =1;no", "two\n'+1", "a;b\nc"]


@pytest.mark.parametrize("column", ["role", "user", "engine_id"])
def test_csv_has_no_formula_in_any_column(client: Any, speechctl: Program, column: str) -> None:
    """Names come from others too."""
    of_message = {column: "=1"} if column == "role" else {}
    of_head = {} if of_message else {column: "=1"}
    put(client, make_head("conv_a", **of_head), make_message("conv_a", 1, 0, "hi", **of_message))
    (row,) = csv.DictReader(io.StringIO(speechctl("export", "conv_a", "--format", "csv").out))
    assert row[column] == "'=1"


def test_exports_open_in_pandas(client: Any, speechctl: Program, tmp_path: Path) -> None:
    """Both forms are a data frame with a row for each message, numbers where there are numbers."""
    pandas: Any = importlib.import_module("pandas")
    put_texts(client)
    files = {form: str(tmp_path / f"transcripts.{form}") for form in ("csv", "jsonl")}
    for form, name in files.items():
        assert speechctl("export", "--day", DAY, "--format", form, "--output", name).code == 0
    lines = pandas.read_json(files["jsonl"], lines=True)
    table = pandas.read_csv(files["csv"], keep_default_na=False, na_values={"duration_ms": [""]})
    for frame in (lines, table):
        assert len(frame) == len(TEXTS) + 1
        assert frame["duration_ms"].sum() == 1200
        assert list(frame.groupby("conversation_id").size()) == [len(TEXTS), 1]
        assert list(frame["characters"]) == [5, *map(len, TEXTS)]
    assert list(lines["text"]) == ["Hello", *TEXTS]
    assert list(table["text"][:5]) == ["Hello", *TEXTS[:4]]


def test_markdown_is_a_page_without_markup_of_others(client: Any, speechctl: Program) -> None:
    """A section for each conversation; what was said can't become a heading, link or image."""
    said = "# no\n![x](http://evil.example/a.png) <img src=x>\n1. `a` *b* _c_\n- d\n> e &lt;"
    put(client, make_head("conv_a", user="*ada*"))
    put(client, make_message("conv_a", 1, 0, said))
    put(client, make_message("conv_a", 1, 1, "So", role="agent", outcome="complete", heard="S"))
    out = speechctl("export", "conv_a", "--format", "markdown").out
    assert out.splitlines() == [
        "# conv\\_a",
        "",
        "- started_at: 2026-11-21T09:00:00.000Z",
        "- expires_at: 2000000000",
        "- agent: agent",
        "- user: \\*ada\\*",
        "",
        "**user** (2026-11-21T09:00:01.000Z)",
        "",
        "> \\# no",
        "> !\\[x\\](http://evil.example/a.png) \\<img src=x\\>",
        "> 1\\. \\`a\\` \\*b\\* \\_c\\_",
        "> \\- d",
        "> \\> e \\&lt;",
        "",
        "**agent** (2026-11-21T09:00:01.000Z, complete)",
        "",
        "> So",
        "",
        "heard:",
        "",
        "> S",
        "",
    ]


def test_an_export_is_its_owners_alone(client: Any, speechctl: Program, tmp_path: Path) -> None:
    """The file can be read by nobody else, and takes the place of an older one when it is whole."""
    put_texts(client)
    file = tmp_path / "transcripts.jsonl"
    file.write_text("old")
    ended = speechctl("export", "conv_b", "--output", str(file))
    assert ended.out == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["text"] == "Hello"
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_that_fails_leaves_the_older_one(speechctl: Program, tmp_path: Path) -> None:
    """Half an export is never taken for a whole one."""
    file = tmp_path / "transcripts.jsonl"
    file.write_text("old")
    options = ("--day", DAY, "--output", str(file))
    speechctl("export", *options, table="nowhere").assert_refused("no transcript table")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_names_what_is_missing(client: Any, speechctl: Program) -> None:
    """The others are exported, and the exit code tells."""
    put_texts(client)
    ended = speechctl("export", "conv_none", "conv_b")
    assert ended.code == 1
    assert json.loads(ended.out)["text"] == "Hello"
    assert ended.err.splitlines() == [
        "there is no such conversation, or it has expired: conv_none in table transcripts",
        "1 conversation, 1 message",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "name conversations by id, or days"),
        (("conv_a", "--days", "1"), 2, "name conversations by id, or days"),
        (("--days", "1", "--output", "/no/such/folder/x"), 1, "can't write /no/such/folder/x"),
        (("--days", "1", "--output", "/dev/null"), 1, "can't write /dev/null"),
    ],
)
def test_export_refuses_what_it_cannot_do(
    speechctl: Program, arguments: tuple[str, ...], code: int, told: str
) -> None:
    """A mistake in the arguments is one line, before anything is read."""
    speechctl("export", *arguments).assert_refused(told, code=code)
