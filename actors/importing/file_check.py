"""One file's bars against a calendar: which can be kept, what is wrong with the others, and what looks odd."""

from itertools import compress

import msgspec
import numpy as np
import numpy.typing as npt

from actors.importing.oddities import Oddities, Spikes, Suspects
from actors.importing.report import Example, FileReport
from actors.market.calendar import Assignment, Calendar
from actors.market.validate import FEWEST_GROWING, Fault, faults, sessions_growing
from actors.reading.format import EXAMPLES, IN_STAMPS, RawBars, Stamp
from messages.tables.columns import CLOSE, FIELDS, LOW, VOLUME, Floats, Indices, Mask, Stamps
from messages.values import MINUTE_NS, ONE_MINUTE, Interval, moment

Codes = npt.NDArray[np.uint8]

EMPTY_PRICE, NOT_A_SESSION_DAY = "empty_price", "not_a_session_day"
_EMPTY, _NO_SESSION = 100, 101
_REASONS = {fault.value: fault.reason for fault in Fault} | {_EMPTY: EMPTY_PRICE, _NO_SESSION: NOT_A_SESSION_DAY}
_ORDER = list(_REASONS.values())


class FileBars(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bars of one file that can be kept, in its order, with the session that each belongs to."""

    symbols: tuple[str, ...]
    symbol_index: Indices
    start_ns: Stamps
    values: Floats
    rows: Stamps
    assignment: Assignment


class Growing:
    """Looks in one file for volumes that only grow in a session: they are counted since its open."""

    def __init__(self) -> None:
        self._growing = 0
        self._others = 0

    def note(self, kept: FileBars) -> None:
        """Take some bars, in the order of the file; those of several symbols are not looked at."""
        if len(kept.symbols) == 1 and len(kept.rows) >= FEWEST_GROWING:
            grows, _, counts = sessions_growing(kept.values[VOLUME], kept.start_ns, kept.assignment.date_index)
            self._growing += int(np.count_nonzero(grows))
            self._others += int(np.count_nonzero(~grows & (counts >= FEWEST_GROWING)))

    def told(self) -> list[str]:
        """Return the sentence about them, if all sessions have them."""
        if not self._growing or self._others:
            return []
        return ["the volumes only grow from the open to the close, as if each were the day's so far"]


class Judge:
    """Holds one file's bars against a calendar, block by block; what is wrong with the file goes to its report."""

    def __init__(
        self,
        calendar: Calendar,
        report: FileReport,
        *,
        allow_negative: bool,
        stamp_said_by: str = "",
        is_calendar_said: bool = True,
        base: Interval = ONE_MINUTE,
    ) -> None:
        """Begin.

        Args:
            calendar: whose sessions the bars belong to.
            report: where counts, examples, warnings, symbols and sessions are written.
            allow_negative: whether prices may be zero or below.
            stamp_said_by: who says which end of the bar its stamp is: an option or a format; empty where nobody does.
            is_calendar_said: whether the user says the calendar.
            base: the length of the bars.
        """
        self._base = base
        self._calendar = calendar
        self._report = report
        self._allow_negative = allow_negative
        self._oddities = Oddities(
            calendar,
            stamp=Stamp(report.stamp or Stamp.START),
            stamp_said_by=stamp_said_by,
            suspects=Suspects(zone=report.tz != IN_STAMPS, calendar=not is_calendar_said),
        )
        self._spikes = Spikes(calendar.name)
        self._growing = Growing()
        self._remarks: dict[str, None] = {}
        self._ambiguous = 0
        self._nonexistent = 0
        self._without_volume = 0
        self._below_zero = 0
        self._symbols: set[str] = set()
        self._sessions: set[str] = set()

    def kept(self, block: RawBars) -> FileBars:
        """Return the bars of a block that can be kept; the report says what became of the others."""
        self._note_reading(block)
        self._fill_volumes(block)
        codes = faults(block.values, block.start_ns, step_ns=self._base.span_ns, allow_negative=self._allow_negative)
        if codes.any():
            codes[np.isnan(block.values[: CLOSE + 1]).any(axis=0)] = _EMPTY
        assignment = self._assigned(block.start_ns)
        codes[(assignment.date_index < 0) & (codes == 0)] = _NO_SESSION
        self._note_rejections(block, codes)
        kept = _selected(block, assignment, codes == 0)
        self._below_zero += int(np.count_nonzero(kept.values[LOW] <= 0)) if len(kept.start_ns) else 0
        self._note_content(kept)
        self._growing.note(kept)
        if not self._below_zero:
            self._spikes.note(kept.symbol_index, kept.values, kept.rows)
        return kept

    def finish(self) -> None:
        """Complete the report: the file is at its end."""
        report, warn = self._report, self._report.warnings.append
        report.rejected = {reason: report.rejected[reason] for reason in sorted(report.rejected, key=_place_of)}
        report.symbols, report.sessions = sorted(self._symbols), sorted(self._sessions)
        report.warnings.extend(self._remarks)
        if self._ambiguous:
            warn(f"{self._ambiguous} stamps occur twice because clocks went back; read as the first of the two")
        if self._nonexistent:
            went = "clocks went forward; read with the offset from before the change"
            warn(f"{self._nonexistent} stamps do not exist: {went}")
        if self._without_volume:
            warn(f"{self._without_volume} rows have no volume; read as 0")
        if self._below_zero:
            were = "1 bar has a price" if self._below_zero == 1 else f"{self._below_zero} bars have prices"
            warn(f"{were} at or below zero, as may be on {self._calendar.name}")
        report.warnings.extend([*self._oddities.told(), *self._spikes.told(), *self._growing.told()])

    def _note_reading(self, block: RawBars) -> None:
        broken = block.broken
        self._report.blank_rows += broken.blank
        self._report.rows += len(block.rows) + broken.count
        examples = [
            Example(row=row.row, reason=broken.reason, field=row.field, seen=row.seen, expected=row.expected)
            for row in broken.rows
        ]
        self._report.reject(broken.reason, broken.count, examples)
        self._remarks.update(dict.fromkeys(block.remarks))
        self._ambiguous += block.ambiguous
        self._nonexistent += block.nonexistent

    def _fill_volumes(self, bars: RawBars) -> None:
        unknown = np.isnan(bars.values[VOLUME])
        if unknown.any():
            bars.values[VOLUME, unknown] = 0.0
            self._without_volume += int(np.count_nonzero(unknown))

    def _assigned(self, starts_ns: Stamps) -> Assignment:
        """Ask for each distinct start only once, where many symbols share them."""
        minutes, place = _shared(starts_ns)
        assignment = self._calendar.assign(minutes)
        if self._calendar.clipped is not None and bool((assignment.date_index < 0).any()):
            self._remarks[self._calendar.clipped] = None
        if place is not None:
            assignment = Assignment(
                dates=assignment.dates,
                date_index=assignment.date_index[place],
                segment=assignment.segment[place],
            )
        self._oddities.note(starts_ns, assignment)
        return assignment

    def _note_rejections(self, bars: RawBars, codes: Codes) -> None:
        if not codes.any():
            return
        for code in np.unique(codes[codes != 0]).tolist():
            places = np.flatnonzero(codes == code)
            examples = [
                _example(bars, int(place), int(code), self._calendar, self._base) for place in places[:EXAMPLES]
            ]
            self._report.reject(_REASONS[code], len(places), examples)

    def _note_content(self, kept: FileBars) -> None:
        has_bars = np.bincount(kept.symbol_index, minlength=len(kept.symbols)) > 0
        self._symbols.update(compress(kept.symbols, has_bars))
        dates = kept.assignment.dates
        has_dates = np.bincount(kept.assignment.date_index, minlength=len(dates)) > 0
        self._sessions.update(compress(dates, has_dates))


def _place_of(reason: str) -> int:
    return _ORDER.index(reason) if reason in _ORDER else -1


def _shared(starts_ns: Stamps) -> tuple[Stamps, Indices | None]:
    """Return the distinct starts and each row's place among them, or all of them where few are shared."""
    if not len(starts_ns):
        return starts_ns, None
    first = int(starts_ns.min())
    offsets, rest = np.divmod(starts_ns - first, MINUTE_NS)
    size = int(offsets.max()) + 1
    if size > len(starts_ns) // 4 or rest.any():
        return starts_ns, None
    occurs = np.zeros(size, dtype=np.bool_)
    occurs[offsets] = True
    place = (np.cumsum(occurs, dtype=np.int32) - np.int32(1))[offsets]
    return np.flatnonzero(occurs) * MINUTE_NS + first, place


def _selected(bars: RawBars, assignment: Assignment, keep: Mask) -> FileBars:
    rows: Mask | slice = slice(None) if keep.all() else keep
    return FileBars(
        symbols=bars.symbols,
        symbol_index=bars.symbol_index[rows],
        start_ns=bars.start_ns[rows],
        values=bars.values[:, rows],
        rows=bars.rows[rows],
        assignment=Assignment(
            dates=assignment.dates, date_index=assignment.date_index[rows], segment=assignment.segment[rows]
        ),
    )


def _example(bars: RawBars, place: int, code: int, calendar: Calendar, base: Interval) -> Example:
    values: dict[str, float] = dict(zip(FIELDS, bars.values[:, place].tolist(), strict=False))
    # As the file has it: the end of the bar, where that is what it is stamped with.
    at_ns = int(bars.start_ns[place]) + (base.span_ns if bars.stamp is Stamp.END else 0)
    stamp = f"{moment(at_ns, calendar.tz):%Y-%m-%d %H:%M:%S %Z}"
    field, seen, expected = _explained(code, values, stamp, calendar, base)
    return Example(row=int(bars.rows[place]), reason=_REASONS[code], field=field, seen=seen, expected=expected)


def _explained(
    code: int, values: dict[str, float], start: str, calendar: Calendar, base: Interval
) -> tuple[str, str, str]:
    prices = FIELDS[: CLOSE + 1]
    match code:
        case 100:
            return next(name for name in prices if np.isnan(values[name])), "an empty cell", "a price"
        case 101:
            return "time", start, f"a minute of a day on which {calendar.name} has a session"
        case Fault.NOT_FINITE:
            field = next((name for name in FIELDS if not np.isfinite(values[name])), "vwap or trades")
            return field, f"{values.get(field, np.inf):g}", "a finite number"
        case Fault.PRICE_NOT_POSITIVE:
            field = next(name for name in prices if values[name] <= 0)
            return field, f"{values[field]:g}", "a price above 0, or --allow-negative"
        case Fault.HIGH_TOO_LOW:
            return (
                "high",
                _number(values["high"]),
                f"at least {_number(max(values['open'], values['close']))}, the higher of open and close",
            )
        case Fault.LOW_TOO_HIGH:
            return (
                "low",
                _number(values["low"]),
                f"at most {_number(min(values['open'], values['close']))}, the lower of open and close",
            )
        case Fault.VOLUME_NEGATIVE:
            return "volume", _number(values["volume"]), "0 or more"
        case _:
            return "time", start, "a stamp on the minute" if base == ONE_MINUTE else f"a stamp on a whole {base}"


def _number(value: float) -> str:
    return f"{value:.10g}"
