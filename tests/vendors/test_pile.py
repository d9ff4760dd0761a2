"""Bars by day: in memory or on disk they come back the same, and without the files that turned out to be broken."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.vendors.pile import Day, Pile
from actors.vendors.spill import Spill
from messages.errors import DataError
from tests.vendors.files import same
from tests.vendors.test_grouping import file_of, rows

steps = st.lists(
    st.tuples(st.integers(0, 3), st.lists(rows, min_size=1, max_size=6), st.sampled_from([5, 7]), st.booleans()),
    max_size=8,
)
Step = tuple[int, list[tuple[int, int, int, int]], int, bool]


def days(steps: list[Step], held_bytes: int) -> list[Day]:
    pile = Pile(held_bytes)
    for file, lines, fields, is_broken in steps:
        pile.add(file, f"calendar {file % 2}", file_of(lines, 1, fields))
        if is_broken:
            pile.forget(file)
    count, found = len(pile), list(pile.take())
    pile.close()
    assert count == len(found)
    return found


@given(steps, st.integers(0, 4_000))
@settings(deadline=None)
def test_what_was_on_disk_comes_back_as_what_was_in_memory(steps: list[Step], held_bytes: int) -> None:
    spilled, held = days(steps, held_bytes), days(steps, 1 << 30)

    assert [(day.calendar, day.date, day.symbols) for day in spilled] == [
        (day.calendar, day.date, day.symbols) for day in held
    ]
    for one, other in zip(spilled, held, strict=True):
        assert all(
            same(getattr(one, name), getattr(other, name)) for name in ("symbol_index", "start_ns", "values", "file")
        )


def test_a_file_whose_blocks_differ_in_fields_has_the_most_of_them_on_every_day() -> None:
    pile = Pile()
    pile.add(0, "24/7", file_of([(0, 0, 0, 1)], 1, 5))
    pile.add(0, "24/7", file_of([(0, 1, 0, 1)], 1, 7))

    assert [day.values.shape for day in pile.take()] == [(7, 1), (7, 1)]


def test_no_bars_are_no_day() -> None:
    pile, some = Pile(), file_of([(0, 0, 0, 1)], 1, 5)
    pile.add(0, "24/7", msgspec.structs.replace(some, start_ns=some.start_ns[:0]))

    assert (len(pile), list(pile.take())) == (0, [])


def test_a_disk_that_refuses_is_told_in_one_sentence(tmp_path: Path) -> None:
    pile = Pile(held_bytes=0, spill_to=tmp_path / "nowhere")

    with pytest.raises(DataError, match="the temporary file for what does not fit into memory: No such file"):
        pile.add(0, "24/7", file_of([(0, 0, 0, 1)], 1, 5))


def test_a_temporary_file_that_lost_its_end_is_told() -> None:
    spill = Spill(None)
    spill.write(0, 0, (np.zeros(3),))
    spill.flush()
    (piece,) = spill.by_day()[0]

    with pytest.raises(DataError, match="shorter than what was written"):
        spill.read(piece, (np.zeros(4),))
    spill.close()


def test_the_temporary_file_lies_where_it_is_asked_to_and_leaves_nothing(tmp_path: Path) -> None:
    pile = Pile(held_bytes=0, spill_to=tmp_path)
    pile.add(0, "24/7", file_of([(0, 0, 0, 1)], 1, 5))
    pile.close()
    pile.close()

    assert list(tmp_path.iterdir()) == []
