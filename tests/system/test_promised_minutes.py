"""Minutes that are promised to who listens alone: whatever is asked between what he hears, nobody can tell."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
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
from messages import BarBatch, BarsUpdated, Event, MinuteClosed, TradingSession, Verdict
from messages.errors import BarkeeperError
from messages.values import MINUTE_NS
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


LISTENING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("minutes", {}),
    ("bars", {"events": ("bars",), "intervals": ("1m", "5m")}),
    ("5m", {"events": ("bars",), "intervals": ("5m",)}),
    ("B", {"events": ("bars", "minutes"), "symbols": ("B",)}),
    ("all", {}),
)
"""Who listens, and to what: README's loop, and subscribers."""


def heard(store: MemoryStore, seed: int, who: str = "minutes") -> list[Any]:
    """All that is told, and answers to questions at random: none, the same ones again, short and long ones mixed."""
    random, said = Random(seed), list[Any]()
    kinds = SHORT if seed % 3 == 0 else tuple(sorted(ASKED))
    rules = SessionRules(trailing_sessions=1, daily_sessions=2)
    with System.backtest(store, SYMBOLS, calendar="XNYS", closed=CLOSED, last=2, rules=rules) as system:
        listening = system.minutes() if who == "minutes" else system.subscribe(**dict(LISTENING)[who])
        for event in listening:
            said.append((end_of(event), plain(event)))
            for _ in range(random.choice((0, 0, 1, 2, 4))):
                name = random.choice(SHORT if random.random() < 0.7 else kinds)
                args, more = random.choice(ASKED[name](random.choice(SYMBOLS), DATES[-1]))
                said.append((said[-1][0], name, args, answer(system, name, args, more)))
    return said


def end_of(event: Event) -> int:
    """When it is by an event; 0: it does not say."""
    if isinstance(event, MinuteClosed):
        return event.end_ns
    return event.batch.start_ns[-1] + event.interval.span_ns if isinstance(event, BarsUpdated) else 0


def answer(system: System, name: str, args: tuple[Any, ...], more: dict[str, Any]) -> Any:
    try:
        return plain(getattr(system, name)(*args, **more).get(timeout=20))
    except BarkeeperError as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize("who", dict(LISTENING))
@pytest.mark.parametrize("seed", also_slow(range(4), range(4, 30)))
def test_promised_or_not_all_that_is_told_and_every_answer_is_the_same(
    seed: int, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, promised, promise = store_of(7), list[int](), SessionData.promise

    def noted(room: SessionData, minutes: Any, to: Any) -> Any:
        stretch = promise(room, minutes, to)
        promised.append(0 if stretch is None else len(stretch))
        return stretch

    with monkeypatch.context() as patched:
        patched.setattr(SessionData, "promise", noted)
        one = heard(store, seed, who)
    monkeypatch.setattr(SessionData, "promise", lambda *_: None)
    other = heard(store, seed, who)

    assert sum(promised) > 30
    for left, right in zip(one, other, strict=True):
        assert left == right


@pytest.mark.parametrize("who", ["minutes", "bars"])
@pytest.mark.parametrize("seed", also_slow(range(3), range(3, 60)))
def test_until_an_instant_two_futures_are_one_though_their_minutes_are_promised(seed: int, who: str) -> None:
    one, other = ([said for said in heard(store_of(future), seed, who) if said[0] <= CUT_NS] for future in (7, 8))

    for left, right in zip(one, other, strict=True):
        assert left == right


def test_whoever_asks_in_another_thread_hears_of_just_the_minutes_that_the_loop_has_come_to() -> None:
    store, at_ns, seen, is_over = store_of(7), [0], list[tuple[int, int, int]](), threading.Event()

    def ask(system: System, random: Random) -> None:
        while not is_over.is_set():
            before_ns, symbol = at_ns[0], random.choice(SYMBOLS)
            if random.random() < 0.5:
                bar = system.latest_bar(symbol).get(timeout=20)
                answer_ns = 0 if bar is None else bar.end_ns
            else:
                answer_ns = system.snapshot().get(timeout=20).now_ns
                assert answer_ns >= before_ns
            seen.append((before_ns, answer_ns, at_ns[0]))

    switched_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with (
            System.backtest(store, SYMBOLS, calendar="XNYS", closed=CLOSED, last=1) as system,
            ThreadPoolExecutor(3) as pool,
        ):
            asking: list[Any] = []
            for number, minute in enumerate(system.minutes()):
                at_ns[0] = minute.end_ns
                if not number:
                    asking = [pool.submit(ask, system, Random(seed)) for seed in range(3)]
                time.sleep(0.0005 * (number % 3))
            is_over.set()
            for one in asking:
                one.result(timeout=20)
            digest = system.digest().get(timeout=20)
    finally:
        is_over.set()
        sys.setswitchinterval(switched_s)
    with System.backtest(store, SYMBOLS, calendar="XNYS", closed=CLOSED, last=1) as system:
        system.run()
        undisturbed = system.digest().get(timeout=20)

    assert digest == undisturbed
    assert len(seen) > 20
    for _, answer_ns, after_ns in seen:
        assert answer_ns <= after_ns + MINUTE_NS  # the loop may have taken one that it has not noted yet
