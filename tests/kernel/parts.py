"""A core that does what a test wants, and the room around it."""

from collections.abc import Sequence
from typing import Any, ClassVar

from actors.kernel.outcome import NOTHING, Outcome, answer, refuse, tell
from actors.kernel.shell import Shell
from messages import (
    GapDetected,
    GetBarCount,
    GetLatestBar,
    MinuteSettled,
    Query,
    Room,
    RunFinished,
    TimeAdvanced,
    UnknownSymbol,
)
from messages.values import Gap

GAP = GapDetected(session_date="2024-07-02", gap=Gap(symbols=("AAPL",), start_ns=0, end_ns=60))
"""To the core below: a message that its handler has a bug on."""


class SmallCore:
    """Counts minutes, knows one symbol, answers any other query with the query, and has a bug."""

    def __init__(self, *, is_sound: bool = True) -> None:
        self.minutes = 0
        self.is_sound = is_sound

    def handle(self, message: Any) -> Outcome:
        match message:
            case TimeAdvanced():
                self.minutes += 1
                return tell(MinuteSettled(ticket=message.ticket)) if message.ticket else NOTHING
            case GapDetected():
                raise RuntimeError("cannot divide by {zero}")
            case RunFinished():
                return tell(GAP)
            case GetBarCount():
                return answer(message, self.minutes)
            case GetLatestBar() if message.symbol != "AAPL":
                return refuse(message, UnknownSymbol.among(message.symbol, ["AAPL"]))
            case Query():
                return answer(message, message)
        raise AssertionError(f"unheard of: {message!r}")

    def check(self) -> None:
        assert self.is_sound


class SmallRoom(Shell):
    """A room around a ``SmallCore``."""

    room: ClassVar[Room] = Room.SESSION_DATA


def kinds(messages: Sequence[Any]) -> list[str]:
    return [type(message).__name__ for message in messages]
