"""The whole statement, and its two forms: tables for a person, JSON for a program."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TextIO

from cli.bill.item import Item, total

if TYPE_CHECKING:
    from rich.console import JustifyMethod

    from cli.bill.prices import Prices
    from cli.bill.usage import Usage

NOT_INCLUDED = (
    "ElevenLabs (https://elevenlabs.io/pricing/api), taxes, support",
    "the language models' tokens; Amazon Bedrock's come with AWS's own bill",
    "free tiers and discounts, which may make it less",
)

_COLUMNS: dict[str, JustifyMethod] = {
    "item": "left",
    "count": "right",
    "unit": "left",
    "each": "right",
    "USD": "right",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one environment costs, and by which prices and assumptions."""

    environment: str
    prices: Prices
    usage: Usage
    idle: list[Item]
    deployment: list[Item]
    minute: list[Item]


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
        "not_included": list(NOT_INCLUDED),
    }
    json.dump(document, output, indent=2)
    output.write("\n")


def write_tables(statement: Statement, output: TextIO) -> None:
    """One table for each part, then what they rest on."""
    # rich takes a while to import, and JSON doesn't need it.
    from rich.console import Console

    prices, usage = statement.prices, statement.usage
    console = Console(file=output, highlight=False, soft_wrap=True)
    console.print(
        f"[bold]{statement.environment}[/] in {prices.region},"
        f" USD, AWS's list prices as of {prices.as_of}"
    )
    console.print(_make_table("a month without conversations", statement.idle, 2))
    console.print(_make_table("a deployment, besides", statement.deployment, 3))
    thousand = [replace(item, count=1000 * item.count) for item in statement.minute]
    console.print(_make_table("1,000 minutes of conversation, besides", thousand, 4))
    console.print(
        f"[bold]Idle: {total(statement.idle):.2f} USD a month."
        f" A minute of conversation: {total(statement.minute):.6f} USD.[/]"
    )
    console.print(
        f"Assumed: conversations of {usage.conversation_minutes:g} minutes with"
        f" {usage.turns_per_minute:g} turns a minute; the rest with --json."
    )
    console.print(f"Not included: {'; '.join(NOT_INCLUDED)}.")


def _make_table(title: str, items: list[Item], digits: int) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    for header, justify in _COLUMNS.items():
        table.add_column(header, justify=justify, no_wrap=True)
    for item in items:
        if not item.count:
            continue  # what this environment does not have is told by --json alone
        table.add_row(
            item.name,
            _show_count(item.count),
            item.unit,
            f"{item.price:.4g}",
            f"{item.usd:.{digits}f}",
        )
    table.add_section()
    table.add_row("together", "", "", "", f"{total(items):.{digits}f}", style="bold")
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
