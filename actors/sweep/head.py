"""The head of a sweep: deals pieces out, gathers what comes back, and gives to another who a dead worker had."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from actors.sweep.crew import Crew, Report
from actors.sweep.pieces import Outcome, Piece, Row
from actors.sweep.plan import Chain, Plan
from messages.errors import SettingsError, SystemFailed

MOST_DEATHS = 3
"""So many workers may die of one piece."""
_MOST_AT_ONCE = 8
"""Sets of parameters in a piece: few, so that a killed worker costs little; what it has read of the day is kept."""
_MOST_TOGETHER = 64


class Dealer:
    """Which pieces are yet to be played, and who should play which.

    A worker goes on with the session that it has in memory, then with the next one after it that nobody is at.

    Args:
        plan: the sweep.
        done: the tasks that need not be played any more.
        carried: what the last session of each chain left that is done so far.
        seats: how many workers there are.
        stretch: how many sessions in a row are a piece where each needs the one before.
        together: whether all sets of parameters of a session are played at once.
    """

    def __init__(
        self,
        plan: Plan,
        done: Iterable[tuple[str, str | None, int]],
        carried: dict[tuple[str | None, int], bytes | None],
        *,
        seats: int,
        stretch: int,
        together: bool,
    ) -> None:
        self._done = frozenset(done)
        self._stretch = stretch
        self._numbers = 0
        self._dates = sorted({date for chain in plan.chains for date in chain.dates})
        self._place = {date: place for place, date in enumerate(self._dates)}
        self._ready: dict[str, list[Piece]] = {}
        self._next: dict[int, tuple[Chain, int]] = {}
        """By the number of a piece: its chain, and where in it the next one begins."""
        self._at = [len(self._dates) * seat // seats for seat in range(seats)]
        if plan.is_chained:
            for chain in plan.chains:
                left = [date for date in chain.dates if (date, chain.symbol, chain.parameters) not in self._done]
                self._continue(chain, len(chain.dates) - len(left), carried.get((chain.symbol, chain.parameters)))
        else:
            self._make_apart(plan, _MOST_TOGETHER if together else _MOST_AT_ONCE)

    def take(self, seat: int) -> Piece | None:
        """Return what a seat plays next; ``None``: nothing can be played now."""
        if not self._ready:
            return None
        mine, busy = self._at[seat], {at for other, at in enumerate(self._at) if other != seat}
        here = [self._place[date] for date in self._ready]
        chosen = min(here, key=lambda at: (at != mine, at in busy, (at - mine) % len(self._dates)))
        self._at[seat] = chosen
        date = self._dates[chosen]
        piece = self._ready[date].pop(0)
        if not self._ready[date]:
            del self._ready[date]
        return piece

    def give_back(self, piece: Piece) -> None:
        """A worker died of a piece: it is the next to be played."""
        self._ready.setdefault(piece.dates[0], []).insert(0, piece)

    def follow(self, outcome: Outcome) -> None:
        """A piece is done: the one that needs what it left can be played."""
        if outcome.number in self._next:
            chain, start = self._next.pop(outcome.number)
            if outcome.rows[-1].error is None:
                self._continue(chain, start, outcome.carried)

    def never(self, piece: Piece, reason: str) -> tuple[Row, ...]:
        """Return the rows of a piece that cannot be played, and of all that would have come after it."""
        chain, start = self._next.pop(piece.number, (None, 0))
        rows = [
            Row(date=date, symbol=piece.symbol, parameters=number, error=reason)
            for date in piece.dates
            for number in piece.parameters
        ]
        return (*rows, *self._rest(chain, start, piece.dates[0]))

    def unplayed(self, outcome: Outcome) -> tuple[Row, ...]:
        """Return the rows of all that would have come after a piece, if that ended in an error."""
        chain, start = self._next.get(outcome.number, (None, 0))
        if outcome.rows[-1].error is None:
            return ()
        failed = next(row.date for row in outcome.rows if row.error is not None)
        return self._rest(chain, start, failed)

    def _rest(self, chain: Chain | None, start: int, failed: str) -> tuple[Row, ...]:
        if chain is None:
            return ()
        told: dict[str, Any] = {"symbol": chain.symbol, "parameters": chain.parameters}
        error = f"not played, for {failed} failed before it"
        return tuple(Row(date=date, error=error, **told) for date in chain.dates[start:])

    def _continue(self, chain: Chain, start: int, carried: bytes | None) -> None:
        """Make the next piece of a chain ready, if it has not come to its end."""
        dates = chain.dates[start : start + self._stretch]
        if dates:
            piece = self._piece(dates, chain.symbol, (chain.parameters,), carried)
            self._next[piece.number] = chain, start + len(dates)

    def _make_apart(self, plan: Plan, most: int) -> None:
        """Make a piece of every session, symbol and so many sets of parameters."""
        wanted: dict[tuple[str, str | None], list[int]] = {}
        for chain in plan.chains:
            for date in chain.dates:
                if (date, chain.symbol, chain.parameters) not in self._done:
                    wanted.setdefault((date, chain.symbol), []).append(chain.parameters)
        for (date, symbol), numbers in wanted.items():
            for first in range(0, len(numbers), most):
                self._piece((date,), symbol, tuple(numbers[first : first + most]), None)

    def _piece(
        self, dates: tuple[str, ...], symbol: str | None, parameters: tuple[int, ...], carried: bytes | None
    ) -> Piece:
        self._numbers += 1
        piece = Piece(number=self._numbers, dates=dates, symbol=symbol, parameters=parameters, carried=carried)
        self._ready.setdefault(dates[0], []).append(piece)
        return piece


class Head:
    """Has all pieces played, and hands on what comes back.

    Args:
        dealer: what is to be played.
        crew: who plays.
        on_outcome: called with all that comes back, in this thread.
        on_idle: called in this thread when nothing has come for a moment.
    """

    def __init__(
        self,
        dealer: Dealer,
        crew: Crew,
        on_outcome: Callable[[Outcome], None],
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._dealer = dealer
        self._crew = crew
        self._on_outcome = on_outcome
        self._on_idle = on_idle
        self._out: dict[int, Piece] = {}
        self._deaths: dict[int, int] = {}
        self._deaths_in_a_row = 0

    def run(self) -> None:
        """Play to the end.

        Raises:
            SettingsError: no worker can play this sweep.
            SystemFailed: workers die whatever they are given.
        """
        self._deal()
        while self._out:
            report = self._crew.wait()
            if report is None:
                self._on_idle()
                continue
            self._heard(report)
            self._deal()

    def _deal(self) -> None:
        for seat in range(self._crew.seats):
            if seat not in self._out and (piece := self._dealer.take(seat)) is not None:
                self._out[seat] = piece
                self._crew.give(seat, piece)

    def _heard(self, report: Report) -> None:
        if report.refusal is not None:
            raise SettingsError(f"the workers cannot play this strategy: {report.refusal}")
        piece = self._out.pop(report.seat)
        if report.outcome is not None:
            self._deaths_in_a_row = 0
            rest = self._dealer.unplayed(report.outcome)
            self._dealer.follow(report.outcome)
            self._on_outcome(msgspec.structs.replace(report.outcome, rows=(*report.outcome.rows, *rest)))
            return
        self._deaths_in_a_row += 1
        deaths = self._deaths[piece.number] = self._deaths.get(piece.number, 0) + 1
        if deaths < MOST_DEATHS:
            self._dealer.give_back(piece)
        else:
            reason = f"{report.death}, {deaths} times one after the other"
            self._on_outcome(Outcome(number=piece.number, rows=self._dealer.never(piece, reason)))
        if self._deaths_in_a_row > MOST_DEATHS * (self._crew.seats + 1):
            raise SystemFailed(f"worker after worker ends before it has played anything; the last: {report.death}")
