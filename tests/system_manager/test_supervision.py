"""Bugs, health, late subscribers and the end of a run, as the manager sees them."""

from typing import Any

import msgspec
import pytest

from actors.system_manager.core import SystemManagerCore
from messages import (
    AbortRun,
    BugFound,
    GetStatus,
    Health,
    HealthReported,
    JournalHealth,
    MakeGood,
    Message,
    Mode,
    ReportHealth,
    Room,
    RoomHealth,
    RunFailed,
    RunFinished,
    SourceReported,
    SourceStatus,
    StallNoticed,
    StartSystem,
    StateChanged,
    StopSystem,
    SubscriberLate,
    Supervised,
    SystemState,
    SystemStatus,
    TroublesChanged,
    WaitChanged,
)
from tests.system_manager.test_commands import ERROR, RUNNING, core_that_is


def status_of(core: SystemManagerCore) -> SystemStatus:
    status: SystemStatus = core.handle(GetStatus()).answer
    return status


def bug(*, is_sound: bool) -> BugFound:
    return BugFound(room=Room.SESSION_DATA, message="BarsArrived", error="KeyError: 1", is_sound=is_sound)


@pytest.mark.parametrize("is_sound", [True, False])
def test_a_bug_in_a_backtest_is_an_error_and_aborts_the_run(is_sound: bool) -> None:
    failure = "a bug in session_data on BarsArrived: KeyError: 1"

    told = core_that_is("running").handle(bug(is_sound=is_sound)).out

    assert told == (AbortRun(reason=failure), StateChanged(state=ERROR, failure=failure))


def test_a_live_system_goes_on_with_a_core_that_is_sound_and_has_made_good_what_is_lost() -> None:
    core = core_that_is("running", Mode.LIVE)

    assert core.handle(bug(is_sound=True)).out == (MakeGood(room=Room.SESSION_DATA),)
    assert status_of(core).state is RUNNING


def test_a_report_of_a_bug_that_meets_one_itself_may_have_been_of_anybody() -> None:
    lost = msgspec.structs.replace(bug(is_sound=True), room=Room.SYSTEM_MANAGER, message="BugFound")
    rooms = [said.room for said in core_that_is("running", Mode.LIVE).handle(lost).out if isinstance(said, MakeGood)]

    assert rooms == [Room.SYSTEM_MANAGER, Room.SESSION_DATA, Room.STREAM_COORDINATOR, Room.DATA_UPKEEP]


def test_a_live_system_with_more_bugs_within_a_minute_than_it_may_have_is_in_error() -> None:
    core = core_that_is("running", Mode.LIVE)
    bugs = [msgspec.structs.replace(bug(is_sound=True), at_s=100.0 + 10 * number) for number in range(6)]
    outs = [core.handle(one).out for one in bugs]
    failure = status_of(core).failure

    assert [type(out[0]) for out in outs] == [*[MakeGood] * 5, AbortRun]
    assert failure is not None
    assert failure.endswith("it is bug 6 within 60 s, too many to go on")


def test_bugs_that_come_now_and_then_end_no_live_system() -> None:
    core = core_that_is("running", Mode.LIVE)
    for number in range(100):
        core.handle(msgspec.structs.replace(bug(is_sound=True), at_s=13.0 * number))

    assert status_of(core).state is RUNNING


@pytest.mark.parametrize(("room", "is_over"), [(Room.SYSTEM_MANAGER, True), (Room.SESSION_DATA, False)])
def test_a_bug_of_who_starts_the_rooms_ends_the_start(room: Room, is_over: bool) -> None:
    core = core_that_is("starting", Mode.LIVE)
    core.handle(msgspec.structs.replace(bug(is_sound=True), room=room))

    assert (status_of(core).state is ERROR) == is_over


def test_a_bug_of_who_stops_the_rooms_leaves_none_of_them_up() -> None:
    core = core_that_is("running", Mode.LIVE)
    first = core.handle(StopSystem()).out

    assert core.handle(msgspec.structs.replace(bug(is_sound=True), room=Room.SYSTEM_MANAGER)).out == first


# --- a day that stands still


def looked(core: SystemManagerCore, at_s: float, **more: Any) -> list[type[Message]]:
    return [type(said) for said in core.handle(Supervised(at_s=at_s, **more)).out]


def test_a_live_day_that_waits_too_long_is_named_and_pushed_until_it_moves() -> None:
    core = core_that_is("running", Mode.LIVE)
    core.handle(WaitChanged(what="session D was to open", patience_s=3.0))
    said = [looked(core, 10.0 + second) for second in range(8)]
    reasons = status_of(core).reasons
    core.handle(WaitChanged(what=""))

    assert said == [[], [], [], [StallNoticed, MakeGood], [], [], [MakeGood], []]
    assert reasons == ("nothing moves: session D was to open",)
    assert (looked(core, 20.0), status_of(core).reasons) == ([StallNoticed], ())


def test_who_waits_for_something_else_has_moved() -> None:
    core = core_that_is("running", Mode.LIVE)
    said = []
    for second in range(10):
        core.handle(WaitChanged(what=f"step {second // 2}", patience_s=3.0))
        said += looked(core, float(second))

    assert said == []


def test_a_day_that_is_over_need_not_move() -> None:
    core = core_that_is("running", Mode.LIVE)
    core.handle(RunFinished(sessions=1))
    core.handle(WaitChanged(what="nothing"))

    assert looked(core, 1.0, stall="nobody asks") == looked(core, 60.0, stall="nobody asks") == []
    assert status_of(core).reasons == ()


def test_what_is_seen_from_outside_is_in_the_status_while_it_lasts_and_looks_are_counted() -> None:
    core = core_that_is("running", Mode.LIVE)
    journal = JournalHealth(messages=40, waiting=2)
    looked(core, 1.0, troubles=("the disk is full",), journal=journal)
    during = status_of(core)
    looked(core, 2.0)

    assert (during.reasons, during.health, during.beats) == (("the disk is full",), Health.DEGRADED, 1)
    assert during.journal == journal
    assert (status_of(core).reasons, status_of(core).beats) == ((), 2)


def test_a_live_system_with_a_core_that_is_not_sound_is_in_error() -> None:
    core = core_that_is("running", Mode.LIVE)

    assert isinstance(core.handle(bug(is_sound=False)).out[0], AbortRun)
    assert status_of(core).state is ERROR


@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_run_that_fails_is_an_error(state: str) -> None:
    core = core_that_is(state)

    assert core.handle(RunFailed(reason="torn")).out == (StateChanged(state=ERROR, failure="torn"),)


def test_a_run_that_is_over_asks_everybody_how_they_are() -> None:
    core = core_that_is("running")

    assert core.handle(RunFinished(sessions=3)).out == (ReportHealth(),)
    assert (status_of(core).is_run_finished, status_of(core).state) == (True, RUNNING)


def test_a_new_start_forgets_the_end_of_the_run_before() -> None:
    core = core_that_is("stopped")
    core.handle(RunFinished(sessions=3))

    core.handle(StartSystem())

    assert status_of(core).is_run_finished is False


def test_the_status_holds_the_last_report_of_each_room_in_their_order() -> None:
    core = SystemManagerCore()
    reports = [
        RoomHealth(room=Room.STREAM_COORDINATOR, messages=5),
        RoomHealth(room=Room.SESSION_DATA, messages=7, troubles=("its counts do not add up",)),
        RoomHealth(room=Room.STREAM_COORDINATOR, messages=9),
    ]

    outcomes = [core.handle(HealthReported(health=health)) for health in reports]

    assert [outcome.out for outcome in outcomes] == [(), (), ()]
    assert status_of(core).rooms == (reports[1], reports[2])
    assert (status_of(core).health, status_of(core).reasons) == (Health.DEGRADED, ("its counts do not add up",))


def test_a_subscriber_that_is_late_is_named_in_the_status() -> None:
    core = SystemManagerCore()

    core.handle(SubscriberLate(names=("slow",), seconds=11.0))

    assert status_of(core).late_subscribers == ("slow",)


def test_a_subscriber_that_takes_its_time_is_not_late_yet() -> None:
    core = SystemManagerCore(late_after_s=10.0)

    core.handle(SubscriberLate(names=("slow",), seconds=9.0))

    assert status_of(core).late_subscribers == ()


def test_a_subscriber_that_has_caught_up_is_late_no_more() -> None:
    core = SystemManagerCore()
    core.handle(SubscriberLate(names=("slow",), seconds=60.0))

    core.handle(SubscriberLate(names=(), seconds=0.0))

    assert status_of(core).late_subscribers == ()


@pytest.mark.parametrize("state", [*SystemState, "starting", "stopping"])
def test_the_core_is_sound_in_every_state(state: str) -> None:
    core_that_is(state).check()


def test_a_core_whose_rooms_are_up_in_no_order_is_not_sound() -> None:
    core = core_that_is("running")
    core._up.reverse()

    with pytest.raises(AssertionError):
        core.check()


def test_a_message_that_is_no_command_is_a_bug_and_not_ignored() -> None:
    class Nonsense(Message, frozen=True, kw_only=True):
        pass

    with pytest.raises(KeyError):
        SystemManagerCore().handle(Nonsense())  # type: ignore[arg-type]  # on purpose


def test_the_failure_of_a_run_while_stopping_is_told_at_the_end() -> None:
    core = core_that_is("running")
    core.handle(StopSystem())

    core.handle(RunFailed(reason="torn"))

    assert (status_of(core).state, status_of(core).failure, status_of(core).is_changing) == (ERROR, "torn", True)


# --- one word


def test_a_system_without_troubles_is_healthy() -> None:
    status = status_of(core_that_is("running", Mode.LIVE))

    assert (status.health, status.reasons) == (Health.HEALTHY, ())


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (SubscriberLate(names=("slow",), seconds=11.0), "subscriber 'slow' holds up the run"),
        (TroublesChanged(troubles=("feed f is not connected: gone",)), "feed f is not connected: gone"),
        (
            SourceReported(status=SourceStatus(source="archive", failed=1, last_error="gone", is_failing=True)),
            "source archive fails: gone",
        ),
        (bug(is_sound=True), "a bug in session_data on BarsArrived: KeyError: 1"),
    ],
)
def test_what_goes_on_in_spite_of_something_is_degraded_and_says_why(told: Any, reason: str) -> None:
    core = core_that_is("running", Mode.LIVE)
    core.handle(told)
    status = status_of(core)

    assert (status.health, status.reasons, status.state) == (Health.DEGRADED, (reason,), RUNNING)


def test_what_is_over_is_no_reason_any_more() -> None:
    core = core_that_is("running", Mode.LIVE)
    for told in (
        SubscriberLate(names=("slow",), seconds=11.0),
        SubscriberLate(names=(), seconds=0.0),
        TroublesChanged(troubles=("feed f is not connected: gone",)),
        TroublesChanged(troubles=()),
        SourceReported(status=SourceStatus(source="archive", failed=1, last_error="gone", is_failing=True)),
        SourceReported(status=SourceStatus(source="archive", failed=1, last_error="gone")),
    ):
        core.handle(told)

    assert status_of(core).health is Health.HEALTHY


def test_the_same_bug_again_is_counted_and_only_so_many_are_told_of() -> None:
    core = core_that_is("running")
    for number in [1, 1, *range(100)]:
        core.handle(msgspec.structs.replace(bug(is_sound=True), error=f"KeyError: {number}", is_query=True))
    reasons = status_of(core).reasons

    assert reasons[0] == "a bug in session_data on BarsArrived: KeyError: 1 (3 times)"
    assert len(reasons) == 20


def test_a_system_that_failed_is_in_error_and_says_so_first() -> None:
    core = core_that_is("running")
    core.handle(RunFailed(reason="torn"))
    core.handle(TroublesChanged(troubles=("more",)))
    status = status_of(core)

    assert (status.health, status.reasons) == (Health.ERROR, ("torn", "more"))
