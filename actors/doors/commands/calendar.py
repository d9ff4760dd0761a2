"""The ``calendar`` command: when an exchange trades."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from actors.doors.cli.invocation import program
from actors.doors.show import paper
from actors.market.calendar import Calendar, known_calendars
from actors.market.hours.own import NOTHING_OWN, OwnHours
from actors.market.instants import nanos
from actors.market.opening_hours import OpeningHours, OpeningTimes
from actors.reading.spelling.addresses import Place
from actors.storage.elsewhere.opening import open_store, own_hours_at
from messages.errors import SettingsError
from messages.values import moment

_AHEAD_DAYS = 13
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d)?")
_MOST = 60


def names(*, as_json: bool) -> None:
    """Print every name that a calendar may be asked for by."""
    found = known_calendars()
    if as_json:
        paper.show_json({"calendars": found})
    else:
        paper.show(", ".join(found), f"One of them: {program()} calendar XNYS")


def hours(name: str, store: Place | None, start: str | None, end: str | None, at: str | None, *, as_json: bool) -> None:
    """Print an exchange's sessions in a range, and how it stands at a moment.

    Args:
        name: the calendar.
        store: whose ``special_sessions.toml`` goes before it.
        start: the first date; by default that of the moment.
        end: the last date; by default two weeks of it.
        at: the moment; by default now.
        as_json: one object instead of a table.

    Raises:
        DataError: there is no such store, and no hours beside it.
        SettingsError: nobody knows the calendar, or a date or the moment is none.
    """
    times = OpeningTimes(Calendar(name, own=_own_hours(store)))
    instant = datetime.now(UTC) if at is None else _instant(at, times.tz)
    now, extended = times.session_at(instant), times.session_at(instant, extended=True)
    coming, gone = times.next_session(instant), times.previous_session(instant)
    first = start or end or times.next_session(gone.date).date
    last = end or (first if start is not None else _later(first))
    sessions = times.hours_between(first, last)
    told = {
        "calendar": times.name,
        "tz": times.tz,
        "at": moment(nanos(instant), times.tz).isoformat(timespec="seconds"),
        "is_open": now is not None,
        "is_open_extended": extended is not None,
        "previous": times.hours(gone.date),
        "next": times.hours(coming.date),
        "start": first,
        "end": last,
        "sessions": sessions,
        "late_opens": [one.date for one in sessions if one.is_late_open],
        "early_closes": [one.date for one in sessions if one.is_early_close],
    }
    if as_json:
        paper.show_json(told)
    else:
        paper.show(*_parts(told, sessions))


def _own_hours(store: Place | None) -> OwnHours:
    if store is None:
        return NOTHING_OWN
    if (own := own_hours_at(store)) == NOTHING_OWN:  # a store that is not there yet may have a file beside it already
        open_store(store, read_only=True).close()
    return own


def _instant(text: str, tz: str) -> datetime:
    """Return what a text says; without a zone it is exchange time, without a date today's."""
    zone = ZoneInfo(tz)
    words = f"{datetime.now(zone).date()}T{text:0>5}" if _CLOCK.fullmatch(text) else text
    try:
        found = datetime.fromisoformat(words)
        if len(words.strip()) <= len("2024-07-02"):
            raise ValueError("a date")  # noqa: TRY301  # it is open at some of its moments
    except ValueError:
        raise SettingsError(
            f"--at {text}: expected 2024-07-02T10:30, in exchange time unless an offset stands behind it, or 10:30"
        ) from None
    return found if found.utcoffset() is not None else found.replace(tzinfo=zone)


def _later(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=_AHEAD_DAYS)).isoformat()


def _parts(told: dict[str, Any], sessions: tuple[OpeningHours, ...]) -> Iterator[paper.Sheet | str]:
    state = "open" if told["is_open"] else "in extended hours" if told["is_open_extended"] else "closed"
    around = ", ".join(f"{which} {_brief(told[which])}" for which in ("previous", "next"))
    yield f"{told['calendar']} is {state} at {told['at']}; {around}"
    if not sessions:
        raise SettingsError(f"{told['calendar']} has no session from {told['start']} to {told['end']}")
    sheet = paper.Sheet(
        f"Sessions of {told['calendar']} in {told['tz']}",
        (
            paper.Column("Date", is_text=True),
            paper.Column("Hours", is_text=True),
            paper.Column("Minutes"),
            paper.Column("Extended", rank=2, is_text=True),
            paper.Column("Note", rank=1, is_text=True),
        ),
    )
    for one in sessions[:_MOST]:
        notes = ["opens late"] * one.is_late_open + ["closes early"] * one.is_early_close
        regular, extended = _spans(one, is_regular=True), _spans(one, is_regular=False)
        sheet.add(_weekday(one.date), regular, str(one.minutes), extended, ", ".join(notes))
    yield sheet
    if len(sessions) > _MOST:
        yield f"and {len(sessions) - _MOST} more; --json has them all"


def _weekday(day: str) -> str:
    return f"{date.fromisoformat(day):%a %Y-%m-%d}"


def _brief(hours: OpeningHours) -> str:
    return f"{_weekday(hours.date)} ({_clock(hours.open, hours.date)}-{_clock(hours.close, hours.date)})"


def _spans(hours: OpeningHours, *, is_regular: bool) -> str:
    chosen = [part for part in hours.segments if (part.kind == "regular") is is_regular]
    return ", ".join(f"{_clock(part.start, hours.date)}-{_clock(part.end, hours.date)}" for part in chosen)


def _clock(at: datetime, label: str) -> str:
    """Return a clock time, with its weekday where that is not the label's."""
    return f"{at:%H:%M}" if at.date().isoformat() == label else f"{at:%a %H:%M}"
