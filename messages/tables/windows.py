"""Bars and verdicts as an answer: columns, and the way from there to frames and tables."""

import math
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from messages.errors import SettingsError, UnknownSymbol
from messages.tables import pictures
from messages.tables.columns import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    VERDICT_WORDS,
    VOLUME,
    BarColumns,
    Columnar,
    Floats,
    Indices,
    Mask,
    Stamps,
    Verdicts,
    freeze,
)
from messages.tables.stamps import starts_in
from messages.values import FIRST_WITH_BAR, Bar, Fill, Interval, Nanos, TradingSession, Verdict, moment

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from matplotlib.axes import Axes


class BarWindow(BarColumns, frozen=True, kw_only=True, eq=False):
    """Bars in order of time, by the column: ``window.close[-1]`` is the latest close.

    Every column is a read-only numpy array with one entry a bar; prices and volumes ``float64``, starts and
    ends ``int64`` nanoseconds UTC. Several symbols stand one after the other. ``window[-1]`` is a bar, ``window[-5:]``
    and ``window[window.is_complete]`` are windows, and iterating gives bars.
    """

    interval: Interval
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
    is_before_session: bool = False
    """Whether all that ``bars`` was asked for lies before the session, whose bars it has; ``history`` has others."""

    def __getitem__(self, chosen: "int | np.integer | slice | Mask") -> Any:
        """Return one bar, or a window of those that are chosen.

        Of a part, ``empty_minutes`` and ``short`` stay what they are of the whole.

        Raises:
            IndexError: there are not so many.
            TypeError: it is the name of a column.
        """
        if isinstance(chosen, str):
            raise TypeError(f"a window is a row of bars; its columns are attributes: window.{chosen}, not [{chosen!r}]")
        if not isinstance(chosen, (slice, np.ndarray, list)):
            return self.bar(operator.index(chosen))
        kept = chosen if isinstance(chosen, slice) else np.asarray(chosen)
        columns = {name: freeze(getattr(self, name)[kept]) for name in _BY_BAR}
        return msgspec.structs.replace(self, values=freeze(self.values[:, kept]), **columns)

    def __iter__(self) -> Iterator[Bar]:
        return (self.bar(index) for index in range(len(self)))

    def __repr__(self) -> str:
        of = self.symbols[0] if len(self.symbols) == 1 else f"{len(self.symbols)} symbols"
        if not len(self):
            why = ", all of it lies before this session: see history()" if self.is_before_session else ""
            return f"<BarWindow {of} {self.interval}: no bars{why}>"
        first, last = (f"{moment(int(at_ns), self.tz):%Y-%m-%d %H:%M}" for at_ns in self._edges())
        count = f"{len(self)} bar{'s' if len(self) > 1 else ''}"
        return f"<BarWindow {of} {self.interval}: {count}, {first} to {last} {self.tz}>"

    def _repr_html_(self) -> str:
        html: str = self.to_pandas()._repr_html_()  # type: ignore[operator]  # what a notebook shows of a frame
        return html

    def _edges(self) -> tuple[Nanos, Nanos]:
        return self.start_ns.min(), self.start_ns.max()

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
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no bar {index} in {self!r}")
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
            verdict=_VERDICTS[self.verdicts.item(index)],
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

        Several symbols give a MultiIndex (symbol, start). Beside prices and volume: ``is_complete``, ``verdict`` (its
        name in lower case, categorical), ``revision``, and ``is_filled`` where bars were carried forward.
        """
        import pandas as pd

        kind = pd.CategoricalDtype(list(VERDICT_WORDS))
        verdict = pd.Categorical.from_codes(self.verdicts.astype(np.int8), dtype=kind)
        return self._frame(self.tz if tz is None else tz, self._columns(verdict))

    def to_arrow(self) -> "pa.Table":
        """Return a table: symbol, start (UTC), and the columns of ``to_pandas``."""
        import pyarrow as pa

        return self._table(self._columns(pa.DictionaryArray.from_arrays(self.verdicts, pa.array(VERDICT_WORDS))))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw candles and volume in the colours of their verdicts, hollow where the price rose; by matplotlib.

        Args:
            ax: where; by default on a figure of its own.

        Raises:
            SettingsError: it has bars of several symbols, or matplotlib is not installed.
        """
        if len(self.symbols) != 1:
            raise SettingsError(f"a picture shows one symbol, and the window has {len(self.symbols)}")
        axes, title = pictures.axes_or_new(ax), f"{self.symbols[0]} {self.interval}"
        pictures.candles(axes, self.values, self.start_ns, self.verdicts, self.forming, self.tz, title)
        return axes

    def _columns(self, verdict: Any) -> dict[str, Any]:
        columns = {**self._prices(), "is_complete": self.is_complete, "verdict": verdict, "revision": self.revisions}
        return columns if self.fill is None else {**columns, "is_filled": self.is_filled}


_VERDICTS = tuple(Verdict)
_BY_BAR = (
    "symbol_index", "start_ns", "end_ns", "verdicts", "base_counts", "base_expected", "revisions", "forming",
)  # fmt: skip


class VerdictPlane(Columnar, frozen=True, kw_only=True, eq=False):
    """What is known about every minute of a session, minutes without a bar included."""

    session: TradingSession
    symbols: tuple[str, ...]
    start_ns: Stamps
    """The start of each minute, extended hours included where the session has them."""
    verdicts: Verdicts
    """Minutes x symbols: numbers of ``Verdict``; ``PENDING`` where a minute is not closed and has no bar."""
    closed: int
    """Minutes ``[0, closed)`` are closed."""
    now_ns: Nanos
    """When it was answered, in session time."""
    revision: int
    """The session's revision at that time."""

    def __len__(self) -> int:
        return len(self.start_ns)

    def of(self, symbol: str) -> Verdicts:
        """Return one symbol's verdicts, one for each minute.

        Raises:
            UnknownSymbol: it is none of these.
        """
        if symbol not in self.symbols:
            raise UnknownSymbol.among(symbol, self.symbols)
        column: Verdicts = self.verdicts[:, self.symbols.index(symbol)]
        return column

    def __getitem__(self, symbol: str) -> Verdicts:
        return self.of(symbol)

    def _repr_html_(self) -> str:
        html: str = self.to_pandas()._repr_html_()  # type: ignore[operator]  # what a notebook shows of a frame
        return html

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw a heat map, symbols x minutes, coloured by verdict; by matplotlib.

        Args:
            ax: where; by default on a figure of its own.

        Raises:
            SettingsError: matplotlib is not installed.
        """
        axes, title = pictures.axes_or_new(ax), f"{self.session.calendar} {self.session.date}"
        pictures.heat_map(axes, self.verdicts, self.start_ns, self.symbols, self.session.tz, title)
        return axes

    def __repr__(self) -> str:
        of = self.symbols[0] if len(self.symbols) == 1 else f"{len(self.symbols)} symbols"
        return f"<VerdictPlane {of}, session {self.session.date}: {self.closed} of {len(self)} minutes closed>"

    def to_pandas(self, tz: str | None = None) -> "pd.DataFrame":
        """Return a frame of names in lower case: a row a minute, by its start, and a categorical column a symbol."""
        import pandas as pd

        start = starts_in(self.start_ns, self.session.tz if tz is None else tz)
        kind = pd.CategoricalDtype(list(VERDICT_WORDS))
        columns = [pd.Categorical.from_codes(column, dtype=kind) for column in self.verdicts.astype(np.int8).T]
        return pd.DataFrame(dict(zip(self.symbols, columns, strict=True)), index=start)

    def to_arrow(self) -> "pa.Table":
        """Return a table: start (UTC), and a column of names in lower case for each symbol."""
        import pyarrow as pa

        words = pa.array(VERDICT_WORDS)
        columns = [pa.DictionaryArray.from_arrays(np.ascontiguousarray(column), words) for column in self.verdicts.T]
        start = pa.array(self.start_ns, pa.timestamp("ns", tz="UTC"))
        return pa.table({"start": start, **dict(zip(self.symbols, columns, strict=True))})
