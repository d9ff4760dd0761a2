"""Minutes that are promised to who is alone in a loop: whatever is asked between them, nobody can tell."""

from random import Random
from typing import Any

import numpy as np
import pytest

from actors.kernel.ports import StoredDay
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.session_data.actor import SessionData
from actors.settings import SessionRules
from actors.storage.memory import MemoryStore
from actors.system import System
from messages import BarBatch, TradingSession, Verdict
from messages.errors import BarkeeperError
from tests.builders import instant
from tests.depth import also_slow
from tests.system.futures import ASKED, plain

DATES = ("2024-07-01", "2024-07-02", "2024-07-03")
CLOSED = ("10:10-16:00",)
"""What is left are sessions of forty minutes."""
SYMBOLS = ("A", "B")
CUT_NS = instant("2024-07-03", "13:52")
SHORT = ("latest_bar", "last_bars", "bar_count", "metrics")
"""What is answered without all of a minute having been taken."""


def day_of(session: TradingSession, future: int) -> StoredDay:
    """A day of which few minutes lack a bar; after the cut it is another one in each future."""
    axis, random = SessionAxis(session), np.random.default_rng([1, int(session.date[-2:])])
    other = np.random.default_rng([future, 2])
    is_later = axis.starts_ns >= CUT_NS
    is_there = random.random((axis.slots, 2)) < 0.98
    is_there[is_later] = other.random((int(is_later.sum()), 2)) < 0.9
    close = 50 + 10 * random.random((axis.slots, 2))
    close[is_later] += other.random((int(is_later.sum()), 2))
    rows, columns = np.nonzero(is_there)
    price = close[rows, columns]
    values = np.array([price, price + 1, price - 1, price, np.floor(1 + 100 * random.random(len(rows)))])
    batch = BarBatch.build(SYMBOLS, columns.astype(np.int32), axis.starts_ns[rows], values, axis.interval)
    return StoredDay(bars=batch, verdicts=np.full(len(rows), Verdict.STREAMED, dtype=np.uint8))


def store_of(future: int) -> MemoryStore:
    store, calendar = MemoryStore(), Calendar("XNYS", closed=CLOSED)
    for date in DATES:
        session = calendar.session(date)
        assert session is not None
        store.merge("XNYS", date, day_of(session, future))
    return store


def heard(store: MemoryStore, seed: int) -> list[Any]:
    """Every minute, and answers to questions at random: none, the same ones again, short and long ones mixed."""
    random, said = Random(seed), list[Any]()
    kinds = SHORT if seed % 3 == 0 else tuple(sorted(ASKED))
    rules = SessionRules(trailing_sessions=1, daily_sessions=2)
    with System.backtest(store, SYMBOLS, calendar="XNYS", closed=CLOSED, last=2, rules=rules) as system:
        for minute in system.minutes():
            said.append((minute.end_ns, plain(minute)))
            for _ in range(random.choice((0, 0, 1, 2, 4))):
                name = random.choice(SHORT if random.random() < 0.7 else kinds)
                args, more = random.choice(ASKED[name](random.choice(SYMBOLS), minute.start.date().isoformat()))
                said.append((minute.end_ns, name, args, answer(system, name, args, more)))
    return said


def answer(system: System, name: str, args: tuple[Any, ...], more: dict[str, Any]) -> Any:
    try:
        return plain(getattr(system, name)(*args, **more).get(timeout=20))
    except BarkeeperError as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize("seed", also_slow(range(6), range(6, 120)))
def test_promised_or_not_every_minute_and_every_answer_is_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    store, promised, promise = store_of(7), list[int](), SessionData.promise

    def noted(room: SessionData, minutes: Any) -> Any:
        stretch = promise(room, minutes)
        promised.append(0 if stretch is None else len(stretch.events))
        return stretch

    with monkeypatch.context() as patched:
        patched.setattr(SessionData, "promise", noted)
        one = heard(store, seed)
    monkeypatch.setattr(SessionData, "promise", lambda *_: None)
    other = heard(store, seed)

    assert sum(promised) > 60
    for left, right in zip(one, other, strict=True):
        assert left == right


@pytest.mark.parametrize("seed", also_slow(range(3), range(3, 60)))
def test_until_an_instant_two_futures_are_one_though_their_minutes_are_promised(seed: int) -> None:
    one, other = ([said for said in heard(store_of(future), seed) if said[0] <= CUT_NS] for future in (7, 8))

    for left, right in zip(one, other, strict=True):
        assert left == right
