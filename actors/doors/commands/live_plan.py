"""What a live run is made of: settings, a feed, and the clock that it goes by."""

import os
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import msgspec

from actors.doors.commands import check_config
from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.jsonlines.line_source import FileSource, LineSource, PipeSource, SocketSource
from actors.feeds.port import Feed
from actors.feeds.replay import replay_feed
from actors.feeds.simulated.feed import SimulatedStream, simulated_feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.feeds.simulated.prints import PrintRates
from actors.kernel.clock import SystemClock
from actors.market.calendar import Calendar
from actors.settings import SessionRules, Settings
from actors.storage.parquet import ParquetStore
from actors.vendors.alpaca.feed import CHANNELS, AlpacaFeed
from actors.vendors.alpaca.keys import AlpacaKeys
from messages.errors import DataError, SettingsError
from messages.values import ONE_MINUTE, SECOND_NS, Mode, Nanos, TradingSession

_DEFAULT_CALENDAR = "XNYS"
_DEFAULT_STORE = "store"
_SIMULATED_SYMBOLS = 100
_SIMULATED_SPEED = 60.0
_LEAD_S = 60.0
_AHEAD_DAYS = 400
_PACED = ("simulated", "replay")
_TRADES = SimulatedStream(has_bars=False, rates=PrintRates(ticks=6, quotes=2))
"""What a simulated market sends that sends no bars, each minute of each symbol."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the options of ``live`` say."""

    feed: str
    store: Path | None = None
    symbols: tuple[str, ...] = ()
    calendar: str | None = None
    speed: float | None = None
    until_close: bool = False
    config: Path | None = None
    fill_from: tuple[str, ...] = ()
    extended_hours: bool = False
    comes_from: str | None = None
    start: str | None = None
    keys: Path | None = None
    stream: str = "iex"
    channels: tuple[str, ...] = ()
    trades_only: bool = False


class LivePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A live run before it is started."""

    settings: Settings
    calendar: Calendar
    feed: Feed
    clock: SystemClock
    speed: float
    ends_with_feed: bool
    """Whether the run is over when the feed has no more, without waiting for the close."""


def plan(wishes: Wishes) -> LivePlan:
    """Put together what was wished for.

    Raises:
        SettingsError: wishes contradict each other, or a feed lacks something.
        DataError: there is nothing to replay.
    """
    _check(wishes)
    settings = _settings(wishes)
    if wishes.feed == "simulated":
        settings = msgspec.structs.replace(settings, symbols=_market(settings.symbols).symbols)
    calendar = _calendar(settings)
    speed = wishes.speed or (_SIMULATED_SPEED if wishes.feed == "simulated" else 1.0)
    feed, clock = _feed_and_clock(wishes, settings, calendar, speed)
    return LivePlan(
        settings=settings,
        calendar=calendar,
        feed=feed,
        clock=clock,
        speed=speed,
        ends_with_feed=wishes.feed == "jsonlines",
    )


def _feed_and_clock(wishes: Wishes, settings: Settings, calendar: Calendar, speed: float) -> tuple[Feed, SystemClock]:
    if wishes.feed == "alpaca":
        return _alpaca(wishes, settings), SystemClock()
    if wishes.feed == "jsonlines":
        lines, interval = _lines(wishes.comes_from), settings.rules.base_interval
        return JsonLinesFeed(lines, has_bars=not wishes.trades_only, interval=interval), SystemClock()
    archive = _archive(wishes, settings)
    sessions = _sessions(calendar, wishes.start, archive)
    clock = SystemClock(speed, sessions[0].start_ns - _lead_ns(speed))
    if archive is None:
        stream = _TRADES if wishes.trades_only else None
        return simulated_feed(_market(settings.symbols), sessions, clock, stream), clock
    return replay_feed(archive, sessions[:1] if wishes.until_close else sessions, clock), clock


def _check(wishes: Wishes) -> None:
    """Refuse an option that would be passed over in silence."""
    paced, feed = wishes.feed in _PACED, wishes.feed
    if wishes.speed is not None and not paced:
        raise SettingsError(f"--speed is for a simulated or replayed market; {feed} comes as it comes")
    if wishes.start is not None and not paced:
        raise SettingsError(f"--start is for a simulated or replayed market; {feed} is of today")
    if wishes.comes_from is not None and feed not in ("replay", "jsonlines"):
        raise SettingsError(f"--from is for replay and jsonlines, not for {feed}")
    if wishes.comes_from is None and feed == "replay":
        raise SettingsError("name the store that is replayed: --from DIR")
    if wishes.keys is not None and feed != "alpaca":
        raise SettingsError(f"--keys is for alpaca, not for {feed}")
    if wishes.channels and feed != "alpaca":
        raise SettingsError(f"--channels is for alpaca, not for {feed}")
    if wishes.trades_only and feed not in ("jsonlines", "simulated"):
        raise SettingsError(f"--trades-only is for jsonlines and simulated, not for {feed}")


def _settings(wishes: Wishes) -> Settings:
    store = None if wishes.store is None else str(wishes.store)
    if wishes.config is not None:
        base = check_config.load_live(wishes.config, store)
    elif store is not None or wishes.feed not in _PACED:
        store = store or os.environ.get("BARKEEPER_STORE", _DEFAULT_STORE)
        base = Settings(store=store, rules=SessionRules(grace_ns=check_config.LIVE_GRACE_NS))
    else:  # what is made up must not find its way among real days by itself
        raise SettingsError("say where the day is written to: --store DIR, or store in the file that --config names")
    live = msgspec.structs.replace(base.live, auto_roll=base.live.auto_roll and not wishes.until_close)
    return msgspec.structs.replace(
        base,
        mode=Mode.LIVE,
        certify=True,
        calendar=wishes.calendar or base.calendar or _calendar_of(Path(base.store)),
        symbols=wishes.symbols or base.symbols,
        extended=wishes.extended_hours or base.extended,
        fill_from=wishes.fill_from or base.fill_from,
        live=live,
    )


def _calendar_of(store: Path) -> str:
    """Return the store's only calendar, or else New York's."""
    held = ParquetStore(store, read_only=True).calendars() if store.is_dir() else ()
    return held[0] if len(held) == 1 else _DEFAULT_CALENDAR


def _calendar(settings: Settings) -> Calendar:
    assert settings.calendar is not None, "it was chosen with the rest"
    return Calendar(
        settings.calendar,
        extended=settings.extended,
        extended_hours=settings.extended_hours,
        closed=settings.closed,
        base_interval=settings.rules.base_interval,
    )


def _archive(wishes: Wishes, settings: Settings) -> ParquetStore | None:
    if wishes.feed != "replay":
        return None
    folder = Path(wishes.comes_from or "")
    if folder.resolve() == Path(settings.store).resolve():
        raise SettingsError(f"--from {folder} is the store that is written to; replay a day into another one")
    archive = ParquetStore(folder, read_only=True)
    held, base = archive.base_interval(), settings.rules.base_interval
    if held not in (None, base):
        raise SettingsError(f"--from {folder} holds bars of {held}; the base interval is {base}")
    return archive


def _sessions(calendar: Calendar, start: str | None, archive: ParquetStore | None) -> tuple[TradingSession, ...]:
    """Return the sessions to be sent, the first of them that of ``start``, or the one at hand, or the next."""
    now = datetime.now(UTC)
    now_ns = round(now.timestamp() * SECOND_NS)
    if archive is not None:
        return _stored(calendar, start, archive, now_ns)
    first = start or (now - timedelta(days=2)).date().isoformat()
    last = datetime.fromisoformat(first) + timedelta(days=_AHEAD_DAYS)
    sessions = calendar.sessions(first, last.date().isoformat())
    coming = sessions if start else tuple(session for session in sessions if session.end_ns > now_ns)
    if not coming:
        raise SettingsError(f"calendar {calendar.name} knows no session from {first} on")
    return coming


def _stored(calendar: Calendar, start: str | None, archive: ParquetStore, now_ns: Nanos) -> tuple[TradingSession, ...]:
    held = archive.dates(calendar.name)
    if not held:
        raise DataError(f"there is no day of {calendar.name} to replay")
    kept = set(held)
    sessions = tuple(session for session in calendar.sessions(held[0], held[-1]) if session.date in kept)
    if start is None:
        return tuple(session for session in sessions if session.end_ns > now_ns) or sessions[-1:]
    coming = tuple(session for session in sessions if session.date >= start)
    if not coming:
        raise DataError(f"the last day that could be replayed is {held[-1]}, before {start}")
    return coming


def _lead_ns(speed: float) -> Nanos:
    """Return how long before its session a clock starts: a minute, and at least a second on the wall."""
    return round(max(_LEAD_S, speed) * SECOND_NS)


def _market(symbols: tuple[str, ...]) -> SimulatedMarket:
    if len(symbols) <= 1 and all(symbol.isdecimal() for symbol in symbols):
        return SimulatedMarket.of_size(int(symbols[0]) if symbols else _SIMULATED_SYMBOLS)
    return SimulatedMarket(symbols=symbols)


def _lines(comes_from: str | None) -> LineSource:
    if comes_from is None:
        if sys.stdin.isatty():
            raise SettingsError("nobody sends lines: pipe a program into this one, or name a file with --from")
        return PipeSource()
    if not comes_from.startswith("tcp://"):
        return FileSource(Path(comes_from))
    host, colon, port = comes_from.removeprefix("tcp://").rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise SettingsError(f"--from {comes_from} is no address; write it as tcp://localhost:9000")
    return SocketSource(host.strip("[]"), int(port))


def _alpaca(wishes: Wishes, settings: Settings) -> AlpacaFeed:
    keys = AlpacaKeys.find(wishes.keys)
    if find_spec("alpaca") is None:
        raise SettingsError("Alpaca's feed needs alpaca-py: python -m pip install 'barkeeper[alpaca]'")
    if settings.rules.base_interval != ONE_MINUTE:
        raise SettingsError(f"Alpaca's bars are of 1m; the base interval is {settings.rules.base_interval}")
    if not settings.symbols:
        raise SettingsError("Alpaca sends what it is asked for: name symbols, --symbols A,B or in the config")
    return AlpacaFeed(keys, stream=wishes.stream, channels=wishes.channels or CHANNELS)
