"""A live day played again as it was received: its journal's messages take the place of a tape."""

from bisect import bisect_left
from collections.abc import Sequence

from msgspec.structs import replace

from actors.market.faults import Faults
from actors.stream_coordinator.backtest.playback import Playback
from messages.base import Message
from messages.columns import Tape
from messages.events import BarArrived, BarsArrived, SessionBoundary, TimeAdvanced
from messages.inboxes import Journaled
from messages.repairs import AbandonGaps, BarsFilled, SessionSettled
from messages.values import Nanos

_OF_THE_RUN = (SessionBoundary, SessionSettled, AbandonGaps)
"""What this run says itself, when it comes to that."""


class LivedTape:
    """What a session was told, in order, each with the session's time at which it was.

    Args:
        told: the opening first.
    """

    def __init__(self, told: Sequence[tuple[Nanos, Journaled]]) -> None:
        opening = told[0][1]
        assert isinstance(opening, SessionBoundary), "a journal begins with its session's opening"
        self._opening = opening
        self._told = [(now_ns, message) for now_ns, message in told if not isinstance(message, _OF_THE_RUN)]

    def opening(self, boundary: SessionBoundary) -> SessionBoundary:
        """Return how the session opens, with the days before it, as it did then."""
        then = self._opening
        return replace(boundary, symbols=then.symbols, now_ns=then.now_ns, runs=then.runs, told=then.told, tape=None)

    def playback(self, tape: Tape) -> "LivedPlayback":
        """Return what plays it, minute by minute."""
        return LivedPlayback(tape, self._told)


class LivedPlayback(Playback):
    """Tells what came in a minute before it says that the minute is over; what came after the close, with the last."""

    def __init__(self, tape: Tape, told: Sequence[tuple[Nanos, Journaled]]) -> None:
        super().__init__(tape, Faults())
        self._by_slot: list[list[Journaled]] = [[] for _ in self._ends_ns]
        for now_ns, message in told:
            slot = min(bisect_left(self._ends_ns, now_ns), len(self._ends_ns) - 1)
            self._by_slot[slot].append(message)
        self.data_end_ns = self.session.close_ns

    def slots_until(self, instant_ns: Nanos | None, most: int) -> int:
        """Return how many of the next slots may be told at once: one."""
        del instant_ns, most
        return 1

    def play(self, slots: int, ticket: int) -> list[Message]:  # type: ignore[override]  # whatever a session may be told
        """Return what was told in the next minute, and that it is over."""
        assert slots == 1, "a lived day is told minute by minute"
        slot = self.position
        self.position += 1
        told = [_without_ticket(message) for message in self._by_slot[slot]]
        self._told.append(self._told[-1] + sum(map(_bars_in, told)))
        return [*told, TimeAdvanced(now_ns=self._ends_ns[slot], ticket=ticket)]

    def has_expired(self, now_ns: Nanos, timeout_ns: Nanos) -> bool:
        """Return that it has not: nobody waits for data that is there."""
        del now_ns, timeout_ns
        return False

    def is_silent(self, now_ns: Nanos, timeout_ns: Nanos) -> bool:
        """Return that it is not."""
        del now_ns, timeout_ns
        return False


def _without_ticket(message: Journaled) -> Journaled:
    return replace(message, ticket=0) if isinstance(message, TimeAdvanced | BarsArrived) else message


def _bars_in(message: Journaled) -> int:
    if isinstance(message, BarArrived):
        return 1
    return len(message.batch) if isinstance(message, BarsArrived | BarsFilled) else 0
