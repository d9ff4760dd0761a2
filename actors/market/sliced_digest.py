"""The digest of a session whose bars come slice by slice in order of time: the same as if they came all at once."""

import hashlib
import io
from collections.abc import Callable, Sequence
from typing import IO

import numpy as np

from actors.market.aggregate import fold
from actors.market.axis import SessionAxis
from actors.market.digest import DIGITS, NUMBERS_AT_ONCE, canonical
from messages.tables.columns import FIELDS, Floats, Indices, Mask
from messages.values import Interval

_BYTE = 8
_READ_BYTES = 1 << 20


class SlicedDigest:
    """Takes the bars of a session; see ``digest``.

    Args:
        date: the session's label, ISO.
        symbols: a name for each column, in any order.
        present: slots x symbols; whether there is a bar.
        axis: the session's slots.
        intervals: the derived bars, in the order in which they are to count.
        keep: makes a file for what is hashed when all bars have been: the derived bars of an interval.
    """

    def __init__(
        self,
        date: str,
        symbols: Sequence[str],
        present: Mask,
        axis: SessionAxis,
        intervals: Sequence[Interval],
        keep: Callable[[], IO[bytes]] = io.BytesIO,
    ) -> None:
        self._traded = sorted(np.flatnonzero(present.any(axis=0)).tolist(), key=symbols.__getitem__)
        self._is_all = self._traded == list(range(len(symbols)))
        self._present = present
        self._slot = 0
        self._folding = [_Folding(axis.edges(interval), len(self._traded), keep) for interval in intervals]
        self._total = hashlib.sha256("\n".join([date, *(symbols[column] for column in self._traded)]).encode())
        rows = self._rows_at_once // _BYTE * _BYTE + _BYTE  # so that each time the bits are whole bytes
        for first in range(0, len(present), rows):
            self._total.update(np.packbits(self._of_traded(present[first : first + rows])).data)

    def take(self, values: Floats) -> None:
        """Take the next slots.

        Args:
            values: slots x fields x symbols, or more fields; NaN where there is no bar.
        """
        here = self._of_traded(self._present[self._slot : self._slot + len(values)])
        bars = np.ascontiguousarray(values[:, : len(FIELDS)])
        bars = bars if self._is_all else bars.take(self._traded, axis=2)
        for first in range(0, len(bars), self._rows_at_once):
            self._total.update(canonical(bars[first : first + self._rows_at_once]))
        for folding in self._folding:
            folding.take(self._slot, bars, here)
        self._slot += len(values)

    def digest(self) -> str:
        """Return it, once all slots have been taken: 32 hexadecimal digits."""
        for folding in self._folding:
            for kept in (folding.bars, folding.counts):
                kept.seek(0)
                while read := kept.read(_READ_BYTES):
                    self._total.update(read)
        return self._total.hexdigest()[:DIGITS]

    def close(self) -> None:
        """Give back the files; may be called twice."""
        for folding in self._folding:
            folding.bars.close()
            folding.counts.close()

    @property
    def _rows_at_once(self) -> int:
        return 1 + NUMBERS_AT_ONCE // (1 + len(self._traded) * len(FIELDS))

    def _of_traded(self, plane: Mask) -> Mask:
        return plane if self._is_all else plane.take(self._traded, axis=1)


class _Folding:
    """The derived bars of one interval: those that are whole are kept in files, one may have begun.

    Args:
        edges: where each block begins, ascending, and at the end where the last one ends.
        width: how many symbols there are.
        keep: makes a file.
    """

    def __init__(self, edges: Indices, width: int, keep: Callable[[], IO[bytes]]) -> None:
        self.bars, self.counts = keep(), keep()
        self._edges = edges
        self._width = width
        self._begun: tuple[Floats, Indices] | None = None
        """The bars of a block so far, fields x symbols, and how many base bars each has."""

    def take(self, slot: int, bars: Floats, here: Mask) -> None:
        """Take the bars of the slots from one on, and which of them there are."""
        low, high = max(slot, int(self._edges[0])), min(slot + len(bars), int(self._edges[-1]))
        if low >= high:
            return
        bars, here = bars[low - slot : high - slot], here[low - slot : high - slot]
        inner = self._edges[(self._edges > low) & (self._edges < high)]
        bounds = np.array([low, *inner.tolist(), high], dtype=np.int32) - low
        counted = np.zeros(self._width, dtype=np.int32)
        if self._begun is not None:
            # What there is of a block stands before its next slots as if it were a bar of one more.
            begun, counts = self._begun
            bars, here = np.concatenate([begun[np.newaxis], bars]), np.concatenate([(counts > 0)[np.newaxis], here])
            bounds[1:] += 1
            counted = counts - (counts > 0)
        derived, counts = fold(bars, here, bounds)
        counts[0] += counted
        self._begun = None if high in self._edges else (derived[-1].copy(), counts[-1].copy())
        whole = len(derived) if self._begun is None else len(derived) - 1
        self.bars.write(canonical(derived[:whole]))
        self.counts.write(np.ascontiguousarray(counts[:whole], dtype="<i4").data)
