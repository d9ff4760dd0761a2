"""The minutes without a bar in a certificate's file: many runs of them are packed, and come back as they were.

As an object each, the runs of a whole market's day are a hundred megabytes of JSON. Packed they are four bytes each: by
symbol how many minutes lie between one and the next, and how many it has.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import msgspec
import numpy as np

from messages.tables.runs import Runs
from messages.values import Nanos, Verdict, VerdictRun

Entry: TypeAlias = tuple[str, int, list[int]]
FEW = 1000
"""So many runs are written one by one, for whoever reads the file without us."""


class PackedRuns(msgspec.Struct, frozen=True, kw_only=True):
    """Runs, in their order."""

    first_ns: Nanos
    """From where the first run of each entry is counted."""
    step_ns: Nanos
    """How long what is counted is: a bar."""
    told: tuple[tuple[str, Verdict], ...]
    """Who said what."""
    runs: tuple[Entry, ...]
    """Symbol, place in ``told``, and for each run how many bars it begins after the end of the one before, and how many
    it has."""


class Packing:
    """Packs runs, some after the other; no symbol's are in two of them, or each is counted from the first instant.

    Args:
        first_ns: the start of the session.
        step_ns: the length of its bars.
    """

    def __init__(self, first_ns: Nanos, step_ns: Nanos) -> None:
        self.first_ns = first_ns
        self.step_ns = step_ns
        self.told: dict[tuple[str, Verdict], int] = {}
        """Who said what, so far."""

    def entries(self, runs: Runs) -> list[Entry] | None:
        """Return some of the entries; ``None``: not all are whole bars."""
        bounds, rest = np.divmod(np.array((runs.start_ns, runs.end_ns)) - self.first_ns, self.step_ns)
        if rest.any():
            return None
        kind_of = np.array([self.told.setdefault(told, len(self.told)) for told in runs.told], dtype=np.int32)
        kinds, symbols = kind_of[runs.told_index], runs.symbol_index
        is_first = np.append(np.True_, (symbols[1:] != symbols[:-1]) | (kinds[1:] != kinds[:-1]))
        gaps = bounds[0].copy()
        gaps[1:] -= np.where(is_first[1:], 0, bounds[1, :-1])
        counts = np.column_stack([gaps, bounds[1] - bounds[0]]).ravel().tolist()
        heads = np.flatnonzero(is_first).tolist() if len(runs) else []
        return [
            (runs.symbols[symbols[begin]], int(kinds[begin]), counts[2 * begin : 2 * end])
            for begin, end in pairwise([*heads, len(runs)])
        ]


def packed(runs: Sequence[VerdictRun], first_ns: Nanos, step_ns: Nanos, few: int = FEW) -> PackedRuns | None:
    """Return runs packed; ``None``: there are few, or not all are whole bars.

    Args:
        runs: in any order.
        first_ns: the start of the session.
        step_ns: the length of its bars.
        few: how many are not worth it.
    """
    if len(runs) <= few:
        return None
    packing = Packing(first_ns, step_ns)
    entries = packing.entries(Runs.of(runs))
    if entries is None:
        return None
    return PackedRuns(first_ns=first_ns, step_ns=step_ns, told=tuple(packing.told), runs=tuple(entries))


def unpacked(packs: PackedRuns) -> tuple[VerdictRun, ...]:
    """Return the runs that were packed.

    Raises:
        ValueError: that is nothing that was packed.
    """
    sizes = [len(counts) for _, _, counts in packs.runs]
    if any(size % 2 for size in sizes) or any(not 0 <= kind < len(packs.told) for _, kind, _ in packs.runs):
        raise ValueError("its packed runs do not fit together")
    counts = np.array([count for _, _, of_entry in packs.runs for count in of_entry], dtype=np.int64)
    ends = np.cumsum(counts)  # over all entries; each begins anew
    heads = np.cumsum([0, *sizes[:-1]])
    runs = np.array([size // 2 for size in sizes], dtype=np.int64)
    before = np.repeat(np.append(0, ends)[heads], runs)
    return Runs(
        symbols=tuple(symbol for symbol, _, _ in packs.runs),
        symbol_index=np.repeat(np.arange(len(runs), dtype=np.int32), runs),
        told=packs.told,
        told_index=np.repeat(np.array([kind for _, kind, _ in packs.runs], dtype=np.int32), runs),
        start_ns=packs.first_ns + (ends[::2] - before) * packs.step_ns,
        end_ns=packs.first_ns + (ends[1::2] - before) * packs.step_ns,
    ).each()
