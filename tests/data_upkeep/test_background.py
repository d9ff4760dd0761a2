"""What is read besides minutes: daily bars of sessions long past, splits and dividends."""

import msgspec
import pytest

from messages import Adjustment, Background, DataError, HistoryPlan, ReadFailed, Verdict
from tests.builders import DAY, bar, bars, session_xnys
from tests.certificates import certificate, run
from tests.data_upkeep.test_loader import MONDAY, also, read, told
from tests.doubles import CountingStore, FailingStore

FRIDAY = session_xnys("2024-06-28")
PLAN = HistoryPlan(trailing_sessions=1, daily_sessions=3, oldest=FRIDAY.date, store_begins=FRIDAY.date)


def three_days(adjustments: tuple[Adjustment, ...] = ()) -> CountingStore:
    """Friday, Monday (with a bar before the open) and Tuesday."""
    store = CountingStore(adjustments)
    also(store, bar("AAPL", "09:30", 10.0, session=FRIDAY), bar("MSFT", "15:59", 7.0, session=FRIDAY), date=FRIDAY.date)
    also(store, *bars("AAPL", "09:29", 1.0, 20.0, 30.0, session=MONDAY), date=MONDAY.date)
    return also(store, bar("AAPL"), date=DAY.date)


def test_days_without_their_minutes_are_read_as_daily_bars() -> None:
    background = read(three_days(), daily=(FRIDAY.date, MONDAY.date), plan=PLAN).background

    assert background is not None
    daily = background.daily
    assert daily is not None
    assert (background.plan, daily.dates, daily.symbols) == (PLAN, (FRIDAY.date, MONDAY.date), ("AAPL", "MSFT"))
    assert daily.values[:, :, 0].tolist() == [[10, 10, 10, 10, 100], [20, 30, 20, 30, 200]]
    assert daily.counts.tolist() == [[1, 1], [2, -1]]
    assert daily.expected.tolist() == [390, 390]
    assert (daily.start_ns.tolist(), daily.end_ns.tolist()) == (
        [FRIDAY.open_ns, MONDAY.open_ns],
        [FRIDAY.close_ns, MONDAY.close_ns],
    )
    assert not any(column.flags.writeable for column in (daily.values, daily.counts, daily.verdicts, daily.expected))


def test_a_certified_symbol_without_a_bar_is_known_in_history() -> None:
    store = three_days()
    never = run("ZZZ", "09:30", "16:00", session=MONDAY)
    store.certify("XNYS", MONDAY.date, certificate("AAPL", "ZZZ", session=MONDAY, runs=(never,)))
    said = read(store, history=(MONDAY.date,), daily=(MONDAY.date,), plan=PLAN)
    (day,), background = said.history, said.background

    assert day.symbols == ("AAPL", "ZZZ")
    assert (day.verdicts[:, 1] == Verdict.NO_TRADE).all()
    assert background is not None
    assert background.daily is not None
    assert background.daily.counts.tolist() == [[2, 0]]
    assert background.daily.verdicts.tolist() == [[Verdict.STREAMED, Verdict.NO_TRADE]]
    assert read(store, history=(MONDAY.date,), symbols=("AAPL",)).history[0].symbols == ("AAPL",)


def test_without_such_days_there_is_no_table() -> None:
    for dates in ((), ("2024-07-04",)):
        assert read(three_days(), daily=dates, plan=PLAN).background == Background(plan=PLAN)


def test_without_a_plan_there_is_no_background() -> None:
    assert read(three_days()).background is None


ADJUSTMENTS = tuple(
    Adjustment(symbol=symbol, ex_date=date, split_ratio=2.0)
    for symbol in ("AAPL", "MSFT")
    for date in (FRIDAY.date, MONDAY.date, DAY.date, "2024-07-03")
)


@pytest.mark.parametrize(("symbols", "expected"), [(None, {"AAPL", "MSFT"}), (("MSFT",), {"MSFT"})])
def test_of_splits_and_dividends_only_those_are_told_that_took_effect_since(
    symbols: tuple[str, ...] | None, expected: set[str]
) -> None:
    background = read(three_days(ADJUSTMENTS), symbols=symbols, plan=PLAN).background

    assert background is not None
    assert {one.symbol for one in background.adjustments} == expected
    assert {one.ex_date for one in background.adjustments} == {MONDAY.date, DAY.date}


@pytest.mark.parametrize(
    ("as_of", "left"),
    [("2024-07-31", []), (MONDAY.date, [DAY.date]), (None, [MONDAY.date, DAY.date])],
    ids=["all were known", "one was", "raw"],
)
def test_nothing_is_taken_out_of_prices_again_for_which_they_were_adjusted_before(
    as_of: str | None, left: list[str]
) -> None:
    store = three_days(ADJUSTMENTS)
    store.note_adjusted("XNYS", {"AAPL": (FRIDAY.date, MONDAY.date, DAY.date)}, as_of)
    background = read(store, plan=PLAN).background

    assert background is not None
    assert [one.ex_date for one in background.adjustments if one.symbol == "AAPL"] == left
    assert [one.ex_date for one in background.adjustments if one.symbol == "MSFT"] == [MONDAY.date, DAY.date]


def test_without_history_there_is_nothing_to_adjust() -> None:
    alone = msgspec.structs.replace(PLAN, oldest="")

    assert read(three_days(ADJUSTMENTS), plan=alone).background == Background(plan=alone)


def test_a_daily_bar_that_cannot_be_read_is_told_with_its_reason() -> None:
    store = FailingStore(three_days(), FRIDAY.date, DataError("torn"))

    assert told(store, daily=(FRIDAY.date,), plan=PLAN) == ReadFailed(session=DAY, reason="torn")
