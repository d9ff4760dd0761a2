"""A connection that is found dead when the next session has opened, as at midnight where trading never stops."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    BarsFilled,
    BarsUpdated,
    GapAbandoned,
    GapDetected,
    MakeGood,
    Message,
    NoTradeConfirmed,
    Room,
    Verdict,
)
from messages.repairs import SessionSealed, SessionSettled
from messages.tables.columns import BarBatch
from messages.values import FIRST_WITH_BAR, MINUTE_NS, Gap, Nanos, Segment
from tests.builders import REGULAR, bar, closed, day_grid, opened
from tests.depth import examples
from tests.session_data.streams import play
from tests.session_data.take.test_doubt import NAMES, Wire, lost, wires
from tests.session_data.telling import TUESDAY, WEDNESDAY, core_with, told
from tests.session_data.trading import GRACE_NS, START, after, came, connected, shape, time, trade

NEXT = msgspec.structs.replace(
    WEDNESDAY,
    segments=(Segment(kind=REGULAR, start_ns=TUESDAY.end_ns, end_ns=TUESDAY.end_ns + 4 * MINUTE_NS),),
)
"""It opens when the one before it closes."""
LAST_CELL = Gap(symbols=("A",), start_ns=START + 3 * MINUTE_NS, end_ns=START + 4 * MINUTE_NS)
MIDNIGHT = (closed(TUESDAY), opened(NEXT, ("A",)))


def night(*messages: Message, trailing_sessions: int = 5) -> SessionDataCore:
    """A session whose last bar is told because the next one opens, and what is told then."""
    rules = SessionRules(grace_ns=GRACE_NS, trailing_sessions=trailing_sessions)
    core = SessionDataCore(rules, has_upkeep=True)
    play(core, [opened(TUESDAY, ("A",)), connected(), came(trade(230)), time(239), *MIDNIGHT, *messages])
    return core


def rows(core: SessionDataCore, symbol: str = "A") -> dict[Nanos, tuple[Verdict, tuple[float, ...]]]:
    """The minutes of the day that has rolled: what they are, and their bars."""
    day = core.history.day(TUESDAY.date)
    assert day is not None
    column = day.columns[symbol]
    return {
        day.axis.start_of(slot): (
            Verdict(day.grid.verdicts[slot, column]),
            tuple(day.grid.values[slot, :5, column]) if day.grid.verdicts[slot, column] >= FIRST_WITH_BAR else (),
        )
        for slot in range(day.axis.slots)
    }


def last(core: SessionDataCore) -> str:
    return rows(core)[LAST_CELL.start_ns][0].name


def fill(price: float, volume: float = 1.0) -> BarsFilled:
    made = bar("A", LAST_CELL.start_ns, price, volume=volume)
    return BarsFilled(session_date=TUESDAY.date, batch=BarBatch.of((made,)), source="archive")


def test_the_last_minute_before_midnight_is_in_doubt_when_its_connection_is_found_dead_after_it() -> None:
    core = night()
    before = last(core)

    said = play(core, [lost(250)])

    assert (before, last(core)) == ("STREAMED", "IN_PART")
    (gap,) = [one for one in said if isinstance(one, GapDetected)]
    assert (gap.session_date, gap.gap) == (TUESDAY.date, LAST_CELL)
    assert [one.is_repair for one in said if isinstance(one, BarsUpdated)] == [True]
    assert [type(one) for one in said][-2:] == [GapDetected, SessionSealed]


@pytest.mark.parametrize(("until", "is_doubted"), [(239.9, True), (240, False)])
def test_a_last_minute_up_to_whose_end_the_feed_showed_life_is_not(until: float, is_doubted: bool) -> None:
    core = night()

    assert bool(told(core, GapDetected, lost(250, until))) is is_doubted


def test_all_minutes_before_midnight_that_the_feed_may_have_been_dead_in_are_doubted_as_one_repair() -> None:
    core = SessionDataCore(SessionRules(grace_ns=GRACE_NS), has_upkeep=True)
    heard = [came(trade(second)) for second in (50, 100, 130)]
    play(core, [opened(TUESDAY, ("A",)), connected(), *heard, came(trade(129), now=235), *MIDNIGHT])

    said = told(core, GapDetected, lost(250))
    (sealed,) = told(core, SessionSealed, SessionSettled(session_date=TUESDAY.date))

    assert [(one.gap.start_ns - START) // MINUTE_NS for one in said] == [2]
    assert [Verdict(cell).name for cell in sealed.day.verdicts[:, 0]] == ["STREAMED", "STREAMED", "IN_PART", "MISSING"]


def test_what_the_upstream_has_of_it_takes_its_place_or_confirms_it() -> None:
    other, same = night(lost(250)), night(lost(250))

    play(other, [fill(103, 9)])
    play(same, [fill(100)])

    assert rows(other)[LAST_CELL.start_ns] == (Verdict.FILLED, (103, 103, 103, 103, 9))
    assert last(same) == "STREAMED"


def test_what_comes_of_it_later_is_told_as_a_part() -> None:
    core = night(lost(250), connected(255), came(trade(235, 90), now=256), time(257))

    assert rows(core)[LAST_CELL.start_ns] == (Verdict.IN_PART, (100, 100, 90, 90, 2))


def test_nobody_has_a_bar_of_a_last_minute_whose_trades_made_none_so_it_is_missing_again() -> None:
    core = SessionDataCore(SessionRules(grace_ns=GRACE_NS), has_upkeep=True)
    play(core, [opened(TUESDAY, ("A",)), connected(), came(trade(230, size=0)), time(239), *MIDNIGHT])
    assert last(core) == "NO_TRADE"

    assert [one.gap for one in told(core, GapDetected, lost(250))] == [LAST_CELL]
    assert last(core) == "MISSING"


def test_a_word_on_a_settled_session_that_is_still_the_one_at_hand_is_in_its_certificate_too() -> None:
    for word in (NoTradeConfirmed, GapAbandoned):
        core = SessionDataCore(SessionRules(grace_ns=GRACE_NS), has_upkeep=True)
        play(core, [opened(TUESDAY, ("A",)), connected(), came(trade(230, size=0)), time(300), closed(TUESDAY)])
        play(core, [SessionSettled(session_date=TUESDAY.date), lost(310)])

        (sealed,) = told(core, SessionSealed, word(session_date=TUESDAY.date, gaps=(LAST_CELL,), source="archive"))

        wanted = Verdict.NO_TRADE if word is NoTradeConfirmed else Verdict.ABANDONED
        assert Verdict(sealed.day.verdicts[3, 0]) is wanted


def test_a_day_that_is_not_held_any_more_is_not_doubted() -> None:
    assert told(night(trailing_sessions=0), GapDetected, lost(250)) == []


def test_a_day_of_the_store_is_not_doubted_for_nobody_knows_who_told_its_bars() -> None:
    read = day_grid(TUESDAY, [bar("A", LAST_CELL.start_ns, 100)])
    core = SessionDataCore(SessionRules(grace_ns=GRACE_NS), has_upkeep=True)
    play(core, [opened(NEXT, ("A",), [read]), connected(200), came(trade(230), now=241), time(250)])

    assert told(core, GapDetected, lost(260)) == []


@pytest.mark.parametrize(("room", "count"), [(Room.DATA_UPKEEP, 1), (Room.SESSION_DATA, 1), (None, 0)])
def test_whoever_may_not_have_heard_of_the_doubt_hears_of_it_again(room: Room | None, count: int) -> None:
    core = night(lost(250))

    again = [one for one in told(core, GapDetected, MakeGood(room=room)) if one.session_date == TUESDAY.date]

    assert [(one.gap, one.is_catch_up) for one in again] == [(LAST_CELL, True)] * count


# --- against an oracle that knows what was traded, and when the wire was cut


@st.composite
def nights(draw: st.DrawFn) -> Wire:
    """Wires that die towards the end of the session, and are found dead before it or after."""
    wire = draw(wires())
    died = draw(st.integers(1700, 2500))
    gone = died + draw(st.integers(0, 400))
    return wire._replace(
        died_ns=after(died / 10), lost_ns=after(gone / 10), again_ns=after((gone + draw(st.integers(1, 200))) / 10)
    )


def with_midnight(messages: Sequence[Message]) -> list[Message]:
    """The same, where the next session opens when the first is over."""
    order = [getattr(one, "now_ns", None) or getattr(one, "arrived_ns", 0) for one in messages]
    place = next(place for place, at_ns in enumerate(order) if at_ns >= TUESDAY.end_ns)
    return [*messages[:place], closed(TUESDAY), opened(NEXT, NAMES), *messages[place:]]


@examples(150)
@given(nights())
def test_no_part_counts_as_good_and_what_is_asked_for_makes_the_day_before_true(wire: Wire) -> None:
    core, truth = core_with(opened(TUESDAY, NAMES), grace_ns=GRACE_NS), wire.truth()
    asked = {
        (symbol, start)
        for said in play(core, with_midnight(wire.messages()))
        if isinstance(said, GapDetected) and said.session_date == TUESDAY.date
        for symbol in said.gap.symbols
        for start in range(said.gap.start_ns, said.gap.end_ns, MINUTE_NS)
    }
    cells = {(name, start): cell for name in NAMES for start, cell in rows(core, name).items()}
    parts = {place for place, (verdict, _) in cells.items() if verdict is Verdict.IN_PART}

    assert parts <= asked
    assert {place for place, (_, row) in cells.items() if row and row != shape(truth[place])} <= parts
    heard_ns = max((one.at_ns for one in wire.trades if one.at_ns + wire.lag_ns <= wire.died_ns), default=START)
    sure_ns = max(heard_ns, wire.died_ns - wire.lag_ns if wire.shows_life else 0)
    assert all(start + MINUTE_NS > sure_ns for _, start in parts)

    bars = [truth[place] for place in sorted(asked & truth.keys(), key=lambda place: place[::-1])]
    play(core, [BarsFilled(session_date=TUESDAY.date, batch=BarBatch.of((one,)), source="archive") for one in bars])
    held = {(name, start): row for name in NAMES for start, (_, row) in rows(core, name).items() if row}
    assert held == {place: shape(one) for place, one in truth.items()}
    assert not any(verdict is Verdict.IN_PART for name in NAMES for verdict, _ in rows(core, name).values())
