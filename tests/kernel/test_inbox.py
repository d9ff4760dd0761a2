"""The mailbox of a room: in order of arrival, and a hand-over only while the room is idle."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest
from pykka._envelope import Envelope

from actors.kernel.future import Future
from actors.kernel.inbox import Inbox
from actors.kernel.listen.seat import Filter, Seat
from actors.kernel.listen.stretch import Stretch
from messages import Policy
from messages.base import Event
from messages.queries import GetLatestBar

READER = Seat(1, "reader", Filter(), Policy.BLOCK, 2)


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until something is so: threads meet when they meet."""
    pause = threading.Event()
    for _ in range(5000):
        if is_so():
            return
        pause.wait(0.001)
    raise AssertionError("it never came to be")


class Room:
    """A thread that empties an inbox, as Pykka's does."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.handled: list[tuple[object, bool]] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.inbox.handler = self.handle
        self.thread = threading.Thread(target=self.run, daemon=True)

    def handle(self, item: object) -> None:
        self.may_go_on.wait(5)
        self.handled.append((item, threading.current_thread() is self.thread))

    def run(self) -> None:
        while (item := self.inbox.get()) is not None:
            self.handle(item)


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    made.thread.start()
    yield made
    made.may_go_on.set()
    made.inbox.put(None)
    made.thread.join(5)
    assert not made.thread.is_alive()


def test_what_is_put_is_handled_in_order_by_the_rooms_own_thread(room: Room) -> None:
    for item in range(100):
        room.inbox.put(item)

    eventually(lambda: len(room.handled) == 100)
    assert room.handled == [(item, True) for item in range(100)]


def test_what_is_handed_to_an_idle_room_is_handled_here_before_hand_returns(room: Room) -> None:
    room.inbox.put("first")
    eventually(lambda: room.handled == [("first", True)])
    eventually(lambda: room.inbox.hand("second"))

    assert room.handled == [("first", True), ("second", False)]


def test_a_room_that_has_not_begun_takes_nothing_by_hand() -> None:
    room = Room()

    assert not room.inbox.hand("early")
    assert room.handled == []


def test_an_inbox_without_a_handler_takes_nothing_by_hand() -> None:
    assert not Inbox().hand("lost")


def test_nothing_is_handed_past_what_waits(room: Room) -> None:
    room.may_go_on.clear()
    room.inbox.put("at work")
    room.inbox.put("waits")
    eventually(lambda: room.inbox.qsize() == 1)

    assert not room.inbox.hand("pushes in")
    room.may_go_on.set()
    eventually(lambda: [item for item, _ in room.handled] == ["at work", "waits"])


def test_nothing_is_handed_to_a_room_at_work(room: Room) -> None:
    room.may_go_on.clear()
    room.inbox.put("at work")
    eventually(room.inbox.empty)

    assert not room.inbox.hand("pushes in")
    assert not asyncio.run(_handed_in_a_loop(room, "pushes in"))


async def _handed_in_a_loop(room: Room, item: str) -> bool:
    return room.inbox.hand(item)


def test_a_room_hands_nothing_to_itself() -> None:
    inbox, taken = Inbox(), []
    inbox.handler = taken.append
    inbox.put("first")

    assert inbox.get() == "first"
    assert not inbox.hand("second")
    assert taken == []


def test_handed_and_told_together_are_one_at_a_time_and_each_once(room: Room) -> None:
    def tell() -> None:
        for item in range(500):
            room.inbox.put(("told", item))

    teller = threading.Thread(target=tell)
    teller.start()
    for item in range(500):
        if not room.inbox.hand(("handed", item)):
            room.inbox.put(("handed", item))
    teller.join(5)
    eventually(lambda: len(room.handled) == 1000)

    for kind in ("told", "handed"):
        assert [item for (sort, item), _ in room.handled if sort == kind] == list(range(500))


class Told(Event, frozen=True, kw_only=True):
    number: int


def test_what_a_room_is_told_while_it_is_handed_something_is_handled_there_too(room: Room) -> None:
    told = Envelope(Told(number=2))

    def handle(item: object) -> None:
        room.handle(item)
        if item == "first":
            room.inbox.put(told)

    room.inbox.handler = handle
    eventually(lambda: room.inbox.hand("first"))

    assert room.handled == [("first", False), (Told(number=2), False)]
    assert room.inbox.empty()


def test_what_a_room_is_asked_meanwhile_waits_for_its_own_thread(room: Room) -> None:
    asked = Envelope(Told(number=2), reply_to=Future())

    def handle(item: object) -> None:
        room.handle(item)
        if item == "first":
            room.inbox.put(asked)

    room.inbox.handler = handle
    eventually(lambda: room.inbox.hand("first"))

    eventually(lambda: len(room.handled) == 2)
    assert room.handled == [("first", False), (asked, True)]


def stretch_of(count: int) -> Stretch:
    return Stretch([Told(number=number) for number in range(count)], range(count))


def test_a_promise_is_made_here_if_the_room_is_idle(room: Room) -> None:
    stretch = stretch_of(3)
    room.inbox.promiser = lambda minutes, _: stretch if minutes == ["minute"] else None
    room.inbox.put("first")
    eventually(lambda: room.handled == [("first", True)])
    eventually(lambda: room.inbox.promise(["minute"], READER) is stretch)

    room.inbox.put("after")
    eventually(lambda: room.handled == [("first", True), ("after", True)])


def test_a_room_at_work_promises_nothing_nor_one_for_which_something_waits(room: Room) -> None:
    room.inbox.promiser = lambda *_: stretch_of(3)
    room.may_go_on.clear()
    room.inbox.put("at work")
    eventually(room.inbox.empty)
    at_work = room.inbox.promise([1], READER)
    room.inbox.put("waits")

    assert (at_work, room.inbox.promise([2], READER)) == (None, None)


def test_what_comes_while_a_promise_is_made_is_handled_by_the_rooms_own_thread(room: Room) -> None:
    def promise(*_: object) -> Stretch:
        room.inbox.put("meanwhile")
        return stretch_of(2)

    room.inbox.promiser = promise
    eventually(lambda: room.inbox.promise([1], READER) is not None)

    eventually(lambda: room.handled == [("meanwhile", True)])


def test_a_kept_answer_is_good_until_the_next_promised_minute_is_taken(room: Room) -> None:
    stretch, question = stretch_of(4), GetLatestBar(symbol="AAPL")
    room.inbox.promiser = lambda *_: stretch
    room.inbox.answerer = lambda _: stretch.passed
    eventually(lambda: room.inbox.promise([1], READER) is stretch)

    answers: list[object] = []
    for _ in range(3):
        for _ in range(2):
            answer = room.inbox.recall(question) or room.inbox.answer(question)
            assert answer is not None
            answers.append(answer.get())
        kept = room.inbox.recall(question)
        stretch.left.popleft()
        assert kept is not None
        assert room.inbox.recall(question) is None

    assert answers == [1, 1, 2, 2, 3, 3]


def test_a_room_goes_on_when_who_handed_it_something_is_interrupted(room: Room) -> None:
    def interrupted(item: object) -> None:
        room.inbox.put("meanwhile")
        raise KeyboardInterrupt

    room.inbox.put("first")
    eventually(lambda: room.handled == [("first", True)])
    room.inbox.handler = interrupted
    with pytest.raises(KeyboardInterrupt):
        eventually(lambda: room.inbox.hand("second"))
    room.inbox.put("third")

    eventually(lambda: room.handled[1:] == [("meanwhile", True), ("third", True)])
