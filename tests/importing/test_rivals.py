"""Files that give one symbol's minutes different bars, among many that have no minute in common."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.importing.rivals import Rivalry, Rivals
from messages.values import MINUTE_NS
from tests.depth import examples

Minutes = dict[int, int]
"""By minute a price."""


def found(files: list[Minutes]) -> list[Rivalry]:
    rivals = Rivals()
    for file, minutes in enumerate(files):
        for block in np.array_split(np.array(sorted(minutes), dtype=np.int64), 2):
            values = np.ones((5, len(block))) * [minutes[minute] for minute in block.tolist()]
            rivals.note(file, "A", block * MINUTE_NS, values)
    return list(rivals.found())


some_minutes = st.dictionaries(st.integers(0, 40), st.integers(1, 2), min_size=1, max_size=12)


@examples(60)
@given(files=st.lists(some_minutes, max_size=6))
def test_those_are_found_that_differ_in_most_minutes_of_the_smaller_one(files: list[Minutes]) -> None:
    expected = []
    for one, two in combinations(range(len(files)), 2):
        common = files[one].keys() & files[two].keys()
        different = sum(files[one][minute] != files[two][minute] for minute in common)
        if different * 2 > min(len(files[one]), len(files[two])):
            expected.append(Rivalry(symbol="A", files=(one, two), common=len(common), different=different))

    assert found(files) == expected


def test_of_a_large_file_enough_is_kept_block_by_block_to_find_its_rival() -> None:
    one = dict.fromkeys(range(5000), 1)
    two, same = dict.fromkeys(range(5000), 2), dict.fromkeys(range(5000), 1)

    assert [rivalry.files for rivalry in found([one, two, same])] == [(0, 1), (1, 2)]


def test_many_files_of_a_day_each_are_no_rivals() -> None:
    days = [{day * 1440 + minute: 1 for minute in range(30)} for day in range(60)]

    assert found(days) == []
    assert [rivalry.files for rivalry in found([*days, {1440 + minute: 2 for minute in range(30)}])] == [(1, 60)]
