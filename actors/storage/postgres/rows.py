"""Bars in the binary form of PostgreSQL's COPY: whole columns to bytes and back, without a step for each row.

A row is the number of its fields, and for each its length and its bytes, all big-endian; an empty field has the length
-1 and no bytes (https://www.postgresql.org/docs/current/sql-copy.html). So rows that are empty in the same fields, with
texts of the same length, are all of one form: each kind of row is one array of records.
"""

from collections.abc import Iterator, Sequence
from datetime import date as calendar_date
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.storage.barfile import SEGMENTS
from actors.storage.dayrows import VERDICTS
from messages.columns import EXTRA_FIELDS, FIELDS, BarBatch, Floats, Indices, Stamps, Verdicts
from messages.errors import DataError

COLUMNS = ("calendar", "date", "symbol", "start", *FIELDS, *EXTRA_FIELDS, "verdict", "segment")

_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL = b"\xff\xff"
_EPOCH = calendar_date(2000, 1, 1)
_EPOCH_NS = 946_684_800_000_000_000
_MICRO_NS = 1_000
_VERDICT_NAMES = {number: name for name, number in VERDICTS.items()}
_SEGMENT_NAMES = {number: name for name, number in SEGMENTS.items()}
_ROWS_AT_ONCE = 1 << 16


def days_since_epoch(date: str) -> int:
    """Return a date as PostgreSQL counts it."""
    return (calendar_date.fromisoformat(date) - _EPOCH).days


def micros_of(starts_ns: Stamps) -> Stamps:
    """Return instants as PostgreSQL counts them.

    Raises:
        DataError: one of them is finer than what it can hold.
    """
    if np.any(starts_ns % _MICRO_NS):
        raise DataError("PostgreSQL keeps microseconds, and a bar starts between two of them")
    micros: Stamps = (starts_ns - _EPOCH_NS) // _MICRO_NS
    return micros


def encoded(
    calendar: str, date: str, bars: BarBatch, verdicts: Verdicts, segments: npt.NDArray[np.uint8]
) -> Iterator[bytes]:
    """Yield what COPY takes for bars of one day, in the order of ``COLUMNS``; rows come in an order of their own.

    Raises:
        DataError: a bar starts at an instant that cannot be kept.
    """
    yield _HEAD
    names = [symbol.encode() for symbol in bars.symbols]
    lengths = np.array([len(name) for name in names], dtype=np.int64)
    micros = micros_of(bars.start_ns)
    extra = [~np.isnan(row) for row in bars.values[len(FIELDS) :]] or [np.zeros(len(bars), dtype=np.bool_)] * 2
    kinds = np.stack([lengths[bars.symbol_index], *extra, verdicts, segments]).astype(np.int64)
    for kind, rows in _alike(kinds):
        length, *knows, verdict, segment = kind
        texts = np.array([name if len(name) == length else b"" for name in names], dtype=f"S{length}")
        form = _Form(calendar.encode(), length, knows, _VERDICT_NAMES[verdict], _SEGMENT_NAMES[segment])
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[first : first + _ROWS_AT_ONCE]
            records = form.records(len(some))
            records["date"] = days_since_epoch(date)
            records["symbol"] = texts[bars.symbol_index[some]]
            records["start"] = micros[some]
            for place, name in enumerate((*FIELDS, *EXTRA_FIELDS)):
                if name in (form.kind.names or ()):
                    records[name] = bars.values[place, some]
            yield records.tobytes()
    yield _TAIL


class _Form:
    """How all rows of one kind look in bytes."""

    def __init__(self, calendar: bytes, symbol: int, knows: Sequence[int], verdict: str, segment: str) -> None:
        known = dict(zip(EXTRA_FIELDS, map(bool, knows), strict=True))
        kinds = {"calendar": f"S{len(calendar)}", "date": ">i4", "symbol": f"S{symbol}", "start": ">i8"}
        kinds |= dict.fromkeys(FIELDS, ">f8") | {name: ">f8" for name in EXTRA_FIELDS if known[name]}
        kinds |= {"verdict": f"S{len(verdict)}", "segment": f"S{len(segment)}"}
        fields = [("fields", ">i2")]
        for name in COLUMNS:
            fields.append((f"length of {name}", ">i4"))
            fields += [(name, kinds[name])] if name in kinds else []
        self.kind = np.dtype(fields)
        self._alike = {"calendar": calendar, "verdict": verdict.encode(), "segment": segment.encode()}

    def records(self, count: int) -> Any:
        """Return rows in which what is alike in all of them is filled in."""
        made = np.zeros(count, dtype=self.kind)
        made["fields"] = len(COLUMNS)
        for name in COLUMNS:
            made[f"length of {name}"] = self.kind[name].itemsize if name in (self.kind.names or ()) else -1
        for name, text in self._alike.items():
            made[name] = text
        return made


def _alike(kinds: npt.NDArray[np.int64]) -> Iterator[tuple[list[int], npt.NDArray[np.intp]]]:
    """Yield each kind of row that there is, and which rows are of it."""
    code = np.zeros(kinds.shape[1], dtype=np.int64)
    for row in kinds:
        code = code * (int(row.max(initial=0)) + 1) + row
    order = np.argsort(code, kind="stable")
    bounds = np.flatnonzero(np.diff(code[order], prepend=-1))
    for first, end in zip(bounds.tolist(), [*bounds[1:].tolist(), len(order)], strict=True):
        rows = order[first:end]
        yield kinds[:, rows[0]].tolist(), rows


_READ = np.dtype(
    [("fields", ">i2"), ("length of symbol", ">i4"), ("symbol", ">i4"), ("length of start", ">i4"), ("start", ">i8")]
    + [
        part
        for name in (*FIELDS, *EXTRA_FIELDS)
        for part in ((f"length of {name}", ">i4"), (name, ">f8"))
    ]
    + [("length of verdict", ">i4"), ("verdict", ">i4")]
)  # fmt: skip


def decoded(raw: bytes, fields: int) -> tuple[Indices, Stamps, Floats, Verdicts]:
    """Return bars that COPY gave, sorted: symbols by their places, starts, values and verdicts.

    Args:
        raw: rows of symbol and verdict as ``int4``, start, and all fields, none of them empty.
        fields: how many of the fields anything is known of.
    """
    rows = np.frombuffer(
        raw, dtype=_READ, offset=len(_HEAD), count=(len(raw) - len(_HEAD) - len(_TAIL)) // _READ.itemsize
    )
    order = np.lexsort((rows["symbol"], rows["start"]))
    rows = rows[order]
    values = np.empty((fields, len(rows)))
    for place, name in enumerate((*FIELDS, *EXTRA_FIELDS)[:fields]):
        values[place] = rows[name]
    starts = rows["start"].astype(np.int64) * _MICRO_NS + _EPOCH_NS
    return rows["symbol"].astype(np.int32), starts, values, rows["verdict"].astype(np.uint8)
