"""The whole statement, and its two forms: tables for a person, JSON for a program."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TextIO

from cli.bill.item import Item, total
from cli.table_fit import GAP, choose_columns, measure_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from cli.bill.prices import Prices
    from cli.bill.usage import Usage
    from cli.table_fit import Columns

_NOT_INCLUDED = (
    "ElevenLabs (https://elevenlabs.io/pricing/api), taxes, support",
    "the language models' tokens; Amazon Bedrock's come with AWS's own bill",
    "free tiers and discounts, which may make it less",
)

# How often a stream is read while nothing comes, and whether that is billed, is AWS's affair.
_ARCHIVE = "transcripts.archive (Pipes, Firehose, the table's stream, S3)"
_BY_NEED = ("count", "unit", "each")
_NUMBERS = ("count", "each", "USD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one environment costs, and by which prices and assumptions."""

    environment: str
    prices: Prices
    usage: Usage
    idle: list[Item]
    deployment: list[Item]
    minute: list[Item]
    is_archived: bool

    @property
    def not_included(self) -> tuple[str, ...]:
        """What the bill will have besides."""
        return (*_NOT_INCLUDED, *((_ARCHIVE,) if self.is_archived else ()))


def write_json(statement: Statement, output: TextIO) -> None:
    """One JSON object; amounts are USD."""
    document = {
        "environment": statement.environment,
        "region": statement.prices.region,
        "prices_as_of": statement.prices.as_of.isoformat(),
        "idle_month": _as_document(statement.idle),
        "deployment": _as_document(statement.deployment),
        "conversation_minute": _as_document(statement.minute),
        "assumptions": asdict(statement.usage),
        "not_included": list(statement.not_included),
    }
    json.dump(document, output, indent=2)
    output.write("\n")


def write_tables(statement: Statement, output: TextIO) -> None:
    """One table for each part, then what they rest on."""
    # rich takes a while to import, and JSON doesn't need it.
    from rich.console import Console

    width = measure_line(output)
    console = Console(file=output, width=width, highlight=False, soft_wrap=True)
    with console.capture() as capture:
        _print(console, statement, width)
    output.write(capture.get())


def _print(console: Console, statement: Statement, width: int) -> None:
    prices, usage = statement.prices, statement.usage
    console.print(
        f"[bold]{statement.environment}[/] in {prices.region},"
        f" USD, AWS's list prices as of {prices.as_of}"
    )
    thousand = [replace(item, count=1000 * item.count) for item in statement.minute]
    for title, items, digits in (
        ("a month without conversations", statement.idle, 2),
        ("a deployment, besides", statement.deployment, 3),
        ("1,000 minutes of conversation, besides", thousand, 4),
    ):
        console.print(_make_table(title, _list_columns(items, digits), width))
    console.print(
        f"[bold]Idle: {total(statement.idle):.2f} USD a month."
        f" A minute of conversation: {total(statement.minute):.6f} USD.[/]"
    )
    console.print(
        f"Assumed: conversations of {usage.conversation_minutes:g} minutes with"
        f" {usage.turns_per_minute:g} turns a minute; the rest with --json."
    )
    console.print(f"Not included: {'; '.join(statement.not_included)}.")


def _list_columns(items: list[Item], digits: int) -> Columns:
    # What this environment does not have is told by --json alone.
    there = [item for item in items if item.count]
    return {
        "item": [*(item.name for item in there), "together"],
        "count": [*(_show_count(item.count) for item in there), ""],
        "unit": [*(item.unit for item in there), ""],
        "each": [*(f"{item.price:.4g}" for item in there), ""],
        "USD": [f"{usd:.{digits}f}" for usd in (*(item.usd for item in there), total(items))],
    }


def _make_table(title: str, columns: Columns, width: int) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE,
        pad_edge=False,
        padding=(0, GAP - 1, 0, 0),
    )
    # The box has a blank on each side.
    titles = choose_columns(columns, _BY_NEED, width - 2)
    for header in titles:
        table.add_column(header, justify="right" if header in _NUMBERS else "left")
    *rows, last = zip(*(columns[header] for header in titles), strict=True)
    for row in rows:
        table.add_row(*row)
    table.add_section()
    table.add_row(*last, style="bold")
    return table


def _show_count(count: float) -> str:
    return f"{count:,.0f}" if count >= 1000 else f"{count:.4g}"


def _as_document(items: list[Item]) -> dict[str, Any]:
    lines = [
        {
            "name": item.name,
            "count": item.count,
            "unit": item.unit,
            "price": item.price,
            "usd": item.usd,
        }
        for item in items
    ]
    return {"usd": total(items), "items": lines}
