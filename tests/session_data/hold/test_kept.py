"""What was made of slots that are over is kept until one of them changes."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from actors.session_data.hold.kept import Kept
from actors.settings import SessionRules
from messages import (
    Bar,
    Fill,
    Gap,
    GetActiveSymbols,
    GetBarCount,
    GetLastBars,
    GetLatestBars,
    GetMatrix,
    GetMetrics,
    GetSnapshot,
    NoTradeConfirmed,
    TradingSession,
)
from messages.values import MINUTE_NS
from tests.builders import arrived, bar, opened, time
from tests.depth import examples
from tests.session_data.streams import RULES, SESSIONS, SYMBOLS, ask, intervals_of, wild_messages
from tests.session_data.telling import core_with


def test_what_follows_from_slots_is_kept_until_one_of_them_changes() -> None:
    kept = Kept()
    kept.put("early", 1, 5)
    kept.put("late", 2, 9)
    kept.touch(9)
    before = kept.get("early"), kept.get("late"), kept.get("never")
    kept.touch(8)

    assert before == (1, 2, None)
    assert kept.get("early") is kept.get("late") is None


def test_what_is_put_after_a_change_is_kept_again() -> None:
    kept = Kept()
    kept.put("a", 1, 5)
    kept.touch(0)
    kept.put("a", 2, 3)
    kept.touch(4)

    assert kept.get("a") == 2


def test_it_does_not_grow_for_ever() -> None:
    kept = Kept()
    for number in range(5000):
        kept.put(number, number, 1)

    assert kept.get(0) is None
    assert kept.get(4999) == 4999


FILLS = (None, Fill.FORWARD)


def answers(core: SessionDataCore, session: TradingSession) -> list[Any]:
    """Of everything for which something is kept."""
    active = ask(core, GetActiveSymbols())
    asked = [
        *(GetMetrics(symbol=symbol) for symbol in active),
        *(GetBarCount(symbol=symbol, interval=one) for symbol in active for one in intervals_of(session)),
        *(GetLastBars(symbol=symbol, count=3, interval=one) for symbol in active for one in intervals_of(session)),
        *(GetSnapshot(), GetLatestBars()),
        *(GetMatrix(count=3, interval=one, fields=(), fill=fill) for one in intervals_of(session) for fill in FILLS),
        *([GetSnapshot(symbols=active[::-1])] if active else []),
    ]
    return [ask(core, query) for query in asked]


def forget(core: SessionDataCore) -> None:
    assert core._book is not None
    core._book.grid.kept = Kept()


@examples(60)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_what_is_kept_changes_no_answer_whatever_comes_between(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    core = SessionDataCore(rules)
    said = data.draw(wild_messages(session))
    gap = Gap(symbols=("A", "B"), start_ns=session.start_ns, end_ns=session.start_ns + 3 * MINUTE_NS)
    confirmed = NoTradeConfirmed(session_date=session.date, gaps=(gap,), source="archive")
    place = data.draw(st.integers(0, len(said)))
    for message in [opened(session, SYMBOLS), *said[:place], confirmed, *said[place:]]:
        core.handle(message)
        kept = answers(core, session)
        forget(core)

        assert kept == answers(core, session)


def test_sums_that_were_carried_on_are_to_the_last_bit_those_of_the_whole_day() -> None:
    """Numbers whose sums depend on the order; single minutes, several at once, one symbol and many."""
    dice = np.random.default_rng(7)
    names = [f"S{number:02}" for number in range(70)]
    core = core_with(opened(symbols=names))
    start = bar().start_ns
    for minutes in (1, 1, 5, 1, 40, 1):
        given = [
            Bar(symbol=name, start_ns=start + minute * MINUTE_NS, **priced(dice))
            for minute in range(minutes)
            for name in names
            if dice.random() < 0.9
        ]
        start += minutes * MINUTE_NS
        core.handle(arrived(*given))
        core.handle(time(start))
        one, every = ask(core, GetMetrics(symbol="S03")), ask(core, GetSnapshot()).metrics
        forget(core)

        assert every == ask(core, GetSnapshot()).metrics
        assert one == ask(core, GetMetrics(symbol="S03")) == every[3]


def priced(dice: np.random.Generator) -> dict[str, float]:
    low, high = sorted(dice.uniform(10, 20, 2).tolist())
    first, last = dice.uniform(low, high, 2).tolist()
    return {"open": first, "high": high, "low": low, "close": last, "volume": float(dice.uniform(0, 1e6))}
