"""What is printed on: tables and lines for people on stdout, one JSON object for programs, progress on stderr."""

import os
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 120
_WELL = ("", "-", "0", "100.0 %")


class Column(NamedTuple):
    """A column of a table."""

    title: str
    rank: int = 0
    """On a narrow terminal the highest ranks are left out first; 0 never."""
    is_text: bool = False
    """Aligned to the left, as names are; numbers to the right."""
    is_watched: bool = False
    """Whether a terminal colours what is not as it should be: a share below 100 %, a number above 0."""


class Sheet:
    """A table before it is known how wide the paper is."""

    def __init__(self, title: str, columns: Sequence[Column]) -> None:
        self.title = title
        self._columns = tuple(columns)
        self._rows: list[tuple[str, ...]] = []
        self._sums: tuple[str, ...] = ()

    def add(self, *cells: str) -> None:
        """Add a row, a cell for every column."""
        self._rows.append(cells)

    def sum_up(self, *cells: str) -> None:
        """Set the last row, below a line."""
        self._sums = cells

    def fitted(self, console: Console) -> Table:
        """Return the table with the columns that fit: a number is better left out than broken in two."""
        return self._table(self._rank(console))

    def hidden(self, console: Console) -> list[str]:
        """Return the titles of the columns that do not fit."""
        rank = self._rank(console)
        return [column.title for column in self._columns if column.rank > rank]

    def _rank(self, console: Console) -> int:
        """Return the highest rank of which the columns fit."""
        rank = max(column.rank for column in self._columns)
        while rank and console.measure(self._table(rank), options=_endless(console)).maximum > console.width:
            rank -= 1
        return rank

    def _table(self, rank: int) -> Table:
        table = Table(
            box=box.SIMPLE if self._sums else box.SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
            show_edge=False,
            pad_edge=False,
            show_footer=bool(self._sums),
        )
        places = [place for place, column in enumerate(self._columns) if column.rank <= rank]
        for place in places:
            column = self._columns[place]
            footer = self._sums[place] if self._sums else ""
            table.add_column(column.title, footer, justify="left" if column.is_text else "right", overflow="fold")
        for row in self._rows:
            table.add_row(*(_cell(row[place], self._columns[place]) for place in places))
        return table


def _cell(text: str, column: Column) -> str | Text:
    is_well = not column.is_watched or text in _WELL
    return text if is_well else Text(text, style="yellow")


def _endless(console: Console) -> Any:
    return console.options.update(width=10_000)


def out() -> Console:
    """Return the console for results; to a file or a pipe it writes plain text, as wide as the tables like."""
    console = _console(stderr=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDE
    return console


def err() -> Console:
    """Return the console for progress; nothing that a program would want to read goes there."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    # A notebook's ``!command`` is given a terminal, and yet what moves on it stays behind as rubbish.
    is_terminal = False if "JPY_PARENT_PID" in os.environ else None
    # Symbols and file names may look like markup or numbers worth a colour; they are neither.
    return Console(stderr=stderr, force_terminal=is_terminal, markup=False, emoji=False, highlight=False)


def show(*parts: Sheet | str) -> None:
    """Print tables and lines, an empty line after each table.

    A line is left to the terminal to break, so that a command in it stays one when it is copied.
    """
    console = out()
    for part in parts:
        if isinstance(part, Sheet):
            console.print(part.title, style="bold", soft_wrap=True)
            console.print(part.fitted(console))
            hidden = part.hidden(console)
            if hidden:
                columns = "1 more column" if len(hidden) == 1 else f"{len(hidden)} more columns"
                console.print(
                    f"A wider terminal, or --json, has {columns}: {', '.join(hidden)}", style="dim", soft_wrap=True
                )
            console.print()
        else:
            console.print(part, soft_wrap=True)


def say(*lines: str) -> None:
    """Print lines on stderr: what is worth knowing meanwhile, and no result."""
    console = err()
    for line in lines:
        console.print(line, soft_wrap=True)


def tell(*sentences: str) -> None:
    """Print a paragraph, broken between words where the terminal ends, and an empty line."""
    console = out()
    console.print(" ".join(sentences))
    console.print()


def show_json(report: Any) -> None:
    """Print one object as one line of UTF-8 on stdout, whatever encoding the terminal speaks."""
    import msgspec

    sys.stdout.flush()
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    sys.stdout.buffer.flush()
