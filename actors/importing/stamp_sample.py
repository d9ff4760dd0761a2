"""What is kept of a file's stamps while it streams by: which minutes occur, and an even sample."""

from collections.abc import Iterable, Sequence

import numpy as np

from messages.tables.columns import Mask, Stamps
from messages.values import MINUTE_NS, Nanos

_PAGE_BITS = 16
_PAGE = 1 << _PAGE_BITS
_FEW_PAGES = 32
_FEWEST = 5
_NO_CHANCE = np.log(1e9)


class MinuteSet:
    """Which minutes occur among many stamps: one byte for each of a page of 45 days, whatever the number of stamps.

    Args:
        step_ns: what counts as one minute.
    """

    def __init__(self, step_ns: Nanos = MINUTE_NS) -> None:
        self._step_ns = step_ns
        self._pages: dict[int, Mask] = {}

    def add(self, starts_ns: Stamps) -> None:
        """Take more stamps, in any order; those that are not on the minute count for the minute they are in."""
        if not len(starts_ns):
            return
        minutes = starts_ns // self._step_ns
        first, last = int(minutes.min()) >> _PAGE_BITS, int(minutes.max()) >> _PAGE_BITS
        if first == last:
            self._page(first)[minutes & (_PAGE - 1)] = True
            return
        pages = minutes >> _PAGE_BITS
        occurring: Iterable[int] = range(first, last + 1) if last - first < _FEW_PAGES else np.unique(pages).tolist()
        for page in occurring:
            self._page(page)[minutes[pages == page] & (_PAGE - 1)] = True

    def ascending(self) -> Stamps:
        """Return the start of each minute that occurs."""
        found = [np.flatnonzero(self._pages[page]) + (page << _PAGE_BITS) for page in sorted(self._pages)]
        minutes = np.concatenate([np.empty(0, dtype=np.int64), *found])
        minutes *= self._step_ns  # in place: new memory costs more than the multiplication
        return minutes

    def has(self, starts_ns: Sequence[Nanos]) -> Mask:
        """Return for each of a few minutes whether it occurs."""
        minutes = [start_ns // self._step_ns for start_ns in starts_ns]
        found = [
            minute >> _PAGE_BITS in self._pages and self._pages[minute >> _PAGE_BITS][minute & (_PAGE - 1)]
            for minute in minutes
        ]
        return np.array(found, dtype=np.bool_)

    def _page(self, number: int) -> Mask:
        return self._pages.setdefault(number, np.zeros(_PAGE, dtype=np.bool_))


def lengths(starts_ns: Stamps, edges: Sequence[int] | Stamps, step_ns: Nanos) -> Stamps:
    """Return for each run of stamps how many steps its bars are apart, where that is surely no chance; else 1.

    Args:
        starts_ns: stamps that ascend within each run.
        edges: where each run begins in them, and the last one ends.
        step_ns: the length of a bar.
    """
    edges = np.asarray(edges, dtype=np.int64)
    found = np.ones(max(0, len(edges) - 1), dtype=np.int64)
    counts = np.diff(edges)
    asked = np.flatnonzero(counts > _FEWEST)
    if not len(asked):
        return found
    steps = np.zeros(len(starts_ns), dtype=np.int64)
    np.subtract(starts_ns[1:], starts_ns[:-1], out=steps[:-1])
    steps[edges[1:] - 1] = 0  # from the last of a run there is no step
    steps //= step_ns
    apart = np.gcd.reduceat(steps, edges[:-1][counts > 0])[np.cumsum(counts > 0)[asked] - 1]
    is_sure = (apart > 1) & (np.log(np.maximum(apart, 1)) * (counts[asked] - 1) > _NO_CHANCE)
    found[asked[is_sure]] = apart[is_sure]
    return found


class EvenSample:
    """Every 2^n-th of many stamps: all of few, and never more than twice the wanted number.

    What it holds does not depend on the blocks in which the stamps come.
    """

    def __init__(self, wanted: int) -> None:
        self._most = 2 * wanted
        self._stride = 1
        self._seen = 0
        self._stamps = np.empty(0, dtype=np.int64)

    def add(self, stamps: Stamps) -> None:
        """Take more stamps."""
        chosen = stamps[-self._seen % self._stride :: self._stride]
        self._seen += len(stamps)
        self._stamps = np.concatenate([self._stamps, chosen])
        while len(self._stamps) > self._most:
            self._stamps = self._stamps[::2]
            self._stride *= 2

    def stamps(self) -> Stamps:
        """Return the sample, in the order of the stamps."""
        return self._stamps
