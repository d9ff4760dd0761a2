"""That prices were adjusted before they came: what every bar store promises of keeping it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from actors.kernel.adjusted import AdjustedRun, KeepsAdjusted
from actors.kernel.ports import BarStore
from actors.proving.worlds import Archive, World
from actors.storage.journal.lived import LivedStore
from actors.storage.memory import MemoryStore
from actors.sweep.kept_days import KeptDays
from actors.system import System
from messages.history import Adjustment
from tests.storage.days import DATE, bar, day
from tests.system.test_lived_day import CAME, journal_of

DATES = ("2024-03-07", DATE, "2024-03-11")


@pytest.fixture
def keeper(store: BarStore) -> KeepsAdjusted:
    for date in DATES:
        store.merge("24/7", date, day(bar("BRK/B", 0), bar("a@b", 0)))
    assert isinstance(store, KeepsAdjusted)
    return store


def test_it_is_kept_by_symbol_and_taken_back(store: BarStore, keeper: KeepsAdjusted) -> None:
    before = keeper.adjusted("24/7")
    keeper.note_adjusted("24/7", {"BRK/B": (DATE,), "a@b": (DATE,)}, "2026-11-30")
    kept = keeper.adjusted("24/7")
    keeper.note_adjusted("24/7", {"a@b": (DATE,)}, None)

    assert (before, keeper.adjusted("XNYS")) == ((), ())
    assert kept == tuple(AdjustedRun(symbol, DATE, DATE, "2026-11-30") for symbol in ("BRK/B", "a@b"))
    assert keeper.adjusted("24/7") == kept[:1]
    assert store.dates("24/7") == DATES


def test_days_that_follow_each_other_are_one_run_until_one_of_them_comes_anew(keeper: KeepsAdjusted) -> None:
    keeper.note_adjusted("24/7", {"a@b": DATES}, "2026-11-29")
    once = keeper.adjusted("24/7")

    keeper.note_adjusted("24/7", {"a@b": (DATE,)}, "2026-11-30")

    assert once == (AdjustedRun("a@b", DATES[0], DATES[2], "2026-11-29"),)
    assert keeper.adjusted("24/7") == (
        AdjustedRun("a@b", DATES[0], DATES[0], "2026-11-29"),
        AdjustedRun("a@b", DATE, DATE, "2026-11-30"),
        AdjustedRun("a@b", DATES[2], DATES[2], "2026-11-29"),
    )


IN_FRONT: dict[str, Callable[[MemoryStore, Path], BarStore]] = {
    "sweep": lambda store, _: KeptDays(store),
    "proof": lambda store, _: World(Archive(store)),
    "replay": lambda store, folder: LivedStore(journal_of(folder, CAME), store),
}


@pytest.mark.parametrize("made", IN_FRONT.values(), ids=IN_FRONT)
def test_who_stands_in_front_of_a_store_adjusts_nothing_twice_either(
    made: Callable[[MemoryStore, Path], BarStore], tmp_path: Path
) -> None:
    store = MemoryStore([Adjustment(symbol="A", ex_date="2024-03-11", split_ratio=2.0)])
    for date, opening in zip(DATES, (-1440, 0, 3 * 1440 - 60), strict=True):  # summer time began on the 10th
        store.merge("XNYS", date, day(bar("A", opening, 10.0)))
    store.note_adjusted("XNYS", {"A": DATES}, "2024-03-12")

    front = made(store, tmp_path)

    assert isinstance(front, KeepsAdjusted)
    assert front.adjusted("XNYS") == store.adjusted("XNYS") != ()
    if not isinstance(front, LivedStore):
        with System.backtest(front, start=DATES[2], closed=("09:31-16:00",)) as system:
            system.run(timeout=30)
            assert system.last_bars("A", 2, "1d", with_history=True).get(timeout=10).close.tolist() == [10.0, 10.0]
