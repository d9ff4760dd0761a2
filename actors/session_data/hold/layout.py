"""How a session is cut into blocks of minutes: one for every derived bar that it can have."""

import itertools
from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np

from actors.market.axis import SessionAxis, SessionShape
from messages.tables.columns import Indices
from messages.values import Interval


class Block(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One bar-to-be of an interval: slots ``[first, end)``."""

    series: int
    row: int
    """Its number among the blocks of all series."""
    first: int
    end: int


class Run(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Blocks of one length, one behind the other."""

    blocks: slice
    cells: slice
    """Their slots."""
    length: int
    finer: slice | None
    """Shorter blocks before them that they are made of, as many each; ``None``: there are none."""


class Ending:
    """The blocks that end within some slots, and how they are reduced. Made by ``Layout.ending_in``."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = tuple(blocks)
        self.rows: Indices = np.array([block.row for block in blocks], dtype=np.int32)
        self.firsts: Indices = np.array([block.first for block in blocks], dtype=np.int32)
        self.ends: Indices = np.array([block.end for block in blocks], dtype=np.int32)
        self.lengths: Indices = self.ends - self.firsts
        self.cells = slice(
            min((block.first for block in blocks), default=0), max((block.end for block in blocks), default=0)
        )
        """From the first of their slots to the last."""
        self.runs: list[Run] = []
        """All of them, in their order."""
        begin = 0
        for place, (block, after) in enumerate(itertools.zip_longest(blocks, blocks[1:]), start=1):
            length = block.end - block.first
            if after is None or (after.first, after.end) != (block.end, block.end + length):
                cells = slice(blocks[begin].first, block.end)
                finer = self._finer(cells, length)
                self.runs.append(Run(blocks=slice(begin, place), cells=cells, length=length, finer=finer))
                begin = place

    def _finer(self, cells: slice, length: int) -> slice | None:
        for run in reversed(self.runs):
            first, rest = divmod(cells.start - run.cells.start, run.length)
            if first >= 0 and not rest and length % run.length == 0 and cells.stop <= run.cells.stop:
                begin = run.blocks.start + first
                return slice(begin, begin + (cells.stop - cells.start) // run.length)
        return None


class Layout:
    """The blocks of every series, one series after the other. Made by ``layout``; not to be changed."""

    def __init__(self, edges: Sequence[Sequence[int]], slots: int, regular: tuple[int, int]) -> None:
        self.blocks: list[Block] = []
        self.of_slot: list[list[Block]] = [[] for _ in range(slots)]
        self.rows: Indices = np.full((len(edges), slots), -1, dtype=np.int32)
        """Series x slots: the row of the block that a slot is in; -1: in none."""
        self.regular: Indices = np.zeros((len(edges), 2), dtype=np.int32)
        """By series: the rows of its blocks in regular minutes, the first and the one after the last."""
        for series, bounds in enumerate(edges):
            begin = len(self.blocks)
            for first, end in itertools.pairwise(bounds):
                block = Block(series=series, row=len(self.blocks), first=first, end=end)
                self.blocks.append(block)
                self.rows[series, first:end] = block.row
                for slot in range(first, end):
                    self.of_slot[slot].append(block)
            self.regular[series] = np.searchsorted(bounds, regular) + begin
        self.firsts: Indices = np.array([block.first for block in self.blocks], dtype=np.int32)
        self.ends: Indices = np.array([block.end for block in self.blocks], dtype=np.int32)
        self.ending: dict[int, list[int]] = {}
        """By slot: the rows of the blocks of which it is the last."""
        for block in self.blocks:
            self.ending.setdefault(block.end - 1, []).append(block.row)
        self.ending_in = lru_cache(maxsize=512)(self._ending_in)
        """The blocks that end within slots from one to before another: the same for many a day."""

    def _ending_in(self, first: int, stop: int) -> Ending:
        rows = sorted(row for slot in range(first, stop) for row in self.ending.get(slot, ()))
        return Ending([self.blocks[row] for row in rows])


def layout(axis: SessionAxis, intervals: Sequence[Interval]) -> Layout:
    """Return how a session is cut, for each interval; the same for every session of its shape."""
    return _layout(axis.shape, tuple(intervals))


@lru_cache(maxsize=8)
def _layout(shape: SessionShape, intervals: tuple[Interval, ...]) -> Layout:
    edges = [shape.cut(interval)[1] for interval in intervals]
    return Layout(edges, shape.slots, (shape.regular.start, shape.regular.stop))
