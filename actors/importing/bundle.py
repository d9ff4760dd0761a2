"""Small files that follow each other in an import: read and checked at once, and each taken when its turn comes.

Nothing is decided here. What is told of a file is told by who reads it alone; a bundle only finds out of which files
there is nothing to tell, with the same rules as for one. A few files at a time: they are held in memory.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np

from actors.importing.file_check import FileBars
from actors.importing.nothing_odd import Places, nothing_odd
from actors.importing.oddities import LARGE, TIMES
from actors.importing.stamp_sample import lengths
from actors.market.calendar import Assignment, Calendar
from actors.market.validate import faults, sessions_growing
from actors.reading.delimited import Opened, TextReader
from actors.reading.format import Format, Hints, RawBars, Stamp
from actors.reading.peek import Head
from actors.reading.raw.small import small_file
from actors.reading.together import read_together
from actors.vendors.formats import detect
from messages.tables.columns import HIGH, LOW, VOLUME, Floats, Mask, Stamps
from messages.values import DAY_NS, Interval, SegmentKind

FILES, BYTES = 100, 1 << 20
"""How many files a bundle has at most, and how large they are together, as they are packed."""

Rules: TypeAlias = tuple[Calendar, bool]
"""What bars are held against: a calendar, and whether prices may be zero or below."""


class Ready(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A file that has been read whole."""

    fmt: Format
    bars: RawBars
    calendar: Calendar | None = None
    plain: FileBars | None = None
    """All its bars, if they are in order, sound and within sessions, and there is nothing to be told of them."""


def ready(
    paths: Sequence[Path], fmt: Format | None, hints: Hints, base: Interval, rules: Callable[[Path, RawBars], Rules]
) -> dict[Path, Ready]:
    """Read what can be read of small files; those that are left out have to be read one by one.

    Args:
        paths: the files.
        fmt: the format of all, if it is said.
        hints: what the user says.
        base: the length of the bars.
        rules: gives what the bars of a file are held against.
    """
    formats: dict[Path, Format] = {}
    read = read_together(_opened(paths, fmt, hints, formats))
    found = zip(formats.items(), read, strict=True)
    files = {path: Ready(fmt=of_file, bars=bars) for (path, of_file), bars in found if bars is not None}
    groups: dict[tuple[str, bool, int], tuple[Rules, list[Path]]] = {}
    for path, file in files.items():
        with suppress(Exception):  # said when its turn comes
            calendar, may_be_negative = held_against = rules(path, file.bars)
            key = (calendar.name, may_be_negative, len(file.bars.values))
            groups.setdefault(key, (held_against, []))[1].append(path)
    for (calendar, may_be_negative), group in groups.values():
        with suppress(Exception):  # then each is asked about, and says what is wrong
            kept = _plain([files[path].bars for path in group], calendar, base, allow_negative=may_be_negative)
            for path, plain in zip(group, kept, strict=True):
                files[path] = msgspec.structs.replace(files[path], calendar=calendar, plain=plain)
    return files


def _opened(paths: Sequence[Path], fmt: Format | None, hints: Hints, formats: dict[Path, Format]) -> Iterator[Opened]:
    """Open what is a small text, and one alone; notes the format of each."""
    for path in dict.fromkeys(paths):
        with suppress(Exception):  # said when its turn comes
            of_file = fmt or detect(Head(path), hints) if small_file(path) is not None else None
            if of_file is not None and isinstance(of_file.read, TextReader):
                (file,) = islice(of_file.read.opens(of_file, path, hints), 2)
                formats[path] = of_file
                yield file


def _plain(
    files: Sequence[RawBars], calendar: Calendar, base: Interval, *, allow_negative: bool
) -> list[FileBars | None]:
    """Return of each file the bars, or ``None`` where there may be something to be said of them."""
    starts_ns = np.concatenate([file.start_ns for file in files])
    values = np.concatenate([file.values for file in files], axis=1)
    ends = np.cumsum([len(file.start_ns) for file in files])
    first = np.append(0, ends[:-1])
    assignment = calendar.assign(starts_ns)
    is_odd = faults(values, starts_ns, step_ns=base.span_ns, allow_negative=allow_negative) != 0
    is_odd |= (assignment.date_index < 0) | (assignment.segment == SegmentKind.OUTSIDE) | np.isnan(values[VOLUME])
    are_plain = ~np.logical_or.reduceat(is_odd, first)
    are_plain &= _are_in_order(starts_ns, first, base) & _have_no_spikes(values, first)
    are_plain &= _have_one_length(starts_ns, first, base)
    are_ends = np.array([file.stamp is Stamp.END for file in files])
    are_plain &= nothing_odd(starts_ns, np.append(0, ends), assignment, are_ends, calendar, base)
    grows, begins, _ = sessions_growing(values[VOLUME], starts_ns, assignment.date_index, first)
    are_plain[np.searchsorted(first, begins[grows], side="right") - 1] = False
    found = list[FileBars | None]()
    for file, is_plain, begin, end in zip(files, are_plain.tolist(), first.tolist(), ends.tolist(), strict=True):
        rows = slice(begin, end)
        found.append(
            FileBars(
                symbols=file.symbols,
                symbol_index=file.symbol_index,
                start_ns=starts_ns[rows],
                values=values[:, rows],
                rows=file.rows,
                assignment=_of_rows(assignment, rows),
            )
            if is_plain and not (file.ambiguous or file.nonexistent)  # what is read at once has no broken rows
            else None
        )
    return found


def _are_in_order(starts_ns: Stamps, first: Places, base: Interval) -> Mask:
    """Return for each file whether its stamps rise, and some by one bar: then none repeats, nor are all far apart."""
    steps = np.diff(starts_ns, prepend=starts_ns[:1])
    is_back, is_next = steps <= 0, steps == base.span_ns
    is_back[first] = is_next[first] = False
    in_order: Mask = np.logical_or.reduceat(is_next, first) & ~np.logical_or.reduceat(is_back, first)
    return in_order


def _have_one_length(starts_ns: Stamps, first: Places, base: Interval) -> Mask:
    """Return for each file whether on none of its days all bars are further apart; they ascend, or are asked about."""
    is_new = np.diff(starts_ns // DAY_NS, prepend=-1) != 0
    is_new[first] = True
    edges = np.append(np.flatnonzero(is_new), len(starts_ns))
    longer = edges[:-1][lengths(starts_ns, edges, base.span_ns) > 1]
    found = np.ones(len(first), dtype=np.bool_)
    found[np.searchsorted(first, longer, side="right") - 1] = False
    return found


def _have_no_spikes(values: Floats, first: Places) -> Mask:
    """Return for each file whether no price is far from another, nor below zero, nor very large."""
    low, high = np.minimum.reduceat(values[LOW], first), np.maximum.reduceat(values[HIGH], first)
    none: Mask = (low > 0) & (high <= TIMES * low) & (low < LARGE)
    return none


def _of_rows(assignment: Assignment, rows: slice) -> Assignment:
    """Return the assignment of some bars, with the sessions that they are of and no others."""
    of_rows, segment = assignment.date_index[rows], assignment.segment[rows]
    if of_rows[0] == of_rows[-1]:  # they ascend, as bars do that are in order
        date = assignment.dates[int(of_rows[0])]
        return Assignment(dates=(date,), date_index=np.zeros_like(of_rows), segment=segment)
    places, index = np.unique(of_rows, return_inverse=True)
    dates = tuple(assignment.dates[place] for place in places.tolist())
    return Assignment(dates=dates, date_index=index.astype(np.int32), segment=segment)
