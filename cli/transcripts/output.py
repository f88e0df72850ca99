"""Where results go: tables and colours in a terminal, plain text in a pipe, JSON for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cli.table_fit import measure_line
from local.dev.visible import dump_json

if TYPE_CHECKING:
    import argparse

    from rich.console import Console, RenderableType


def add_json_argument(parser: argparse.ArgumentParser, form: str = "one JSON document") -> None:
    """Declare `--json`."""
    parser.add_argument("--json", action="store_true", help=f"for a program: {form}")


def show(renderable: RenderableType) -> None:
    """Write something of rich's, fitted to the terminal. It must be made of visible text alone."""
    from rich.console import Console

    console = Console(file=sys.stdout, width=measure_line(sys.stdout))
    lines = _render(console, renderable, soft_wrap=False).splitlines()
    is_terminal = sys.stdout.isatty()
    _write("".join(f"{line if is_terminal else line.rstrip()}\n" for line in lines))


def show_lines(lines: RenderableType) -> None:
    """Write lines of any length, which a terminal folds for itself; at once."""
    from rich.console import Console

    _write(_render(Console(file=sys.stdout), lines, soft_wrap=True))


def _render(console: Console, renderable: RenderableType, *, soft_wrap: bool) -> str:
    with console.capture() as capture:
        console.print(renderable, markup=False, emoji=False, highlight=False, soft_wrap=soft_wrap)
    return capture.get()


def _write(text: str) -> None:
    # Not by rich, which ends the program with a code of its own when nobody reads.
    sys.stdout.write(text)
    sys.stdout.flush()


def write_json(document: object) -> None:
    """Write one document for a program."""
    print(dump_json(document, indent=2))


def write_json_line(document: object) -> None:
    """Write one of several documents, at once."""
    print(dump_json(document), flush=True)


def count(number: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def tell(text: str) -> None:
    """Say something beside the results, which stay alone on standard output."""
    print(text, file=sys.stderr, flush=True)
