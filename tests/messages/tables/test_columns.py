"""Batches of bars by the column: how they are made, cut and compared."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages import Bar, BarBatch, BarsUpdated, DataError, Tape
from messages.tables.columns import FIELDS
from messages.values import MINUTE_NS, Interval
from tests.builders import DAY, at, bar, bars, day_grid, minute_of
from tests.messages.equality import assert_different, assert_equal

BARS = [*minute_of(["AAPL", "MSFT"], "09:30"), bar("AAPL", "09:31", 101.0), bar("MSFT", "09:32", 102.0)]
BATCH = BarBatch.of(BARS)

cells = st.tuples(st.sampled_from(["A", "B", "C"]), st.integers(0, 5))


@given(st.lists(cells, unique=True), st.booleans(), st.randoms(use_true_random=False))
def test_a_batch_holds_its_bars_by_time_and_then_by_symbol(given_cells, has_extra, shuffler) -> None:  # type: ignore[no-untyped-def]  # hypothesis fills them in
    rows = [
        bar(name, minute * MINUTE_NS, 10.0 + minute, vwap=1.5 if has_extra else None) for name, minute in given_cells
    ]
    shuffler.shuffle(rows)
    batch = BarBatch.of(rows)

    assert list(batch.bars()) == sorted(rows, key=lambda one: (one.start_ns, one.symbol))
    assert len(batch) == len(rows)
    assert list(batch.symbols) == sorted({one.symbol for one in rows})
    assert built_from(rows, has_extra) == batch


def built_from(rows: list[Bar], has_extra: bool) -> BarBatch:
    """Make the same batch the other way: columns in the order given, the symbol table upside down."""
    table = sorted({one.symbol for one in rows}, reverse=True)
    columns = [[getattr(one, name) for one in rows] for name in FIELDS]
    if has_extra and rows:
        columns += [[one.vwap for one in rows], [np.nan for _ in rows]]
    return BarBatch.build(
        table,
        np.array([table.index(one.symbol) for one in rows], dtype=np.int32),
        np.array([one.start_ns for one in rows], dtype=np.int64),
        np.array(columns, dtype=np.float64).reshape(len(columns), len(rows)),
    )


def test_of_two_bars_for_one_cell_the_later_one_stays() -> None:
    assert list(BarBatch.of([bar(close=1.0), bar(close=2.0)]).bars()) == [bar(close=2.0)]


def test_bars_of_two_lengths_make_no_batch() -> None:
    second = msgspec.structs.replace(bar("AAPL", "09:31"), interval=Interval.parse("1s"))

    with pytest.raises(DataError, match="are of one length, not of 1s and 1m"):
        BarBatch.of([bar(), second])
    assert BarBatch.of([second]).interval == Interval.parse("1s")


def test_columns_in_any_order_make_a_batch_of_bars_of_a_length() -> None:
    starts = np.array([at("09:31"), at("09:30")])

    made = BarBatch.build(["A"], np.zeros(2, dtype=np.int32), starts, np.ones((5, 2)), Interval.parse("1s"))

    assert (made.interval, made.start_ns.tolist()) == (Interval.parse("1s"), [at("09:30"), at("09:31")])


@pytest.mark.parametrize("shape", [(5,), (4, 2), (6, 2), (5, 3)])
def test_a_batch_of_the_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="5 or 7 rows of 2 values"):
        BarBatch.build(["A"], np.zeros(2, dtype=np.int32), np.arange(2), np.zeros(shape))


@pytest.mark.parametrize("table", [["A", "A"], ["A"]])
def test_a_batch_needs_one_index_a_bar_and_each_symbol_once(table: list[str]) -> None:
    with pytest.raises(DataError, match="one symbol index a bar, and no symbol twice"):
        BarBatch.build(table, np.zeros(3 - len(table), dtype=np.int32)[:1], np.arange(2), np.zeros((5, 2)))


def test_a_batch_with_a_cell_twice_is_refused() -> None:
    with pytest.raises(DataError, match="each minute of a symbol at most once"):
        BarBatch.build(["A"], np.zeros(2, dtype=np.int32), np.zeros(2, dtype=np.int64), np.zeros((5, 2)))


def test_rows_are_views_and_say_the_same_as_the_bars_between() -> None:
    cut = BATCH.rows(1, 3)

    assert list(cut.bars()) == BARS[1:3]
    assert np.shares_memory(cut.values, BATCH.values)


def test_a_mask_keeps_the_bars_it_is_true_for() -> None:
    assert list(BATCH.where(BATCH.close > 100.0).bars()) == BARS[2:]


def test_only_some_symbols_keeps_the_order_and_the_table() -> None:
    cut = BATCH.only(frozenset({"MSFT", "UNHEARD"}))

    assert cut.names() == ["MSFT", "MSFT"]
    assert cut.symbols == BATCH.symbols


def test_every_column_of_a_batch_is_read_only() -> None:
    for batch in (BATCH, BATCH.rows(0, 1), BATCH.where(BATCH.close > 0)):
        for column in (batch.values, batch.start_ns, batch.symbol_index, batch.open):
            with pytest.raises(ValueError, match="read-only"):
                column[...] = 0


def test_fields_are_named_and_extra_ones_are_there_when_they_are_kept() -> None:
    full = BarBatch.of([bar(close=3.0, open=1.0, high=4.0, low=0.5, volume=9.0, vwap=2.0, trades=7.0)])

    assert [full.open[0], full.high[0], full.low[0], full.close[0], full.volume[0]] == [1.0, 4.0, 0.5, 3.0, 9.0]
    assert full.vwap is not None
    assert full.trades is not None
    assert (full.vwap[0], full.trades[0]) == (2.0, 7.0)
    assert (BATCH.vwap, BATCH.trades) == (None, None)


def test_columns_are_equal_by_value_and_a_number_that_is_none_equals_itself() -> None:
    hollow = BarBatch.of([bar(volume=float("nan"))])

    assert_equal(hollow, BarBatch.of([bar(volume=float("nan"))]))
    assert_different(hollow, BarBatch.of([bar(volume=0.0)]))
    assert_different(hollow, BATCH)
    assert_different(BATCH, list(BATCH.bars()))


def test_columns_are_never_keys() -> None:
    grid = day_grid(DAY, BARS)
    for thing in (BATCH, grid, Tape(session=DAY, batch=BATCH)):
        with pytest.raises(TypeError, match="unhashable"):
            hash(thing)


def test_days_and_tapes_are_equal_by_value() -> None:
    assert_equal(day_grid(DAY, BARS), day_grid(DAY, BARS))
    assert_different(day_grid(DAY, BARS), day_grid(DAY, BARS[1:]))
    assert_equal(Tape(session=DAY, batch=BATCH), Tape(session=DAY, batch=BarBatch.of(BARS)))
    assert_different(Tape(session=DAY, batch=BATCH), Tape(session=DAY, batch=BATCH, outside=1))


def test_an_update_starts_where_its_bars_start() -> None:
    update = BarsUpdated(interval=BATCH.interval, batch=BarBatch.of(bars("AAPL", "09:35", 1.0)), revision=1)

    assert update.start_ns == at("09:35")
