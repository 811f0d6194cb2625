"""What the commands show to people: tables as wide as the terminal, on stdout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDEST = 40
"""What any column but the last takes at most before it is folded."""


def show(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[str] = ()) -> None:
    """Print a table. Columns in `right` hold numbers; what stands in the last is cut to the width."""
    console = Console(highlight=False)
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    widths = [
        min(max(len(text) for text in (name, *(row[index] for row in cells))), WIDEST)
        for index, name in enumerate(columns[:-1])
    ]
    # Between two columns there are three spaces.
    last = max(console.width - sum(widths) - 3 * len(widths), len(columns[-1]))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, width in zip(columns, [*widths, last], strict=True):
        table.add_column(name, justify="right" if name in right else "left", overflow="fold", max_width=width)
    for row in cells:
        table.add_row(*map(Text, [*row[:-1], _cut(row[-1], last)]))
    console.print(table)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}\N{HORIZONTAL ELLIPSIS}"


def printable(text: str) -> str:
    """The text without what would move the cursor or change the colors of a terminal."""
    return "".join(character if character.isprintable() else "\N{MIDDLE DOT}" for character in text)
