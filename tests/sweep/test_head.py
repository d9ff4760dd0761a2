"""Who plays what, what follows what, and what becomes of a dead worker's piece."""

from typing import Any

import pytest

from actors.settings import Settings
from actors.sweep.crew import Report
from actors.sweep.head import Dealer, Head
from actors.sweep.pieces import Outcome, Piece, Row
from actors.sweep.plan import Chain, Plan
from messages.errors import SettingsError, SystemFailed
from tests.sweep.crews import Scripted, died

DATES = ("2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05")


def plan(sets: int = 1, *, chained: bool = False, symbols: tuple[str | None, ...] = (None,)) -> Plan:
    chains = tuple(Chain(symbol=symbol, dates=DATES, parameters=number) for symbol in symbols for number in range(sets))
    grid = tuple({"number": number} for number in range(sets))
    return Plan(
        settings=Settings(store="store"), calendar="XNYS", grid=grid, warm_up={}, is_chained=chained, chains=chains
    )


def dealer(of: Plan, **more: Any) -> Dealer:
    options: dict[str, Any] = {"done": (), "carried": {}, "seats": 1, "stretch": 2, "together": False, **more}
    return Dealer(of, **options)


def taken(dealing: Dealer, seat: int = 0) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    pieces = iter(lambda: dealing.take(seat), None)
    return [(piece.dates, piece.parameters) for piece in pieces if piece is not None]


def done(piece: Piece, error: str | None = None) -> Report:
    rows = tuple(
        Row(date=date, symbol=piece.symbol, parameters=number, result={} if error is None else None, error=error)
        for date in piece.dates
        for number in piece.parameters
    )
    return Report(seat=0, outcome=Outcome(number=piece.number, rows=rows, carried=piece.dates[-1].encode()))


def test_a_session_is_played_with_a_few_sets_of_parameters_at_a_time() -> None:
    found = taken(dealer(plan(10)))

    assert found[:3] == [((DATES[0],), tuple(range(8))), ((DATES[0],), (8, 9)), ((DATES[1],), tuple(range(8)))]
    assert len(found) == 8


def test_together_all_sets_of_a_session_are_one_piece() -> None:
    assert taken(dealer(plan(10), together=True)) == [((date,), tuple(range(10))) for date in DATES]


def test_workers_begin_apart_and_stay_with_a_session_they_have_in_memory() -> None:
    dealing = dealer(plan(10), seats=2)

    places = [(seat, piece.dates[0]) for seat in (0, 1, 0, 1, 0, 1) if (piece := dealing.take(seat))]

    assert places == [
        (0, DATES[0]), (1, DATES[2]), (0, DATES[0]), (1, DATES[2]), (0, DATES[1]), (1, DATES[3]),
    ]  # fmt: skip


def test_a_stretch_follows_the_one_before_with_what_that_left() -> None:
    dealing = dealer(plan(chained=True), stretch=3)
    first = dealing.take(0)
    assert first is not None
    assert dealing.take(0) is None
    outcome = done(first).outcome
    assert outcome is not None

    dealing.follow(outcome)

    second = dealing.take(0)
    assert second is not None
    assert (first.dates, first.carried) == (DATES[:3], None)
    assert (second.dates, second.carried) == (DATES[3:], b"2024-07-03")


def test_what_is_done_is_not_played_again_and_a_chain_goes_on_where_it_stood() -> None:
    key = (None, 0)
    finished = [(date, None, 0) for date in DATES[:2]]

    chained = dealer(plan(chained=True), done=finished, carried={key: b"left"}).take(0)

    assert chained is not None
    assert (chained.dates, chained.carried) == (DATES[2:], b"left")
    assert taken(dealer(plan(2), done=finished)) == [
        *(((date,), (1,)) for date in DATES[:2]),
        *(((date,), (0, 1)) for date in DATES[2:]),
    ]


def rows_of(answer: Any, of: Plan, seats: int = 1, **more: Any) -> tuple[list[Row], Scripted]:
    rows: list[Row] = []
    crew = Scripted(answer, seats)
    Head(dealer(of, seats=seats, **more), crew, lambda outcome: rows.extend(outcome.rows)).run()
    return rows, crew


def test_who_dies_once_is_replaced_and_the_piece_played_again() -> None:
    deaths = iter([DATES[1]])
    due = next(deaths)

    def answer(piece: Piece) -> Report:
        nonlocal due
        if piece.dates[0] == due:
            due = ""
            return died(piece)
        return done(piece)

    rows, crew = rows_of(answer, plan(), seats=2)

    assert sorted(row.date for row in rows if row.error is None) == list(DATES)
    assert sum(piece.dates[0] == DATES[1] for piece in crew.played) == 2


def test_a_piece_that_kills_three_workers_is_given_up_and_named() -> None:
    rows, _ = rows_of(lambda piece: died(piece) if piece.dates[0] == DATES[1] else done(piece), plan(2))

    failed = [row for row in rows if row.error]
    assert [(row.date, row.parameters) for row in failed] == [(DATES[1], 0), (DATES[1], 1)]
    assert failed[0].error == "its worker was killed by signal 9, 3 times one after the other"
    assert len(rows) == 8


def test_a_chain_that_kills_its_workers_ends_there() -> None:
    rows, _ = rows_of(
        lambda piece: died(piece) if piece.dates[0] == DATES[2] else done(piece), plan(chained=True), stretch=1
    )

    assert [row.error for row in rows[:2]] == [None, None]
    assert [row.error and row.error[:16] for row in rows[2:]] == ["its worker was k", "not played, for "]


def test_an_error_is_not_tried_again_and_ends_its_chain() -> None:
    rows, crew = rows_of(lambda piece: done(piece, "ValueError"), plan(chained=True), stretch=1)

    assert len(crew.played) == 1
    assert [row.error for row in rows] == ["ValueError", *[f"not played, for {DATES[0]} failed before it"] * 3]


def test_workers_that_die_of_everything_end_the_sweep() -> None:
    with pytest.raises(SystemFailed, match="worker after worker ends before it has played anything; the last: its wor"):
        rows_of(died, plan(9))


def test_a_strategy_that_no_worker_can_load_ends_the_sweep() -> None:
    with pytest.raises(SettingsError, match="the workers cannot play this strategy: ModuleNotFoundError: x"):
        rows_of(lambda _: Report(seat=0, refusal="ModuleNotFoundError: x"), plan())
