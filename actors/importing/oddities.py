"""What looks odd about a file as a whole, and what the likely cause is: interval, zone, stamp, calendar."""

import numpy as np

from actors.market.calendar import Assignment, Calendar
from actors.reading.format import Unsupported
from actors.reading.stamp_sample import EvenSample, MinuteSet
from actors.reading.stamps import localise
from messages.columns import Mask, Stamps
from messages.values import DAY_NS, MINUTE_NS, SegmentKind, moment

_FEW_BARS = 20
_OUTSIDE_SHARE = 0.2
_CONVINCING_SHARE = 0.95
_SHIFTS_NS = [half * 30 * MINUTE_NS for half in range(-28, 29) if half]
_SAMPLED = 5_000
_SAMPLED_SESSIONS = 20
_GUESSED_ZONES = ("America/New_York", "Europe/London", "Europe/Berlin", "Asia/Tokyo", "UTC")


class Spacing:
    """How far a file's bars are apart, noted block by block."""

    def __init__(self, named: str | None) -> None:
        """Begin.

        Args:
            named: the interval that the file's name states, if it is not a minute.
        """
        self._named = named
        self._is_minutes = False
        self._count = 0
        self._off_minute = 0
        self._on_minute = MinuteSet()
        self._last = np.empty(0, dtype=np.int64)

    def note(self, starts_ns: Stamps) -> None:
        """Take the stamps of some consecutive bars, in the order of the file."""
        if self._is_minutes or not len(starts_ns):
            return
        steps = np.diff(starts_ns, prepend=self._last)
        self._is_minutes = bool(np.any(np.abs(steps) == MINUTE_NS))
        self._last = starts_ns[-1:]
        self._count += len(starts_ns)
        is_off = starts_ns % MINUTE_NS != 0
        self._off_minute += int(np.count_nonzero(is_off))
        self._on_minute.add(starts_ns[~is_off])

    def check(self) -> None:
        """Check that bars are a minute apart.

        Raises:
            Unsupported: they are further apart throughout, or mostly not on the minute; says what was seen.
        """
        if self._is_minutes or self._count < 2:
            return
        if self._off_minute * 2 > self._count:
            raise Unsupported(
                f"{self._off_minute} of {self._count} stamps are not on the minute; only one-minute bars are imported"
            )
        steps = np.diff(self._on_minute.ascending())
        # Some on the minute and some off it have no common step of whole minutes.
        apart = int(np.gcd.reduce(steps)) if len(steps) and not self._off_minute else 0
        if apart > MINUTE_NS and (self._named or len(steps) >= _FEW_BARS):
            lengths, occurrences = np.unique(steps, return_counts=True)
            usual = int(lengths[np.argmax(occurrences)])
            raise Unsupported(f"bars every {_spelled(usual)}; only one-minute bars are imported")


def check_interval(starts_ns: Stamps, named: str | None) -> None:
    """Check that bars are a minute apart.

    Args:
        starts_ns: the stamps of a file, in its order.
        named: the interval that the file's name states, if it is another one.

    Raises:
        Unsupported: they are not; says what was seen.
    """
    spacing = Spacing(named)
    spacing.note(starts_ns)
    spacing.check()


def _spelled(span_ns: int) -> str:
    units = ((DAY_NS, "day"), (60 * MINUTE_NS, "hour"), (MINUTE_NS, "minute"))
    count, name = next((span_ns // unit, name) for unit, name in units if span_ns % unit == 0)
    return f"{count} {name}s" if count > 1 else name


class Oddities:
    """What looks odd about a file, noted block by block; stamps are read as the start of the bar."""

    def __init__(self, calendar: Calendar, *, stamp_is_assumed: bool) -> None:
        """Begin.

        Args:
            calendar: whose sessions the bars belong to.
            stamp_is_assumed: whether nobody said which end of the bar a stamp is.
        """
        self._calendar = calendar
        self._stamp_is_assumed = stamp_is_assumed
        self._count = 0
        self._outside = 0
        self._sample = EvenSample(_SAMPLED)
        self._minutes = MinuteSet()
        self._dates: set[str] = set()

    def note(self, starts_ns: Stamps, assignment: Assignment) -> None:
        """Take some bars, and the sessions and segments that they fall into."""
        self._count += len(starts_ns)
        self._outside += int(np.count_nonzero(assignment.segment == SegmentKind.OUTSIDE))
        self._sample.add(starts_ns)
        if self._stamp_is_assumed:
            self._minutes.add(starts_ns[starts_ns % MINUTE_NS == 0])
            self._dates.update(assignment.dates)

    def told(self) -> list[str]:
        """Return a sentence for each thing that looks odd."""
        found = []
        outside = self._outside / max(1, self._count)
        if outside > _OUTSIDE_SHARE:
            cause = _likely_cause(self._sample.stamps(), self._calendar)
            found.append(f"{outside:.0%} of the bars lie outside every segment of {self._calendar.name}: {cause}")
        if self._stamp_is_assumed and self._shows_close_not_open():
            found.append(
                "the sessions show the minute of the close and not that of the open, as if stamps were the end of the "
                "bar: if so, import again with --stamp end"
            )
        return found

    def _shows_close_not_open(self) -> bool:
        dates = sorted(self._dates)
        step = max(1, len(dates) // _SAMPLED_SESSIONS)
        sessions = [session for date in dates[::step] if (session := self._calendar.session(date))]
        # Where sessions follow each other without a pause, the close of one is the open of the next.
        paused = [session for session in sessions if session.close_ns - session.open_ns < DAY_NS]
        has_close = self._minutes.has([session.close_ns for session in paused])
        has_open = self._minutes.has([session.open_ns for session in paused])
        return bool(paused) and int(np.count_nonzero(has_close & ~has_open)) * 2 > len(paused)


def _likely_cause(sample: Stamps, calendar: Calendar) -> str:
    if goes_round_the_clock(sample):
        return "they go round the clock, so the calendar is the likely cause (--calendar 24/7, or that of the market)"
    shares = {shift: float(inside(calendar, sample + shift).mean()) for shift in _SHIFTS_NS}
    best = max(shares, key=lambda shift: (round(shares[shift], 2), -abs(shift)))
    if shares[best] >= _CONVINCING_SHARE:
        hours = f"{abs(best) / (60 * MINUTE_NS):g} h {'later' if best > 0 else 'earlier'}"
        return f"{shares[best]:.0%} would lie inside if they were {hours}, so the zone is the likely cause (--tz)"
    return "neither another zone nor another stamp explains it, so the calendar is the likely cause (--calendar)"


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
