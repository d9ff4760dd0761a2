"""What the type checkers must know, and what they must refuse; read by test_typing.py, never run.

A line that ends in ``# wrong`` must be an error to both checkers, and no other line may be one.
"""

from typing import assert_never, assert_type

from actors.kernel.address import Address, RoomAddress
from actors.kernel.future import Future
from actors.kernel.outcome import answer
from messages import (
    AddSymbols,
    Bar,
    BarArrived,
    BarWindow,
    Gap,
    GapDetected,
    GetBarCount,
    GetLastBars,
    GetLatestBar,
    GetStatus,
    PauseSystem,
    SystemStatus,
    TimeAdvanced,
)


def an_answer_has_the_type_that_its_query_names(room: RoomAddress) -> None:
    assert_type(room.ask(GetLatestBar(symbol="AAPL")), Future[Bar | None])
    assert_type(room.ask(GetLatestBar(symbol="AAPL")).get(timeout=1), Bar | None)
    assert_type(room.ask(GetLastBars(symbol="AAPL", count=1)), Future[BarWindow])
    assert_type(room.ask(AddSymbols(symbols=())), Future[tuple[str, ...]])
    assert_type(room.ask(PauseSystem()), Future[SystemStatus])
    future: Future[int] = room.ask(GetStatus())  # wrong
    del future


async def what_is_awaited_has_it_too(room: RoomAddress) -> None:
    assert_type(await room.ask(GetBarCount(symbol="AAPL")), int)


def an_event_cannot_be_asked(room: RoomAddress) -> None:
    room.ask(TimeAdvanced(now_ns=0))  # wrong


def a_reply_of_the_wrong_type_is_refused(count: GetBarCount, latest: GetLatestBar) -> None:
    answer(count, 3)
    answer(count, "three")  # wrong
    answer(count, None)  # wrong
    answer(latest, None)
    answer(latest, 3)  # wrong


def a_wide_address_may_be_handed_out_narrowed(wide: Address[BarArrived | GapDetected]) -> None:
    a_narrow_address_tells_nothing_else(wide)


def a_narrow_address_tells_nothing_else(narrow: Address[BarArrived]) -> None:
    narrow.tell(GapDetected(session_date="", gap=Gap(symbols=(), start_ns=0, end_ns=0)))  # wrong
    a_wide_address_may_be_handed_out_narrowed(narrow)  # wrong


def a_missing_arm_is_an_error(message: BarArrived | GapDetected | TimeAdvanced) -> str:
    match message:
        case BarArrived():
            return message.bar.symbol
        case GapDetected():
            return message.session_date
        case _:
            assert_never(message)  # wrong


def a_message_is_frozen_and_its_fields_are_named(moment: TimeAdvanced) -> None:
    moment.now_ns = 1  # wrong
    TimeAdvanced(1)  # wrong
    TimeAdvanced(now_ns="noon")  # wrong
