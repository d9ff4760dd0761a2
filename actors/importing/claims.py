"""What an import says about minutes that its files do not have, and the certificates that follow from it.

A file that is declared complete claims that an absent minute was not traded, in every session of every symbol that
it has a bar of. A day that has a certificate gets a new one whenever its bars have changed.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from threading import Lock

import msgspec
import numpy as np

from actors.importing.file_check import FileBars
from actors.importing.parts import Stretch
from actors.importing.pile import Days
from actors.kernel.ports import BarStore
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.market.certificate import certificate_of, recertified
from actors.market.planes import spread
from actors.reading.format import RawBars
from actors.settings import DEFAULT_INTERVALS
from messages.certificates import SessionCertificate
from messages.columns import CLOSE, FIELDS, Floats, Verdicts
from messages.values import MINUTE_NS, ONE_MINUTE, Interval, Segment, SegmentKind, TradingSession, Verdict, VerdictRun

ISSUER = "import"
_HOUR_NS = 60 * MINUTE_NS


class _Claim:
    """What one file claims that is declared complete."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.covers_extended = False
        self.refused: set[tuple[str, str]] = set()
        """Dates and symbols of which it has a row that is no bar: of those it claims nothing."""
        self.is_void = False
        """Some of its rows cannot be read at all, so nobody knows which minutes they are of."""


class Claims:
    """Remembers which files are declared complete, and certifies the days of an import once they are merged."""

    def __init__(self, store: BarStore, calendars: Callable[[str], Calendar], base: Interval = ONE_MINUTE) -> None:
        self._base = base
        self._store = store
        self._calendars = calendars
        self._claims: dict[int, _Claim] = {}
        self._certified: dict[str, frozenset[str]] = {}
        """By calendar the days that had a certificate before the import."""
        self._looking = Lock()

    def note(self, file: int, source: str, calendar: Calendar, block: RawBars, kept: FileBars) -> None:
        """Take a block of a file that is declared complete.

        Args:
            file: its place among the reports.
            source: its format: files may be as many as days, and who told a verdict is counted in bytes.
            calendar: whose sessions the bars belong to.
            block: as it was read.
            kept: the bars of it that are kept.
        """
        claim = self._claims.setdefault(file, _Claim(source))
        claim.is_void |= block.broken.count > 0
        claim.covers_extended |= _has_extended_hours(kept)
        # A row without prices says that nothing was traded; one that was refused for another reason says nothing.
        is_refused = np.isin(block.rows, kept.rows, invert=True) & ~np.isnan(block.values[: CLOSE + 1]).any(axis=0)
        if is_refused.any():
            assigned = calendar.assign(block.start_ns[is_refused])
            for date, symbol in zip(assigned.date_index.tolist(), block.symbol_index[is_refused].tolist(), strict=True):
                if date >= 0:
                    claim.refused.add((assigned.dates[date], block.symbols[symbol]))

    def forget(self, file: int) -> None:
        """Leave out what a file claimed that turned out to be broken further on."""
        self._claims.pop(file, None)

    def rename(self, file: int, old: str, new: str) -> None:
        """Call a symbol of a file otherwise."""
        if claim := self._claims.get(file):
            claim.refused = {(date, new if symbol == old else symbol) for date, symbol in claim.refused}

    def objections(self, file: int) -> tuple[str, ...]:
        """Return why a file is not taken to be complete, or not in all, although it is declared so."""
        claim = self._claims.get(file)
        if claim is None or not (claim.is_void or claim.refused):
            return ()
        days = len({date for date, _ in claim.refused})
        where = "in it" if claim.is_void else f"of their symbols on {days} {'day' if days == 1 else 'days'}"
        return (f"declared complete, but some rows were rejected: absent minutes {where} are not taken as NO_TRADE",)

    def certify_each(self, days: Days) -> int:
        """Do so for each of several days; return how many have a new one.

        Raises:
            DataError: an old certificate cannot be read.
            StoreLocked: another process is writing to the store.
        """
        if not self._claims:
            with self._looking:
                if days.calendar not in self._certified:
                    self._certified[days.calendar] = frozenset(self._store.certified(days.calendar))
            if self._certified[days.calendar].isdisjoint(days.dates):
                return 0
        return sum(map(self.certify, days.each()))

    def certify(self, day: Days) -> bool:
        """Issue a certificate for a merged day, if a file claims its absent minutes or it had one before.

        Returns:
            Whether there is a new one.

        Raises:
            DataError: the old certificate cannot be read.
            StoreLocked: another process is writing to the store.
        """
        old = self._store.certificate(day.calendar, day.date)
        if old is None and not self._claims:
            return False
        session = self._calendars(day.calendar).extended_session(day.date)
        assert session is not None, "bars are only kept of days that have one"
        session = msgspec.structs.replace(session, base_interval=self._base)
        claims = self._claims_of(day, SessionAxis(session))
        if old is None and not claims:
            return False
        new = self._certificate(day, old, claims, session)
        if old is not None and _says_the_same(old, new):
            return False
        self._store.certify(day.calendar, day.date, new)
        return True

    def _claims_of(self, day: Days, axis: SessionAxis) -> dict[str, _Claim]:
        """Return by symbol who claims its absent minutes: of several files one that has extended hours."""
        found: dict[str, _Claim] = {}
        for file, symbol in sorted(set(chain.from_iterable(_holders(part, axis) for part in day.stretches()))):
            claim = self._claims.get(file)
            if claim is not None and not claim.is_void and (day.date, symbol) not in claim.refused:
                found[symbol] = claim if claim.covers_extended else found.get(symbol, claim)
        return found

    def _certificate(
        self, day: Days, old: SessionCertificate | None, claims: dict[str, _Claim], whole: TradingSession
    ) -> SessionCertificate:
        session = old.session if old else msgspec.structs.replace(whole, segments=whole.regular)
        if any(claim.covers_extended for claim in claims.values()):
            session = msgspec.structs.replace(session, segments=_with_extended(session, whole))
        runs = [_run(session, symbol, claim) for symbol, claim in claims.items()]
        if old is None:
            values, plane = self._planes(day, session)
            return certificate_of(
                session, day.symbols, values, plane, DEFAULT_INTERVALS,
                runs=runs, issued_by=ISSUER, settled_ns=session.end_ns,
            )  # fmt: skip
        symbols = sorted({*day.symbols, *old.names})
        stored = self._store.read(day.calendar, day.date, symbols)
        assert stored is not None, "it has just been merged"
        return recertified(
            old,
            stored.bars,
            stored.verdicts,
            issued_by=ISSUER,
            symbols=symbols,
            segments=session.segments,
            runs=runs,
        )

    def _planes(self, day: Days, session: TradingSession) -> tuple[Floats, Verdicts]:
        """Return what is stored of the day's symbols; where the day is large, it is read hour by hour."""
        axis, begin = SessionAxis(session), 0
        values = np.empty((axis.slots, len(FIELDS), len(day.symbols)))
        plane = np.empty((axis.slots, len(day.symbols)), dtype=np.uint8)
        for piece in (session,) if day.is_whole else _hours(session):
            stored = self._store.read(day.calendar, day.date, day.symbols, (piece.start_ns, piece.end_ns))
            assert stored is not None, "it has just been merged"
            of_piece = SessionAxis(piece)
            here = slice(begin, begin + of_piece.slots)
            values[here], plane[here] = spread(of_piece, day.symbols, stored.bars, stored.verdicts, len(FIELDS))
            begin = here.stop
        return values, plane


def _says_the_same(old: SessionCertificate, new: SessionCertificate) -> bool:
    """Return whether a certificate differs from the one in its place only in who issued it, or in being younger."""
    seal = new.verdict_digest if old.verdict_digest is not None else None
    told = {"issued_by": old.issued_by, "replaces": old.replaces, "is_live": old.is_live, "verdict_digest": seal}
    return msgspec.structs.replace(new, **told) == old


def _hours(session: TradingSession) -> Iterator[TradingSession]:
    """Yield a session cut into pieces of an hour or less."""
    for segment in session.segments:
        for start_ns in range(segment.start_ns, segment.end_ns, _HOUR_NS):
            end_ns = min(start_ns + _HOUR_NS, segment.end_ns)
            piece = msgspec.structs.replace(segment, start_ns=start_ns, end_ns=end_ns)
            yield msgspec.structs.replace(session, segments=(piece,))


def _holders(stretch: Stretch, axis: SessionAxis) -> Iterator[tuple[int, str]]:
    """Yield which file has bars of which symbol that lie in the session."""
    is_inside = axis.slots_of(stretch.start_ns) >= 0
    files, place = np.unique(stretch.file, return_inverse=True)
    is_there = np.zeros((len(files), len(stretch.symbols)), dtype=np.bool_)
    is_there[place[is_inside], stretch.symbol_index[is_inside]] = True
    return ((int(files[row]), stretch.symbols[column]) for row, column in np.argwhere(is_there).tolist())


def _run(session: TradingSession, symbol: str, claim: _Claim) -> VerdictRun:
    is_whole = claim.covers_extended
    return VerdictRun(
        symbol=symbol,
        verdict=Verdict.NO_TRADE,
        start_ns=session.start_ns if is_whole else session.open_ns,
        end_ns=session.end_ns if is_whole else session.close_ns,
        source=f"{ISSUER}: {claim.source}",
    )


def _has_extended_hours(kept: FileBars) -> bool:
    """Whether bars show that a file covers extended hours: the closing auction's minute alone does not."""
    segment, date_index = kept.assignment.segment, kept.assignment.date_index
    is_late = segment == SegmentKind.POST_MARKET
    late_minutes, late_days = len(np.unique(kept.start_ns[is_late] // MINUTE_NS)), len(np.unique(date_index[is_late]))
    return bool((segment == SegmentKind.PRE_MARKET).any()) or late_minutes > late_days


def _with_extended(session: TradingSession, whole: TradingSession) -> tuple[Segment, ...]:
    """Return a session's segments and, where it has none of its own, the extended ones of the whole day."""
    if len(session.regular) < len(session.segments):
        return session.segments
    extended = [segment for segment in whole.segments if segment.kind is not SegmentKind.REGULAR]
    return tuple(sorted([*session.segments, *extended], key=lambda segment: segment.start_ns))
