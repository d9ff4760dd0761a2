"""Runs of minutes without a bar by the column: of a whole market there are millions, 70 bytes each as an object."""

from collections.abc import Sequence

import msgspec
import numpy as np

from messages.tables.columns import Indices, Stamps
from messages.values import Verdict, VerdictRun

_MOST_SHARED = 1 << 14


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
        symbols, told = self.symbol_index.tolist(), self.told_index.tolist()
        return tuple(
            VerdictRun(symbol=self.symbols[symbol], verdict=verdict, start_ns=start_ns, end_ns=end_ns, source=source)
            for symbol, kind, start_ns, end_ns in zip(symbols, told, *_numbers(self.start_ns, self.end_ns), strict=True)
            for source, verdict in (self.told[kind],)
        )


def _numbers(start_ns: Stamps, end_ns: Stamps) -> tuple[list[int], list[int]]:
    """Return instants as numbers; those of one grid share them, for they are half of what a run takes."""
    if not len(start_ns):
        return [], []
    first, last = int(min(start_ns.min(), end_ns.min())), int(max(start_ns.max(), end_ns.max()))
    step = int(np.gcd(np.gcd.reduce(start_ns - first), np.gcd.reduce(end_ns - first))) or 1
    if last - first > _MOST_SHARED * step:
        return start_ns.tolist(), end_ns.tolist()
    numbers = np.arange(first, last + 1, step).astype(object)
    return numbers[(start_ns - first) // step].tolist(), numbers[(end_ns - first) // step].tolist()
