"""Tables of daily bars beside each other: other symbols, other sessions."""

import numpy as np

from actors.market.axis import SessionAxis
from actors.market.daily import beside, joined, reduced
from messages.history import DailyBars
from tests.builders import bar, day_grid, session_tiny

MONDAY, TUESDAY = (session_tiny(2, day=f"2024-07-0{number}") for number in (1, 2))


def table(day: object, **closes: float) -> DailyBars:
    grid = day_grid(day, [bar(symbol, "09:30", close, session=day) for symbol, close in closes.items()])  # type: ignore[arg-type]  # a session
    return reduced(SessionAxis(grid.session), grid.symbols, grid.values, grid.verdicts)


def closes_of(daily: DailyBars) -> dict[str, list[float | None]]:
    return {
        symbol: [None if np.isnan(close) else close for close in daily.values[:, 3, column].tolist()]
        for column, symbol in enumerate(daily.symbols)
    }


def test_columns_are_put_beside_those_that_are_there() -> None:
    held = joined([table(MONDAY, A=1), table(TUESDAY, A=2)])
    more = joined([table(MONDAY, B=3), table(TUESDAY, B=4)])

    assert closes_of(beside(held, more)) == {"A": [1, 2], "B": [3, 4]}


def test_what_is_there_stays_as_it_is() -> None:
    assert closes_of(beside(table(MONDAY, A=1), table(MONDAY, A=9, B=3))) == {"A": [1], "B": [3]}


def test_a_session_that_was_not_there_is_added() -> None:
    both = beside(table(TUESDAY, A=2), table(MONDAY, B=3))

    assert both.dates == (MONDAY.date, TUESDAY.date)
    assert closes_of(both) == {"A": [None, 2], "B": [3, None]}
    assert both.counts.tolist() == [[-1, 1], [1, -1]]
