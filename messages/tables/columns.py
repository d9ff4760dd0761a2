"""Bars by the column: read-only numpy arrays, as the stream carries them and as days of history are held."""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from messages.errors import DataError, shown
from messages.tables.stamps import array_of, places_of, stamps_of, starts_in
from messages.values import ONE_MINUTE, Bar, Interval, TradingSession, Verdict, VerdictRun

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Floats: TypeAlias = npt.NDArray[np.float64]
Stamps: TypeAlias = npt.NDArray[np.int64]
Indices: TypeAlias = npt.NDArray[np.int32]
Verdicts: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]

FIELDS = ("open", "high", "low", "close", "volume")
EXTRA_FIELDS = ("vwap", "trades")
OPEN, HIGH, LOW, CLOSE, VOLUME, VWAP, TRADES = range(7)


VERDICT_WORDS = tuple(verdict.name.lower() for verdict in Verdict)
"""What frames and tables say for the number of a verdict."""


def freeze(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Make an array read-only and return it."""
    array.setflags(write=False)  # a third of the cost of array.flags.writeable = False
    return array


class Columnar(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """A struct with columns: equal where all fields are, arrays by their values, NaN equal to NaN."""

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        return all(_same(getattr(self, name), getattr(other, name)) for name in self.__struct_fields__)

    def __ne__(self, other: object) -> bool:  # a Struct brings one of its own, which does not ask __eq__
        return not self == other

    __hash__ = None  # type: ignore[assignment]  # columns are compared by value and are never keys


def _same(left: object, right: object) -> bool:
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        floating = left.dtype.kind == "f" and right.dtype.kind == "f"
        return left.shape == right.shape and bool(np.array_equal(left, right, equal_nan=floating))
    return bool(left == right)


class PriceColumns(Columnar, frozen=True, kw_only=True, eq=False):
    """Values by the field: one row each for open, high, low, close, volume[, vwap, trades]."""

    values: Floats
    """Fields x bars, NaN where something is not known."""

    @property
    def open(self) -> Floats:
        """Opening prices."""
        row: Floats = self.values[OPEN]
        return row

    @property
    def high(self) -> Floats:
        """Highest prices."""
        row: Floats = self.values[HIGH]
        return row

    @property
    def low(self) -> Floats:
        """Lowest prices."""
        row: Floats = self.values[LOW]
        return row

    @property
    def close(self) -> Floats:
        """Closing prices."""
        row: Floats = self.values[CLOSE]
        return row

    @property
    def volume(self) -> Floats:
        """Volumes."""
        row: Floats = self.values[VOLUME]
        return row

    @property
    def vwap(self) -> Floats | None:
        """Volume-weighted average prices, where they are kept."""
        return self._row(VWAP) if len(self.values) > len(FIELDS) else None

    @property
    def trades(self) -> Floats | None:
        """Numbers of trades, where they are kept."""
        return self._row(TRADES) if len(self.values) > len(FIELDS) else None

    def _row(self, field: int) -> Floats:
        row: Floats = self.values[field]
        return row

    def _prices(self) -> dict[str, npt.NDArray[Any]]:
        return dict(zip((*FIELDS, *EXTRA_FIELDS), self.values, strict=False))


class BarColumns(PriceColumns, frozen=True, kw_only=True, eq=False):
    """Bars of one or several symbols by the column."""

    symbols: tuple[str, ...]
    symbol_index: Indices
    """For each bar, its symbol's place in ``symbols``."""
    start_ns: Stamps

    def __len__(self) -> int:
        return len(self.start_ns)

    def names(self) -> list[str]:
        """Return each bar's symbol."""
        return [self.symbols[index] for index in self.symbol_index.tolist()]

    def _frame(self, tz: str, columns: dict[str, Any]) -> "pd.DataFrame":
        """Return a frame indexed by start, or by symbol and start where there are several symbols."""
        import pandas as pd

        start = starts_in(self.start_ns, tz)
        index: Any = start
        if len(self.symbols) > 1:
            names = np.array(self.symbols, dtype=object)[self.symbol_index]
            index = pd.MultiIndex.from_arrays([names, start], names=["symbol", "start"])
        return pd.DataFrame(columns, index=index)

    def _table(self, columns: dict[str, Any]) -> "pa.Table":
        """Return a table that begins with the symbol and the start, UTC."""
        import pyarrow as pa

        symbol = pa.DictionaryArray.from_arrays(pa.array(self.symbol_index), pa.array(self.symbols, pa.string()))
        start = pa.array(self.start_ns, pa.timestamp("ns", tz="UTC"))
        return pa.table({"symbol": symbol, "start": start, **columns})


class BarBatch(BarColumns, frozen=True, kw_only=True, eq=False):
    """Base bars of many symbols, sorted by start and then by symbol, no cell twice.

    ``values`` has one row a field (``FIELDS``, and ``EXTRA_FIELDS`` where they are kept) and one column a
    bar; ``symbols`` ascend. Make one with ``of`` or ``build``, which sort and check; the constructor trusts its caller.
    """

    interval: Interval = ONE_MINUTE
    is_sane: bool = False
    """Whether somebody has made sure that every bar of it is sane (``market.validate``), so that nobody need again."""

    @classmethod
    def of(cls, bars: Iterable[Bar]) -> "BarBatch":
        """Make a batch of bars; of two for the same cell the later one stays.

        Raises:
            DataError: they are not all of one length, or something among them is no bar.
        """
        try:
            return cls._of(bars)
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            raise DataError(f"a batch is made of bars whose fields are of the types they say: {error}") from error

    @classmethod
    def _of(cls, bars: Iterable[Bar]) -> "BarBatch":
        cells = {(bar.start_ns, bar.symbol): bar for bar in bars}
        rows = [cells[key] for key in sorted(cells)]
        if len(lengths := {bar.interval for bar in rows}) > 1:
            raise DataError(f"the bars of a batch are of one length, not of {' and '.join(map(str, sorted(lengths)))}")
        symbols = tuple(sorted({bar.symbol for bar in rows}))
        place = {symbol: index for index, symbol in enumerate(symbols)}
        columns = [[getattr(bar, name) for bar in rows] for name in FIELDS]
        if any(bar.vwap is not None or bar.trades is not None for bar in rows):
            columns += [[_or_nan(bar.vwap) for bar in rows], [_or_nan(bar.trades) for bar in rows]]
        return cls(
            symbols=symbols,
            symbol_index=freeze(np.array([place[bar.symbol] for bar in rows], dtype=np.int32)),
            start_ns=freeze(np.array([bar.start_ns for bar in rows], dtype=np.int64)),
            values=freeze(np.array(columns, dtype=np.float64)),
            interval=rows[0].interval if rows else ONE_MINUTE,
        )

    @classmethod
    def build(
        cls,
        symbols: Sequence[str],
        symbol_index: Indices,
        start_ns: Stamps,
        values: Floats,
        interval: Interval = ONE_MINUTE,
    ) -> "BarBatch":
        """Make a batch of columns in any order.

        Args:
            symbols: the symbol table, any order, no name twice.
            symbol_index: for each bar, its symbol's place in the table.
            start_ns: for each bar, its start; also as datetimes of NumPy.
            values: fields x bars: open, high, low, close, volume[, vwap, trades].
            interval: the length of the bars.

        Raises:
            DataError: the shapes or types do not fit, an index is no place in the table, or a cell occurs twice.
        """
        start_ns, values = stamps_of(start_ns), array_of(values, np.float64)
        if values.ndim != 2 or values.shape[0] not in (5, 7) or values.shape[1] != len(start_ns):
            raise DataError(f"a batch needs 5 or 7 rows of {len(start_ns)} values, not {values.shape}")
        if isinstance(symbols, str) or not isinstance(symbols, Iterable) or set(map(type, symbols)) - {str, np.str_}:
            raise DataError(f"the table of a batch is made of symbols, not of {shown(symbols)}")
        symbol_index = places_of(symbol_index, len(symbols))
        if len(symbol_index) != len(start_ns) or len(set(symbols)) != len(symbols):
            raise DataError("a batch needs one symbol index a bar, and no symbol twice in its table")
        table = tuple(sorted(symbols))
        place = {symbol: index for index, symbol in enumerate(table)}
        renumbered = np.array([place[symbol] for symbol in symbols], dtype=np.int32)[symbol_index]
        order = np.lexsort((renumbered, start_ns))
        index, starts = renumbered[order], start_ns[order]
        if bool(np.any((index[1:] == index[:-1]) & (starts[1:] == starts[:-1]))):
            raise DataError("a batch holds each minute of a symbol at most once")
        return cls(
            symbols=table,
            symbol_index=freeze(index),
            start_ns=freeze(starts),
            values=freeze(np.ascontiguousarray(values[:, order], dtype=np.float64)),
            interval=interval,
        )

    def to_pandas(self, tz: str = "UTC") -> "pd.DataFrame":
        """Return a frame indexed by bar start; several symbols give a MultiIndex (symbol, start)."""
        return self._frame(tz, self._prices())

    def to_arrow(self) -> "pa.Table":
        """Return a table: symbol, start (UTC), prices, volume[, vwap, trades]."""
        return self._table(self._prices())

    def __iter__(self) -> Iterator[Bar]:
        return self.bars()

    def _repr_html_(self) -> str:
        html: str = self.to_pandas()._repr_html_()  # type: ignore[operator]  # what a notebook shows of a frame
        return html

    def rows(self, first: int, last: int) -> "BarBatch":
        """Return bars ``[first, last)`` without copying."""
        return BarBatch(
            symbols=self.symbols,
            symbol_index=self.symbol_index[first:last],
            start_ns=self.start_ns[first:last],
            values=self.values[:, first:last],
            interval=self.interval,
            is_sane=self.is_sane,
        )

    def where(self, keep: Mask) -> "BarBatch":
        """Return the bars for which ``keep`` is true."""
        return BarBatch(
            symbols=self.symbols,
            symbol_index=freeze(self.symbol_index[keep]),
            start_ns=freeze(self.start_ns[keep]),
            values=freeze(self.values[:, keep]),
            interval=self.interval,
            is_sane=self.is_sane,
        )

    def narrowed(self) -> "BarBatch":
        """Return the same bars with a table of just those symbols that have one."""
        places, numbers = np.unique(self.symbol_index, return_inverse=True)
        symbols = tuple(self.symbols[place] for place in places.tolist())
        return msgspec.structs.replace(self, symbols=symbols, symbol_index=freeze(numbers.astype(np.int32)))

    def only(self, symbols: frozenset[str]) -> "BarBatch":
        """Return the bars of these symbols."""
        wanted = np.array([symbol in symbols for symbol in self.symbols], dtype=np.bool_)
        return self.where(wanted[self.symbol_index])

    def bars(self) -> Iterator[Bar]:
        """Yield the bars one by one (slow: for printing and tests, not for the stream)."""
        has_extra = len(self.values) > len(FIELDS)
        for symbol, start_ns, row in zip(self.names(), self.start_ns.tolist(), self.values.T.tolist(), strict=True):
            vwap, trades = (_or_none(row[VWAP]), _or_none(row[TRADES])) if has_extra else (None, None)
            o, h, lo, c, v = row[:5]
            yield Bar(
                symbol=symbol,
                start_ns=start_ns,
                open=o,
                high=h,
                low=lo,
                close=c,
                volume=v,
                vwap=vwap,
                trades=trades,
                interval=self.interval,
            )


class BarKeys(Columnar, frozen=True, kw_only=True, eq=False):
    """Which bars: symbol and start of each, sorted by start, then symbol; none twice."""

    symbols: tuple[str, ...]
    """Sorted."""
    symbol_index: Indices
    """For each bar, its symbol's place in ``symbols``."""
    start_ns: Stamps


class BarVerdicts(BarKeys, frozen=True, kw_only=True, eq=False):
    """How bars once came that did not simply stream in."""

    verdicts: Verdicts
    """For each bar ``LATE``, ``FILLED``, ``CORRECTED`` or ``IN_PART``."""


class Prints(BarColumns, frozen=True, kw_only=True, eq=False):
    """What a live day knew of its minutes, a row each time that something became known, in that order.

    ``values`` are those of then, NaN where the verdict says that there is no bar. The day's last word may be another.
    """

    known_ns: Stamps
    """By the day's own clock, ascending."""
    verdicts: Verdicts
    """What each minute became: one with a bar, ``NO_TRADE`` or ``ABANDONED``."""
    members: tuple[str, ...]
    """Who was there when the session opened."""
    grace_ns: int = 0
    """How long after its end a minute stayed open."""
    interval: Interval = ONE_MINUTE

    def where(self, keep: Mask) -> "Prints":
        """Return the rows for which ``keep`` is true."""
        return msgspec.structs.replace(
            self,
            symbol_index=freeze(self.symbol_index[keep]),
            start_ns=freeze(self.start_ns[keep]),
            values=freeze(self.values[:, keep]),
            known_ns=freeze(self.known_ns[keep]),
            verdicts=freeze(self.verdicts[keep]),
        )

    def only(self, symbols: Collection[str]) -> "Prints":
        """Return the rows, and the members, of these symbols."""
        wanted = np.array([symbol in symbols for symbol in self.symbols], dtype=np.bool_)
        members = tuple(symbol for symbol in self.members if symbol in symbols)
        return msgspec.structs.replace(self.where(wanted[self.symbol_index]), members=members)


class DayGrid(Columnar, frozen=True, kw_only=True, eq=False):
    """A whole session as a dense grid, read-only: how a day of history travels and is held.

    ``values`` is minutes x fields x symbols, NaN where there is no bar; ``verdicts`` is minutes x symbols.
    """

    session: TradingSession
    symbols: tuple[str, ...]
    values: Floats
    verdicts: Verdicts


class Tape(Columnar, frozen=True, kw_only=True, eq=False):
    """One session's bars, ready to be played in order of time."""

    session: TradingSession
    batch: BarBatch
    outside: int = 0
    """Bars of that date in the store that lie in none of the session's minutes, so are not played."""
    left_out: tuple[tuple[str, int], ...] = ()
    """How many of its bars cannot be true, and are refused when they are played, by reason."""
    runs: tuple[VerdictRun, ...] = ()
    """What the day's certificate knows of minutes without a bar: NO_TRADE and ABANDONED, this tape's symbols."""
    told: BarVerdicts | None = None
    """What the store knows of how its bars came, where they did not simply stream in."""
    prints: Prints | None = None
    """How the day was lived, where it is to be played so and the store knows."""
    shown_early: int = 0
    """Of its bars that are played at the end of their minute, those that nobody had by then as they are."""


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
