"""Late repairs of a closed day: who may write, what is published, and what those who read before keep."""

import itertools

import pytest

from actors.session_data.core import SessionDataCore
from messages import (
    BarRejected,
    BarsUpdated,
    GetHistory,
    GetMetrics,
    Message,
    ReceiptSettled,
    SessionReported,
    Verdict,
)
from messages.values import ONE_DAY, ONE_MINUTE
from tests.builders import arrived, bar, bars, closed, day_grid, opened
from tests.session_data.streams import ask, play
from tests.session_data.telling import FIVE, MONDAY, TUESDAY, TWO, WEDNESDAY, closes, core_with, counts, told, updates

INTERVALS = (TWO, FIVE, ONE_DAY)


def rolled(*lived: Message, **rules: object) -> SessionDataCore:
    """Tuesday with what was told of it, closed; Wednesday open."""
    return core_with(
        opened(TUESDAY, ["A", "B"]),
        *lived,
        closed(TUESDAY),
        opened(WEDNESDAY, ["A", "B", "C"]),
        **{"intervals": INTERVALS, **rules},
    )


def held(core: SessionDataCore, symbol: str = "A") -> list[tuple[float, Verdict]]:
    window = ask(core, GetHistory(symbol=symbol))
    return [(one.close, one.verdict) for one in window.bars()]


def test_a_late_bar_closes_a_hole_of_a_closed_day() -> None:
    core = rolled(arrived(*bars("A", "09:30", 1, None, 3, 4)))
    play(core, [arrived(bar("A", "09:31", 2))])
    window = ask(core, GetHistory(symbol="A"))

    assert window.close.tolist() == [1, 2, 3, 4]
    assert window.empty_minutes == 0
    assert window.verdicts.tolist() == [Verdict.STREAMED, Verdict.LATE, Verdict.STREAMED, Verdict.STREAMED]


def test_a_repair_leaves_the_open_session_as_it_is() -> None:
    core = rolled()
    before = ask(core, GetMetrics(symbol="A"))
    play(core, [arrived(bar("A", "09:31", 2))])

    assert ask(core, GetMetrics(symbol="A")) == before


def test_a_window_that_was_read_before_a_repair_keeps_its_values() -> None:
    core = rolled(arrived(*bars("A", "09:30", 1, 2)))
    before = ask(core, GetHistory(symbol="A"))
    play(core, [arrived(bar("A", "09:31", 9), is_correction=True)])

    assert before.close.tolist() == [1, 2]
    assert held(core) == [(1, Verdict.STREAMED), (9, Verdict.CORRECTED)]


def test_a_day_of_the_store_is_copied_before_it_is_repaired() -> None:
    grid = day_grid(MONDAY, bars("A", "09:30", 1, 2, session=MONDAY))
    core = core_with(opened(TUESDAY, ["A"], [grid]), arrived(bar("A", "09:31", 9, session=MONDAY)))

    assert held(core) == [(1, Verdict.STREAMED), (9, Verdict.STREAMED)]
    assert grid == day_grid(MONDAY, bars("A", "09:30", 1, 2, session=MONDAY))


def test_every_repair_raises_the_revision_of_its_day() -> None:
    core = rolled(arrived(*bars("A", "09:30", 1, 2)))
    first = ask(core, GetHistory(symbol="A")).revisions.tolist()
    play(core, [arrived(bar("A", "09:31", 3)), arrived(bar("A", "09:31", 3)), arrived(bar("A", "09:32", 4))])

    assert first == [0, 0]
    assert ask(core, GetHistory(symbol="A")).revisions.tolist() == [2, 2, 2]


def test_the_derived_bars_of_a_repaired_day_are_published_again_as_repairs() -> None:
    core = rolled(arrived(*bars("A", "09:30", 1, 2, 3, 4)), arrived(*bars("B", "09:30", 1, 2, 3, 4)))
    said = told(core, BarsUpdated, arrived(bar("A", "09:31", 9)))

    assert [(update.interval, closes(update)) for update in said] == [
        (ONE_MINUTE, {"A": 9}),
        (TWO, {"A": 9}),
        (FIVE, {"A": 4}),
        (ONE_DAY, {"A": 4}),
    ]
    assert [update.batch.high.tolist() for update in said] == [[9]] * 4
    assert all(update.is_repair and update.revision == 1 for update in said)


def test_a_repair_that_fills_a_hole_publishes_derived_bars_that_say_how_full_they_are() -> None:
    core = rolled(arrived(bar("A", "09:33")))
    (two,) = updates(core, TWO, arrived(bar("A", "09:30")))
    (day,) = updates(core, ONE_DAY, arrived(bar("A", "09:31")))

    assert (two.base_counts, two.base_expected) == ((1,), 2)
    assert (day.base_counts, day.base_expected) == ((3,), 4)


def test_a_bar_that_the_closed_day_has_changes_nothing() -> None:
    core = rolled(arrived(*bars("A", "09:30", 1, 2)))

    assert play(core, [arrived(bar("A", "09:31", 2))]) == []
    assert counts(core, "received", "accepted", "duplicates") == (1, 0, 1)


@pytest.mark.parametrize("order", [*itertools.permutations(["tape", "patch"])])
def test_the_preference_between_senders_survives_the_roll(order: tuple[str, str]) -> None:
    prices = {"tape": 1, "patch": 2}
    first, second = (arrived(bar("A", close=prices[name]), source=name) for name in order)
    core = rolled(first, sources=("tape", "patch"))
    play(core, [second])

    assert [price for price, _ in held(core)] == [1]


def test_the_mark_of_a_correction_survives_the_roll() -> None:
    core = rolled(arrived(bar("A", close=1), is_correction=True))
    (update,) = updates(core, ONE_MINUTE, arrived(bar("A", close=2)))

    assert held(core) == [(1, Verdict.CORRECTED)]
    assert closes(update) == {"A": 1}


def test_who_repaired_a_day_is_remembered_for_the_next_repair() -> None:
    core = rolled(sources=("tape", "patch"))
    play(core, [arrived(bar("A", close=1), source="tape"), arrived(bar("A", close=2), source="patch")])

    assert held(core) == [(1, Verdict.LATE)]


@pytest.mark.parametrize("first", ["tape", "desk"])
@pytest.mark.parametrize(("source", "expected"), [("tape", 5), ("patch", 5), ("desk", 1)])
def test_a_day_of_the_store_gives_way_only_to_a_sender_named_in_the_settings(
    first: str, source: str, expected: float
) -> None:
    grid = day_grid(MONDAY, bars("A", "09:30", 1, session=MONDAY))
    core = core_with(opened(TUESDAY, ["A"], [grid]), arrived(bar("A"), source=first), sources=("tape", "patch"))
    play(core, [arrived(bar("A", close=5, session=MONDAY), source=source)])

    assert [price for price, _ in held(core)] == [expected]


def test_a_symbol_that_the_closed_day_did_not_have_is_turned_away() -> None:
    core = rolled()
    rejected = told(core, BarRejected, arrived(bar("C"), bar("A", close=5)))

    assert [(one.bar.symbol, one.reason) for one in rejected] == [("C", "unknown_symbol")]
    assert held(core) == [(5, Verdict.LATE)]


def test_a_repair_of_strangers_alone_changes_nothing() -> None:
    core = rolled()

    assert [type(said) for said in play(core, [arrived(bar("C"), bar("D"))])] == [BarRejected, BarRejected]
    assert counts(core, "received", "rejected") == (2, 2)


def test_a_repair_and_bars_of_today_may_come_in_one_message() -> None:
    core = rolled()
    mixed = arrived(bar("A", close=1), bar("A", "09:30", 2, session=WEDNESDAY), receipt=7)
    (receipt,) = told(core, ReceiptSettled, mixed)

    assert (receipt.accepted, receipt.rejected) == (2, 0)
    assert held(core) == [(1, Verdict.LATE)]
    assert ask(core, GetMetrics(symbol="A")).last == 2


def test_a_day_that_is_no_longer_kept_takes_no_repair() -> None:
    core = rolled(trailing_sessions=0)
    (rejected,) = told(core, BarRejected, arrived(bar("A")))

    assert rejected.reason == "not_a_session_minute"


def test_between_close_and_next_opening_a_late_bar_lands_in_the_session_itself() -> None:
    core = core_with(opened(TUESDAY, ["A"]), closed(TUESDAY), arrived(bar("A", close=3), now="18:00"))

    assert ask(core, GetMetrics(symbol="A")).quality.verdicts.late == 1
    assert told(core, SessionReported, opened(WEDNESDAY, ["A"])) == []
    assert held(core) == [(3, Verdict.LATE)]
