"""Derived bars of the open session: when each is published, and what has been."""

import itertools
from collections.abc import Iterator

import msgspec
import numpy as np

from actors.market.aggregate import fold
from actors.market.axis import SessionAxis
from actors.session_data.grid import Grid
from messages.columns import BarBatch, Indices, Mask, freeze
from messages.events import BarsUpdated
from messages.values import FIRST_WITH_BAR, Interval


class Block(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One bar-to-be of an interval: slots ``[first, end)``."""

    series: int
    number: int
    first: int
    end: int


class DerivedBars:
    """For every interval, which blocks are published for which symbol.

    A symbol's block is published when its last minute has a bar and none of its minutes is pending, else
    when its last minute closes; again, as a repair, when a cell in it changes afterwards.
    """

    def __init__(self, axis: SessionAxis, intervals: tuple[Interval, ...], capacity: int) -> None:
        self.intervals = intervals
        self._axis = axis
        self._blocks: list[list[Block]] = [[] for _ in range(axis.slots)]
        self._published: list[Mask] = []
        self._latest = -1  # the highest slot ever written: before a block's last slot, nothing of it is published
        for series, interval in enumerate(intervals):
            edges = axis.edges(interval).tolist()
            self._published.append(np.zeros((len(edges) - 1, capacity), dtype=np.bool_))
            for number, (first, end) in enumerate(itertools.pairwise(edges)):
                block = Block(series=series, number=number, first=first, end=end)
                for slot in range(first, end):
                    self._blocks[slot].append(block)

    def count(self, series: int, columns: int) -> Indices:
        """Return how many bars of an interval have been published, for each of the first columns."""
        counts: Indices = self._published[series][:, :columns].sum(axis=0, dtype=np.int32)
        return counts

    def on_write(
        self, grid: Grid, slot: int, columns: Indices | slice, closed: int, revision: int
    ) -> Iterator[BarsUpdated]:
        """Publish what bars that were just written to ``slot`` complete or repair."""
        self._latest = max(self._latest, slot)
        for block in self._blocks[slot]:
            if block.end - 1 == slot and slot >= closed:
                yield from self._early(grid, block, columns, closed, revision)
            elif block.end <= closed or block.end - 1 <= self._latest:
                yield from self._repairs(grid, block, columns, closed, revision)

    def on_close(self, grid: Grid, slot: int, revision: int) -> Iterator[BarsUpdated]:
        """Publish what is left of the blocks that end with ``slot``."""
        for block in self._blocks[slot]:
            if block.end - 1 == slot:
                waiting = ~self._published[block.series][block.number, : len(grid.symbols)]
                if waiting.any():
                    has_bar = (grid.verdicts[block.first : block.end, : len(grid.symbols)] >= FIRST_WITH_BAR).any(
                        axis=0
                    )
                    chosen = np.flatnonzero(waiting & has_bar).astype(np.int32)
                    yield from self._publish(grid, block, chosen, revision, is_repair=False)

    def _early(
        self, grid: Grid, block: Block, columns: Indices | slice, closed: int, revision: int
    ) -> Iterator[BarsUpdated]:
        published = self._published[block.series][block.number, columns]
        pending = max(closed, block.first)
        if pending == block.end - 1 and not published.any():
            yield from self._publish(grid, block, columns, revision, is_repair=False)
            return
        numbers = _numbers(columns)
        settled = (grid.verdicts[pending : block.end, columns] >= FIRST_WITH_BAR).all(axis=0)
        yield from self._publish(grid, block, numbers[published], revision, is_repair=True)
        yield from self._publish(grid, block, numbers[settled & ~published], revision, is_repair=False)

    def _repairs(
        self, grid: Grid, block: Block, columns: Indices | slice, closed: int, revision: int
    ) -> Iterator[BarsUpdated]:
        published = self._published[block.series][block.number, columns]
        numbers = _numbers(columns)
        yield from self._publish(grid, block, numbers[published], revision, is_repair=True)
        if block.end <= closed:  # nothing was published for want of a bar; now there is one
            yield from self._publish(grid, block, numbers[~published], revision, is_repair=True)
        else:
            last = grid.verdicts[max(closed, block.first) : block.end, columns] >= FIRST_WITH_BAR
            yield from self._publish(grid, block, numbers[last.all(axis=0) & ~published], revision, is_repair=False)

    def _publish(
        self, grid: Grid, block: Block, columns: Indices | slice, revision: int, *, is_repair: bool
    ) -> Iterator[BarsUpdated]:
        numbers = _numbers(columns)
        if len(numbers) == 0:
            return
        self._published[block.series][block.number, columns] = True
        cells = slice(block.first, block.end)
        present = grid.verdicts[cells, columns] >= FIRST_WITH_BAR
        edges = np.array([0, block.end - block.first], dtype=np.int32)
        values, counts = fold(grid.values[cells][:, :, columns], present, edges)
        expected = block.end - block.first
        yield BarsUpdated(
            interval=self.intervals[block.series],
            batch=BarBatch(
                symbols=grid.table,
                symbol_index=freeze(numbers),
                start_ns=freeze(np.full(len(numbers), self._axis.start_of(block.first), dtype=np.int64)),
                values=freeze(values[0]),
                interval=self.intervals[block.series],
            ),
            revision=revision,
            base_counts=None if bool((counts == expected).all()) else tuple(counts[0].tolist()),
            base_expected=expected,
            is_repair=is_repair,
        )

    def widen(self, capacity: int) -> None:
        """Make room for more symbols."""
        for series, plane in enumerate(self._published):
            if plane.shape[1] < capacity:
                spare = np.zeros((len(plane), capacity - plane.shape[1]), dtype=np.bool_)
                self._published[series] = np.concatenate([plane, spare], axis=1)


def _numbers(columns: Indices | slice) -> Indices:
    return np.arange(columns.stop, dtype=np.int32) if isinstance(columns, slice) else columns
