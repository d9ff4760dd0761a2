"""Derived bars of the open session: when each is published, and what has been."""

import itertools
import re

import numpy as np
from msgspec.structs import replace

from actors.market.aggregate import fold, fold_block, fold_cells, fold_full
from actors.market.axis import SessionAxis
from actors.session_data.hold.grid import Grid
from actors.session_data.hold.layout import Block, Ending, layout
from messages.base import Event
from messages.events import BarsUpdated, BarsWithdrawn
from messages.tables.columns import FIELDS, VOLUME, BarBatch, Floats, Indices, Mask, Stamps, Verdicts, freeze
from messages.values import FIRST_WITH_BAR, Interval, Nanos

_EMPTY_CELL = re.compile(rb"[\x00-\x02]")  # verdicts below FIRST_WITH_BAR; of a few cells a third of min()
_FEW_CELLS = 200


_MANY_HOLES = 4
"""If blocks with holes are more than one cell in so many, all are reduced as if they had some."""


_MANY_SLOTS = 16
"""Of so many minutes the blocks that they end are looked for at once."""


_NOWHERE = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


class DerivedBars:
    """For every interval, which blocks are published for which symbol.

    A symbol's block is published when its last minute has a bar and none of its minutes is pending, else
    when its last minute closes; again, as a repair, when a cell in it changes afterwards.
    """

    def __init__(self, axis: SessionAxis, intervals: tuple[Interval, ...], capacity: int) -> None:
        self.intervals = intervals
        self._layout = layout(axis, intervals)
        self._starts_ns = axis.plain_starts_ns
        self.latest = -1
        """The highest slot that was ever written."""
        self._published: Mask = np.zeros((len(self._layout.blocks), capacity), dtype=np.bool_)
        """Blocks x columns."""

    def counts(self, columns: int) -> Indices:
        """Return how many regular bars of each interval have been published, for each of the first columns."""
        published = self._published[:, :columns]
        counts = [published[first:end].sum(axis=0, dtype=np.int32) for first, end in self._layout.regular.tolist()]
        return np.array(counts, dtype=np.int32).reshape(len(counts), columns)

    def on_write(
        self, grid: Grid, slot: int, columns: Indices | slice, closed: int, revision: int, out: list[Event]
    ) -> None:
        """Publish what bars that were just written to ``slot`` complete or repair."""
        self.latest = max(self.latest, slot)
        for block in self._layout.of_slot[slot]:
            # Before its last slot is written or closed, nothing of a block is published.
            if block.end <= closed or block.end - 1 <= self.latest:
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
        published = self._published[block.row, columns]
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
        for block in self._layout.of_slot[slot]:
            published = self._published[block.row]
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

    def on_minutes(self, grid: Grid, slots: slice, revisions: list[int]) -> dict[int, list[BarsUpdated]]:
        """Publish what minutes complete that have just been written and close one after the other.

        Args:
            grid: where they are.
            slots: consecutive minutes; all before them are closed, and none after them has a bar.
            revisions: by minute.

        Returns:
            For each slot that completes something what it completes, the intervals in their order.
        """
        self.latest = slots.stop - 1
        out: dict[int, list[BarsUpdated]] = {}
        ended = self._layout.ending_in(slots.start, slots.stop)
        if not ended.blocks:
            return out
        count = len(grid.symbols)
        values, counts = self._folded(grid, ended)
        self._published[ended.rows, :count] |= counts > 0
        freeze(values)
        everybody = freeze(np.arange(count, dtype=np.int32))
        stamps = freeze(np.repeat(grid.axis.starts_ns[ended.firsts], count).reshape(-1, count))
        is_whole = (counts == ended.lengths[:, np.newaxis]).all(axis=1).tolist()
        plain = [_plain(grid, interval, everybody) for interval in self.intervals]
        at_close: dict[int, list[BarsUpdated]] = {}
        rows = zip(ended.blocks, values, stamps, is_whole, strict=True)
        for place, (block, folded, starts, has_all) in enumerate(rows):
            slot, bare = block.end - 1, plain[block.series]
            whole = replace(
                bare,
                batch=replace(bare.batch, values=folded, start_ns=starts),
                revision=revisions[slot - slots.start],
                base_expected=block.end - block.first,
            )
            if has_all:
                out.setdefault(slot, []).append(whole)
                continue
            # Who lacks the last minute is told when it closes, as minute by minute.
            has_bar, has_last = counts[place] > 0, grid.verdicts[slot, :count] >= FIRST_WITH_BAR
            for is_told, told in ((has_bar & has_last, out), (has_bar & ~has_last, at_close)):
                if is_told.any():
                    part = _part(whole, _places(is_told), counts[place])
                    told.setdefault(slot, []).append(part)
        for slot, late in at_close.items():
            out.setdefault(slot, []).extend(late)
        return out

    def pass_by(self, grid: Grid, slots: slice) -> None:
        """Be told of such minutes where nobody hears of what they complete: it counts as published."""
        self.latest = slots.stop - 1
        count = len(grid.symbols)
        ended = self._layout.ending_in(slots.start, slots.stop)
        if _are_bars(grid.verdicts[ended.cells, :count]):
            self._published[ended.rows, :count] = True
            return
        for block in ended.blocks:
            has_bar = grid.verdicts[block.first : block.end, :count] >= FIRST_WITH_BAR
            self._published[block.row, :count] |= has_bar.any(axis=0)

    def tell_again(self, grid: Grid, slot: int, revision: int, out: list[Event]) -> None:
        """Say what ``on_minutes`` would have said of a slot that was passed by; it is the last that is closed."""
        has_last = grid.verdicts[slot, : len(grid.symbols)] >= FIRST_WITH_BAR
        ended = [block for block in self._layout.of_slot[slot] if block.end - 1 == slot]
        for of_last in (has_last, ~has_last):  # who lacks the last minute is told when it closes
            for block in ended:
                told = _places(self._published[block.row, : len(has_last)] & of_last)
                self._publish(grid, block, told, revision, out, is_repair=False)

    def lift(self, slots: slice, latest: int) -> Mask:
        """Forget that ``on_minutes`` was told of these minutes.

        Args:
            slots: the minutes.
            latest: the highest slot that had been written before them.

        Returns:
            What ``lay`` takes to have them back.
        """
        self.latest = latest
        ended = self._layout.ending_in(slots.start, slots.stop).rows
        lifted = np.empty_like(self._published)  # nobody looks at the other rows
        lifted[ended] = self._published[ended]
        self._published[ended] = False
        return lifted

    def lay(self, slots: slice, lifted: Mask) -> None:
        """Be told again of some of the minutes that were lifted, the next ones."""
        self.latest = slots.stop - 1
        if slots.stop - slots.start > _MANY_SLOTS:
            rows = (self._layout.ends > slots.start) & (self._layout.ends <= slots.stop)
            self._published[rows] = lifted[rows]
            return
        for slot in range(slots.start, slots.stop):
            for row in self._layout.ending.get(slot, ()):
                self._published[row] = lifted[row]

    def _folded(self, grid: Grid, ended: Ending) -> tuple[Floats, Indices]:
        """Reduce blocks of every symbol: blocks x fields x symbols, and how many base bars each bar has."""
        count, lengths = len(grid.symbols), ended.lengths
        place, column = self._holed(grid, ended)
        is_much = int(lengths[place].sum()) * _MANY_HOLES > int(lengths.sum()) * count
        fields = grid.values.shape[1]
        values = np.empty((len(lengths), fields, count))
        counts: Indices = np.empty((len(lengths), count), dtype=np.int32)
        for run in ended.runs:
            base, folded = grid.values[run.cells, :, :count], values[run.blocks]
            if is_much or fields > len(FIELDS):
                present = grid.verdicts[run.cells, :count] >= FIRST_WITH_BAR if is_much else None
                edges = np.arange(0, len(base) + 1, run.length, dtype=np.int32)
                folded[:], counts[run.blocks] = fold(base, present, edges)
                continue
            inside = base.reshape(len(folded), run.length, fields, count)
            finer = inside if run.finer is None else values[run.finer].reshape(len(folded), -1, fields, count)
            fold_full(folded, finer, inside[:, :, VOLUME])
            counts[run.blocks] = run.length
        if len(place) and not is_much:  # they were reduced as if all were there
            bars, held = _one_by_one(grid, ended.firsts[place], ended.ends[place], column)
            values[place, :, column], counts[place, column] = bars.T, held
        return values, counts

    def _holed(self, grid: Grid, ended: Ending) -> tuple[Stamps, Stamps]:
        """Return in which of these blocks which symbols lack a bar: the block's place, and the column."""
        count, first = len(grid.symbols), ended.cells.start
        held = grid.verdicts[ended.cells, :count]
        if held.min(initial=FIRST_WITH_BAR) >= FIRST_WITH_BAR:
            return _NOWHERE
        slots, columns = np.nonzero(held < FIRST_WITH_BAR)
        places: Stamps = np.full(len(self._layout.blocks) + 1, -1, dtype=np.int64)  # the last is for slots in no block
        places[ended.rows] = np.arange(len(ended.rows))
        place = places[self._layout.rows[:, slots + first]]
        cells = np.unique((place * count + columns)[place >= 0])
        return np.divmod(cells, count)

    def on_fill(
        self, grid: Grid, slots: Indices, columns: Indices, closed: int, revision: int, out: list[Event]
    ) -> None:
        """Publish again, or for the first time, what bars in closed minutes change; no cell twice."""
        width = self._published.shape[1]
        rows = self._layout.rows[:, slots]
        cells = rows * width + columns
        row, column = np.divmod(np.unique(cells[(rows >= 0) & (self._layout.ends[rows] <= closed)]), width)
        self._repair(grid, row, column, revision, out)

    def on_return(self, grid: Grid, columns: Indices, closed: int, revision: int, out: list[Event]) -> None:
        """Publish what ended while symbols were away, of the bars that they had before."""
        ended = np.flatnonzero(self._layout.ends <= closed)
        present = grid.verdicts[:, columns] >= FIRST_WITH_BAR
        before = np.concatenate([np.zeros((1, len(columns)), dtype=np.intp), present.cumsum(axis=0)])
        has_bar = before[self._layout.ends[ended]] > before[self._layout.firsts[ended]]
        place, column = np.nonzero(has_bar & ~self._published[np.ix_(ended, columns)])
        self._repair(grid, ended[place], columns[column], revision, out)

    def _repair(
        self, grid: Grid, rows: Stamps | Indices, columns: Stamps | Indices, revision: int, out: list[Event]
    ) -> None:
        """Publish the bars of these blocks and columns, in order of the blocks."""
        if len(rows) == 0:
            return
        self._published[rows, columns] = True
        values, counts = _one_by_one(grid, self._layout.firsts[rows], self._layout.ends[rows], columns)
        freeze(values)
        numbers = freeze(columns.astype(np.int32))
        bounds = [0, *(np.flatnonzero(np.diff(rows)) + 1).tolist(), len(rows)]
        for begin, end in itertools.pairwise(bounds):
            block, of_each = self._layout.blocks[rows[begin]], counts[begin:end].tolist()
            expected = block.end - block.first
            out.append(
                BarsUpdated(
                    interval=self.intervals[block.series],
                    batch=self._batch(grid, block, numbers[begin:end], values[:, begin:end]),
                    revision=revision,
                    is_repair=True,
                    base_counts=None if min(of_each) == expected else tuple(of_each),
                    base_expected=expected,
                )
            )

    def _batch(self, grid: Grid, block: Block, numbers: Indices, values: Floats) -> BarBatch:
        return BarBatch(
            symbols=grid.table,
            symbol_index=numbers,
            values=values,
            interval=self.intervals[block.series],
            start_ns=_filled(len(numbers), self._starts_ns[block.first]),
        )

    def on_close(self, grid: Grid, slot: int, active: Mask | None, revision: int, out: list[Event]) -> None:
        """Publish what is left of the blocks that end with ``slot``, and what waited for it alone.

        ``active`` says for each column whether its symbol still is in the session; ``None``: all are.
        """
        for block in self._layout.of_slot[slot]:
            if block.end - 1 != slot and block.end - 1 > self.latest:
                continue
            unpublished = ~self._published[block.row, : len(grid.symbols)]
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
        self._published[block.row, columns] = True
        cells = slice(block.first, block.end)
        verdicts = grid.verdicts[cells, columns]
        base = grid.values[cells, :, columns] if isinstance(columns, slice) else grid.values[cells][:, :, columns]
        is_full = _are_bars(verdicts)
        values, counts = fold_block(base, None if is_full else verdicts >= FIRST_WITH_BAR)
        out.append(
            BarsUpdated(
                interval=self.intervals[block.series],
                batch=self._batch(grid, block, freeze(numbers), freeze(values)),
                revision=revision,
                is_repair=is_repair,
                base_counts=None if counts is None else tuple(counts.tolist()),
                base_expected=block.end - block.first,
            )
        )

    def widen(self, capacity: int) -> None:
        """Make room for more symbols."""
        if self._published.shape[1] < capacity:
            spare = np.zeros((len(self._published), capacity - self._published.shape[1]), dtype=np.bool_)
            self._published = np.concatenate([self._published, spare], axis=1)


def _one_by_one(grid: Grid, firsts: Indices, ends: Indices, columns: Stamps | Indices) -> tuple[Floats, Indices]:
    """Reduce some symbols' blocks, looking at no more of the grid than they span."""
    start, stop = int(firsts.min()), int(ends.max())
    present = grid.verdicts[start:stop] >= FIRST_WITH_BAR
    return fold_cells(grid.values[start:stop], present, firsts - start, ends - start, columns)


def _are_bars(verdicts: Verdicts) -> bool:
    if verdicts.size > _FEW_CELLS:
        return bool(verdicts.min() >= FIRST_WITH_BAR)
    return _EMPTY_CELL.search(verdicts.tobytes()) is None


def _places(mask: Mask) -> Indices:
    return freeze(np.flatnonzero(mask).astype(np.int32))


def _plain(grid: Grid, interval: Interval, everybody: Indices) -> BarsUpdated:
    """Return how the bars of an interval are told, but for which they are: a copy costs a third of making one."""
    nothing = np.zeros((0, 0))
    batch = BarBatch(
        symbols=grid.table, symbol_index=everybody, start_ns=np.zeros(0, np.int64), values=nothing, interval=interval
    )
    return BarsUpdated(interval=interval, batch=batch, revision=0)


def _part(whole: BarsUpdated, numbers: Indices, of_all: Indices) -> BarsUpdated:
    """Return what is told of some of the symbols; and of how many base bars each is made, unless of all of them."""
    batch, counts = whole.batch, of_all[numbers]
    if len(numbers) < len(of_all):
        values, starts = freeze(batch.values[:, numbers]), batch.start_ns[: len(numbers)]
        batch = replace(batch, symbol_index=numbers, values=values, start_ns=starts)
    is_full = bool((counts == whole.base_expected).all())
    return replace(whole, batch=batch, base_counts=None if is_full else tuple(counts.tolist()))


def _filled(length: int, instant_ns: Nanos) -> Stamps:
    stamps = np.empty(length, dtype=np.int64)
    stamps.fill(instant_ns)  # a third of the cost of np.full on a short array
    stamps.flags.writeable = False
    return stamps


def _numbers(columns: Indices | slice) -> Indices:
    return np.arange(columns.stop, dtype=np.int32) if isinstance(columns, slice) else columns
