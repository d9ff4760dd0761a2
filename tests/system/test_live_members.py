"""A live day that begins in the middle, and symbols that join it: the whole house in one thread, its clock by hand."""

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from actors.feeds.desk import FeedDesk
from actors.feeds.simulated.market import SimulatedMarket
from actors.fetching.fetch import Wanted, fetch
from actors.kernel.ports import BarSource
from actors.settings import LiveRules, SessionRules, UpkeepRules
from actors.storage.memory import MemoryStore
from messages import (
    AddSymbols,
    FeedBars,
    GapDetected,
    GetDigest,
    GetHistory,
    GetLiveStatus,
    GetMetrics,
    GetQuality,
    GetReadiness,
    LockSymbols,
    Mode,
    Quality,
    RemoveSymbols,
    Room,
    SymbolLocked,
    SymbolsCatchingUp,
    SymbolsCaughtUp,
    TradingSession,
)
from messages.feeds import FeedHealth, FeedReported
from messages.values import MINUTE_NS, ONE_MINUTE, SECOND_NS
from tests.builders import at
from tests.depth import also_slow
from tests.doubles import Outbox
from tests.switchboard import Switchboard
from tests.system.live import FAST_UPKEEP, clock_before, live, lived, market_feed, upstream_of
from tests.system.live import session_of as eight_minutes
from tests.system.worlds import QUARTER, xnys
from tests.upkept import Upkept
from tests.upstreams import Upstream

FEED = "feed"
MARKET = SimulatedMarket.of_size(4, quiet=0.1)
SOME, LAST = MARKET.symbols[:-1], MARKET.symbols[-1]


def day(date: str, closed: tuple[str, ...] = QUARTER) -> TradingSession:
    session = xnys(closed).session(date)
    assert session is not None
    return session


SESSION, YESTERDAY = day("2024-07-02"), day("2024-07-01")
WHOLE_DAY = day("2024-07-02", ())
RULES = SessionRules(grace_ns=5 * SECOND_NS, trailing_sessions=1)


def stored(*sessions: TradingSession) -> MemoryStore:
    store = MemoryStore()
    for session in sessions:
        store.merge("XNYS", session.date, MARKET.day(session))
    return store


class OneFeed(FeedDesk):
    """That there is one is all that is asked."""

    def __len__(self) -> int:
        return 1


class LiveDay(Upkept):
    """A live house; its feed is the test, which sends every bar of the symbols that are subscribed when it is over."""

    def __init__(
        self,
        now: str,
        symbols: Sequence[str] = SOME,
        sources: Sequence[BarSource] = (),
        *,
        store: MemoryStore | None = None,
        session: TradingSession = SESSION,
        dice: random.Random | None = None,
        live: LiveRules | None = None,
        closed: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(
            store or stored(YESTERDAY),
            sources,
            dice=dice,
            mode=Mode.LIVE,
            calendar=session.calendar,
            symbols=tuple(symbols),
            rules=RULES,
            upkeep=UpkeepRules(jitter=0.0),
            live=live or LiveRules(auto_roll=False),
            certify=True,
            closed=closed or (QUARTER if session == SESSION else ()),
        )
        self.time.advance(at(now, session) - self.time.now_ns())
        self.subscribed = set(symbols)
        self.feeds = OneFeed(())
        for room in (Room.SESSION_DATA, Room.STREAM_COORDINATOR):
            routes = self._routes[room].items()
            self._routes[room] = {kind: tuple(map(self._without_feeds, tos)) for kind, tos in routes}
        self._bars = MARKET.day(session).bars

    @staticmethod
    def _without_feeds(to: Any) -> Any:
        return Outbox() if isinstance(to, FeedDesk) else to

    def until(self, now: str | int) -> "LiveDay":
        """Let the day go on by five seconds and five seconds, the feed sending what it is subscribed to."""
        while self.time.now_ns() < at(now, SESSION):
            before = self.time.now_ns()
            self.time.advance(min(5 * SECOND_NS, at(now, SESSION) - before))
            self.settle()
            ended = (self._bars.start_ns + MINUTE_NS > before) & (self._bars.start_ns + MINUTE_NS <= self.time.now_ns())
            over = self._bars.where(ended).only(frozenset(self.subscribed))
            if len(over):
                self.stream_coordinator.tell(FeedBars(feed=FEED, batch=over, arrived_ns=self.time.now_ns()))
            self.settle()
        return self

    def add(self, *symbols: str) -> None:
        """Symbols join, and the feed sends them from now on."""
        self.ask(AddSymbols(symbols=symbols))
        self.subscribed.update(symbols)

    @property
    def is_active(self) -> bool:
        status = self.shells[Room.STREAM_COORDINATOR].on_receive(GetLiveStatus())
        return bool(status.is_session_active)


def upstream(session: TradingSession = SESSION) -> BarSource:
    source = upstream_of(MARKET, session)
    source.is_authoritative = True
    return source


def lived_from(now: str, symbols: Sequence[str] = MARKET.symbols, **more: Any) -> LiveDay:
    board = LiveDay(now, symbols, [upstream(more.get("session", SESSION))], **more)
    board.up()
    return board


@cache
def undisturbed(session: TradingSession = SESSION) -> tuple[str, Quality]:
    """The day as it is when everybody is there from the first minute on."""
    store = stored(session)
    backtest = Switchboard(store, closed=() if session == WHOLE_DAY else QUARTER).play()
    return backtest.ask(GetDigest()), backtest.ask(GetQuality()).quality


def test_a_day_that_begins_in_the_middle_is_the_day_that_it_would_have_been() -> None:
    late = lived_from("09:37").until("09:50")
    quality = late.ask(GetQuality()).quality
    digest, whole = undisturbed()

    assert late.ask(GetDigest()) == digest
    assert (quality.bar_quality, quality.completeness) == (100.0, whole.completeness)
    assert quality.verdicts.filled + quality.verdicts.no_trade >= 7 * 4
    assert late.ask(GetQuality()).duplicates == 0


@pytest.mark.slow
def test_a_whole_day_that_begins_at_eleven_is_the_day_that_it_would_have_been() -> None:
    late = lived_from("11:00", session=WHOLE_DAY).until("16:10")

    assert late.ask(GetDigest()) == undisturbed(WHOLE_DAY)[0]
    assert late.ask(GetQuality()).quality.bar_quality == 100.0


def test_the_session_is_active_when_the_last_minute_before_it_is_there() -> None:
    late = lived_from("09:37")
    before = late.is_active
    late.until("09:38")
    told = [type(m) for m in late.told(Room.STREAM_COORDINATOR, SymbolsCatchingUp, SymbolsCaughtUp)]

    assert (before, late.is_active) == (False, True)
    assert (told[0], told[-1]) == (SymbolsCatchingUp, SymbolsCaughtUp)


def test_without_an_upstream_nobody_is_waited_for() -> None:
    late = LiveDay("09:37", MARKET.symbols)
    late.up()
    late.until("09:38")

    assert late.is_active
    assert late.ask(GetQuality()).quality.verdicts.abandoned == 7 * 4


def test_what_was_recorded_before_a_restart_is_not_asked_for() -> None:
    late = lived_from("09:37", store=stored(YESTERDAY, SESSION)).until("09:38")
    quality = late.ask(GetQuality()).quality

    assert late.is_active
    assert (quality.verdicts.filled, quality.bar_quality) == (0, 100.0)


def test_what_was_fetched_of_today_before_it_begins_is_not_asked_for_nor_what_was_found_untraded() -> None:
    store, others = stored(YESTERDAY), Upstream()
    now_ns = at("09:37", SESSION)
    report = fetch(store, [upstream()], [Wanted(session=SESSION, symbols=MARKET.symbols)], now_ns=lambda: now_ns)
    late = LiveDay("09:37", MARKET.symbols, [others], store=store)
    late.up()
    late.until("09:38")
    verdicts = late.ask(GetQuality()).quality.verdicts

    assert report.sum_of("no_trade") > 0
    assert [asked for asked in others.asked if asked[1] < now_ns] == []
    assert verdicts.no_trade == report.sum_of("no_trade")


@pytest.mark.parametrize("seconds", also_slow([0, 20], [1, 59]))
@pytest.mark.parametrize("shuffle", also_slow([1], [2]))
def test_who_joins_in_the_middle_has_the_whole_day_and_no_minute_twice(seconds: int, shuffle: int) -> None:
    joined = lived_from("09:29", SOME, dice=random.Random(shuffle)).until("09:37")
    joined.time.advance(seconds * SECOND_NS)
    joined.add(LAST)
    joined.until("09:50")
    verdicts, report = joined.ask(GetMetrics(symbol=LAST)).quality.verdicts, joined.ask(GetQuality())

    assert (joined.ask(GetDigest()), report.quality.bar_quality) == (undisturbed()[0], 100.0)
    assert (report.duplicates, report.catching_up) == (0, ())
    assert verdicts.streamed + verdicts.filled + verdicts.no_trade == 15
    assert min(verdicts.streamed, verdicts.filled) >= 4
    assert len(joined.ask(GetHistory(symbol=LAST))) == len(joined.ask(GetHistory(symbol=LAST, interval=ONE_MINUTE))) > 5


def test_the_minute_in_which_it_joins_is_asked_for_when_the_feed_does_not_have_it() -> None:
    joined = lived_from("09:29", SOME).until("09:37")
    joined.time.advance(20 * SECOND_NS)
    joined.ask(AddSymbols(symbols=(LAST,)))
    joined.until("09:38")
    joined.until("09:38")
    joined.subscribed.add(LAST)  # its first whole minute is that of 9:38
    joined.until("09:42")
    gaps = [m for m in joined.told(Room.DATA_UPKEEP, GapDetected) if LAST in m.gap.symbols]  # type: ignore[attr-defined]
    first = [m.is_catch_up for m in gaps if m.gap.start_ns == at("09:37", SESSION)]  # type: ignore[attr-defined]

    assert first == [False]
    assert joined.ask(GetQuality()).quality.bar_quality == 100.0


def test_what_the_store_has_of_today_comes_before_the_upstream() -> None:
    joined = lived_from("09:29", SOME, store=stored(YESTERDAY, SESSION)).until("09:37")
    joined.add(LAST)
    joined.until("09:38")
    verdicts = joined.ask(GetMetrics(symbol=LAST)).quality.verdicts

    assert (verdicts.filled, verdicts.late + verdicts.no_trade) == (0, 7)
    assert joined.ask(GetQuality()).quality.bar_quality == 100.0


def test_a_symbol_that_is_locked_makes_the_session_wait_and_stays() -> None:
    joined = lived_from("09:29", SOME).until("09:37")
    joined.is_loader_held = True
    joined.add(LAST)
    active = [joined.is_active]
    joined.ask(LockSymbols(symbols=(LAST,), name="strategy"))
    active.append(joined.is_active)
    joined.release()
    joined.until("09:38")

    assert [*active, joined.is_active] == [True, False, True]
    with pytest.raises(SymbolLocked, match="strategy"):
        joined.ask(RemoveSymbols(symbols=(LAST,)))


def test_a_house_says_how_ready_it_is() -> None:
    watch = lived_from("09:00", SOME)
    watch.stream_coordinator.tell(FeedReported(health=FeedHealth(feed=FEED, is_connected=True)))
    watch.until("09:01")
    report = watch.shells[Room.STREAM_COORDINATOR].on_receive(GetReadiness())

    assert (report.session.date, str(report.hours), report.problems) == (SESSION.date, "usual", ())


# --- with threads


@pytest.mark.slow
def test_a_real_day_begins_late_and_somebody_joins_it() -> None:
    session = eight_minutes()
    clock = clock_before(session, 600, early_ns=-3 * MINUTE_NS)
    feed = market_feed(MARKET, session, clock)
    with live(
        MemoryStore(), [feed], clock, symbols=SOME, sources=[upstream_of(MARKET, session)], upkeep=FAST_UPKEEP
    ) as system:
        system.add_symbols(LAST).get(timeout=5)
        lived(system, "minutes")
        quality = system.quality().get(timeout=5)
        certificate = system.certificate().get(timeout=5)
        readiness = system.readiness().get(timeout=5)

    assert quality.catching_up == ()
    assert certificate is not None
    assert len(certificate.symbols) == 4
    assert readiness.store is not None
    assert readiness.store.is_writable
