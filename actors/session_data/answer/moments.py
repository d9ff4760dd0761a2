"""What readers mean by a clock time or a date, as one sees it from the session that they ask about."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from messages.errors import SettingsError
from messages.queries import Moment
from messages.values import SECOND_NS, Nanos, TradingSession, moment


def span_of(start: Moment | None, end: Moment | None, session: TradingSession) -> tuple[Nanos | None, Nanos | None]:
    """Return the instants of a span's start and end; ``None`` stays.

    Raises:
        SettingsError: it ends before it starts.
    """
    first = None if start is None else instant_of(start, session)
    last = None if end is None else instant_of(end, session, is_end=True)
    if first is not None and last is not None and last < first:
        said_last, said_first = (moment(one, session.tz).isoformat(" ") for one in (last, first))
        raise SettingsError(f"the end {said_last} is before the start {said_first}")
    return first, last


def instant_of(given: Moment, session: TradingSession, *, is_end: bool = False) -> Nanos:
    """Return the instant of a date, or of a clock time of the exchange, as one sees it from a session.

    A date is the session of that date, from its first to its last minute; other dates lie before or after all
    of this session. A clock time is that of the one of the session's dates on which it is open: a session of
    futures begins on the evening before its own date; a time at which it never is open is that of its own date.
    """
    if isinstance(given, int):
        return given
    if ":" not in given:
        is_after = given > session.date or (given == session.date and is_end)
        return session.end_ns if is_after else session.start_ns
    clock, _, fraction = given.partition(".")
    aware = datetime.fromisoformat(f"{session.date}T{clock}").replace(tzinfo=ZoneInfo(session.tz))
    below_ns = int(fraction.ljust(9, "0"))
    own, eve = (int(day.timestamp()) * SECOND_NS + below_ns for day in (aware, aware - timedelta(days=1)))
    first, last = session.start_ns + is_end, session.end_ns - (not is_end)  # as a start or as an end of a span
    return eve if not first <= own <= last and first <= eve <= last else own
