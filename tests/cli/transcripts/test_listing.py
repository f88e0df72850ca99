from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.transcript_items import make_head, put

if TYPE_CHECKING:
    from tests.cli.transcripts.program import Program

DAY = "2026-03-01"


def put_days(client: Any) -> None:
    end = {"ended_at": f"{DAY}T09:02:05.500Z", "ending": "closed", "turns": 3, "messages": 6}
    put(client, make_head("conv_a", "09:00:00.000", day=DAY, user="ada", **end))
    put(client, make_head("conv_b", "10:00:00.000", day=DAY))
    put(client, make_head("conv_c", "08:00:00.000", day="2026-03-02"))


def test_list_shows_a_day_newest_first(client: Any, speechctl: Program) -> None:
    """A line for each conversation of the day: when, which, how much, how long, how it ended."""
    put_days(client)
    ended = speechctl("list", "--day", DAY)
    lines = [line.split() for line in ended.out.splitlines() if "conv_" in line]
    assert lines == [
        [DAY, "10:00:00", "conv_b", "open", "agent"],
        [DAY, "09:00:00", "conv_a", "3", "6", "2:05", "closed", "agent", "ada"],
    ]
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("started (UTC)")
    assert "\x1b" not in ended.out


def test_list_for_programs_is_one_document(client: Any, speechctl: Program) -> None:
    """With --json it is what the read API gives, and whether there is more."""
    put_days(client)
    document = speechctl("list", "--day", DAY, "--json", "--limit", "1").document
    (conversation,) = document["conversations"]
    assert conversation["conversation_id"] == "conv_b"
    assert document["has_more"] is True
    assert speechctl("list", "--day", DAY, "--json").document["has_more"] is False


def test_list_says_that_there_is_more(client: Any, speechctl: Program) -> None:
    """Beyond the limit nothing is shown, and that is said beside the list."""
    put_days(client)
    ended = speechctl("list", "--day", DAY, "--limit", "1")
    assert "conv_b" in ended.out
    assert "conv_a" not in ended.out
    assert ended.err == "these are the newest 1; --limit shows more\n"


def test_list_counts_days_from_today(client: Any, speechctl: Program) -> None:
    """--days 2 are yesterday and today in UTC; both can be named as well."""
    now = datetime.now(UTC)
    for ago in range(3):
        day = (now - timedelta(days=ago)).date().isoformat()
        put(client, make_head(f"conv_{ago}", "00:00:00.000", day=day))

    def list_ids(*arguments: str) -> list[str]:
        document = speechctl("list", "--json", *arguments).document
        return [each["conversation_id"] for each in document["conversations"]]

    assert list_ids("--days", "2") == ["conv_0", "conv_1"]
    assert list_ids("--day", "today") == ["conv_0"]
    assert list_ids("--day", "yesterday") == ["conv_1"]
    assert list_ids() == ["conv_0", "conv_1", "conv_2"]


def test_list_of_nothing_says_so(speechctl: Program) -> None:
    """An empty day is no error, and standard output stays empty."""
    ended = speechctl("list", "--day", DAY)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"no conversations on {DAY} (UTC)\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--day", "2026-02-30"), "--day takes YYYY-MM-DD, today or yesterday"),
        (("--day", "21.11.2026"), "--day takes YYYY-MM-DD, today or yesterday"),
        (("--days", "0"), "--days takes a whole number from 1 to 3653"),
        (("--days", "99999999999999999999"), "--days takes a whole number"),
        (("--limit", "many"), "--limit takes a whole number"),
        (("--shards", "0"), "--shards takes a whole number from 1 to 100"),
    ],
)
def test_list_refuses_what_is_no_day_or_number(
    speechctl: Program, arguments: tuple[str, ...], told: str
) -> None:
    """A mistyped day or number is one line that says what is taken, and exit code 2."""
    speechctl("list", *arguments).assert_refused(told, code=2)


def test_list_reads_the_shards_that_it_is_told(client: Any, speechctl: Program) -> None:
    """A table with more shards than an environment's default is read whole."""
    put(client, make_head("conv_far", day=DAY, shard=6))
    listed = [speechctl("list", "--day", DAY, "--shards", n, "--json").document for n in ("4", "7")]
    assert [len(each["conversations"]) for each in listed] == [0, 1]
