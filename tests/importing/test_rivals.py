"""Files that give one symbol's minutes different bars, among many that have no minute in common."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.importing.rivals import Rivalry, Rivals, Seen
from messages.values import MINUTE_NS
from tests.depth import examples

Minutes = dict[int, int]
"""By minute a price."""


def found(files: list[Minutes]) -> list[Rivalry]:
    return list(noted(files).found())


def noted(files: list[Minutes]) -> Rivals:
    """The files in blocks; the row of a minute is its number and 2."""
    rivals = Rivals()
    for file, minutes in enumerate(files):
        for block in np.array_split(np.array(sorted(minutes), dtype=np.int64), 2):
            values = np.ones((5, len(block))) * [minutes[minute] for minute in block.tolist()]
            rivals.note(file, "A", block * MINUTE_NS, values, block + 2)
    return rivals


some_minutes = st.dictionaries(st.integers(0, 40), st.integers(1, 2), min_size=1, max_size=12)


@examples(60)
@given(files=st.lists(some_minutes, max_size=6))
def test_those_are_found_that_differ_in_most_minutes_of_the_smaller_one(files: list[Minutes]) -> None:
    expected = []
    for one, two in combinations(range(len(files)), 2):
        common = files[one].keys() & files[two].keys()
        different = sum(files[one][minute] != files[two][minute] for minute in common)
        if different * 2 > min(len(files[one]), len(files[two])):
            first = min(minute for minute in common if files[one][minute] != files[two][minute])
            bars = tuple(Seen(file=file, row=first + 2, values=(files[file][first],) * 5) for file in (one, two))
            expected.append(
                Rivalry(
                    symbol="A",
                    files=(one, two),
                    common=len(common),
                    different=different,
                    at_ns=first * MINUTE_NS,
                    bars=bars,
                )
            )

    assert found(files) == expected


@examples(60)
@given(files=st.lists(some_minutes, max_size=6), markets=st.lists(st.sampled_from("xyz "), min_size=6, max_size=6))
def test_markets_are_rivals_that_differ_in_most_minutes_that_both_have(
    files: list[Minutes], markets: list[str]
) -> None:
    of = {file: market for file, market in enumerate(markets[: len(files)]) if market.strip()}
    told: dict[tuple[str, ...], list[bool]] = {}
    for one, two in combinations(sorted(of), 2):
        pair = tuple(sorted({of[one], of[two]}))
        common = files[one].keys() & files[two].keys() if len(pair) == 2 else set()
        told.setdefault(pair, []).extend(files[one][minute] != files[two][minute] for minute in common)
    expected = {pair: (len(are), sum(are)) for pair, are in told.items() if sum(are) * 2 > len(are)}

    found = {rivalry.markets: (rivalry.common, rivalry.different) for rivalry in noted(files).of_markets(of)}
    assert found == expected


def test_of_a_large_file_enough_is_kept_block_by_block_to_find_its_rival() -> None:
    one = dict.fromkeys(range(5000), 1)
    two, same = dict.fromkeys(range(5000), 2), dict.fromkeys(range(5000), 1)

    assert [rivalry.files for rivalry in found([one, two, same])] == [(0, 1), (1, 2)]


def test_many_files_of_a_day_each_are_no_rivals() -> None:
    days = [{day * 1440 + minute: 1 for minute in range(30)} for day in range(60)]

    assert found(days) == []
    assert [rivalry.files for rivalry in found([*days, {1440 + minute: 2 for minute in range(30)}])] == [(1, 60)]
