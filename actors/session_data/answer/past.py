"""What readers ask of closed sessions: their bars, raw or adjusted, alone or before those of the open one."""

import itertools
from collections.abc import Sequence

import msgspec

from actors.market.back_adjustment import Factors
from actors.session_data.answer.fill_forward import bars_since_first, carried
from actors.session_data.hold.windows import Piece
from actors.session_data.past.history import History
from messages.queries import GetHistory, GetLastBars
from messages.tables.columns import CLOSE, FIELDS, OPEN, VOLUME, VWAP


def closed_bars(history: History, query: GetHistory, date: str) -> list[Piece]:
    """Return the bars of the last closed sessions, oldest first.

    Args:
        history: where they are.
        query: which of them, and how they shall be given.
        date: of the session that readers see; what is adjusted is comparable with it.
    """
    has_blanks = query.fill is not None
    pieces = history.sessions(query.symbol, query.interval, query.sessions, with_blanks=has_blanks)
    if query.is_adjusted:
        pieces = adjusted(pieces, history.factors(query.symbol, date))
    return carried(pieces, is_across=query.interval.is_daily) if has_blanks else pieces


def last_bars(history: History, query: GetLastBars, today: Piece, date: str) -> list[Piece]:
    """Return the last bars, those of the open session included, oldest first; at most as many as were asked for.

    Args:
        history: where those before are.
        query: how many, and how they shall be given.
        today: the open session's, with its blanks where they shall be carried.
        date: of the open session.
    """
    pieces = [today]
    if query.with_history:
        pieces = _reaching_back(history, query, today)
    if query.is_adjusted:
        pieces = adjusted(pieces, history.factors(query.symbol, date))
    if query.fill is not None:
        pieces = carried(pieces, is_across=True)
    return _last(pieces, query.count)


def _reaching_back(history: History, query: GetLastBars, today: Piece) -> list[Piece]:
    """Return as many sessions as hold the bars that were asked for, or all."""
    has_blanks = query.fill is not None
    pieces = [today]
    for piece in history.pieces_back(query.symbol, query.interval, with_blanks=has_blanks):
        enough = bars_since_first(pieces) if has_blanks else sum(map(len, pieces))
        if enough >= query.count:
            break
        pieces.insert(0, piece)
    return pieces


def _last(pieces: Sequence[Piece], count: int) -> list[Piece]:
    """Return the last so many bars; pieces that come before them are left out."""
    after = itertools.accumulate((len(piece) for piece in reversed(pieces)), initial=0)
    return [
        piece.cut(slice(max(len(piece) - (count - held), 0), None))
        for piece, held in zip(reversed(pieces), after, strict=False)
        if held < count
    ][::-1]


def adjusted(pieces: Sequence[Piece], factors: Factors) -> list[Piece]:
    """Return pieces with splits and dividends taken out."""
    return [_adjusted(piece, factors) for piece in pieces]


def _adjusted(piece: Piece, factors: Factors) -> Piece:
    of_prices, of_volumes = factors.of(piece.days)
    values = piece.values.copy()
    values[:, OPEN : CLOSE + 1] *= of_prices[:, None]
    values[:, VOLUME] *= of_volumes
    if values.shape[1] > len(FIELDS):
        values[:, VWAP] *= of_prices
    return msgspec.structs.replace(piece, values=values)
