"""DataUpkeep at its desk: told of gaps and minutes, asked for requests, and answered as an upstream would."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from msgspec.structs import replace

from actors.data_upkeep.core import DataUpkeepCore
from actors.data_upkeep.health import SourceFacts
from actors.data_upkeep.prefetch import Prefetching
from actors.data_upkeep.repairs import Repairs
from actors.settings import UpkeepRules
from messages import (
    Bar,
    BarBatch,
    BarKeys,
    FetchAnswered,
    FetchBars,
    FillFailed,
    Gap,
    GapDetected,
    GapNarrowed,
    Message,
    MinuteApplied,
    PassTicket,
    TradingSession,
    WakeAt,
)
from messages.values import MINUTE_NS, Nanos
from tests.builders import DAY, at, bar, closed, opened

M = TypeVar("M")

ONE = (SourceFacts(name="upstream"),)
TWO = (SourceFacts(name="first"), SourceFacts(name="second"))
KNOWS = (SourceFacts(name="exchange", is_authoritative=True, delay_ns=2 * MINUTE_NS),)
STEADY = UpkeepRules(jitter=0.0)
"""Waits are exactly what they are told to be."""


def repairs(sources: Sequence[SourceFacts] = ONE, *, is_ordered: bool = True, **rules: Any) -> Repairs:
    return Repairs(UpkeepRules(**{"jitter": 0.0, **rules}), sources, is_ordered=is_ordered)


def gap(symbols: str, start: str | Nanos, end: str | Nanos | None = None, session: TradingSession = DAY) -> Gap:
    """Minutes ``[start, end)`` of symbols, by the exchange's clock; one minute where no end is given."""
    start_ns = at(start, session)
    return Gap(
        symbols=tuple(symbols), start_ns=start_ns, end_ns=start_ns + MINUTE_NS if end is None else at(end, session)
    )


def shown(given: Gap) -> tuple[str, int, int]:
    """A gap as the symbols, and from which minute of the day until which."""
    return "".join(given.symbols), (given.start_ns - DAY.start_ns) // MINUTE_NS, given_end(given)


def given_end(given: Gap) -> int:
    return (given.end_ns - DAY.start_ns) // MINUTE_NS


class Desk:
    """DataUpkeep's core, one open session, and everything that it says."""

    def __init__(
        self,
        sources: Sequence[SourceFacts] = ONE,
        *,
        session: TradingSession = DAY,
        is_ordered: bool = True,
        holds_tickets: bool = True,
        grace_ns: Nanos = 0,
        **rules: Any,
    ) -> None:
        self.session = session
        self.repairs = repairs(sources, is_ordered=is_ordered, **rules)
        self.core = DataUpkeepCore(
            Prefetching((), None, 0), self.repairs, grace_ns=grace_ns, holds_tickets=holds_tickets
        )
        self.said: list[Message] = []
        self.tickets = 0
        self.tell(opened(session))

    def tell(self, *messages: Any) -> list[Message]:
        said: list[Message] = []
        for message in messages:
            said += self.core.handle(message).out
            self.core.check()
        self.said += said
        return said

    def lacks(self, symbols: str, start: str | Nanos, end: str | Nanos | None = None) -> "Desk":
        """Minutes close without their bars, one after the other, as SessionData tells it."""
        whole = gap(symbols, start, end, self.session)
        step_ns = self.session.base_interval.span_ns
        for start_ns in range(whole.start_ns, whole.end_ns, step_ns):
            one = Gap(symbols=whole.symbols, start_ns=start_ns, end_ns=start_ns + step_ns)
            self.tell(GapDetected(session_date=self.session.date, gap=one))
        return self

    def now(self, clock: str | Nanos, plus_s: float = 0) -> list[Message]:
        """It is so late, and a ticket is out; return what is said."""
        self.tickets += 1
        now_ns = at(clock, self.session) + round(plus_s * 1e9)
        return self.tell(MinuteApplied(now_ns=now_ns, ticket=self.tickets))

    def came(self, symbols: str, start: str | Nanos, source: str = "tape") -> list[Message]:
        """A bar that was missing comes by itself."""
        narrowed = gap(symbols, start, None, self.session)
        return self.tell(GapNarrowed(session_date=self.session.date, gap=narrowed, source=source))

    def answer(self, request: FetchBars, *bars: Bar, no_trade: Sequence[Gap] = ()) -> list[Message]:
        return self.tell(FetchAnswered(fetch=request.fetch, batch=BarBatch.of(bars), no_trade=tuple(no_trade)))

    def serve(self, request: FetchBars) -> list[Message]:
        """Answer with every bar that was asked for."""
        base = self.session.base_interval
        minutes = range(request.start_ns, request.end_ns, base.span_ns)
        given = (bar(symbol, start) for symbol in request.symbols for start in minutes)
        return self.answer(request, *(replace(one, interval=base) for one in given))

    def fail(self, request: FetchBars, source: str = "upstream", **more: Any) -> list[Message]:
        return self.tell(FillFailed(fetch=request.fetch, source=source, reason="no answer", **more))

    def close(self) -> list[Message]:
        self.tell(closed(self.session))
        return self.now(self.session.end_ns)

    def of(self, kind: type[M]) -> list[M]:
        return [message for message in self.said if isinstance(message, kind)]


def keys(symbols: str, start: str, end: str) -> BarKeys:
    """Every minute of these symbols from one clock time to another."""
    minutes = np.arange(at(start), at(end), MINUTE_NS, dtype=np.int64)
    return BarKeys(
        symbols=tuple(symbols),
        symbol_index=np.tile(np.arange(len(symbols), dtype=np.int32), len(minutes)),
        start_ns=np.repeat(minutes, len(symbols)),
    )


def requests(said: Sequence[Message]) -> list[FetchBars]:
    return [message for message in said if isinstance(message, FetchBars)]


def wakes(said: Sequence[Message], since: str | Nanos = "09:30", session: TradingSession = DAY) -> list[float]:
    """When the desk wants to be woken: seconds after a clock time."""
    return [(message.due_ns - at(since, session)) / 1e9 for message in said if isinstance(message, WakeAt)]


def passed(said: Sequence[Message]) -> list[int]:
    """The tickets that went on."""
    return [message.ticket for message in said if isinstance(message, PassTicket)]


def only(said: Sequence[Message], kind: type[M]) -> M:
    """The one message of a kind."""
    (found,) = (message for message in said if isinstance(message, kind))
    return found
