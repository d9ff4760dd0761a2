"""Many days at once: what every bar store promises of merging them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from actors.kernel.ports import BarStore, MergeCounts, StoredDay, StoredDays
from actors.storage.narrow.together import side_by_side
from messages.errors import DataError
from messages.tables.columns import BarBatch
from messages.values import Verdict
from tests.contracts.test_bar_store import STORES, Opened, some_days, verdicts
from tests.depth import examples
from tests.storage.days import bar, day

DATES = ("2023-12-29", "2024-03-08", "2024-03-11", "2024-04-02")


def together(days: dict[str, StoredDay], *, is_lived: bool = False) -> StoredDays:
    """Return days in the columns of all of them."""
    return side_by_side({date: structs.replace(day, is_lived=is_lived) for date, day in days.items() if len(day.bars)})


def test_each_day_is_there_as_if_it_had_come_alone(store: BarStore):
    first, second = day(bar("A", 0), bar("C", 1)), day(bar("B", 0, vwap=1.5), bar("A", 3))

    counts = store.merge_days("XNYS", together({DATES[0]: first, DATES[2]: second}))

    assert counts == MergeCounts(added=4, corrected=0, duplicates=0)
    assert store.dates("XNYS") == (DATES[0], DATES[2])
    assert store.symbols("XNYS", DATES[0]) == ("A", "C")
    stored = [store.read("XNYS", date) for date in (DATES[0], DATES[2])]
    assert [list(found.bars.bars()) for found in stored if found] == [list(d.bars.bars()) for d in (first, second)]
    assert stored[0] is not None
    assert stored[0].tz == "America/New_York"
    assert verdicts(stored[0]) == [Verdict.STREAMED] * 2


def test_what_was_there_is_corrected_and_what_was_not_is_added(store: BarStore):
    store.merge("XNYS", DATES[1], day(bar("A", 0), bar("A", 1)))

    given_days = {DATES[1]: day(bar("A", 0, 11.0), bar("A", 1)), DATES[2]: day(bar("A", 0))}
    counts = store.merge_days("XNYS", together(given_days))
    again = store.merge_days("XNYS", together(given_days))

    assert counts == MergeCounts(added=1, corrected=1, duplicates=1)
    assert again == MergeCounts(added=0, corrected=0, duplicates=3)
    assert verdicts(store.read("XNYS", DATES[1])) == [Verdict.CORRECTED, Verdict.STREAMED]


def test_who_lived_through_days_knows_better_how_their_bars_came(store: BarStore):
    store.merge("XNYS", DATES[1], day(bar("A", 0)))

    counts = store.merge_days("XNYS", together({DATES[1]: day(bar("A", 0), verdict=Verdict.LATE)}, is_lived=True))

    assert counts == MergeCounts(added=0, corrected=0, duplicates=1, retold=1)
    assert verdicts(store.read("XNYS", DATES[1])) == [Verdict.LATE]


def test_a_day_may_begin_before_the_day_before_it_ends(store: BarStore):
    friday, monday = day(bar("A", 0), bar("A", 300)), day(bar("A", 200), bar("A", 400))

    store.merge_days("XNYS", together({DATES[1]: friday, DATES[2]: monday}))
    store.merge("XNYS", DATES[3], day(bar("B", 100)))

    found = [store.read("XNYS", date) for date in (DATES[1], DATES[2])]
    assert [one.bars for one in found if one] == [friday.bars, monday.bars]


def test_days_in_disorder_are_refused_and_change_nothing(store: BarStore):
    days = together({DATES[1]: day(bar("A", 0), bar("A", 1)), DATES[2]: day(bar("A", 5))})
    backwards = BarBatch(
        symbols=("A",),
        symbol_index=days.bars.symbol_index,
        start_ns=days.bars.start_ns[::-1].copy(),
        values=days.bars.values,
    )

    with pytest.raises(DataError, match="sorted by start and symbol"):
        store.merge_days("XNYS", structs.replace(days, bars=backwards))
    with pytest.raises(DataError, match="session date"):
        store.merge_days("XNYS", structs.replace(days, dates=("8.3.2024", "11.3.2024")))

    assert store.calendars() == ()


day_or_none = some_days.map(lambda days: days[0] if days and len(days[0].bars) else None)


@STORES
@examples(20)
@given(rounds=st.lists(st.tuples(*[day_or_none] * 4), max_size=3))
def test_merging_many_days_equals_merging_one_after_the_other(
    opened: Opened, rounds: list[tuple[StoredDay | None, ...]]
):
    with opened() as at_once, opened() as singly:
        for given_round in rounds:
            days = {date: one for date, one in zip(DATES, given_round, strict=True) if one is not None}
            if not days:
                continue
            expected = [singly.merge("XNYS", date, one) for date, one in days.items()]
            counts = at_once.merge_days("XNYS", together(days))
            assert counts == sum(expected[1:], expected[0])
        assert at_once.dates("XNYS") == singly.dates("XNYS")
        for date in singly.dates("XNYS"):
            found, alone = at_once.read("XNYS", date), singly.read("XNYS", date)
            assert found is not None
            assert alone is not None
            assert list(map(repr, found.bars.bars())) == list(map(repr, alone.bars.bars()))
            assert verdicts(found) == verdicts(alone)
