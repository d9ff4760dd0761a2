"""Rows of bars: many symbols at the same minutes, as a matrix is put together of them."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from actors.market.back_adjustment import Factors
from messages.tables.columns import CLOSE, OPEN, VOLUME, VWAP, Floats, Indices, Mask, Stamps, Verdicts
from messages.values import FIRST_WITH_BAR


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """Bars of many symbols by the row, in order of time."""

    start_ns: Stamps
    end_ns: Stamps
    values: Floats
    """Fields x rows x symbols, NaN where there is no bar."""
    verdicts: Verdicts
    """Rows x symbols."""
    complete: Mask
    """Rows x symbols: whether there is a bar that has every base minute."""
    known: Mask | None = None
    """Rows x symbols: whether the session knew the symbol; ``None``: all of them."""

    def __len__(self) -> int:
        return len(self.start_ns)

    @property
    def present(self) -> Mask:
        """Rows x symbols: whether there is a bar."""
        mask: Mask = self.verdicts >= FIRST_WITH_BAR
        return mask

    def last(self, count: int) -> "Rows":
        """Return the last so many rows, or all."""
        return self if count >= len(self) else self.cut(slice(len(self) - count, None))

    def cut(self, chosen: "slice | Mask") -> "Rows":
        """Return some of the rows."""
        return Rows(
            start_ns=self.start_ns[chosen],
            end_ns=self.end_ns[chosen],
            values=self.values[:, chosen],
            verdicts=self.verdicts[chosen],
            complete=self.complete[chosen],
            known=None if self.known is None else self.known[chosen],
        )

    def only_known(self, known: Mask) -> "Rows":
        """Return the same rows with nothing in the cells of symbols that the session did not know."""
        self.values[:, ~known] = np.nan
        self.verdicts[~known] = 0
        self.complete[~known] = False
        return msgspec.structs.replace(self, known=known)

    def adjusted(self, fields: Sequence[int], factors: Mapping[int, Factors], days: Indices) -> "Rows":
        """Take splits and dividends out.

        Args:
            fields: which each of the values is.
            factors: by column, where there are any.
            days: of each row its session's date as a number of days.
        """
        for column, factor in factors.items():
            of_prices, of_volumes = factor.of(days)
            for place, field in enumerate(fields):
                if field <= CLOSE or field == VWAP:
                    self.values[place, :, column] *= of_prices
                elif field == VOLUME:
                    self.values[place, :, column] *= of_volumes
        return self

    def carried(self, fields: Sequence[int], before: Floats) -> tuple["Rows", Mask]:
        """Return the rows with closes carried forward into cells without a bar, and which cells these are.

        Args:
            fields: which each of the values is; the close is among them.
            before: the close of each symbol before the first row, NaN where there is none.
        """
        is_bar = self.present
        latest = np.maximum.accumulate(np.where(is_bar, np.arange(len(self))[:, None], -1), axis=0)
        held = np.take_along_axis(self.values[fields.index(CLOSE)], np.maximum(latest, 0), axis=0)
        closes = np.where(latest >= 0, held, before)
        is_filled = ~is_bar & ~np.isnan(closes)
        if self.known is not None:
            is_filled &= self.known
        values = self.values.copy()
        for place, field in enumerate(fields):
            if OPEN <= field <= CLOSE:
                values[place][is_filled] = closes[is_filled]
            elif field == VOLUME:
                values[place][is_filled] = 0.0
        return msgspec.structs.replace(self, values=values), is_filled


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the rows of several, one after the other; at least one."""
    if len(parts) == 1:
        return parts[0]
    known: list[Mask] = [np.ones_like(part.complete) if part.known is None else part.known for part in parts]
    return Rows(
        start_ns=np.concatenate([part.start_ns for part in parts]),
        end_ns=np.concatenate([part.end_ns for part in parts]),
        values=np.concatenate([part.values for part in parts], axis=1),
        verdicts=np.concatenate([part.verdicts for part in parts]),
        complete=np.concatenate([part.complete for part in parts]),
        known=None if all(part.known is None for part in parts) else np.concatenate(known),
    )
