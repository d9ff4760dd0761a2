"""A live day of trades whose feed has another clock than ours, and is away: the day is the one that was traded.

The whole house in one thread, its clock by hand.
"""

import random
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from actors.kernel.ports import StoredDay
from actors.storage.memory import MemoryStore
from actors.storage.source import StoreSource
from messages import Bar, BarBatch, FeedConnected, GetDigest, GetQuality, Tick, Verdict
from messages.feeds import FeedLost, FeedTicks
from messages.values import MINUTE_NS, SECOND_NS, Nanos
from tests.depth import also_slow
from tests.switchboard import Switchboard
from tests.system.test_live_members import FEED, SESSION, LiveDay
from tests.system.worlds import QUARTER

NAMES = ("A", "B")
EVERY_S = 3
Away = tuple[tuple[int, int], ...]
"""From which second of the session to which, by our clock."""


@cache
def trades() -> tuple[tuple[Tick, str], ...]:
    """Every trade of the session by the exchange's clock, and how it is called; another price in each."""
    instants = range(SESSION.open_ns + SECOND_NS, SESSION.close_ns, EVERY_S * SECOND_NS)
    made = ((symbol, at_ns) for at_ns in instants for symbol in NAMES)
    return tuple(
        (Tick(symbol=symbol, at_ns=at_ns, price=100.0 + number % 97 / 10, size=1.0), f"t{number}")
        for number, (symbol, at_ns) in enumerate(made)
    )


@cache
def traded() -> StoredDay:
    """The bars of all trades, by loops."""
    cells: dict[tuple[Nanos, str], list[float]] = {}
    for tick, _ in trades():
        cells.setdefault((tick.at_ns // MINUTE_NS * MINUTE_NS, tick.symbol), []).append(tick.price)
    bars = BarBatch.of(
        Bar(
            symbol=symbol, start_ns=start_ns, open=prices[0], high=max(prices), low=min(prices), close=prices[-1],
            volume=float(len(prices)),
        )
        for (start_ns, symbol), prices in sorted(cells.items())
    )  # fmt: skip
    return StoredDay(bars=bars, verdicts=np.full(len(bars), Verdict.STREAMED, dtype=np.uint8), tz=SESSION.tz)


def store() -> MemoryStore:
    made = MemoryStore()
    made.merge("XNYS", SESSION.date, traded())
    return made


@cache
def undisturbed() -> str:
    digest: str = Switchboard(store(), closed=QUARTER).play().ask(GetDigest())
    return digest


class Abroad(LiveDay):
    """A live house whose feed has another clock; who could be asked has the whole day.

    Args:
        ahead_s: by how much it is ahead of ours.
        away: when it is not connected; what happens meanwhile it does not send,
        again_s: but for so many seconds of it, and of what it had sent before.
    """

    def __init__(self, ahead_s: int, away: Away = (), again_s: int = 0) -> None:
        source = StoreSource(store(), "upstream", is_authoritative=True)
        super().__init__("09:29", NAMES, [source], store=MemoryStore())
        self._ahead_ns, self._again_ns = ahead_s * SECOND_NS, again_s * SECOND_NS
        self._away = away
        self._is_connected = False
        self._place = 0
        self.up()

    def live(self) -> "Abroad":
        """Live through the day, second by second."""
        while self.time.now_ns() < SESSION.close_ns + 200 * SECOND_NS:
            self._connect(is_away=any(a <= self._second < b for a, b in self._away))
            self._send()
            self.time.advance(SECOND_NS)
            self.settle()
        return self

    @property
    def _second(self) -> float:
        return (self.time.now_ns() - SESSION.open_ns) / SECOND_NS

    def _connect(self, *, is_away: bool) -> None:
        now_ns = self.time.now_ns()
        if is_away and self._is_connected:
            self._tell(FeedLost(feed=FEED, reason="reset", arrived_ns=now_ns))
        elif not is_away and not self._is_connected:
            self._tell(FeedConnected(feed=FEED, attempt=1, has_bars=False, arrived_ns=now_ns))
            first_ns = now_ns + self._ahead_ns - self._again_ns
            self._place = sum(tick.at_ns <= first_ns for tick, _ in trades())
        self._is_connected = not is_away

    def _send(self) -> None:
        sent: Sequence[tuple[Tick, str]] = trades()[self._place :] if self._is_connected else ()
        sent = [one for one in sent if one[0].at_ns <= self.time.now_ns() + self._ahead_ns]
        self._place += len(sent)
        if sent:
            ticks, ids = zip(*sent, strict=True)
            self._tell(FeedTicks(feed=FEED, ticks=ticks, ids=ids, arrived_ns=self.time.now_ns()))

    def _tell(self, message: FeedConnected | FeedLost | FeedTicks) -> None:
        self.stream_coordinator.tell(message)
        self.settle()


def somewhere(seed: int) -> tuple[int, Away, int]:
    """A clock, a few times of being away, and how much comes again after each."""
    dice = random.Random(seed)
    away, second = [], dice.randint(10, 200)
    for _ in range(dice.randint(0, 4)):
        away.append((second, second + dice.randint(2, 90)))
        second = away[-1][1] + dice.randint(2, 200)
    return dice.randint(-45, 45), tuple(away), dice.choice([0, 0, 10, 60, 400])


FAST = [(2, ((271, 359),), 0), (15, (), 0), (-40, ((410, 466),), 200)]
SLOW = [(0, (), 0), (40, ((283, 358),), 30), (-9, (), 0), (-34, ((179, 216), (281, 331)), 400)]
"""How many seconds its clock is ahead, when it is away, and how many seconds come again."""


@pytest.mark.parametrize("clock", also_slow(FAST, SLOW + [somewhere(seed) for seed in range(16)]), ids=str)
def test_whatever_its_clock_says_the_day_is_the_one_that_was_traded(clock: tuple[int, Away, int]) -> None:
    day = Abroad(*clock).live()

    assert day.ask(GetQuality()).quality.bar_quality == 100.0
    assert day.ask(GetDigest()) == undisturbed()
