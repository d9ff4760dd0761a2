"""Derived bars, against a walk over the base bars."""

import math
from functools import reduce
from operator import add

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from actors.market.aggregate import fold, fold_block, fold_cells, sum_of_slots
from actors.market.axis import SessionAxis
from messages import Interval
from messages.tables.columns import Floats, Indices, Mask
from tests.builders import session_tiny
from tests.depth import examples

NAN = float("nan")
NUMBERS = st.integers(0, 40).map(float)


@st.composite
def grids(draw: st.DrawFn) -> tuple[Floats, Mask]:
    """Slots x fields x symbols, some cells without a bar, some bars without vwap or trades."""
    slots, fields, symbols = draw(st.integers(1, 12)), draw(st.sampled_from([5, 7])), draw(st.integers(0, 3))
    cells = npst.arrays(np.bool_, (slots, symbols))
    values = draw(npst.arrays(np.float64, (slots, fields, symbols), elements=NUMBERS))
    present = draw(st.one_of(st.just(np.ones((slots, symbols), np.bool_)), cells))
    for field in range(5, fields):
        values[:, field][draw(cells)] = NAN
    values[np.broadcast_to(~present[:, None], values.shape)] = NAN
    return values, present


@st.composite
def edges_of(draw: st.DrawFn, slots: int) -> Indices:
    """Some ascending slots; not always from the first, nor to the last."""
    inner = draw(st.sets(st.integers(0, slots), min_size=2, max_size=6))
    return np.array(sorted(inner), dtype=np.int32)


def slow_bar(bars: list[list[float]], fields: int) -> list[float]:
    """One derived bar from the base bars of its block, in order of time."""
    if not bars:
        return [NAN] * fields
    folded = [
        bars[0][0],
        max(bar[1] for bar in bars),
        min(bar[2] for bar in bars),
        bars[-1][3],
        sum(bar[4] for bar in bars),
    ]
    if fields == 7:
        known = [bar for bar in bars if not math.isnan(bar[5])]
        weight = sum(bar[4] for bar in known)
        counted = [bar[6] for bar in bars if not math.isnan(bar[6])]
        folded.append(sum(bar[4] * bar[5] for bar in known) / weight if weight else NAN)
        folded.append(sum(counted) if counted else NAN)
    return folded


def slow_fold(values: Floats, present: Mask, edges: Indices) -> tuple[Floats, Indices]:
    blocks, (_, fields, symbols) = len(edges) - 1, values.shape
    folded, counts = np.full((blocks, fields, symbols), NAN), np.zeros((blocks, symbols), np.int32)
    for block in range(blocks):
        for symbol in range(symbols):
            slots = [slot for slot in range(edges[block], edges[block + 1]) if present[slot, symbol]]
            folded[block, :, symbol] = slow_bar([values[slot, :, symbol].tolist() for slot in slots], fields)
            counts[block, symbol] = len(slots)
    return folded, counts


@examples(60)
@given(st.data())
def test_derived_bars_are_those_of_a_walk_over_the_base_bars(data: st.DataObject) -> None:
    values, present = data.draw(grids())
    edges = data.draw(edges_of(len(values)))

    folded, counts = fold(values, present, edges)

    wanted, wanted_counts = slow_fold(values, present, edges)
    np.testing.assert_allclose(folded, wanted)
    np.testing.assert_array_equal(counts, wanted_counts)


@examples(30)
@given(st.sampled_from(["2m", "3m", "5m", "1d"]), st.sampled_from([(7,), (4, 3), (2, 6)]))
def test_no_derived_bar_crosses_a_break(interval: str, parts: tuple[int, ...]) -> None:
    axis = SessionAxis(session_tiny(*parts))
    values = np.ones((axis.slots, 5, 1))
    edges = axis.edges(Interval.parse(interval))

    _, counts = fold(values, np.ones((axis.slots, 1), np.bool_), edges)

    size = Interval.parse(interval).seconds // 60
    clipped = [min(size, part - first) for part in parts for first in range(0, part, size)]
    assert counts[:, 0].tolist() == ([sum(parts)] if interval == "1d" else clipped)


def test_a_block_without_a_bar_is_no_bar() -> None:
    values, present = np.full((2, 5, 1), NAN), np.zeros((2, 1), np.bool_)
    values[0], present[0] = 1.0, True

    folded, counts = fold(values, present, np.array([0, 1, 2], np.int32))

    assert counts[:, 0].tolist() == [1, 0]
    assert np.isnan(folded[1]).all()


@examples(60)
@given(grids())
def test_one_block_alone_is_folded_as_among_others(drawn: tuple[Floats, Mask]) -> None:
    values, present = drawn
    wanted, wanted_counts = slow_fold(values, present, np.array([0, len(values)], np.int32))

    folded, counts = fold_block(values, None if present.all() else present)

    np.testing.assert_allclose(folded, wanted[0])
    full = np.full(values.shape[2], len(values))
    np.testing.assert_array_equal(full if counts is None else counts, wanted_counts[0])
    assert (counts is None) == bool(present.all())


@examples(80)
@given(st.data())
def test_bars_reduced_one_by_one_are_those_reduced_together(data: st.DataObject) -> None:
    values, present = data.draw(grids())
    edges = data.draw(edges_of(len(values)))
    blocks, columns = len(edges) - 1, values.shape[2]
    cells = [(block, column) for block in range(blocks) for column in range(columns)]
    wanted = data.draw(st.lists(st.sampled_from(cells), unique=True)) if cells else []
    block, column = np.array(wanted, dtype=np.int64).reshape(-1, 2).T

    bars, counts = fold_cells(values, present, edges[block], edges[block + 1], column)

    folded, held = fold(values, present, edges)
    np.testing.assert_array_equal(bars, folded[block, :, column].T)
    np.testing.assert_array_equal(counts, held[block, column])


def test_a_sum_is_the_same_to_the_last_bit_in_any_company() -> None:
    volumes = np.random.default_rng(0).random((60, 1)) * 10.0 ** np.arange(60)[:, None] % 1e9
    values = np.ones((60, 5, 3))
    values[:, 4] = volumes
    whole, edges = np.ones((60, 3), np.bool_), np.array([0, 30, 60], np.int32)
    holed = whole.copy()
    holed[45, 1] = False

    (among, _), (alone, _), (beside, _) = (
        fold(values, None, edges),
        fold(values[:, :, :1], None, edges),
        fold(np.where(holed[:, None], values, NAN), holed, edges),
    )
    one_by_one, _ = fold_cells(values, whole, edges[:1], edges[1:2], np.array([2]))
    block, _ = fold_block(values[:30, :, :1], None)

    assert len({among[0, 4, 0], alone[0, 4, 0], beside[0, 4, 0], one_by_one[4, 0], block[4, 0]}) == 1
    assert among[0, 4, 0] == sum(volumes[:30, 0].tolist())


def test_a_sum_is_the_same_however_its_numbers_lie_in_memory() -> None:
    """Where symbols are picked from more of them, numpy lays their slots next to each other, and would add in pairs."""
    volumes = np.random.default_rng(1).random((1, 300, 9)) * 1e6
    picked = [0, 3, 4]
    laid = np.ascontiguousarray(volumes[:, :, picked].transpose(2, 0, 1)).transpose(1, 2, 0)
    one_by_one = [reduce(add, volumes[0, :, place].tolist()) for place in picked]  # sum() compensates, from 3.12 on

    assert laid.strides[1] < laid.strides[2]
    assert sum_of_slots(laid)[0].tolist() == sum_of_slots(volumes[:, :, picked].copy())[0].tolist() == one_by_one
