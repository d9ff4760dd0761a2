"""Derived bars of the open session: when each is published, and what has been."""

import itertools
import re
from bisect import bisect_right

import msgspec
import numpy as np

from actors.market.aggregate import fold, fold_block
from actors.market.axis import SessionAxis
from actors.session_data.grid import Grid
from messages.base import Event
from messages.columns import BarBatch, Floats, Indices, Mask, Stamps, freeze
from messages.events import BarsUpdated, BarsWithdrawn
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
        self._edges: list[list[int]] = []
        self._latest = -1  # the highest slot ever written
        for series, interval in enumerate(intervals):
            edges = axis.edges(interval).tolist()
            self._edges.append(edges)
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

    def on_withdrawal(
        self, grid: Grid, slot: int, columns: Indices, closed: int, revision: int, out: list[Event]
    ) -> None:
        """Publish again what bars were part of that were just taken out of ``slot``, or withdraw it with them."""
        for block in self._blocks[slot]:
            published = self._published[block.series][block.number]
            told = columns if block.end <= closed else columns[published[columns]]
            has_bar = (grid.verdicts[block.first : block.end, told] >= FIRST_WITH_BAR).any(axis=0)
            self._publish(grid, block, told[has_bar], revision, out, is_repair=True)
            emptied = told[~has_bar]
            published[emptied] = False
            if len(emptied):
                out.append(
                    BarsWithdrawn(
                        interval=self.intervals[block.series],
                        symbols=tuple(grid.symbols[column] for column in emptied.tolist()),
                        start_ns=self._starts_ns[block.first],
                        revision=revision,
                    )
                )

    def on_minutes(self, grid: Grid, slots: slice, revisions: list[int]) -> list[list[BarsUpdated]]:
        """Publish what minutes complete that have just been written and close one after the other.

        Args:
            grid: where they are.
            slots: consecutive minutes; all before them are closed, and none after them has a bar.
            revisions: by minute.

        Returns:
            For each minute what it completes, the intervals in their order.
        """
        self._latest = slots.stop - 1
        out: list[list[BarsUpdated]] = [[] for _ in revisions]
        for series, edges in enumerate(self._edges):
            first, end = max(bisect_right(edges, slots.start) - 1, 0), bisect_right(edges, slots.stop) - 1
            if first < end:
                self._publish_run(grid, series, range(first, end), slots.start, revisions, out)
        return out

    def on_fill(
        self, grid: Grid, slots: Indices, columns: Indices, closed: int, revision: int, out: list[Event]
    ) -> None:
        """Publish again, or for the first time, what bars in closed minutes change; no cell twice."""
        width = self._published[0].shape[1] if self._published else 0
        for series, edges in enumerate(self._edges):
            numbers = np.searchsorted(edges, slots, side="right") - 1
            is_ended = (numbers >= 0) & (numbers < bisect_right(edges, closed) - 1)
            if is_ended.any():
                block, column = np.divmod(np.unique(numbers[is_ended] * width + columns[is_ended]), width)
                self._repair(grid, series, block, column.astype(np.int32), revision, out)

    def on_return(self, grid: Grid, columns: Indices, closed: int, revision: int, out: list[Event]) -> None:
        """Publish what ended while symbols were away, of the bars that they had before."""
        present = grid.verdicts[:closed, columns] >= FIRST_WITH_BAR
        for series, edges in enumerate(self._edges):
            ended = bisect_right(edges, closed) - 1
            if ended > 0:
                has_bar = np.logical_or.reduceat(present[: edges[ended]], edges[:ended], axis=0)
                block, place = np.nonzero(has_bar & ~self._published[series][:ended, columns])
                if len(block):
                    self._repair(grid, series, block, columns[place], revision, out)

    def _repair(
        self, grid: Grid, series: int, numbers: Stamps, columns: Indices, revision: int, out: list[Event]
    ) -> None:
        """Publish the bars of these blocks and columns, in order of the blocks."""
        self._published[series][numbers, columns] = True
        values, counts = self._folded(grid, series, numbers, columns)
        edges = self._edges[series]
        bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
        for begin, end in itertools.pairwise(bounds):
            number, of_each = int(numbers[begin]), counts[begin:end]
            expected = edges[number + 1] - edges[number]
            out.append(
                BarsUpdated(
                    interval=self.intervals[series],
                    batch=self._batch(grid, series, edges[number], freeze(columns[begin:end]), values[:, begin:end]),
                    revision=revision,
                    is_repair=True,
                    base_counts=None if bool((of_each == expected).all()) else tuple(of_each.tolist()),
                    base_expected=expected,
                )
            )

    def _folded(self, grid: Grid, series: int, numbers: Stamps, columns: Indices) -> tuple[Floats, Indices]:
        """Return fields x bars, and how many base bars each bar has; blocks of one length are reduced together."""
        edges = np.array(self._edges[series])
        first, lengths = edges[numbers], np.diff(edges)[numbers]
        values = np.empty((grid.values.shape[1], len(numbers)))
        counts: Indices = np.empty(len(numbers), dtype=np.int32)
        for length in np.unique(lengths).tolist():
            alike = np.flatnonzero(lengths == length)
            slots = first[alike] + np.arange(length)[:, np.newaxis]
            base, verdicts = grid.cells(slots, columns[alike])
            folded, held = fold(base, verdicts >= FIRST_WITH_BAR, np.array([0, length], dtype=np.int32))
            values[:, alike], counts[alike] = folded[0], held[0]
        return values, counts

    def _batch(self, grid: Grid, series: int, first: int, numbers: Indices, values: Floats) -> BarBatch:
        return BarBatch(
            symbols=grid.table,
            symbol_index=freeze(numbers),
            values=freeze(values),
            interval=self.intervals[series],
            start_ns=_filled(len(numbers), self._starts_ns[first]),
        )

    def on_close(self, grid: Grid, slot: int, active: Mask | None, revision: int, out: list[Event]) -> None:
        """Publish what is left of the blocks that end with ``slot``, and what waited for it alone.

        ``active`` says for each column whether its symbol still is in the session; ``None``: all are.
        """
        for block in self._blocks[slot]:
            if block.end - 1 != slot and block.end - 1 > self._latest:
                continue
            unpublished = ~self._published[block.series][block.number, : len(grid.symbols)]
            waiting = np.flatnonzero(unpublished if active is None else unpublished & active)
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
        out.append(
            BarsUpdated(
                interval=self.intervals[block.series],
                batch=self._batch(grid, block.series, block.first, numbers, values),
                revision=revision,
                is_repair=is_repair,
                base_counts=None if counts is None else tuple(counts.tolist()),
                base_expected=block.end - block.first,
            )
        )

    def _publish_run(
        self, grid: Grid, series: int, run: range, origin: int, revisions: list[int], out: list[list[BarsUpdated]]
    ) -> None:
        """Publish consecutive blocks, each with the minute that is its last; ``origin`` is the slot of the first."""
        count = len(grid.symbols)
        bounds = self._edges[series][run.start : run.stop + 1]
        cells = slice(bounds[0], bounds[-1])
        held = grid.verdicts[cells, :count]
        present = None if int(held.min()) >= FIRST_WITH_BAR else held >= FIRST_WITH_BAR
        edges = np.array(bounds, dtype=np.int32) - bounds[0]
        values, counts = fold(grid.values[cells, :, :count], present, edges)
        freeze(values)
        everybody = freeze(np.arange(count, dtype=np.int32))
        self._published[series][run.start : run.stop, :count] |= counts > 0
        for place, (first, end) in enumerate(itertools.pairwise(bounds)):
            numbers, folded, of_each = everybody, values[place], counts[place]
            if present is not None and not of_each.all():
                numbers = freeze(np.flatnonzero(of_each).astype(np.int32))
                folded, of_each = freeze(folded[:, numbers]), of_each[numbers]
            if len(numbers) == 0:
                continue
            is_complete = present is None or bool((of_each == end - first).all())
            out[end - 1 - origin].append(
                BarsUpdated(
                    interval=self.intervals[series],
                    batch=self._batch(grid, series, first, numbers, folded),
                    revision=revisions[end - 1 - origin],
                    base_counts=None if is_complete else tuple(of_each.tolist()),
                    base_expected=end - first,
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
