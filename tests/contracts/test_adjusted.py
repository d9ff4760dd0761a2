"""That prices were adjusted before they came: what every bar store promises of keeping it."""

import pytest

from actors.kernel.adjusted import AdjustedRun, KeepsAdjusted
from actors.kernel.ports import BarStore
from tests.storage.days import DATE, bar, day

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
