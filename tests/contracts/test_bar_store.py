"""What every bar store promises; the same suite runs over each of them."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel.ports import BarStore, MergeCounts, StoredDay
from messages.errors import DataError
from messages.tables.columns import FIELDS, BarBatch
from messages.values import Bar, Interval, Verdict
from tests.contracts import stores
from tests.depth import examples
from tests.storage.days import DATE, MINUTE, START, bar, day

NAN = float("nan")


STORES = pytest.mark.parametrize("opened", stores.STORES)
Opened = Callable[[], "contextmanager[BarStore]"]


def verdicts(stored: StoredDay | None) -> list[int]:
    assert stored is not None
    return stored.verdicts.tolist()


def test_a_merged_day_comes_back_as_it_was(store: BarStore):
    given_day = day(bar("MSFT", 0), bar("AAPL", 0, volume=0.0), bar("AAPL", 3, open=NAN))

    counts = store.merge("XNYS", DATE, given_day)

    assert counts == MergeCounts(added=3, corrected=0, duplicates=0)
    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert stored.bars == given_day.bars
    assert verdicts(stored) == [Verdict.STREAMED] * 3
    assert stored.tz == "America/New_York"


def lived(given: StoredDay) -> StoredDay:
    return msgspec.structs.replace(given, is_lived=True)


def test_who_lived_through_a_day_knows_better_how_its_bars_came(store: BarStore):
    store.merge("XNYS", DATE, lived(day(bar("A", 0), bar("A", 1), verdict=Verdict.FILLED)))

    counts = store.merge("XNYS", DATE, lived(day(bar("A", 0), bar("A", 1, 11.0), verdict=Verdict.LATE)))
    again = store.merge("XNYS", DATE, lived(day(bar("A", 0), bar("A", 1, 11.0), verdict=Verdict.LATE)))

    assert counts == MergeCounts(added=0, corrected=1, duplicates=1, retold=1)
    assert again == MergeCounts(added=0, corrected=0, duplicates=2)
    assert verdicts(store.read("XNYS", DATE)) == [Verdict.LATE, Verdict.LATE]


def test_a_file_does_not_know_how_bars_came(store: BarStore):
    store.merge("XNYS", DATE, lived(day(bar("A", 0), bar("A", 1), verdict=Verdict.FILLED)))

    counts = store.merge("XNYS", DATE, day(bar("A", 0), bar("A", 1, 11.0)))

    assert counts == MergeCounts(added=0, corrected=1, duplicates=1)
    assert verdicts(store.read("XNYS", DATE)) == [Verdict.FILLED, Verdict.CORRECTED]


def test_vwap_and_trades_are_kept_where_they_are_known(store: BarStore):
    given_day = day(bar("AAPL", 0, vwap=10.5, trades=7.0), bar("MSFT", 0))

    store.merge("XNYS", DATE, given_day)

    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert stored.bars == given_day.bars
    assert [(b.vwap, b.trades) for b in stored.bars.bars()] == [(10.5, 7.0), (None, None)]


def test_the_interval_of_the_bars_is_kept_and_others_are_refused(store: BarStore):
    five = BarBatch.of(
        [Bar(symbol="A", start_ns=START, open=1, high=1, low=1, close=1, volume=1, interval=Interval.parse("5m"))]
    )
    store.merge("XNYS", DATE, StoredDay(bars=five, verdicts=np.full(1, 4, dtype=np.uint8)))

    stored = store.read("XNYS", DATE)

    assert stored is not None
    assert stored.bars.interval == Interval.parse("5m")
    with pytest.raises(DataError, match="1m cannot be merged into a day of 5m"):
        store.merge("XNYS", DATE, day(bar("A", 1)))


def test_all_bars_of_a_store_are_of_one_length(store: BarStore):
    assert store.base_interval() is None
    second = BarBatch.of(
        [Bar(symbol="A", start_ns=START, open=1, high=1, low=1, close=1, volume=1, interval=Interval.parse("1s"))]
    )
    store.merge("XNYS", DATE, StoredDay(bars=second, verdicts=np.full(1, 4, dtype=np.uint8)))

    assert store.base_interval() == Interval.parse("1s")
    with pytest.raises(DataError, match="bars of 1m cannot be merged into a store of 1s bars"):
        store.merge("XNYS", "2024-03-11", day(bar("A", 0)))
    assert store.dates("XNYS") == (DATE,)


def test_the_same_day_twice_changes_nothing(store: BarStore):
    given_day = day(bar("AAPL", 0, vwap=10.5), bar("MSFT", 1, close=NAN))
    store.merge("XNYS", DATE, given_day)

    counts = store.merge("XNYS", DATE, day(*given_day.bars.bars(), verdict=Verdict.FILLED))

    assert counts == MergeCounts(added=0, corrected=0, duplicates=2)
    assert store.read("XNYS", DATE) is not None
    assert verdicts(store.read("XNYS", DATE)) == [Verdict.STREAMED] * 2


def test_a_different_bar_corrects_and_a_new_one_is_added_in_its_place(store: BarStore):
    store.merge("XNYS", DATE, day(bar("AAPL", 0), bar("MSFT", 0), bar("AAPL", 2)))

    counts = store.merge(
        "XNYS", DATE, day(bar("IBM", 0), bar("MSFT", 0, 11.0), bar("AAPL", 1), bar("AAPL", 2), verdict=Verdict.FILLED)
    )

    assert counts == MergeCounts(added=2, corrected=1, duplicates=1)
    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert stored.bars == BarBatch.of(
        [bar("AAPL", 0), bar("IBM", 0), bar("MSFT", 0, 11.0), bar("AAPL", 1), bar("AAPL", 2)]
    )
    assert verdicts(stored) == [Verdict.STREAMED, Verdict.FILLED, Verdict.CORRECTED, Verdict.FILLED, Verdict.STREAMED]


def test_an_equal_bar_without_vwap_does_not_erase_it(store: BarStore):
    store.merge("XNYS", DATE, day(bar("AAPL", 0, vwap=10.5, trades=7.0)))

    counts = store.merge("XNYS", DATE, day(bar("AAPL", 0), bar("AAPL", 1)))

    assert counts == MergeCounts(added=1, corrected=0, duplicates=1)
    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert [(b.vwap, b.trades) for b in stored.bars.bars()] == [(10.5, 7.0), (None, None)]


def test_a_vwap_that_becomes_known_corrects_an_equal_bar(store: BarStore):
    store.merge("XNYS", DATE, day(bar("AAPL", 0), bar("MSFT", 0)))

    counts = store.merge("XNYS", DATE, day(bar("AAPL", 0, vwap=10.5), bar("MSFT", 0)))

    assert counts == MergeCounts(added=0, corrected=1, duplicates=1)
    assert verdicts(store.read("XNYS", DATE)) == [Verdict.CORRECTED, Verdict.STREAMED]


def test_a_bar_with_other_prices_takes_the_old_vwap_away(store: BarStore):
    store.merge("XNYS", DATE, day(bar("AAPL", 0, vwap=10.5, trades=7.0)))

    store.merge("XNYS", DATE, day(bar("AAPL", 0, 11.0)))

    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert list(stored.bars.bars()) == [bar("AAPL", 0, 11.0)]


def test_days_are_listed_by_calendar_and_in_order(store: BarStore):
    for calendar, date in [
        ("XNYS", "2024-03-11"),
        ("24/7", "2023-12-31"),
        ("XNYS", "2024-03-08"),
        ("XNYS", "2023-01-03"),
    ]:
        store.merge(calendar, date, day(bar("A", 0)))

    assert store.calendars() == ("24/7", "XNYS")
    assert store.dates("XNYS") == ("2023-01-03", "2024-03-08", "2024-03-11")
    assert store.dates("24/7") == ("2023-12-31",)


@pytest.mark.parametrize("calendar", ["24/7", "us_futures", "..", "a.b ", "CME:ES*", "Börse"])
def test_any_name_of_a_calendar_comes_back(store: BarStore, calendar: str):
    store.merge(calendar, DATE, day(bar("A", 0)))

    assert store.calendars() == (calendar,)
    assert store.dates(calendar) == (DATE,)
    assert store.symbols(calendar, DATE) == ("A",)


def test_what_is_not_there_is_empty(store: BarStore):
    assert store.calendars() == ()
    assert store.dates("XNYS") == ()
    assert store.symbols("XNYS", DATE) == ()
    assert store.read("XNYS", DATE) is None


def test_a_day_without_bars_is_not_stored(store: BarStore):
    counts = store.merge("XNYS", DATE, day())

    assert counts == MergeCounts(added=0, corrected=0, duplicates=0)
    assert store.read("XNYS", DATE) is None
    assert store.calendars() == ()


def test_only_the_symbols_that_are_named_are_read(store: BarStore):
    store.merge("XNYS", DATE, day(*(bar(symbol, minute) for symbol in "ABCD" for minute in range(3))))

    some = store.read("XNYS", DATE, ["D", "B", "UNKNOWN", "B"])

    assert some is not None
    assert some.bars == BarBatch.of(bar(symbol, minute) for symbol in "BD" for minute in range(3))
    assert verdicts(some) == [Verdict.STREAMED] * 6
    assert store.symbols("XNYS", DATE) == ("A", "B", "C", "D")


def test_unknown_symbols_have_an_empty_day(store: BarStore):
    store.merge("XNYS", DATE, day(bar("A", 0)))

    nothing = store.read("XNYS", DATE, ["B"])

    assert nothing is not None
    assert (len(nothing.bars), nothing.bars.symbols, len(nothing.verdicts)) == (0, (), 0)
    assert nothing.bars.values.shape == (5, 0)


def test_no_symbol_named_means_every_symbol(store: BarStore):
    store.merge("XNYS", DATE, day(bar("A", 0)))

    assert store.read("XNYS", DATE, []) == store.read("XNYS", DATE)


def test_a_symbol_without_bars_is_not_in_the_table(store: BarStore):
    batch = BarBatch.of([bar("A", 0), bar("B", 0), bar("C", 1)]).only(frozenset("AC"))

    store.merge("XNYS", DATE, StoredDay(bars=batch, verdicts=np.full(2, 4, dtype=np.uint8)))

    assert store.symbols("XNYS", DATE) == ("A", "C")
    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert stored.bars == BarBatch.of([bar("A", 0), bar("C", 1)])


def test_what_is_read_cannot_be_written_to(store: BarStore):
    batch = BarBatch.of([bar("A", 0)])
    writable = batch.values.copy()
    given_batch = BarBatch(symbols=("A",), symbol_index=batch.symbol_index, start_ns=batch.start_ns, values=writable)
    store.merge("XNYS", DATE, StoredDay(bars=given_batch, verdicts=np.full(1, 4, dtype=np.uint8)))

    writable[:] = 0.0

    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert stored.bars == batch
    columns = (stored.bars.values, stored.bars.start_ns, stored.bars.symbol_index, stored.verdicts)
    assert not any(column.flags.writeable for column in columns)


@pytest.mark.parametrize(
    ("calendar", "date"), [("", DATE), ("XNYS", "8.3.2024"), ("XNYS", "20240308"), ("XNYS", "../x")]
)
def test_a_day_without_a_proper_name_is_refused(store: BarStore, calendar: str, date: str):
    with pytest.raises(DataError, match=r"calendar|session date"):
        store.merge(calendar, date, day(bar("A", 0)))
    with pytest.raises(DataError, match=r"calendar|session date"):
        store.read(calendar, date)


def test_bars_in_disorder_are_refused_and_change_nothing(store: BarStore):
    store.merge("XNYS", DATE, day(bar("A", 0)))
    good = BarBatch.of([bar("A", 1), bar("A", 2)])
    swapped = BarBatch(symbols=("A",), symbol_index=good.symbol_index, start_ns=good.start_ns[::-1], values=good.values)

    with pytest.raises(DataError, match="sorted by start and symbol"):
        store.merge("XNYS", DATE, StoredDay(bars=swapped, verdicts=np.full(2, 4, dtype=np.uint8)))
    with pytest.raises(DataError, match="as many verdicts"):
        store.merge("XNYS", DATE, StoredDay(bars=good, verdicts=np.full(1, 4, dtype=np.uint8)))

    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert len(stored.bars) == 1


def test_a_closed_store_can_be_closed_and_used_again(store: BarStore):
    store.merge("XNYS", DATE, day(bar("A", 0)))
    store.close()
    store.close()

    counts = store.merge("XNYS", DATE, day(bar("A", 1)))

    assert counts.added == 1
    assert store.dates("XNYS") == (DATE,)


def test_readers_see_a_day_before_a_merge_or_after_it_never_between(store: BarStore):
    def version(number: int) -> StoredDay:
        return day(*(bar(symbol, minute, float(number)) for symbol in ("A", "B") for minute in range(50)))

    store.merge("XNYS", DATE, version(0))
    merged, seen = threading.Event(), []

    def read_until_merged() -> None:
        while not merged.is_set():
            stored = store.read("XNYS", DATE)
            seen.append(set() if stored is None else set(stored.bars.values[:4].ravel().tolist()))

    readers = [threading.Thread(target=read_until_merged) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 16):
        store.merge("XNYS", DATE, version(number))
    merged.set()
    for reader in readers:
        reader.join()

    assert seen
    assert {len(prices) for prices in seen} == {1}


def at_once(work: Callable[[int], None], count: int) -> None:
    """Do work in as many threads, which begin together."""
    together = threading.Barrier(count)

    def begin(number: int) -> None:
        together.wait(10)
        work(number)

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(begin, number) for number in range(count)]:
            done.result(30)


def test_different_days_may_be_merged_at_once(store: BarStore):
    dates = [f"2024-{month:02}-{number:02}" for month in (3, 4) for number in range(1, 13)]

    at_once(lambda part: [store.merge("XNYS", date, day(bar("A", 0, 1.0 + part))) for date in dates[part::6]], 6)

    assert list(store.dates("XNYS")) == dates
    prices_of = {date: [b.open for b in stored.bars.bars()] for date in dates if (stored := store.read("XNYS", date))}
    assert prices_of == {date: [1.0 + place % 6] for place, date in enumerate(dates)}


def test_merges_of_one_day_at_once_lose_no_bar_and_count_each_once(store: BarStore):
    counts: list[MergeCounts] = []

    def merge(number: int) -> None:
        given_days = [day(bar("SHARED", minute), bar(f"S{number}", minute)) for minute in range(5)]
        counts.extend(store.merge("XNYS", DATE, given_day) for given_day in given_days)

    at_once(merge, 4)

    stored = store.read("XNYS", DATE)
    assert stored is not None
    assert stored.bars == BarBatch.of(
        [bar(symbol, minute) for symbol in ("S0", "S1", "S2", "S3", "SHARED") for minute in range(5)]
    )
    assert (sum(c.added for c in counts), sum(c.duplicates for c in counts)) == (25, 15)
    assert not any(c.corrected for c in counts)


def test_a_store_that_is_closed_during_merges_loses_none(store: BarStore):
    def work(number: int) -> None:
        for minute in range(6):
            if number:
                store.merge("XNYS", f"2024-03-0{number}", day(bar("A", minute)))
            else:
                store.close()

    at_once(work, 4)

    found = [store.read("XNYS", date) for date in store.dates("XNYS")]
    assert [len(stored.bars) for stored in found if stored] == [6, 6, 6]


prices = st.sampled_from([1.0, 2.0, NAN])
unknown_or = st.sampled_from([None, 1.0, 2.0])
some_bars = st.lists(
    st.builds(bar, st.sampled_from("ABC"), st.integers(0, 3), prices, volume=prices, vwap=unknown_or, trades=unknown_or)
)
some_days = st.lists(
    st.builds(
        lambda bars, verdict: day(*bars, verdict=verdict),
        some_bars,
        st.sampled_from([Verdict.FILLED, Verdict.STREAMED]),
    ),
    max_size=4,
)


def shown(bar: Bar, verdict: int) -> str:
    """All that there is to a bar, defaults too; NaN equals NaN."""
    return repr((msgspec.structs.astuple(bar), verdict))


class ObviousDay:
    """What a store should hold, as a dictionary of cells, merged bar by bar."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, str], tuple[Bar, int]] = {}

    def merge(self, given_day: StoredDay) -> MergeCounts:
        results = [self._merge(b, v) for b, v in zip(given_day.bars.bars(), given_day.verdicts.tolist(), strict=True)]
        return MergeCounts(**{name: results.count(name) for name in ("added", "corrected", "duplicates")})

    def _merge(self, new: Bar, verdict: int) -> str:
        key = (new.start_ns, new.symbol)
        if key not in self.cells:
            self.cells[key] = new, verdict
            return "added"
        old, _ = self.cells[key]
        if any(repr(getattr(old, name)) != repr(getattr(new, name)) for name in FIELDS):
            self.cells[key] = new, int(Verdict.CORRECTED)
            return "corrected"
        vwap = old.vwap if new.vwap is None else new.vwap
        trades = old.trades if new.trades is None else new.trades
        if (vwap, trades) == (old.vwap, old.trades):
            return "duplicates"
        self.cells[key] = (
            bar(old.symbol, (old.start_ns - START) // MINUTE, old.open, volume=old.volume, vwap=vwap, trades=trades),
            int(Verdict.CORRECTED),
        )
        return "corrected"

    def rows(self) -> list[str]:
        return [shown(*self.cells[key]) for key in sorted(self.cells)]


@STORES
@examples(25)
@given(days=some_days)
def test_merging_any_days_equals_a_dictionary_of_cells(opened: Opened, days: list[StoredDay]):
    with opened() as store:
        obvious = ObviousDay()
        for given_day in days:
            assert store.merge("XNYS", DATE, given_day) == obvious.merge(given_day)

        stored = store.read("XNYS", DATE)
        found = [] if stored is None else list(zip(stored.bars.bars(), verdicts(stored), strict=True))
        assert [shown(*row) for row in found] == obvious.rows()
