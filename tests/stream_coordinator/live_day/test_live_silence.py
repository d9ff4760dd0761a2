"""What silence of the feed does to a live day, and what does not count as silence."""

from messages import (
    PhaseChanged,
    SessionPhase,
)
from messages.values import MINUTE_NS
from tests.builders import BREAK_DAY, DAY, at, bar
from tests.stream_coordinator.live_day.watch import GRACE_NS, Watch, lived, of

ACTIVE, TIMEOUT, ENDED = SessionPhase.ACTIVE, SessionPhase.TIMEOUT, SessionPhase.ENDED


def test_heartbeats_alone_keep_a_session_active() -> None:
    watch = Watch(DAY, auto_roll=False).up()
    lived(watch, DAY.open_ns, DAY.close_ns - MINUTE_NS)

    assert watch.moves == [SessionPhase.PRE_MARKET, ACTIVE]
    assert watch.status.is_session_active


def test_a_silent_feed_times_the_session_out_and_data_bring_it_back() -> None:
    watch = Watch(DAY).up()
    lived(watch, DAY.open_ns, at("10:00"))
    lived(watch, at("10:01"), at("10:05"), is_heard=False)
    silent = watch.status
    said = watch.bars(bar("A", "10:05"))

    assert (silent.phase, silent.timer_expired, silent.is_session_active) == (TIMEOUT, True, False)
    assert [(move.before, move.after) for move in of(said, PhaseChanged)] == [(TIMEOUT, ACTIVE)]
    assert (watch.status.phase, watch.status.timer_expired) == (ACTIVE, False)


def test_patience_is_a_rule() -> None:
    watch = Watch(DAY, session_timeout_s=60.0).up()
    lived(watch, DAY.open_ns, at("10:00"))
    watch.at(at("10:01") - 1)

    assert watch.status.phase is ACTIVE
    watch.at("10:01")
    assert watch.status.phase is TIMEOUT


def test_a_lunch_break_is_no_silence() -> None:
    watch = Watch(BREAK_DAY).up()
    lunch, back = BREAK_DAY.segments[0].end_ns, BREAK_DAY.segments[1].start_ns
    lived(watch, BREAK_DAY.open_ns, lunch)
    lived(watch, lunch, back + 4 * MINUTE_NS, is_heard=False)

    assert TIMEOUT not in watch.moves
    watch.at(back + 5 * MINUTE_NS)
    assert watch.moves[-1] is TIMEOUT


def test_a_session_that_stays_silent_ends_with_the_timer_expired() -> None:
    watch = Watch(DAY, auto_roll=False).up()
    lived(watch, DAY.open_ns, DAY.close_ns, is_heard=False)
    watch.at(DAY.close_ns + GRACE_NS)

    assert watch.moves[-2:] == [TIMEOUT, ENDED]
    assert of(watch.said, PhaseChanged)[-1].timer_expired
    assert watch.status.timer_expired
