"""Small simulated markets in memory, what pandas says about them, and ways to break a house on purpose."""

from functools import cache
from typing import Any

import pandas as pd
import pytest

from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.ports import BarStore
from actors.market.calendar import Calendar
from actors.storage.memory import MemoryStore
from actors.system import System
from messages import BarBatch, BarsUpdated, Event, Message
from messages.values import ONE_MINUTE

DATES = ("2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08", "2024-07-09", "2024-07-10")
"""XNYS sessions; the third is a half-day."""
QUARTER = ("09:45-16:00",)
"""Hours to close so that a session is a quarter of an hour."""
FIELDS = ["open", "high", "low", "close", "volume"]


@cache
def xnys(closed: tuple[str, ...] = ()) -> Calendar:
    return Calendar("XNYS", closed=closed)


def fill(
    store: BarStore, sessions: int = 2, symbols: int = 3, quiet: float = 0.2, closed: tuple[str, ...] = QUARTER
) -> None:
    """Write the first so many sessions of a simulated market."""
    market = SimulatedMarket.of_size(symbols, quiet=quiet)
    for date in DATES[:sessions]:
        session = xnys(closed).session(date)
        assert session is not None
        store.merge("XNYS", date, market.day(session))


def memory(sessions: int = 2, symbols: int = 3, quiet: float = 0.2, closed: tuple[str, ...] = QUARTER) -> MemoryStore:
    store = MemoryStore()
    fill(store, sessions, symbols, quiet, closed)
    return store


def short(store: BarStore | str, **more: Any) -> System:
    """A backtest of sessions of a quarter of an hour, with intervals that fit; of a store in memory all symbols."""
    if type(store) is MemoryStore:
        more = {"symbols": names_of(store), **more}
    return System.backtest(store, **{"closed": QUARTER, "intervals": ("5m", "1d"), **more})


def names_of(store: BarStore) -> tuple[str, ...]:
    """All symbols that a store has; where none are named, who has not traded before is not known at an open."""
    days = [(calendar, date) for calendar in store.calendars() for date in store.dates(calendar)]
    return tuple(sorted({name for day in days for name in store.symbols(*day)}))


def frame(store: BarStore, date: str) -> pd.DataFrame:
    """A day's bars as the store has them: symbol, start, open, high, low, close, volume."""
    day = store.read("XNYS", date)
    assert day is not None
    return frame_of(day.bars)


def frame_of(batch: BarBatch) -> pd.DataFrame:
    columns = dict(zip(FIELDS, batch.values, strict=False))
    return pd.DataFrame({"symbol": batch.names(), "start": batch.start_ns, **columns})


def plain(events: list[Event]) -> list[tuple[Any, ...]]:
    """Events as plain values that are compared and printed at once, their order kept."""
    return [
        (*_key(event), frame_of(event.batch).to_dict("list")) if isinstance(event, BarsUpdated) else (event,)
        for event in events
    ]


def _key(event: BarsUpdated) -> tuple[Any, ...]:
    return str(event.interval), event.revision, event.base_counts, event.base_expected, event.is_repair


def base_bars(events: list[Event]) -> list[BarsUpdated]:
    return [event for event in events if isinstance(event, BarsUpdated) and event.interval == ONE_MINUTE]


def break_on(monkeypatch: pytest.MonkeyPatch, core: type[Any], kind: type[Message], *, nth: int = 1) -> None:
    """Put a bug into every core of a class made from now on, or into what answers there: the nth message raises."""
    way = "handle" if hasattr(core, "handle") else "answer"
    sound = getattr(core, way)
    seen = 0

    def handle(self: Any, message: Any, *more: Any) -> Any:
        nonlocal seen
        if isinstance(message, kind):
            seen += 1
            if seen >= nth:
                raise RuntimeError("a bug put in by a test")
        return sound(self, message, *more)

    monkeypatch.setattr(core, way, handle)
