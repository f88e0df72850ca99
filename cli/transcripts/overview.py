"""Conversations as a table that fits: when and which always, the rest where there is room. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cli.table_fit import GAP, choose_columns, measure_table
from local.dev.visible import make_visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import JustifyMethod
    from rich.table import Table

    from cli.table_fit import Columns
    from functions.transcripts.reader import Head

_WHEN, _WHICH = "started (UTC)", "conversation"
_BY_NEED = ("lasted", "ending", "turns", "user", "messages", "agent")
_NUMBERS = ("turns", "messages", "lasted")
_OPEN = "open"
# Of an ISO time: with seconds, with minutes.
_LONG, _SHORT = 19, 16


def make_table(heads: Sequence[Head], width: int) -> Table:
    """A line for each conversation, or two where only that leaves room for time and id."""
    rest = {
        "turns": [_tell_count(head.turns) for head in heads],
        "messages": [_tell_count(head.messages) for head in heads],
        "lasted": [_tell_length(head) for head in heads],
        "ending": [_tell_ending(head) for head in heads],
        "agent": [make_visible(head.agent or "") for head in heads],
        "user": [make_visible(head.user or "") for head in heads],
    }
    columns = {**_list_leads(heads, _LONG), **rest}
    if measure_table(columns, columns) > width:
        columns = {**_fit_leads(heads, width), **rest}
    return _build(columns, choose_columns(columns, _BY_NEED, width))


def _fit_leads(heads: Sequence[Head], width: int) -> Columns:
    leads = _list_leads(heads, _SHORT)
    if measure_table(leads, leads) <= width:
        return leads
    return {"\n".join(leads): ["\n".join(both) for both in zip(*leads.values(), strict=True)]}


def _list_leads(heads: Sequence[Head], length: int) -> Columns:
    return {
        _WHEN: [make_visible(head.started_at[:length].replace("T", " ")) for head in heads],
        _WHICH: [make_visible(head.conversation_id) for head in heads],
    }


def _build(columns: Columns, titles: Sequence[str]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    # The box draws one of the blanks.
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for title in titles:
        style = {_WHEN: "cyan", _WHICH: "bold"}.get(title, "")
        justify: JustifyMethod = "right" if title in _NUMBERS else "left"
        table.add_column(title, justify=justify, style=style, overflow="fold")
    for row in zip(*(columns[title] for title in titles), strict=True):
        table.add_row(*(Text(text, style="green" if text == _OPEN else "") for text in row))
    return table


def _tell_count(count: int | None) -> str:
    return "" if count is None else str(count)


def _tell_ending(head: Head) -> str:
    return make_visible(head.ending or "ended") if head.ended_at else _OPEN


def _tell_length(head: Head) -> str:
    try:
        began = datetime.fromisoformat(head.started_at)
        seconds = (datetime.fromisoformat(head.ended_at or "") - began).total_seconds()
    except (ValueError, TypeError):
        return ""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
