"""Days on which a file has a session that its calendar does not: offered as a line for ``special_sessions.toml``.

A calendar may be wrong where a file is right: a Saturday on which an exchange traded, a day that began an hour late.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import msgspec
import numpy as np

from actors.importing.stamp_sample import MinuteSet
from actors.market.calendar import Calendar
from actors.storage.own_hours import FILE
from messages.tables.columns import Mask, Stamps
from messages.values import DAY_NS, MINUTE_NS, SECOND_NS, Nanos, SegmentKind, moment

_FULL = 30
"""So many minutes of a day are more than stray ones."""
_FEW_DAYS = 3
_FEW_SHARE = 0.2
"""On more days than these the calendar or the zone is wrong, not the day."""
_PAUSE_NS = 30 * MINUTE_NS
_STEP_NS = 30 * MINUTE_NS
_FARTHEST_NS = 3 * 60 * MINUTE_NS
_AS_FAR_AS_ZONES_NS = 14 * 60 * MINUTE_NS
_SHOWN = 5
_ALWAYS = "24/7"
FEWEST_PAUSES = 3
"""A file may begin in the midst of a day, and end with it."""
NEAR_CURRENCIES = ("us_futures", "24/5")
"""The calendars that are taken for the week of currencies."""


class SpecialDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day that a file has otherwise than its calendar."""

    date: str
    hours: str
    """As ``special_sessions.toml`` has them."""
    is_shifted: bool
    """Whether the calendar has a session on it, which begins and ends earlier or later by the same time."""


class Doubts(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """In which days a file and its calendar contradict each other."""

    days: list[SpecialDay]
    """Those that are the calendar's fault, ascending."""
    is_special: Mask
    """For each minute, whether it is of one of them."""
    shifts_ns: dict[str, Nanos]
    """How much later sessions begin and end, by date; where that is so on many, it is no fault of the calendar."""


def special_days(minutes: Stamps, calendar: Calendar) -> Doubts:
    """Return the days of a file that look like sessions of hours that the calendar does not know.

    Args:
        minutes: those that have a bar, ascending.
        calendar: what is doubted.
    """
    assigned = calendar.assign(minutes)
    nowhere = np.flatnonzero(assigned.date_index < 0)
    unknown = [one for one in _by_date(minutes, nowhere, calendar.tz) if len(one) >= _FULL]
    at_home = assigned.segment[assigned.date_index >= 0] != SegmentKind.OUTSIDE
    of_date = np.argsort(assigned.date_index, kind="stable")
    edges = np.searchsorted(assigned.date_index[of_date], np.arange(len(assigned.dates) + 1))
    shifts_ns = _shifts_ns(minutes[of_date], edges, assigned.dates, calendar)
    few, sessions = max(1, len(assigned.dates) * _FEW_SHARE), len(assigned.dates)
    shifted = {
        day: of_date[slice(*edges[place : place + 2])]
        for place, day in enumerate(assigned.dates)
        if day in shifts_ns and len(shifts_ns) <= few
    }
    is_at_home = not len(at_home) or bool(shifted) or float(at_home.mean()) > 1 - _FEW_SHARE
    if not is_at_home or len(unknown) > max(_FEW_DAYS, sessions * _FEW_SHARE):
        unknown = []
    off = {moment(int(minutes[own[0]]), calendar.tz).date().isoformat(): own for own in unknown}
    is_special = np.zeros(len(minutes), dtype=np.bool_)
    for own in (*off.values(), *shifted.values()):
        is_special[own] = True
    days = [
        SpecialDay(date=day, hours=_ranges(minutes[own], calendar.tz), is_shifted=day in shifted)
        for day, own in sorted((off | shifted).items())
    ]
    return Doubts(days=days, is_special=is_special, shifts_ns=shifts_ns)


def looks_like_currencies(minutes: Stamps, calendar: Calendar) -> bool:
    """Return whether a calendar of futures or of weekdays was taken for currencies, whose week begins on Sunday."""
    if calendar.name not in NEAR_CURRENCIES or not len(minutes):
        return False
    theirs, own = (
        float((one.assign(minutes).segment != SegmentKind.OUTSIDE).mean()) for one in (Calendar("FX"), calendar)
    )
    return theirs > own and theirs > 1 - _FEW_SHARE / 10


def offers(calendar: Calendar, found: list[SpecialDay]) -> list[str]:
    """Return a sentence for the days without a session, and one for those of other hours, with the lines to add."""
    said = {
        False: "has no session, and the file has one",
        True: "has other hours than the file, by the same time at both ends (or the zone is another: --tz)",
    }
    told = []
    for is_shifted, what in said.items():
        days = [one for one in found if one.is_shifted is is_shifted]
        if days:
            lines = [f'{_key(calendar.name)}.{one.date} = "{one.hours}"' for one in days[:_SHOWN]]
            more = [f"and {len(days) - _SHOWN} more"] if len(days) > _SHOWN else []
            which = days[0].date if len(days) == 1 else f"{len(days)} days"
            told.append(
                f"on {which} {calendar.name} {what}: if the exchange traded then, put this into {FILE} beside the "
                f"store and import again: {'; '.join([*lines, *more])}"
            )
    return told


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'


def _by_date(minutes: Stamps, places: Stamps, zone: str) -> list[Stamps]:
    """Return the places of some ascending minutes, those of one date in a zone together."""
    found, first = [], 0
    chosen = minutes[places]
    while first < len(places):
        here = moment(int(chosen[first]), zone)
        midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        end = max(first + 1, int(np.searchsorted(chosen, round(midnight.timestamp()) * SECOND_NS)))
        found.append(places[first:end])
        first = end
    return found


def _shifts_ns(minutes: Stamps, edges: Stamps, days: Sequence[str], calendar: Calendar) -> dict[str, Nanos]:
    """Return how much later days begin and end than their sessions, of those that do so by the same half hours.

    Args:
        minutes: one day after the other.
        edges: where each day begins in them, and the last one ends.
        days: their dates.
        calendar: whose sessions.
    """
    if not days:
        return {}
    shifts_ns = shifts(minutes, edges, *calendar.regular_hours(days))
    return {days[place]: int(shifts_ns[place]) for place in np.flatnonzero(shifts_ns).tolist()}


def shifts(minutes: Stamps, edges: Stamps, opens: Stamps, closes: Stamps, expected: Stamps) -> Stamps:
    """Return for each day how much later than its session it begins and ends, where that is by the same half hours.

    Args:
        minutes: one day after the other, each ascending.
        edges: where each day begins in them, and the last one ends.
        opens: when the session of each day opens.
        closes: when it closes.
        expected: how many regular minutes it has.

    Returns:
        0 where the day does not begin and end so.
    """
    first, last = minutes[edges[:-1]] - opens, minutes[edges[1:] - 1] + MINUTE_NS - closes
    is_shifted = (np.diff(edges) >= np.maximum(_FULL, expected // 2)) & (first == last)
    is_shifted &= (first % _STEP_NS == 0) & (np.abs(first) <= _FARTHEST_NS)
    return np.where(is_shifted, first, 0)


def pause_told(minutes: MinuteSet, dates: Iterable[str], calendar: Calendar, cause: str) -> list[str]:
    """Return the sentence about a market that pauses earlier or later than its calendar says, if it does.

    Args:
        minutes: those that have a bar.
        dates: those of their sessions.
        calendar: whose sessions.
        cause: what that may come from.
    """
    if not trades_day_and_night(calendar, days := sorted(dates)):
        return []
    shift_ns = _pauses_later_ns(minutes.ascending(), days, calendar)
    said = f"weeks and days begin and end {hours_later(shift_ns)} than those of {calendar.name}: {cause}"
    return [said] if shift_ns else []


def hours_later(shift_ns: Nanos) -> str:
    """Return a shift in words."""
    return f"{abs(shift_ns) / (60 * MINUTE_NS):g} h {'later' if shift_ns > 0 else 'earlier'}"


def trades_day_and_night(calendar: Calendar, dates: Sequence[str]) -> bool:
    """Return whether some sessions are as long as a day, and others do not follow them without end."""
    opens, closes, _ = calendar.regular_hours(dates)
    return calendar.name != _ALWAYS and bool(np.any(closes - opens >= DAY_NS))


def _pauses_later_ns(minutes: Stamps, dates: Sequence[str], calendar: Calendar) -> Nanos:
    """Return how much later than its calendar says a market begins and ends that trades day and night, 0: it does not.

    Its weeks are looked at and, for it may pause for an hour, its days: then it is that pause that is later.
    """
    opens, closes, _ = calendar.regular_hours(dates)
    ends = np.append(np.flatnonzero(opens[1:] - closes[:-1] >= DAY_NS), len(closes) - 1)
    late, over = _edges(minutes, opens[np.append(0, ends[:-1] + 1)], closes[ends])
    # Some trade to the last minute of the week, and others to the hour before.
    of_weeks = (np.sign(late) == np.sign(over)) & (np.abs(late - over) <= 60 * MINUTE_NS) & (np.abs(over) >= _STEP_NS)
    if shift_ns := _usual(late[of_weeks & (np.abs(late) <= _AS_FAR_AS_ZONES_NS)], len(ends)):
        return shift_ns
    late, over = _edges(minutes, opens, closes)
    late = late[begin_after_a_pause(late, over, opens, closes)]
    return _usual(late, len(dates)) if len(late) >= FEWEST_PAUSES else 0


def begin_after_a_pause(late: Stamps, over: Stamps, opens: Stamps, closes: Stamps) -> Mask:
    """Return which sessions of day and night begin some half hours late and last to their end.

    Args:
        late: how much later than its open each begins.
        over: how much later than its close each ends.
        opens: when each opens.
        closes: when each closes.
    """
    is_late = (late > 0) & (late <= _FARTHEST_NS) & (late % _STEP_NS == 0)
    found: Mask = is_late & (over == 0) & (closes - opens >= DAY_NS)
    return found


def _edges(minutes: Stamps, opens: Stamps, closes: Stamps) -> tuple[Stamps, Stamps]:
    """Return how much later than each open the first minute is, and than each close the end of the last."""
    first = np.searchsorted(minutes, np.append(0, (closes[:-1] + opens[1:]) // 2))
    last = np.append(first[1:], len(minutes)) - 1
    return minutes[np.minimum(first, len(minutes) - 1)] - opens, minutes[last] + MINUTE_NS - closes


def _usual(shifts_ns: Stamps, of: int) -> Nanos:
    """Return the shift of most, if it is one of half hours."""
    found, counts = np.unique(shifts_ns[shifts_ns % _STEP_NS == 0], return_counts=True)
    return int(found[np.argmax(counts)]) if len(found) and counts.max() * 2 > of else 0


def _ranges(minutes: Stamps, zone: str) -> str:
    """Return hours that minutes lie in; where there is none for long there is a break."""
    breaks = np.flatnonzero(np.diff(minutes) > _PAUSE_NS) + 1
    parts = np.split(minutes, breaks)
    last = moment(int(minutes[-1]), zone).date()
    return ", ".join(f"{_clock(int(part[0]), zone)}-{_clock(int(part[-1]) + MINUTE_NS, zone, last)}" for part in parts)


def _clock(instant_ns: int, zone: str, day: date | None = None) -> str:
    at = moment(instant_ns, zone)
    return "24:00" if day is not None and at.date() == day + timedelta(days=1) else f"{at:%H:%M}"
