"""Reaching a room that is there, that is not there yet, and that is gone."""

import time
from collections.abc import Iterator

import pytest

from actors.kernel.address import RoomAddress
from messages import GetBarCount, MinuteSettled, NotReady, RoomStarted, RoomStopped, TimeAdvanced, UnknownSymbol
from messages.queries import GetLatestBar
from tests.doubles import Outbox
from tests.kernel.parts import SmallCore, SmallRoom
from tests.patience import PATIENCE_S


@pytest.fixture
def boss() -> Outbox:
    return Outbox()


@pytest.fixture
def room(boss: Outbox) -> Iterator[RoomAddress]:
    address = RoomAddress()
    address.attach(SmallRoom.start(SmallCore(), {MinuteSettled: (boss,)}, boss))
    yield address
    stopped(address)


def stopped(room: RoomAddress) -> RoomAddress:
    """Stop the room and wait until it has."""
    assert room._ref is not None
    room.stop()
    assert room._ref.actor_stopped.wait(10)
    return room


def test_what_was_told_before_is_in_the_answer(room: RoomAddress) -> None:
    for _ in range(5):
        room.tell(TimeAdvanced(now_ns=0))

    assert room.ask(GetBarCount(symbol="AAPL")).get(timeout=10) == 5
    assert room.is_alive


def test_a_question_can_be_refused(room: RoomAddress) -> None:
    with pytest.raises(UnknownSymbol, match="'APL'; nearest: AAPL"):
        room.ask(GetLatestBar(symbol="APL")).get(timeout=10)


def test_a_room_handles_what_is_in_its_mailbox_and_then_stops(room: RoomAddress, boss: Outbox) -> None:
    for ticket in (1, 2, 3):
        room.tell(TimeAdvanced(now_ns=0, ticket=ticket))
    stopped(room)
    until = time.monotonic() + PATIENCE_S  # it says so itself, a moment after Pykka does
    while not boss.of(RoomStopped) and time.monotonic() < until:
        time.sleep(0.002)

    assert [settled.ticket for settled in boss.of(MinuteSettled)] == [1, 2, 3]
    assert isinstance(boss.messages[0], RoomStarted)
    assert isinstance(boss.messages[-1], RoomStopped)
    assert not room.is_alive


@pytest.mark.parametrize("is_attached", [True, False])
def test_telling_a_room_that_is_gone_or_never_was_is_too_late_and_says_nothing(
    room: RoomAddress, boss: Outbox, is_attached: bool
) -> None:
    address = stopped(room) if is_attached else RoomAddress()
    before = list(boss.messages)
    address.tell(TimeAdvanced(now_ns=0, ticket=9))

    assert boss.messages == before


def test_asking_before_the_start_fails_at_once() -> None:
    with pytest.raises(NotReady, match="not started, or is closed"):
        RoomAddress().ask(GetBarCount(symbol="AAPL")).get(timeout=0)


def test_asking_a_room_that_is_gone_fails_at_once(room: RoomAddress) -> None:
    stopped(room)

    with pytest.raises(NotReady, match="the system is closed"):
        room.ask(GetBarCount(symbol="AAPL")).get(timeout=0)


def test_what_nobody_answers_any_more_fails(room: RoomAddress) -> None:
    room.stop()
    late = [room.ask(GetBarCount(symbol="AAPL")) for _ in range(20)]
    stopped(room)

    for future in late:
        with pytest.raises(NotReady, match="the system is closed"):
            future.get(timeout=10)


def test_stopping_what_never_started_is_nothing() -> None:
    RoomAddress().stop()

    assert not RoomAddress().is_alive
