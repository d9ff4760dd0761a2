"""Interactive Brokers' five-second bars, folded to the base interval, from TWS or IB Gateway on some computer."""

import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from actors.feeds.event_loop import OwnLoop
from actors.feeds.gathered import Gathering
from actors.feeds.port import POLL_S
from actors.feeds.short_bars import ShortBars
from actors.kernel.telemetry import note
from actors.market.instants import counted
from actors.vendors.ibkr.notices import Broken, Meaning, Notice, Shown, meaning_of
from actors.vendors.ibkr.symbols import contract_of
from messages.errors import ConnectionLost, DataError, FeedError, FeedRefused, SettingsError
from messages.feeds import FeedItem, Rejection, SymbolsRefused
from messages.values import ONE_MINUTE, SECOND_NS, Bar, Interval, Nanos

if TYPE_CHECKING:
    from actors.vendors.ibkr.session import TwsSession

R = TypeVar("R")

FIVE_SECONDS = Interval(seconds=5)
FIRST_CLIENT = 71
"""The first number under which this program connects; others are tried where it is taken."""
_CLIENTS = 8
_CONNECTING_S = 15.0
_MOST_NEW, _WITHIN_NS = 60, 600 * SECOND_NS
"""So many new requests for bars may be made within ten minutes:
https://interactivebrokers.github.io/tws-api/realtime_bars.html"""
_LATER_NS = 60 * SECOND_NS
"""After a refusal for the pace."""
_SEEN = 100


class IbkrFeed:
    """One connection to TWS after the other (the extra ``ibkr``).

    A bar comes every five seconds, traded or not, so a minute that lacks one was not heard from end to end: it is not
    told, and is a gap for the history to fill. So is what was missed while nobody was connected, for nothing is sent
    again. New subscriptions are paced as the vendor wants it: those above 60 wait their ten minutes. There are no keys:
    who may connect, and to which account, is settled in TWS.

    Args:
        host: the computer on which TWS or IB Gateway runs.
        port: 7496 and 7497 are TWS, 4001 and 4002 IB Gateway.
        interval: the length of the bars that are wanted.
        now_ns: the time.
        name: who it is.

    Raises:
        SettingsError: five seconds are no part of the bars.
    """

    is_remote = True
    has_bars = True

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 7497,
        *,
        interval: Interval = ONE_MINUTE,
        now_ns: Callable[[], Nanos] = time.time_ns,
        name: str = "ibkr",
    ) -> None:
        if interval.span_ns % FIVE_SECONDS.span_ns:
            raise SettingsError(f"Interactive Brokers' bars are of 5s, of which none of {interval} can be made")
        self.name = name
        self._place = (host, port)
        self._interval = interval
        self._now_ns = now_ns
        self._client = FIRST_CLIENT
        self._wanted: dict[str, None] = {}
        self._waiting: deque[str] = deque()
        """What is to be asked for when the pace allows it."""
        self._not_before_ns: Nanos = 0
        self._asked_ns: deque[Nanos] = deque(maxlen=_MOST_NEW)
        self._refused: list[tuple[str, str]] = []
        """Symbols that are not asked for, and why, until it is told."""
        self._shorts = ShortBars(interval, FIVE_SECONDS, comes_always=True)
        self._number = 0
        self._failure: FeedError | None = None
        self._loop: OwnLoop | None = None
        self._session: TwsSession | None = None

    def connect(self, stopping: threading.Event) -> None:
        """Connect; what is wanted is asked for with the reads."""
        session: TwsSession = _session_class()(*self._place, self._client)
        self._loop, self._session = OwnLoop(on_fault=lambda _told: None), session
        self._shorts.forget()
        self._number, self._failure = 0, None
        self._waiting = deque(self._wanted)
        try:
            self._loop.run_unless_stopped(session.open(), stopping, whom="TWS", within_s=_CONNECTING_S)
        except ConnectionLost:
            if session.is_number_taken:
                self._client = FIRST_CLIENT + (self._client + 1 - FIRST_CLIENT) % _CLIENTS
            raise
        self._ask()

    def subscribe(self, symbols: Iterable[str]) -> None:
        """Ask for these too."""
        new = [symbol for symbol in symbols if symbol not in self._wanted]
        self._wanted.update(dict.fromkeys(new))
        self._waiting.extend(new)
        self._ask()

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Ask for these no more."""
        for symbol in symbols:
            self._wanted.pop(symbol, None)
            self._shorts.drop(symbol)
            if self._session is not None:
                self._run(self._session.unsubscribe(symbol))

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        """Yield what has come since the last read."""
        while self._failure is None:
            assert self._session is not None
            gathering = Gathering(self.name)
            self._ask()
            for what in self._run(self._session.read(POLL_S)):
                self._number += 1
                self._take(what, gathering)
            for symbol, reason in self._refused:
                gathering.rare(SymbolsRefused(feed=self.name, symbols=(symbol,), reason=reason))
            self._refused.clear()
            yield gathering.items()
        raise self._failure

    def close(self) -> None:
        """Break the connection off."""
        loop, session = self._loop, self._session
        self._loop = self._session = None
        if loop is not None and session is not None:
            loop.close(session.leave())

    def _run(self, work: Coroutine[Any, Any, R]) -> R:
        assert self._loop is not None
        return self._loop.run(work)

    def _ask(self) -> None:
        """Ask for what is wanted, as far as the pace allows it now."""
        session, now_ns = self._session, self._now_ns()
        while session is not None and self._waiting and now_ns >= self._not_before_ns and self._has_room(now_ns):
            symbol = self._waiting.popleft()
            if symbol in self._wanted:
                try:
                    asked = contract_of(symbol)
                except DataError as error:
                    self._refuse(symbol, str(error))
                    continue
                self._asked_ns.append(now_ns)
                self._run(session.subscribe(symbol, asked))

    def _has_room(self, now_ns: Nanos) -> bool:
        return len(self._asked_ns) < _MOST_NEW or now_ns - self._asked_ns[0] > _WITHIN_NS

    def _refuse(self, symbol: str, reason: str) -> None:
        self._wanted.pop(symbol, None)
        self._shorts.drop(symbol)
        self._refused.append((symbol, reason))

    def _take(self, what: Shown | Notice | Broken, gathering: Gathering) -> None:
        if isinstance(what, Shown):
            self._gather(what, gathering)
        elif isinstance(what, Notice):
            self._hear(what)
        else:
            rejection = Rejection(number=self._number, field="message", expected=what.why, seen=what.seen[:_SEEN])
            gathering.reject(rejection)

    def _gather(self, shown: Shown, gathering: Gathering) -> None:
        try:
            bar = _bar(shown)
        except ValueError as error:
            seen = f"{shown.symbol}: {shown.bar.time}"
            gathering.reject(Rejection(number=self._number, field="time", expected=str(error), seen=seen))
            return
        if bar.volume < 0:
            expected, seen = "0 or more", f"{shown.symbol}: {bar.volume:g}"
            gathering.reject(Rejection(number=self._number, field="volume", expected=expected, seen=seen))
            return
        if self._interval == FIVE_SECONDS:
            gathering.bar(bar, is_final=True)
            return
        gathering.heartbeat()
        for whole in self._shorts.add(bar):
            gathering.bar(whole, is_final=True)

    def _hear(self, notice: Notice) -> None:
        assert self._session is not None
        symbol, meaning = self._session.symbol_of(notice.number), meaning_of(notice)
        said = f"Interactive Brokers: {notice.text} ({notice.code})"
        if meaning is Meaning.LOST:
            self._failure = ConnectionLost(said)
        elif symbol is None or meaning is Meaning.NOTHING:
            note("tws_said", feed=self.name, code=notice.code, text=notice.text)
        else:
            self._session.forget(notice.number)
            if meaning is Meaning.LATER:
                self._waiting.append(symbol)
                self._not_before_ns = self._now_ns() + _LATER_NS
            else:
                self._refuse(symbol, said)


def _bar(shown: Shown) -> Bar:
    one = shown.bar
    return Bar(
        symbol=shown.symbol,
        start_ns=counted(int(one.time.timestamp()) * SECOND_NS),
        open=one.open_,
        high=one.high,
        low=one.low,
        close=one.close,
        volume=one.volume,
        vwap=one.wap if one.wap > 0 and one.volume else None,
        trades=float(one.count) if one.count >= 0 else None,
        interval=FIVE_SECONDS,
    )


def _session_class() -> Any:
    try:
        from actors.vendors.ibkr.session import TwsSession
    except ImportError as error:
        raise FeedRefused(
            f"Interactive Brokers' feed needs ib_async: python -m pip install 'barkeeper[ibkr]' ({error})"
        ) from error
    return TwsSession
