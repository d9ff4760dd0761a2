"""Files, and rows of a file, that give one symbol's minutes different bars, found before anything is written.

Of two files one is not what its name says; of the rows of one, something tells them apart that was not read.
A small sample is kept, the minutes with the smallest hashes: files that cover the same minutes so keep the same ones
(bottom-k sketches, https://doi.org/10.1145/1281100.1281133), and of a minute all rows, or none.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import msgspec
import numpy as np

from actors.importing.file_check import FileBars
from actors.storage.merging import same
from messages.errors import DataError
from messages.tables.columns import FIELDS, Floats, Mask, Stamps
from messages.values import MINUTE_NS, Nanos, moment

_KEPT = 128
_MOST_ROWS = 1 << 16
_FEW = 2
_ODD = np.uint64(0x9E37_79B9_7F4A_7C15)
_OTHER_ODD = np.uint64(0xC2B2_AE3D_27D4_EB4F)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A bar in a file."""

    file: int
    row: int
    values: tuple[float, ...]


class Rivalry(msgspec.Struct, frozen=True, kw_only=True):
    """Two files, or markets, that contradict each other about a symbol."""

    symbol: str
    files: tuple[int, ...]
    common: int
    """How many minutes both have, among those that were looked at."""
    different: int
    """For how many of these they have other bars."""
    at_ns: Nanos = 0
    """The first of those, of two files of them."""
    bars: tuple[Seen, ...] = ()
    """What the two have for it."""
    markets: tuple[str, ...] = ()


class _Sample(msgspec.Struct, kw_only=True, eq=False):
    hashes: Stamps
    values: Floats
    """Fields x minutes."""
    places: Stamps
    """For each minute its start and its row in the file."""
    is_whole: bool = True
    """Whether it has every minute of the file."""

    def add(self, start_ns: Stamps, values: Floats, rows: Stamps) -> None:
        hashes, places = _hashed(start_ns // MINUTE_NS), np.stack([start_ns, rows])
        if not self.is_whole:  # most are greater than what is kept, and sorting them takes its time
            small = np.flatnonzero(hashes <= self.hashes[-1])
            hashes, values, places = hashes[small], values[:, small], places[:, small]
        # Of the rows of one minute the last counts.
        hashes, place = np.unique(np.concatenate([hashes[::-1], self.hashes]), return_index=True)
        self.is_whole = self.is_whole and len(hashes) <= _KEPT
        self.hashes, place = hashes[:_KEPT], place[:_KEPT]
        self.values = np.concatenate([values[: len(FIELDS), ::-1], self.values], axis=1)[:, place]
        self.places = np.concatenate([places[:, ::-1], self.places], axis=1)[:, place]


class _Met(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Two files where both are known."""

    smaller: int
    """How many minutes the one has there that has fewer."""
    common: int
    different: int
    at_ns: Nanos
    bars: tuple[Seen, ...]


class Rivals:
    """Takes the bars of files of one symbol each, and tells which files contradict each other."""

    def __init__(self) -> None:
        self._samples: dict[str, dict[int, _Sample]] = {}

    def note(self, file: int, symbol: str, start_ns: Stamps, values: Floats, rows: Stamps) -> None:
        """Take some bars of a file."""
        empty = _Sample(
            hashes=np.empty(0, dtype=np.int64),
            values=np.empty((len(FIELDS), 0)),
            places=np.empty((2, 0), dtype=np.int64),
        )
        self._samples.setdefault(symbol, {}).setdefault(file, empty).add(start_ns, values, rows)

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
            for files in _meeting(samples):
                met = _met(samples, files)
                if met.different * 2 > met.smaller:
                    yield _rivalry(symbol, files, [met])

    def of_markets(self, markets: Mapping[int, str]) -> Iterator[Rivalry]:
        """Yield each pair of markets whose files have other bars for most minutes that both have.

        Args:
            markets: by file where its symbols are at home, where that is known.
        """
        for symbol, samples in self._samples.items():
            told: dict[tuple[str, str], list[_Met]] = {}
            for files in _meeting({file: sample for file, sample in samples.items() if file in markets}):
                of = markets[files[0]], markets[files[1]]
                if of[0] != of[1]:
                    pair = files if of[0] < of[1] else (files[1], files[0])
                    told.setdefault((markets[pair[0]], markets[pair[1]]), []).append(_met(samples, pair))
            for both, met in told.items():
                if sum(one.different for one in met) * 2 > sum(one.common for one in met):
                    of_both = tuple(file for file in sorted(samples) if markets.get(file, "") in both)
                    yield _rivalry(symbol, of_both, met, both)


def _meeting(samples: dict[int, _Sample]) -> list[tuple[int, int]]:
    """Return the pairs of files whose samples have minutes in common: of many files, one a day, hardly any do."""
    hashes = np.concatenate([np.empty(0, dtype=np.int64), *(sample.hashes for sample in samples.values())])
    files = np.repeat(np.array([*samples], dtype=np.int64), [len(sample.hashes) for sample in samples.values()])
    order = np.argsort(hashes, kind="stable")
    is_shared = hashes[order][1:] == hashes[order][:-1]
    bounds = np.flatnonzero(~is_shared) + 1
    groups = np.split(files[order], bounds) if is_shared.any() else []
    pairs = {pair for group in groups if len(group) > 1 for pair in combinations(sorted(group.tolist()), 2)}
    return sorted(pairs)


def refusal(rivalry: Rivalry, path: str, of_bars: Sequence[str]) -> str:
    """Return why a file is refused that contradicts others.

    Args:
        rivalry: what it has to do with.
        path: the file.
        of_bars: the two files of the bars that are shown.
    """
    names = [Path(one).name for one in of_bars]
    if rivalry.markets or names[0] == names[1]:
        names = _told_apart(of_bars)
    shown = " and ".join(
        f"{', '.join(format(value, '.10g') for value in bar.values)} (row {bar.row} of {name})"
        for name, bar in zip(names, rivalry.bars, strict=True)
    )
    which = f"have other bars for {rivalry.different} of {rivalry.common} common minutes"
    where = f"at {moment(rivalry.at_ns, 'UTC'):%Y-%m-%d %H:%M} UTC {shown}"
    if rivalry.markets:
        one, two = rivalry.markets
        return (
            f"{Path(path).name}: {rivalry.symbol} comes from {one} and from {two}, which is one symbol to the store, "
            f"and they {which}; {where}. Import them into stores of their own, or rename one with --symbol"
        )
    return (
        f"{Path(path).name}: {names[0]} and {names[1]} are both read as {rivalry.symbol}, and {which}; {where}. Import "
        "them one by one, each with its own --symbol"
    )


def _told_apart(paths: Sequence[str]) -> list[str]:
    """Return how files are called in the folder that they have in common, however they were named."""
    whole = [Path(os.path.abspath(path)) for path in paths]  # not with symbolic links followed: these are names
    try:
        above = os.path.commonpath(whole)
    except ValueError:  # they lie on two drives
        return list(paths)
    return [path.relative_to(above).as_posix() for path in whole]


def _met(samples: Mapping[int, _Sample], files: tuple[int, int]) -> _Met:
    one, two = (samples[file] for file in files)
    # Where both samples are complete: up to the lesser of their greatest hashes.
    bounds = [sample.hashes[-1] for sample in (one, two) if not sample.is_whole]
    limit = min(bounds, default=np.iinfo(np.int64).max)
    _, ours, theirs = np.intersect1d(one.hashes, two.hashes, assume_unique=True, return_indices=True)
    keep = one.hashes[ours] <= limit
    ours, theirs = ours[keep], theirs[keep]
    is_other = _differ(one.values[:, ours], two.values[:, theirs])
    at_ns, bars = 0, tuple[Seen, ...]()
    if is_other.any():
        first = int(np.argmin(np.where(is_other, one.places[0, ours], np.iinfo(np.int64).max)))
        at_ns = int(one.places[0, ours[first]])
        bars = tuple(
            Seen(file=file, row=int(sample.places[1, place]), values=tuple(sample.values[:, place].tolist()))
            for file, sample, place in zip(files, (one, two), (ours[first], theirs[first]), strict=True)
        )
    return _Met(
        smaller=min(int(np.count_nonzero(sample.hashes <= limit)) for sample in (one, two)),
        common=len(ours),
        different=int(np.count_nonzero(is_other)),
        at_ns=at_ns,
        bars=bars,
    )


def _rivalry(symbol: str, files: tuple[int, ...], met: Sequence[_Met], markets: tuple[str, ...] = ()) -> Rivalry:
    first = min((one for one in met if one.different), key=lambda one: one.at_ns)
    return Rivalry(
        symbol=symbol,
        files=files,
        common=sum(one.common for one in met),
        different=sum(one.different for one in met),
        at_ns=first.at_ns,
        bars=first.bars,
        markets=markets,
    )


class Repeats:
    """Takes the rows of one file, in their order, and looks for minutes that have several.

    Args:
        most_rows: how many rows are kept at most.
    """

    def __init__(self, most_rows: int = _MOST_ROWS) -> None:
        self._most = most_rows
        self._limit = np.iinfo(np.int64).max
        self._symbols: dict[str, int] = {}
        self._cells = np.empty((3, 0), dtype=np.int64)
        """Of each row the hash, the symbol and the start."""
        self._values = np.empty((len(FIELDS), 0))

    def note(self, bars: FileBars) -> None:
        """Take some rows."""
        number = [self._symbols.setdefault(name, len(self._symbols)) for name in bars.symbols]
        symbol = np.array(number, dtype=np.int64)[bars.symbol_index]
        hashes = _hashed(bars.start_ns // MINUTE_NS, symbol)
        while sum(np.count_nonzero(some <= self._limit) for some in (self._cells[0], hashes)) > self._most:
            self._limit //= 2
        held, new = (np.flatnonzero(some <= self._limit) for some in (self._cells[0], hashes))
        cells = np.stack([hashes[new], symbol[new], bars.start_ns[new]])
        self._cells = np.concatenate([self._cells[:, held], cells], axis=1)
        values = np.take(bars.values[: len(FIELDS)], new, axis=1)
        self._values = np.concatenate([self._values[:, held], values], axis=1)

    def check(self, strangers: Sequence[str] = ()) -> None:
        """Check that a minute has one bar, but for slips.

        Args:
            strangers: the columns of words whose names nobody knows.

        Raises:
            DataError: rows give most minutes other values than rows before them; says how many.
        """
        starts = self._cells[2]
        if np.all(starts[1:] > starts[:-1]):
            return
        order = np.lexsort(self._cells)
        cells, values = self._cells[:, order], self._values[:, order]
        is_again = (cells[:, 1:] == cells[:, :-1]).all(axis=0)
        minutes = len(order) - int(np.count_nonzero(is_again))
        replacing = int(np.count_nonzero(_differ(values[:, :-1], values[:, 1:]) & is_again))
        if replacing < _FEW or replacing * 2 <= minutes:
            return
        named = " or ".join(map(repr, strangers))
        perhaps = f" What {named} says is not known: call that column symbol, if it tells them apart" if named else ""
        raise DataError(
            f"{replacing} rows give {minutes} minutes other values than rows before them: are these several symbols, "
            f"venues or lengths of bars under one name?{perhaps}"
        )


def _differ(one: Floats, two: Floats) -> Mask:
    found: Mask = ~np.all([same(was, now) for was, now in zip(one, two, strict=True)], axis=0)
    return found


def _hashed(minutes: Stamps, symbol: Stamps | int = 0) -> Stamps:
    """Return numbers from 0 on, as even as if they were drawn."""
    mixed = minutes.astype(np.uint64)
    mixed *= _ODD
    mixed += np.asarray(symbol).astype(np.uint64) * _OTHER_ODD
    mixed ^= mixed >> np.uint64(29)
    mixed *= _ODD
    mixed >>= np.uint64(1)
    return mixed.view(np.int64)
