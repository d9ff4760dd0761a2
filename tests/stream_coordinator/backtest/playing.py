"""Tapes, plans, and a coordinator that is played by hand: every ticket is returned when the test says so."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from actors.kernel.listen.turnstile import Turnstile
from actors.settings import Settings
from actors.stream_coordinator.core import StreamCoordinatorCore
from messages import (
    AllowMinutes,
    Bar,
    BarBatch,
    BarsArrived,
    DayGrid,
    ListenFrom,
    Message,
    MinuteSettled,
    MinutesStaged,
    Pace,
    PrepareRun,
    Query,
    RecallMinutes,
    SessionBoundary,
    SessionPrefetched,
    SessionReport,
    SessionsPlanned,
    StartRun,
    SubscribersChanged,
    Tape,
    TimeAdvanced,
    TimerFired,
    TradingSession,
)
from tests.builders import minute_of, session_tiny
from tests.doubles import Outbox

MONDAY = session_tiny(3, day="2024-07-01")
TUESDAY = session_tiny(2, 2, day="2024-07-02")
FREE = Settings(store="none", pace=Pace.FREE, credit=8, minutes_per_ticket=8)
LOCKSTEP = Settings(store="none", pace=Pace.LOCKSTEP, credit=8, minutes_per_ticket=8)


def tape(session: TradingSession, symbols: Sequence[str] = ("A", "B"), skip: Iterable[int] = ()) -> Tape:
    """Bars of every minute but those to skip, counted from 0."""
    minutes = [start for part in session.segments for start in range(part.start_ns, part.end_ns, 60 * 10**9)]
    gone = set(skip)
    bars: list[Bar] = [
        bar for i, start in enumerate(minutes) if i not in gone for bar in minute_of(symbols, start, session=session)
    ]
    return Tape(session=session, batch=BarBatch.of(bars))


def prefetched(session: TradingSession, history: Sequence[DayGrid] = (), **more: Any) -> SessionPrefetched:
    return SessionPrefetched(tape=tape(session, **more), history=tuple(history))


CARRIERS = (BarsArrived, TimeAdvanced, SessionBoundary)
"""What a ticket travels with."""


class Hand:
    """A coordinator with its turnstile, and everything that comes out of the two: what other rooms hear."""

    def __init__(self, settings: Settings = FREE, *sessions: TradingSession, has_upkeep: bool = False) -> None:
        self.core = StreamCoordinatorCore(settings, has_upkeep=has_upkeep)
        self.said: list[Message] = []
        self.sessions = sessions or (MONDAY,)
        self.keeps_openings = False
        """Whether who comes at an open takes its time over that."""
        self.tickets: set[int] = set()
        """Out in the house: told, and not come home."""
        self._inside, self._credit = Outbox(), Outbox()
        self._door = Turnstile(self._inside, self._credit)

    def tell(self, *messages: Any) -> list[Message]:
        """Tell, and return what is said to that."""
        said: list[Message] = []
        for message in messages:
            for out in self.core.handle(message).out:
                if isinstance(out, MinutesStaged | AllowMinutes | RecallMinutes):
                    self._door.tell(out)
                    said += self._inside.take()
                    if isinstance(out, RecallMinutes):
                        said += self.tell(*self._credit.take())
                    continue
                said.append(out)
                if isinstance(out, ListenFrom) and out.is_ticketed and not self.keeps_openings:
                    said += self.tell(MinuteSettled(ticket=out.ticket))
            self.core.check()
        self.tickets |= {out.ticket for out in said if isinstance(out, CARRIERS) and out.ticket}
        self.said += said
        return said

    def ask(self, query: Query[Any]) -> Any:
        return self.core.handle(query).answer

    def opened(self, **more: Any) -> "Hand":
        """Go to where the first session stands at its open."""
        self.tell(PrepareRun(), SessionsPlanned(sessions=self.sessions), prefetched(self.sessions[0], **more))
        self.home()
        return self

    def lockstep(self, subscribers: int = 1) -> "Hand":
        self.tell(SubscribersChanged(count=subscribers))
        return self

    def play(self) -> list[Message]:
        return self.tell(StartRun())

    def home(self) -> list[Message]:
        """Let the oldest ticket that is out come home, by way of the turnstile."""
        ticket = min(self.tickets)
        self.tickets.discard(ticket)
        self._door.tell(MinuteSettled(ticket=ticket))
        passed = self._inside.take()
        self.tickets |= {minute.ticket for minute in passed}
        self.said += passed
        return passed + self.tell(*self._credit.take())

    def clock(self, seconds: float) -> list[Message]:
        return self.tell(TimerFired(clock_ns=round(seconds * 1e9)))

    def of(self, *kinds: type[Message]) -> list[Any]:
        return [message for message in self.said if isinstance(message, kinds)]


def played(messages: Iterable[Message]) -> list[BarsArrived | TimeAdvanced]:
    """The messages that each say that a minute, or a run of them, is over: those with a ticket."""
    return [message for message in messages if isinstance(message, BarsArrived | TimeAdvanced) and message.ticket]


def clock_of(messages: Iterable[Message]) -> list[int]:
    """How session time goes on: at minutes, and at the deadlines between them."""
    return [message.now_ns for message in messages if isinstance(message, BarsArrived | TimeAdvanced)]


def ends(messages: Iterable[Message]) -> list[int]:
    """When the minutes that were said to be over ended; of a run that was told at once, the last of them."""
    return [message.now_ns for message in played(messages)]


def shape(messages: Iterable[Message]) -> list[str]:
    """What was said, class by class; boundaries by their kind."""
    return [str(m.kind) if isinstance(m, SessionBoundary) else type(m).__name__ for m in messages]


def starts(messages: Iterable[Message]) -> list[int]:
    """The starts of the bars that arrived."""
    return [
        start for message in messages if isinstance(message, BarsArrived) for start in message.batch.start_ns.tolist()
    ]


def report_of(session: TradingSession) -> SessionReport:
    """What SessionData says of a session at its close, without symbols."""
    none = np.zeros(0)
    return SessionReport(
        session=session,
        symbols=(),
        bars=none.astype(np.int32),
        high=none,
        low=none,
        volume=none,
        closed=session.expected_minutes,
        intervals=(),
        derived=np.zeros((0, 0), dtype=np.int32),
    )
