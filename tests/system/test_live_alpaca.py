"""Live days from a server that speaks Alpaca's protocol, and all that may go wrong with it: none is lost a minute."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import pytest

pytest.importorskip("alpaca")

from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.clock import SystemClock
from actors.settings import FeedRules
from actors.storage.memory import MemoryStore
from actors.vendors.alpaca.feed import AlpacaFeed  # only where alpaca-py is installed
from actors.vendors.alpaca.keys import AlpacaKeys
from messages import Bar, Event, FeedLost, LiveStatus, MessagesRejected, SessionCertificate, TradingSession
from messages.values import MINUTE_NS
from tests.system.live import DATE, FAST_UPKEEP, clock_before, live, lived, session_of, upstream_of
from tests.system.test_live import digest_of, replayed
from tests.vendors.alpaca.server import KEYS, AlpacaServer, bar_message

pytestmark = pytest.mark.slow

CLOSED = ("09:54-16:00",)
MINUTES = 24
SESSION = session_of(closed=CLOSED)
MARKET = SimulatedMarket.of_size(5)
SPEED = 300.0
"""The real time of a reconnect must be little of a minute."""
Act = Callable[[AlpacaServer], bool]
"""What happens in place of a minute, or before it."""
NOTHING: Mapping[int, Act] = {}


class Broadcast(threading.Thread):
    """Sends each minute's bars when it is over, unless something is to be done that withholds them."""

    def __init__(
        self,
        server: AlpacaServer,
        clock: SystemClock,
        acts: Mapping[int, Act],
        bars: Sequence[Bar] | None = None,
        session: TradingSession = SESSION,
    ) -> None:
        super().__init__(name="broadcast", daemon=True)
        self._server = server
        self._clock = clock
        self._acts = acts
        self._bars = list(MARKET.day(SESSION).bars.bars()) if bars is None else bars
        self._session = session

    def run(self) -> None:
        bars = self._bars
        for start_ns in range(self._session.open_ns, self._session.close_ns, MINUTE_NS):
            reached = threading.Event()
            minute = (start_ns - self._session.open_ns) // MINUTE_NS
            self._clock.call_at(start_ns + MINUTE_NS, lambda _, reached=reached: reached.set())  # type: ignore[misc]  # bound early
            assert reached.wait(30)
            withholds = self._acts.get(minute, lambda _: False)(self._server)
            if not withholds:
                self._server.send(*(_message(bar) for bar in bars if bar.start_ns == start_ns))


def _message(bar: Any) -> dict[str, Any]:
    prices = {"o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close}
    return {**bar_message(bar.symbol, bar.start_ns), **prices, "v": bar.volume}


def instead(act: Callable[[AlpacaServer], None]) -> Act:
    def done(server: AlpacaServer) -> bool:
        act(server)
        return True

    return done


class Day(msgspec.Struct):
    """What a day came to."""

    told: list[Event]
    status: LiveStatus
    certificate: SessionCertificate
    digest: str
    filled: int
    store: MemoryStore

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]


@pytest.fixture
def server() -> Iterator[AlpacaServer]:
    made = AlpacaServer()
    yield made
    made.stop()


def day(server: AlpacaServer, acts: Mapping[int, Act] = NOTHING, keys: AlpacaKeys = KEYS, more: str = "") -> Day:
    """Live through a day; a symbol more may be asked for, which the server does not send."""
    store, clock = MemoryStore(), clock_before(SESSION, SPEED, early_ns=10 * MINUTE_NS)
    feed = AlpacaFeed(keys, url=server.url)
    with live(
        store,
        [feed],
        clock,
        symbols=MARKET.symbols,
        closed=CLOSED,
        sources=[upstream_of(MARKET, SESSION)],
        upkeep=FAST_UPKEEP,
        feed=FeedRules(backoff_s=1.0, longest_backoff_s=5.0, report_every_s=0.02),
    ) as system:
        Broadcast(server, clock, acts).start()
        if more:
            server.wait_for_subscribers(*MARKET.symbols)
            system._house.feeds._runners["alpaca"].tell(_subscribe(more))
        told = lived(system)
        status = system.live_status().get(timeout=5)
        certificate = system.certificate().get(timeout=5)
        digest, filled = digest_of(system), system.quality().get(timeout=5).quality.verdicts.filled
    assert certificate is not None
    return Day(told=told, status=status, certificate=certificate, digest=digest, filled=filled, store=store)


def _subscribe(symbol: str) -> Any:
    from messages.feeds import SubscribeSymbols

    return SubscribeSymbols(feed="alpaca", symbols=(symbol,))


def undisturbed() -> str:
    store = MemoryStore()
    store.merge("XNYS", DATE, MARKET.day(SESSION))
    return replayed(store, closed=CLOSED)[0]


def is_whole(lived: Day) -> bool:
    assert lived.certificate.bar_quality == 100.0
    assert lived.certificate.digest == lived.digest == undisturbed()
    assert replayed(lived.store, closed=CLOSED)[0] == lived.digest
    return True


def test_an_undisturbed_day_needs_nobody_else(server: AlpacaServer) -> None:
    lived = day(server)

    assert is_whole(lived)
    assert lived.status.feeds[0].health.losses == 0
    assert lived.filled == 0


def test_what_a_connection_withholds_that_stands_is_filled(server: AlpacaServer) -> None:
    lived = day(server, dict.fromkeys(range(5, 10), lambda _: True))

    assert is_whole(lived)
    assert lived.of(FeedLost) == []
    assert lived.filled >= 5


def test_a_server_that_restarts_is_found_again(server: AlpacaServer) -> None:
    lived = day(server, {5: instead(lambda server: server.stop()), 9: instead(lambda server: server.start())})

    assert is_whole(lived)
    assert lived.status.feeds[0].health.connections == 2
    assert lived.of(FeedLost)


def test_a_connection_that_breaks_twenty_times_is_made_anew_each_time(server: AlpacaServer) -> None:
    lived = day(server, dict.fromkeys(range(2, 22), instead(lambda server: server.drop())))

    assert is_whole(lived)
    assert lived.status.feeds[0].health.losses == 20


def test_wrong_keys_are_final_and_the_day_comes_from_elsewhere(server: AlpacaServer) -> None:
    lived = day(server, keys=AlpacaKeys(key="AKTEST", secret="wrong"))

    assert is_whole(lived)
    assert lived.status.feeds[0].health.is_over
    assert lived.status.feeds[0].health.last_error == "Alpaca: auth failed"


def test_frames_that_make_no_sense_are_counted_and_stop_nothing(server: AlpacaServer) -> None:
    def babble(one: AlpacaServer) -> bool:
        for frame in (b"\xc1", b"", "text", msgspec.msgpack.encode({"T": "b"}), msgspec.msgpack.encode([1, "x"])):
            one.send_raw(frame)
        one.send({"T": "b", "S": MARKET.symbols[0], "o": "much"})
        return False

    lived = day(server, {4: babble})

    assert is_whole(lived)
    assert lived.of(MessagesRejected)
    assert lived.status.feeds[0].health.rejected >= 4
    assert lived.status.feeds[0].health.losses == 0


def test_a_symbol_too_many_is_shown_with_the_reason_and_the_others_go_on(server: AlpacaServer) -> None:
    server.limits = {("bars",): len(MARKET.symbols)}
    lived = day(server, more="ONE_MORE")

    assert is_whole(lived)
    assert lived.status.feeds[0].refused == ("ONE_MORE",)
    assert lived.status.troubles == ("alpaca does not send bars of ONE_MORE: Alpaca: symbol limit exceeded (405)",)
