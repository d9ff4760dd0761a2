"""What may be asked of the system in which state, and what happens then."""

import copy
from typing import Any

import msgspec
import pytest

from actors.kernel.outcome import Outcome
from actors.system_manager.core import ALLOWED, SystemManagerCore
from actors.system_manager.supervision import Supervision
from messages import (
    AbortRun,
    BugFound,
    ChangeMode,
    ClearError,
    GetStatus,
    IllegalTransition,
    Mode,
    Pause,
    PauseSystem,
    Query,
    Recover,
    Resume,
    ResumeSystem,
    Room,
    RoomFailed,
    RoomStarted,
    RoomStopped,
    RunFailed,
    RunReady,
    StartRoom,
    StartSystem,
    StateChanged,
    Step,
    StepSystem,
    StopRoom,
    StopSystem,
    SystemState,
)
from tests.builders import DAY, closed, opened

ROOMS = (Room.STORES, Room.SESSION_DATA, Room.DATA_UPKEEP, Room.STREAM_COORDINATOR)
STOPPED, RUNNING, PAUSED, ERROR = SystemState.STOPPED, SystemState.RUNNING, SystemState.PAUSED, SystemState.ERROR

COMMANDS: dict[str, Query[Any]] = {
    "start": StartSystem(),
    "stop": StopSystem(),
    "pause": PauseSystem(),
    "resume": ResumeSystem(),
    "step": StepSystem(),
    "change the mode": ChangeMode(mode=Mode.LIVE),
    "clear the error": ClearError(),
}

# Written by hand from DESIGN.md and issue 2: pause only from running, resume only from paused, the mode changes
# only when stopped, an error is left only by clearing it, and stop is always allowed.
BY_HAND = """
                    stopped   running   paused    error     starting  stopping
    start           yes       no        no        no        no        no
    stop            yes       yes       yes       yes       yes       yes
    pause           no        yes       no        no        no        no
    resume          no        no        yes       no        no        no
    step            no        no        yes       no        no        no
    change the mode yes       no        no        no        no        no
    clear the error no        no        no        yes       no        no
"""


def table() -> list[tuple[str, str, bool]]:
    header, *rows = [line for line in BY_HAND.splitlines() if line.strip()]
    columns = header.split()
    cells = []
    for row in rows:
        *words, _, _, _, _, _, _ = row.split()
        verdicts = row.split()[-6:]
        cells += [(" ".join(words), column, word == "yes") for column, word in zip(columns, verdicts, strict=True)]
    return cells


def core_that_is(state: str, mode: Mode = Mode.BACKTEST) -> SystemManagerCore:
    """A core brought into a state by the messages that lead there."""
    core = SystemManagerCore(mode)
    if state == "stopped":
        return core
    core.handle(StartSystem())
    if state == "starting":
        return core
    for room in ROOMS:
        core.handle(RoomStarted(room=room))
    core.handle(RunReady(session=DAY))
    last = {
        "paused": PauseSystem(),
        "error": RunFailed(reason="the tape is torn"),
        "stopping": StopSystem(),
    }.get(state)
    if last is not None:
        core.handle(last)
    return core


def memory_of(core: SystemManagerCore) -> dict[str, Any]:
    memory = copy.deepcopy(vars(core))
    return {name: vars(value) if isinstance(value, Supervision) else value for name, value in memory.items()}


@pytest.mark.parametrize(("deed", "state", "is_allowed"), table())
def test_a_command_is_taken_in_some_states_and_refused_without_effect_in_all_others(
    deed: str, state: str, is_allowed: bool
) -> None:
    core = core_that_is(state)
    before = memory_of(core)

    outcome = core.handle(COMMANDS[deed])

    assert (outcome.error is None) == is_allowed
    if not is_allowed:
        assert outcome == Outcome(error=outcome.error)
        assert memory_of(core) == before


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("state", SystemState)
def test_the_table_in_the_core_is_what_the_core_does(state: SystemState, command: Query[Any]) -> None:
    _, states, _ = ALLOWED[type(command)]

    assert (core_that_is(state).handle(command).error is None) == (state in states)


def test_the_table_in_the_core_and_the_one_written_by_hand_say_the_same() -> None:
    by_hand = {(deed, state): yes for deed, state, yes in table() if state in set(SystemState)}

    assert by_hand == {(deed, str(s)): s in states for deed, states, _ in ALLOWED.values() for s in SystemState}


@pytest.mark.parametrize("state", SystemState)
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_an_error_names_the_state_that_is_and_the_state_that_was_wanted(
    state: SystemState, command: Query[Any]
) -> None:
    _, states, target = ALLOWED[type(command)]
    error = core_that_is(state).handle(command).error

    if state not in states:
        assert isinstance(error, IllegalTransition)
        assert f"the system is {state}" in str(error)
        assert str(target) in str(error).split(str(state), 1)[1]


def test_on_the_way_an_error_names_where_from_and_whereto() -> None:
    error = core_that_is("starting").handle(PauseSystem()).error

    assert str(error) == ("cannot pause: the system is stopped and starting, and paused is reached only from running")


def test_pause_is_told_to_the_stream_and_shows_at_once() -> None:
    outcome = core_that_is("running").handle(PauseSystem())

    assert (outcome.answer.state, outcome.out) == (PAUSED, (Pause(),))


def test_resume_is_told_to_the_stream_and_shows_at_once() -> None:
    outcome = core_that_is("paused").handle(ResumeSystem())

    assert (outcome.answer.state, outcome.out) == (RUNNING, (Resume(),))


def test_a_step_leaves_the_system_paused() -> None:
    outcome = core_that_is("paused").handle(StepSystem())

    assert (outcome.answer.state, outcome.out) == (PAUSED, (Step(),))


def test_the_mode_changes_while_everything_stands_still() -> None:
    outcome = core_that_is("stopped").handle(ChangeMode(mode=Mode.LIVE))

    assert (outcome.answer.mode, outcome.answer.state, outcome.out) == (Mode.LIVE, STOPPED, ())


def test_stopping_takes_the_rooms_down_in_reverse() -> None:
    core = core_that_is("running")

    told = list(core.handle(StopSystem()).out)
    for room in reversed(ROOMS):
        assert told == [StopRoom(room=room)]
        told = list(core.handle(RoomStopped(room=room)).out)

    assert told == [StateChanged(state=STOPPED, is_down=True)]


def test_stopping_what_is_stopped_says_so() -> None:
    outcome = core_that_is("stopped").handle(StopSystem())

    assert outcome.out == (StateChanged(state=STOPPED, is_down=True),)


def test_stopping_twice_asks_the_same_room_again() -> None:
    core = core_that_is("stopping")

    assert core.handle(StopSystem()).out == (StopRoom(room=Room.STREAM_COORDINATOR),)


def test_an_error_outlives_a_stop() -> None:
    core = core_that_is("error")
    core.handle(StopSystem())
    for room in reversed(ROOMS):
        told = core.handle(RoomStopped(room=room)).out

    assert told == (StateChanged(state=ERROR, failure="the tape is torn", is_down=True),)
    assert core.handle(GetStatus()).answer.failure == "the tape is torn"


def test_clearing_an_error_takes_the_rooms_down_and_forgets_it() -> None:
    core = core_that_is("error")

    cleared = core.handle(ClearError())

    assert (cleared.answer.state, cleared.answer.failure) == (STOPPED, None)
    assert cleared.out == (StopRoom(room=Room.STREAM_COORDINATOR),)


def test_clearing_the_error_of_a_live_run_lets_it_go_on() -> None:
    core = core_that_is("error", Mode.LIVE)

    cleared = core.handle(ClearError())

    assert (cleared.answer.state, cleared.answer.failure) == (SystemState.RUNNING, None)
    assert cleared.out == (Recover(), StateChanged(state=SystemState.RUNNING))


def test_clearing_the_error_of_a_live_run_of_which_a_room_is_gone_takes_the_others_down() -> None:
    core = core_that_is("error", Mode.LIVE)
    core.handle(RoomStopped(room=Room.STREAM_COORDINATOR))

    cleared = core.handle(ClearError())

    assert cleared.answer.state is STOPPED
    assert cleared.out == (StopRoom(room=Room.DATA_UPKEEP),)


def test_a_replay_that_runs_live_can_be_paused_stepped_and_resumed() -> None:
    core = SystemManagerCore(Mode.LIVE, is_clock_ours=True)
    core.handle(StartSystem())
    for room in ROOMS:
        core.handle(RoomStarted(room=room))
    core.handle(RunReady(session=DAY))

    paused, stepped, resumed = map(core.handle, (PauseSystem(), StepSystem(step=3), ResumeSystem()))

    assert paused.out == (Pause(),)
    assert (stepped.out, stepped.answer.state) == ((Step(step=3),), SystemState.PAUSED)
    assert resumed.out == (Resume(),)


def test_the_status_says_that_a_session_ended_before_its_close_until_the_next_one_opens() -> None:
    core = core_that_is("running")
    expired = []
    for boundary in (opened(DAY), msgspec.structs.replace(closed(DAY), timer_expired=True), opened(DAY)):
        core.handle(boundary)
        expired.append(core.handle(GetStatus()).answer.timer_expired)

    assert expired == [False, True, False]


@pytest.mark.parametrize(
    "trouble",
    [
        RunFailed(reason="again"),
        RoomFailed(room=Room.STORES, reason="again"),
        BugFound(room=Room.SESSION_DATA, message="BarsArrived", error="KeyError: 1", is_sound=True),
    ],
)
def test_of_several_failures_the_first_is_told(trouble: Any) -> None:
    core = core_that_is("error")

    core.handle(trouble)

    assert core.handle(GetStatus()).answer.failure == "the tape is torn"


def test_a_bug_after_the_failure_aborts_nothing_a_second_time() -> None:
    core = core_that_is("error")

    bug = BugFound(room=Room.STREAM_COORDINATOR, message="AbortRun", error="KeyError: 1", is_sound=True)

    assert not [message for message in core.handle(bug).out if isinstance(message, AbortRun)]


def test_what_fails_while_an_error_is_cleared_away_is_no_news() -> None:
    core = core_that_is("error")
    core.handle(ClearError())

    told = core.handle(BugFound(room=Room.SESSION_DATA, message="BarsArrived", error="KeyError: 1", is_sound=True))

    assert [message for message in told.out if isinstance(message, StateChanged)] == []
    assert core.handle(GetStatus()).answer.state is STOPPED


def test_after_a_stop_the_system_may_start_again_from_the_first_room() -> None:
    core = core_that_is("running")
    core.handle(StopSystem())
    for room in reversed(ROOMS):
        core.handle(RoomStopped(room=room))

    assert core.handle(StartSystem()).out == (StartRoom(room=Room.STORES),)


def test_a_live_system_is_not_paused_for_its_clock_does_not_stand_still() -> None:
    core = core_that_is("running", Mode.LIVE)
    before = memory_of(core)
    outcome = core.handle(PauseSystem())

    assert isinstance(outcome.error, IllegalTransition)
    assert "its clock does not stand still" in str(outcome.error)
    assert memory_of(core) == before
