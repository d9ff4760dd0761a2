"""What looks odd about a file as a whole, and what the likely cause is: interval, zone, stamp, calendar, prices."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import time
from itertools import groupby, pairwise
from operator import itemgetter

import msgspec
import numpy as np

from actors.importing.special_days import hours_later, looks_like_currencies, offers, pause_told, special_days
from actors.importing.stamp_sample import EvenSample, MinuteSet, lengths
from actors.market.calendar import Assignment, Calendar
from actors.reading.format import Stamp, Unsupported
from actors.reading.stamps import localise
from messages.tables.columns import CLOSE, HIGH, LOW, Floats, Indices, Mask, Stamps
from messages.values import DAY_NS, MINUTE_NS, ONE_MINUTE, SECOND_NS, Interval, Nanos, SegmentKind, moment

FEW_BARS = 20
_NO_CHANCE = 100_000
_OUTSIDE_SHARE = 0.2
CONVINCING_SHARE = 0.95
SHIFTS_NS = [half * 30 * MINUTE_NS for half in range(-28, 29) if half]
_SAMPLED = 5_000
_SAMPLED_SESSIONS = 20
TIMES = 10.0
"""A bar so many times those beside it is told of."""
LARGE = 100_000.0
"""Whole prices from here on are looked at twice where shares cost dollars."""
_IN_DOLLARS = ("XNYS", "XNAS", "NYSE", "NASDAQ", "BATS", "ARCX", "XASE")
_FEW_AT_END = 5
"""So many bars at either end of a file are no level of their own: after a split there are more."""
_GUESSED_ZONES = ("America/New_York", "Europe/London", "Europe/Berlin", "Asia/Tokyo", "UTC")


class Spacing:
    """How far a file's bars are apart, noted block by block."""

    def __init__(self, named: str | None, base: Interval = ONE_MINUTE) -> None:
        """Begin.

        Args:
            named: the interval that the file's name states, if it is not a minute; a bare number is one only where
                the bars are so many minutes apart.
            base: how far apart they have to be.
        """
        self._named = named
        self._step_ns = base.span_ns
        self._only = "one-minute bars" if base == ONE_MINUTE else f"bars of {base}"
        self._is_minutes = False
        self._count = 0
        self._off_minute = self._off_second = 0
        self._on_minute = MinuteSet(base.span_ns)
        self._last = np.empty(0, dtype=np.int64)

    def note(self, starts_ns: Stamps) -> None:
        """Take the stamps of some consecutive bars, in the order of the file."""
        if not len(starts_ns):
            return
        steps = np.diff(starts_ns, prepend=self._last)
        self._is_minutes = self._is_minutes or bool(np.any(np.abs(steps) == self._step_ns))
        self._last = starts_ns[-1:]
        self._count += len(starts_ns)
        is_off = starts_ns % self._step_ns != 0
        self._off_minute += int(np.count_nonzero(is_off))
        self._off_second += int(np.count_nonzero(starts_ns % SECOND_NS))
        self._on_minute.add(starts_ns[~is_off])

    def check(self, zones: Iterable[str] = ()) -> None:
        """Check that bars are a minute apart.

        Args:
            zones: where a day may begin at midnight, beside UTC.

        Raises:
            Unsupported: they are further apart, on all days or some, or mostly not on the minute; says what was seen.
        """
        if self._is_minutes:
            self._check_each_day()
        if self._is_minutes or self._count < 2:
            return
        bare = int(self._named) * MINUTE_NS if self._named and self._named.isdigit() else None
        if self._off_minute * 2 > self._count:
            grid = "the minute" if self._step_ns == MINUTE_NS else "the second"
            only = self._only + " are imported"
            only += "" if self._step_ns < MINUTE_NS or self._off_second else ", and bars of seconds with --base 1s"
            raise Unsupported(f"{self._off_minute} of {self._count} stamps are not on {grid}; only {only}")
        minutes = self._on_minute.ascending()
        if not self._off_minute and self._are_days(minutes, {"UTC", *zones}):
            raise Unsupported(f"each bar is at a midnight, so they are bars of a day; only {self._only} are imported")
        steps = np.diff(minutes)  # some on the minute and some off it have no common step of whole minutes
        apart = int(np.gcd.reduce(steps)) if len(steps) and not self._off_minute else 0
        if apart <= self._step_ns:
            return
        lengths, occurrences = np.unique(steps, return_counts=True)
        usual = int(lengths[np.argmax(occurrences)])
        is_named = usual == bare if bare else self._named is not None
        # Minutes with trades that lie on so wide a grid; one a day, at the same time, may be asked for.
        is_no_chance = usual == apart < DAY_NS and (apart // self._step_ns) ** len(steps) > _NO_CHANCE
        if is_named or is_no_chance or len(steps) >= FEW_BARS:
            raise Unsupported(f"bars every {_spelled(usual)}; only {self._only} are imported")

    def _check_each_day(self) -> None:
        """Check that no day has longer bars than others, as where two files were put together."""
        starts_ns = self._on_minute.ascending()
        midnights = np.arange(starts_ns[0] // DAY_NS, starts_ns[-1] // DAY_NS + 2) * DAY_NS
        edges = np.array(sorted({*np.searchsorted(starts_ns, midnights).tolist()}))
        found = lengths(starts_ns, edges, self._step_ns)
        longer = np.flatnonzero(found > 1)
        if len(longer):
            apart, day = int(found[longer[0]]) * self._step_ns, moment(int(starts_ns[edges[longer[0]]]), "UTC").date()
            raise Unsupported(
                f"on {len(longer)} of {len(found)} days, {day} the first, bars are every {_spelled(apart)}, on others "
                f"closer; only {self._only} are imported: split the file"
            )

    def _are_days(self, starts_ns: Stamps, zones: Iterable[str]) -> bool:
        """Return whether each of several bars, read as its start or its end, is at midnight in one of some zones."""
        if not 1 < len(starts_ns) <= FEW_BARS or np.any(np.diff(starts_ns) < 23 * 60 * MINUTE_NS):
            return False
        edges = (starts_ns, starts_ns + self._step_ns)
        return any(all(moment(at, zone).time() == time.min for at in edge.tolist()) for edge in edges for zone in zones)


def check_interval(starts_ns: Stamps, named: str | None, base: Interval = ONE_MINUTE) -> None:
    """Check that bars are a minute apart.

    Args:
        starts_ns: the stamps of a file, in its order.
        named: the interval that the file's name states, if it is another one.
        base: how far apart they have to be.

    Raises:
        Unsupported: they are not; says what was seen.
    """
    spacing = Spacing(named, base)
    spacing.note(starts_ns)
    spacing.check()


def _spelled(span_ns: int) -> str:
    units = ((DAY_NS, "day"), (60 * MINUTE_NS, "hour"), (MINUTE_NS, "minute"), (SECOND_NS, "second"))
    count, name = next((span_ns // unit, name) for unit, name in units if span_ns % unit == 0)
    return f"{count} {name}s" if count > 1 else name


class Suspects(msgspec.Struct, frozen=True, kw_only=True):
    """What of a file's reading nobody has said, so that it may be wrong."""

    zone: bool
    """Whether the zone may: not where the stamps say it."""
    calendar: bool
    """Whether the calendar may."""


class Oddities:
    """What looks odd about a file, noted block by block; stamps are read as the start of the bar."""

    def __init__(self, calendar: Calendar, *, stamp: Stamp, stamp_said_by: str, suspects: Suspects) -> None:
        """Begin.

        Args:
            calendar: whose sessions the bars belong to.
            stamp: which end of the bar its stamp was taken to be.
            stamp_said_by: who says so: an option or a format; empty where nobody does.
            suspects: what may be wrong.
        """
        self._calendar = calendar
        self._suspects = suspects
        self._stamp = stamp
        self._stamp_said_by = stamp_said_by
        self._count = 0
        self._outside = self._regular = 0
        self._sample = EvenSample(_SAMPLED)
        self._minutes = MinuteSet()
        self._dates: set[str] = set()

    def note(self, starts_ns: Stamps, assignment: Assignment) -> None:
        """Take some bars, and the sessions and segments that they fall into."""
        self._count += len(starts_ns)
        self._outside += int(np.count_nonzero(assignment.segment == SegmentKind.OUTSIDE))
        self._regular += int(np.count_nonzero(assignment.segment == SegmentKind.REGULAR))
        self._sample.add(starts_ns)
        self._minutes.add(starts_ns[starts_ns % MINUTE_NS == 0])
        self._dates.update(assignment.dates)

    def told(self) -> list[str]:
        """Return a sentence for each thing that looks odd."""
        pauses = pause_told(self._minutes, self._dates, self._calendar, _suspect(self._suspects))
        if self._regular == self._count:
            # Then no day is another one than the calendar says, and no bar in the minute of the close, as stamps of
            # ends would have.
            return pauses if self._stamp is Stamp.START else [*pauses, *self._told_of_stamps()]
        minutes, name = self._minutes.ascending(), self._calendar.name
        if looks_like_currencies(minutes, self._calendar):
            return [f"the bars lie in the week of currencies, which is not that of {name}: --calendar FX"]
        doubts = special_days(minutes, self._calendar)
        found = offers(self._calendar, doubts.days)
        outside = self._outside / max(1, self._count)
        if doubts.days:
            rest = minutes[~doubts.is_special]
            outside = 1 - float(inside(self._calendar, rest).mean()) if len(rest) else 0.0
        if outside > _OUTSIDE_SHARE:
            cause = _likely_cause(self._sample.stamps(), self._calendar, self._suspects)
            found.append(f"{outside:.0%} of the bars lie outside every segment of {name}: {cause}")
        elif self._count >= FEW_BARS and self._regular * 2 < self._count:
            found.extend(_shifted(self._sample.stamps(), self._calendar, self._regular / self._count))
        elif doubts.shifts_ns and not doubts.days:
            found.append(_of_another_zone(doubts.shifts_ns, len(self._dates), self._calendar, self._suspects))
        else:
            found = pauses or found
        self._dates -= doubts.shifts_ns.keys()  # a day that is shifted at both ends says nothing of its stamps
        return [*found, *self._told_of_stamps()]

    def _told_of_stamps(self) -> list[str]:
        other = Stamp.START if self._stamp is Stamp.END else Stamp.END
        if not self._is_a_minute_off(other):
            return []
        edges = (
            "the minute of the close and not that of the open"
            if other is Stamp.END
            else "the minute before the open and not their last"
        )
        said = f", although {self._stamp_said_by} says {self._stamp}" if self._stamp_said_by else ""
        shown = f"the sessions show {edges}, as if stamps were the {other} of the bar{said}"
        return [f"{shown}: if so, import again with --stamp {other}"]

    def _is_a_minute_off(self, other: Stamp) -> bool:
        """Return whether most sessions begin and end a minute too late, or too early, regular or extended ones."""
        dates = sorted(self._dates)
        chosen = dates[:: max(1, len(dates) // _SAMPLED_SESSIONS)]
        regular = [(session.open_ns, session.close_ns) for date in chosen if (session := self._calendar.session(date))]
        whole = [
            (session.start_ns, session.end_ns) for date in chosen if (session := self._calendar.extended_session(date))
        ]
        return self._are_off(regular, other) or (whole != regular and self._are_off(whole, other))

    def _are_off(self, edges: "list[tuple[int, int]]", other: Stamp) -> bool:
        # Where sessions follow each other without a pause, the close of one is the open of the next.
        paused = [(start, end) for start, end in edges if end - start < DAY_NS]
        starts, ends = [start for start, _ in paused], [end for _, end in paused]
        if other is Stamp.END:
            is_off = self._minutes.has(ends) & ~self._minutes.has(starts)
        else:
            before, earlier, last = (
                self._minutes.has([edge - minutes * MINUTE_NS for edge in edges_ns])
                for edges_ns, minutes in ((starts, 1), (starts, 2), (ends, 1))
            )
            is_off = before & ~earlier & ~last & self._minutes.has(starts)
        return bool(paused) and int(np.count_nonzero(is_off)) * 2 > len(paused)


def _of_another_zone(shifts_ns: dict[str, int], sessions: int, calendar: Calendar, suspects: Suspects) -> str:
    usual = Counter(shifts_ns.values()).most_common(1)[0][0]
    return (
        f"{len(shifts_ns)} of {sessions} sessions begin and end earlier or later than those of {calendar.name}, "
        f"as a rule {hours_later(usual)}: {_suspect(suspects)}"
    )


def _suspect(suspects: Suspects) -> str:
    return "the zone is the likely cause (--tz)" if suspects.zone else "the calendar is the likely cause (--calendar)"


def _shifted(sample: Stamps, calendar: Calendar, share: float) -> list[str]:
    """Return the sentence that says that bars of extended hours would be regular ones at another time, if so."""
    regular = calendar.counts_when_later(sample, SHIFTS_NS)[:, SegmentKind.REGULAR]
    best, share_then = _best_shift(regular / len(sample))
    if share_then < CONVINCING_SHARE:
        return []
    said = (
        f"only {share:.0%} of the bars lie in the regular hours of {calendar.name}, and {share_then:.0%} would if "
        f"they were {hours_later(best)}: is it the right zone (--tz), and the right calendar (--calendar)?"
    )
    return [said]


def _likely_cause(sample: Stamps, calendar: Calendar, suspects: Suspects) -> str:
    if goes_round_the_clock(sample):
        return "they go round the clock, so the calendar is the likely cause (--calendar 24/7, or that of the market)"
    if not suspects.zone:
        return "the stamps say their zone, so the calendar is the likely cause (--calendar)"
    or_calendar = ", or the calendar (--calendar)" if suspects.calendar else ""
    outside = calendar.counts_when_later(sample, SHIFTS_NS)[:, SegmentKind.OUTSIDE]
    best, share_then = _best_shift(1 - outside / len(sample))
    if share_then >= CONVINCING_SHARE:
        inside_then = f"{share_then:.0%} would lie inside if they were {hours_later(best)}"
        return f"{inside_then}, so the zone is the likely cause (--tz){or_calendar}"
    return "neither another zone nor another stamp explains it, so the calendar is the likely cause (--calendar)"


def _best_shift(shares: Floats) -> tuple[Nanos, float]:
    """Return the shift of which most bars say that they are later by it, the least of several, and how many do."""
    of_shift = dict(zip(SHIFTS_NS, shares.tolist(), strict=True))
    best = max(of_shift, key=lambda shift: (round(of_shift[shift], 2), -abs(shift)))
    return best, of_shift[best]


def inside(calendar: Calendar, starts_ns: Stamps) -> Mask:
    """Return for each start whether it lies in a segment of a session."""
    mask: Mask = calendar.assign(starts_ns).segment != SegmentKind.OUTSIDE
    return mask


def goes_round_the_clock(starts_ns: Stamps) -> bool:
    """Return whether nearly every hour of the day has a bar."""
    hours = np.bincount(starts_ns % DAY_NS // (60 * MINUTE_NS), minlength=24)
    return bool(np.count_nonzero(hours) >= 22)


def refusal_without_zone(local_ns: Stamps, calendar: Calendar | None) -> str:
    """Return the sentence that refuses stamps without a zone: the first, the last, and the flag that fits.

    Args:
        local_ns: wall-clock time as if it were UTC.
        calendar: whose sessions they should lie in, if anybody said.
    """
    first, last = (f"{moment(int(edge), 'UTC'):%Y-%m-%d %H:%M:%S}" for edge in (local_ns.min(), local_ns.max()))
    return f"the stamps carry no zone; the first is {first}, the last {last}; {_fitting_flag(local_ns, calendar)}"


def _fitting_flag(local_ns: Stamps, calendar: Calendar | None) -> str:
    if calendar is None or calendar.name == "24/7":
        zone = "UTC" if calendar or goes_round_the_clock(local_ns) else "America/New_York"
        return f"say which zone they are in, as in --tz {zone}"
    zones = dict.fromkeys((calendar.tz, *_GUESSED_ZONES))
    shares = {zone: float(inside(calendar, localise(local_ns, zone).utc_ns).mean()) for zone in zones}
    best = max(shares, key=lambda zone: shares[zone])
    return f"--tz {best} fits: with it {shares[best]:.0%} of them lie inside the sessions of {calendar.name}"


class Spikes:
    """Counts bars that are many times their neighbours of the same symbol: to every rule they are good bars."""

    def __init__(self, calendar: str = "") -> None:
        self._count = 0
        self._first_row = 0
        self._is_in_dollars = calendar in _IN_DOLLARS
        self._are_large = False
        self._largest = 0.0

    def note(self, symbol_index: Indices, values: Floats, rows: Stamps) -> None:
        """Take some bars, in the order of the file."""
        if len(rows) and self._is_in_dollars and values[LOW].min() >= LARGE:
            self._are_large |= bool((values[: CLOSE + 1] == np.rint(values[: CLOSE + 1])).all())
            self._largest = max(self._largest, float(values[HIGH].max()))
        if not len(rows) or values[HIGH].max() <= TIMES * values[LOW].min():
            return
        if np.any(symbol_index[1:] < symbol_index[:-1]):
            order = np.argsort(symbol_index, kind="stable")
            symbol_index, rows, values = symbol_index[order], rows[order], np.take(values, order, axis=1, mode="clip")
        found = rows[_standing_out(symbol_index, values)]
        if len(found) and not self._count:
            self._first_row = int(found.min())
        self._count += len(found)

    def told(self) -> list[str]:
        """Return the sentence about them, if there are any, and that about prices that look like whole parts."""
        if self._are_large:
            counted = "as if they were counted in hundredths or ten-thousandths; they stand as they are written"
            return [f"prices are whole numbers up to {self._largest:,.0f}, {counted}"]
        if not self._count:
            return []
        are = "1 bar is" if self._count == 1 else f"{self._count} bars are"
        said = f"{are} more than {TIMES:g} times the bars beside them, or less than a tenth, in all prices or in one"
        return [f"{said} (the first in row {self._first_row}): is a decimal point lost?"]


def _standing_out(symbol_index: Indices, values: Floats) -> Mask:
    high, low, close = values[HIGH], values[LOW], values[CLOSE]
    stands_out: Mask = high > TIMES * low
    if len(close) > 1:
        is_one = symbol_index[1:] == symbol_index[:-1]
        jumps = ~is_one | (close[1:] > TIMES * close[:-1]) | (close[1:] * TIMES < close[:-1])
        edges = [0, *(np.flatnonzero(jumps) + 1).tolist(), len(close)]
        # The runs of bars between jumps, and the level of each; those of one symbol are looked at together.
        runs = [(first, last, int(symbol_index[first])) for first, last in pairwise(edges)]
        for _, of_symbol in groupby(runs, key=itemgetter(2)):
            for first, last in _out_of_level([run[:2] for run in of_symbol], close):
                stands_out[first:last] = True
    return stands_out


def _out_of_level(runs: list[tuple[int, int]], close: Floats) -> Iterator[tuple[int, int]]:
    """Yield the runs that are not of the level of those around them; a split moves the level, and it stays there."""
    levels = [float(np.median(close[first:last])) for first, last in runs if len(runs) > 1]  # nobody asks for one alone
    for place, (first, last) in enumerate(runs):
        beside = [other for other in (place - 1, place + 1) if 0 <= other < len(runs)]
        others = [levels[other] for other in beside]
        bars = sum(runs[other][1] - runs[other][0] for other in beside)
        if len(beside) == 2 and not _near(*others):
            continue  # from one level to another, by way of this one
        is_end = len(beside) == 1 and last - first <= _FEW_AT_END
        if (is_end or len(beside) == 2) and last - first < bars:
            yield first, last


def _near(one: float, two: float) -> bool:
    return one <= TIMES * two and two <= TIMES * one
