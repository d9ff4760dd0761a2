"""Live days from end to end, with real threads and a clock that runs many times as fast."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.jsonlines.line_source import FileSource, PipeSource
from actors.feeds.port import Feed
from actors.feeds.simulated.feed import simulated_feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.clock import SystemClock
from actors.settings import LiveRules
from actors.storage.journal.writer import Journal
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.system import System
from messages import BoundaryKind, GetDigest, IllegalTransition, SessionBoundary, SessionPhase, SystemState, Verdict
from messages.errors import DataError, SettingsError, SystemFailed
from messages.values import MINUTE_NS, SECOND_NS
from tests.feeds.scripted import ScriptedFeed
from tests.feeds.worlds import lines_of
from tests.system.live import (
    DATE,
    EIGHT,
    FAST_UPKEEP,
    QUIET,
    Mortal,
    clock_before,
    live,
    lived,
    market_feed,
    session_of,
    upstream_of,
)
from tests.system.worlds import memory, short

pytestmark = pytest.mark.slow

MARKET = SimulatedMarket.of_size(5)
SESSION = session_of()
MINUTES = 8


def digest_of(system: System) -> str:
    digest: str = system._house.session_data.ask(GetDigest()).get(timeout=5)
    return digest


def replayed(store: "MemoryStore | str", **more: object) -> tuple[str, object]:
    """The digest and the quality of the stored day in a backtest."""
    with short(store, **{"closed": EIGHT, **more}) as backtest:
        backtest.run(timeout=30)
        return digest_of(backtest), backtest.quality().get(timeout=5).quality


def undisturbed() -> str:
    store = MemoryStore()
    store.merge("XNYS", DATE, MARKET.day(SESSION))
    return replayed(store)[0]


def test_a_live_day_is_recorded_and_certified_and_its_replay_is_the_same_day(tmp_path: Path) -> None:
    clock = clock_before(SESSION, 600)
    with live(str(tmp_path / "store"), [market_feed(MARKET, SESSION, clock)], clock, symbols=MARKET.symbols) as system:
        minutes = lived(system, "minutes")
        certificate = system.certificate().get(timeout=5)
        quality, digest = system.quality().get(timeout=5).quality, digest_of(system)

    assert len(minutes) == MINUTES
    assert certificate is not None
    assert (certificate.bar_quality, certificate.completeness) == (100.0, 100.0)
    assert certificate.digest == digest == undisturbed()
    assert replayed(str(tmp_path / "store")) == (digest, quality)
    kept = ParquetStore(tmp_path / "store", read_only=True).certificate("XNYS", DATE)
    assert kept is not None
    assert kept.digest == digest


def test_the_boundaries_of_the_day_are_told_in_their_places() -> None:
    clock = clock_before(SESSION, 600)
    with live(MemoryStore(), [market_feed(MARKET, SESSION, clock)], clock, symbols=MARKET.symbols) as system:
        told = lived(system, "minutes", "sessions")

    kinds = [event.kind if isinstance(event, SessionBoundary) else "minute" for event in told]
    assert kinds == [BoundaryKind.OPENED, *["minute"] * MINUTES, BoundaryKind.CLOSED]


def test_a_feed_that_dies_twenty_times_is_healed_to_the_last_minute() -> None:
    session = session_of(closed=("10:30-16:00",))
    store, clock = MemoryStore(), clock_before(session, 1200)
    feed = Mortal(market_feed(MARKET, session, clock), deaths=20, most_reads=1)
    with live(
        store,
        [feed],
        clock,
        symbols=MARKET.symbols,
        closed=("10:30-16:00",),
        sources=[upstream_of(MARKET, session)],
        upkeep=FAST_UPKEEP,
    ) as system:
        lived(system, "gaps")
        quality = system.quality().get(timeout=5).quality
        certificate = system.certificate().get(timeout=5)
        status = system.live_status().get(timeout=5)

    assert feed.deaths == 0
    assert status.feeds[0].health.losses == 20
    assert quality.verdicts.filled > 0
    assert certificate is not None
    assert certificate.bar_quality == 100.0
    whole = MemoryStore()
    whole.merge("XNYS", DATE, MARKET.day(session))
    assert certificate.digest == replayed(whole, closed=("10:30-16:00",))[0]
    assert replayed(store, closed=("10:30-16:00",))[0] == certificate.digest


def test_lines_of_a_file_that_grows_make_a_day(tmp_path: Path) -> None:
    path, clock = tmp_path / "lines.jsonl", clock_before(SESSION, 600)
    path.touch()
    writer = Lines(clock, lambda data: append(path, data))
    with live(MemoryStore(), [JsonLinesFeed(FileSource(path))], clock, symbols=MARKET.symbols) as system:
        writer.start()
        lived(system, "minutes")
        certificate = system.certificate().get(timeout=5)
    writer.join(5)

    assert certificate is not None
    assert certificate.bar_quality == 100.0
    assert certificate.digest == undisturbed()


def test_lines_from_a_pipe_make_a_day() -> None:
    reading, writing = os.pipe()
    source, clock = PipeSource(reading), clock_before(SESSION, 600)
    writer = Lines(clock, lambda data: os.write(writing, data))
    with live(MemoryStore(), [JsonLinesFeed(source)], clock, symbols=MARKET.symbols) as system:
        writer.start()
        lived(system, "minutes")
        certificate = system.certificate().get(timeout=5)
    writer.join(5)
    os.close(writing)
    source._thread.join(5)
    os.close(reading)

    assert certificate is not None
    assert certificate.digest == undisturbed()


class Lines(threading.Thread):
    """Writes each minute's bars when it is over."""

    def __init__(self, clock: SystemClock, write: object) -> None:
        super().__init__(name="lines-writer")
        self._clock = clock
        self._write = write
        self._over = threading.Event()

    def run(self) -> None:
        bars = MARKET.day(SESSION).bars
        for number in range(MINUTES):
            due_ns = SESSION.open_ns + (number + 1) * MINUTE_NS
            reached = threading.Event()
            self._clock.call_at(due_ns, lambda _, reached=reached: reached.set())  # type: ignore[misc]  # bound early
            assert reached.wait(30)
            self._write(lines_of([*bars.rows(number * 5, number * 5 + 5).bars()]))  # type: ignore[operator]  # given


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_a_day_of_a_silent_feed_without_an_upstream_is_missing_from_end_to_end_and_says_so() -> None:
    clock = clock_before(SESSION, 2000, early_ns=20 * MINUTE_NS)
    with live(MemoryStore(), [ScriptedFeed(is_remote=False)], clock, symbols=("A",), upkeep=FAST_UPKEEP) as system:
        lived(system, "minutes")
        quality = system.quality().get(timeout=5).quality
        status = system.live_status().get(timeout=5)

    assert (quality.bar_quality, quality.verdicts.missing) == (0.0, MINUTES)
    assert (status.phase, status.timer_expired) == (SessionPhase.ENDED, True)


def test_the_next_session_follows_and_the_day_before_is_history() -> None:
    days = session_of(), session_of("2024-07-03")
    clock = clock_before(days[0], 600)
    feed = market_feed(MARKET, days[0], clock)
    with live(MemoryStore(), [feed], clock, symbols=MARKET.symbols, live=LiveRules()) as system:
        boundaries = iter(system.subscribe(("sessions",), policy="drop_oldest"))
        told = [next(boundaries), next(boundaries)]
        clock.hop(days[1].start_ns - 61 * MINUTE_NS)
        clock.go_on()
        told.append(next(boundaries))
        status = system.live_status().get(timeout=5)
        history = system.history(MARKET.symbols[0]).get(timeout=5)

    assert [(b.session.date, b.kind) for b in told if isinstance(b, SessionBoundary)] == [
        (days[0].date, BoundaryKind.OPENED),
        (days[0].date, BoundaryKind.CLOSED),
        (days[1].date, BoundaryKind.OPENED),
    ]
    assert status.session == days[1]
    assert len(history) == MINUTES


def test_two_live_days_do_not_share_a_folder_of_journals(tmp_path: Path) -> None:
    """As the second run into a store elsewhere would, which several may write to."""
    first = Journal(tmp_path / "store.journals")
    first.claim()
    system = live(str(tmp_path / "store"), [ScriptedFeed(is_remote=False)], clock_before(session_of(), 600.0))
    with pytest.raises(SystemFailed, match="folder of journals"):
        system.start()
    system.close()
    first.close()


def test_a_live_system_cannot_be_paused_and_says_why() -> None:
    clock = clock_before(SESSION, 1)
    with live(MemoryStore(), [ScriptedFeed(is_remote=False)], clock, symbols=("A",)) as system:
        with pytest.raises(IllegalTransition, match="its clock does not stand still"):
            system.pause().get(timeout=5)

        assert system.status().get(timeout=5).state is SystemState.RUNNING


def test_where_the_day_is_can_be_asked_at_any_time() -> None:
    clock = clock_before(SESSION, 1, early_ns=10 * MINUTE_NS)
    with live(MemoryStore(), [market_feed(MARKET, SESSION, clock)], clock, symbols=MARKET.symbols) as system:
        status = system.live_status().get(timeout=5)

    assert status.session == SESSION
    assert status.phase in (SessionPhase.NOT_STARTED, SessionPhase.PRE_MARKET)
    assert not status.is_session_active
    assert clock.now_ns() >= status.now_ns >= SESSION.open_ns - 10 * MINUTE_NS


def test_a_replay_is_paused_with_its_clock_and_goes_on_where_it_stood() -> None:
    clock = clock_before(SESSION, 600)
    with live(MemoryStore(), [market_feed(MARKET, SESSION, clock)], clock, symbols=MARKET.symbols) as system:
        events = system.subscribe(("minutes",), policy="drop_oldest")
        first = next(events)
        paused = system.pause().get(timeout=5)
        stood_ns, active = clock.now_ns(), system.live_status().get(timeout=5).is_session_active
        stands_ns = clock.now_ns()
        resumed = system.resume().get(timeout=5)
        rest = list(events)
        certificate = system.certificate().get(timeout=5)

    assert (paused.state, resumed.state) == (SystemState.PAUSED, SystemState.RUNNING)
    assert stands_ns == stood_ns
    assert not active
    assert len([first, *rest]) == MINUTES
    assert certificate is not None
    assert certificate.digest == undisturbed()


def test_a_replay_is_stepped_minute_by_minute_and_played_on_at_another_speed() -> None:
    clock = clock_before(SESSION, 600)
    with live(MemoryStore(), [market_feed(MARKET, SESSION, clock)], clock, symbols=MARKET.symbols) as system:
        events = system.subscribe(("minutes",), policy="drop_oldest")
        first = next(events)
        system.pause().get(timeout=5)
        counts = [system.verdicts().get(timeout=5).closed]
        for _ in range(3):
            stepped = system.step().get(timeout=30)
            plane = system.verdicts().get(timeout=5)
            counts.append(plane.closed)
        stands_ns, stood_ns = clock.now_ns(), clock.now_ns()
        system.set_speed(1200.0)
        system.resume().get(timeout=5)
        rest = list(events)
        certificate = system.certificate().get(timeout=5)

    assert counts == [counts[0] + number for number in range(4)]
    assert (stepped.state, stands_ns) == (SystemState.PAUSED, stood_ns)
    assert len([first, *rest]) == MINUTES
    assert certificate is not None
    assert certificate.digest == undisturbed()


def test_the_speed_of_a_live_day_is_that_of_its_clock() -> None:
    clock = clock_before(SESSION, 1)
    with (
        live(MemoryStore(), [ScriptedFeed(is_remote=False)], clock, symbols=("A",)) as system,
        pytest.raises(IllegalTransition, match="cannot set the speed of a live system: it goes by the clock"),
    ):
        system.set_speed(2.0)
    clock = clock_before(SESSION, 1)
    with (
        live(MemoryStore(), [market_feed(MARKET, SESSION, clock)], clock, symbols=MARKET.symbols) as system,
        pytest.raises(SettingsError, match="its speed is more than 0"),
    ):
        system.set_speed(0.0)


class Unreadable(MemoryStore):
    """A store that cannot be read for a while."""

    is_broken = False

    def read(self, *asked: Any, **more: Any) -> Any:
        if self.is_broken:
            raise DataError("the disk is gone")
        return super().read(*asked, **more)


def test_a_next_session_that_cannot_be_loaded_is_an_error_that_can_be_cleared() -> None:
    days = session_of(), session_of("2024-07-03")
    store, clock = Unreadable(), clock_before(days[0], 600)
    feed = simulated_feed(MARKET, days, clock, QUIET)
    with live(store, [feed], clock, symbols=MARKET.symbols, live=LiveRules(post_market_delay_min=1.0)) as system:
        minutes = system.subscribe(("minutes",), policy="drop_oldest")
        while system.certificate().get(timeout=5) is None:
            pass
        store.is_broken = True
        clock.hop(days[1].start_ns - 61 * MINUTE_NS)
        clock.go_on()
        while not system.live_status().get(timeout=5).troubles:
            pass
        troubles = system.live_status().get(timeout=5).troubles
        clock.hop(days[1].start_ns - 5 * MINUTE_NS)
        clock.go_on()
        with pytest.raises(SystemFailed, match="the disk is gone"):
            list(minutes)
        failed = system.status().get(timeout=5)
        store.is_broken = False
        cleared = system.clear_error().get(timeout=5)
        boundaries = system.subscribe(("sessions",), policy="drop_oldest")
        opened = [one for one in (next(boundaries), next(boundaries)) if isinstance(one, SessionBoundary)]
        after = system.live_status().get(timeout=5)

    assert troubles == ("session 2024-07-03 could not be loaded: the disk is gone",)
    assert (failed.state, failed.failure) == (SystemState.ERROR, troubles[0])
    assert (cleared.state, cleared.failure) == (SystemState.RUNNING, None)
    assert days[1] in [one.session for one in opened]
    assert after.session == days[1]


@pytest.mark.parametrize("early_s", [600, 0, -5 * 60, -8 * 60 + 1, -9 * 60], ids=str)
def test_a_live_system_is_closed_cleanly_in_every_phase(early_s: int) -> None:
    clock = clock_before(SESSION, 60, early_ns=early_s * SECOND_NS)
    system = live(MemoryStore(), [market_feed(MARKET, SESSION, clock)], clock, symbols=MARKET.symbols).start()
    feed_threads = [thread for thread in threading.enumerate() if thread.name.startswith("barkeeper-feed")]
    system.close()
    system.close()

    assert not [thread for thread in feed_threads if thread.is_alive()]


def test_what_came_before_a_restart_is_there_again_and_the_hole_is_filled() -> None:
    store = MemoryStore()
    first = clock_before(SESSION, 600)
    with live(store, [market_feed(MARKET, SESSION, first)], first, symbols=MARKET.symbols) as system:
        minutes = iter(system.subscribe(("minutes",), policy="drop_oldest"))
        for _ in range(3):
            next(minutes)
    recorded = store.read("XNYS", DATE)
    assert recorded is not None

    second = clock_before(SESSION, 600, early_ns=-5 * MINUTE_NS)
    feed = market_feed(MARKET, SESSION, second)
    with live(
        store, [feed], second, symbols=MARKET.symbols, sources=[upstream_of(MARKET, SESSION)], upkeep=FAST_UPKEEP
    ) as system:
        lived(system, "minutes")
        quality = system.quality().get(timeout=5).quality
        certificate = system.certificate().get(timeout=5)

    assert len(recorded.bars) >= 3 * 5
    assert quality.bar_quality == 100.0
    assert quality.verdicts.filled >= 3
    assert certificate is not None
    assert certificate.digest == undisturbed() == replayed(store)[0]


def test_a_backtest_and_a_live_day_run_side_by_side() -> None:
    clock = clock_before(SESSION, 600)
    with (
        live(MemoryStore(), [market_feed(MARKET, SESSION, clock)], clock, symbols=MARKET.symbols) as day,
        short(memory()) as backtest,
    ):
        summary = backtest.run(timeout=30)
        lived(day, "minutes")
        certificate = day.certificate().get(timeout=5)

    assert summary.is_finished
    assert certificate is not None
    assert certificate.bar_quality == 100.0


@pytest.mark.slow
def test_a_half_day_at_six_hundred_times_the_speed_of_life() -> None:
    session = session_of("2024-07-03", closed=())
    store, clock = MemoryStore(), clock_before(session, 600)
    market = SimulatedMarket.of_size(50)
    feed: Feed = Mortal(market_feed(market, session, clock), deaths=20, most_reads=8)
    with live(
        store, [feed], clock, symbols=market.symbols, closed=(), sources=[upstream_of(market, session)]
    ) as system:
        lived(system, "minutes")
        certificate = system.certificate().get(timeout=5)

    whole = MemoryStore()
    whole.merge("XNYS", session.date, market.day(session))
    day = store.read("XNYS", session.date)
    assert certificate is not None
    assert certificate.bar_quality == 100.0
    assert day is not None
    # A machine that is busy for a tenth of a second is late by a minute.
    assert set(day.verdicts.tolist()) - {Verdict.LATE} == {Verdict.STREAMED, Verdict.FILLED}
    assert replayed(whole, closed=())[0] == replayed(store, closed=())[0] == certificate.digest
