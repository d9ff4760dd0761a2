"""Databento's live API: minutes, seconds and trades of one dataset, and what was missed while nobody was connected."""

import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from actors.feeds.event_loop import OwnLoop
from actors.feeds.gathered import Gathering
from actors.feeds.port import POLL_S
from actors.feeds.short_bars import ShortBars
from actors.feeds.wanted import WantedSymbols
from actors.vendors.databento import live_records
from actors.vendors.databento.keys import DatabentoKey
from actors.vendors.databento.live_records import EVERY_SYMBOL, ONE_SECOND, Instruments, OneVenue, TradeIds
from actors.vendors.databento.records import MINUTES, RTYPES, SECONDS, TRADES
from actors.vendors.databento.symbols import by_type
from messages.errors import ConnectionLost, FeedError, FeedRefused, SettingsError, in_line
from messages.feeds import EVERYTHING, FeedItem, SymbolsRefused
from messages.values import DAY_NS, ONE_MINUTE, SECOND_NS, Bar, Interval, Nanos

if TYPE_CHECKING:
    from actors.vendors.databento.session import GatewaySession

R = TypeVar("R")

CHANNELS = (MINUTES, SECONDS, TRADES)
"""What can be asked for: Databento's schemas."""

_PORT = 13000
"""Of every gateway: https://databento.com/docs/api-live/basics/overview"""
_CONNECTING_S = 15.0
_SETTLING_NS = 2 * SECOND_NS
"""After the end of a minute, before one is folded whose symbol has no later second: a second is sent at its end."""
_SAMPLES, _ENOUGH = 31, 5
_MOST_LATE_NS = 60 * SECOND_NS
"""Records that are older when they come are repeated, and say nothing of the clock."""
_OVERLAP_NS = 10 * SECOND_NS
"""Trades that are asked for again: they come in the order of receipt, and are asked for by the exchange's time."""
_REPLAYED_NS = DAY_NS - 3600 * SECOND_NS
"""How far back is asked for; the gateway has a day."""


class DatabentoFeed:
    """One session with a gateway after the other (the extra ``databento``).

    After a loss the new session is asked for all that was sent since the last minute that came, which the gateway keeps
    for a day; what comes twice counts once. Symbols that join later have no past. There is no way to ask for less: what
    is not wanted any more is left out here. Heartbeats come when nothing is traded.

    Bars of seconds are folded to the base interval; a minute of which the first seconds were not heard is asked for
    from its start, and one is over by the gateway's clock, as the seconds that come show it. Bars come venue by venue,
    and those of several make no bar: where a dataset has several, one of them is named, or trades are asked for, which
    are folded into one.

    Args:
        key: see ``DatabentoKey.find``.
        dataset: such as ``GLBX.MDP3``, or one publisher of it, such as ``XEUR.EOBI.XEUR``.
        interval: the length of the bars that are wanted.
        channels: of ``CHANNELS``; without bars, they are folded from trades.
        gateway: another one than Databento's, as ``host:port``.
        since_ns: from when on the first session is asked for what was sent; ``None``: from now on.
        now_ns: the time.
        name: who it is.

    Raises:
        SettingsError: a channel is unknown, or its bars are no part of those that are wanted.
    """

    is_remote = True

    def __init__(
        self,
        key: DatabentoKey,
        dataset: str,
        *,
        interval: Interval = ONE_MINUTE,
        channels: tuple[str, ...] = (),
        gateway: str | None = None,
        since_ns: Callable[[Nanos], Nanos | None] = lambda _now_ns: None,
        now_ns: Callable[[], Nanos] = time.time_ns,
        name: str = "databento",
    ) -> None:
        channels = channels or ((MINUTES,) if interval == ONE_MINUTE else (SECONDS,))
        _check(channels, interval)
        self.name = name
        self.has_bars = MINUTES in channels or SECONDS in channels
        self._key = key
        self._dataset = ".".join(dataset.split(".")[:2])
        self._publisher = dataset if dataset != self._dataset else None
        self._interval = interval
        self._channels = channels
        self._gateway = gateway or f"{self._dataset.lower().replace('.', '-')}.lsg.databento.com:{_PORT}"
        self._since_ns = since_ns
        self._now_ns = now_ns
        self._wanted = WantedSymbols()
        self._named: dict[str, None] = {}
        """Symbols that are asked for in each session."""
        self._last_ns: dict[str, Nanos] = {}
        """By channel the latest time in it."""
        self._given_ns: dict[str, Nanos] = {}
        """By symbol the start of the latest bar that was given."""
        self._ahead_ns: deque[Nanos] = deque(maxlen=_SAMPLES)
        """How far the ends of the latest seconds were ahead of our clock when they came."""
        self._is_aged = False
        """Whether the next session is asked for nothing of the past: the gateway would not have it."""
        self._asks_for_past = False
        is_folded = SECONDS in channels and MINUTES not in channels and interval != ONE_SECOND
        self._shorts = ShortBars(interval, ONE_SECOND, comes_always=False) if is_folded else None
        self._loop: OwnLoop | None = None
        self._session: GatewaySession | None = None
        self._begin(None)

    def connect(self, stopping: threading.Event) -> None:
        """Open a session, and ask for the symbols that are wanted."""
        module = _session_module()
        self._begin(self._only_venue())
        host, _, port = self._gateway.rpartition(":")
        self._loop = OwnLoop(on_fault=lambda _told: None)  # the connection is lost with the same words
        session: GatewaySession = module.GatewaySession(self._key.key, self._dataset, host, int(port))
        self._session = session
        self._loop.run_unless_stopped(session.open(), stopping, whom="Databento", within_s=_CONNECTING_S)
        starts = {channel: self._start_ns(channel) for channel in self._channels}
        self._asks_for_past = any(start_ns is not None for start_ns in starts.values())
        if self._shorts is not None:
            self._shorts.forget()
        self._ask(tuple(self._named), starts)

    def subscribe(self, symbols: Iterable[str]) -> None:
        """Ask for these too."""
        symbols = tuple(symbols)
        self._wanted.add(symbols)
        new = tuple(symbol for symbol in symbols if symbol not in self._named)
        self._named.update(dict.fromkeys(new))
        self._ask(new, dict.fromkeys(self._channels))

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Leave these out; the next session does not ask for them."""
        symbols = tuple(symbols)
        self._wanted.drop(symbols)
        for symbol in symbols:
            self._named.pop(symbol, None)
            if self._shorts is not None:
                self._shorts.drop(symbol)

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        """Yield what the records held that have come since the last read."""
        while self._failure is None:
            assert self._session is not None
            gathering = Gathering(self.name)
            for record in self._run(self._session.records(POLL_S)):
                self._number += 1
                try:
                    self._take(record, gathering)
                except self._session.unreadable as error:  # its texts are looked at when somebody wants them
                    reason = str(error).partition(" {")[0]
                    gathering.reject(live_records.rejection(self._number, record, "text", reason))
            self._fold(gathering)
            yield gathering.items()
        raise self._failure

    def close(self) -> None:
        """End the session."""
        loop, session = self._loop, self._session
        self._loop = self._session = None
        if loop is not None and session is not None:
            loop.close(session.leave())

    # --- asking

    def _begin(self, publisher: int | None) -> None:
        self._failure: FeedError | None = None
        self._number = 0
        self._asked: set[str] = set()
        self._known_ns = dict(self._given_ns)
        """What earlier sessions gave: it may come again."""
        self._instruments = Instruments()
        self._venue = OneVenue(publisher)
        self._trade_ids = TradeIds()

    def _only_venue(self) -> int | None:
        """Return the number of the publisher whose records are used; ``None``: there is one only, or any will do."""
        from actors.vendors.databento.venues import venue_of, venues_of

        venues = venues_of(self._dataset)
        if self._publisher is not None:
            return venue_of(self._publisher, self._dataset, venues)
        if self.has_bars and len(venues) > 1:
            raise FeedRefused(
                f"Databento sends the bars of {self._dataset} venue by venue: name one in its place "
                f"({', '.join(venues.values())}), or ask for {TRADES}, which are folded into one bar"
            )
        return None

    def _run(self, work: Coroutine[Any, Any, R]) -> R:
        assert self._loop is not None
        return self._loop.run(work)

    def _ask(self, symbols: tuple[str, ...], starts: dict[str, Nanos | None]) -> None:
        session, new = self._session, [symbol for symbol in symbols if symbol not in self._asked]
        if session is None or not new:
            return
        self._asked.update(new)
        self._instruments.ask(new)
        if self._shorts is not None and starts[SECONDS] is None:
            self._shorts.skip(new, self._now_there_ns())
        for stype, of_type in _by_type(new):
            for channel, start_ns in starts.items():
                self._run(session.subscribe(channel, of_type, stype, start_ns))
        self._run(session.start())

    def _start_ns(self, channel: str) -> Nanos | None:
        """Return from when on a new session is asked for what was sent; ``None``: for what is new."""
        if self._is_aged:
            return None
        now_ns = self._now_ns()
        start_ns = self._last_ns.get(channel, self._since_ns(now_ns))
        if channel == TRADES and start_ns is not None:
            start_ns -= _OVERLAP_NS
        if self._shorts is not None and channel == SECONDS:
            start_ns = now_ns if start_ns is None else start_ns
            start_ns = min(start_ns, self._shorts.unfinished_ns or start_ns)
        if start_ns is None:
            return None
        start_ns = max(start_ns, now_ns - _REPLAYED_NS)
        return start_ns - start_ns % self._interval.span_ns

    # --- hearing

    def _take(self, record: Any, gathering: Gathering) -> None:
        kind = int(record.rtype)
        if kind in RTYPES:
            self._take_data(record, gathering)
        elif kind == live_records.ERROR:
            self._hear_error(record, gathering)
        else:
            if kind == live_records.NAMING:
                self._instruments.name(record)
            gathering.heartbeat()  # as are answers, and the end of a replay

    def _take_data(self, record: Any, gathering: Gathering) -> None:
        names = self._instruments.of(int(record.instrument_id))
        if not names:
            expected = "one whose symbol was told before"
            gathering.reject(live_records.rejection(self._number, record, "instrument_id", expected))
        if not self._venue.has(record) or not names:
            return
        try:
            symbols = [symbol for symbol in names if symbol in self._wanted]
            (self._gather_trade if RTYPES[int(record.rtype)] == TRADES else self._gather_bar)(
                record, symbols, gathering
            )
        except ValueError as error:
            gathering.reject(live_records.rejection(self._number, record, "price", str(error)))
        except FeedError as error:
            self._failure = error

    def _gather_trade(self, record: Any, symbols: list[str], gathering: Gathering) -> None:
        trade_id = self._trade_ids.name(record)
        ticks = [live_records.tick_of(record, symbol) for symbol in symbols]
        self._came(TRADES, min(int(record.ts_event), int(record.ts_recv)))  # the first may not be defined
        for tick in ticks:
            gathering.tick(tick, trade_id)

    def _gather_bar(self, record: Any, symbols: list[str], gathering: Gathering) -> None:
        self._venue.check(record)
        bars = [live_records.bar_of(record, symbol) for symbol in symbols]
        self._came(RTYPES[int(record.rtype)], int(record.ts_event))
        for bar in bars:
            if bar.interval == self._interval:
                self._give(bar, gathering)
            elif self._shorts is not None:
                self._ahead_ns.append(bar.start_ns + bar.interval.span_ns - self._now_ns())
                for whole in self._shorts.add(bar):
                    self._give(whole, gathering)

    def _give(self, bar: Bar, gathering: Gathering) -> None:
        if bar.start_ns > self._known_ns.get(bar.symbol, -1):
            self._given_ns[bar.symbol] = max(bar.start_ns, self._given_ns.get(bar.symbol, -1))
            gathering.bar(bar, is_final=True)

    def _came(self, channel: str, at_ns: Nanos) -> None:
        self._is_aged = False
        self._last_ns[channel] = max(self._last_ns.get(channel, 0), at_ns)

    def _fold(self, gathering: Gathering) -> None:
        if self._shorts is not None:
            for bar in self._shorts.over(self._now_there_ns() - _SETTLING_NS):
                self._give(bar, gathering)

    def _now_there_ns(self) -> Nanos:
        """Return the time by the gateway's clock, as far as it is known: a second is sent at its end."""
        ahead_ns = max(self._ahead_ns) if len(self._ahead_ns) >= _ENOUGH else 0
        return self._now_ns() + max(ahead_ns, -_MOST_LATE_NS)

    def _hear_error(self, record: Any, gathering: Gathering) -> None:
        error = live_records.error_of(record)
        if error is not None:
            code = int(record.code or 0)
            if code == live_records.BAD_REQUEST and self._asks_for_past:
                error = ConnectionLost(str(error))  # it may be the past that it will not give: once more, without
            self._is_aged = isinstance(error, ConnectionLost) and code in (
                live_records.BAD_REQUEST,
                live_records.AGED_OUT,
            )
            self._failure = error
            return
        refused = live_records.symbols_in(record.err, list(self._named))
        reason = f"Databento: {in_line(record.err)}"
        if refused:
            self.unsubscribe(refused)
            gathering.rare(SymbolsRefused(feed=self.name, symbols=refused, reason=reason))
        else:
            gathering.reject(live_records.rejection(self._number, record, "symbol", reason))


def _check(channels: tuple[str, ...], interval: Interval) -> None:
    if not set(channels) <= set(CHANNELS):
        raise SettingsError(f"Databento's channels are {', '.join(CHANNELS)}, not {', '.join(channels)}")
    if MINUTES in channels and interval != ONE_MINUTE:
        raise SettingsError(f"bars of {interval} are folded from {SECONDS} or {TRADES}, not from {MINUTES}")


def _by_type(symbols: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the symbols as they are to be asked for, all of them among them."""
    if EVERYTHING in symbols:
        yield "raw_symbol", [EVERY_SYMBOL]
    yield from by_type([symbol for symbol in symbols if symbol != EVERYTHING])


def _session_module() -> Any:
    import warnings

    try:
        with warnings.catch_warnings():  # it sets filters for the whole process
            from actors.vendors.databento import session
    except ImportError as error:
        raise FeedRefused(
            f"Databento's feed needs its library: python -m pip install 'barkeeper[databento]' ({error})"
        ) from error
    return session
