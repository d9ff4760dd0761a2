"""What is asked for: exactly what lacks, or more where that costs not half as much."""

import numpy as np
import pytest

from actors.fetching.questions import questions
from actors.market.axis import SessionAxis
from messages.values import MINUTE_NS
from tests.builders import BREAK_DAY, DAY

AXIS = SessionAxis(DAY)


def asked(*holes: tuple[int, int], **how: object) -> list[tuple[str, int, int]]:
    """What is asked for where A and B lack these minutes, as minutes of the day."""
    lacking = np.zeros((AXIS.slots, 2), dtype=np.bool_)
    for slot, column in holes:
        lacking[slot, column] = True
    found = questions(lacking, AXIS, ("A", "B"), **how)  # type: ignore[arg-type]
    start_ns = DAY.start_ns
    return [
        ("".join(gap.symbols), (gap.start_ns - start_ns) // MINUTE_NS, (gap.end_ns - start_ns) // MINUTE_NS)
        for gap in found
    ]


def test_minutes_in_a_row_are_one_question_for_all_that_lack_just_these() -> None:
    assert asked((3, 0), (4, 0), (3, 1), (4, 1), (9, 1)) == [("AB", 3, 5), ("B", 9, 10)]


def test_as_many_symbols_are_asked_for_at_once_as_may_be() -> None:
    assert asked((3, 0), (3, 1), most_symbols=1) == [("A", 3, 4), ("B", 3, 4)]


def test_nothing_lacking_is_no_question() -> None:
    assert asked() == []


@pytest.mark.parametrize(
    ("rows_a_page", "is_exact", "questions"),
    [(None, False, 1), (10_000, False, 1), (10_000, True, 5), (100, False, 5)],
)
def test_many_holes_are_one_question_where_its_pages_are_fewer(
    rows_a_page: int | None, is_exact: bool, questions: int
) -> None:
    holes = [(slot, 0) for slot in (0, 100, 200, 300, 389)]

    assert len(asked(*holes, rows_a_page=rows_a_page, is_exact=is_exact)) == questions


def test_no_question_spans_a_break() -> None:
    axis = SessionAxis(BREAK_DAY)
    lacking = np.ones((axis.slots, 1), dtype=np.bool_)

    assert len(questions(lacking, axis, ("A",))) == 2


def test_symbols_with_answers_of_their_own_cost_what_theirs_hold() -> None:
    holes = [(slot, column) for slot in (0, 100, 200, 300, 389) for column in (0, 1)]

    assert len(asked(*holes, rows_a_page={"A": 390, "B": 200})) == 1
    assert len(asked(*holes, rows_a_page={"A": 20, "B": 20})) == 5
