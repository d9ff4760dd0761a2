"""How a day was lived: what every bar store promises of keeping when what was known."""

from contextlib import closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.kernel.ports import BarStore
from actors.kernel.prints import KeepsPrints
from actors.storage.journal.prints import continued
from messages.errors import DataError
from messages.tables.columns import Prints
from messages.values import Verdict
from tests.contracts.test_bar_store import STORES, Opened
from tests.depth import examples
from tests.storage.days import DATE, MINUTE, START, bar, day

TOLD = [
    ("A", 0, 60_000_000_001, Verdict.STREAMED, 10.0),
    ("BRK/B", 0, 61_000_000_999, Verdict.LATE, 10.5),
    ("A", 0, 200_000_000_000, Verdict.CORRECTED, 11.0),
    ("BRK/B", 1, 200_000_000_000, Verdict.NO_TRADE, float("nan")),
]
"""Symbol, minute, nanoseconds after the first one began, and what became known then."""


def prints(told: list[tuple[str, int, int, Verdict, float]], symbols: tuple[str, ...] = ("A", "BRK/B")) -> Prints:
    return Prints(
        symbols=symbols,
        symbol_index=np.array([symbols.index(row[0]) for row in told], dtype=np.int32),
        start_ns=np.array([START + row[1] * MINUTE for row in told], dtype=np.int64),
        known_ns=np.array([START + row[2] for row in told], dtype=np.int64),
        verdicts=np.array([row[3] for row in told], dtype=np.uint8),
        values=np.array([[row[4]] * 5 for row in told], dtype=np.float64).reshape(-1, 5).T.copy(),
        members=symbols[:1],
        grace_ns=5_000_000_000,
    )


@pytest.fixture
def keeper(store: BarStore) -> KeepsPrints:
    assert isinstance(store, KeepsPrints)
    return store


def test_what_was_known_comes_back_to_the_nanosecond(keeper: KeepsPrints) -> None:
    before = keeper.prints("XNYS", DATE)

    keeper.keep_prints("XNYS", DATE, prints(TOLD))

    assert (before, keeper.prints("XNYS", DATE)) == (None, prints(TOLD))
    assert (keeper.prints("24/7", DATE), keeper.prints("XNYS", "2024-03-11")) == (None, None)


def test_it_lies_beside_the_bars_and_neither_disturbs_the_other(store: BarStore, keeper: KeepsPrints) -> None:
    store.merge("XNYS", DATE, day(bar("A", 0, 12.0)))
    held = store.read("XNYS", DATE)

    keeper.keep_prints("XNYS", DATE, prints(TOLD))
    keeper.keep_prints("XNYS", "2024-03-11", prints(TOLD[:1]))

    assert (store.read("XNYS", DATE), store.dates("XNYS")) == (held, (DATE,))
    store.merge("XNYS", DATE, day(bar("A", 0, 13.0)))
    assert keeper.prints("XNYS", DATE) == prints(TOLD)


def test_what_is_known_of_vwap_and_trades_is_kept(keeper: KeepsPrints) -> None:
    plain = prints(TOLD)
    rich = replace(plain, values=np.vstack([plain.values, plain.values[:1], np.full((1, len(plain)), np.nan)]))
    keeper.keep_prints("XNYS", DATE, prints(TOLD[:2]))

    keeper.keep_prints("XNYS", DATE, rich)

    assert keeper.prints("XNYS", DATE) == rich


def test_the_grace_is_that_of_the_last_day_that_was_lived(keeper: KeepsPrints) -> None:
    keeper.keep_prints("XNYS", "2024-03-07", replace(prints(TOLD), grace_ns=1))
    keeper.keep_prints("XNYS", DATE, prints(TOLD))

    assert keeper.grace("XNYS", ("2024-03-07", DATE, "2024-03-11")) == 5_000_000_000
    assert keeper.grace("XNYS", ("2024-03-07",)) == 1
    assert keeper.grace("XNYS", ("2024-03-11",)) is keeper.grace("24/7", (DATE,)) is None


def test_a_day_without_a_proper_name_was_never_lived(keeper: KeepsPrints) -> None:
    with pytest.raises(DataError, match="session date"):
        keeper.keep_prints("XNYS", "20240308", prints(TOLD))


some_rows = st.lists(
    st.tuples(
        st.sampled_from(["A", "BRK/B"]),
        st.integers(0, 2),
        st.integers(0, 5).map(lambda second: second * 1_000_000_007),
        st.sampled_from([Verdict.STREAMED, Verdict.LATE, Verdict.NO_TRADE]),
        st.sampled_from([1.0, 2.0, float("nan")]),
    ),
    max_size=6,
).map(lambda rows: sorted(rows, key=lambda row: row[2]))


@STORES
@examples(20)
@given(runs=st.lists(st.tuples(some_rows, st.integers(0, 6)), min_size=1, max_size=3))
def test_runs_of_a_day_that_begin_anew_or_go_on_leave_what_all_of_them_knew(
    opened: Opened, runs: list[tuple[list[tuple[str, int, int, Verdict, float]], int]]
) -> None:
    expected: Prints | None = None
    with opened() as store:
        assert isinstance(store, KeepsPrints)
        for rows, cut in runs:
            for so_far in (prints(rows[:cut]), prints(rows)):
                store.keep_prints("XNYS", DATE, so_far)
                expected = continued(expected, so_far)
        with closing(store):
            assert store.prints("XNYS", DATE) == expected
