"""A live day played again as it was received: what it was told, when it was, takes the place of a tape."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from actors.market.axis import SessionAxis
from actors.market.faults import Faults
from actors.settings import Settings
from actors.stream_coordinator.backtest.playback import Playback
from actors.stream_coordinator.backtest.printed import Presence, told_of
from messages.base import Message
from messages.events import BarArrived, BarsArrived, SessionBoundary, TimeAdvanced
from messages.inboxes import Journaled
from messages.repairs import AbandonGaps, BarsFilled, SessionSettled
from messages.tables.columns import Tape
from messages.values import SECOND_NS, Nanos, Seen

_OF_THE_RUN = (SessionBoundary, SessionSettled, AbandonGaps)
"""What this run says itself, when it comes to that."""

_Told = Sequence[tuple[Nanos, Journaled]]
"""In order, each with the session's time at which it was told."""


class LivedTape:
    """What a session was told, by its journal.

    Args:
        told: the opening first.
    """

    def __init__(self, told: _Told) -> None:
        opening = told[0][1]
        assert isinstance(opening, SessionBoundary), "a journal begins with its session's opening"
        self._opening = opening
        self.members = opening.symbols
        self.told = [(now_ns, message) for now_ns, message in told if not isinstance(message, _OF_THE_RUN)]

    def opening(self, boundary: SessionBoundary) -> SessionBoundary:
        """Return how the session opens, with the days before it, as it did then."""
        then = self._opening
        return replace(boundary, symbols=then.symbols, now_ns=then.now_ns, runs=then.runs, told=then.told, tape=None)


def playing(tape: Tape, settings: Settings, lived: LivedTape | None) -> tuple[Playback, Seen]:
    """Return what plays a session, and what it shows of it.

    Args:
        tape: of the session.
        settings: how it is played.
        lived: what it was told on its day, by its journal; ``None``: there is none.
    """
    grace_ns = settings.rules.grace_ns
    if lived is not None:
        return LivedPlayback(tape, lived.told, grace_ns, lived.members), Seen.AS_LIVED
    if settings.seen is Seen.AS_KNOWN:
        return Playback(tape, settings.faults), Seen.AS_KNOWN
    if tape.prints is None:  # minutes close when they do on the days that were lived
        return LivedPlayback(tape, _in_time(tape), grace_ns, tape.batch.symbols), Seen.AS_KNOWN
    prints = tape.prints
    return LivedPlayback(tape, told_of(prints, tape.session), grace_ns, prints.members), Seen.AS_LIVED


def opening(boundary: SessionBoundary, tape: Tape, lived: LivedTape | None) -> SessionBoundary:
    """Return how a session opens: one that was lived with those who were there, and with nothing that came later."""
    if lived is not None:
        return lived.opening(boundary)
    if tape.prints is None:
        return boundary
    return replace(boundary, symbols=tape.prints.members, runs=(), told=None, tape=None, is_lived=True)


def _in_time(tape: Tape) -> list[tuple[Nanos, Journaled]]:
    """Return the bars of a tape as if each minute's had come at its end."""
    playback, told = Playback(tape, Faults()), list[tuple[Nanos, Journaled]]()
    while not playback.is_over:
        told += [(message.now_ns, message) for message in playback.play(1, 0)]
    return told


class LivedPlayback(Playback):
    """Stands still when a minute closes, and at each second in which bars came: nobody sees then what came after it.

    Args:
        tape: of the session, for its hours.
        told: what it was told.
        grace_ns: how long after its end a minute stays open.
        members: who was there at the opening.
    """

    def __init__(self, tape: Tape, told: _Told, grace_ns: Nanos, members: Iterable[str]) -> None:
        super().__init__(tape, Faults())
        self._closes_ns: list[int] = (SessionAxis(tape.session).ends_ns + grace_ns).tolist()
        self._closing = frozenset(self._closes_ns)
        steps = _Steps(self._closes_ns, members).take(told)
        self._ends_ns, self._by_step = steps.ends, steps.told
        self.data_end_ns = self.session.close_ns

    @property
    def minutes(self) -> int:
        """Minutes of the session."""
        return len(self._closes_ns)

    @property
    def ends_minute(self) -> bool:
        """Whether a minute closes with the next step."""
        return self.due_ns in self._closing

    def minutes_ended(self, now_ns: Nanos) -> int:
        """Return how many of the minutes that were played have closed by an instant."""
        played_ns = self._ends_ns[self.position - 1] if self.position else 0
        return bisect_right(self._closes_ns, min(now_ns, played_ns))

    def slots_until(self, instant_ns: Nanos | None, most: int) -> int:
        """Return how many of the next steps may be told at once: one."""
        del instant_ns, most
        return 1

    def play(self, slots: int, ticket: int) -> list[Message]:  # type: ignore[override]  # whatever a session may be told
        """Return what was told next, and that it was."""
        assert slots == 1, "a lived day is told step by step"
        step = self.position
        self.position += 1
        told = [_without_ticket(message) for message in self._by_step[step]]
        self._told.append(self._told[-1] + sum(map(_bars_in, told)))
        return [*told, TimeAdvanced(now_ns=self._ends_ns[step], ticket=ticket)]

    def has_expired(self, now_ns: Nanos, timeout_ns: Nanos) -> bool:
        """Return that it has not: nobody waits for data that is there."""
        del now_ns, timeout_ns
        return False

    def is_silent(self, now_ns: Nanos, timeout_ns: Nanos) -> bool:
        """Return that it is not."""
        del now_ns, timeout_ns
        return False


class _Steps:
    """Where to stand still: when a minute closes, and at the end of every second in which bars came.

    Args:
        closes_ns: when minutes close, ascending.
        members: who was there at the opening.
    """

    def __init__(self, closes_ns: Sequence[Nanos], members: Iterable[str]) -> None:
        self._closes_ns = closes_ns
        self._closed = 0
        self._presence = Presence(members)
        self._since: list[Journaled] = []
        self.ends: list[Nanos] = []
        """When they end."""
        self.told: list[list[Journaled]] = []
        """What is told in each."""

    def take(self, told: _Told) -> "_Steps":
        """Cut all that there is to tell."""
        seconds = [now_ns // SECOND_NS if _bars_in(message) else -1 for now_ns, message in told]
        for place, (now_ns, message) in enumerate(told):
            due = bisect_left(self._closes_ns, now_ns)  # those before have closed by then
            self._close(due)
            self._since.append(message)
            completes = sum(self._presence.completes(*cell) for cell in _cells_in(message)) > 0  # each is counted
            is_last = seconds[place] >= 0 and (
                place + 1 == len(told) or told[place + 1][0] // SECOND_NS > seconds[place]
            )
            if completes or is_last:
                self._stand(now_ns)
        self._close(len(self._closes_ns))
        if self._since:
            self._stand(max(self.ends[-1], told[-1][0]))
        return self

    def _close(self, due: int) -> None:
        for close_ns in self._closes_ns[self._closed : due]:
            self._stand(close_ns)
        self._closed = max(self._closed, due)

    def _stand(self, now_ns: Nanos) -> None:
        if self.ends and self.ends[-1] >= now_ns:  # twice in one moment: what came goes along
            self.told[-1] += self._since
        else:
            self.ends.append(now_ns)
            self.told.append(self._since)
        self._since = []


def _without_ticket(message: Journaled) -> Journaled:
    return replace(message, ticket=0) if isinstance(message, TimeAdvanced | BarsArrived) else message


def _bars_in(message: Journaled) -> int:
    if isinstance(message, BarArrived):
        return 1
    return len(message.batch) if isinstance(message, BarsArrived | BarsFilled) else 0


def _cells_in(message: Journaled) -> Iterator[tuple[str, Nanos]]:
    if isinstance(message, BarArrived):
        yield message.bar.symbol, message.bar.start_ns
    elif isinstance(message, BarsArrived | BarsFilled):
        yield from zip(message.batch.names(), message.batch.start_ns.tolist(), strict=True)
