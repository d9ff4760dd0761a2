"""What it takes to certify a day too large for memory: which bars there are and whose, and the digest, span by span."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec
import numpy as np

from actors.importing.held.parts import Stretch
from actors.kernel.ports import StoredDay
from actors.market.axis import SessionAxis
from actors.market.planes import spread
from actors.market.sliced_digest import SlicedDigest
from actors.settings import DEFAULT_INTERVALS
from messages.tables.columns import FIELDS, Mask, Verdicts
from messages.values import FIRST_WITH_BAR, Nanos, TradingSession, Verdict

_CELLS = 200_000
"""As many cells of a piece are spread at once: 8 MB."""
_KEPT_BYTES = 1 << 20
"""As much of an interval's derived bars is in memory until it is hashed."""

Stored = Callable[[tuple[Nanos, Nanos]], StoredDay | None]
"""Gives what is stored of a day's symbols in a span."""


class Seen:
    """Which bars there are of a day, and whose they are.

    Args:
        session: with all the hours that a certificate may be of.
        symbols: of the day, sorted.
    """

    def __init__(self, session: TradingSession, symbols: tuple[str, ...]) -> None:
        self.session = session
        self._axis = SessionAxis(session)
        self._symbols = symbols
        self._place = {symbol: number for number, symbol in enumerate(symbols)}
        self._present = np.zeros((self._axis.slots, len(symbols)), dtype=np.bool_)
        self._of_file: dict[int, Mask] = {}

    def note(self, cells: Stretch) -> None:
        """Take some bars; their values are not looked at."""
        slots, columns, files = self._axis.slots_of(cells.start_ns), cells.symbol_index, cells.file
        if cells.symbols != self._symbols:
            place = np.array([self._place[symbol] for symbol in cells.symbols], dtype=np.int32)
            columns = place[columns]
        if slots.min(initial=0) < 0:
            inside = np.flatnonzero(slots >= 0)
            slots, columns, files = slots[inside], columns[inside], files[inside]
        # One index is faster than two into the table.
        self._present.ravel()[slots.astype(np.intp) * len(self._symbols) + columns] = True
        counts = np.bincount(files)
        for file in np.flatnonzero(counts).tolist():
            of_file = self._of_file.setdefault(file, np.zeros(len(self._symbols), dtype=np.bool_))
            of_file[columns if counts[file] == len(files) else columns[files == file]] = True

    @property
    def holders(self) -> list[tuple[int, str]]:
        """Which file has bars of which symbol that lie in the session, sorted."""
        return [
            (file, self._symbols[place])
            for file, of_file in sorted(self._of_file.items())
            for place in np.flatnonzero(of_file).tolist()
        ]

    def verdicts(self, session: TradingSession) -> Verdicts:
        """Return the verdicts of a day that was not stored before, in the hours of a session, slots x symbols."""
        rows = self._axis.slots_of(SessionAxis(session).starts_ns)
        return np.where(self._present[rows], np.uint8(Verdict.STREAMED), np.uint8(Verdict.MISSING))


class SpanDigest:
    """The digest of a day whose bars come span by span.

    Args:
        session: with the hours used.
        symbols: of the day, sorted.
        verdicts: of its bars, slots x symbols.
        folder: for temporary files; by default where the system keeps its own.
    """

    def __init__(
        self, session: TradingSession, symbols: tuple[str, ...], verdicts: Verdicts, folder: Path | None
    ) -> None:
        self.session = session
        self.verdicts = verdicts
        self._symbols = symbols
        self._folder = folder
        self._next_ns = session.start_ns
        present = verdicts >= FIRST_WITH_BAR
        self._sliced = SlicedDigest(
            session.date, symbols, present, SessionAxis(session), DEFAULT_INTERVALS, self._new_file
        )

    def take(self, day: StoredDay, end_ns: Nanos) -> None:
        """Take the bars of a span, up to where the next one begins."""
        self._take(day, end_ns)

    def digest(self) -> str:
        """Return it, once all bars have been taken."""
        self._take(None, self.session.end_ns)
        return self._sliced.digest()

    def close(self) -> None:
        """Give back the temporary files; may be called twice."""
        self._sliced.close()

    def _take(self, day: StoredDay | None, end_ns: Nanos) -> None:
        for piece in pieces(self.session, self._next_ns, end_ns, len(self._symbols)):
            axis = SessionAxis(piece)
            if day is None:
                self._sliced.take(np.full((axis.slots, len(FIELDS), len(self._symbols)), np.nan))
                continue
            first, last = np.searchsorted(day.bars.start_ns, (piece.start_ns, piece.end_ns)).tolist()
            bars, verdicts = day.bars.rows(first, last), day.verdicts[first:last]
            self._sliced.take(spread(axis, self._symbols, bars, verdicts, len(FIELDS))[0])
        self._next_ns = max(self._next_ns, end_ns)

    def _new_file(self) -> IO[bytes]:
        return tempfile.SpooledTemporaryFile(_KEPT_BYTES, dir=None if self._folder is None else str(self._folder))


def stored_verdicts(stored: Stored, session: TradingSession, symbols: tuple[str, ...]) -> Verdicts:
    """Return the verdicts of what is stored, slots x symbols, read piece by piece."""
    planes = [np.empty((0, len(symbols)), dtype=np.uint8)]
    for piece in pieces(session, session.start_ns, session.end_ns, len(symbols)):
        day = _read(stored, piece)
        planes.append(spread(SessionAxis(piece), symbols, day.bars, day.verdicts, 0)[1])
    return np.concatenate(planes)


def take_stored(spans: SpanDigest, stored: Stored) -> None:
    """Let a digest take what is stored, read piece by piece."""
    session = spans.session
    for piece in pieces(session, session.start_ns, session.end_ns, spans.verdicts.shape[1]):
        spans.take(_read(stored, piece), piece.end_ns)


def pieces(session: TradingSession, start_ns: Nanos, end_ns: Nanos, symbols: int) -> Iterator[TradingSession]:
    """Yield what of a session lies between two instants, in order of time, in pieces of not too many cells."""
    span_ns = max(1, _CELLS // max(1, symbols)) * session.base_interval.span_ns
    for segment in session.segments:
        first, last = max(segment.start_ns, start_ns), min(segment.end_ns, end_ns)
        for begin in range(first, last, span_ns):
            piece = msgspec.structs.replace(segment, start_ns=begin, end_ns=min(begin + span_ns, last))
            yield msgspec.structs.replace(session, segments=(piece,))


def _read(stored: Stored, piece: TradingSession) -> StoredDay:
    day = stored((piece.start_ns, piece.end_ns))
    assert day is not None, "it has just been merged"
    return day
