"""Where results go: tables and colours in a terminal, plain text in a pipe, JSON for programs."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from cli.transcripts.visible import dump_json

if TYPE_CHECKING:
    import argparse
    from typing import TextIO

    from rich.console import RenderableType

# Wider than any table of this command: in a pipe nothing is folded.
_PIPE_COLUMNS = 1000


def add_json_argument(parser: argparse.ArgumentParser, form: str = "one JSON document") -> None:
    """Declare `--json`."""
    parser.add_argument("--json", action="store_true", help=f"for a program: {form}")


def show(renderable: RenderableType, stream: TextIO | None = None) -> None:
    """Write something of rich's. It must be made of visible text alone."""
    from rich.console import Console

    stream = stream or sys.stdout
    if stream.isatty():
        console = Console(file=stream, highlight=False, markup=False, emoji=False)
        console.print(renderable, soft_wrap=False)
        return
    page = io.StringIO()
    console = Console(file=page, width=_PIPE_COLUMNS, color_system=None, highlight=False)
    console.print(renderable, markup=False, emoji=False)
    for line in page.getvalue().splitlines():
        print(line.rstrip(), file=stream)


def show_lines(lines: RenderableType, stream: TextIO | None = None) -> None:
    """Write lines of any length, which a terminal folds for itself."""
    from rich.console import Console

    stream = stream or sys.stdout
    console = Console(file=stream, highlight=False)
    console.print(lines, markup=False, emoji=False, soft_wrap=True)
    stream.flush()


def write_json(document: object) -> None:
    """Write one document for a program."""
    print(dump_json(document, indent=2))


def write_json_line(document: object) -> None:
    """Write one of several documents, at once."""
    print(dump_json(document), flush=True)


def tell(text: str) -> None:
    """Say something beside the results, which stay alone on standard output."""
    print(text, file=sys.stderr, flush=True)
