"""The grid itself: what it costs, how it grows, and who may write over what."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from actors.market.axis import SessionAxis
from actors.session_data.core import SessionDataCore
from actors.session_data.hold.grid import CELL, Claim, Grid, Written
from messages import Verdict
from messages.tables.columns import Floats
from tests.builders import DAY, arrived, bar, closed, opened, session_tiny
from tests.session_data.telling import core_with, play

SYMBOLS = [f"S{number:03}" for number in range(500)]
PREFERENCE = np.arange(128, dtype=np.uint8)


def grid_of(*symbols: str, has_extra: bool = False) -> Grid:
    return Grid(SessionAxis(session_tiny(3)), symbols, has_extra=has_extra)


def row(*fields: float) -> Floats:
    return np.array([fields], dtype=np.float64).T


def write(
    grid: Grid, fields: Floats, verdict: Verdict = Verdict.STREAMED, *, sender: int = 0, is_correction: bool = False
) -> Written:
    claim = Claim(sender, PREFERENCE, is_correction)
    return grid.write(0, np.array([0], dtype=np.int32), fields, verdict, claim, 1)


def test_a_minute_and_symbol_costs_at_most_52_bytes() -> None:
    grid = Grid(SessionAxis(DAY), SYMBOLS)
    planes = [value for value in vars(grid).values() if isinstance(value, np.ndarray)]

    assert len(planes) == 4
    assert sum(plane.nbytes for plane in planes) / (390 * len(SYMBOLS)) <= 52


def test_the_book_keeps_nothing_else_that_grows_with_minutes_and_symbols() -> None:
    core = core_with(opened(DAY, SYMBOLS), arrived(*(bar(symbol) for symbol in SYMBOLS)))
    book = core._book
    assert book is not None
    planes = arrays_in(vars(book)) + arrays_in(vars(book.grid)) + arrays_in(vars(book.derived))

    assert sum(plane.nbytes for plane in planes) / (390 * len(SYMBOLS)) <= 52


def arrays_in(named: dict[str, Any]) -> list[np.ndarray]:
    values = [value for held in named.values() for value in (held if isinstance(held, list) else [held])]
    return [value for value in values if isinstance(value, np.ndarray)]


def test_a_closed_day_becomes_history_without_a_copy() -> None:
    core = core_with(opened(DAY, ["A"]), arrived(bar("A")), closed(DAY))
    values, verdicts = planes_of(core)
    play(core, [opened(session_tiny(3, day="2024-07-03"), ["A"])])
    (day,) = core.history._days

    assert np.shares_memory(day.grid.values, values)
    assert np.shares_memory(day.grid.verdicts, verdicts)
    assert not day.grid.values.flags.writeable
    assert not values.flags.writeable


def planes_of(core: SessionDataCore) -> tuple[Floats, np.ndarray]:
    book = core._book
    assert book is not None
    return book.grid.values, book.grid.verdicts


def test_a_few_symbols_more_need_no_copy() -> None:
    grid = grid_of("A", "B")
    values = grid.values
    grid.add("C")

    assert grid.values is values
    assert (grid.add("C"), grid.table) == (2, ("A", "B", "C"))


def test_a_grid_that_grows_keeps_its_cells() -> None:
    grid = grid_of("A")
    write(grid, row(10, 12, 8, 11, 100), sender=3)
    before = grid.values[0, :, 0].copy(), grid.verdicts[0, 0], grid.revisions[0, 0], grid.sources[0, 0]
    columns = [grid.add(f"S{number}") for number in range(40)]

    assert columns == list(range(1, 41))
    assert np.array_equal(grid.values[0, :, 0], before[0])
    assert (grid.verdicts[0, 0], grid.revisions[0, 0], grid.sources[0, 0]) == before[1:]
    assert np.isnan(grid.values[:, :, 1:]).all()
    assert not grid.verdicts[:, 1:].any()


RANKS = [
    (Verdict.MISSING, Verdict.FILLED, True),
    (Verdict.ABANDONED, Verdict.FILLED, True),
    (Verdict.NO_TRADE, Verdict.FILLED, True),
    (Verdict.NO_TRADE, Verdict.LATE, True),
    (Verdict.FILLED, Verdict.STREAMED, True),
    (Verdict.FILLED, Verdict.LATE, True),
    (Verdict.STREAMED, Verdict.FILLED, False),
    (Verdict.LATE, Verdict.FILLED, False),
    (Verdict.CORRECTED, Verdict.STREAMED, False),
    (Verdict.CORRECTED, Verdict.FILLED, False),
]


@pytest.mark.parametrize(("held", "comes", "wins"), RANKS)
def test_a_higher_rank_replaces_a_lower_one(held: Verdict, comes: Verdict, wins: bool) -> None:
    grid = grid_of("A")
    grid.verdicts[0, 0] = held
    if held >= Verdict.FILLED:
        grid.values[0, :, 0] = 50
    written = write(grid, row(10, 12, 8, 11, 100), comes)

    assert written.accepted == int(wins)
    assert grid.verdicts[0, 0] == (comes if wins else held)
    assert grid.values[0, 3, 0] == (11 if wins else 50)


@pytest.mark.parametrize("held", [Verdict.FILLED, Verdict.STREAMED, Verdict.LATE, Verdict.CORRECTED])
def test_a_correction_replaces_every_bar(held: Verdict) -> None:
    grid = grid_of("A")
    grid.verdicts[0, 0], grid.values[0, :, 0] = held, 50
    write(grid, row(10, 12, 8, 11, 100), is_correction=True)

    assert (grid.verdicts[0, 0], grid.values[0, 3, 0]) == (Verdict.CORRECTED, 11)


@pytest.mark.parametrize("held", [Verdict.MISSING, Verdict.ABANDONED, Verdict.NO_TRADE])
def test_a_correction_of_what_has_no_bar_is_a_bar(held: Verdict) -> None:
    grid = grid_of("A")
    grid.verdicts[0, 0] = held
    written = write(grid, row(10, 12, 8, 11, 100), is_correction=True)

    assert grid.verdicts[0, 0] == Verdict.STREAMED
    assert (written.accepted, written.is_repair) == (1, False)


def test_a_grid_with_planes_for_extras_takes_bars_without_them() -> None:
    grid = grid_of("A", has_extra=True)
    write(grid, row(10, 12, 8, 11, 100))

    assert np.isnan(grid.values[0, 5:, 0]).all()


def test_a_grid_without_planes_for_extras_drops_them() -> None:
    grid = grid_of("A")
    write(grid, row(10, 12, 8, 11, 100, 10.5, 3))

    assert grid.values[0, :, 0].tolist() == [10, 12, 8, 11, 100]


@pytest.mark.parametrize("has_extra", [False, True], ids=["five fields", "seven fields"])
def test_the_numbers_of_a_symbol_in_a_slot_are_unpacked_as_they_lie_however_the_grid_grows(has_extra: bool) -> None:
    grid = grid_of("A", has_extra=has_extra)
    for number in range(1, 40):
        grid.values[:] = np.arange(grid.values.size).reshape(grid.values.shape)
        for slot, column in np.ndindex(3, number):
            place = (slot * grid.stride + column) * CELL

            assert list(grid.unpacked(grid.values, place)) == grid.values[slot, :, column].tolist()
        grid.add(f"S{number}")


def test_a_grid_takes_over_the_memory_of_one_that_is_over() -> None:
    before = grid_of("A", "B")
    write(before, row(10, 12, 8, 11, 100))
    before.frozen()
    memory = before.values.ctypes.data

    grid = Grid(before.axis, ["C", "D"], spare=before)

    assert grid.values.ctypes.data == memory
    assert np.isnan(grid.values).all()
    assert not grid.verdicts.any()
    assert before.values.size == 0
    assert write(grid, row(1, 2, 1, 2, 3)).accepted == 1


@pytest.mark.parametrize(
    "look",
    [
        lambda grid: grid.frozen(),
        lambda grid: grid.lend(),
        lambda grid: grid.values[0, :, 0],
        lambda grid: memoryview(grid.values[1:]),
        lambda grid: np.frombuffer(grid.values.data),
    ],
    ids=["a day", "what is lent", "a bar", "bytes", "an array"],
)
def test_what_anybody_looks_at_is_not_taken_over(look: Callable[[Grid], object]) -> None:
    before = grid_of("A", "B")
    write(before, row(10, 12, 8, 11, 100))
    seen = look(before)
    was = before.values.copy()

    grid = Grid(before.axis, ["C", "D"], spare=before)

    assert grid.values.ctypes.data != before.values.ctypes.data
    assert np.isnan(grid.values).all()
    np.testing.assert_array_equal(before.values, was)
    del seen


def test_a_grid_of_another_shape_is_made_anew() -> None:
    before = grid_of("A")

    grid = Grid(before.axis, ["C"], has_extra=True, spare=before)

    assert grid.values.shape[1] == 7
    assert before.values.shape[1] == 5
