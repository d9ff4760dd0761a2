"""Starting: one room after the other, and running only when the first session is loaded."""

from actors.system_manager.core import SystemManagerCore
from messages import (
    BugFound,
    GetStatus,
    Mode,
    PrepareRun,
    Room,
    RoomFailed,
    RoomStarted,
    RoomStopped,
    RunFailed,
    RunReady,
    StartRoom,
    StartSystem,
    StateChanged,
    StopRoom,
    StopSystem,
    SystemState,
)
from tests.builders import DAY
from tests.system_manager.test_commands import ERROR, ROOMS, RUNNING, STOPPED, core_that_is


def starting(*up: Room) -> SystemManagerCore:
    core = core_that_is("starting")
    for room in up:
        core.handle(RoomStarted(room=room))
    return core


def test_rooms_start_in_their_order_and_then_the_first_session_is_asked_for() -> None:
    core = SystemManagerCore()

    told = [core.handle(StartSystem()).out]
    told += [core.handle(RoomStarted(room=room)).out for room in ROOMS]

    assert told == [*((StartRoom(room=room),) for room in ROOMS), (PrepareRun(mode=Mode.BACKTEST),)]


def test_the_system_runs_only_when_the_first_session_is_loaded() -> None:
    core = starting(*ROOMS)
    before = core.handle(GetStatus()).answer

    ready = core.handle(RunReady(session=DAY))

    assert (before.state, before.is_changing) == (STOPPED, True)
    assert ready.out == (StateChanged(state=RUNNING),)
    assert core.handle(GetStatus()).answer.is_changing is False


def test_the_manager_s_own_start_is_nobody_s_turn() -> None:
    assert SystemManagerCore().handle(RoomStarted(room=Room.SYSTEM_MANAGER)).out == ()


def test_a_session_that_is_ready_while_nobody_starts_changes_nothing() -> None:
    core = core_that_is("stopping")

    assert core.handle(RunReady(session=DAY)).out == ()


def test_a_room_that_does_not_start_stops_in_reverse_what_had_started() -> None:
    core = starting(Room.STORES, Room.SESSION_DATA)

    told = list(core.handle(RoomFailed(room=Room.DATA_UPKEEP, reason="no room")).out)
    told += core.handle(RoomStopped(room=Room.SESSION_DATA)).out
    told += core.handle(RoomStopped(room=Room.STORES)).out

    failure = "data_upkeep did not start: no room"
    assert told == [
        StateChanged(state=ERROR, failure=failure),
        StopRoom(room=Room.SESSION_DATA),
        StopRoom(room=Room.STORES),
        StateChanged(state=ERROR, failure=failure, is_down=True),
    ]


def test_stores_that_do_not_open_leave_nothing_to_stop() -> None:
    core = starting()

    told = core.handle(RoomFailed(room=Room.STORES, reason="no such folder")).out

    assert [message.is_down for message in told if isinstance(message, StateChanged)] == [False, True]


def test_a_first_session_that_cannot_be_loaded_fails_the_start() -> None:
    core = starting(*ROOMS)

    told = core.handle(RunFailed(reason="the file is torn")).out

    assert told == (
        StateChanged(state=ERROR, failure="the file is torn"),
        StopRoom(room=Room.STREAM_COORDINATOR),
    )


def test_a_stop_on_the_way_up_waits_for_the_room_that_is_coming() -> None:
    core = starting(Room.STORES)

    told = list(core.handle(StopSystem()).out)
    told += core.handle(RoomStarted(room=Room.SESSION_DATA)).out
    told += core.handle(RoomStopped(room=Room.SESSION_DATA)).out
    told += core.handle(RoomStopped(room=Room.STORES)).out

    assert told == [
        StopRoom(room=Room.SESSION_DATA),
        StopRoom(room=Room.STORES),
        StateChanged(state=STOPPED, is_down=True),
    ]


def test_a_stop_before_the_first_room_is_up_leaves_none_behind() -> None:
    core = starting()

    told = list(core.handle(StopSystem()).out)
    told += core.handle(RoomStarted(room=Room.STORES)).out
    told += core.handle(RoomStopped(room=Room.STORES)).out

    assert told == [StopRoom(room=Room.STORES), StateChanged(state=STOPPED, is_down=True)]


def test_what_fails_after_a_start_was_given_up_is_no_news() -> None:
    core = starting(Room.STORES)
    core.handle(StopSystem())

    told = list(core.handle(RoomFailed(room=Room.SESSION_DATA, reason="no room")).out)
    told += core.handle(RoomStopped(room=Room.STORES)).out

    assert told == [StopRoom(room=Room.STORES), StateChanged(state=STOPPED, is_down=True)]


def test_a_room_that_does_not_start_after_another_had_a_bug_stops_the_others() -> None:
    core = starting(Room.STORES)
    core.handle(BugFound(room=Room.STORES, message="any", error="KeyError: 1", is_sound=True))

    told = core.handle(RoomFailed(room=Room.SESSION_DATA, reason="no room")).out

    assert told[-1] == StopRoom(room=Room.STORES)
    assert core.handle(GetStatus()).answer.state is ERROR


def test_a_stop_while_the_first_session_loads_takes_everything_down() -> None:
    core = starting(*ROOMS)

    assert core.handle(StopSystem()).out == (StopRoom(room=Room.STREAM_COORDINATOR),)


def test_a_bug_while_starting_a_room_stops_what_had_started() -> None:
    core = starting(Room.STORES)

    bug = BugFound(room=Room.SYSTEM_MANAGER, message="RoomStarted", error="TypeError: no", is_sound=True)

    assert core.handle(bug).out[-1] == StopRoom(room=Room.STORES)


def test_a_room_that_comes_after_all_is_stopped_too() -> None:
    core = starting()
    core.handle(BugFound(room=Room.SYSTEM_MANAGER, message="GetStatus", error="TypeError: no", is_sound=True))

    assert core.handle(RoomStarted(room=Room.STORES)).out == (StopRoom(room=Room.STORES),)


def test_a_room_that_was_not_up_cannot_stop() -> None:
    core = core_that_is("running")

    assert core.handle(RoomStopped(room=Room.SYSTEM_MANAGER)).out == ()
    assert core.handle(GetStatus()).answer.state is SystemState.RUNNING


def test_a_room_that_stops_by_itself_is_an_error() -> None:
    core = core_that_is("running")

    told = core.handle(RoomStopped(room=Room.DATA_UPKEEP)).out

    assert told == (StateChanged(state=ERROR, failure="data_upkeep stopped by itself"),)
