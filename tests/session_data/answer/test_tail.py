"""The short way to the last bars: whatever it answers is what the whole day would have been cut to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.session_data.answer import reader
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import GetActiveSymbols, GetBars, GetLastBars, GetLatestBar, GetLatestBars, Interval, TradingSession
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import arrived, bar, opened, session_tiny
from tests.depth import examples
from tests.session_data.streams import RULES, SESSIONS, SYMBOLS, ask, intervals_of, wild_messages
from tests.session_data.telling import core_with


def asked(core: SessionDataCore, symbol: str, interval: Interval, count: int) -> tuple[object, ...]:
    return (
        ask(core, GetLastBars(symbol=symbol, count=count, interval=interval)),
        ask(core, GetLastBars(symbol=symbol, count=count, interval=interval, with_history=True)),
        ask(core, GetLatestBar(symbol=symbol, interval=interval)),
    )


@examples(60)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES, count=st.integers(1, 7))
def test_the_short_way_and_the_whole_day_say_the_same(
    data: st.DataObject, session: TradingSession, rules: SessionRules, count: int
) -> None:
    core = SessionDataCore(rules)
    for message in [opened(session, SYMBOLS), *data.draw(wild_messages(session))]:
        core.handle(message)
    with pytest.MonkeyPatch.context() as patch:
        short = {
            (symbol, interval): asked(core, symbol, interval, count)
            for symbol in ask(core, GetActiveSymbols())
            for interval in intervals_of(session)
        }
        patch.setattr(reader, "last_window", lambda *_, **__: None)
        whole = {key: asked(core, *key, count) for key in short}

    assert short == whole
    for (symbol, interval), (*_, latest) in short.items():
        every = ask(core, GetBars(symbol=symbol, interval=interval)).bars()
        assert latest == (every[-1] if every else None)
    base = session.base_interval
    assert ask(core, GetLatestBars()) == tuple(short[symbol, base][-1] for symbol in ask(core, GetActiveSymbols()))


@examples(60)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES, count=st.integers(1, 4))
def test_what_is_kept_of_minutes_that_are_over_is_what_the_whole_day_says_whatever_comes_between(
    data: st.DataObject, session: TradingSession, rules: SessionRules, count: int
) -> None:
    core = SessionDataCore(rules)
    for message in [opened(session, SYMBOLS), *data.draw(wild_messages(session))]:
        core.handle(message)
        active = ask(core, GetActiveSymbols())[:2]
        kept = [asked(core, symbol, interval, count) for symbol in active for interval in intervals_of(session)[:3]]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reader, "last_window", lambda *_, **__: None)
            whole = [asked(core, name, interval, count) for name in active for interval in intervals_of(session)[:3]]

        assert kept == whole


def test_a_short_block_behind_one_that_is_open_is_the_latest_bar() -> None:
    """After the break come a block of three minutes and one of a single minute, which has its bar."""
    session = session_tiny(3, 4)
    first, second = (range(part.start_ns, part.end_ns, MINUTE_NS) for part in session.segments)
    core = core_with(opened(session, ["A"]), grace_ns=90 * SECOND_NS)
    for start_ns in (*first, second[1], second[3]):
        core.handle(arrived(bar("A", start_ns), now=start_ns + MINUTE_NS))

    latest = ask(core, GetLatestBar(symbol="A", interval=Interval.parse("3m")))

    assert latest is not None
    assert (latest.start_ns, latest.base_count, latest.base_expected) == (second[3], 1, 1)


@pytest.mark.parametrize("interval", ["1m", "5m", "1h"])
def test_until_the_first_bar_is_there_the_short_way_says_so(interval: str, monkeypatch: pytest.MonkeyPatch) -> None:
    core = core_with(opened(session_tiny(9), ["A"]))
    monkeypatch.delattr(reader, "last_bars")  # which the long way takes
    length = Interval.parse(interval)

    for _ in range(2):
        window = ask(core, GetLastBars(symbol="A", count=3, interval=length))
        assert (len(window), window.short, ask(core, GetLatestBar(symbol="A", interval=length))) == (0, 3, None)
