"""The last one that was reading leaves: the tape stands, and whoever comes next begins where it stands."""

import threading

import pytest

from actors.kernel.future import Future
from actors.kernel.listen.fanout import Fanout
from actors.kernel.listen.seat import Filter
from actors.kernel.listen.subscription import Subscription
from actors.kernel.listen.waiting import Owner, Wait, whoami
from messages import (
    Deadlock,
    Event,
    HoldEnded,
    HoldStepped,
    ListenFrom,
    MinuteClosed,
    MinuteSettled,
    SubscribersChanged,
    SubscriptionDropped,
)
from messages.values import Policy
from tests.doubles import Outbox
from tests.kernel.listen.test_fanout import ALL, closed, updated

MINUTES = Filter(events=frozenset({MinuteClosed}))


class Lockstep:
    """A fanout in lockstep, and what comes home."""

    def __init__(self) -> None:
        self.home = Outbox()
        self.fanout = Fanout(self.home, is_lockstep=True)

    def reader(self, name: str = "reader", *, has_asked: bool = True) -> Subscription:
        made = self.fanout.subscribe(name, MINUTES, Policy.BLOCK, 9)
        self.fanout.tell(ListenFrom(ticket=0))
        if has_asked:
            made._take()
        return made

    def minute(self, ticket: int) -> MinuteClosed:
        self.fanout.tell(closed(ticket))
        self.fanout.tell(MinuteSettled(ticket=ticket))
        return closed(ticket)

    def look(self, seconds: int) -> None:
        for _ in range(seconds):
            self.fanout.watch(1.0)

    def holds(self) -> list[int]:
        return [told.hold for told in self.home.of(SubscribersChanged) if told.hold]

    def tickets(self) -> list[int]:
        return [told.ticket for told in self.home.of(MinuteSettled)]


@pytest.fixture
def house() -> Lockstep:
    return Lockstep()


def test_a_hold_begins_when_the_last_one_that_was_reading_leaves_and_not_before(house: Lockstep) -> None:
    first, second, idle = house.reader(), house.reader(), house.reader(has_asked=False)
    first.close()
    before = house.holds()
    second.close()

    assert (before, house.holds()) == ([], [1])
    idle.close()
    assert house.holds() == [1, 2]


def test_a_minute_of_which_something_was_seen_is_over_and_one_that_nobody_saw_is_the_next_ones(house: Lockstep) -> None:
    for ticket, is_seen in ((1, True), (2, False)):
        reader = house.reader()
        minute = house.minute(ticket)
        seen: list[Event] = [next(reader)] if is_seen else []
        reader.close()
        assert (house.tickets(), seen) == ([1], [minute] if is_seen else [])

    assert next(house.reader(has_asked=False)) == closed(2)


def test_a_minute_that_was_under_way_when_the_last_one_left_is_the_next_ones(house: Lockstep) -> None:
    reader = house.reader()
    house.fanout.tell(closed(1))
    reader.close()
    house.fanout.tell(MinuteSettled(ticket=1))
    late = house.reader(has_asked=False)

    assert (house.tickets(), next(late)) == ([], closed(1))


def left_unseen(house: Lockstep) -> Subscription:
    """Somebody who comes for bars after a minute that nobody saw, of which no bars were told."""
    reader = house.reader()
    house.minute(1)
    reader.close()
    return house.fanout.subscribe("bars", ALL, Policy.BLOCK, 9)


def test_a_minute_whose_bars_nobody_heard_is_the_next_ones_when_they_are_told(house: Lockstep) -> None:
    late = left_unseen(house)
    asked, before = house.home.of(SubscribersChanged)[-1].again, late.seat.taken
    house.fanout.tell(bars := updated("A"))
    house.fanout.tell(MinuteSettled(ticket=1))

    assert (asked, before, next(late), next(late), house.tickets()) == (1, 0, bars, closed(1), [])
    late._take()
    assert house.tickets() == [1]


def test_such_a_minute_is_kept_for_another_one_if_that_one_leaves_meanwhile(house: Lockstep) -> None:
    left_unseen(house).close()
    house.fanout.tell(bars := updated("A"))
    house.fanout.tell(MinuteSettled(ticket=1))
    after = house.fanout.subscribe("bars", ALL, Policy.BLOCK, 9)

    assert (next(after), next(after), house.tickets()) == (bars, closed(1), [])
    assert house.home.of(SubscribersChanged)[-1].again == 0


def test_what_one_leaves_behind_waits_for_who_has_come_and_is_not_in_yet(house: Lockstep) -> None:
    reader = house.reader()
    house.minute(1)
    newcomer = house.fanout.subscribe("newcomer", ALL, Policy.BLOCK, 9)
    newcomer._take()
    next(reader)
    reader.close()
    before = house.tickets()
    house.fanout.tell(ListenFrom(ticket=2))

    assert (before, house.tickets(), house.holds()) == ([], [1], [])
    assert house.minute(2) == next(newcomer)


def test_if_the_tape_goes_on_without_anybody_its_ticket_comes_home(house: Lockstep) -> None:
    house.reader().close()
    house.minute(1)
    house.fanout.tell(HoldEnded(hold=7))
    before = house.tickets()
    house.fanout.tell(HoldEnded(hold=1))

    assert (before, house.tickets()) == ([], [1])
    house.minute(2)
    assert house.tickets() == [1, 2]


def test_what_passes_by_a_step_is_kept_for_nobody_and_what_comes_after_is_for_who_comes(house: Lockstep) -> None:
    house.reader().close()
    house.minute(1)
    house.fanout.tell(HoldStepped(hold=1))
    stepped = house.tickets()
    house.minute(2)
    newcomer = house.reader(has_asked=False)

    assert (stepped, house.tickets(), newcomer.seat.take()) != ([1], [1, 2], None)
    assert house.tickets() == [1, 2]
    assert house.minute(3) == next(newcomer)


def test_of_the_hold_it_is_told_what_was_heard_last_and_a_minute_of_which_nobody_saw_anything_was_not(
    house: Lockstep,
) -> None:
    for ticket, is_seen in ((1, True), (2, False)):
        reader = house.reader()
        house.minute(ticket)
        if is_seen:
            next(reader)
        reader.close()

    assert [told.heard for told in house.home.of(SubscribersChanged) if told.hold] == [1, 0]


def test_who_was_let_go_has_left_when_it_is_swept(house: Lockstep) -> None:
    reader = house.reader()
    del reader
    before = house.holds()
    house.fanout.sweep()

    assert (before, house.holds()) == ([], [1])


def test_who_waits_for_the_end_of_the_run_has_it_go_on(house: Lockstep) -> None:
    with house.fanout.running():
        house.reader().close()

    assert house.holds() == []


def test_a_subscription_that_is_let_go_leaves_when_the_message_has_gone_round_or_somebody_comes(
    house: Lockstep,
) -> None:
    reader = house.reader()
    number = reader.seat.number
    house.minute(1)
    next(reader)
    del reader
    before = house.holds(), [told.number for told in house.home.of(SubscriptionDropped)]
    house.fanout.tell(SubscriptionDropped(number=number))

    assert (before, house.holds(), house.tickets()) == (([], [number]), [1], [1])
    del before
    other = house.reader()
    next_one = house.minute(2)
    assert next(other) == next_one


def test_a_late_subscriber_is_warned_of_once(house: Lockstep) -> None:
    reader = house.reader(name="slow")
    house.minute(1)
    with pytest.warns(RuntimeWarning, match="waited 10 s for subscriber slow, which asks for no other event") as told:
        house.look(30)
    reader._take(), reader._take()
    house.minute(2)
    with pytest.warns(RuntimeWarning, match="slow") as again:
        house.look(30)

    assert (len(told), len(again)) == (1, 1)


# --- who waits for whom


def held_up(house: Lockstep, *, has_asked: bool) -> tuple[Subscription, Subscription]:
    """One that waits, and one that has the minute."""
    waits, holds = house.reader("A"), house.reader("B", has_asked=has_asked)
    house.minute(1)
    waits._take()
    return waits, holds


@pytest.mark.parametrize("has_asked", [True, False])
def test_who_waits_while_it_holds_up_the_tape_itself_is_told_at_once(
    house: Lockstep, monkeypatch: pytest.MonkeyPatch, has_asked: bool
) -> None:
    monkeypatch.setattr(threading, "enumerate", lambda: [threading.current_thread()])  # a test before may leave some
    waits, holds = held_up(house, has_asked=has_asked)

    with pytest.raises(Deadlock, match="subscription 'A' would wait for ever: subscription 'B'"):
        next(waits)
    assert holds.taken == 0


def test_who_waits_already_is_told_when_the_minute_comes(house: Lockstep) -> None:
    waits, holds = house.reader("A"), house.reader("B")
    woken: Future[None] = Future()
    house.fanout.waits(waits.seat, Wait("A", whoami(), woken))
    waits.seat.listens_from = 9
    house.minute(1)

    with pytest.raises(Deadlock, match="A would wait for ever: subscription 'B'"):
        woken.get(timeout=0)
    assert holds.taken == 0


def test_what_somebody_else_reads_is_waited_for(house: Lockstep) -> None:
    waits, holds = held_up(house, has_asked=True)
    waits._take()
    holds.seat.owner = Owner(thread=-1)
    woken: Future[None] = Future()
    house.fanout.waits(waits.seat, Wait("A", whoami(), woken))
    house.look(3)

    assert not woken.is_done()


def test_what_nobody_has_read_yet_may_be_about_to_be_by_another_thread_for_a_second(house: Lockstep) -> None:
    waits, holds = house.reader("A"), house.reader("B", has_asked=False)
    house.minute(1)
    waits._take(), waits._take()
    woken: Future[None] = Future()
    is_over = threading.Event()
    other = threading.Thread(target=is_over.wait)
    other.start()
    house.fanout.waits(waits.seat, Wait("A", whoami(), woken))
    house.fanout.watch(1.0)
    before = woken.is_done()
    house.fanout.watch(1.0)
    is_over.set()
    other.join()

    assert (before, woken.is_done(), holds.taken) == (False, True, 0)
