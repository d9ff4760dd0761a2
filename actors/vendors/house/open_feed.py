"""How ``live`` gets a market that is made up, or a stored day: from which session on, and by which clock."""

from datetime import UTC, datetime, timedelta

from actors.feeds.replay import replay_feed
from actors.feeds.simulated.feed import SimulatedStream, simulated_feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.feeds.simulated.prints import PrintRates
from actors.kernel.clock import SystemClock
from actors.kernel.ports import BarStore
from actors.market.calendar import Calendar
from actors.reading.spelling.addresses import shown
from actors.storage.elsewhere.opening import is_one_place, open_store
from actors.vendors.feed_request import FeedRequest, OpenedFeed
from messages.errors import DataError, SettingsError
from messages.values import SECOND_NS, Nanos, TradingSession

_SIMULATED_SYMBOLS = 100
_SIMULATED_SPEED = 60.0
_LEAD_S = 60.0
_AHEAD_DAYS = 400
_TRADES = SimulatedStream(has_bars=False, rates=PrintRates(ticks=6, quotes=2))
"""What a simulated market sends that sends no bars, each minute of each symbol."""


def open_simulated(request: FeedRequest) -> OpenedFeed:
    """Return a market that is made up, of the symbols named or of as many as a number says.

    Raises:
        SettingsError: the calendar knows no such session.
    """
    market = _market(request.settings.symbols)
    speed = request.speed or _SIMULATED_SPEED
    sessions = _sessions(request.calendar, request.start)
    clock = _clock(speed, sessions)
    feed = simulated_feed(market, sessions, clock, _TRADES if request.trades_only else None)
    return OpenedFeed(feed=feed, clock=clock, speed=speed, symbols=market.symbols)


def open_replay(request: FeedRequest) -> OpenedFeed:
    """Return the days of a store, from the one asked for, the one at hand, or else the last.

    Raises:
        SettingsError: no store is named, or the very one that is written to, or one of bars of another length.
        DataError: it has no such day.
    """
    archive = _archive(request)
    sessions = _stored(request.calendar, request.start, archive)
    speed = request.speed or 1.0
    clock = _clock(speed, sessions)
    feed = replay_feed(archive, sessions[:1] if request.until_close else sessions, clock)
    return OpenedFeed(feed=feed, clock=clock, speed=speed)


def _clock(speed: float, sessions: tuple[TradingSession, ...]) -> SystemClock:
    """Return a clock that starts a minute before the first session, and at least a second on the wall."""
    return SystemClock(speed, sessions[0].start_ns - round(max(_LEAD_S, speed) * SECOND_NS))


def _archive(request: FeedRequest) -> BarStore:
    if request.comes_from is None:
        raise SettingsError("name the store that is replayed: --from DIR")
    place = request.comes_from
    if is_one_place(place, request.settings.store):
        raise SettingsError(f"--from {shown(place)} is the store that is written to; replay a day into another one")
    archive = open_store(place, read_only=True)
    held, base = archive.base_interval(), request.settings.rules.base_interval
    if held not in (None, base):
        raise SettingsError(f"--from {shown(place)} holds bars of {held}; the base interval is {base}")
    return archive


def _sessions(calendar: Calendar, start: str | None) -> tuple[TradingSession, ...]:
    """Return the sessions to be sent, the first of them that of ``start``, or the one at hand, or the next."""
    first = start or (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    last = datetime.fromisoformat(first) + timedelta(days=_AHEAD_DAYS)
    sessions = calendar.sessions(first, last.date().isoformat())
    coming = sessions if start else tuple(session for session in sessions if session.end_ns > _now_ns())
    if not coming:
        raise SettingsError(f"calendar {calendar.name} knows no session from {first} on")
    return coming


def _stored(calendar: Calendar, start: str | None, archive: BarStore) -> tuple[TradingSession, ...]:
    held = archive.dates(calendar.name)
    if not held:
        raise DataError(f"there is no day of {calendar.name} to replay")
    kept = set(held)
    sessions = tuple(session for session in calendar.sessions(held[0], held[-1]) if session.date in kept)
    if start is None:
        return tuple(session for session in sessions if session.end_ns > _now_ns()) or sessions[-1:]
    coming = tuple(session for session in sessions if session.date >= start)
    if not coming:
        raise DataError(f"the last day that could be replayed is {held[-1]}, before {start}")
    return coming


def _now_ns() -> Nanos:
    return round(datetime.now(UTC).timestamp() * SECOND_NS)


def _market(symbols: tuple[str, ...]) -> SimulatedMarket:
    if len(symbols) <= 1 and all(symbol.isdecimal() for symbol in symbols):
        return SimulatedMarket.of_size(int(symbols[0]) if symbols else _SIMULATED_SYMBOLS)
    return SimulatedMarket(symbols=symbols)
