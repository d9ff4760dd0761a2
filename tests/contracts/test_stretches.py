"""A day in stretches: what every bar store promises of merging them, and of reading a span."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from actors.kernel.ports import BarStore, StoredDay
from tests.contracts.test_bar_store import STORES, Opened, some_days, verdicts
from tests.depth import examples
from tests.storage.days import DATE, MINUTE, START, bar, day


def part_of(given_day: StoredDay, first: int, end: int) -> StoredDay:
    """Return the bars from one minute up to another."""
    starts = given_day.bars.start_ns
    is_here = (starts >= START + first * MINUTE) & (starts < START + end * MINUTE)
    return StoredDay(bars=given_day.bars.where(is_here), verdicts=given_day.verdicts[is_here], tz=given_day.tz)


def stretches_of(given_day: StoredDay, cuts: set[int]) -> list[StoredDay]:
    """Return a day cut at these minutes, without what is empty."""
    edges = [-9, *sorted(cuts), 99]
    parts = [part_of(given_day, first, end) for first, end in pairwise(edges)]
    return [part for part in parts if len(part.bars)]


@STORES
@examples(25)
@given(days=some_days, cuts=st.sets(st.integers(0, 4)))
def test_a_day_merged_stretch_by_stretch_is_as_if_merged_at_once(opened: Opened, days: list[StoredDay], cuts: set[int]):
    with opened() as in_parts, opened() as at_once:
        for given_day in (one for one in days if len(one.bars)):
            counts = in_parts.merge_stretches("XNYS", DATE, given_day.bars.symbols, stretches_of(given_day, cuts))
            assert counts == at_once.merge("XNYS", DATE, given_day)

        found, expected = in_parts.read("XNYS", DATE), at_once.read("XNYS", DATE)
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            assert (found.bars, verdicts(found), found.tz) == (expected.bars, verdicts(expected), expected.tz)


def test_of_a_span_only_the_bars_that_start_in_it_are_read(store: BarStore):
    store.merge("XNYS", DATE, day(*(bar(symbol, minute) for symbol in "AB" for minute in range(4))))

    some = store.read("XNYS", DATE, ["A"], (START + MINUTE, START + 3 * MINUTE))
    none = store.read("XNYS", DATE, span=(START + 4 * MINUTE, START + 5 * MINUTE))

    assert some is not None
    assert list(some.bars.bars()) == [bar("A", 1), bar("A", 2)]
    assert none is not None
    assert len(none.bars) == 0


def test_stretches_may_ask_the_store_for_the_day_as_it_was(store: BarStore):
    store.merge("XNYS", DATE, day(bar("A", 0), bar("A", 1)))

    def corrected() -> Iterator[StoredDay]:
        for minute in range(2):
            stored = store.read("XNYS", DATE)
            assert stored is not None
            assert stored.bars.close.tolist() == [10.0, 10.0]
            yield day(bar("A", minute, 11.0))

    assert store.merge_stretches("XNYS", DATE, ("A",), corrected()).corrected == 2
