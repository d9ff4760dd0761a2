"""What it takes to certify a day too large for memory: what was seen of it while it was merged, and its digest."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

import msgspec
import numpy as np

from actors.importing.parts import Stretch
from actors.kernel.ports import StoredDay
from actors.market.axis import SessionAxis
from actors.market.planes import spread
from actors.market.sliced_digest import SlicedDigest
from actors.settings import DEFAULT_INTERVALS
from messages.columns import FIELDS, Mask, Verdicts
from messages.values import MINUTE_NS, Nanos, TradingSession, Verdict

_HOUR_NS = 60 * MINUTE_NS
_KEPT_BYTES = 1 << 20
"""As much of an interval's derived bars is in memory until it is hashed."""

Stored = Callable[[tuple[Nanos, Nanos]], StoredDay | None]
"""Gives what is stored of a day's symbols in a span."""


class Seen:
    """Which bars there are of a day and whose they are, noted stretch by stretch.

    Args:
        session: with all the hours that a certificate may be of.
        symbols: of the day, sorted.
    """

    def __init__(self, session: TradingSession, symbols: tuple[str, ...]) -> None:
        self._axis = SessionAxis(session)
        self._symbols = symbols
        self._place = {symbol: number for number, symbol in enumerate(symbols)}
        self._present = np.zeros((self._axis.slots, len(symbols)), dtype=np.bool_)
        self.holders: set[tuple[int, str]] = set()
        """Which file has bars of which symbol that lie in the session."""

    def note(self, stretch: Stretch) -> None:
        """Take a stretch."""
        slots, columns = self._axis.slots_of(stretch.start_ns), self._columns(stretch)
        inside = slots >= 0
        self._present[slots[inside], columns[inside]] = True
        files, place = np.unique(stretch.file, return_inverse=True)
        has_bars = np.zeros((len(files), len(self._symbols)), dtype=np.bool_)
        has_bars[place[inside], columns[inside]] = True
        self.holders.update((int(files[row]), self._symbols[at]) for row, at in np.argwhere(has_bars).tolist())

    def verdicts(self, session: TradingSession) -> Verdicts:
        """Return the verdicts of a day that was not stored before, in the hours of a session, slots x symbols."""
        rows = self._axis.slots_of(SessionAxis(session).starts_ns)
        return np.where(self._present[rows], np.uint8(Verdict.STREAMED), np.uint8(Verdict.MISSING))

    def _columns(self, stretch: Stretch) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
        place = np.array([self._place[symbol] for symbol in stretch.symbols], dtype=np.int32)
        found: np.ndarray[tuple[int], np.dtype[np.int32]] = place[stretch.symbol_index]
        return found


def stored_verdicts(stored: Stored, session: TradingSession, symbols: tuple[str, ...]) -> Verdicts:
    """Return the verdicts of what is stored, slots x symbols, read hour by hour."""
    planes = [np.empty((0, len(symbols)), dtype=np.uint8)]
    for piece, day in _hours(stored, session):
        planes.append(spread(SessionAxis(piece), symbols, day.bars, day.verdicts, 0)[1])
    return np.concatenate(planes)


def stored_digest(
    stored: Stored, session: TradingSession, symbols: tuple[str, ...], present: Mask, folder: Path | None
) -> str:
    """Return the digest of what is stored, read hour by hour.

    Args:
        stored: gives what is.
        session: with the hours used.
        symbols: a name for each column of ``present``, sorted.
        present: slots x symbols; whether there is a bar.
        folder: for temporary files; by default where the system keeps its own.
    """

    def keep() -> IO[bytes]:
        return tempfile.SpooledTemporaryFile(_KEPT_BYTES, dir=None if folder is None else str(folder))

    axis = SessionAxis(session)
    with closing(SlicedDigest(session.date, symbols, present, axis, DEFAULT_INTERVALS, keep)) as sliced:
        for piece, day in _hours(stored, session):
            sliced.take(spread(SessionAxis(piece), symbols, day.bars, day.verdicts, len(FIELDS))[0])
        return sliced.digest()


def _hours(stored: Stored, session: TradingSession) -> Iterator[tuple[TradingSession, StoredDay]]:
    """Yield a session cut into pieces of an hour or less, with what is stored of each."""
    for segment in session.segments:
        for start_ns in range(segment.start_ns, segment.end_ns, _HOUR_NS):
            end_ns = min(start_ns + _HOUR_NS, segment.end_ns)
            piece = msgspec.structs.replace(segment, start_ns=start_ns, end_ns=end_ns)
            day = stored((start_ns, end_ns))
            assert day is not None, "it has just been merged"
            yield msgspec.structs.replace(session, segments=(piece,)), day
