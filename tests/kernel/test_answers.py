"""Questions that find a room idle: answered in the thread of who asks, in the order that the mailbox would keep."""

import asyncio
import random
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from actors.kernel.address import RoomAddress
from actors.kernel.future import Answered, Future
from messages import (
    GetBarCount,
    GetBars,
    GetLatestBar,
    GetLatestQuote,
    GetSession,
    NotReady,
    TimeAdvanced,
    UnknownSymbol,
)
from messages.base import Query
from messages.values import ONE_MINUTE
from tests.depth import also_slow
from tests.doubles import Outbox
from tests.kernel.parts import SmallCore, SmallRoom

COUNT = GetBarCount(symbol="AAPL", interval=ONE_MINUTE)
MINUTE = TimeAdvanced(now_ns=1)


class NoisyCore(SmallCore):
    """Remembers in which thread it was asked, and may be interrupted there."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[int] = []
        self.error: BaseException | None = None

    def handle(self, message: Any) -> Any:
        if isinstance(message, Query):
            self.threads.append(threading.get_ident())
            if self.error is not None:
                raise self.error
        return super().handle(message)


@pytest.fixture
def core() -> NoisyCore:
    return NoisyCore()


@pytest.fixture
def room(core: NoisyCore) -> Iterator[RoomAddress]:
    from messages import MinuteSettled

    ref = SmallRoom.start(core, {MinuteSettled: (Outbox(),)}, Outbox())
    address = RoomAddress()
    address.attach(ref)
    ref.ask(GetSession())  # it is up, and about to wait
    yield address
    if ref.is_alive():
        ref.stop()


def idle(room: RoomAddress, query: Query[Any] = COUNT) -> Future[Any]:
    """Ask until the room was idle."""
    while True:
        asked = room.ask(query)
        if isinstance(asked, Answered):
            return asked
        asked.get(timeout=5)  # who only asks again would keep it from being idle


def test_an_idle_room_answers_in_the_thread_of_who_asks(room: RoomAddress, core: NoisyCore) -> None:
    found = idle(room)

    assert (found.get(timeout=0), found.is_done()) == (0, True)
    assert core.threads[-1] == threading.get_ident()


def test_what_was_told_before_is_seen(room: RoomAddress) -> None:
    for told in range(1, 200):
        room.tell(MINUTE)
        assert room.ask(COUNT).get(timeout=5) == told


def test_a_refusal_is_raised_when_the_answer_is_wanted(room: RoomAddress) -> None:
    asked = idle(room, GetLatestBar(symbol="AAPLE", interval=ONE_MINUTE))

    with pytest.raises(UnknownSymbol):
        asked.get(timeout=0)


def test_an_answer_that_is_there_can_be_awaited_mapped_and_asked_for_again(room: RoomAddress) -> None:
    room.tell(MINUTE)
    asked = idle(room)
    called: list[int] = []
    asked.when_done(lambda: called.append(1))
    asked.set(7)
    asked.set_exception(ValueError())

    assert asyncio.run(_awaited(asked)) == asked.get() == 1
    assert asked.map(lambda count: count + 1).get(timeout=1) == 2
    assert called == [1]


async def _awaited(asked: Future[Any]) -> Any:
    return await asked


def test_a_brief_answer_is_kept_until_something_is_told(room: RoomAddress, core: NoisyCore) -> None:
    first = idle(room)
    asked = len(core.threads)
    again = room.ask(COUNT)
    room.tell(MINUTE)

    assert again is first
    assert len(core.threads) == asked
    assert room.ask(COUNT).get(timeout=5) == 1


def test_a_brief_answer_is_kept_until_something_is_handed_over(room: RoomAddress) -> None:
    first = idle(room)
    room.hand(MINUTE)

    assert (first.get(), room.ask(COUNT).get(timeout=5)) == (0, 1)


def test_no_long_answer_and_no_refusal_is_kept(room: RoomAddress, core: NoisyCore) -> None:
    for query in (GetBars(symbol="AAPL"), GetLatestBar(symbol="AAPLE")):
        first = idle(room, query)
        asked = len(core.threads)

        assert idle(room, query) is not first
        assert len(core.threads) > asked


def test_so_many_answers_are_kept_and_no_more(room: RoomAddress, core: NoisyCore) -> None:
    for number in range(300):
        idle(room, GetLatestQuote(symbol=f"{number}"))
    asked = len(core.threads)
    for number in range(300):
        idle(room, GetLatestQuote(symbol=f"{number}"))

    assert 300 - 256 <= len(core.threads) - asked < 300


def test_a_room_that_is_gone_has_no_answers_left(room: RoomAddress) -> None:
    idle(room)
    room.stop()
    with pytest.raises(NotReady):
        _ask_for_ever(room)


def _ask_for_ever(room: RoomAddress) -> None:
    while True:
        room.ask(COUNT).get(timeout=5)


def test_an_interrupt_while_it_is_answered_is_that_of_who_asks_and_the_room_goes_on(
    room: RoomAddress, core: NoisyCore
) -> None:
    core.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        idle(room)
    core.error = None

    assert room.ask(COUNT).get(timeout=5) == 0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
@pytest.mark.parametrize("rounds", also_slow([60], [3000]))
def test_ctrl_c_at_any_step_of_a_question_leaves_the_room_going(room: RoomAddress, rounds: int) -> None:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)  # as Ctrl-C has it
    dice = random.Random(7)
    try:
        for told in range(1, rounds + 1):
            struck = 0
            try:
                signal.setitimer(signal.ITIMER_REAL, dice.uniform(1e-5, 3e-4))
                while True:
                    room.ask(GetBars(symbol="AAPL"))
            except KeyboardInterrupt:
                struck = 1
            room.tell(MINUTE)

            assert (struck, room.ask(COUNT).get(timeout=10)) == (1, told)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_however_threads_meet_each_sees_what_it_told_and_never_less_than_before(room: RoomAddress) -> None:
    rounds, tellers = 150, 4
    failures: list[str] = []

    def tell_and_ask() -> None:
        seen = 0
        for told in range(1, rounds + 1):
            room.tell(MINUTE)
            count = room.ask(COUNT).get(timeout=10)
            if count < told or count <= seen:
                failures.append(f"{count} after {told} told and {seen} seen")
            seen = count

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=tell_and_ask) for _ in range(tellers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(interval)

    assert failures == []
    assert room.ask(COUNT).get(timeout=5) == rounds * tellers
