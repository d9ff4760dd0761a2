"""Many symbols at the same minutes as an answer: an array for each field, and the way from there to frames."""

from typing import TYPE_CHECKING

import numpy as np

from messages.errors import UnknownSymbol
from messages.tables.columns import Columnar, Floats, Mask, Stamps, Verdicts
from messages.tables.stamps import starts_in
from messages.values import BarField, Fill, Interval, Nanos, moment

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class BarMatrix(Columnar, frozen=True, kw_only=True, eq=False):
    """Bars of many symbols side by side: a row a minute of the session's grid, a column a symbol.

    ``matrix["close"]`` is a read-only array, rows x symbols, NaN where there is no bar; ``matrix["close"][-1]`` is
    the latest minute of the whole market, ``matrix.symbols`` says whose columns these are.
    """

    symbols: tuple[str, ...]
    fields: tuple[BarField, ...]
    interval: Interval
    start_ns: Stamps
    """For each row, its start; the last row is the latest."""
    end_ns: Stamps
    values: Floats
    """Fields x rows x symbols."""
    verdicts: Verdicts
    """Rows x symbols; of longer bars the best verdict among their base bars. Whom a session did not know is MISSING."""
    is_complete: Mask
    """Rows x symbols: whether there is a bar that has every base minute."""
    is_filled: Mask
    """Rows x symbols: whether it is no bar, but the close before it carried forward."""
    tz: str
    now_ns: Nanos
    """When it was answered, in session time."""
    revision: int
    """The session's revision at that time."""
    fill: Fill | None = None
    short: int = 0
    """How many of the rows that were asked for are not there."""
    is_adjusted: bool = False
    """Whether splits and dividends have been taken out."""

    def __len__(self) -> int:
        return len(self.start_ns)

    def __getitem__(self, field: str) -> Floats:
        """Return the array of one field, rows x symbols.

        Raises:
            KeyError: it was not asked for.
        """
        for place, name in enumerate(self.fields):
            if name == field:
                values: Floats = self.values[place]
                return values
        raise KeyError(f"{field!r} was not asked for; there are {', '.join(self.fields)}")

    def column(self, symbol: str) -> int:
        """Return the place of a symbol's column.

        Raises:
            UnknownSymbol: it is none of these.
        """
        if symbol not in self.symbols:
            raise UnknownSymbol.among(symbol, self.symbols)
        return self.symbols.index(symbol)

    def __repr__(self) -> str:
        of = self.symbols[0] if len(self.symbols) == 1 else f"{len(self.symbols):,} symbols"
        what = f"<BarMatrix {', '.join(self.fields)} of {of} {self.interval}"
        if not len(self):
            return f"{what}: no rows>"
        first, last = (
            f"{moment(int(at_ns), self.tz):%Y-%m-%d %H:%M}" for at_ns in (self.start_ns[0], self.start_ns[-1])
        )
        return f"{what}: {len(self):,} row{'s' if len(self) > 1 else ''}, {first} to {last} {self.tz}>"

    def _repr_html_(self) -> str:
        html: str = self.to_pandas()._repr_html_()  # type: ignore[operator]  # what a notebook shows of a frame
        return html

    def to_numpy(self) -> Floats:
        """Return a new array: rows x symbols of one field, fields x rows x symbols of several."""
        return np.array(self.values[0] if len(self.fields) == 1 else self.values)

    def to_pandas(self, tz: str | None = None) -> "pd.DataFrame":
        """Return a wide frame: a row a start, in exchange time unless ``tz`` names another zone; a column a symbol.

        Several fields give a MultiIndex of columns (field, symbol): ``frame["close"]["AAPL"]``.
        """
        import pandas as pd

        start = starts_in(self.start_ns, self.tz if tz is None else tz)
        columns: pd.Index[str] | pd.MultiIndex = pd.Index(self.symbols, name="symbol", dtype=object)
        if len(self.fields) > 1:
            columns = pd.MultiIndex.from_product([list(map(str, self.fields)), columns], names=["field", "symbol"])
        return pd.DataFrame(np.hstack(list(self.values)), index=start, columns=columns)

    def to_arrow(self) -> "pa.Table":
        """Return a table: start (UTC), and a column a symbol, null where there is no bar.

        Several fields give ``close AAPL``, a column for each field and symbol.
        """
        import pyarrow as pa

        start = pa.array(self.start_ns, pa.timestamp("ns", tz="UTC"))
        columns = {
            symbol if len(self.fields) == 1 else f"{field} {symbol}": pa.array(column, from_pandas=True)
            for field, values in zip(self.fields, self.values, strict=True)
            for symbol, column in zip(self.symbols, values.T, strict=True)
        }
        return pa.table({"start": start, **columns})
