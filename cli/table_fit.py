"""Which columns of a table a line has room for; not what is in them, nor how they look."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    Columns = Mapping[str, Sequence[str]]
    """Cells by title, in the order in which they are shown."""

GAP = 2
"""Blanks between two columns."""

# In a pipe nothing is left out or folded.
_PIPE_WIDTH = 100_000


def measure_line(output: TextIO) -> int:
    """How many characters a line of the output takes."""
    from rich.console import Console

    return Console(file=output).width if output.isatty() else _PIPE_WIDTH


def measure_table(columns: Columns, titles: Iterable[str]) -> int:
    """How wide these columns are beside each other."""
    from rich.cells import cell_len

    widths = [
        max(cell_len(line) for text in (title, *columns[title]) for line in text.split("\n"))
        for title in titles
    ]
    return sum(widths) + GAP * (len(widths) - 1)


def choose_columns(columns: Columns, by_need: Sequence[str], width: int) -> list[str]:
    """The columns that are not in `by_need`, and of those in it, one by one, what still fits."""
    chosen = [title for title in columns if title not in by_need]
    for title in by_need:
        if measure_table(columns, [*chosen, title]) <= width:
            chosen.append(title)
    return [title for title in columns if title in chosen]
