"""Several days of one calendar in the same columns: cut by day, joined, and merged day by day."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import structs

from actors.kernel.ports import MergeCounts, StoredDay, StoredDays
from actors.storage.merging import NOTHING, ROWS, compacted, merge_days
from messages.errors import DataError
from messages.tables.columns import BarBatch, Indices, Stamps, Verdicts, freeze
from messages.values import Interval

Segments = npt.NDArray[np.uint8]


class Together(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Days one after the other, each sorted by start and symbol. Other than a batch's, its starts need not ascend."""

    dates: tuple[str, ...]
    """Ascending, each once."""
    ends: Stamps
    """For each day the place after its last bar."""
    known: tuple[int, ...]
    """For each day, how many of the rows of values are its own; the others are not known."""
    zones: tuple[str, ...]
    bars: BarBatch
    verdicts: Verdicts
    segments: Segments

    @classmethod
    def of(cls, days: StoredDays, segments: Segments) -> "Together":
        """Return days that are to be merged, with for each bar its ``SegmentKind`` number.

        Raises:
            DataError: they are not in order, or the columns do not fit together.
        """
        count = len(days.dates)
        made = cls(
            dates=days.dates, ends=days.ends, known=(len(days.bars.values),) * count, zones=(days.tz,) * count,
            bars=days.bars, verdicts=days.verdicts, segments=segments,
        )  # fmt: skip
        made.check()
        return made

    def check(self) -> None:
        """Check that all is in order.

        Raises:
            DataError: it is not.
        """
        bars, count = self.bars, len(self.bars)
        if len(self.verdicts) != count or bars.values.shape[1:] != (count,) or len(bars.values) not in ROWS:
            raise DataError(f"days of {count} bars need as many verdicts and 5 or 7 rows of as many values")
        begins = self.ends[:-1]
        is_whole = len(self.ends) == len(self.dates) and self.ends[-1:].tolist() == [count]
        if not is_whole or np.any(np.diff(self.ends, prepend=0) < 1) or any(a >= b for a, b in pairwise(self.dates)):
            raise DataError("the days of a file must follow each other, each with bars")
        starts, index = bars.start_ns, bars.symbol_index
        is_next = starts[1:] > starts[:-1]
        if len(bars.symbols) > 1:
            is_next |= (starts[1:] == starts[:-1]) & (index[1:] > index[:-1])
        is_next[begins - 1] = True
        if len(index) != count or not is_next.all() or bars.symbols != tuple(sorted(set(bars.symbols))):
            raise DataError("the bars of a stored day must be sorted by start and symbol, each minute of a symbol once")

    def day(self, place: int) -> StoredDay:
        """Return one of the days, with a symbol table of only those that have bars, and columns of its own."""
        rows = self._rows(place, place + 1)
        symbols, index = compacted(self.bars.symbols, self.bars.symbol_index[rows])
        bars = BarBatch(
            symbols=symbols,
            symbol_index=freeze(index.copy()),
            start_ns=freeze(self.bars.start_ns[rows].copy()),
            values=freeze(self.bars.values[: self.known[place], rows].copy()),
            interval=self.bars.interval,
        )
        return StoredDay(bars=bars, verdicts=freeze(self.verdicts[rows].copy()), tz=self.zones[place])

    def cut(self, first: int, end: int) -> "Together":
        """Return some of the days, which follow each other; all share the columns."""
        if (first, end) == (0, len(self.dates)):
            return self
        rows = self._rows(first, end)
        return Together(
            dates=self.dates[first:end],
            ends=self.ends[first:end] - rows.start,
            known=self.known[first:end],
            zones=self.zones[first:end],
            bars=BarBatch(
                symbols=self.bars.symbols,
                symbol_index=self.bars.symbol_index[rows],
                start_ns=self.bars.start_ns[rows],
                values=self.bars.values[:, rows],
                interval=self.bars.interval,
            ),
            verdicts=self.verdicts[rows],
            segments=self.segments[rows],
        )

    def without(self, gone: "frozenset[str] | set[str]") -> "Together | None":
        """Return the days but for some of them; ``None`` where none is left."""
        kept = [place for place, date in enumerate(self.dates) if date not in gone]
        return joined([self.cut(first, end) for first, end in runs(kept)]) if kept else None

    def by_period(self, length: int) -> Iterator[tuple[str, "Together"]]:
        """Yield the days of each period, which is so much of their dates."""
        first = 0
        for period, dates in groupby(self.dates, key=lambda date: date[:length]):
            end = first + sum(1 for _ in dates)
            yield period, self.cut(first, end)
            first = end

    def _rows(self, first: int, end: int) -> slice:
        return slice(int(self.ends[first - 1]) if first else 0, int(self.ends[end - 1]))


def runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Return ascending numbers as spans of such that follow each other, the ends left out."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place:
            found[-1] = (found[-1][0], place + 1)
        else:
            found.append((place, place + 1))
    return found


def joined(parts: Sequence[Together]) -> Together:
    """Return days that follow each other as one, with a symbol table of only the symbols that have bars."""
    symbols = tuple(sorted({symbol for part in parts for symbol in part.bars.symbols}))
    rows = max(len(part.bars.values) for part in parts)
    counts = [len(part.bars) for part in parts]
    begins = np.cumsum([0, *counts[:-1]])
    present, index = compacted(symbols, _column([_renumbered(part.bars, symbols) for part in parts]))
    return Together(
        dates=tuple(date for part in parts for date in part.dates),
        ends=_column([part.ends + begin for part, begin in zip(parts, begins.tolist(), strict=True)]),
        known=tuple(known for part in parts for known in part.known),
        zones=tuple(zone for part in parts for zone in part.zones),
        bars=BarBatch(
            symbols=present,
            symbol_index=index,
            start_ns=_column([part.bars.start_ns for part in parts]),
            values=_values(parts, rows, sum(counts)),
            interval=parts[0].bars.interval,
        ),
        verdicts=_column([part.verdicts for part in parts]),
        segments=_column([part.segments for part in parts]),
    )


def merged(
    old: Together | None, new: Together, segments_of: Callable[[Stamps], Segments], *, is_lived: bool = False
) -> tuple[Together, MergeCounts]:
    """Return what is stored after days are merged into what is there, each as ``merging.merge_days`` does.

    Args:
        old: what is there; where nothing changes it is what is returned.
        new: the days.
        segments_of: gives the ``SegmentKind`` numbers of the starts of one day.
        is_lived: whether their verdicts are of who lived through them.

    Raises:
        DataError: their intervals differ.
    """
    added = MergeCounts(added=len(new.bars), corrected=0, duplicates=0)
    if old is None:
        return joined([new]), added
    _check_interval(old.bars.interval, new.bars.interval)
    counts, parts = NOTHING, []
    place_in = [{date: place for place, date in enumerate(days.dates)} for days in (old, new)]
    for kind, dates in groupby(sorted({*old.dates, *new.dates}), key=lambda date: [date in held for held in place_in]):
        first, *others = dates
        end = 1 + len(others)
        if kind == [True, True]:
            for date in (first, *others):
                there, given = (place[date] for place in place_in)
                day, of_day = merge_days(old.day(there), structs.replace(new.day(given), is_lived=is_lived))
                part = old.cut(there, there + 1)
                if of_day.changes:
                    part = single(date, day, segments_of(day.bars.start_ns))
                parts.append(part)
                counts += of_day
        else:
            days, place = (old, place_in[0][first]) if kind[0] else (new, place_in[1][first])
            part = days.cut(place, place + end)
            parts.append(part)
            counts += NOTHING if kind[0] else MergeCounts(added=len(part.bars), corrected=0, duplicates=0)
    return (joined(parts) if counts.changes else old), counts


def put_into(old: Together | None, new: Together) -> Together:
    """Return the days of both; of two of one date the new one."""
    left = None if old is None else old.without(set(new.dates))
    if left is None:
        return joined([new])
    days = [days.cut(place, place + 1) for days in (left, new) for place in range(len(days.dates))]
    return joined(sorted(days, key=lambda day: day.dates))


def single(date: str, day: StoredDay, segments: Segments) -> Together:
    """Return one day, with for each bar its ``SegmentKind`` number."""
    return Together(
        dates=(date,),
        ends=np.array([len(day.bars)], dtype=np.int64),
        known=(len(day.bars.values),),
        zones=(day.tz,),
        bars=day.bars,
        verdicts=day.verdicts,
        segments=segments,
    )


def side_by_side(days: Mapping[str, StoredDay]) -> StoredDays:
    """Return days by their dates, all with as many fields, as what is merged at once."""
    kept = sorted(days.items(), key=lambda item: item[0])
    whole = joined([single(date, day, np.zeros(len(day.bars), dtype=np.uint8)) for date, day in kept])
    return StoredDays(
        dates=whole.dates,
        ends=whole.ends,
        bars=whole.bars,
        verdicts=whole.verdicts,
        tz=kept[0][1].tz,
        is_lived=kept[0][1].is_lived,
    )


def _check_interval(old: Interval, new: Interval) -> None:
    if old != new:
        raise DataError(f"bars of {new} cannot be merged into a day of {old} bars")


def _renumbered(bars: BarBatch, symbols: tuple[str, ...]) -> Indices:
    if bars.symbols == symbols:
        return bars.symbol_index
    place = {symbol: number for number, symbol in enumerate(symbols)}
    return np.array([place[symbol] for symbol in bars.symbols], dtype=np.int32)[bars.symbol_index]


def _values(parts: Sequence[Together], rows: int, count: int) -> npt.NDArray[np.float64]:
    if len(parts) == 1:
        return parts[0].bars.values
    values = np.full((rows, count), np.nan) if len({len(p.bars.values) for p in parts}) > 1 else np.empty((rows, count))
    begin = 0
    for part in parts:
        end = begin + len(part.bars)
        values[: len(part.bars.values), begin:end] = part.bars.values
        begin = end
    return values


def _column(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
