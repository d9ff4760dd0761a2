"""Bars as an answer: a window of columns, and the way from there to frames and tables."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from messages.columns import (
    CLOSE,
    FIELDS,
    HIGH,
    LOW,
    OPEN,
    VOLUME,
    Floats,
    Indices,
    Mask,
    PriceColumns,
    Stamps,
    Verdicts,
)
from messages.values import FIRST_WITH_BAR, Bar, Fill, Interval, Nanos, Verdict

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class BarWindow(PriceColumns, frozen=True, kw_only=True, eq=False):
    """Bars in order of time, by the column: ``window.close[-1]`` is the latest close.

    Every column is a read-only numpy array with one entry a bar; prices and volumes ``float64``, starts and
    ends ``int64`` nanoseconds UTC. Several symbols stand one after the other.
    """

    symbols: tuple[str, ...]
    symbol_index: Indices
    interval: Interval
    start_ns: Stamps
    end_ns: Stamps
    verdicts: Verdicts
    """Of base bars; of derived bars the best verdict among their base bars. Of bars that were carried forward, why."""
    base_counts: Indices
    base_expected: Indices
    revisions: npt.NDArray[np.uint32]
    tz: str
    now_ns: Nanos
    """When it was answered, in session time."""
    revision: int
    """The session's revision at that time."""
    empty_minutes: int = 0
    """Expected, closed minutes between the first and the last bar that have no bar."""
    """For ``1d`` the regular ones only."""
    forming: Mask
    """For each bar, whether a minute of it is still open."""
    fill: Fill | None = None
    """Whether minutes without a bar were carried forward; ``is_filled`` says which."""
    short: int = 0
    """How many of the bars (``last_bars``) or sessions (``history``) that were asked for are not there."""
    is_adjusted: bool = False
    """Whether splits and dividends have been taken out."""

    def __len__(self) -> int:
        return len(self.start_ns)

    @property
    def partial(self) -> bool:
        """Whether any bar is still forming."""
        return bool(self.forming.any())

    @property
    def is_complete(self) -> Mask:
        """For each bar, whether every base minute is in it."""
        complete: Mask = (self.base_counts == self.base_expected) & ~self.forming
        return complete

    @property
    def is_filled(self) -> Mask:
        """For each bar, whether it is none, but the close before it carried forward; its verdict says why."""
        mask: Mask = self.verdicts < FIRST_WITH_BAR
        return mask

    def bar(self, index: int) -> Bar:
        """Return one bar; negative numbers count from the end.

        Raises:
            IndexError: there are not so many.
        """
        row = self.values[:, index].tolist()
        extra = [None if math.isnan(value) else value for value in row[5:]] or [None, None]
        return Bar(
            symbol=self.symbols[self.symbol_index[index]],
            interval=self.interval,
            start_ns=int(self.start_ns[index]),
            end_ns=int(self.end_ns[index]),
            open=row[OPEN],
            high=row[HIGH],
            low=row[LOW],
            close=row[CLOSE],
            volume=row[VOLUME],
            vwap=extra[0],
            trades=extra[1],
            verdict=Verdict(int(self.verdicts[index])),
            base_count=int(self.base_counts[index]),
            base_expected=int(self.base_expected[index]),
            revision=int(self.revisions[index]),
            tz=self.tz,
            is_partial=bool(self.forming[index]),
        )

    def bars(self) -> list[Bar]:
        """Return every bar as a struct."""
        return [self.bar(index) for index in range(len(self))]

    def to_numpy(self) -> Floats:
        """Return a new array, bars x fields: open, high, low, close, volume[, vwap, trades]."""
        return np.ascontiguousarray(self.values.T)

    def to_pandas(self, tz: str | None = None) -> "pd.DataFrame":
        """Return a frame indexed by bar start, in exchange time unless ``tz`` names another zone.

        Several symbols give a MultiIndex (symbol, start).
        """
        import pandas as pd

        start = pd.DatetimeIndex(self.start_ns, name="start").tz_localize("UTC").tz_convert(tz or self.tz)
        index: Any = start
        if len(self.symbols) > 1:
            names = np.array(self.symbols, dtype=object)[self.symbol_index]
            index = pd.MultiIndex.from_arrays([names, start], names=["symbol", "start"])
        return pd.DataFrame(self._columns(), index=index)

    def to_arrow(self) -> "pa.Table":
        """Return a table: symbol, start (UTC), prices, volume[, vwap, trades], is_complete[, is_filled]."""
        import pyarrow as pa

        symbol = pa.DictionaryArray.from_arrays(pa.array(self.symbol_index), pa.array(self.symbols, pa.string()))
        start = pa.array(self.start_ns, pa.timestamp("ns", tz="UTC"))
        return pa.table({"symbol": symbol, "start": start, **self._columns()})

    def _columns(self) -> dict[str, npt.NDArray[Any]]:
        names = (*FIELDS, "vwap", "trades")
        columns: dict[str, npt.NDArray[Any]] = dict(zip(names, self.values, strict=False))
        columns["is_complete"] = self.is_complete
        if self.fill is not None:
            columns["is_filled"] = self.is_filled
        return columns
