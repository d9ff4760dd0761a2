"""A tape that stands, for the last one that was reading has left: what comes home waits until it goes on."""

import pytest
from msgspec.structs import replace

from actors.settings import Settings
from messages import (
    HoldEnded,
    ListenFrom,
    Pause,
    Resume,
    StartRun,
    Step,
    StepSettled,
    SubscribersChanged,
    SubscriptionDropped,
)
from messages.queries import GetProgress
from messages.values import MINUTE_NS
from tests.builders import session_tiny
from tests.stream_coordinator.backtest.playing import LOCKSTEP, Hand, ends, prefetched, shape

LONG = session_tiny(12)
LEFT = SubscribersChanged(count=0, hold=3)
ON_THE_CLOCK = replace(LOCKSTEP, speed=60.0)


def minutes(said: list[int]) -> list[int]:
    return [(end - LONG.start_ns) // MINUTE_NS for end in said]


def held(settings: Settings = LOCKSTEP, passed: int = 2) -> Hand:
    """The last one leaves when so many minutes have passed, and its ticket comes home."""
    hand = Hand(settings, LONG).opened().lockstep()
    hand.play()
    hand.clock(100)
    for second in range(101, 101 + passed):
        hand.clock(second)
        hand.home()
    hand._door.tell(LEFT)
    hand.tell(*hand._credit.take())
    while hand.tickets:
        hand.home()
    return hand


@pytest.mark.parametrize("settings", [LOCKSTEP, ON_THE_CLOCK])
def test_while_it_is_held_nothing_passes_whatever_comes_home(settings: Settings) -> None:
    hand = held(settings)
    before = minutes(ends(hand.said))
    hand.clock(500)

    assert minutes(ends(hand.said)) == before
    assert hand.ask(GetProgress()).minutes_done <= before[-1]


def test_it_goes_on_with_the_next_minute_for_whoever_has_come() -> None:
    hand = held()
    last = minutes(ends(hand.said))[-1]
    come = SubscribersChanged(count=1, let_in=hand._door._let_in)
    (listen,) = hand.tell(come)
    said = hand.core.handle(StartRun()).out

    assert isinstance(listen, ListenFrom)
    assert listen.ticket == hand._door._let_in + 1
    assert said[0] == HoldEnded(hold=3)
    hand._door.tell(said[0])
    assert minutes(ends(hand._inside.take())) == [last + 1]


def test_told_to_go_on_with_nobody_there_it_runs_free_to_its_end() -> None:
    hand = held(ON_THE_CLOCK)
    hand.core._pacer.change(0.0)
    hand.tell(StartRun())

    assert minutes(ends(hand.said))[-1] > 4


@pytest.mark.parametrize("settings", [LOCKSTEP, ON_THE_CLOCK])
def test_a_resume_lifts_no_hold_and_a_step_lets_one_minute_pass_and_lifts_neither(
    settings: Settings,
) -> None:
    hand = held(settings)
    before = len(ends(hand.said))
    hand.tell(Pause(), Resume())
    assert len(ends(hand.said)) == before

    hand.tell(Pause())
    passed = minutes(ends(hand.said))[-1]
    stepped = hand.tell(Step(step=1))

    assert minutes(ends(stepped)) == [passed + 1]
    assert hand.home() == [StepSettled(step=1)]
    assert (hand.tell(Resume()), ends(hand.clock(900))) == ([], [])


def test_a_minute_that_was_under_way_when_the_last_one_left_is_the_steps_and_one_that_was_heard_is_not() -> None:
    for heard, expected in ((0, []), (None, [3])):
        hand = Hand(ON_THE_CLOCK, LONG).opened().lockstep()
        hand.play()
        for second in (100, 101):
            hand.clock(second)
        hand.home()
        hand.clock(102)
        (ticket,) = hand.tickets  # of the second minute
        hand.tell(Pause(), SubscribersChanged(count=0, hold=1, heard=ticket if heard is None else heard))
        stepped = hand.tell(Step(step=1))

        assert minutes(ends(stepped)) == []
        assert (minutes(ends(hand.home())), bool(hand.of(StepSettled))) == (expected, not expected)


def test_steps_that_were_not_taken_when_the_last_one_left_are_taken_then() -> None:
    hand = Hand(ON_THE_CLOCK, LONG).opened().lockstep()
    hand.play()
    for second in (100, 101):
        hand.clock(second)
    (ticket,) = hand.tickets
    told = hand.tell(Pause(), Step(step=1), Step(step=2), SubscribersChanged(count=0, hold=1, heard=ticket))

    assert [message.step for message in told if isinstance(message, StepSettled)] == [1, 2]  # it held them up
    assert [minutes(ends(hand.home())) for _ in range(2)] == [[2], [3]]
    hand.home()
    assert hand.tickets == set()


def test_a_close_waits_as_well() -> None:
    hand = Hand(ON_THE_CLOCK, session_tiny(1), LONG).opened().lockstep()
    hand.play()
    hand.clock(100)
    hand.clock(200)
    hand.tell(LEFT, prefetched(LONG))
    hand.home()
    before = shape(hand.said)[-1]
    hand.tell(StartRun())

    assert (before, shape(hand.said)[-1]) != ("closed", "closed")
    assert shape(hand.said)[-1] == "closed"


def test_a_subscription_that_was_let_go_goes_round_to_the_subscribers() -> None:
    dropped = SubscriptionDropped(number=4)

    assert Hand().core.handle(dropped).out == (dropped,)
