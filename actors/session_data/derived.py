"""Derived bars of the open session: when each is published, and what has been."""

import itertools
import re

import msgspec
import numpy as np

from actors.market.aggregate import fold_block
from actors.market.axis import SessionAxis
from actors.session_data.grid import Grid
from messages.base import Event
from messages.columns import BarBatch, Indices, Mask, Stamps, freeze
from messages.events import BarsUpdated
from messages.values import FIRST_WITH_BAR, Interval, Nanos

_EMPTY_CELL = re.compile(rb"[\x00-\x02]")  # verdicts below FIRST_WITH_BAR; cheaper than a comparison and all()


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
        self._starts_ns: list[int] = axis.starts_ns.tolist()
        self._blocks: list[list[Block]] = [[] for _ in range(axis.slots)]
        self._published: list[Mask] = []
        self._regular: list[slice] = []
        self._latest = -1  # the highest slot ever written
        for series, interval in enumerate(intervals):
            edges = axis.edges(interval).tolist()
            self._published.append(np.zeros((len(edges) - 1, capacity), dtype=np.bool_))
            self._regular.append(slice(*np.searchsorted(edges, (axis.regular.start, axis.regular.stop)).tolist()))
            for number, (first, end) in enumerate(itertools.pairwise(edges)):
                block = Block(series=series, number=number, first=first, end=end)
                for slot in range(first, end):
                    self._blocks[slot].append(block)

    def count(self, series: int, columns: int) -> Indices:
        """Return how many regular bars of an interval have been published, for each of the first columns."""
        counts: Indices = self._published[series][self._regular[series], :columns].sum(axis=0, dtype=np.int32)
        return counts

    def on_write(
        self, grid: Grid, slot: int, columns: Indices | slice, closed: int, revision: int, out: list[Event]
    ) -> None:
        """Publish what bars that were just written to ``slot`` complete or repair."""
        self._latest = max(self._latest, slot)
        for block in self._blocks[slot]:
            # Before its last slot is written or closed, nothing of a block is published.
            if block.end <= closed or block.end - 1 <= self._latest:
                self._on_write(grid, block, slot, columns, closed, revision, out)

    def _on_write(
        self,
        grid: Grid,
        block: Block,
        slot: int,
        columns: Indices | slice,
        closed: int,
        revision: int,
        out: list[Event],
    ) -> None:
        published = self._published[block.series][block.number, columns]
        pending = max(closed, block.first)
        if slot == pending == block.end - 1 and not published.any():
            self._publish(grid, block, columns, revision, out, is_repair=False)
            return
        numbers = _numbers(columns)
        self._publish(grid, block, numbers[published], revision, out, is_repair=True)
        waiting = numbers[~published]
        if block.end <= closed:  # nothing was published for want of a bar; now there is one
            self._publish(grid, block, waiting, revision, out, is_repair=True)
        elif len(waiting):
            settled = (grid.verdicts[pending : block.end, waiting] >= FIRST_WITH_BAR).all(axis=0)
            self._publish(grid, block, waiting[settled], revision, out, is_repair=False)

    def on_close(self, grid: Grid, slot: int, revision: int, out: list[Event]) -> None:
        """Publish what is left of the blocks that end with ``slot``, and what waited for it alone."""
        for block in self._blocks[slot]:
            if block.end - 1 != slot and block.end - 1 > self._latest:
                continue
            waiting = np.flatnonzero(~self._published[block.series][block.number, : len(grid.symbols)])
            if len(waiting):
                has_bar = grid.verdicts[block.first : block.end, waiting] >= FIRST_WITH_BAR
                is_settled = has_bar[slot + 1 - block.first :].all(axis=0) & has_bar.any(axis=0)
                self._publish(grid, block, waiting[is_settled].astype(np.int32), revision, out, is_repair=False)

    def _publish(
        self, grid: Grid, block: Block, columns: Indices | slice, revision: int, out: list[Event], *, is_repair: bool
    ) -> None:
        numbers = _numbers(columns)
        if len(numbers) == 0:
            return
        self._published[block.series][block.number, columns] = True
        cells = slice(block.first, block.end)
        verdicts = grid.verdicts[cells, columns]
        base = grid.values[cells, :, columns] if isinstance(columns, slice) else grid.values[cells][:, :, columns]
        is_full = _EMPTY_CELL.search(verdicts.tobytes()) is None
        values, counts = fold_block(base, None if is_full else verdicts >= FIRST_WITH_BAR)
        interval = self.intervals[block.series]
        batch = BarBatch(
            symbols=grid.table,
            symbol_index=freeze(numbers),
            values=freeze(values),
            interval=interval,
            start_ns=_filled(len(numbers), self._starts_ns[block.first]),
        )
        out.append(
            BarsUpdated(
                interval=interval,
                batch=batch,
                revision=revision,
                is_repair=is_repair,
                base_counts=None if counts is None else tuple(counts.tolist()),
                base_expected=block.end - block.first,
            )
        )

    def widen(self, capacity: int) -> None:
        """Make room for more symbols."""
        for series, plane in enumerate(self._published):
            if plane.shape[1] < capacity:
                spare = np.zeros((len(plane), capacity - plane.shape[1]), dtype=np.bool_)
                self._published[series] = np.concatenate([plane, spare], axis=1)


def _filled(length: int, instant_ns: Nanos) -> Stamps:
    stamps = np.empty(length, dtype=np.int64)
    stamps.fill(instant_ns)  # a third of the cost of np.full on a short array
    stamps.flags.writeable = False
    return stamps


def _numbers(columns: Indices | slice) -> Indices:
    return np.arange(columns.stop, dtype=np.int32) if isinstance(columns, slice) else columns
