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


def layout(axis: SessionAxis, intervals: Sequence[Interval]) -> Layout:
    """Return how a session is cut, for each interval; the same for every session of its shape."""
    return _layout(axis.shape, tuple(intervals))


@lru_cache(maxsize=8)
def _layout(shape: SessionShape, intervals: tuple[Interval, ...]) -> Layout:
    edges = [shape.cut(interval)[1] for interval in intervals]
    return Layout(edges, shape.slots, (shape.regular.start, shape.regular.stop))
