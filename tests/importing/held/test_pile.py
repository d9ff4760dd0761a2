"""Bars by day: in memory or on disk they come back the same, and without the files that turned out to be broken."""

from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.importing.held.parts import Part
from actors.importing.held.pile import Days, Pile
from actors.importing.held.sheets import Sheets
from messages.errors import DataError
from messages.values import MINUTE_NS
from tests.importing.test_day_merge import file_of, rows
from tests.vendors.files import same

steps = st.lists(
    st.tuples(st.integers(0, 3), st.lists(rows, min_size=1, max_size=6), st.sampled_from([5, 7]), st.booleans()),
    max_size=8,
)
Step = tuple[int, list[tuple[int, int, int, int]], int, bool]


Bars = tuple[tuple[str, str, tuple[str, ...]], npt.NDArray[np.float64]]


def in_order(day: Days) -> Bars:
    """Return what a day is called, and its rows sorted by cell: those of one cell in the order that they came in."""
    found = list(day.stretches())
    day.close()
    assert all(one.start_ns.max() < other.start_ns.min() for one, other in pairwise(found))
    place = np.concatenate([[day.symbols.index(part.symbols[at]) for at in part.symbol_index] for part in found])
    start_ns = np.concatenate([part.start_ns for part in found])
    columns = [place, start_ns, np.concatenate([part.file for part in found])]
    rows = np.vstack([*columns, np.hstack([part.values for part in found])])
    return (day.calendar, day.date, day.symbols), rows[:, np.lexsort((place, start_ns))]


def days(
    steps: list[Step], held_bytes: int, renamed: dict[int, str] | None = None, dealt_rows: int = 1 << 14
) -> list[Bars]:
    pile = Pile(held_bytes, dealt_rows=dealt_rows)
    for file, lines, fields, is_broken in steps:
        pile.add(file, f"calendar {file % 2}", file_of(lines, 1, fields), is_named_for_good=renamed is None)
        if is_broken:
            pile.forget(file)
    for file, name in (renamed or {}).items():
        pile.rename(file, "A", name)
    count, found = len(pile), [in_order(day) for day in pile.take()]
    pile.close()
    assert count == len(found)
    return found


@given(steps, st.integers(0, 4_000), st.sampled_from([1, 3, 1 << 14]))
@settings(deadline=None)
def test_what_was_on_disk_comes_back_as_what_was_in_memory(steps: list[Step], held_bytes: int, dealt_rows: int) -> None:
    spilled, held = days(steps, held_bytes, dealt_rows=dealt_rows), days(steps, 1 << 30)

    assert [day for day, _ in spilled] == [day for day, _ in held]
    for (_, one), (_, other) in zip(spilled, held, strict=True):
        assert same(one, other)


def named(found: list[Bars]) -> list[tuple[str, str, float, float]]:
    """Return the date, symbol, start and file of every bar, sorted."""
    return sorted(
        (day[1], day[2][int(place)], start, file) for day, rows in found for place, start, file in rows[:3].T.tolist()
    )


@given(
    steps, st.integers(0, 4_000), st.dictionaries(st.integers(0, 3), st.sampled_from(["A", "C", "Z"])),
    st.sampled_from([1, 1 << 14]),
)  # fmt: skip
@settings(deadline=None)
def test_a_symbol_of_a_file_may_be_called_otherwise_at_last(
    steps: list[Step], held_bytes: int, names: dict[int, str], dealt_rows: int
) -> None:
    as_given = named(days(steps, 1 << 30))

    renamed = [(date, names.get(int(file), "A") if symbol == "A" else symbol, start, file)
               for date, symbol, start, file in as_given]  # fmt: skip
    assert named(days(steps, held_bytes, names, dealt_rows)) == sorted(renamed)


def test_a_large_day_comes_back_in_stretches_that_may_be_had_again() -> None:
    pile = Pile(held_bytes=1_000)
    for _ in range(2):
        pile.add(0, "24/7", file_of([(symbol, 0, minute, 1) for symbol in range(3) for minute in range(5)], 10, 5))
    (day,) = pile.take()

    first, again = ([stretch.start_ns.tolist() for stretch in day.stretches()] for _ in range(2))
    day.close()
    pile.close()

    assert [sorted(set(starts)) for starts in first] == [[10 * minute * MINUTE_NS] for minute in range(5)]
    assert (again, day.symbols, day.is_whole) == (first, ("A", "B", "C"), False)


def test_the_last_stretch_of_a_day_may_be_short() -> None:
    pile = Pile(held_bytes=1_000)
    pile.add(0, "24/7", file_of([(0, 0, minute, 1) for minute in (*range(4), *range(4), *range(5))], 10, 5))
    (day,) = pile.take()

    assert [len(stretch.start_ns) for stretch in day.stretches()] == [6, 6, 1]
    pile.close()


def test_a_file_whose_blocks_differ_in_fields_has_the_most_of_them_on_every_day() -> None:
    pile = Pile()
    pile.add(0, "24/7", file_of([(0, 0, 0, 1)], 1, 5))
    pile.add(0, "24/7", file_of([(0, 1, 0, 1)], 1, 7))

    assert [part.values.shape for day in pile.take() for part in day.stretches()] == [(7, 1), (7, 1)]


def test_no_bars_are_no_day() -> None:
    pile, some = Pile(), file_of([(0, 0, 0, 1)], 1, 5)
    pile.add(0, "24/7", msgspec.structs.replace(some, start_ns=some.start_ns[:0]))

    assert (len(pile), list(pile.take())) == (0, [])


def test_a_disk_that_refuses_is_told_in_one_sentence(tmp_path: Path) -> None:
    pile = Pile(held_bytes=0, spill_to=tmp_path / "nowhere")

    with pytest.raises(DataError, match="the temporary file for what does not fit into memory: No such file"):
        pile.add(0, "24/7", file_of([(0, 0, 0, 1)], 1, 5))


def test_a_temporary_file_that_lost_its_end_is_told() -> None:
    sheets, nothing = Sheets(None), np.zeros(3, dtype=np.int64)
    index = nothing.astype(np.int32)
    sheets.add(Part(file=0, start_ns=nothing, symbol_index=index, values=np.zeros((5, 3))), index)
    sheets.move_to_disk()
    (piece,) = sheets.pieces()

    with pytest.raises(DataError, match="shorter than what was written"):
        sheets.read(piece, (np.zeros(40),))
    sheets.close()


def test_the_temporary_file_lies_where_it_is_asked_to_and_leaves_nothing(tmp_path: Path) -> None:
    pile = Pile(held_bytes=0, spill_to=tmp_path)
    pile.add(0, "24/7", file_of([(0, 0, 0, 1)], 1, 5))
    pile.close()
    pile.close()

    assert list(tmp_path.iterdir()) == []
