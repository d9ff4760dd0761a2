"""A recorded day played as it was lived: at every minute its readers answer what they could have answered then."""

import random
import time as wall
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.data_upkeep.keeper import _cut
from actors.kernel.ports import StoredDay
from actors.lived_day import LivedDay
from actors.market.axis import SessionAxis
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from actors.storage.journal.file import journals
from actors.storage.memory import MemoryStore
from actors.storage.source import StoreSource
from actors.system import System
from messages import (
    Bar,
    BarBatch,
    BarsFilled,
    FeedConnected,
    FeedLost,
    GapAbandoned,
    Interval,
    Message,
    NoTradeConfirmed,
    RecordSession,
    RunSummary,
    SettingsError,
    Tick,
    TicksArrived,
    TimeAdvanced,
    TradingSession,
    Verdict,
)
from messages.repairs import SessionSealed
from messages.tables.columns import DayGrid
from messages.values import FIRST_WITH_BAR, MINUTE_NS, SECOND_NS, Gap
from tests.builders import DAY, arrived, at, bar, opened, time
from tests.depth import examples
from tests.feeds.worlds import MARKET
from tests.session_data.stories import difference
from tests.session_data.streams import minutes_of
from tests.system.live import EIGHT, FAST_UPKEEP, Mortal, clock_before, live, market_feed, session_of, upstream_of
from tests.system.live import lived as told
from tests.system.test_lived_day import CAME, journal_of

HOURS = (("09:36-16:00",), ("09:33-09:35", "09:38-16:00"))
"""What is closed so that a session is a few minutes, and in one of them has a break."""
PATIENCE = 20


def sealed(messages: list[Message], rules: SessionRules | None = None) -> SessionSealed:
    """What a live day that was told this would write to its store."""
    core = SessionDataCore(rules, has_upkeep=True, keeps_prints=True)
    for message in messages:
        core.handle(message)  # type: ignore[arg-type]  # what a session may be told
    (said,) = core.handle(RecordSession()).out
    assert isinstance(said, SessionSealed)
    return said


def stored(messages: list[Message], rules: SessionRules | None = None) -> MemoryStore:
    """The store of a live day that was told this."""
    store, said = MemoryStore(), sealed(messages, rules)
    session = said.day.session
    bars, verdicts = cells(said.day)
    assert said.prints is not None
    store.merge(session.calendar, session.date, StoredDay(bars=bars, verdicts=verdicts, tz=session.tz))
    store.keep_prints(session.calendar, session.date, said.prints)
    return store


def cells(day: DayGrid) -> tuple[BarBatch, Any]:
    cut = _cut(day, SessionAxis(day.session), day.verdicts >= FIRST_WITH_BAR, is_lived=True)
    return cut.bars, cut.verdicts


def known(system: Any) -> dict[str, Any]:
    """What is known of every symbol, and of each of its minutes."""
    symbols = system.active_symbols().get(timeout=PATIENCE)
    verdicts = system.verdicts().get(timeout=PATIENCE)
    return {
        "symbols": symbols,
        "bars": {name: plain(system.bars(name).get(timeout=PATIENCE)) for name in symbols},
        "longer": {name: plain(system.last_bars(name, 9, "2m").get(timeout=PATIENCE)) for name in symbols},
        "verdicts": verdicts.verdicts.tolist(),
        "metrics": [measured(system.metrics(name).get(timeout=PATIENCE)) for name in symbols],
        "gaps": system.gaps().get(timeout=PATIENCE),
        "quality": system.quality().get(timeout=PATIENCE).quality,
        "digest": system.digest().get(timeout=PATIENCE),
    }


def plain(window: Any) -> Any:
    return [(one.start_ns, one.open, one.high, one.low, one.close, one.volume) for one in window.bars()]


def measured(metrics: Any) -> Any:
    return (
        metrics.bars,
        metrics.last,
        metrics.high,
        metrics.low,
        metrics.volume,
        (metrics.last_update_ns or 0) // SECOND_NS,
    )


def now_of(system: Any) -> int:
    now: int = system.snapshot().get(timeout=PATIENCE).now_ns
    return now


RULES = st.builds(
    SessionRules,
    grace_ns=st.sampled_from([0, 5 * SECOND_NS, 45 * SECOND_NS]),
    intervals=st.just((Interval.parse("2m"), Interval.parse("1d"))),
)
FATES = (
    "in time",
    "in time",
    "in time",
    "late",
    "filled",
    "late and filled",
    "corrected",
    "revised",
    "no trade",
    "lost",
)


def lived(session: TradingSession, seed: int) -> list[Message]:
    """A live day: bars come some moments, or minutes, after their minute, or twice, are fetched, or never were."""
    dice = random.Random(seed)
    symbols = ("A", "B", "C")[: dice.randint(1, 3)]
    came: list[tuple[int, int, Message]] = []

    def comes(when_ns: int, message: Message) -> None:
        came.append((when_ns, len(came), message))

    for slot, start in enumerate(minutes_of(session)):
        for symbol in symbols:
            fate, end = dice.choice(FATES), start + MINUTE_NS
            soon, later = end + dice.randrange(4) * SECOND_NS, end + dice.randrange(20, 200) * SECOND_NS + slot
            first, last = (one_bar(symbol, start, 100.0 + dice.randrange(9)) for _ in range(2))
            lost = Gap(symbols=(symbol,), start_ns=start, end_ns=end)
            if fate in ("in time", "corrected", "revised"):
                comes(soon, arrived(first, now=soon))
            if fate in ("late", "late and filled"):
                comes(later, arrived(first, now=later))
            if fate in ("corrected", "revised"):
                comes(later, arrived(last, now=later, is_correction=fate == "corrected"))
            if fate in ("filled", "late and filled"):
                batch = BarBatch.of((last,))
                comes(later + 7, BarsFilled(session_date=session.date, batch=batch, source="archive"))
            if fate == "no trade":
                comes(later, NoTradeConfirmed(session_date=session.date, gaps=(lost,), source="archive"))
            if fate == "lost":
                comes(later, GapAbandoned(session_date=session.date, gaps=(lost,), source="archive"))
    end_ns = max(when for when, _, _ in came)
    for now_ns in range(session.start_ns, max(end_ns, session.end_ns) + MINUTE_NS, 5 * SECOND_NS):
        comes(now_ns, TimeAdvanced(now_ns=now_ns))
    # A fill does not say when it came: the clock of a live day has just told, and will again.
    told: list[Message] = [opened(session, symbols)]
    for when_ns, _, message in sorted(came, key=lambda one: one[:2]):
        tick = TimeAdvanced(now_ns=when_ns)
        told += [message] if isinstance(message, TimeAdvanced) else [tick, message, tick]
    return told


def one_bar(symbol: str, start_ns: int, price: float) -> Bar:
    return Bar(symbol=symbol, start_ns=start_ns, open=price, high=price + 1, low=price - 1, close=price, volume=price)


@examples(18)
@given(seed=st.integers(0, 2**16), closed=st.sampled_from(HOURS), rules=RULES)
def test_at_every_minute_it_answers_what_was_known_then(
    seed: int, closed: tuple[str, ...], rules: SessionRules
) -> None:
    session = session_of(closed=closed)
    messages = lived(session, seed)

    with TemporaryDirectory() as folder:
        journal = journal_of(Path(folder), messages, rules)
        store = stored(messages, rules)
        with System.backtest(store, seen="as-lived", rules=rules, closed=closed) as day:
            minutes = 0
            for minute in day.minutes():
                minutes += 1
                then = LivedDay(journal, now_of(day))
                assert difference(known(day), known(then)) is None, f"{minute.end:%H:%M}"
            assert minutes == len(minutes_of(session))
            assert difference(known(day), known(LivedDay(journal))) is None


def played(store: MemoryStore, **more: Any) -> tuple[list[tuple[int, int]], RunSummary]:
    """How many bars of B there were at the end of each of the first minutes, and what the run came to."""
    with System.backtest(store, closed=("09:36-16:00",), **more) as day:
        seen = [(minute.end_ns, day.bar_count("B").get(timeout=PATIENCE)) for minute in day.minutes()]
        return seen[:4], day.summary().get(timeout=PATIENCE)


def test_a_late_bar_comes_late_and_a_first_print_first() -> None:
    store = stored(CAME)
    with System.backtest(store, seen="as-lived", closed=("09:36-16:00",)) as day:
        seen = {f"{minute.end:%H:%M}": closes(day) for minute in day.minutes()}

    assert seen == {
        "09:31": ([1.0], []),
        "09:32": ([1.0, 100.0], [100.0]),
        "09:33": ([1.0, 100.0], [7.0, 100.0]),
        **dict.fromkeys(("09:34", "09:35", "09:36"), ([1.0, 5.0], [7.0, 100.0])),
    }


def test_a_bar_that_was_heard_in_part_is_shown_so_until_what_is_right_was_known() -> None:
    trade = Tick(symbol="A", at_ns=at("09:30") + 10 * SECOND_NS, price=1.0, size=1.0)
    story = [
        opened(DAY, ("A",)),
        FeedConnected(feed="wire", attempt=1, has_bars=False, arrived_ns=at("09:29")),
        TicksArrived(ticks=(trade,), now_ns=trade.at_ns, source="wire", is_folded=True),
        time("09:31"),
        FeedLost(feed="wire", reason="gone", arrived_ns=at("09:31") + SECOND_NS),
        time("09:32"),
        BarsFilled(session_date=DAY.date, batch=BarBatch.of((bar("A", "09:30", 5.0),)), source="archive"),
    ]
    with System.backtest(stored(story), seen="as-lived", closed=("09:36-16:00",)) as day:
        seen = [day.bars("A").get(timeout=PATIENCE).close.tolist() for _ in day.minutes()]

    assert seen == [[1.0], *[[5.0]] * 5]


def closes(day: System) -> tuple[list[float], ...]:
    return tuple(day.bars(symbol).get(timeout=PATIENCE).close.tolist() for symbol in "AB")


def test_by_default_it_is_as_it_is_known_today_and_says_how_much_of_that_is_early() -> None:
    seen, summary = played(stored(CAME))

    assert seen == [(at("09:31"), 1), *((at(clock), 2) for clock in ("09:32", "09:33", "09:34"))]
    assert (summary.shown_early, summary.not_as_lived) == (2, (DAY.date,))  # one that was late, one corrected


def test_what_was_lived_shows_nothing_early() -> None:
    _, summary = played(stored(CAME), seen="as-lived")

    assert (summary.shown_early, summary.not_as_lived) == (0, ())


def test_of_a_day_without_a_record_verdicts_say_what_is_early_and_the_run_that_it_has_none() -> None:
    said = sealed(CAME)
    store, (bars, verdicts) = MemoryStore(), cells(said.day)
    store.merge("XNYS", DAY.date, StoredDay(bars=bars, verdicts=verdicts, tz=DAY.tz))
    seen, summary = played(store, symbols=("A", "B"), seen="as-lived")

    assert seen[0] == (at("09:31"), 1)
    assert (summary.shown_early, summary.not_as_lived) == (2, (DAY.date,))


def test_a_bar_that_was_repaired_since_is_shown_as_it_was() -> None:
    store = stored(CAME)
    batch = BarBatch.of((bar("A", "09:30", 77.0),))
    corrected = np.array([Verdict.CORRECTED], dtype=np.uint8)
    store.merge("XNYS", DAY.date, StoredDay(bars=batch, verdicts=corrected, tz=DAY.tz))
    with System.backtest(store, seen="as-lived", closed=("09:36-16:00",)) as day:
        first = next(iter(closes(day) for _ in day.minutes()))

    assert first == ([1.0], [])
    assert played(store)[1].shown_early == 3


def test_only_the_symbols_that_are_named_are_played() -> None:
    with System.backtest(stored(CAME), "B", seen="as-lived", closed=("09:36-16:00",)) as day:
        day.run(timeout=PATIENCE)
        assert day.active_symbols().get(timeout=PATIENCE) == ("B",)
        assert closes_of(day, "B") == [7.0, 100.0]


def closes_of(day: System, symbol: str) -> list[float]:
    found: list[float] = day.bars(symbol).get(timeout=PATIENCE).close.tolist()
    return found


def test_minutes_stay_open_as_long_as_they_did() -> None:
    rules = SessionRules(grace_ns=20 * SECOND_NS)
    came = [
        opened(DAY, ["A", "B"]),
        arrived(bar("A", "09:30", 1.0), now=at("09:31") + SECOND_NS),
        arrived(bar("B", "09:30", 2.0), now=at("09:31") + 19 * SECOND_NS),
        time(at("09:31") + 30 * SECOND_NS),
        arrived(bar("A", "09:31", 3.0), now=at("09:32") + SECOND_NS),
        arrived(bar("B", "09:31", 4.0), now=at("09:32") + 40 * SECOND_NS),
    ]
    with System.backtest(stored(came, rules), seen="as-lived", closed=("09:33-16:00",)) as day:
        seen = [(minute.missing, now_of(day) - minute.end_ns, *closes(day)) for minute in day.minutes()]

    assert seen == [
        ((), 19 * SECOND_NS, [1.0], [2.0]),
        (("B",), 20 * SECOND_NS, [1.0, 3.0], [2.0]),
        (("A", "B"), 20 * SECOND_NS, [1.0, 3.0], [2.0, 4.0]),
    ]


def test_a_symbol_that_joins_has_what_was_there_in_time() -> None:
    with System.backtest(stored(CAME), "A", seen="as-lived", closed=("09:36-16:00",)) as day:
        for minute in day.minutes():
            if minute.end_ns == at("09:34"):
                day.add_symbols("B").get(timeout=PATIENCE)
        assert closes_of(day, "B") == [100.0]


def test_paused_it_goes_minute_by_minute_however_often_something_came() -> None:
    with System.backtest(stored(CAME), seen="as-lived", closed=("09:36-16:00",)) as day:
        day.pause().get(timeout=PATIENCE)
        counts = []
        for _ in range(3):
            day.step().get(timeout=PATIENCE)
            counts.append(wait_for_minutes(day, len(counts) + 1))
    assert counts == [1, 2, 3]


def wait_for_minutes(day: System, wanted: int) -> int:
    done = 0
    for _ in range(2000):
        done = day.progress().get(timeout=PATIENCE).minutes_done
        if done >= wanted:
            break
        wall.sleep(0.01)
    return done


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"sources": [StoreSource(MemoryStore(), "archive")]}, "fill_from"),
        ({"faults": {"drop": 0.5}}, "faults"),
        ({"certify": True}, "certify"),
    ],
)
def test_what_would_change_what_came_is_refused(more: dict[str, Any], word: str) -> None:
    with pytest.raises(SettingsError, match=f"as-lived.* does not go with {word}"):
        System.backtest(stored(CAME), seen="as-lived", **more)


def test_another_word_is_refused() -> None:
    with pytest.raises(SettingsError, match="seen is 'as-known' or 'as-lived', not 'lived'"):
        System.backtest(stored(CAME), seen="lived")


def test_days_that_were_lived_one_after_the_other_are_played_so() -> None:
    first = [opened(DAY, ["A"]), arrived(bar("A", "09:30", 1.0), now=at("09:32"))]
    next_day = session_of("2024-07-03", ("09:36-13:00",))
    start = next_day.start_ns
    second = [opened(next_day, ["A"]), arrived(one_bar("A", start, 2.0), now=start + 3 * MINUTE_NS)]
    store, other = stored(first), stored(second)
    day, prints = other.read("XNYS", "2024-07-03"), other.prints("XNYS", "2024-07-03")
    assert day is not None
    assert prints is not None
    store.merge("XNYS", "2024-07-03", day)
    store.keep_prints("XNYS", "2024-07-03", prints)
    with System.backtest(store, seen="as-lived", closed=("09:36-16:00",)) as system:
        seen = [closes_of(system, "A") for _ in system.minutes()]

    assert seen == [[], *[[1.0]] * 5, [], [], *[[2.0]] * 4]


@pytest.mark.slow
def test_a_live_day_that_was_written_down_is_played_as_its_journal_tells_it(tmp_path: Path) -> None:
    session = session_of(closed=EIGHT)
    clock = clock_before(session, 120)
    feed = Mortal(market_feed(MARKET, session, clock), deaths=5)
    sources = [upstream_of(MARKET, session)]
    root = tmp_path / "store"
    with live(str(root), [feed], clock, symbols=MARKET.symbols, sources=sources, upkeep=FAST_UPKEEP) as system:
        told(system, "minutes")
        digest = system.digest().get(timeout=PATIENCE)

    (journal,) = journals(tmp_path / "store.journals")
    with System.backtest(str(root), seen="as-lived", closed=EIGHT, intervals=("5m", "1d")) as day:
        for minute in day.minutes():
            then = LivedDay(journal, now_of(day))
            assert difference(bars_of(day), bars_of(then)) is None, f"{minute.end:%H:%M}"
        assert day.digest().get(timeout=PATIENCE) == digest
        assert day.summary().get(timeout=PATIENCE).not_as_lived == ()


def bars_of(system: Any) -> dict[str, Any]:
    symbols = system.active_symbols().get(timeout=PATIENCE)
    return {name: plain(system.bars(name).get(timeout=PATIENCE)) for name in symbols}
