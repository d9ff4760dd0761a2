"""Whole runs with a faulty feed and an upstream: everything heals, or is given up in time; and always the same way."""

import random
import threading
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.ports import BarStore, SourceAnswer
from actors.market.calendar import Calendar
from actors.market.faults import Faults
from actors.settings import SessionRules, UpkeepRules
from actors.storage.memory import MemoryStore
from actors.storage.source import StoreSource
from actors.verifying import Standing, verify_store
from messages import (
    BarsFilled,
    GapAbandoned,
    GapOutcome,
    GetRunSummary,
    PublishBar,
    Room,
    SessionBoundary,
    SessionCertificate,
    SystemState,
    TimeAdvanced,
    TradingSession,
)
from messages.values import MINUTE_NS, Bar, Nanos
from tests.builders import bar
from tests.depth import examples
from tests.system.worlds import DATES, QUARTER, memory, plain, short, xnys
from tests.upkept import INTERVALS, Upkept
from tests.upstreams import Upstream, always, never, three_of_ten

SESSIONS = 2


def market(quiet: float = 0.0, sessions: int = SESSIONS) -> MemoryStore:
    return memory(sessions, 4, quiet)


def bars_of(store: BarStore) -> list[Bar]:
    days = [store.read("XNYS", date) for date in store.dates("XNYS")]
    return [one for day in days if day is not None for one in day.bars.bars()]


class Silent(Upstream):
    """An upstream that never answers before it is let go."""

    def __init__(self) -> None:
        super().__init__(name="silent")
        self.released = threading.Event()

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        self.released.wait()
        return super().fetch(session, symbols, start_ns, end_ns)


def test_a_source_that_never_answers_is_named_and_the_next_one_fills() -> None:
    store, silent = market(), Silent()
    upkeep = UpkeepRules(answer_within_s=0.1)
    with short(store, sources=(silent, Upstream(bars_of(store))), faults=Faults(drop=0.2), upkeep=upkeep) as system:
        system.run(timeout=30)
        (status,) = system.status().get(timeout=5).sources
        certificate = system.certificate().get(timeout=5)
        silent.released.set()

    assert (status.source, status.last_error) == ("silent", "gave no answer for 0.1 s")
    assert certificate is not None
    assert certificate.completeness == 100.0
    assert any(story.error == "silent: gave no answer for 0.1 s" for story in certificate.gaps)


def house(store: BarStore, *sources: Upstream, **more: Any) -> Upkept:
    return Upkept(store, sources, **{"closed": QUARTER, "pace": "free", "minutes_per_ticket": 4, **more})


def certificates(played: Upkept, sessions: int = SESSIONS) -> list[SessionCertificate]:
    found = [played.certificate(date) for date in DATES[:sessions]]
    assert None not in found
    return [one for one in found if one is not None]


def digests(played: Upkept) -> list[str]:
    return [one.digest for one in certificates(played)]


def undisturbed(store: BarStore) -> list[str]:
    return digests(house(store, Upstream(is_authoritative=True)).play())


FAULTS = st.builds(
    Faults,
    drop=st.sampled_from([0.0, 0.05, 0.4]),
    delay=st.sampled_from([0.0, 0.2]),
    duplicate=st.sampled_from([0.0, 0.2]),
    corrupt=st.sampled_from([0.0, 0.1]),
    outages=st.sampled_from([(), ("09:33-09:36",), ("09:30-09:32", "09:40-09:45")]),
    seed=st.integers(0, 1000),
)


@examples(12)
@given(faults=FAULTS, shuffle=st.integers(0, 99), fails=st.sampled_from([never, three_of_ten]), lockstep=st.booleans())
def test_whatever_the_feed_does_wrong_an_upstream_that_has_everything_heals_it(
    faults: Faults, shuffle: int, fails: Any, lockstep: bool
) -> None:
    store = market()
    upstream = Upstream(bars_of(store), fails=fails)
    played = house(store, upstream, faults=faults, dice=random.Random(shuffle), pace="lockstep" if lockstep else "free")
    if lockstep:
        played.up()
        assert len(list(played.listen("bars"))) > 0
    else:
        played.play()
    told = certificates(played)

    assert [one.digest for one in told] == undisturbed(store)
    assert [one.bar_quality for one in told] == [100.0, 100.0]
    assert played.ask(GetRunSummary()).is_finished
    assert all(gap.outcome is GapOutcome.CLOSED for one in told for gap in one.gaps)


@examples(8)
@given(faults=FAULTS, quiet=st.sampled_from([0.3, 0.8]), shuffle=st.integers(0, 99))
def test_of_quiet_symbols_every_minute_has_its_verdict_too(faults: Faults, quiet: float, shuffle: int) -> None:
    store = market(quiet)
    upstream = Upstream(bars_of(store), is_authoritative=True)
    told = certificates(house(store, upstream, faults=faults, dice=random.Random(shuffle)).play())

    assert [one.digest for one in told] == undisturbed(store)
    assert [one.bar_quality for one in told] == [100.0, 100.0]
    assert sum(counts.missing + counts.abandoned for one in told for counts in one.symbols) == 0


def test_two_upstreams_of_which_each_has_a_half_heal_it_together() -> None:
    store = market()
    every = bars_of(store)
    played = house(store, Upstream(every[::2], "one"), Upstream(every[1::2], "two"), faults=Faults(drop=0.4)).play()

    assert digests(played) == undisturbed(store)
    assert {gap.source for one in certificates(played) for gap in one.gaps} <= {"one", "two"}


def test_three_failures_in_ten_calls_leave_nothing_open() -> None:
    store = market()
    upstream = Upstream(bars_of(store), fails=three_of_ten)
    told = certificates(house(store, upstream, faults=Faults(drop=0.3)).play())

    assert len(upstream.asked) > 10
    assert [one.bar_quality for one in told] == [100.0, 100.0]


@pytest.mark.parametrize("rest_after", [1, 5, 1000])
def test_an_upstream_that_always_fails_ends_every_gap_and_delays_no_close(rest_after: int) -> None:
    store = market()
    played = house(
        store, Upstream(fails=always), faults=Faults(drop=0.2), upkeep=UpkeepRules(rest_after=rest_after)
    ).play()
    told = certificates(played)
    missing = [sum(counts.missing for counts in one.symbols) for one in told]
    closes = [m for m in played.told(Room.DATA_UPKEEP, SessionBoundary) if str(m.kind) == "closed"]  # type: ignore[attr-defined]

    assert played.ask(GetRunSummary()).is_finished
    assert missing == [0, 0]
    assert all(one.bar_quality is not None and one.bar_quality < 100 for one in told)
    assert {gap.outcome for one in told for gap in one.gaps} == {GapOutcome.ABANDONED}
    assert [m.now_ns for m in closes] == [xnys(QUARTER).session(date).end_ns for date in DATES[:2]]  # type: ignore[union-attr,attr-defined]
    assert played.told(Room.SESSION_DATA, GapAbandoned)
    assert played.jobs == []


def test_the_next_session_opens_on_time_whatever_is_still_asked_for() -> None:
    store = market()
    played = house(store, Upstream(), faults=Faults(drop=0.2), upkeep=UpkeepRules(backoff_s=40_000.0)).play()
    openings = [m for m in played.told(Room.DATA_UPKEEP, SessionBoundary) if str(m.kind) == "opened"]  # type: ignore[attr-defined]

    assert [m.now_ns for m in openings] == [xnys(QUARTER).session(date).start_ns for date in DATES[:2]]  # type: ignore[union-attr,attr-defined]
    assert played.ask(GetRunSummary()).is_finished


@pytest.mark.parametrize("faults", [Faults(), Faults(outages=("23:50-24:00",))])
def test_sessions_that_follow_each_other_without_a_break_come_to_their_end_also_with_grace(faults: Faults) -> None:
    calendar, made = Calendar("24/7"), SimulatedMarket.of_size(2)
    store = MemoryStore()
    for session in calendar.sessions("2024-07-01", "2024-07-02"):
        store.merge("24/7", session.date, made.day(session))
    rules = SessionRules(intervals=INTERVALS, grace_ns=5 * 10**9)
    played = Upkept(store, [Upstream()], calendar="24/7", pace="free", rules=rules, faults=faults).play()
    missing = [
        counts.missing
        for date in store.dates("24/7")
        for counts in played.certificate(date).symbols  # type: ignore[union-attr]
    ]

    assert played.ask(GetRunSummary()).is_finished
    assert missing == [0] * 4


def test_a_fill_is_known_at_the_minute_that_it_was_due() -> None:
    store = market(sessions=1)
    played = house(
        store, Upstream(bars_of(store)), faults=Faults(outages=("09:35-09:36",)), minutes_per_ticket=1
    ).play()
    kinds = (TimeAdvanced, BarsFilled)
    story = played.told(Room.SESSION_DATA, *kinds)
    place = next(i for i, m in enumerate(story) if isinstance(m, BarsFilled))
    before = story[place - 1]

    assert isinstance(before, TimeAdvanced)
    assert before.now_ns == xnys(QUARTER).session(DATES[0]).start_ns + 6 * MINUTE_NS + 30 * 10**9  # type: ignore[union-attr]


def test_a_correlated_outage_is_a_few_requests_for_all() -> None:
    store = market(sessions=1)
    upstream = Upstream(bars_of(store))
    house(store, upstream, faults=Faults(outages=("09:33-09:40",)), upkeep=UpkeepRules(coalesce_s=600)).play()

    assert [len(symbols) for symbols, _, _ in upstream.asked] == [4]
    ((_, start, end),) = upstream.asked
    assert (end - start) // MINUTE_NS == 7


def test_a_published_bar_narrows_a_gap_and_is_not_fetched() -> None:
    store = market(sessions=1)
    every = {(one.symbol, one.start_ns): one for one in bars_of(store)}
    symbol = min(every)[0]
    start = xnys(QUARTER).session(DATES[0]).start_ns + 5 * MINUTE_NS  # type: ignore[union-attr]
    upstream = Upstream(every.values())
    played = house(store, upstream, faults=Faults(outages=("09:35-09:36",)), minutes_per_ticket=1, pace="lockstep").up()
    listener = played.listen("gaps")
    next(listener)
    mine = bar(symbol, start, 55.0)
    played.stream_coordinator.tell(PublishBar(bar=mine, source="desk", receipt=1))
    list(listener)
    (counts,) = [one for one in certificates(played, 1)[0].symbols if one.symbol == symbol]

    assert (counts.late, counts.filled) == (1, 0)
    assert all(symbol not in symbols for symbols, _, _ in upstream.asked)


# --- in threads


class Moody(Upstream):
    """Fails the first time that it is asked some questions, whichever thread comes first."""

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        question = (tuple(symbols), start_ns, end_ns)
        if zlib.crc32(repr(question).encode()) % 3 == 0 and question not in self.asked:
            self.asked.append(question)
            raise TimeoutError(f"no answer to {question}")
        return super().fetch(session, symbols, start_ns, end_ns)


def events_of(store: MemoryStore, **more: Any) -> list[str]:
    """All that a subscriber hears, printed: NaN equals NaN."""
    source = Moody(bars_of(store), most_symbols=2)
    with short(store, sources=[source], upkeep=UpkeepRules(coalesce_s=45), **more) as system:
        return [repr(event) for event in plain(list(system.subscribe()))]


def test_two_runs_in_lockstep_give_the_same_events_though_bars_are_fetched_by_several_threads() -> None:
    store = market(0.2)
    faults = Faults(drop=0.2, delay=0.1, duplicate=0.1, corrupt=0.05, outages=("09:35-09:38",), seed=5)
    first, second = (events_of(store, faults=faults) for _ in range(2))

    assert len(first) > 2 * 15
    assert first == second


def test_after_a_run_nothing_is_left_running() -> None:
    before = set(threading.enumerate())
    store = market()
    upstream = Upstream(fails=always)
    with short(store, sources=[upstream], faults=Faults(drop=0.3), pace="free") as system:
        summary = system.run(timeout=60)
        status = system.status().get(timeout=5)
    for thread in set(threading.enumerate()) - before:
        thread.join(5)

    assert (summary.failure, len(summary.sessions)) == (None, SESSIONS)
    assert status.state in (SystemState.STOPPED, SystemState.RUNNING)
    assert upstream.closed
    assert {t for t in set(threading.enumerate()) - before if t.is_alive()} == set()


def test_a_system_that_is_closed_while_a_request_is_out_ends_cleanly() -> None:
    store, asked, go_on = market(sessions=1), threading.Event(), threading.Event()

    def waits(call: int) -> bool:
        asked.set()
        return not go_on.wait(20)

    system = short(store, sources=[Upstream(bars_of(store), fails=waits)], faults=Faults(drop=0.3), pace="free").start()
    system.play()
    assert asked.wait(20)
    go_on.set()
    system.close()
    system.close()


# --- certificates that are kept


def certified(store: MemoryStore, source: Upstream | StoreSource, **more: Any) -> list[SessionCertificate]:
    played = Upkept(store, [source], closed=QUARTER, pace="free", certify=True, **more).play()
    return certificates(played)


def test_a_day_that_was_healed_and_certified_replays_to_the_same_digest_and_quality() -> None:
    whole, holed = market(0.3), MemoryStore()
    for date in whole.dates("XNYS"):
        day = whole.read("XNYS", date)
        assert day is not None
        keep = np.random.default_rng(7).random(len(day.bars)) < 0.8
        holed.merge("XNYS", date, replace(day, bars=day.bars.where(keep), verdicts=day.verdicts[keep]))
    first = certified(holed, Upstream(bars_of(whole), is_authoritative=True))
    replayed = house(holed, Upstream()).play()

    assert [one.digest for one in first] == undisturbed(whole)
    assert digests(replayed) == [one.digest for one in first]
    assert [one.bar_quality for one in certificates(replayed)] == [one.bar_quality for one in first] == [100.0, 100.0]
    assert [one.gaps for one in certificates(replayed)] == [(), ()]
    assert [day.standing for day in verify_store(holed).days] == [Standing.MATCH] * 2


def test_what_was_given_up_is_asked_for_again_the_next_time() -> None:
    whole, holed = market(), MemoryStore()
    for date in whole.dates("XNYS"):
        day = whole.read("XNYS", date)
        assert day is not None
        holed.merge("XNYS", date, replace(day, bars=day.bars.rows(4, len(day.bars)), verdicts=day.verdicts[4:]))
    first = certified(holed, Upstream())
    second = certified(holed, Upstream(bars_of(whole)))

    assert [[counts.abandoned for counts in one.symbols] for one in first] == [[1, 1, 1, 1]] * 2
    assert [one.bar_quality for one in second] == [100.0, 100.0]
    assert [holed.certificate("XNYS", one.date).replaces for one in second] == [one.digest for one in first]  # type: ignore[union-attr]
    assert {one.standing for one in verify_store(holed).days} == {Standing.MATCH}


def test_a_store_fills_another_and_what_it_knows_of_quiet_minutes_goes_along() -> None:
    whole = market(0.5)
    certified(whole, Upstream(is_authoritative=True))
    played = Upkept(whole, [StoreSource(whole, "self")], closed=QUARTER, pace="free", faults=Faults(drop=0.3)).play()
    told = certificates(played)

    assert [one.bar_quality for one in told] == [100.0, 100.0]
    assert [one.digest for one in told] == undisturbed(whole)
