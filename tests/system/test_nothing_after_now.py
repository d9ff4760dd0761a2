"""Nothing that can be read or heard in lockstep knows what comes after the minute at hand.

A store and another one are the same until an instant; after it prices, volumes, presence, verdicts and symbols differ.
Until then every event and every answer of every reader is the same of both.
"""

from collections.abc import Callable
from typing import Any

import pytest

from actors.market.calendar import Calendar
from actors.market.faults import Faults
from actors.settings import SessionRules
from actors.storage.source import StoreSource
from actors.system import System
from messages.values import MINUTE_NS
from tests.builders import instant
from tests.depth import also_slow
from tests.system.futures import ASKED, Market, ToldMarket, readers, seen

NEW_YORK = ("2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05")
"""The third is a half-day."""
HONG_KONG = ("2024-07-03", "2024-07-04")
"""They have a lunch break."""
BUSY = Faults(drop=0.1, delay=0.1, duplicate=0.05, corrupt=0.05, outages=("09:35-09:37",), seed=3)


def joins(system: System, minute: int) -> Any:
    """Let a symbol join in the body of the loop, and look at once whether it is there."""
    if minute != 4:
        return None
    there = system.add_symbols("C").get(timeout=20)
    return there, [system.bar_count("C").get(timeout=20) for _ in range(5)]


class World:
    """How a market is played."""

    def __init__(
        self,
        dates: tuple[str, ...] = NEW_YORK,
        calendar: str = "XNYS",
        symbols: tuple[str, ...] = ("A", "B"),
        act: Callable[[System, int], Any] | None = None,
        kind: type[Market] = Market,
        **more: Any,
    ) -> None:
        self.act = act
        self.symbols = symbols
        self._more = {"rules": SessionRules(trailing_sessions=2, daily_sessions=3), "calendar": calendar, **more}
        is_extended, closed = more.get("extended_hours", False), more.get("closed", ())
        self.market = kind(Calendar(calendar, extended=is_extended, closed=closed), dates, ("A", "B", "C"))

    def seen(self, cut_ns: int, future: int, every: int) -> list[Any]:
        store = self.market.store(cut_ns, future)
        sources = [StoreSource(store, "archive")] if "faults" in self._more else []
        with System.backtest(store, self.symbols, sources=sources, **self._more) as system:
            return seen(system, cut_ns, every, self.act)


SHORT: dict[str, Any] = {"closed": ("09:40-16:00",)}
"""Sessions of ten minutes."""
WORLDS = {
    "named": World(**SHORT),
    "unnamed": World(symbols=(), **SHORT),
    "joining": World(act=joins, **SHORT),
    "faults": World(faults=BUSY, **SHORT),
    "faults unnamed": World(symbols=(), faults=BUSY, act=joins, **SHORT),
    "told": World(kind=ToldMarket, **SHORT),
    "told unnamed": World(symbols=(), kind=ToldMarket, faults=BUSY, act=joins, **SHORT),
    "told joining": World(kind=ToldMarket, act=joins, **SHORT),
    "whole": World(NEW_YORK[1:]),
    "extended": World(NEW_YORK[1:3], extended_hours=True),
    "unnamed whole": World(NEW_YORK[1:], symbols=()),
    "lunch": World(HONG_KONG, "XHKG", act=joins),
}
FAST = [
    ("named", "2024-07-02", "13:34", 3),
    ("unnamed", "2024-07-02", "13:33", 4),
    ("joining", "2024-07-01", "13:36", 2),
    ("faults", "2024-07-02", "13:38", 4),
    ("faults unnamed", "2024-07-01", "13:40", 5),
    ("told joining", "2024-07-01", "13:36", 2),
]
SLOW = [
    *[
        (name, day, clock, 1)
        for name in list(WORLDS)[:8]
        for day in NEW_YORK[:3]
        for clock in ("13:31", "13:36", "13:40")
    ],
    *[("whole", "2024-07-03", clock, 60) for clock in ("14:17", "16:59", "17:00")],
    *[("unnamed whole", "2024-07-03", clock, 60) for clock in ("13:31", "14:17", "17:00")],
    *[("extended", "2024-07-03", clock, 120) for clock in ("13:29", "13:31", "17:30", "21:00")],
    *[("lunch", "2024-07-04", clock, 60) for clock in ("03:59", "04:00", "05:01", "08:00")],
]


@pytest.mark.parametrize("case", also_slow(FAST, SLOW), ids=lambda case: " ".join(map(str, case)))
def test_until_an_instant_two_futures_are_one(case: tuple[str, str, str, int]) -> None:
    world, day, clock, every = case
    cut_ns = instant(day, clock)
    one, other = (WORLDS[world].seen(cut_ns, future, every) for future in (7, 8))

    for left, right in zip(one, other, strict=True):
        assert left == right
    assert len(one) > len(ASKED)


def test_after_it_they_are_not() -> None:
    cut_ns = instant("2024-07-02", "13:33")
    store = [WORLDS["named"].market.store(cut_ns, future) for future in (7, 8)]
    days = [one.read("XNYS", "2024-07-02") for one in store]

    assert days[0] is not None
    assert days[1] is not None
    assert "NEW7" in days[0].bars.symbols
    assert "NEW7" not in days[1].bars.symbols
    later = [day.bars.where(day.bars.start_ns >= cut_ns) for day in days if day is not None]
    assert len(later[0]) != len(later[1])
    assert instant("2024-07-02", "13:33") % MINUTE_NS == 0


def test_every_reader_is_asked() -> None:
    assert readers() == set(ASKED)
