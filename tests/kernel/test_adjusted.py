"""What is said later of a day's prices goes before what was said of it, and a run holds no day that was not meant."""

from collections.abc import Sequence

import pytest

from actors.kernel.adjusted import AdjustedRun, noted
from messages import Adjustment

JULY = tuple(f"2024-07-{day:02}" for day in range(1, 11))


def kept(*said: tuple[Sequence[int], str | None], symbol: str = "A") -> list[tuple[str, str, str]]:
    """What is kept after one thing was said after the other, by days of July."""
    runs: tuple[AdjustedRun, ...] = ()
    for days, as_of in said:
        runs = noted(runs, {symbol: [f"2024-07-{day:02}" for day in days]}, as_of, JULY)
    return [(run.first[-2:], run.last[-2:], run.as_of) for run in runs]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([((1, 2, 3), "x")], [("01", "03", "x")]),
        ([((1, 3), "x")], [("01", "01", "x"), ("03", "03", "x")]),  # the store has a day between
        ([((1, 2), "x"), ((3, 4), "y")], [("01", "02", "x"), ("03", "04", "y")]),
        ([((1, 2, 3, 4), "x"), ((2, 3), None)], [("01", "01", "x"), ("04", "04", "x")]),
        ([((1, 2, 3), "x"), ((3, 4), "y")], [("01", "02", "x"), ("03", "04", "y")]),
        ([((2, 3), "x"), ((1, 2, 3, 4), "y")], [("01", "04", "y")]),
        ([((2, 3), "x"), ((2, 3), None)], []),
        ([((2, 3), None)], []),
        ([((2, 3), "x"), ((), "y")], [("02", "03", "x")]),
        ([((2, 3), "x"), ((2, 3), "x")], [("02", "03", "x")]),
    ],
)
def test_runs_are_of_the_days_that_were_said_last(
    said: list[tuple[Sequence[int], str | None]], expected: list[tuple[str, str, str]]
) -> None:
    assert kept(*said) == expected


def test_what_is_said_of_one_symbol_says_nothing_of_another() -> None:
    runs = noted((AdjustedRun("A", JULY[0], JULY[1], "x"),), {"B": JULY[:2]}, None, JULY)

    assert [run.symbol for run in runs] == ["A"]


@pytest.mark.parametrize(
    ("ex_date", "symbol", "expected"),
    [
        ("2024-07-01", "A", False),  # there is no day before it
        ("2024-07-02", "A", True),
        ("2024-08-01", "A", True),
        ("2024-08-02", "A", False),  # nobody knew of it
        ("2024-07-02", "B", False),
    ],
)
def test_prices_include_what_was_known_when_they_were_adjusted(ex_date: str, symbol: str, expected: bool) -> None:
    run = AdjustedRun("A", "2024-07-01", "2024-07-03", "2024-08-01")

    assert run.includes(Adjustment(symbol=symbol, ex_date=ex_date)) is expected
