"""Minutes at SessionData's door: one is let in when the one before it has been dealt with, and none overtakes."""

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel.listen.seat import Filter, Seat
from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.told import Wanted
from actors.kernel.listen.turnstile import Turnstile
from actors.kernel.outcome import Refusal
from messages import (
    AllowMinutes,
    BarBatch,
    BarsArrived,
    HearingChanged,
    HoldEnded,
    MinuteClosed,
    MinuteSettled,
    MinutesRecalled,
    MinutesStaged,
    Policy,
    RecallMinutes,
    Step,
    SubscribersChanged,
    SystemFailed,
    TimeAdvanced,
)
from tests.builders import minute_of
from tests.doubles import Outbox

PLAIN = MinuteClosed(start_ns=0, end_ns=60, present=1, expected=1)


def staged(*tickets: int) -> MinutesStaged:
    """Minutes without a bar, with these tickets; each is over when its ticket says."""
    rows = (0,) * (len(tickets) + 1)
    return MinutesStaged(tape=BarBatch.of(()), rows=rows, ends_ns=tickets, first_ticket=tickets[0])


class Door:
    """A turnstile, who is let in, and who hears of the tickets."""

    def __init__(self) -> None:
        self.inside, self.credit = Outbox(), Outbox()
        self.turnstile = Turnstile(self.inside, self.credit)

    def stage(self, *tickets: int) -> list[int]:
        """Stage minutes; return which are let in."""
        return self.tell(*([staged(*tickets)] if tickets else []))

    def promises(self) -> None:
        """Whatever minutes there are, they are promised."""

        def promise(minutes: list[TimeAdvanced], _: Wanted) -> Stretch:
            return Stretch([PLAIN] * len(minutes), [minute.ticket for minute in minutes])

        self.inside.promise = promise  # type: ignore[method-assign,assignment]

    def promise(self) -> Stretch | Refusal | None:
        return self.turnstile.promise(Seat(1, "reader", Filter(), Policy.BLOCK, 2))

    def settle(self, ticket: int) -> list[int]:
        return self.tell(MinuteSettled(ticket=ticket))

    def allow(self, count: int | None) -> list[int]:
        return self.tell(AllowMinutes(count=count))

    def tell(self, *messages: Any) -> list[int]:
        for message in messages:
            self.turnstile.tell(message)
        return [minute.ticket for minute in self.inside.take()]

    def home(self) -> list[int]:
        """The tickets that the sender has heard of since the last time."""
        return [settled.ticket for settled in self.credit.take()]


@pytest.fixture
def door() -> Door:
    return Door()


def test_minutes_are_promised_but_for_the_last_and_have_been_let_in_as_they_are_taken(door: Door) -> None:
    door.promises()
    door.stage(1, 2, 3, 4, 5)
    stretch = door.promise()
    assert isinstance(stretch, Stretch)
    stretch.left.popleft()

    assert (list(stretch._tickets), door.home()) == ([2, 3, 4], [])
    assert (door.settle(3), list(stretch.left)) == ([4], [])
    assert (door.settle(4), door.home()) == ([5], [4])


def test_a_promise_follows_where_the_one_before_was_left(door: Door) -> None:
    door.promises()
    door.stage(1, 2, 3, 4, 5)
    tickets = []
    while isinstance(stretch := door.promise(), Stretch):
        tickets.append(list(stretch._tickets))

    assert tickets == [[2, 3, 4], [3, 4], [4]]


def test_where_nothing_is_promised_minutes_wait_for_the_ticket(door: Door) -> None:
    door.stage(1, 2, 3, 4)

    assert door.promise() is None
    assert (door.settle(1), door.promise()) == ([2], None)


def test_nothing_is_promised_at_a_shut_door_or_where_nobody_is_inside(door: Door) -> None:
    door.promises()
    nobody_inside = door.promise()
    door.allow(0)
    door.stage(1, 2, 3, 4)
    shut = door.promise()
    door.allow(1)
    counted = door.promise()
    door.allow(None)
    door.tell(SubscribersChanged(count=0, hold=1))
    held = door.promise()
    door.tell(HoldEnded(hold=1))

    assert (nobody_inside, shut, counted, held) == (None, None, None, None)
    assert door.promise() is not None


@pytest.mark.parametrize(
    "message",
    [AllowMinutes(count=0), SubscribersChanged(count=0, hold=1), RecallMinutes(), SubscribersChanged(count=2)],
)
def test_whatever_is_told_ends_a_promise(door: Door, message: Any) -> None:
    door.promises()
    door.stage(1, 2, 3, 4, 5)
    stretch = door.promise()
    assert isinstance(stretch, Stretch)
    stretch.left.popleft()
    door.tell(message)

    assert list(stretch.left) == []
    door.credit.take()
    door.tell(RecallMinutes())
    assert door.credit.take() == [MinutesRecalled(let_in=3)]


def test_a_minute_on_which_the_room_fails_is_inside_and_its_ticket_never_comes(door: Door) -> None:
    refused = Refusal(SystemFailed("a bug"))
    door.inside.promise = lambda *_: refused  # type: ignore[method-assign,assignment,return-value]
    door.stage(1, 2, 3, 4)

    assert door.promise() is refused
    assert door.tell(RecallMinutes()) == []
    assert door.credit.take() == [MinutesRecalled(let_in=2)]


def test_the_first_minute_passes_at_once_and_the_others_wait(door: Door) -> None:
    assert door.stage(1, 2, 3) == [1]


def test_a_minute_passes_when_the_ticket_of_the_one_before_comes_home(door: Door) -> None:
    door.stage(1, 2, 3)

    assert [door.settle(ticket) for ticket in (1, 2, 3)] == [[2], [3], []]


def test_minutes_that_wait_are_taken_away_and_it_is_told_which_was_the_last_to_pass(door: Door) -> None:
    door.stage(1, 2, 3)
    door.settle(1)
    door.credit.take()

    assert door.tell(RecallMinutes()) == []
    assert door.credit.take() == [MinutesRecalled(let_in=2)]
    assert (door.settle(2), door.stage(4)) == ([], [4])


def test_with_minutes_that_are_taken_away_it_is_told_whether_the_last_to_pass_has_been_dealt_with(door: Door) -> None:
    door.stage(1, 2, 3, 4, 5)
    door.allow(0)
    door.settle(1)
    before = door.home()  # it is too early for its sender to hear of it
    door.tell(RecallMinutes())

    assert before == []
    assert door.credit.take() == [MinutesRecalled(let_in=1, is_home=True)]


def test_a_minute_that_is_staged_while_nobody_is_inside_passes_at_once(door: Door) -> None:
    door.stage(1)
    door.settle(1)

    assert door.stage(2) == [2]


def test_a_minute_is_let_in_as_it_was_staged_with_bars_or_without(door: Door) -> None:
    batch = BarBatch.of(minute_of(["A"], "09:30"))
    door.turnstile.tell(MinutesStaged(tape=batch, rows=(0, 1, 1), ends_ns=(1, 2), first_ticket=1))
    door.turnstile.tell(MinuteSettled(ticket=1))

    bars = BarsArrived(batch=batch, now_ns=1, is_whole=True, ticket=1, first_row=0)
    assert door.inside.messages == [bars, TimeAdvanced(now_ns=2, ticket=2)]


def test_the_sender_hears_of_a_ticket_when_few_minutes_are_left(door: Door) -> None:
    door.stage(1, 2, 3, 4, 5)

    heard = []
    for ticket in range(1, 6):
        door.settle(ticket)
        heard.append(door.home())

    assert heard == [[], [], [], [4], [5]]


def test_a_ticket_of_something_that_was_not_staged_is_told_at_once(door: Door) -> None:
    door.settle(7)

    assert door.home() == [7]


def test_such_a_ticket_is_told_although_minutes_wait_at_a_door_that_is_shut(door: Door) -> None:
    door.allow(0)
    door.stage(8, 9, 10)
    door.settle(7)

    assert (door.home(), door.inside.take()) == ([7], [])


def test_what_is_no_ticket_goes_on_to_the_sender(door: Door) -> None:
    changed = SubscribersChanged(count=2)
    door.turnstile.tell(changed)

    assert door.credit.messages == [changed]


def test_inside_it_is_known_whether_anybody_hears_of_minutes_before_the_next_one_is_let_in(door: Door) -> None:
    for hears_minutes in (True, False, False, True):
        door.turnstile.tell(SubscribersChanged(count=1, hears_minutes=hears_minutes))
    door.turnstile.tell(staged(1))

    assert door.inside.messages == [
        HearingChanged(hears_minutes=False),
        HearingChanged(hears_minutes=True),
        TimeAdvanced(now_ns=1, ticket=1),
    ]


def test_inside_it_is_known_whether_anybody_hears_of_bars_and_which_are_to_be_told_after_all(door: Door) -> None:
    for hears_bars, again in ((False, 0), (False, 0), (True, 0), (True, 7), (True, 0)):
        door.turnstile.tell(SubscribersChanged(count=1, hears_bars=hears_bars, again=again))

    assert door.inside.messages == [
        HearingChanged(hears_minutes=True, hears_bars=False),
        HearingChanged(hears_minutes=True),
        HearingChanged(hears_minutes=True, again=7),
    ]


def test_a_door_that_is_shut_lets_nobody_in_until_it_is_opened(door: Door) -> None:
    door.stage(1, 2, 3)

    assert [door.allow(0), door.settle(1), door.allow(None)] == [[], [], [2]]


def test_a_door_that_opens_while_somebody_is_inside_lets_nobody_else_in(door: Door) -> None:
    door.stage(1, 2)

    assert [door.allow(0), door.allow(None), door.settle(1)] == [[], [], [2]]


def test_one_that_may_pass_passes_and_the_door_is_shut_again(door: Door) -> None:
    door.allow(0)
    door.stage(1, 2, 3)

    assert [door.allow(1), door.settle(1), door.allow(1), door.settle(2)] == [[1], [], [2], []]


def test_those_that_may_pass_add_up(door: Door) -> None:
    door.allow(0)
    door.stage(1, 2, 3, 4)

    assert [door.allow(1), door.allow(1), door.settle(1), door.settle(2)] == [[1], [], [2], []]


def test_one_that_may_pass_may_do_so_when_it_comes(door: Door) -> None:
    door.allow(0)
    door.allow(1)

    assert [door.stage(1), door.stage(2), door.settle(1)] == [[1], [], []]


@pytest.mark.parametrize("count", [0, None])
def test_shut_or_opened_what_was_allowed_before_is_forgotten(door: Door, count: int | None) -> None:
    door.allow(0)
    door.allow(3)
    door.allow(count)
    door.allow(0)

    assert door.stage(1) == []


@given(st.lists(st.sampled_from(["stage", "settle", "shut", "open", "one"]), max_size=60))
def test_whatever_happens_one_is_inside_at_a_time_and_all_pass_in_order(steps: list[str]) -> None:
    door, staged, passed, settled, allowed = Door(), 0, [], 0, None
    for step in steps:
        before = len(passed)
        if step == "stage":
            staged += 1
            passed += door.stage(staged)
        elif step == "settle" and settled < len(passed):
            settled += 1
            passed += door.settle(settled)
        elif step == "shut":
            passed, allowed = passed + door.allow(0), 0
        elif step == "open":
            passed, allowed = passed + door.allow(None), None
        elif step == "one":
            passed, allowed = passed + door.allow(1), 1 if allowed is None else allowed + 1
        allowed = allowed if allowed is None else allowed - (len(passed) - before)

        assert passed == list(range(1, len(passed) + 1))
        assert len(passed) - settled <= 1
        assert allowed is None or allowed >= 0
        is_free, may_pass = settled == len(passed), allowed is None or allowed > 0
        assert not (is_free and may_pass and staged > len(passed)), "one that could pass waits"


@given(st.integers(1, 30), st.integers(2, 8))
def test_a_sender_that_stages_more_whenever_it_hears_gets_every_minute_through(minutes: int, ahead: int) -> None:
    door, sent, passed = Door(), 0, []
    heard = 0
    while heard < minutes:
        more = range(sent + 1, min(heard + ahead, minutes) + 1)
        sent += len(more)
        passed += door.stage(*more)
        while not (home := door.home()):
            passed += door.settle(passed[-1])
        heard = home[-1]

    assert passed == list(range(1, minutes + 1))


def test_many_threads_may_tell_it_at_once() -> None:
    inside, tickets = Busy(), list(range(1, 201))
    inside.turnstile = turnstile = Turnstile(inside, Outbox())
    for ticket in tickets:
        turnstile.tell(staged(ticket))

    assert inside.is_done_with(tickets[-1])
    assert (inside.passed, inside.most) == (tickets, 1)


class Busy:
    """Gives every ticket back from a thread of its own."""

    def __init__(self) -> None:
        self.turnstile: Turnstile | None = None
        self.passed: list[int] = []
        self.here = self.most = 0
        self._last = 0
        self._changed = threading.Condition()

    def hand(self, minute: Any) -> None:
        self.tell(minute)

    def tell(self, minute: Any) -> None:
        self.here += 1
        self.most = max(self.most, self.here)
        self.passed.append(minute.ticket)
        threading.Thread(target=self._leave, args=(minute.ticket,)).start()

    def _leave(self, ticket: int) -> None:
        self.here -= 1
        assert self.turnstile is not None
        self.turnstile.tell(MinuteSettled(ticket=ticket))
        with self._changed:
            self._last = ticket
            self._changed.notify_all()

    def is_done_with(self, ticket: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._last == ticket, 20)


# --- holds


def test_from_a_hold_on_nobody_passes_until_it_has_ended_whatever_else_is_allowed(door: Door) -> None:
    door.stage(1, 2, 3)
    held = [door.tell(SubscribersChanged(count=0, hold=2)), door.settle(1), door.allow(1), door.allow(None)]
    stale = door.tell(HoldEnded(hold=1))

    assert (held, stale, door.tell(HoldEnded(hold=2))) == ([[], [], [], []], [], [2])


def test_steps_that_would_be_heard_by_nobody_go_back_to_their_sender(door: Door) -> None:
    door.stage(1, 2, 3, 4)
    door.allow(0)
    door.allow(2)
    door.tell(SubscribersChanged(count=0, hold=2))
    left = door.credit.take()
    door.allow(1)

    assert left == [SubscribersChanged(count=0, hold=2, let_in=1), Step(), Step()]
    assert door.credit.take() == [Step()]
    assert door.settle(1) == []
    assert door.tell(HoldEnded(hold=2)) == []


def test_who_comes_to_listen_can_hear_what_waits_at_the_door(door: Door) -> None:
    door.stage(4, 5, 6)
    door.settle(4)
    door.tell(SubscribersChanged(count=1))

    (told,) = [told for told in door.credit.take() if isinstance(told, SubscribersChanged)]
    assert told.let_in == 5
