"""A store as an upstream: what its certificates know, and how often its files are read."""

import numpy as np
import pytest

from actors.storage.source import StoreSource
from messages import Bar, BarKeys, Gap, TradingSession, Verdict
from messages.values import MINUTE_NS
from tests.builders import DAY, HALF_DAY, at, bars, session_xnys
from tests.certificates import certificate, run
from tests.data_upkeep.desk import gap, keys
from tests.doubles import CountingStore, FailingStore
from tests.storage.days import day


def source_of(*runs: object, **more: bool) -> StoreSource:
    store = CountingStore()
    store.merge("XNYS", DAY.date, day(*bars("A", "09:30", 1, 2)))
    store.certify("XNYS", DAY.date, certificate("A", "B", runs=runs))
    return StoreSource(store, "upstream", **more)


def no_trade(source: StoreSource, symbols: str, start: str, end: str) -> tuple[Gap, ...]:
    return source.fetch(DAY, tuple(symbols), at(start), at(end)).no_trade


def test_what_a_certificate_calls_no_trade_is_confirmed_within_the_question() -> None:
    source = source_of(run("A", "09:40", "09:50"), run("B", "09:30", "16:00"))

    assert no_trade(source, "A", "09:30", "09:45") == (gap("A", "09:40", "09:45"),)
    assert no_trade(source, "AB", "09:45", "09:46") == (gap("A", "09:45"), gap("B", "09:45"))
    assert no_trade(source, "A", "09:50", "10:00") == no_trade(source, "A", "09:30", "09:40") == ()


def test_what_was_given_up_by_another_run_is_not_confirmed() -> None:
    assert no_trade(source_of(run("A", "09:40", "09:50", Verdict.ABANDONED)), "A", "09:30", "16:00") == ()


def test_a_certificate_without_a_stored_day_speaks_for_itself() -> None:
    store = CountingStore()
    store.certify("XNYS", DAY.date, certificate("A", runs=(run("A", "09:30", "16:00"),)))
    answer = StoreSource(store, "upstream").fetch(DAY, ("A",), at("09:30"), at("09:31"))

    assert (len(answer.bars), answer.no_trade) == (0, (gap("A", "09:30"),))


def test_a_day_is_read_once_for_many_questions() -> None:
    store = CountingStore()
    store.merge("XNYS", DAY.date, day(*bars("A", "09:30", 1, 2)))
    source = StoreSource(store, "upstream")
    for minute in range(5):
        source.fetch(DAY, ("A",), DAY.start_ns, DAY.start_ns + minute * MINUTE_NS)

    assert len(store.reads) == 1


def test_a_day_that_was_read_ahead_is_not_read_again() -> None:
    store = CountingStore()
    store.merge("XNYS", DAY.date, day(*bars("A", "09:30", 1, 2)))
    source = StoreSource(store, "upstream")
    source.read_ahead(DAY)
    answer = source.fetch(DAY, ("A",), DAY.start_ns, DAY.end_ns)

    assert (len(store.reads), len(answer.bars)) == (1, 2)


def test_a_day_that_somebody_may_be_writing_to_is_read_anew_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.storage.source._HELD_S", -1.0)
    store = CountingStore()
    store.merge("XNYS", DAY.date, day(*bars("A", "09:30", 1)))
    source = StoreSource(store, "upstream")
    before = source.fetch(DAY, ("A",), DAY.start_ns, DAY.end_ns)
    store.merge("XNYS", DAY.date, day(*bars("A", "09:31", 2)))
    after = source.fetch(DAY, ("A",), DAY.start_ns, DAY.end_ns)

    assert (len(before.bars), len(after.bars)) == (1, 2)


def test_two_days_are_held_and_no_more() -> None:
    store, source = CountingStore(), None
    source = StoreSource(store, "upstream")

    def ask(session: TradingSession) -> None:
        source.fetch(session, ("A",), session.start_ns, session.end_ns)

    days = [session_xnys(date) for date in ("2024-07-01", "2024-07-02", "2024-07-05")]
    for session in (days[0], days[1], days[0], days[2], days[1]):
        ask(session)
    assert len(store.reads) == 3
    ask(days[0])

    assert len(store.reads) == 4


def test_a_source_says_what_it_was_told_to_say_of_itself() -> None:
    assert source_of(is_authoritative=True).is_authoritative
    assert source_of().name == "upstream"


def test_a_store_that_cannot_be_read_is_asked_again_the_next_time() -> None:
    store = CountingStore()
    store.merge("XNYS", DAY.date, day(*bars("A", "09:30", 1)))
    broken = FailingStore(store, DAY.date, OSError("gone for now"))
    source = StoreSource(broken, "upstream")
    with pytest.raises(OSError, match="gone for now"):
        source.fetch(DAY, ("A",), DAY.start_ns, DAY.end_ns)
    broken._error = None

    assert len(source.fetch(DAY, ("A",), DAY.start_ns, DAY.end_ns).bars) == 1


def test_closing_it_closes_its_store() -> None:
    store = FailingStore(CountingStore())
    StoreSource(store, "upstream").close()

    assert store.is_closed


def picked(source: StoreSource, symbols: str, *minutes: tuple[str, str]) -> list[tuple[str, int, float]]:
    """Ask for these bars, each a symbol and its clock time, one by one."""
    wanted = sorted((at(clock), symbol) for symbol, clock in minutes)
    missing = BarKeys(
        symbols=tuple(symbols),
        symbol_index=np.array([symbols.index(symbol) for _, symbol in wanted], dtype=np.int32),
        start_ns=np.array([start for start, _ in wanted], dtype=np.int64),
    )
    bars = source.pick(DAY, missing).bars
    return [(one.symbol, (one.start_ns - DAY.start_ns) // MINUTE_NS, one.close) for one in bars.bars()]


def store_of(*given: list[Bar]) -> CountingStore:
    store = CountingStore()
    store.merge("XNYS", DAY.date, day(*(one for some in given for one in some)))
    return store


def test_just_the_bars_that_are_missing_are_picked() -> None:
    source = StoreSource(store_of(bars("A", "09:30", 1, None, 3), bars("B", "09:31", 5, 6), bars("C", "15:59", 9)), "u")
    asked = ("A", "09:30"), ("A", "09:31"), ("A", "09:32"), ("B", "09:30"), ("B", "09:32"), ("Z", "09:31")

    assert picked(source, "ABZ", *asked) == [("A", 0, 1), ("A", 2, 3), ("B", 2, 6)]
    assert picked(source, "C", ("C", "15:59")) == [("C", 389, 9)]
    assert picked(source, "C", ("C", "15:58")) == []


def test_a_day_without_bars_has_none_to_pick() -> None:
    assert picked(StoreSource(CountingStore(), "u"), "A", ("A", "09:30")) == []


def test_what_is_picked_comes_with_what_was_never_traded_between_the_first_and_the_last() -> None:
    source = source_of(run("A", "09:40", "09:50"), run("B", "09:30", "16:00"))
    missing = keys("A", "09:41", "09:43")

    assert source.pick(DAY, missing).no_trade == (gap("A", "09:41", "09:43"),)


def test_a_source_holds_what_it_has_read() -> None:
    source = StoreSource(store_of(bars("A", "09:30", 1)), "u")
    before = source.holds(DAY)
    source.read_ahead(DAY)

    assert (before, source.holds(DAY), source.holds(HALF_DAY)) == (False, True, False)
