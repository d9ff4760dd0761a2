"""The order of a file's rows: of two rows of one minute the newer one counts, and some files have the newest first."""

from collections.abc import Iterator
from itertools import chain

import msgspec
import numpy as np

from actors.reading.format import RawBars

_ASKED_ROWS = 200
_CONVINCING = 9
"""So many steps back for every one forth; rows in no order have as many of either."""


class Rows:
    """The blocks of a file, each turned round where the file has its newest rows first, as its first rows tell."""

    def __init__(self, blocks: Iterator[RawBars]) -> None:
        self._blocks = blocks
        self.is_newest_first = False

    def __iter__(self) -> Iterator[RawBars]:
        """Yield the blocks."""
        first: list[RawBars] = []
        for block in self._blocks:
            first.append(block)
            if sum(len(block.rows) for block in first) >= _ASKED_ROWS:
                break
        starts = [block.start_ns for block in first]
        steps = np.diff(np.concatenate(starts)[:_ASKED_ROWS]) if starts else np.empty(0, dtype=np.int64)
        back, forth = int(np.count_nonzero(steps < 0)), int(np.count_nonzero(steps > 0))
        self.is_newest_first = back > _CONVINCING * forth
        for block in chain(first, self._blocks):
            yield _turned(block) if self.is_newest_first else block


def _turned(block: RawBars) -> RawBars:
    return msgspec.structs.replace(
        block,
        symbol_index=block.symbol_index[::-1],
        start_ns=block.start_ns[::-1],
        values=np.ascontiguousarray(block.values[:, ::-1]),
        rows=block.rows[::-1],
    )
