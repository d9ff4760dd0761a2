"""Databento's DBN files (``.dbn``, ``.dbn.zst``): one-minute bars as they are, trades and one-second bars folded.

``ts_event`` of a bar is its start; prices are whole billionths, and one that is not defined is the highest integer. A
minute without a trade has no record. Databento makes bars by the time of receipt, so trades are folded by theirs,
``ts_recv``. The file's own symbology names the instruments, day by day. Where a file of longer bars with the same
symbols and time stands in the same folder, trades and seconds are read only when ``--format`` says so. Databento's
library reads all of it: the extra ``databento``.
"""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from actors.reading.assemble import Assembler
from actors.reading.format import EXAMPLES, Block, BrokenRow, Coverage, Format, Hints, RawBars, Stamp, Unsupported
from actors.reading.peek import Head
from actors.reading.trades import Refused, without_stamp
from actors.vendors.databento import header
from actors.vendors.databento.bars import SCALE, Venues, bars_of
from actors.vendors.databento.instruments import Instruments
from actors.vendors.databento.records import MINUTES, RTYPES, SECONDS, TRADES, of_file, of_recording, recording
from messages.errors import DataError
from messages.tables.columns import CLOSE, FIELDS, Floats, Mask

_MAGIC = b"DBN"
_RECORDS = 1 << 17
_UNDEFINED = np.iinfo(np.int64).max
_IMPORTED = f"imported are {MINUTES}, {SECONDS} and {TRADES}"
_READY_MADE = {TRADES: {MINUTES: "minute", SECONDS: "second"}, SECONDS: {MINUTES: "minute"}}
"""The bars that make others needless."""

_NEW_YORK = (
    "XNAS", "XNYS", "XASE", "XBOS", "XPSX", "XCHI", "XCIS", "ARCX", "BATS", "BATY", "EDGA", "EDGX", "IEXG", "MEMX",
    "EPRL", "DBEQ", "EQUS", "OPRA",
)  # fmt: skip
_CALENDARS = dict.fromkeys(_NEW_YORK, "XNYS") | {"GLBX": "CMES", "IFUS": "IEPA", "XEUR": "XEUR"}


def _sniff(head: Head) -> bool:
    return head.begins.startswith(_MAGIC)


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    library = _library()
    with _opened(library, path) as store:
        taken = _Taken.of(store)
        schema, instruments = taken.schema, taken.instruments
        if not hints.is_format_named:
            _check_beside(library, path, instruments)
        fmt = msgspec.structs.replace(fmt, calendar=_CALENDARS.get(str(store.dataset).partition(".")[0]))
        assembler = Assembler(fmt, without_stamp(hints), path, is_local=False)
        for remark in taken.remarks:
            assembler.remark(remark)
        yield from bars_of(schema, _Records(taken.pieces, instruments), assembler)


def _library() -> Any:
    try:
        with warnings.catch_warnings():  # it sets filters for the whole process
            return importlib.import_module("databento")
    except ImportError as error:
        raise DataError(
            f"DBN is read by Databento's library: python -m pip install 'barkeeper[databento]' ({error})"
        ) from error


@contextmanager
def _opened(library: Any, path: Path) -> Iterator[Any]:
    source = library.common.dbnstore.FileDataSource(path)  # what from_file opens, and never closes
    try:
        with warnings.catch_warnings(action="error"):  # the library only warns of a file that is cut off
            yield library.DBNStore(source)
    except DataError:
        raise
    except Exception as error:
        # The library and what it is built on have classes of their own, other ones in every version.
        if type(error).__module__ == "builtins" and not isinstance(error, OSError | ValueError | Warning):
            raise
        raise DataError(f"no sound DBN file: {str(error).splitlines()[0]}") from error
    finally:
        source.reader.close()


def _check_beside(library: Any, path: Path, instruments: Instruments) -> None:
    own = header.of(path)
    for schema, unit in _READY_MADE.get(own.schema, {}).items():
        for other in header.beside(path, own, schema):
            if _has_bars_of(library, other, own, instruments):
                raise Unsupported(
                    f"Databento {own.schema} data, beside which stand the day's {unit} bars; imported only with "
                    "--format databento"
                )


def _has_bars_of(library: Any, path: Path, wanted: header.DbnHeader, instruments: Instruments) -> bool:
    """Return whether a file has bars that can be imported of these symbols and their time."""
    found = False
    with suppress(DataError), _opened(library, path) as store:
        # All of it is read: what holds bars of several venues is not imported, and the last row may be of the second.
        taken = _Taken.of(store)
        for block in _Records(taken.pieces, taken.instruments).bars():
            is_wanted = np.isin(block.symbols, instruments.symbols)[block.symbol_index]
            found |= bool((is_wanted & wanted.covers(block.stamps_ns)).any())
        return found
    return False


class _Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What is imported of a file."""

    schema: str
    instruments: Instruments
    pieces: Iterator[Any]
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, store: Any) -> "_Taken":
        """Look into a file.

        Raises:
            Unsupported: it holds nothing that is imported.
        """
        if store.schema is not None:
            schema = str(store.schema)
            if schema not in RTYPES.values():
                raise Unsupported(f"Databento {schema} data; {_IMPORTED}")
            return cls(schema=schema, instruments=Instruments.of(store), pieces=of_file(store, schema, _RECORDS))
        found = recording(store)
        if found.schema is None:
            raise Unsupported(f"a recording of Databento's live client without any of these; {_IMPORTED}")
        left = f"of this recording the {found.schema} bars are read, and not the {' and '.join(found.others)}"
        return cls(
            schema=found.schema,
            instruments=Instruments(found.intervals),
            pieces=of_recording(store, found.schema, _RECORDS),
            remarks=(left,) if found.others else (),
        )


class _Records:
    """The records of a file, piece by piece, as blocks: what is left out is counted in ``refused``."""

    def __init__(self, pieces: Iterator[Any], instruments: Instruments) -> None:
        self._pieces_left = pieces
        self._instruments = instruments
        self.symbols = instruments.symbols
        self.refused = Refused()
        self._venues = Venues()

    def bars(self) -> Iterator[Block]:
        """Yield bars; prices that are not defined are NaN."""
        for records, first_row in self._pieces():
            self._venues.check(records["publisher_id"])
            values = np.stack([*(_prices(records[name]) for name in FIELDS[: CLOSE + 1]), _sizes(records["volume"])])
            yield self._named(records, "ts_event", values, first_row)

    def trades(self) -> Iterator[Block]:
        """Yield trades: price and size."""
        for records, first_row in self._pieces():
            values = np.stack([_prices(records["price"]), _sizes(records["size"])])
            yield self._named(records, "ts_recv", values, first_row)

    def _pieces(self) -> Iterator[tuple[Any, int]]:
        first_row = 1
        for records in self._pieces_left:
            yield records, first_row
            first_row += len(records)

    def _named(self, records: Any, stamp: str, values: Floats, first_row: int) -> Block:
        at_ns = records[stamp].astype(np.int64)
        numbers = records["instrument_id"].astype(np.int64)
        index = self._instruments.places(numbers, at_ns)
        rows = np.arange(first_row, first_row + len(index), dtype=np.int64)
        keep = index >= 0
        if not keep.all():
            nameless = [
                BrokenRow(row=row, field="instrument_id", seen=str(number), expected="one with a symbol on that day")
                for row, number in zip(rows[~keep][:EXAMPLES].tolist(), numbers[~keep].tolist(), strict=False)
            ]
            self.refused.add("no_symbol", nameless, int(np.count_nonzero(~keep)))
        return _block(at_ns, self.symbols, index, values, rows, keep)


def _block(at_ns: Any, symbols: tuple[str, ...], index: Any, values: Floats, rows: Any, keep: Mask) -> Block:
    return Block(
        stamps_ns=at_ns[keep],
        symbols=symbols,
        symbol_index=index[keep],
        values=np.compress(keep, values, axis=1),
        rows=rows[keep],
    )


def _prices(fixed: Any) -> Floats:
    return np.where(fixed == _UNDEFINED, np.nan, fixed / SCALE)


def _sizes(counts: Any) -> Floats:
    sizes: Floats = counts.astype(np.float64)
    return sizes


DATABENTO = Format(
    name="databento",
    title="Databento DBN",
    source="https://databento.com/docs/schemas/ohlcv",
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=_read,
)
