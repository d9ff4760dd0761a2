"""Bars that are none after all: what every bar store promises of taking them out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel.ports import BarStore, StoredDay
from messages.errors import DataError
from messages.values import Gap
from tests.certificates import certificate
from tests.contracts.test_bar_store import STORES, Opened, some_days, verdicts
from tests.depth import examples
from tests.storage.days import DATE, MINUTE, START, bar, day


def gap(symbols: str, first: int, end: int) -> Gap:
    """Minutes ``[first, end)`` of symbols of one letter."""
    return Gap(symbols=tuple(symbols), start_ns=START + first * MINUTE, end_ns=START + end * MINUTE)


def test_the_bars_of_a_gap_go_and_the_others_stay_as_they_were(store: BarStore):
    store.merge("XNYS", DATE, day(*(bar(symbol, minute, vwap=10.5) for symbol in "AB" for minute in range(4))))

    assert store.withdraw("XNYS", DATE, [gap("A", 1, 3)]) == 2

    stored = store.read("XNYS", DATE)
    expected = day(*(bar(name[0], int(name[1]), vwap=10.5) for name in ("A0", "A3", "B0", "B1", "B2", "B3")))
    assert stored is not None
    assert (stored.bars, verdicts(stored), stored.tz) == (expected.bars, verdicts(expected), expected.tz)


def test_a_bar_that_went_may_come_again_and_is_new(store: BarStore):
    store.merge("XNYS", DATE, day(bar("A", 0), bar("A", 1)))
    store.withdraw("XNYS", DATE, [gap("A", 1, 2)])

    assert store.merge("XNYS", DATE, day(bar("A", 1, 11.0))).added == 1


def test_a_symbol_that_has_no_bar_left_is_not_in_the_table(store: BarStore):
    store.merge("XNYS", DATE, day(bar("A", 0), bar("B", 0)))
    store.withdraw("XNYS", DATE, [gap("A", 0, 1)])

    assert store.symbols("XNYS", DATE) == ("B",)


@pytest.mark.parametrize("gaps", [[], [gap("A", 1, 9)], [gap("Z", 0, 9)], [gap("", 0, 9)]])
def test_minutes_without_a_bar_change_nothing(store: BarStore, gaps: list[Gap]):
    store.merge("XNYS", DATE, day(bar("A", 0)))
    before = store.read("XNYS", DATE)

    assert store.withdraw("XNYS", DATE, gaps) == 0
    assert store.read("XNYS", DATE) == before


def test_from_a_day_that_is_not_there_nothing_goes(store: BarStore):
    assert store.withdraw("XNYS", DATE, [gap("A", 0, 1)]) == 0
    assert store.dates("XNYS") == ()


def test_a_day_that_is_left_without_a_bar_is_there_no_more(store: BarStore):
    store.merge("XNYS", DATE, day(bar("A", 0), bar("B", 0)))
    store.certify("XNYS", DATE, certificate("A", date=DATE))
    length = store.base_interval()

    assert store.withdraw("XNYS", DATE, [gap("AB", 0, 1)]) == 2
    assert (store.read("XNYS", DATE), store.symbols("XNYS", DATE)) == (None, ())
    assert (store.dates("XNYS"), store.calendars()) == ((), ())
    assert (length is None, store.base_interval()) == (False, None)
    assert store.certificate("XNYS", DATE) == certificate("A", date=DATE)


def test_a_day_without_a_proper_name_is_refused(store: BarStore):
    with pytest.raises(DataError, match="session date"):
        store.withdraw("XNYS", "20240308", [gap("A", 0, 1)])


some_gaps = st.lists(
    st.builds(
        lambda symbols, first, minutes: gap(symbols, first, first + minutes),
        st.sampled_from(["A", "B", "AC", "ABC", "Z"]),
        st.integers(-1, 4),
        st.integers(1, 3),
    ),
    max_size=3,
)


@STORES
@examples(25)
@given(days=some_days, gaps=some_gaps)
def test_what_is_left_is_as_if_the_others_had_never_come(opened: Opened, days: list[StoredDay], gaps: list[Gap]):
    gone = {
        (symbol, start) for one in gaps for symbol in one.symbols for start in range(one.start_ns, one.end_ns, MINUTE)
    }
    with opened() as store:
        for given_day in days:
            store.merge("XNYS", DATE, given_day)
        before = store.read("XNYS", DATE)
        rows = [] if before is None else list(zip(before.bars.bars(), verdicts(before), strict=True))
        kept = [row for row in rows if (row[0].symbol, row[0].start_ns) not in gone]

        assert store.withdraw("XNYS", DATE, gaps) == len(rows) - len(kept)

        after = store.read("XNYS", DATE)
        found = [] if after is None else list(zip(after.bars.bars(), verdicts(after), strict=True))
        assert [repr(row) for row in found] == [repr(row) for row in kept]
        assert (after is None) == (not kept)
