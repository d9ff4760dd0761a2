"""One file's bars against a calendar: which can be kept, what is wrong with the others, and what looks odd."""

from collections.abc import Iterable

import msgspec
import numpy as np

from actors.market.calendar import Assignment, Calendar
from actors.market.validate import Fault, faults
from actors.vendors import oddities
from actors.vendors.format import EXAMPLES, RawBars
from actors.vendors.report import Example, FileReport
from messages.columns import CLOSE, FIELDS, VOLUME, Floats, Indices, Stamps
from messages.values import MINUTE_NS, moment

EMPTY_PRICE, NOT_A_SESSION_DAY, UNPARSABLE = "empty_price", "not_a_session_day", "unparsable"
_EMPTY, _NO_SESSION = 100, 101
_REASONS = {fault.value: fault.reason for fault in Fault} | {_EMPTY: EMPTY_PRICE, _NO_SESSION: NOT_A_SESSION_DAY}


class FileBars(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The bars of one file, in its order; after judging with the session that each belongs to."""

    symbols: tuple[str, ...]
    symbol_index: Indices
    start_ns: Stamps
    values: Floats
    rows: Stamps
    assignment: Assignment | None = None


def gathered(blocks: list[RawBars]) -> FileBars:
    """Join a file's blocks: one table of symbols, in upper case, and volumes of 0 where cells are empty."""
    names = sorted({symbol.upper() for block in blocks for symbol in block.symbols})
    place = {symbol: index for index, symbol in enumerate(names)}
    index = [
        np.array([place[symbol.upper()] for symbol in block.symbols], np.int32)[block.symbol_index] for block in blocks
    ]
    fields = max(len(block.values) for block in blocks)
    return FileBars(
        symbols=tuple(names),
        symbol_index=_joined(index),
        start_ns=_joined([block.start_ns for block in blocks]),
        values=_joined([widened(block.values, fields) for block in blocks], axis=1),
        rows=_joined([block.rows for block in blocks]),
    )


def _joined(arrays: list, axis: int = 0):  # type: ignore[no-untyped-def, type-arg]  # of any dtype, and the same one back
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=axis)


def widened(values: Floats, fields: int) -> Floats:
    """Return values with rows of NaN for the fields that they lack."""
    if len(values) == fields:
        return values
    return np.vstack([values, np.full((fields - len(values), values.shape[1]), np.nan)])


def note_reading(report: FileReport, blocks: Iterable[RawBars]) -> None:
    """Write into the report what reading alone tells: blank and unreadable rows, remarks, clocks that changed."""
    ambiguous = nonexistent = 0
    for block in blocks:
        report.blank_rows += block.broken.blank
        report.rows += len(block.rows) + block.broken.count
        examples = [
            Example(row=broken.row, reason=UNPARSABLE, field=broken.field, seen=broken.seen, expected=broken.expected)
            for broken in block.broken.rows
        ]
        report.reject(UNPARSABLE, block.broken.count, examples)
        report.warnings.extend(remark for remark in block.remarks if remark not in report.warnings)
        ambiguous += block.ambiguous
        nonexistent += block.nonexistent
    if ambiguous:
        report.warnings.append(f"{ambiguous} stamps occur twice because clocks went back; read as the first of the two")
    if nonexistent:
        report.warnings.append(
            f"{nonexistent} stamps do not exist: clocks went forward; read with the offset from before the change"
        )


def judge(
    bars: FileBars, calendar: Calendar, report: FileReport, *, allow_negative: bool, stamp_is_assumed: bool
) -> FileBars:
    """Return the bars that can be kept, with their sessions; the report says what became of the others.

    Args:
        bars: a file's bars.
        calendar: whose sessions they belong to.
        report: where rejections, warnings and sessions are written.
        allow_negative: whether prices may be zero or below.
        stamp_is_assumed: whether nobody said which end of the bar its stamp is.
    """
    _fill_volumes(bars, report)
    codes = faults(bars.values, bars.start_ns, allow_negative=allow_negative)
    if codes.any():
        codes[np.isnan(bars.values[: CLOSE + 1]).any(axis=0)] = _EMPTY
    assignment = _assigned(bars.start_ns, calendar)
    codes[(assignment.date_index < 0) & (codes == 0)] = _NO_SESSION
    report.warnings.extend(oddities.of(bars.start_ns, assignment, calendar, stamp_is_assumed=stamp_is_assumed))
    _note_rejections(bars, codes, calendar, report)
    keep = codes == 0
    if keep.all():
        kept = msgspec.structs.replace(bars, assignment=assignment)
    else:
        kept = FileBars(
            symbols=bars.symbols,
            symbol_index=bars.symbol_index[keep],
            start_ns=bars.start_ns[keep],
            values=bars.values[:, keep],
            rows=bars.rows[keep],
            assignment=Assignment(
                dates=assignment.dates, date_index=assignment.date_index[keep], segment=assignment.segment[keep]
            ),
        )
    _note_content(kept, report)
    return kept


def _assigned(starts_ns: Stamps, calendar: Calendar) -> Assignment:
    """Ask for each distinct start only once, where many symbols share them."""
    if not len(starts_ns):
        return calendar.assign(starts_ns)
    first = int(starts_ns.min())
    offsets, rest = np.divmod(starts_ns - first, MINUTE_NS)
    size = int(offsets.max()) + 1
    if size > len(starts_ns) // 4 or rest.any():
        return calendar.assign(starts_ns)
    occurs = np.zeros(size, dtype=np.bool_)
    occurs[offsets] = True
    place = (np.cumsum(occurs, dtype=np.int32) - np.int32(1))[offsets]
    distinct = calendar.assign(np.flatnonzero(occurs) * MINUTE_NS + first)
    return Assignment(dates=distinct.dates, date_index=distinct.date_index[place], segment=distinct.segment[place])


def _fill_volumes(bars: FileBars, report: FileReport) -> None:
    unknown = np.isnan(bars.values[VOLUME])
    if unknown.any():
        bars.values[VOLUME, unknown] = 0.0
        report.warnings.append(f"{np.count_nonzero(unknown)} rows have no volume; read as 0")


def _note_rejections(bars: FileBars, codes, calendar: Calendar, report: FileReport) -> None:  # type: ignore[no-untyped-def]
    for code in np.unique(codes[codes != 0]).tolist():
        places = np.flatnonzero(codes == code)
        examples = [_example(bars, int(place), int(code), calendar) for place in places[:EXAMPLES]]
        report.reject(_REASONS[code], len(places), examples)


def _note_content(kept: FileBars, report: FileReport) -> None:
    assert kept.assignment is not None
    has_bars = np.bincount(kept.symbol_index, minlength=len(kept.symbols)) > 0
    report.symbols = [symbol for symbol, is_there in zip(kept.symbols, has_bars, strict=True) if is_there]
    has_dates = np.bincount(kept.assignment.date_index, minlength=len(kept.assignment.dates)) > 0
    report.sessions = [date for date, is_there in zip(kept.assignment.dates, has_dates, strict=True) if is_there]


def _example(bars: FileBars, place: int, code: int, calendar: Calendar) -> Example:
    values: dict[str, float] = dict(zip(FIELDS, bars.values[:, place].tolist(), strict=False))
    start = moment(int(bars.start_ns[place]), calendar.tz)
    field, seen, expected = _explained(code, values, f"{start:%Y-%m-%d %H:%M:%S %Z}", calendar)
    return Example(row=int(bars.rows[place]), reason=_REASONS[code], field=field, seen=seen, expected=expected)


def _explained(code: int, values: dict[str, float], start: str, calendar: Calendar) -> tuple[str, str, str]:
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
            return field, f"{values[field]:g}", "a price above 0 (or negative prices allowed)"
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
            return "time", start, "a stamp on the minute"


def _number(value: float) -> str:
    return f"{value:.10g}"
