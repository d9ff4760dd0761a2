"""Files of one import that give one symbol's minutes different bars: one of them is not what its name says.

Of every file and symbol a small sample is kept, the minutes with the smallest hashes: files that cover the same
minutes so keep the same ones (bottom-k sketches, https://doi.org/10.1145/1281100.1281133).
"""

from collections.abc import Iterator
from itertools import combinations

import msgspec
import numpy as np

from messages.columns import FIELDS, Floats, Stamps
from messages.values import MINUTE_NS

_KEPT = 128
_ODD = np.uint64(0x9E37_79B9_7F4A_7C15)


class Rivalry(msgspec.Struct, frozen=True, kw_only=True):
    """Two files that contradict each other about a symbol."""

    symbol: str
    files: tuple[int, int]
    common: int
    """How many minutes both have, among those that were looked at."""
    different: int
    """For how many of these they have other bars."""


class _Sample(msgspec.Struct, kw_only=True, eq=False):
    hashes: Stamps
    values: Floats
    """Fields x minutes."""
    is_whole: bool = True
    """Whether it has every minute of the file."""

    def add(self, start_ns: Stamps, values: Floats) -> None:
        hashes = ((start_ns // MINUTE_NS).astype(np.uint64) * _ODD >> np.uint64(1)).astype(np.int64)
        # Of the rows of one minute the last counts.
        hashes, place = np.unique(np.concatenate([hashes[::-1], self.hashes]), return_index=True)
        self.is_whole = self.is_whole and len(hashes) <= _KEPT
        self.hashes, place = hashes[:_KEPT], place[:_KEPT]
        self.values = np.concatenate([values[: len(FIELDS), ::-1], self.values], axis=1)[:, place]


class Rivals:
    """Takes the bars of files of one symbol each, and tells which files contradict each other."""

    def __init__(self) -> None:
        self._samples: dict[str, dict[int, _Sample]] = {}

    def note(self, file: int, symbol: str, start_ns: Stamps, values: Floats) -> None:
        """Take some bars of a file."""
        empty = _Sample(hashes=np.empty(0, dtype=np.int64), values=np.empty((len(FIELDS), 0)))
        self._samples.setdefault(symbol, {}).setdefault(file, empty).add(start_ns, values)

    def forget(self, file: int) -> None:
        """Leave a file out."""
        for samples in self._samples.values():
            samples.pop(file, None)

    def rename(self, file: int, old: str, new: str) -> None:
        """Call a symbol of a file otherwise."""
        if (sample := self._samples.get(old, {}).pop(file, None)) is not None:
            self._samples.setdefault(new, {})[file] = sample

    def found(self) -> Iterator[Rivalry]:
        """Yield each pair of files that have other bars for most minutes of the smaller one."""
        for symbol, samples in self._samples.items():
            for one, two in combinations(samples, 2):
                rivalry = _compared(symbol, (one, two), samples[one], samples[two])
                if rivalry is not None:
                    yield rivalry


def _compared(symbol: str, files: tuple[int, int], one: _Sample, two: _Sample) -> Rivalry | None:
    # Where both samples are complete: up to the lesser of their greatest hashes.
    bounds = [sample.hashes[-1] for sample in (one, two) if not sample.is_whole]
    limit = min(bounds, default=np.iinfo(np.int64).max)
    _, ours, theirs = np.intersect1d(one.hashes, two.hashes, assume_unique=True, return_indices=True)
    keep = one.hashes[ours] <= limit
    ours, theirs = ours[keep], theirs[keep]
    smaller = min(int(np.count_nonzero(sample.hashes <= limit)) for sample in (one, two))
    is_other = (one.values[:, ours] != two.values[:, theirs]).any(axis=0)
    different = int(np.count_nonzero(is_other))
    if different * 2 <= smaller:
        return None
    return Rivalry(symbol=symbol, files=files, common=len(ours), different=different)
