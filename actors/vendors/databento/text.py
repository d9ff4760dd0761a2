"""Databento's bars and trades as CSV: what a batch download or ``DBNStore.to_csv`` writes, pretty or not.

The columns are the fields of a record, ``rtype`` and ``publisher_id`` among them, which nobody else writes. Unless
prices were asked for as decimals they are whole billionths, and one that is not defined is the highest integer; stamps
are nanoseconds since 1970 or ISO. Without a ``symbol`` column only numbers tell instruments apart.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from actors.reading import delimited
from actors.reading.assemble import Assembler
from actors.reading.format import Block, Coverage, Format, Hints, RawBars, Stamp, Unsupported
from actors.reading.layout import Layout
from actors.reading.peek import Head
from actors.reading.spelling.header import STAMP, SYMBOL
from actors.reading.stamps import form_of
from actors.reading.trades import Refused, without_stamp
from actors.vendors.databento.bars import SCALE, Venues, bars_of
from actors.vendors.databento.records import MINUTES, RTYPES, SECONDS, TRADES
from messages.errors import DataError
from messages.tables.columns import FIELDS, Floats

_SIGN = {"rtype", "publisher_id"}
_PRICES = (*FIELDS[:4], "price")
_BARS, _TRADE = FIELDS, ("price", "size")
_RTYPE, _PUBLISHER, _INSTRUMENT = "rtype", "publisher_id", "instrument_id"
_ABOVE_ALL = 9.2e18


def _sniff(head: Head) -> bool:
    return set(head.cells(0)) >= _SIGN


class _Lines:
    """The rows of a file as records."""

    def __init__(self, path: Path, head: Head) -> None:
        self._path, self._member = path, head.member
        self._layout = _layout(head)
        self._fields = tuple(name for name in self._layout.numbers if name in (*_BARS, *_TRADE))
        self._is_raw = _are_billionths(head, self._layout)
        self._venues = Venues()
        self._instruments: set[float] = set()
        self.schema = _schema(head, self._layout)
        self.symbols: dict[str, int] = {}
        self.refused = Refused()

    def bars(self) -> Iterator[Block]:
        for block, publishers in self._blocks():
            self._venues.check(publishers)
            yield block

    def trades(self) -> Iterator[Block]:
        return (block for block, _ in self._blocks())

    def _blocks(self) -> Iterator[tuple[Block, Floats]]:
        for block in delimited.blocks(self._path, self._member, self._layout):
            cells = dict(zip(self._layout.numbers, block.values, strict=True))
            self._check(cells)
            self.refused.add_broken(block.broken)
            values = np.stack([self._scaled(name, cells[name]) for name in self._fields])
            place = np.array([self.symbols.setdefault(name, len(self.symbols)) for name in block.symbols], np.int32)
            named = msgspec.structs.replace(
                block, values=values, symbols=tuple(self.symbols), symbol_index=place[block.symbol_index]
            )
            yield named, cells[_PUBLISHER]

    def _check(self, cells: dict[str, Floats]) -> None:
        others = [kind for kind in np.unique(cells[_RTYPE]).tolist() if RTYPES.get(kind) != self.schema]
        if others:
            raise Unsupported(f"records of type {others[0]:g} among {self.schema} of Databento")
        if SYMBOL in self._layout.places or _INSTRUMENT not in cells:
            return
        self._instruments.update(np.unique(cells[_INSTRUMENT]).tolist())
        if len(self._instruments) > 1:
            numbers = ", ".join(f"{number:.0f}" for number in sorted(self._instruments)[:5])
            raise DataError(
                f"instruments {numbers}, and nothing names their symbols; write the file with map_symbols=True, or "
                "import the DBN file that it was made of"
            )

    def _scaled(self, name: str, numbers: Floats) -> Floats:
        if name not in _PRICES:
            return numbers
        scaled = numbers / SCALE if self._is_raw else numbers
        return np.where(numbers >= _ABOVE_ALL, np.nan, scaled)


def _layout(head: Head) -> Layout:
    header, row = head.cells(0), head.cells(1)
    if len(row) != len(header):
        raise DataError("there is a header and no row" if not row else f"{len(header)} names and {len(row)} fields")
    fields = _BARS if set(_BARS) <= set(header) else _TRADE if set(_TRADE) <= set(header) else ()
    stamp = next((name for name in ("ts_recv", "ts_event") if name in header), "")
    if not fields or not stamp or not set(header) >= _SIGN:
        raise Unsupported(f"neither bars nor trades of Databento: {', '.join(header)[:200]!r}")
    numbers = (*fields, *(name for name in (_RTYPE, _PUBLISHER, _INSTRUMENT) if name in header))
    named = {SYMBOL: header.index(SYMBOL)} if SYMBOL in header else {}
    return Layout(
        delimiter=head.delimiter,
        places={STAMP: header.index(stamp)} | {name: header.index(name) for name in numbers} | named,
        width=len(header),
        header_lines=head.lines_before(1),
        coding=head.coding,
        form=form_of(row[header.index(stamp)]),
        numbers=numbers,
    )


def _are_billionths(head: Head, layout: Layout) -> bool:
    places = [layout.places[name] for name in layout.numbers if name in _PRICES]
    rows = [row for line in range(1, 20) if len(row := head.cells(line)) == layout.width]
    return all(row[place].lstrip("-").isdigit() for row in rows for place in places)


def _schema(head: Head, layout: Layout) -> str:
    kind = head.cells(1)[layout.places[_RTYPE]]
    schema = RTYPES.get(int(kind)) if kind.isdecimal() else None
    if schema is None or (schema == TRADES) == ("open" in layout.numbers):
        raise Unsupported(f"Databento's records of type {kind}; imported are {MINUTES}, {SECONDS} and {TRADES}")
    return schema


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    lines = _Lines(path, Head(path, hints.member))
    yield from bars_of(lines.schema, lines, Assembler(fmt, without_stamp(hints), path, is_local=False))


DATABENTO_CSV = Format(
    name="databento-csv",
    title="Databento CSV",
    source="https://databento.com/docs/standards-and-conventions/common-fields-enums-types",
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=_read,
)
