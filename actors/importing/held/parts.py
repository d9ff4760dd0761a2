"""Bars of an import on their way to the store: blocks of files, and spans of days."""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from messages.tables.columns import Floats, Indices, Stamps

_SHORT = np.iinfo(np.uint16).max


class Part(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Some of one file's bars, in the order of the file."""

    file: int
    symbol_index: Indices
    start_ns: Stamps
    values: Floats

    def rows(self, rows: "npt.NDArray[np.intp] | slice") -> "Part":
        """Return some of the bars."""
        return Part(
            file=self.file,
            symbol_index=self.symbol_index[rows],
            start_ns=self.start_ns[rows],
            values=self.values[:, rows] if isinstance(rows, slice) else columns_at(self.values, rows),
        )


class Stretch(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All bars of one span of a day, or of several days; those of a cell are in the order in which they were read."""

    symbols: tuple[str, ...]
    """Those that have bars, sorted."""
    symbol_index: Indices
    start_ns: Stamps
    values: Floats
    file: npt.NDArray[np.int32]
    """The place of each bar's file in the reports."""


def columns_at(values: Floats, places: "npt.NDArray[np.intp]") -> Floats:
    """Return some columns of fields x bars, each field in one piece: as an index they come bar by bar, slowly."""
    return np.take(values, places, axis=1, mode="clip")


def sorted_by(whole: Part, numbers: "npt.NDArray[Any]") -> tuple[Part, "npt.NDArray[Any]"]:
    """Return rows and their numbers, sorted by these; rows of one number stay in their order."""
    if np.any(numbers[1:] < numbers[:-1]):
        order = _order_of(numbers)
        return whole.rows(order), numbers[order]
    return whole, numbers


def _order_of(numbers: "npt.NDArray[Any]") -> "npt.NDArray[np.intp]":
    least = numbers.min()
    if int(numbers.max()) - int(least) <= _SHORT:
        numbers = (numbers - least).astype(np.uint16)  # such are sorted by their digits, five times as fast
    return np.argsort(numbers, kind="stable")
