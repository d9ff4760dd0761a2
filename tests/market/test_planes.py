"""Stored days and runs of verdicts as dense planes, held against dictionaries of cells."""

from itertools import groupby

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.market.axis import SessionAxis
from actors.market.planes import pruned, runs_told, spread, told, with_runs
from messages import BarBatch, Verdict, VerdictRun
from messages.tables.columns import Mask, Verdicts
from messages.values import MINUTE_NS
from tests.builders import bar, session_tiny

SESSION = session_tiny(3, 2, pre=1)  # 09:29 | 09:30 09:31 09:32 | 09:35 09:36
AXIS = SessionAxis(SESSION)
STARTS = AXIS.starts_ns.tolist()
SYMBOLS = ("A", "B", "C")
NO_TRADE, ABANDONED = Verdict.NO_TRADE, Verdict.ABANDONED


def run(symbol: str, first: int, last: int, verdict: Verdict = NO_TRADE, source: str = "s") -> VerdictRun:
    """Slots ``[first, last]``, as a run that spans the break if they do."""
    return VerdictRun(
        symbol=symbol, verdict=verdict, start_ns=STARTS[first], end_ns=STARTS[last] + MINUTE_NS, source=source
    )


def bars_at(*cells: tuple[int, int]) -> Mask:
    mask = np.zeros((AXIS.slots, len(SYMBOLS)), dtype=np.bool_)
    for slot, column in cells:
        mask[slot, column] = True
    return mask


def test_bars_lie_in_their_cells_and_nothing_else_is_known() -> None:
    batch = BarBatch.of([bar("A", STARTS[0], 10.0), bar("C", STARTS[5], 20.0, volume=7.0)])
    told = np.array([Verdict.FILLED, Verdict.STREAMED], dtype=np.uint8)

    values, verdicts = spread(AXIS, SYMBOLS, batch, told, 5)

    assert values.shape == (6, 5, 3)
    assert (values[0, 3, 0], values[5, 4, 2]) == (10.0, 7.0)
    assert np.isfinite(values[:, 3]).sum() == 2
    assert verdicts.tolist() == [[Verdict.FILLED, 0, 0], *[[0, 0, 0]] * 4, [0, 0, Verdict.STREAMED]]


def test_bars_of_other_minutes_and_other_symbols_are_left_out() -> None:
    batch = BarBatch.of([bar("A", STARTS[3] + MINUTE_NS), bar("X", STARTS[0]), bar("B", STARTS[3])])

    _, verdicts = spread(AXIS, SYMBOLS, batch, np.full(3, Verdict.STREAMED, dtype=np.uint8), 5)

    assert np.argwhere(verdicts).tolist() == [[3, 1]]


def test_fields_that_no_bar_has_stay_unknown_and_others_are_cut() -> None:
    plain, rich = BarBatch.of([bar("A", STARTS[0])]), BarBatch.of([bar("A", STARTS[0], vwap=9.0, trades=3.0)])
    told = np.full(1, Verdict.STREAMED, dtype=np.uint8)

    assert np.isnan(spread(AXIS, SYMBOLS, plain, told, 7)[0][0, 5:, 0]).all()
    assert spread(AXIS, SYMBOLS, rich, told, 7)[0][0, 5:, 0].tolist() == [9.0, 3.0]
    assert spread(AXIS, SYMBOLS, rich, told, 5)[0].shape == (6, 5, 3)


def test_runs_hold_only_where_there_is_no_bar() -> None:
    plane = np.zeros((AXIS.slots, 3), dtype=np.uint8)
    plane[1, 0] = Verdict.STREAMED

    told = with_runs(AXIS, SYMBOLS, plane, [run("A", 0, 3), run("C", 5, 5, ABANDONED), run("X", 0, 5)])

    assert told[:, 0].tolist() == [NO_TRADE, Verdict.STREAMED, NO_TRADE, NO_TRADE, 0, 0]
    assert told[:, 2].tolist() == [0, 0, 0, 0, 0, ABANDONED]
    assert not told[:, 1].any()


def test_where_runs_overlap_no_trade_outranks_abandoned_whichever_comes_first() -> None:
    empty = np.zeros((AXIS.slots, 3), dtype=np.uint8)
    runs = [run("A", 1, 2), run("A", 0, 5, ABANDONED)]

    assert with_runs(AXIS, SYMBOLS, empty, runs).tolist() == with_runs(AXIS, SYMBOLS, empty, runs[::-1]).tolist()
    assert with_runs(AXIS, SYMBOLS, empty, runs)[:, 0].tolist() == [1, 2, 2, 1, 1, 1]


def test_a_verdict_that_a_plane_has_already_is_never_lowered() -> None:
    plane = np.full((AXIS.slots, 3), NO_TRADE, dtype=np.uint8)

    assert (with_runs(AXIS, SYMBOLS, plane, [run("A", 0, 5, ABANDONED)]) == NO_TRADE).all()


def test_a_run_shrinks_where_bars_exist_and_ends_at_a_break() -> None:
    left = pruned(AXIS, SYMBOLS, bars_at((1, 0)), [run("A", 0, 5)])

    assert left == (run("A", 0, 0), run("A", 2, 3), run("A", 4, 5))


def test_neighbouring_runs_by_the_same_source_become_one() -> None:
    assert pruned(AXIS, SYMBOLS, bars_at(), [run("B", 1, 1), run("B", 2, 3)]) == (run("B", 1, 3),)


def test_of_two_sources_that_say_the_same_the_later_one_stays() -> None:
    left = pruned(AXIS, SYMBOLS, bars_at(), [run("A", 0, 3, source="new"), run("A", 1, 2, source="old")])

    assert left == (run("A", 0, 0, source="new"), run("A", 1, 2, source="old"), run("A", 3, 3, source="new"))


def test_runs_of_other_symbols_and_minutes_are_left_out() -> None:
    before = VerdictRun(symbol="A", verdict=NO_TRADE, start_ns=0, end_ns=STARTS[0], source="s")
    backwards = VerdictRun(symbol="A", verdict=NO_TRADE, start_ns=STARTS[3], end_ns=STARTS[1], source="s")

    assert pruned(AXIS, SYMBOLS, bars_at(), [run("X", 0, 5), before, backwards]) == ()


def test_without_symbols_there_are_no_runs() -> None:
    nothing = np.zeros((AXIS.slots, 0), dtype=np.bool_)

    assert pruned(AXIS, (), nothing, [run("A", 0, 5)]) == ()


slots = st.integers(0, AXIS.slots - 1)
some_runs = st.lists(
    st.builds(run, st.sampled_from("ABX"), slots, slots, st.sampled_from([NO_TRADE, ABANDONED]), st.sampled_from("st")),
    max_size=6,
)
some_bars = st.sets(st.tuples(slots, st.integers(0, 2)), max_size=8).map(lambda cells: bars_at(*cells))

Cells = dict[tuple[str, int], tuple[Verdict, str]]


def obvious(runs: list[VerdictRun], has_bar: Mask) -> Cells:
    """What is told of each cell, cell by cell."""
    cells: Cells = {}
    for verdict in (ABANDONED, NO_TRADE):
        for one in (one for one in runs if one.verdict is verdict and one.symbol in SYMBOLS):
            for slot, start in enumerate(STARTS):
                if one.start_ns <= start < one.end_ns and not has_bar[slot, SYMBOLS.index(one.symbol)]:
                    cells[one.symbol, slot] = one.verdict, one.source
    return cells


@given(runs=some_runs, has_bar=some_bars)
@settings(deadline=None)
def test_what_is_left_of_any_runs_equals_a_dictionary_of_cells(runs: list[VerdictRun], has_bar: Mask) -> None:
    left = pruned(AXIS, SYMBOLS, has_bar, runs)
    plane: Verdicts = has_bar.astype(np.uint8) * np.uint8(Verdict.STREAMED)

    expected = obvious(runs, has_bar)
    assert obvious(list(left), has_bar) == expected
    assert pruned(AXIS, SYMBOLS, has_bar, left) == left
    assert list(left) == sorted(left, key=lambda one: (one.symbol, one.start_ns))
    told = with_runs(AXIS, SYMBOLS, plane, runs)
    assert {(SYMBOLS[c], s): told[s, c] for s, c in np.argwhere((told > 0) & ~has_bar).tolist()} == {
        cell: verdict for cell, (verdict, _) in expected.items()
    }


@given(runs=some_runs)
@settings(deadline=None)
def test_planes_of_who_told_what_become_the_same_runs_again(runs: list[VerdictRun]) -> None:
    verdicts, numbers = told(AXIS, SYMBOLS, runs, {"s": 7, "t": 255}.__getitem__)

    back = runs_told(AXIS, SYMBOLS, verdicts, numbers, {7: "s", 255: "t"})
    assert back == pruned(AXIS, SYMBOLS, bars_at(), runs)


def test_cells_with_bars_and_cells_that_miss_them_are_in_no_run() -> None:
    verdicts = np.full((AXIS.slots, 3), Verdict.STREAMED, dtype=np.uint8)
    verdicts[:, 0] = [Verdict.MISSING, ABANDONED, ABANDONED, NO_TRADE, Verdict.FILLED, Verdict.CORRECTED]

    found = runs_told(AXIS, SYMBOLS, verdicts, np.full_like(verdicts, 9), {})

    assert found == (run("A", 1, 2, ABANDONED, ""), run("A", 3, 3, NO_TRADE, ""))


@given(has_cell=some_bars)
@settings(deadline=None)
def test_runs_of_any_cells_cover_exactly_them(has_cell: Mask) -> None:
    verdicts = np.where(has_cell, np.uint8(NO_TRADE), np.uint8(Verdict.MISSING))
    runs = runs_told(AXIS, SYMBOLS, verdicts, np.ones_like(verdicts), {1: "s"})

    told = with_runs(AXIS, SYMBOLS, np.zeros_like(has_cell, dtype=np.uint8), runs)
    assert np.array_equal(told == NO_TRADE, has_cell)
    for _, of_symbol in groupby(runs, key=lambda one: one.symbol):
        starts_and_ends = [edge for one in of_symbol for edge in (one.start_ns, one.end_ns)]
        assert starts_and_ends == sorted(starts_and_ends)
