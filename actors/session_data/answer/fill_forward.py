"""Closes carried forward over minutes without a bar, for readers who ask for it; the session itself never holds one."""

from collections.abc import Sequence

import msgspec
import numpy as np

from actors.session_data.hold.windows import Piece
from messages.tables.columns import CLOSE, OPEN, VOLUME


def carried(pieces: Sequence[Piece], *, is_across: bool) -> list[Piece]:
    """Return pieces whose blanks have the close before them and no volume; blanks before any close are left out.

    Args:
        pieces: of one symbol, in order of time, with their blanks.
        is_across: whether a close is carried from one piece into the next.
    """
    done: list[Piece] = []
    close = float("nan")
    for piece in pieces:
        if not is_across:
            close = float("nan")
        filled = _carried(piece, close)
        done.append(filled)
        if len(filled):
            close = float(filled.values[-1, CLOSE])
    return done


def bars_since_first(pieces: Sequence[Piece]) -> int:
    """Return how many bars and blanks there are from the first bar on: those that carrying will leave."""
    is_bar = np.concatenate([piece.counts > 0 for piece in pieces])
    return len(is_bar) - int(is_bar.argmax()) if is_bar.any() else 0


def _carried(piece: Piece, close: float) -> Piece:
    is_bar = piece.counts > 0
    latest = np.maximum.accumulate(np.where(is_bar, np.arange(len(piece)), -1))
    closes = np.where(latest >= 0, piece.values[latest, CLOSE], close)
    values = piece.values.copy()
    values[~is_bar, OPEN : CLOSE + 1] = closes[~is_bar, None]
    values[~is_bar, VOLUME] = 0.0
    filled = msgspec.structs.replace(piece, values=values)
    known = is_bar | np.isfinite(closes)
    return filled if bool(known.all()) else filled.cut(known)
