"""The records of a DBN file, piece by piece, whatever lies between them.

A file of one schema holds records of one length. With ``ts_out`` in its metadata each is followed by eight bytes, the
time of sending, which Databento's ``to_ndarray`` (0.88) does not know of. A recording of the live client has no schema:
trades, bars and the messages that name the instruments follow each other
(https://databento.com/docs/standards-and-conventions/databento-binary-encoding).
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from messages.errors import DataError
from messages.tables.columns import FIELDS
from messages.values import DAY_NS

MINUTES, SECONDS, TRADES = "ohlcv-1m", "ohlcv-1s", "trades"
RTYPES = {33: MINUTES, 32: SECONDS, 0: TRADES}
"""The type of record of each schema that is imported."""

_HEAD = [("length", "u1"), ("rtype", "u1"), ("publisher_id", "<u2"), ("instrument_id", "<u4"), ("ts_event", "<u8")]
_BAR = [*_HEAD, *((field, "<i8") for field in FIELDS[:4]), ("volume", "<u8")]
_TRADE = [
    *_HEAD, ("price", "<i8"), ("size", "<u4"), ("action", "S1"), ("side", "S1"), ("flags", "u1"), ("depth", "u1"),
    ("ts_recv", "<u8"), ("ts_in_delta", "<i4"), ("sequence", "<u4"),
]  # fmt: skip
_FIELDS = {MINUTES: _BAR, SECONDS: _BAR, TRADES: _TRADE}
# Not asked of the library: its ``to_ndarray`` of a recording with times of sending changes them for all that follow.
_TS_OUT = ("ts_out", "<u8")
_PREAMBLE = 8
_LAST_DAY = (1 << 24) - 1
_OPEN_ENDED = (1 << 64) - 1


def of_file(store: Any, schema: str, count: int) -> Iterator[Any]:
    """Yield the records of a file of one schema, so many at a time.

    Raises:
        DataError: the file is cut off, or its records are not what its metadata says.
    """
    dtype = np.dtype([*_FIELDS[schema], *([_TS_OUT] if store.metadata.ts_out else [])])
    reader = store.reader
    reader.seek(0)
    reader.seek(_PREAMBLE + int.from_bytes(reader.read(_PREAMBLE)[4:], "little"))
    while raw := reader.read(dtype.itemsize * count):
        records = np.frombuffer(raw[: len(raw) // dtype.itemsize * dtype.itemsize], dtype)
        _check_types(records, schema)
        if len(records):
            yield records
        if len(raw) % dtype.itemsize:
            raise DataError("no sound DBN file: it is cut off within a record")


def _check_types(records: Any, schema: str) -> None:
    strange = np.flatnonzero([RTYPES.get(kind) != schema for kind in range(256)])
    wrong = records["rtype"][np.isin(records["rtype"], strange)]
    if len(wrong):
        raise DataError(f"no sound DBN file: among the records of {schema} is one of type {wrong[0]}")


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording of the live client holds."""

    schema: str | None
    """Of what is imported of it, the bars rather than the trades; ``None``: there is nothing."""
    others: tuple[str, ...]
    """What else that could be imported is there and is not."""
    intervals: list[tuple[int, int, int, str]]
    """For each instrument's number the first day, the day after the last and the symbol, as messages say it."""


def recording(store: Any) -> Recording:
    """Look through a recording."""
    kinds: Counter[int] = Counter()
    named: list[tuple[int, int, int, str]] = []
    for record in store:
        kinds[bytes(record)[1]] += 1
        if hasattr(record, "stype_out_symbol"):
            named.append(_named(record))
    found = [schema for kind, schema in RTYPES.items() if kinds[kind]]
    return Recording(schema=next(iter(found), None), others=tuple(found[1:]), intervals=_intervals(named))


def _named(record: Any) -> tuple[int, int, int, str]:
    # Either side may be the number; of two names the one that was found is the instrument's own.
    asked, found = str(record.stype_in_symbol), str(record.stype_out_symbol)
    first, end = int(record.start_ts), int(record.end_ts)
    days = (0 if first == _OPEN_ENDED else first // DAY_NS, _LAST_DAY if end == _OPEN_ENDED else -(-end // DAY_NS))
    return (int(record.instrument_id), *days, asked if found.isdigit() else found)


def _intervals(named: list[tuple[int, int, int, str]]) -> list[tuple[int, int, int, str]]:
    """Return the intervals, without an end where a number never stands for another symbol."""
    several = Counter(number for number, _ in {(number, symbol) for number, _, _, symbol in named})
    return sorted(
        {
            (number, first, end, symbol) if several[number] > 1 else (number, 0, _LAST_DAY, symbol)
            for number, first, end, symbol in named
        }
    )


def of_recording(store: Any, schema: str, count: int) -> Iterator[Any]:
    """Yield the records of one schema of a recording, so many at a time."""
    base = np.dtype(_FIELDS[schema])
    held: list[bytes] = []
    for record in store:
        raw = bytes(record)
        if RTYPES.get(raw[1]) == schema:
            held.append(raw[: base.itemsize])
        if len(held) >= count:
            yield np.frombuffer(b"".join(held), base)
            held.clear()
    if held:
        yield np.frombuffer(b"".join(held), base)
