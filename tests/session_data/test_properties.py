"""SessionData against the oracle: whatever arrives, in whatever order."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    Bar,
    BarsUpdated,
    Gap,
    GapDetected,
    GetActiveSymbols,
    GetBars,
    GetChangesSince,
    GetDigest,
    GetHistory,
    GetLastBars,
    GetMetrics,
    GetQuality,
    GetSnapshot,
    Interval,
    MinuteClosed,
    TradingSession,
)
from messages.values import ONE_DAY
from tests import builders
from tests.builders import arrived, closed, day_grid, opened, session_tiny
from tests.depth import also_slow, examples
from tests.oracle_day import Day
from tests.session_data.streams import (
    INTERVALS,
    RULES,
    SENDERS,
    SESSIONS,
    SOUND,
    SYMBOLS,
    Sent,
    ask,
    bar_of,
    bars_in,
    counts_of,
    expectations,
    expected_counts,
    interleavings,
    intervals_of,
    minutes_of,
    oracle_with,
    plain,
    play,
    readings,
    sender,
    settled,
    step_of,
    wild_messages,
)

DAYS = (builders.HALF_DAY, builders.BREAK_DAY, builders.ROUND_THE_CLOCK, builders.EXTENDED_DAY)


def values(one: Bar) -> tuple[float, ...]:
    return (one.open, one.high, one.low, one.close, one.volume)


def ends_of(update: BarsUpdated, session: TradingSession) -> list[int]:
    """When published bars become known."""
    ends = {block[0]: block[-1] + step_of(session) for block in Day(session).blocks(update.interval)}
    return [ends[one.start_ns] for one in update.batch.bars()]


@examples(30)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_any_interleaving_of_the_senders_ends_in_the_same_session(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    senders = [data.draw(sender(session, source)) for source in SENDERS]
    one, other, oracle = SessionDataCore(rules), SessionDataCore(rules), oracle_with(rules)
    play(one, data.draw(interleavings(senders, session)))
    last = data.draw(interleavings(senders, session))
    play(other, last)
    for message in last:
        oracle.handle(message)

    assert ask(one, GetDigest()) == ask(other, GetDigest())
    for symbol in SYMBOLS:
        counts = settled(ask(one, GetMetrics(symbol=symbol)))
        assert counts == settled(ask(other, GetMetrics(symbol=symbol))) == settled(oracle.metrics(symbol))
    assert readings(other) == expectations(oracle)


@examples(60)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_readers_and_counts_equal_the_oracle_whatever_is_told(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    core, oracle = SessionDataCore(rules), oracle_with(rules)
    messages = [opened(session, SYMBOLS), *data.draw(wild_messages(session))]
    for message in messages:
        core.handle(message)
        oracle.handle(message)
        core.check()

    assert counts_of(core) == expected_counts(oracle)
    assert readings(core) == expectations(oracle)


@examples(25)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_nothing_that_is_read_or_published_lies_past_now(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    core, now = SessionDataCore(rules), 0
    for message in [opened(session, SYMBOLS), *data.draw(wild_messages(session))]:
        now = max(now, getattr(message, "now_ns", 0))
        published = [said for said in core.handle(message).out if isinstance(said, BarsUpdated)]
        snapshot = ask(core, GetSnapshot())

        assert snapshot.now_ns == now
        assert all(one is None or one.end_ns <= now for one in snapshot.latest)
        assert all(end <= now for said in published for end in ends_of(said, session))
        for symbol in snapshot.metrics:
            for interval in intervals_of(session):
                window = ask(core, GetBars(symbol=symbol.symbol, interval=interval))
                assert (window.end_ns <= now).all()
                assert window.now_ns == now


@examples(30)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_who_keeps_the_last_of_every_published_bar_holds_what_a_reader_reads(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    core = SessionDataCore(rules)
    kept: dict[tuple[str, Interval, int], tuple[float, ...]] = {}
    for message in [opened(session, SYMBOLS), *data.draw(wild_messages(session)), closed(session)]:
        for update in play(core, [message]):
            for one in update.batch.bars() if isinstance(update, BarsUpdated) else ():
                kept[one.symbol, update.interval, one.start_ns] = values(one)
        active = ask(core, GetActiveSymbols())

        assert {key: row for key, row in kept.items() if key[0] in active} == {
            (symbol, interval, one.start_ns): values(one)
            for symbol in active
            for interval in intervals_of(session)
            for one in ask(core, GetBars(symbol=symbol, interval=interval)).bars()
        }


@examples(30)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_every_minute_closes_once_and_names_who_is_missing(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    core, oracle = SessionDataCore(rules), oracle_with(rules)
    messages = [opened(session, SYMBOLS), *data.draw(wild_messages(session)), closed(session)]
    said = play(core, messages)
    for message in messages:
        oracle.handle(message)
    closings = [told for told in said if isinstance(told, MinuteClosed)]
    gaps = [told.gap for told in said if isinstance(told, GapDetected)]

    assert [told.start_ns for told in closings] == sorted(oracle.closings)
    assert [(told.start_ns, name) for told in closings for name in sorted(told.missing)] == sorted(oracle.missed)
    missed = [(start, name) for gap in gaps for start in starts_of(gap, session) for name in gap.symbols]
    assert sorted(missed) == sorted(oracle.missed + oracle.belated)
    assert ask(core, GetQuality()).gaps == len(gaps)


def starts_of(gap: Gap, session: TradingSession) -> range:
    return range(gap.start_ns, gap.end_ns, step_of(session))


@examples(30)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES, first=st.integers(0, 12))
def test_changes_since_a_revision_are_the_cells_that_changed_after_it(
    data: st.DataObject, session: TradingSession, rules: SessionRules, first: int
) -> None:
    core, oracle = SessionDataCore(rules), oracle_with(rules)
    messages = [opened(session, SYMBOLS), *data.draw(wild_messages(session))]
    revision, changes = 0, 0
    for number, message in enumerate(messages):
        core.handle(message)
        oracle.handle(message)
        if number == first:
            revision, changes = ask(core, GetSnapshot()).revision, oracle.changes
    window = ask(core, GetChangesSince(revision=revision))

    assert {(one.symbol, one.start_ns) for one in window.bars()} == oracle.changed_since(changes)


@examples(3)
@pytest.mark.parametrize("session", also_slow(DAYS[1:2], [DAYS[0], *DAYS[2:]]), ids=lambda session: session.calendar)
@given(minutes=st.integers(2, 600), density=st.sampled_from([0.02, 0.5, 0.99]), seed=st.integers(0, 2**16))
def test_bars_of_every_interval_equal_the_oracle(
    session: TradingSession, minutes: int, density: float, seed: int
) -> None:
    core, oracle, dice = SessionDataCore(), oracle_with(SessionRules()), random.Random(seed)
    made = [
        bar_of(symbol, start, dice.choice(SOUND))
        for start in minutes_of(session)
        for symbol in SYMBOLS[:2]
        if dice.random() < density
    ] or [bar_of("A", session.start_ns, SOUND[0])]
    sent = arrived(*made)
    for message in (opened(session, SYMBOLS), sent, builders.time(sent.now_ns)):
        core.handle(message)
        oracle.handle(message)

    for interval in (Interval(seconds=60 * minutes), Interval.parse("5m"), ONE_DAY):
        window = ask(core, GetBars(symbol="A", interval=interval))
        assert plain(window.bars()) == oracle.bars("A", interval)
        assert window.empty_minutes == oracle.empty_minutes(oracle.bars("A", interval))


@examples(20)
@given(
    data=st.data(),
    count=st.integers(1, 12),
    sessions=st.integers(1, 3),
    interval=st.sampled_from(INTERVALS),
    trailing=st.integers(0, 3),
)
def test_history_joins_the_open_session(
    data: st.DataObject, count: int, sessions: int, interval: Interval, trailing: int
) -> None:
    rules = SessionRules(trailing_sessions=trailing)
    core, oracle = SessionDataCore(rules), oracle_with(rules)
    days = [session_tiny(3, 4, day=f"2024-07-0{number}") for number in range(1, 5)]
    read = [day_grid(day, data.draw(bars_in(day)), SYMBOLS) for day in days[:2]]
    lived = [Sent(data.draw(bars_in(day)), "tape").messages() for day in days[2:]]
    repair = Sent(data.draw(bars_in(days[2])), "tape", data.draw(st.booleans())).messages()
    late = [opened(days[3], SYMBOLS), *lived[1], *repair]
    for message in [opened(days[2], SYMBOLS, read), *lived[0], closed(days[2]), *late]:
        core.handle(message)
        oracle.handle(message)
        core.check()

    for symbol in SYMBOLS:
        asked = {"symbol": symbol, "interval": interval}
        window = ask(core, GetLastBars(**asked, count=count, with_history=True))
        expected = oracle.last_bars(symbol, count, interval, with_history=True)
        assert plain(window.bars()) == expected
        assert window.empty_minutes == oracle.empty_minutes(expected)
        assert plain(ask(core, GetHistory(**asked, sessions=sessions)).bars()) == oracle.history(
            symbol, sessions, interval
        )
