"""Runs of minutes without a bar by the column: of a whole market there are millions, 130 bytes each as an object."""

from collections.abc import Sequence

import msgspec
import numpy as np

from messages.tables.columns import Indices, Stamps
from messages.values import Verdict, VerdictRun


class Runs(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Runs, in their order."""

    symbols: tuple[str, ...]
    symbol_index: Indices
    """For each run the place of its symbol."""
    told: tuple[tuple[str, Verdict], ...]
    """Who said what."""
    told_index: Indices
    """For each run the place of who said what."""
    start_ns: Stamps
    end_ns: Stamps

    @classmethod
    def of(cls, runs: Sequence[VerdictRun]) -> "Runs":
        """Return runs by the column."""
        symbols: dict[str, int] = {}
        told: dict[tuple[str, Verdict], int] = {}
        return cls(
            symbol_index=np.array([symbols.setdefault(run.symbol, len(symbols)) for run in runs], dtype=np.int32),
            told_index=np.array(
                [told.setdefault((run.source, run.verdict), len(told)) for run in runs], dtype=np.int32
            ),
            start_ns=np.array([run.start_ns for run in runs], dtype=np.int64),
            end_ns=np.array([run.end_ns for run in runs], dtype=np.int64),
            symbols=tuple(symbols),
            told=tuple(told),
        )

    def __len__(self) -> int:
        return len(self.start_ns)

    def each(self) -> tuple[VerdictRun, ...]:
        """Return them as objects."""
        columns = (self.symbol_index, self.told_index, self.start_ns, self.end_ns)
        return tuple(
            VerdictRun(symbol=self.symbols[symbol], verdict=verdict, start_ns=start_ns, end_ns=end_ns, source=source)
            for symbol, kind, start_ns, end_ns in zip(*(column.tolist() for column in columns), strict=True)
            for source, verdict in (self.told[kind],)
        )
