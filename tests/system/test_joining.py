"""Symbols that join and leave in the middle of a run, while what they lack is asked for."""

import random
from typing import Any

import pytest
from msgspec.structs import replace

from actors.market.faults import Faults
from actors.storage.memory import MemoryStore
from messages import (
    AddSymbols,
    BarsArrived,
    BarsFilled,
    GapDetected,
    PublishBar,
    RemoveSymbols,
    Room,
    SessionCertificate,
    StartRun,
    SymbolsChanged,
)
from messages.values import Bar
from tests.system.test_upkeep import bars_of, certificates, house, market
from tests.upkept import Upkept
from tests.upstreams import Upstream

STRANGER = "STRANGER"
"""A symbol that the tape does not have, and the upstream does."""
SILENCE = Faults(outages=("09:35-09:36",))


def started(store: MemoryStore, *more: Bar, **fields: Any) -> Upkept:
    """A run of which nothing has been delivered yet; the upstream has all of the store's bars, and some more."""
    played = house(store, Upstream([*bars_of(store), *more]), **{"minutes_per_ticket": 1, **fields})
    played.up()
    played.stream_coordinator.tell(StartRun())
    return played


def until_asked(played: Upkept) -> Upkept:
    """Deliver until a request is out."""
    while not played.jobs:
        played.deliver()
    return played


def command(played: Upkept, message: AddSymbols | RemoveSymbols) -> None:
    """Command SessionData, and deliver until DataUpkeep has heard of it."""
    heard = len(played.told(Room.DATA_UPKEEP, SymbolsChanged))
    played.rooms[Room.SESSION_DATA].ask(message)
    while len(played.told(Room.DATA_UPKEEP, SymbolsChanged)) == heard:
        played.deliver()


def counted(told: SessionCertificate, symbol: str) -> tuple[int, int, int]:
    """How many minutes of a symbol streamed, came later, and have no bar."""
    (one,) = [counts for counts in told.symbols if counts.symbol == symbol]
    return one.streamed, one.late + one.filled, one.missing + one.abandoned + one.no_trade


def like(store: MemoryStore, symbol: str = STRANGER) -> list[Bar]:
    """The bars of the store's first symbol under another name."""
    first = store.symbols("XNYS", store.dates("XNYS")[0])[0]
    return [replace(one, symbol=symbol) for one in bars_of(store) if one.symbol == first]


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_symbol_that_leaves_while_it_is_asked_for_and_comes_back_is_healed(is_asked: bool) -> None:
    store = market(sessions=1)
    symbol = store.symbols("XNYS", store.dates("XNYS")[0])[1]
    played = started(store, faults=SILENCE)
    if is_asked:
        until_asked(played)
    while not played.told(Room.DATA_UPKEEP, GapDetected):
        played.deliver()
    command(played, RemoveSymbols(symbols=(symbol,)))
    while played.jobs:
        do, job = played.jobs.pop(0)
        do(job)
    command(played, AddSymbols(symbols=(symbol,)))
    (told,) = certificates(played, 1)
    streamed, filled, lacking = counted(told, symbol)

    assert told.bar_quality == 100.0
    assert (streamed + filled, lacking) == (15, 0)
    assert filled >= 1


def test_what_is_fetched_for_a_symbol_that_left_is_not_told() -> None:
    store = market(sessions=1)
    symbol = store.symbols("XNYS", store.dates("XNYS")[0])[1]
    played = until_asked(started(store, faults=SILENCE))
    command(played, RemoveSymbols(symbols=(symbol,)))
    (told,) = certificates(played, 1)
    filled = {name for message in played.told(Room.SESSION_DATA, BarsFilled) for name in message.batch.names()}  # type: ignore[attr-defined]

    assert len(filled) == 3
    assert symbol not in filled | {counts.symbol for counts in told.symbols}
    assert told.bar_quality == 100.0


@pytest.mark.parametrize("minutes", [0, 1, 7])
@pytest.mark.parametrize("shuffle", [1, 2])
def test_who_joins_in_the_middle_is_filled_from_the_first_minute_on(minutes: int, shuffle: int) -> None:
    store = market(sessions=1)
    played = started(store, *like(store), dice=random.Random(shuffle))
    while len(played.told(Room.SESSION_DATA, BarsArrived)) < minutes:
        played.deliver()
    command(played, AddSymbols(symbols=(STRANGER,)))
    (told,) = certificates(played, 1)

    assert counted(told, STRANGER) == (0, 15, 0)
    assert told.bar_quality == 100.0


def test_who_joins_by_a_bar_of_its_own_is_filled_before_it_and_after_it() -> None:
    store = market(sessions=1)
    mine = like(store)[4]
    played = house(store, Upstream([*bars_of(store), *like(store)]), pace="lockstep").up()
    listener = played.listen("minutes")
    for _ in range(8):
        next(listener)
    played.stream_coordinator.tell(PublishBar(bar=mine, source="desk", receipt=1))
    list(listener)
    (told,) = certificates(played, 1)
    (counts,) = [one for one in told.symbols if one.symbol == STRANGER]

    assert (counts.late, counts.filled, counts.missing) == (1, 14, 0)
    assert told.bar_quality == 100.0
