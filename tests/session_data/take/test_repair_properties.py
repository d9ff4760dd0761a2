"""Arrivals, corrections, fills and verdicts in any order, against the oracle: always the same session in the end."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.market.certificate import certificate_of
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    BarBatch,
    BarsFilled,
    BarsUpdated,
    Gap,
    GapAbandoned,
    GetActiveSymbols,
    GetBars,
    GetDigest,
    Message,
    NoTradeConfirmed,
    SessionCertificate,
    SessionSealed,
    SessionSettled,
    SymbolVerdicts,
    TradingSession,
)
from messages.values import MINUTE_NS, Bar, Nanos
from tests import builders
from tests.builders import closed, opened
from tests.depth import examples
from tests.oracle import Oracle
from tests.session_data.streams import (
    RULES,
    SENDERS,
    SESSIONS,
    SYMBOLS,
    Sent,
    ask,
    bars_in,
    counts_of,
    expectations,
    expected_counts,
    intervals_of,
    minutes_of,
    oracle_with,
    play,
    readings,
    sender,
    step_of,
    wild_bars,
    wild_messages,
)

UPSTREAMS = ("tape", "first", "second")
"""Who fills; one of them streams as well."""


def after_closing(session: TradingSession, rules: SessionRules, until_ns: Nanos, message: Message) -> list[Message]:
    """What upkeep says of minutes is said when they are closed."""
    return [builders.time(until_ns + rules.grace_ns), message]


def fill_of(session: TradingSession, rules: SessionRules, given: tuple[Bar, ...], source: str) -> list[Message]:
    batch = BarBatch.of(given)
    filled = BarsFilled(session_date=session.date, batch=batch, source=source)
    ends = [one.start_ns + step_of(session) for one in given if one.start_ns < session.end_ns]
    return after_closing(session, rules, max(ends, default=session.start_ns), filled)


@st.composite
def marks(draw: st.DrawFn, session: TradingSession, rules: SessionRules) -> list[Message]:
    """Some minutes are confirmed, or given up."""
    first, last = sorted((draw(st.sampled_from(minutes_of(session))), draw(st.sampled_from(minutes_of(session)))))
    symbols = tuple(sorted(draw(st.sets(st.sampled_from(SYMBOLS), min_size=1))))
    gap = Gap(symbols=symbols, start_ns=first, end_ns=last + step_of(session))
    kind = draw(st.sampled_from([NoTradeConfirmed, GapAbandoned]))
    told = kind(session_date=session.date, gaps=(gap,), source=draw(st.sampled_from(UPSTREAMS)))
    return after_closing(session, rules, gap.end_ns, told)


def upkeep(session: TradingSession, rules: SessionRules) -> st.SearchStrategy[list[list[Message]]]:
    """What DataUpkeep says, in its order."""
    fills = st.builds(
        lambda given, by: fill_of(session, rules, given, by), bars_in(session), st.sampled_from(UPSTREAMS)
    )
    return st.lists(st.one_of(fills, fills, marks(session, rules)), max_size=6)


@st.composite
def mingled(draw: st.DrawFn, queues: list[list[list[Message]]], session: TradingSession) -> list[Message]:
    """One way in which the senders' messages may come, each sender's in its own order."""
    turns = [number for number, said in enumerate(queues) for _ in said]
    left = [iter(said) for said in queues]
    messages: list[Message] = []
    for number in draw(st.permutations(turns)):
        messages += next(left[number])
        if draw(st.integers(0, 3)) == 0:
            messages.append(builders.time(draw(st.sampled_from(minutes_of(session)))))
    # Everything closes before the session does, however long its grace.
    return [opened(session, SYMBOLS), *messages, builders.time(session.end_ns + 5 * MINUTE_NS), closed(session)]


def certificate(core: SessionDataCore, session: TradingSession) -> SessionCertificate:
    said = core.handle(SessionSettled(session_date=session.date)).out
    (sealed,) = (message for message in said if isinstance(message, SessionSealed))
    day = sealed.day
    return certificate_of(
        day.session, day.symbols, day.values, day.verdicts, sealed.intervals,
        runs=sealed.runs, issued_by="session", settled_ns=0,
    )  # fmt: skip


def together(counts: tuple[SymbolVerdicts, ...]) -> list[SymbolVerdicts]:
    """Counts with what came in time and what came late taken together."""
    return [replace(one, streamed=one.streamed + one.late, late=0) for one in counts]


def tallied(oracle: Oracle, *, regular: bool) -> list[SymbolVerdicts]:
    """The oracle's counts, minute by minute."""
    found = []
    for symbol in oracle.day.active():
        names = [oracle.day.verdict(symbol, start).name.lower() for start in oracle.day.minutes(regular=regular)]
        found.append(SymbolVerdicts(symbol=symbol, **Counter(names)))
    return together(tuple(found))


def core_of(rules: SessionRules) -> SessionDataCore:
    return SessionDataCore(rules, has_upkeep=True)


@examples(15)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_any_interleaving_ends_in_the_same_digest_and_the_same_certificate(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    queues: list[list[list[Message]]] = [[s.messages() for s in data.draw(sender(session, name))] for name in SENDERS]
    queues.append(data.draw(upkeep(session, rules)))
    one, other, oracle = core_of(rules), core_of(rules), oracle_with(rules)
    play(one, data.draw(mingled(queues, session)))
    last = data.draw(mingled(queues, session))
    play(other, last)
    for message in last:
        oracle.handle(message)
    first, second = certificate(one, session), certificate(other, session)

    assert ask(one, GetDigest()) == ask(other, GetDigest()) == first.digest == second.digest
    assert together(first.symbols) == together(second.symbols) == tallied(oracle, regular=True)
    if first.extended:
        assert together(first.extended) == together(second.extended) == tallied(oracle, regular=False)
    assert [(run.symbol, run.verdict, run.start_ns, run.end_ns) for run in first.runs] == [
        (run.symbol, run.verdict, run.start_ns, run.end_ns) for run in second.runs
    ]
    assert first.bar_quality == second.bar_quality


@st.composite
def wild_upkeep(draw: st.DrawFn, session: TradingSession, rules: SessionRules) -> list[Message]:
    """Anything that may be told to an open session, fills and verdicts among it."""
    bars = wild_bars(session)
    fills = st.builds(lambda given, by: fill_of(session, rules, given, by), bars, st.sampled_from(UPSTREAMS))
    story: list[Message] = []
    for said in draw(st.lists(st.one_of(wild_messages(session), fills, fills, marks(session, rules)), max_size=6)):
        story += said
    return story


@examples(25)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_readers_and_counts_equal_the_oracle_with_fills_and_verdicts_among_it(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    core, oracle = core_of(rules), oracle_with(rules)
    for message in [opened(session, SYMBOLS), *data.draw(wild_upkeep(session, rules))]:
        core.handle(message)
        oracle.handle(message)
        core.check()

    assert counts_of(core) == expected_counts(oracle)
    assert readings(core) == expectations(oracle)


@examples(15)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_who_keeps_the_last_of_every_published_bar_holds_what_a_reader_reads(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    core = core_of(rules)
    kept: dict[tuple[str, str, int], tuple[float, ...]] = {}
    story = [opened(session, SYMBOLS), *data.draw(wild_upkeep(session, rules)), closed(session)]
    for message in [*story, builders.time(session.end_ns + 5 * MINUTE_NS)]:
        for update in play(core, [message]):
            for one in update.batch.bars() if isinstance(update, BarsUpdated) else ():
                kept[one.symbol, str(update.interval), one.start_ns] = numbers(one)
    active = ask(core, GetActiveSymbols())

    assert {key: row for key, row in kept.items() if key[0] in active} == {
        (symbol, str(interval), one.start_ns): numbers(one)
        for symbol in active
        for interval in intervals_of(session)
        for one in ask(core, GetBars(symbol=symbol, interval=interval)).bars()
    }


def numbers(one: Bar) -> tuple[float, ...]:
    return (one.open, one.high, one.low, one.close, one.volume)


@examples(15)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_a_fill_of_whole_minutes_does_what_its_bars_do_one_by_one(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    whole, single = core_of(rules), core_of(rules)
    before: list[Message] = [opened(session, SYMBOLS), *Sent(data.draw(bars_in(session)), "tape").messages()]
    before += [builders.time(session.end_ns + 5 * MINUTE_NS)]
    given_bars, source = data.draw(bars_in(session)), data.draw(st.sampled_from(UPSTREAMS))
    parts: list[Any] = [fill_of(session, rules, (one,), source)[1] for one in given_bars]
    play(whole, [*before, fill_of(session, rules, given_bars, source)[1]])
    play(single, [*before, *parts])

    assert readings_without_updates(whole) == readings_without_updates(single)
    assert ask(whole, GetDigest()) == ask(single, GetDigest())


def readings_without_updates(core: SessionDataCore) -> dict[object, object]:
    return {**readings(core), **counts_of(core)}
