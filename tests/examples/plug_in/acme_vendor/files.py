"""ACME's files: ``stamp|open|high|low|close|volume`` after a line that says whose they are."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from actors.reading.format import Coverage, Format, Hints, RawBars, Stamp
from actors.reading.peek import Head


def _is_acme(head: Head) -> bool:
    return head.is_text and bool(head.lines) and head.lines[0].startswith("ACME ")


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:  # every format's signature
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    cells = [line.split("|") for line in lines]
    yield RawBars(
        symbols=(first.removeprefix("ACME "),),
        symbol_index=np.zeros(len(cells), np.int32),
        start_ns=np.array([int(row[0]) * 1_000_000_000 for row in cells], np.int64),
        values=np.array([[float(row[field]) for row in cells] for field in range(1, 6)]),
        rows=np.arange(2, len(cells) + 2),
        calendar=fmt.calendar,
    )


ACME = Format(
    name="acme",
    title="ACME's pipes",
    source="https://example.com/acme",
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_is_acme,
    read=_read,
    calendar="24/7",
)
