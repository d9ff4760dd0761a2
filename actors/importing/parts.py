"""Bars of an import on their way to the store: pieces of files, and spans of days."""

from collections.abc import Iterator

import msgspec
import numpy as np
import numpy.typing as npt

from messages.columns import Floats, Indices, Stamps


class Part(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One file's bars of one day, in the order of the file."""

    file: int
    symbol_index: Indices
    start_ns: Stamps
    values: Floats


class Stretch(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All bars of one span of a day; those of a cell are in the order in which they were read."""

    symbols: tuple[str, ...]
    symbol_index: Indices
    start_ns: Stamps
    values: Floats
    file: npt.NDArray[np.int32]
    """The place of each bar's file in the reports."""


def drained(parts: list[Part]) -> Iterator[Part]:
    """Yield parts in order, and let go of each."""
    parts.reverse()
    while parts:
        yield parts.pop()


def split(whole: Part, keys: "npt.NDArray[np.int32] | Stamps") -> Iterator[tuple[int, Part]]:
    """Yield the rows of each key, keys ascending, rows in their order."""
    if keys[0] == keys[-1] and (keys == keys[0]).all():
        yield int(keys[0]), whole
        return
    if np.any(keys[1:] < keys[:-1]):
        order = np.argsort(keys, kind="stable")
        keys, whole = keys[order], _rows(whole, order)
    first = np.flatnonzero(np.append(np.True_, keys[1:] != keys[:-1])).tolist()
    for begin, end in zip(first, [*first[1:], len(keys)], strict=True):
        yield int(keys[begin]), _rows(whole, slice(begin, end))


def _rows(part: Part, rows: "npt.NDArray[np.intp] | slice") -> Part:
    return Part(
        file=part.file,
        symbol_index=part.symbol_index[rows],
        start_ns=part.start_ns[rows],
        values=part.values[:, rows],
    )
