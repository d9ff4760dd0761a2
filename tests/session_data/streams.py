"""Streams of messages for property tests, and one way to read the core and the oracle alike."""

from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    AddSymbols,
    Bar,
    GetActiveSymbols,
    GetBarCount,
    GetBars,
    GetLastBars,
    GetLatestBar,
    GetMetrics,
    GetQuality,
    GetSession,
    Interval,
    Message,
    Quality,
    Query,
    RemoveSymbols,
    SessionMetrics,
    TradingSession,
    VerdictCounts,
)
from messages.values import MINUTE_NS, ONE_DAY, ONE_MINUTE, SECOND_NS
from tests import builders
from tests.builders import session_tiny
from tests.oracle import Oracle

SYMBOLS = ("A", "B", "C")
STRANGER = "D"
SENDERS = ("tape", "patch", "desk")
TWENTY_SECONDS = Interval(seconds=20)
SESSIONS = (
    session_tiny(5),
    session_tiny(3, 4),
    session_tiny(4, 2, pre=2, post=3),
    msgspec.structs.replace(session_tiny(2, 1, pre=1, lunch=1), base_interval=TWENTY_SECONDS),
)
INTERVALS = (ONE_MINUTE, Interval(seconds=120), Interval(seconds=180), ONE_DAY)
NAN = float("nan")

# open, high, low, close, volume, vwap, trades: numbers whose sums and means are exact
SOUND = (
    (99.0, 105.0, 96.0, 102.0, 10.0, None, None),
    (102.0, 108.0, 93.0, 99.0, 30.0, None, None),
    (99.0, 105.0, 96.0, 102.0, 10.0, 99.0, 3.0),
    (102.0, 102.0, 102.0, 102.0, 0.0, 102.0, 0.0),
)
UNSOUND = (
    (99.0, 105.0, 96.0, NAN, 10.0, None, None),
    (99.0, 105.0, 0.0, 102.0, 10.0, None, None),
    (99.0, 100.0, 96.0, 102.0, 10.0, None, None),
    (99.0, 105.0, 100.0, 102.0, 10.0, None, None),
    (99.0, 105.0, 96.0, 102.0, -1.0, None, None),
    (99.0, 98.0, 100.0, 102.0, -1.0, None, None),
)


class Sent(NamedTuple):
    """What one sender says in one go: bars by symbol, minute of the session and values."""

    bars: tuple[Bar, ...]
    source: str
    is_correction: bool = False
    is_split: bool = False
    """Bar by bar rather than in a batch."""

    def messages(self, delay_ns: int = 0) -> list[Message]:
        now = max(one.known_ns for one in self.bars) + delay_ns
        parts = [(one,) for one in self.bars] if self.is_split else [self.bars]
        return [
            builders.arrived(*part, now=now, source=self.source, is_correction=self.is_correction) for part in parts
        ]


def bar_of(symbol: str, start_ns: int, row: tuple[float | None, ...], base: Interval = ONE_MINUTE) -> Bar:
    names = ("open", "high", "low", "close", "volume", "vwap", "trades")
    return Bar(symbol=symbol, start_ns=start_ns, interval=base, **dict(zip(names, row, strict=True)))


def step_of(session: TradingSession) -> int:
    """The length of the session's base bars."""
    return session.base_interval.span_ns


def intervals_of(session: TradingSession) -> tuple[Interval, ...]:
    """The base bars', and those that are published."""
    return (session.base_interval, *INTERVALS[1:])


def minutes_of(session: TradingSession) -> list[int]:
    return [start for part in session.segments for start in range(part.start_ns, part.end_ns, step_of(session))]


def bars_in(session: TradingSession, symbols: tuple[str, ...] = SYMBOLS) -> st.SearchStrategy[tuple[Bar, ...]]:
    """A few sound bars of expected minutes, no cell twice."""
    starts, base = st.sampled_from(minutes_of(session)), st.just(session.base_interval)
    one = st.builds(bar_of, st.sampled_from(symbols), starts, st.sampled_from(SOUND[:3]), base)
    return st.lists(one, min_size=1, max_size=4, unique_by=lambda bar: (bar.symbol, bar.start_ns)).map(tuple)


def sender(session: TradingSession, source: str) -> st.SearchStrategy[list[Sent]]:
    """One sender's messages, in its own order."""
    sent = st.builds(Sent, bars_in(session), st.just(source), st.booleans(), st.booleans())
    return st.lists(sent, min_size=1, max_size=4)


@st.composite
def interleavings(draw: st.DrawFn, senders: list[list[Sent]], session: TradingSession) -> list[Message]:
    """One way in which the senders' messages may come, minutes closing in between."""
    turns = [number for number, said in enumerate(senders) for _ in said]
    queues = [iter(said) for said in senders]
    messages: list[Message] = []
    for number in draw(st.permutations(turns)):
        sent = next(queues[number])
        messages += sent._replace(is_split=draw(st.booleans())).messages()
        if draw(st.booleans()):
            messages.append(builders.time(draw(st.sampled_from(minutes_of(session)))))
    return [builders.opened(session, SYMBOLS), *messages, builders.closed(session)]


def wild_bars(session: TradingSession) -> st.SearchStrategy[tuple[Bar, ...]]:
    """Bars of all sorts: of unknown symbols, outside the session, unsound, off the minute, of another length."""
    first, step_ns = session.start_ns, step_of(session)
    start = st.one_of(
        st.sampled_from(minutes_of(session)),
        st.sampled_from(minutes_of(session)),
        st.integers(-3, 14).map(lambda minute: first + minute * step_ns),
        st.sampled_from([first + step_ns // 2, first - 24 * 60 * MINUTE_NS]),
    )
    row = st.one_of(st.sampled_from(SOUND), st.sampled_from(SOUND), st.sampled_from(UNSOUND))

    def told_of(base: Interval) -> st.SearchStrategy[tuple[Bar, ...]]:
        one = st.builds(bar_of, st.sampled_from((*SYMBOLS, STRANGER)), start, row, st.just(base))
        return st.lists(one, min_size=1, max_size=5, unique_by=lambda bar: (bar.symbol, bar.start_ns)).map(tuple)

    base = session.base_interval
    return st.sampled_from([base] * 9 + [Interval(seconds=base.seconds * 5)]).flatmap(told_of)


def wild_messages(session: TradingSession) -> st.SearchStrategy[list[Message]]:
    """Anything that may be told to an open session, in any order."""
    sent = st.builds(Sent, wild_bars(session), st.sampled_from(SENDERS), st.booleans(), st.booleans())
    half_ns = step_of(session) // 2
    delay = st.sampled_from([0, 0, 0, -half_ns, -4 * half_ns])
    halves = st.integers(0, 28).map(lambda half: builders.time(session.start_ns + half * half_ns))
    some = st.sampled_from(SYMBOLS).map(lambda symbol: (symbol,))
    action = st.one_of(
        st.builds(Sent.messages, sent, delay),
        st.builds(Sent.messages, sent, delay),
        halves.map(lambda message: [message]),
        some.map(lambda symbols: [RemoveSymbols(symbols=symbols)]),
        some.map(lambda symbols: [AddSymbols(symbols=symbols)]),
    )
    return st.lists(action, max_size=12).map(lambda lists: [message for said in lists for message in said])


RULES = st.builds(
    SessionRules,
    intervals=st.just(INTERVALS[1:]),
    grace_ns=st.sampled_from([0, 0, 30 * SECOND_NS, 90 * SECOND_NS]),
    sources=st.sampled_from([("tape", "patch"), ("desk",), ()]),
    unknown_symbols=st.sampled_from(["add", "reject"]),
    keep_extra=st.booleans(),
)


def oracle_with(rules: SessionRules) -> Oracle:
    return Oracle(
        sources=rules.sources,
        grace_ns=rules.grace_ns,
        adds_unknown=rules.unknown_symbols == "add",
        has_extra=rules.keep_extra,
        trailing=rules.trailing_sessions,
    )


def ask(core: SessionDataCore, query: Query[Any]) -> Any:
    outcome = core.handle(query)
    assert outcome.error is None, outcome.error
    return outcome.answer


def plain(given: list[Bar]) -> list[Bar]:
    """Without revisions, which the oracle does not count."""
    return [msgspec.structs.replace(one, revision=0) for one in given]


def settled(metrics: SessionMetrics) -> tuple[VerdictCounts, VerdictCounts]:
    """The counts per verdict, in time and late taken together."""
    return together(metrics.quality), together(metrics.extended_quality)


def together(quality: Quality) -> VerdictCounts:
    counts = quality.verdicts
    return msgspec.structs.replace(counts, streamed=counts.streamed + counts.late, late=0)


def readings(core: SessionDataCore) -> dict[object, object]:
    """Everything that readers see of the open session."""
    active = ask(core, GetActiveSymbols())
    seen: dict[object, object] = {"symbols": active}
    for symbol in active:
        metrics = ask(core, GetMetrics(symbol=symbol))
        seen[symbol] = msgspec.structs.replace(metrics, revision=0, is_catching_up=False)
        for interval in intervals_of(ask(core, GetSession())):
            asked = {"symbol": symbol, "interval": interval}
            window = ask(core, GetBars(**asked))
            latest = ask(core, GetLatestBar(**asked))
            seen[symbol, interval, "bars"] = plain(window.bars())
            seen[symbol, interval, "empty"] = window.empty_minutes
            seen[symbol, interval, "forming"] = plain(ask(core, GetBars(**asked, include_partial=True)).bars())
            seen[symbol, interval, "last"] = plain(ask(core, GetLastBars(**asked, count=2)).bars())
            seen[symbol, interval, "latest"] = plain([latest] if latest else [])
            seen[symbol, interval, "count"] = ask(core, GetBarCount(**asked))
    return seen


def expectations(oracle: Oracle) -> dict[object, object]:
    """The same, by the oracle."""
    active = tuple(oracle.day.active())
    seen: dict[object, object] = {"symbols": active}
    for symbol in active:
        seen[symbol] = oracle.metrics(symbol)
        for interval in intervals_of(oracle.day.session):
            made = oracle.bars(symbol, interval)
            seen[symbol, interval, "bars"] = made
            seen[symbol, interval, "empty"] = oracle.empty_minutes(made)
            seen[symbol, interval, "forming"] = oracle.bars(symbol, interval, include_partial=True)
            seen[symbol, interval, "last"] = oracle.last_bars(symbol, 2, interval)
            seen[symbol, interval, "latest"] = made[-1:]
            seen[symbol, interval, "count"] = len(made)
    return seen


def counts_of(core: SessionDataCore) -> dict[str, object]:
    report = ask(core, GetQuality())
    names = ("received", "accepted", "rejected", "duplicates", "outranked", "revised", "outside")
    return {name: getattr(report, name) for name in names} | {"reasons": dict(report.reasons)}


def expected_counts(oracle: Oracle) -> dict[str, object]:
    counts = oracle.day.counts
    names = ("received", "accepted", "rejected", "duplicates", "outranked", "revised", "outside")
    return {name: getattr(counts, name) for name in names} | {"reasons": dict(counts.reasons)}


def play(core: SessionDataCore, messages: list[Message]) -> list[Message]:
    """Tell the core everything, check it after every message, and return what it said."""
    said: list[Message] = []
    for message in messages:
        said += core.handle(message).out
        core.check()
    return said
