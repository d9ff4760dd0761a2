"""Missing minutes put together into requests, and what becomes of each of them."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.data_upkeep.plan import Plan, clustered
from actors.market.axis import SessionAxis
from messages import BarBatch, BarKeys, GapOutcome, TradingSession
from messages.values import MINUTE_NS
from tests.builders import BREAK_DAY, DAY, at, bar
from tests.data_upkeep.desk import gap, shown

NEAR = 10
Missing = dict[int, list[str]]


def cells(missing: Missing) -> set[tuple[str, int]]:
    return {(symbol, start) for start, symbols in missing.items() for symbol in symbols}


def cells_wanted(symbols: tuple[str, ...], starts: np.ndarray, wanted: np.ndarray) -> list[tuple[str, int]]:
    return [(symbols[column], int(starts[row])) for row, column in np.argwhere(wanted).tolist()]


def plan_of(minutes: dict[str, str], session: TradingSession = DAY) -> Plan:
    """The only request for these minutes: ``{"09:30": "AB", "09:31": "A"}``."""
    missing = {at(start, session): list(symbols) for start, symbols in minutes.items()}
    ((symbols, starts, wanted),) = clustered(missing, 10_000 * MINUTE_NS, MINUTE_NS, None)
    return Plan(1, SessionAxis(session), symbols, starts, wanted, 0)


MISSING = st.dictionaries(
    st.integers(0, 60).map(lambda minute: DAY.start_ns + minute * MINUTE_NS),
    st.lists(st.sampled_from("ABCDE"), min_size=1, unique=True),
    max_size=25,
)


@given(missing=MISSING, near=st.integers(1, 15), most=st.sampled_from([None, 1, 2, 3]))
def test_every_missing_minute_is_in_exactly_one_request(missing: Missing, near: int, most: int | None) -> None:
    asked = [
        cell
        for symbols, starts, wanted in clustered(missing, near * MINUTE_NS, MINUTE_NS, most)
        for cell in cells_wanted(symbols, starts, wanted)
    ]

    assert len(asked) == len(set(asked))
    assert set(asked) == cells(missing)


@given(missing=MISSING, near=st.integers(1, 15), most=st.sampled_from([None, 1, 2, 3]))
def test_what_is_near_is_one_request_and_what_is_far_is_not(missing: Missing, near: int, most: int | None) -> None:
    requests = clustered(missing, near * MINUTE_NS, MINUTE_NS, most)

    for _, starts, _ in requests:
        assert all(later - earlier - MINUTE_NS < near * MINUTE_NS for earlier, later in pairwise(starts.tolist()))
    spans = sorted((symbols, int(starts[0]), int(starts[-1])) for symbols, starts, _ in requests)
    for (one, _, end), (other, start, _) in pairwise(spans):
        assert one != other or start - end - MINUTE_NS >= near * MINUTE_NS


@given(missing=MISSING, most=st.integers(1, 4))
def test_no_request_names_more_symbols_than_a_source_takes(missing: Missing, most: int) -> None:
    requests = clustered(missing, NEAR * MINUTE_NS, MINUTE_NS, most)

    assert all(0 < len(symbols) <= most and list(symbols) == sorted(symbols) for symbols, _, _ in requests)


@given(missing=MISSING)
def test_no_row_and_no_column_of_a_request_is_empty(missing: Missing) -> None:
    for _, _, wanted in clustered(missing, NEAR * MINUTE_NS, MINUTE_NS, None):
        assert wanted.any(axis=0).all()
        assert wanted.any(axis=1).all()


def test_the_same_minutes_of_a_thousand_symbols_are_one_request() -> None:
    everybody = [f"S{number:03}" for number in range(1000)]
    missing = {DAY.start_ns + minute * MINUTE_NS: everybody for minute in range(7)}

    ((symbols, starts, wanted),) = clustered(missing, NEAR * MINUTE_NS, MINUTE_NS, None)

    assert (symbols, len(starts), wanted.all()) == (tuple(everybody), 7, True)


def test_gaps_nine_minutes_apart_are_one_request_and_ten_are_two() -> None:
    nine = {at("09:30"): ["A"], at("09:40"): ["A"]}
    ten = {at("09:30"): ["A"], at("09:41"): ["A"]}

    assert len(clustered(nine, NEAR * MINUTE_NS, MINUTE_NS, None)) == 1
    assert len(clustered(ten, NEAR * MINUTE_NS, MINUTE_NS, None)) == 2


def test_the_requests_of_symbols_that_are_taken_in_turns_have_minutes_of_their_own() -> None:
    missing = {at("09:30"): ["A", "B"], at("09:31"): ["B"], at("15:00"): ["C"]}

    requests = clustered(missing, NEAR * MINUTE_NS, MINUTE_NS, 1)

    assert [(symbols, len(starts)) for symbols, starts, _ in requests] == [(("A",), 1), (("B",), 2), (("C",), 1)]


def asked(missing: BarKeys) -> list[tuple[str, int]]:
    names = [missing.symbols[number] for number in missing.symbol_index.tolist()]
    return list(zip(names, missing.start_ns.tolist(), strict=True))


def test_a_request_names_what_is_still_missing_and_nothing_else() -> None:
    plan = plan_of({"09:30": "AB", "09:31": "A", "09:35": "C"})
    before, until = plan.missing(), plan.end_ns
    plan.settle(plan.cells_within([gap("AC", "09:30", "09:36")]), GapOutcome.CLOSED, 1, "x")

    assert asked(before) == [("A", at("09:30")), ("B", at("09:30")), ("A", at("09:31")), ("C", at("09:35"))]
    assert asked(plan.missing()) == [("B", at("09:30"))]
    assert plan.missing().symbols == ("B",)
    assert (until, plan.end_ns) == (at("09:36"), at("09:31"))


def test_a_bar_is_wanted_if_its_own_minute_is_missing() -> None:
    plan = plan_of({"09:30": "A", "09:32": "AB"})
    bars = [
        bar("A", "09:30"),
        bar("A", "09:31"),
        bar("A", "09:33"),
        bar("A", "09:29"),
        bar("B", "09:30"),
        bar("B", "09:32"),
        bar("C", "09:30"),
    ]
    batch = BarBatch.of(bars)
    wanted, filled = plan.cells_of(batch)
    names = [(one.symbol, one.start_ns) for one, hit in zip(batch.bars(), wanted, strict=True) if hit]

    assert names == [("A", at("09:30")), ("B", at("09:32"))]
    assert filled.tolist() == [[True, False], [False, True]]


def test_what_has_its_verdict_is_not_wanted_any_more() -> None:
    plan = plan_of({"09:30": "A", "09:31": "A"})
    first = plan.cells_within([gap("A", "09:30")])
    plan.settle(first, GapOutcome.CLOSED, 1, "x")
    wanted, _ = plan.cells_of(BarBatch.of([bar("A", "09:30"), bar("A", "09:31")]))

    assert wanted.tolist() == [False, True]
    assert not plan.settle(first, GapOutcome.ABANDONED, 2, "y").any()
    assert not plan.is_over


def test_minutes_within_a_gap_are_those_of_its_symbols_that_are_open() -> None:
    plan = plan_of({"09:30": "AB", "09:31": "AB", "09:33": "A"})

    assert plan.cells_within([gap("BZ", "09:00", "09:31"), gap("A", "09:33", "16:00")]).tolist() == [
        [False, True],
        [False, False],
        [True, False],
    ]


def test_a_plan_is_over_when_every_minute_has_its_verdict_and_says_which() -> None:
    plan = plan_of({"09:30": "AB", "09:31": "AB"})
    plan.calls = 3
    plan.settle(plan.cells_within([gap("A", "09:30", "09:32")]), GapOutcome.CLOSED, 10, "one")
    plan.settle(plan.cells_within([gap("B", "09:30")]), GapOutcome.NO_TRADE, 20, "two")
    plan.settle(plan.open, GapOutcome.ABANDONED, 30, "three")
    stories = plan.stories()

    assert plan.is_over
    assert [
        (*shown(gap("".join(story.symbols), story.start_ns, story.end_ns)), story.outcome, story.source)
        for story in stories
    ] == [
        ("A", 0, 2, GapOutcome.CLOSED, "one"),
        ("B", 0, 1, GapOutcome.NO_TRADE, "two"),
        ("B", 1, 2, GapOutcome.ABANDONED, "three"),
    ]
    assert {story.attempts for story in stories} == {3}
    assert [story.settled_ns for story in stories] == [10, 20, 30]


def test_a_gap_never_spans_the_lunch_break() -> None:
    last, first = BREAK_DAY.segments[0].end_ns - MINUTE_NS, BREAK_DAY.segments[1].start_ns
    ((symbols, starts, wanted),) = clustered({last: ["A"], first: ["A"]}, 90 * MINUTE_NS, MINUTE_NS, None)
    plan = Plan(1, SessionAxis(BREAK_DAY), symbols, starts, wanted, 0)

    assert [(one.start_ns, one.end_ns) for one in plan.gaps(plan.open)] == [
        (last, last + MINUTE_NS),
        (first, first + MINUTE_NS),
    ]


def test_who_is_forgotten_is_asked_for_no_more_and_there_is_nothing_to_tell_of_it() -> None:
    plan = plan_of({"09:30": "AB", "09:31": "AC"})
    plan.settle(plan.cells_within([gap("A", "09:30")]), GapOutcome.CLOSED, 1, "x")
    plan.forget(frozenset("AZ"))
    left = plan.missing()
    wanted, _ = plan.cells_of(BarBatch.of([bar("A", "09:31"), bar("C", "09:31")]))
    plan.forget(frozenset("BC"))

    assert asked(left) == [("B", at("09:30")), ("C", at("09:31"))]
    assert wanted.tolist() == [False, True]
    assert plan.is_over
    assert [story.symbols for story in plan.stories()] == [("A",)]
