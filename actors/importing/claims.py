"""What an import says about minutes that its files do not have, and the certificates that follow from it.

A file that is declared complete claims that an absent minute was not traded, in every session of every symbol that
it has a bar of. A day that has a certificate gets a new one whenever its bars have changed.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import msgspec
import numpy as np

from actors.importing.file_check import FileBars
from actors.importing.held.pile import Days
from actors.importing.large_certificate import Seen, SpanDigest, stored_verdicts, take_stored
from actors.kernel.ports import BarStore, TakesManyRuns
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.market.certificate import certificate_of, described, recertified, with_left
from actors.market.planes import spread
from actors.reading.format import RawBars
from actors.settings import DEFAULT_INTERVALS
from messages.certificates import SessionCertificate
from messages.errors import DataError
from messages.tables.columns import CLOSE, FIELDS
from messages.values import (
    MINUTE_NS,
    ONE_MINUTE,
    Interval,
    Segment,
    SegmentKind,
    TradingSession,
    Verdict,
    VerdictRun,
)

ISSUER = "import"


class _Claim:
    """What one file claims that is declared complete."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.covers_extended = False
        self.refused: set[tuple[str, str]] = set()
        """Dates and symbols of which it has a row that is no bar: of those it claims nothing."""
        self.is_void = False
        """Some of its rows cannot be read at all, so nobody knows which minutes they are of."""


class Large(NamedTuple):
    """What is known of a day before it is merged."""

    claims: dict[str, _Claim]
    """By symbol who claims its absent minutes."""
    spans: SpanDigest | None
    """Takes its bars while they are merged, if nothing else is needed to certify it."""


class Claims:
    """Remembers which files are declared complete, and certifies the days of an import once they are merged."""

    def __init__(
        self,
        store: BarStore,
        calendars: Callable[[str], Calendar],
        base: Interval = ONE_MINUTE,
        folder: Path | None = None,
    ) -> None:
        """Begin.

        Args:
            store: where days are merged into.
            calendars: gives a calendar by its name.
            base: the length of the bars.
            folder: for temporary files; by default where the system keeps its own.
        """
        self._folder = folder
        self._base = base
        self._store = store
        self._calendars = calendars
        self._claims: dict[int, _Claim] = {}
        self._certified: dict[str, frozenset[str]] = {}
        """By calendar the days that had a certificate before the import."""
        self._damaged: dict[tuple[str, str], str] = {}
        """Why the certificate of a day cannot be read, by calendar and date: it is left as it is."""
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
        claim.covers_extended = claim.covers_extended or _has_extended_hours(kept)
        # A row without prices says that nothing was traded; one that was refused for another reason says nothing.
        if len(kept.rows) == len(block.rows):
            return
        is_refused = np.isin(block.rows, kept.rows, invert=True) & ~np.isnan(block.values[: CLOSE + 1]).any(axis=0)
        if is_refused.any():
            assigned = calendar.assign(block.start_ns[is_refused])
            for date, symbol in zip(assigned.date_index.tolist(), block.symbol_index[is_refused].tolist(), strict=True):
                if date >= 0:
                    claim.refused.add((assigned.dates[date], block.symbols[symbol]))

    def forget(self, file: int) -> None:
        """Leave out what a file claimed that turned out to be broken further on."""
        self._claims.pop(file, None)

    def remarks(self) -> list[str]:
        """Return a sentence for each old certificate that cannot be read."""
        return [f"{why.rstrip('.')}: it was left as it is" for _, why in sorted(self._damaged.items())]

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

    def large(self, days: Days, *, is_new: bool) -> "Large | None":
        """Return what is to be known of a day before it is merged that is too large to be looked at twice.

        Args:
            days: one day.
            is_new: whether the store has no bar of it.
        """
        if days.is_whole or not self._claims:
            return None
        seen = Seen(self._whole(days), days.symbols)
        for cells in days.cells():
            seen.note(cells)
        claims, spans = self._claims_of(days, seen), None
        if is_new and claims and self._old(days) is None and not self._is_damaged(days):
            session = self._hours(None, claims, seen.session)
            spans = SpanDigest(session, days.symbols, seen.verdicts(session), self._folder)
        return Large(claims, spans)

    def certify_each(self, days: Days, large: "Large | None") -> int:
        """Issue certificates for merged days, where a file claims their absent minutes or they had one before.

        Args:
            days: the days.
            large: what was known before of a large one, whose ``spans`` took its bars while they were merged.

        Returns:
            How many have a new one.

        Raises:
            DataError: a certificate cannot be written.
            StoreLocked: another process is writing to the store.
        """
        if not self._claims:
            with self._looking:
                if days.calendar not in self._certified:
                    self._certified[days.calendar] = frozenset(self._store.certified(days.calendar))
            if self._certified[days.calendar].isdisjoint(days.dates):
                return 0
        return sum(self._certify(day, large) for day in days.each())

    def _certify(self, day: Days, large: "Large | None") -> bool:
        old = self._old(day)
        if self._is_damaged(day) or (old is None and not self._claims):
            return False
        session = self._whole(day)
        if large is None:
            seen = Seen(session, day.symbols)
            for cells in day.cells():
                seen.note(cells)
            large = Large(self._claims_of(day, seen), None)
        if old is None and not large.claims:
            return False
        hours = self._hours(old, large.claims, session)
        if old is None and not day.is_whole:
            self._certify_large(day, large, hours)
            return True
        new = self._certificate(day, old, large.claims, hours)
        if old is not None and _says_the_same(old, new):
            return False
        self._store.certify(day.calendar, day.date, new)
        return True

    def _certify_large(self, day: Days, large: Large, session: TradingSession) -> None:
        spans = large.spans
        if spans is None:
            stored = partial(self._store.read, day.calendar, day.date, day.symbols)
            verdicts = stored_verdicts(stored, session, day.symbols)
            spans = SpanDigest(session, day.symbols, verdicts, self._folder)
            take_stored(spans, stored)
        with closing(spans):
            new, runs = described(
                session, day.symbols, spans.verdicts, DEFAULT_INTERVALS, spans.digest(),
                runs=_runs(session, large.claims), issued_by=ISSUER, settled_ns=session.end_ns,
            )  # fmt: skip
        if isinstance(self._store, TakesManyRuns):
            self._store.certify_with(day.calendar, day.date, new, runs)
        else:
            self._store.certify(day.calendar, day.date, with_left(new, runs))

    def _old(self, day: Days) -> SessionCertificate | None:
        """Return the certificate that a day has; ``None``: it has none, or one that cannot be read, which is noted."""
        try:
            return self._store.certificate(day.calendar, day.date)
        except DataError as error:
            self._damaged[day.calendar, day.date] = str(error)
            return None

    def _is_damaged(self, day: Days) -> bool:
        return (day.calendar, day.date) in self._damaged

    def _whole(self, day: Days) -> TradingSession:
        """Return the session of a day with its extended hours."""
        session = self._calendars(day.calendar).extended_session(day.date)
        assert session is not None, "bars are only kept of days that have one"
        return msgspec.structs.replace(session, base_interval=self._base)

    def _claims_of(self, day: Days, seen: Seen) -> dict[str, _Claim]:
        """Return by symbol who claims its absent minutes: of several files one that has extended hours."""
        found: dict[str, _Claim] = {}
        for file, symbol in seen.holders:
            claim = self._claims.get(file)
            if claim is not None and not claim.is_void and (day.date, symbol) not in claim.refused:
                found[symbol] = claim if claim.covers_extended else found.get(symbol, claim)
        return found

    def _hours(
        self, old: SessionCertificate | None, claims: "dict[str, _Claim]", whole: TradingSession
    ) -> TradingSession:
        """Return the session with the hours that a certificate is of."""
        session = old.session if old else msgspec.structs.replace(whole, segments=whole.regular)
        if any(claim.covers_extended for claim in claims.values()):
            session = msgspec.structs.replace(session, segments=_with_extended(session, whole))
        return session

    def _certificate(
        self, day: Days, old: SessionCertificate | None, claims: dict[str, _Claim], session: TradingSession
    ) -> SessionCertificate:
        runs = _runs(session, claims)
        if old is None:
            there = self._store.read(day.calendar, day.date, day.symbols)
            assert there is not None, "it has just been merged"
            values, plane = spread(SessionAxis(session), day.symbols, there.bars, there.verdicts, len(FIELDS))
            return certificate_of(
                session, day.symbols, values, plane, DEFAULT_INTERVALS,
                runs=runs, issued_by=ISSUER, settled_ns=session.end_ns,
            )  # fmt: skip
        symbols = sorted({*day.symbols, *old.names})
        there = self._store.read(day.calendar, day.date, symbols)
        assert there is not None, "it has just been merged"
        return recertified(
            old,
            there.bars,
            there.verdicts,
            issued_by=ISSUER,
            symbols=symbols,
            segments=session.segments,
            runs=runs,
        )


def _says_the_same(old: SessionCertificate, new: SessionCertificate) -> bool:
    """Return whether a certificate differs from the one in its place only in who issued it, or in being younger."""
    seal = new.verdict_digest if old.verdict_digest is not None else None
    told = {"issued_by": old.issued_by, "replaces": old.replaces, "is_live": old.is_live, "verdict_digest": seal}
    return msgspec.structs.replace(new, **told) == old


def _runs(session: TradingSession, claims: Mapping[str, _Claim]) -> list[VerdictRun]:
    return [
        VerdictRun(
            symbol=symbol,
            verdict=Verdict.NO_TRADE,
            start_ns=session.start_ns if claim.covers_extended else session.open_ns,
            end_ns=session.end_ns if claim.covers_extended else session.close_ns,
            source=f"{ISSUER}: {claim.source}",
        )
        for symbol, claim in claims.items()
    ]


def _has_extended_hours(kept: FileBars) -> bool:
    """Whether bars show that a file covers extended hours: the closing auction's minute alone does not."""
    segment, date_index = kept.assignment.segment, kept.assignment.date_index
    if (segment == SegmentKind.PRE_MARKET).any():
        return True
    is_late = segment == SegmentKind.POST_MARKET
    return len(np.unique(kept.start_ns[is_late] // MINUTE_NS)) > len(np.unique(date_index[is_late]))


def _with_extended(session: TradingSession, whole: TradingSession) -> tuple[Segment, ...]:
    """Return a session's segments and, where it has none of its own, the extended ones of the whole day."""
    if len(session.regular) < len(session.segments):
        return session.segments
    extended = [segment for segment in whole.segments if segment.kind is not SegmentKind.REGULAR]
    return tuple(sorted([*session.segments, *extended], key=lambda segment: segment.start_ns))
