"""What readers ask of bars of several sessions: the one that the open session is part of, and those before it."""

from datetime import date

import numpy as np

from actors.session_data.answer.long_bars import Blocks, finished, long_bars
from actors.session_data.answer.past import adjusted
from actors.session_data.hold.windows import Column, Piece, bars_of
from actors.session_data.past.history import History
from messages.queries import GetHistory, GetLastBars
from messages.tables.columns import Mask
from messages.values import ONE_DAY, Interval, TradingSession


class LongReader:
    """Reads bars of an interval that is longer than a session.

    Args:
        history: the closed sessions.
        session: the open one.
        interval: of the bars.
    """

    def __init__(self, history: History, session: TradingSession, interval: Interval) -> None:
        self._history = history
        self._session = session
        self._today = date.fromisoformat(session.date).toordinal()
        self._blocks = Blocks(interval, session.calendar)

    def last(self, query: GetLastBars, column: Column) -> Piece:
        """Return the last bars; without history only the one that the open session is part of."""
        made = self._made(query.symbol, column, has_blanks=query.fill is not None, is_adjusted=query.is_adjusted)
        chosen = made if query.with_history else made.cut(self._is_of_today(made))
        told = finished(chosen, fill=query.fill is not None, partial=query.include_partial)
        return told.cut(slice(max(len(told) - query.count, 0), None))

    def of_session(self, symbol: str, column: Column, *, partial: bool = False, fill: bool = False) -> Piece:
        """Return the bar that the open session is part of, if it may be told."""
        made = self._made(symbol, column, has_blanks=fill)
        return finished(made.cut(self._is_of_today(made)), fill=fill, partial=partial)

    def closed(self, query: GetHistory) -> Piece:
        """Return the finished bars that end in the last closed sessions, each of them whole."""
        has_blanks = query.fill is not None
        made = self._made(query.symbol, None, has_blanks=has_blanks, is_adjusted=query.is_adjusted)
        dates = (*self._history.daily_dates, *self._history.dates)[-query.sessions :]
        told = finished(made, fill=has_blanks, partial=False)
        return told.cut(told.days >= (date.fromisoformat(dates[0]).toordinal() if dates else self._today))

    def _made(self, symbol: str, column: Column | None, *, has_blanks: bool, is_adjusted: bool = False) -> Piece:
        pieces = list(self._history.pieces_back(symbol, ONE_DAY, with_blanks=True))[::-1]
        if column is not None:
            pieces.append(bars_of(column, ONE_DAY, include_partial=True, with_blanks=True))
        if is_adjusted:
            pieces = adjusted(pieces, self._history.factors(symbol, self._session.date))
        dates, plan = (*self._history.daily_dates, *self._history.dates), self._history.plan
        oldest = dates[0] if dates else self._session.date
        return long_bars(
            pieces,
            self._blocks,
            today=self._today,
            oldest=date.fromisoformat(oldest).toordinal(),
            is_first=plan is not None and oldest <= plan.store_begins,
            has_blanks=has_blanks,
        )

    def _is_of_today(self, piece: Piece) -> Mask:
        today = self._blocks.of(np.array([self._today], dtype=np.int32))
        mask: Mask = self._blocks.of(piece.days) == today
        return mask


def finished_bars(history: History, symbol: str, interval: Interval) -> int:
    """Return how many bars of closed sessions can be read."""
    days = history.last(1)
    query = GetHistory(symbol=symbol, interval=interval, sessions=len((*history.daily_dates, *history.dates)))
    return len(LongReader(history, days[-1].grid.session, interval).closed(query)) if days else 0
