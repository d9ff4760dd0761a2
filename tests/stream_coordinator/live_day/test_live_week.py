"""Live sessions one after the other by the calendar: a week at a time, and every phase that a session may come to."""

from functools import cache
from itertools import pairwise

import msgspec

from actors.market.calendar import Calendar
from actors.stream_coordinator.live_day.lifecycle import MOVES
from messages import AbortRun, BoundaryKind, FeedHeartbeat, PhaseChanged, Recover, SessionBoundary, SessionPhase
from messages.lifecycle import LiveStatus
from messages.values import MINUTE_NS, SECOND_NS, SegmentKind, moment
from tests.builders import DAY, at, segments, session_24_7, session_xnys
from tests.stream_coordinator.live_day.living import (
    ACTIVE,
    ENDED,
    ERROR,
    NOT_STARTED,
    POST_MARKET,
    PRE_MARKET,
    TIMEOUT,
)
from tests.stream_coordinator.live_day.watch import FEED, GRACE_NS, Watch, lived, of


@cache
def calendar(name: str) -> Calendar:
    return Calendar(name)


def told(watch: Watch, tz: str) -> list[tuple[str, str]]:
    """Every move and boundary that was told: what, and by the exchange's clock when."""
    return [
        (
            str(one.after) if isinstance(one, PhaseChanged) else f"{one.kind} {one.session.date}",
            f"{moment(one.now_ns, tz):%a %d %H:%M:%S}",
        )
        for one in of(watch.said, PhaseChanged, SessionBoundary)
    ]


def test_a_week_with_a_half_day_two_holidays_and_a_change_of_clocks() -> None:
    # Stockholm, Easter 2024: short on Thursday, closed on Friday and Monday, and on Sunday the clocks go forward.
    sessions = calendar("XSTO").sessions("2024-03-27", "2024-04-05")
    watch = Watch(*sessions, now=sessions[0].start_ns - 61 * MINUTE_NS)
    watch.up()
    for now_ns in range(watch.now_ns, sessions[3].start_ns - 58 * MINUTE_NS, MINUTE_NS):
        watch.now_ns = now_ns
        watch.tell(FeedHeartbeat(feed=FEED, arrived_ns=now_ns))
        watch.fire()

    assert told(watch, "Europe/Stockholm") == [
        ("opened 2024-03-27", "Wed 27 07:59:00"),
        ("pre_market", "Wed 27 08:00:00"),
        ("active", "Wed 27 09:00:00"),
        ("post_market", "Wed 27 17:30:00"),
        ("ended", "Wed 27 17:31:00"),
        ("closed 2024-03-27", "Wed 27 17:31:00"),
        ("not_started", "Wed 27 18:00:00"),
        ("opened 2024-03-28", "Thu 28 08:01:00"),
        ("pre_market", "Thu 28 08:01:00"),
        ("active", "Thu 28 09:00:00"),
        ("post_market", "Thu 28 13:00:00"),
        ("ended", "Thu 28 13:01:00"),
        ("closed 2024-03-28", "Thu 28 13:01:00"),
        ("not_started", "Thu 28 13:30:00"),
        ("opened 2024-04-02", "Tue 02 08:01:00"),
        ("pre_market", "Tue 02 08:01:00"),
        ("active", "Tue 02 09:00:00"),
        ("post_market", "Tue 02 17:30:00"),
        ("ended", "Tue 02 17:31:00"),
        ("closed 2024-04-02", "Tue 02 17:31:00"),
        ("not_started", "Tue 02 18:00:00"),
        ("opened 2024-04-03", "Wed 03 08:01:00"),
        ("pre_market", "Wed 03 08:01:00"),
    ]


def test_a_late_open_is_a_late_open() -> None:
    late = msgspec.structs.replace(DAY, segments=segments(DAY.date, DAY.tz, (SegmentKind.REGULAR, "10:30", "16:00")))
    watch = Watch(late, now=at("09:00"), prefetch_window_min=30.0).up()
    lived(watch, at("09:01"), at("10:31"), is_heard=False)

    assert told(watch, DAY.tz)[1:] == [("pre_market", "Tue 02 10:00:00"), ("active", "Tue 02 10:30:00")]
    assert watch.at("10:35")
    assert watch.status.phase is TIMEOUT


def test_round_the_clock_one_session_ends_and_the_next_prepares_and_is_active_in_one_instant() -> None:
    days = [session_24_7(f"2024-07-0{number}") for number in range(1, 5)]
    watch = Watch(*days).up()
    lived(watch, days[0].open_ns, days[0].close_ns)
    first = len(watch.said)
    for quarter in range(40):
        watch.at(days[0].close_ns + quarter * SECOND_NS // 4)
    moves = of(watch.said[first:], PhaseChanged)

    assert [(move.session_date, move.before, move.after) for move in moves] == [
        (days[0].date, POST_MARKET, ENDED),
        (days[1].date, ENDED, PRE_MARKET),
        (days[1].date, PRE_MARKET, ACTIVE),
    ]
    assert len({move.now_ns for move in moves}) == 1
    assert moves[0].now_ns - days[0].close_ns <= GRACE_NS + SECOND_NS


def test_round_the_clock_a_silent_session_ends_with_the_timer_expired_and_the_next_begins() -> None:
    days = [session_24_7(f"2024-07-0{number}") for number in range(1, 5)]
    watch = Watch(*days).up()
    lived(watch, days[0].open_ns, days[0].close_ns + MINUTE_NS, is_heard=False)
    watch.fire()
    closed = [one for one in of(watch.said, SessionBoundary) if one.kind is BoundaryKind.CLOSED]

    assert [one.timer_expired for one in closed] == [True]
    assert watch.moves[-4:] == [TIMEOUT, ENDED, PRE_MARKET, ACTIVE]


def test_without_auto_roll_the_session_round_the_clock_ends_by_the_clock() -> None:
    days = [session_24_7(f"2024-07-0{number}") for number in range(1, 5)]
    watch = Watch(*days, auto_roll=False).up()
    lived(watch, days[0].open_ns, days[0].close_ns + MINUTE_NS)

    assert watch.moves[-2:] == [POST_MARKET, ENDED]
    assert [one.session.date for one in of(watch.said, SessionBoundary)] == [days[0].date] * 2


# --- every move


def fresh(when: str) -> Watch:
    return Watch(DAY, session_xnys("2024-07-03"), session_xnys("2024-07-05"), now=at(when)).up()


def jumps(*steps: str | None, first: str = "08:00") -> list[PhaseChanged]:
    """The moves of a day that is looked at now and then; ``None``: something fails, ``clear``: it is cleared."""
    watch = fresh(first)
    watch.at(first)
    for step in steps:
        if step is None:
            watch.tell(AbortRun(reason="a bug somewhere"))
        elif step == "clear":
            watch.tell(Recover())
        elif step.startswith("heard "):
            watch.now_ns = at(step.removeprefix("heard "))
            watch.tell(FeedHeartbeat(feed=FEED, arrived_ns=watch.now_ns))
        else:
            watch.at(step)
    return of(watch.said, PhaseChanged)


def test_every_move_that_a_live_day_can_make_is_in_the_table_and_happens() -> None:
    journeys = [
        jumps("08:45", "09:30", "16:00", "16:01", "16:31", "16:32"),  # an ordinary day
        jumps("09:31"),  # nobody looked before the open
        jumps("09:30", "09:40", "heard 09:41", "heard 15:59", "16:00"),  # a silence
        jumps("09:30", "09:40", "16:01"),  # a silence to the end
        jumps(None, "clear"),
        jumps("08:45", None, "09:00", "clear"),
        jumps("09:30", None, "09:31", "clear"),
        jumps("09:30", "09:40", None),
        jumps("09:30", "heard 15:59", "16:00", None, "16:30", "clear"),
        jumps("09:30", "heard 15:59", "16:00", "16:01", first="09:20"),
        _round_the_clock(),
    ]
    made = {(move.before, move.after) for journey in journeys for move in journey}
    listed = {(before, after) for before, afters in MOVES.items() for after in afters}

    assert all((b.before) is a.after for journey in journeys for a, b in pairwise(journey))
    # Allowed, and never needed: these come by way of another phase.
    assert listed - made == {
        (PRE_MARKET, TIMEOUT),
        (PRE_MARKET, ENDED),
        (ACTIVE, ENDED),
        (POST_MARKET, TIMEOUT),
    }
    assert made <= listed


def _round_the_clock() -> list[PhaseChanged]:
    days = [session_24_7(f"2024-07-0{number}") for number in range(1, 5)]
    watch = Watch(*days).up()
    lived(watch, days[0].close_ns - 3 * MINUTE_NS, days[0].close_ns + MINUTE_NS)
    watch.fire()
    return of(watch.said, PhaseChanged)


def test_the_phase_in_the_status_is_the_one_that_was_told_last() -> None:
    watch = fresh("08:00")
    seen: list[tuple[SessionPhase, bool]] = []
    for when in ("08:45", "09:30", "09:40", "16:01"):
        watch.at(when)
        status: LiveStatus = watch.status
        assert status.phase is watch.moves[-1]
        seen.append((status.phase, status.is_session_active))

    assert seen == [(PRE_MARKET, False), (ACTIVE, True), (TIMEOUT, False), (ENDED, False)]
    assert {NOT_STARTED, ERROR}.isdisjoint(watch.moves)
