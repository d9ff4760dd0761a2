"""The rows of a day's Parquet file as arrays: read column by column, and only as much at once as must be.

The files are other programs' too, so names may be numbered in any order, and no count is believed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from actors.reading.raw.cells import cells_of
from actors.storage.merging import Span, within
from messages.errors import DataError
from messages.tables.columns import EXTRA_FIELDS, FIELDS, Floats, Indices, Mask, Stamps, Verdicts, freeze
from messages.values import Verdict

VERDICTS = {verdict.name.lower(): int(verdict) for verdict in Verdict}

# Columns of so few rows are read in one call: a call costs as much as a thousand cells.
_SMALL_GROUP = 1 << 14
ROW_GROUP = 1 << 18
"""Of one group: two megabytes a column is what reading a few symbols of a large market costs in memory."""


class OpenFile:
    """A day's file while it is read. What is known of it is kept: pyarrow takes its time to say it again.

    Args:
        parquet: the file as pyarrow knows it.
        names: of its columns, in their order.
        symbols: the symbol table.
        known: how many of the fields anything is known of.
        more: columns that are asked for beside those of the bars.
    """

    def __init__(
        self, parquet: Any, names: list[str], symbols: tuple[str, ...], known: int, more: Sequence[str] = ()
    ) -> None:
        self.symbols = symbols
        self.fields = tuple(name for name in (*FIELDS, *EXTRA_FIELDS) if name in names)[:known]
        """The fields that its bars have: 5, or 7 with vwap and trades."""
        self._parquet = parquet
        self._names = names
        self._more = more
        self._read: dict[int, Any] = {}
        self._places = {symbol: place for place, symbol in enumerate(symbols)}

    @property
    def is_large(self) -> bool:
        """Whether it has more rows than one group may have."""
        return bool(self._parquet.metadata.num_rows > ROW_GROUP)

    @property
    def count(self) -> int:
        """How many rows it has."""
        return int(self._parquet.metadata.num_rows)

    @property
    def are_by_symbols(self) -> bool:
        """Whether each group has symbols of its own."""
        found = [self._statistics(group, "symbol") for group in self.groups(None)]
        return len(found) > 1 and all(
            one is not None and other is not None and one.max < other.min for one, other in pairwise(found)
        )

    def is_followed_in_time(self, group: int, other: int) -> bool:
        """Return whether the rows of a group are known to come before those of another."""
        one, next_one = self._statistics(group, "start"), self._statistics(other, "start")
        return one is not None and next_one is not None and bool(one.max_raw <= next_one.min_raw)

    @property
    def has_plain_symbols(self) -> bool:
        """Whether symbols are plain texts to Arrow, not words of a dictionary."""
        schema = self._parquet.metadata.schema.to_arrow_schema()
        return not hasattr(schema.field("symbol").type, "value_type")

    def rows(self, group: int) -> int:
        """Return how many rows a group has."""
        return int(self._parquet.metadata.row_group(group).num_rows)

    def groups(self, span: Span | None, symbols: Collection[str] = ()) -> list[int]:
        """Return the groups of rows that may have bars of a span and of some symbols; all where none is given."""
        groups = list(range(self._parquet.num_row_groups))
        if span is not None:
            found = [(group, self._statistics(group, "start")) for group in groups]
            groups = [group for group, start in found if start is None or _overlaps(start.min_raw, start.max_raw, span)]
        if symbols:
            wanted = sorted(symbols)
            known = [(group, self._statistics(group, "symbol")) for group in groups]
            groups = [
                group
                for group, names in known
                if names is None or bisect_left(wanted, names.min) < bisect_right(wanted, names.max)
            ]
        return groups

    def _statistics(self, group: int, name: str) -> Any:
        found = self._parquet.metadata.row_group(group).column(self._names.index(name)).statistics
        return found if found is not None and found.has_min_max else None

    def whole(self, group: int) -> Any:
        """Return every column of a group of rows."""
        return self._table(group, self._names)

    def column(self, group: int, name: str) -> Any:
        """Return one column of a group of rows."""
        return next(self.columns(group, [name]))

    def columns(self, group: int, names: Sequence[str]) -> Iterator[Any]:
        """Yield columns of a group of rows, those of a small one read together, of a large one one at a time.

        Raises:
            DataError: a column has more cells than the group has rows, or fewer.
        """
        rows = self.rows(group)
        is_small = rows <= _SMALL_GROUP
        for part in [names] if is_small else [[name] for name in names]:
            table = self._whole(group) if is_small and not self.is_large else self._table(group, part)
            for name in part:
                yield _whole(name, table.column(name), rows)

    def across(self, groups: Sequence[int], names: Sequence[str]) -> Iterator[Any]:
        """Yield columns of several groups of rows, those of a file that is large one at a time.

        Raises:
            DataError: a column has more cells than the groups have rows, or fewer.
        """
        rows = sum(map(self.rows, groups))
        for part in [[name] for name in names] if self.is_large else [names]:
            table = self._parquet.read_row_groups(groups, part, use_threads=False)
            for name in part:
                yield _whole(name, table.column(name), rows)

    def places(self, column: Any) -> Indices:
        """Return for each cell of a column of symbols its place in the symbol table.

        Raises:
            DataError: a cell is empty, or holds a symbol that is not there.
        """
        return numbers_of(column, "symbol", self._places)

    def _whole(self, group: int) -> Any:
        """All that is ever asked for of a small group in a file that is not large."""
        if group not in self._read:
            self._read[group] = self._table(group, ["symbol", "start", "verdict", *self.fields, *self._more])
        return self._read[group]

    def _table(self, group: int, names: Sequence[str]) -> Any:
        # Arrow's own threads would be hardly faster, and keep 40 MB once they have run.
        return self._parquet.read_row_group(group, names, use_threads=False)


def read_rows(
    file: OpenFile, symbols: Sequence[str] | None, span: Span | None, *, by_symbols: bool = False
) -> tuple[Indices, Stamps, Floats, Verdicts]:
    """Return the bars' symbols by their places in the table, starts, values (fields x bars) and verdicts, read-only.

    Args:
        file: of which day.
        symbols: whose bars; all where none is named.
        span: of what span; of the whole day where none is given.
        by_symbols: whether each group may have some of the symbols at all times, in the order of the symbols.

    Raises:
        DataError: the columns do not fit together, or hold names that nobody knows.
    """
    groups = file.groups(span, symbols or ())
    if by_symbols and len(groups) > 1 and not file.is_followed_in_time(groups[0], groups[1]):
        return _by_time(file, groups, symbols, span)
    index = _joined([file.places(file.column(group, "symbol")) for group in groups], np.int32)
    starts = None if span is None else _joined([_starts(file.column(group, "start")) for group in groups], np.int64)
    keep = _kept(file, index, starts, symbols, span)
    starts, values, verdicts = _bars(file, groups, keep)
    return freeze(index if keep is None else index[keep]), freeze(starts), freeze(values), freeze(verdicts)


def _by_time(
    file: OpenFile, groups: Sequence[int], symbols: Sequence[str] | None, span: Span | None
) -> tuple[Indices, Stamps, Floats, Verdicts]:
    """Read groups that have some of the symbols each, at all times, into the order of time."""
    columns = file.across(groups, ["symbol", "start", "verdict", *file.fields])
    index, starts = file.places(next(columns)), _starts(next(columns))
    keep = _kept(file, index, starts, symbols, span)
    rows = _in_order(starts, keep)
    # Without a look at each place whether it is there: five times as fast.
    index, starts = np.take(index, rows, mode="clip"), np.take(starts, rows, mode="clip")
    verdicts = np.take(numbers_of(next(columns), "verdict", VERDICTS).astype(np.uint8), rows, mode="clip")
    values = np.empty((len(file.fields), len(rows)))
    for number, column in enumerate(columns):
        np.take(cells_of(column, np.float64), rows, mode="clip", out=values[number])
    return freeze(index), freeze(starts), freeze(values), freeze(verdicts)


def _in_order(starts: Stamps, keep: Mask | None) -> npt.NDArray[np.intp]:
    if keep is None:
        return np.argsort(starts, kind="stable")
    return np.flatnonzero(keep)[np.argsort(starts[keep], kind="stable")]


def _kept(
    file: OpenFile, index: Indices, starts: Stamps | None, symbols: Sequence[str] | None, span: Span | None
) -> Mask | None:
    """Return which bars are those symbols', and of the span; ``None`` where that is all of them."""
    wanted = frozenset(symbols or file.symbols)
    keep: Mask | None = None
    if not wanted.issuperset(file.symbols):
        keep = np.array([symbol in wanted for symbol in file.symbols], dtype=np.bool_)[index]
    if span is None or starts is None:
        return keep
    inside = within(starts, span)
    return inside if keep is None else keep & inside


def _bars(file: OpenFile, groups: Sequence[int], keep: Mask | None) -> tuple[Stamps, Floats, Verdicts]:
    """Read the bars that are kept, one group of rows after the other, so that no table is ever whole in memory."""
    count = sum(map(file.rows, groups)) if keep is None else int(np.count_nonzero(keep))
    starts, verdicts = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.uint8)
    values = np.empty((len(file.fields), count))
    row = place = 0
    for group in groups:
        rows = file.rows(group)
        mask = None if keep is None else keep[row : row + rows]
        here = slice(place, place + (rows if mask is None else int(np.count_nonzero(mask))))
        row, place = row + rows, here.stop
        if here.start == here.stop:
            continue
        kept = slice(None) if mask is None else mask
        columns = file.columns(group, ["start", "verdict", *file.fields])
        starts[here] = _starts(next(columns))[kept]
        verdicts[here] = numbers_of(next(columns), "verdict", VERDICTS)[kept]
        for number, column in enumerate(columns):
            values[number, here] = cells_of(column, np.float64)[kept]
    return starts, values, verdicts


def _whole(name: str, column: Any, rows: int) -> Any:
    if len(column) != rows:  # the heads of its pages have no checksum
        raise DataError(f"the column {name!r} has {len(column)} cells for {rows} rows")
    return column


def _overlaps(least: int, greatest: int, span: Span) -> bool:
    return least < span[1] and greatest >= span[0]


def _starts(column: Any) -> Stamps:
    if column.null_count:
        raise DataError("the column 'start' has empty cells")
    return cells_of(column, np.int64)


def numbers_of(column: Any, name: str, places: Mapping[str, int]) -> Indices:
    """Return for each cell of a column of names the number that its name has.

    Raises:
        DataError: a cell is empty, or holds a name that has none.
    """
    if column.null_count:
        raise DataError(f"the column {name!r} has empty cells")
    if column.num_chunks > 1:  # each with words of its own
        return _chunk_numbers(column.unify_dictionaries().combine_chunks(), name, places)
    return _joined([_chunk_numbers(chunk, name, places) for chunk in column.chunks], np.int32)


def _chunk_numbers(chunk: Any, name: str, places: Mapping[str, int]) -> Indices:
    # A file may number its names in an order of its own.
    names = chunk.dictionary.to_pylist()
    index = cells_of(chunk.indices, str(chunk.indices.type))
    if names == [*places][: len(names)] and index.max(initial=-1) < len(names):
        own: Indices = index.astype(np.int32, copy=False)
        return own
    places_of_names = [places.get(text, -1) for text in names]
    numbers: Indices = np.array(places_of_names, dtype=np.int32).take(index)
    if numbers.min(initial=0) < 0:
        unknown = names[index[np.argmin(numbers)]]
        raise DataError(f"the column {name!r} holds {unknown!r}, which the format or the symbol table does not know")
    return numbers


def _joined(parts: list[npt.NDArray[Any]], kind: type[np.generic]) -> npt.NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, dtype=kind), *parts])
