"""The two numbers, and what they are made of: for the open session or closed ones, by minute or by bar."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from actors.market.axis import SessionAxis
from actors.market.metrics import percent
from actors.session_data.hold.book import Book
from actors.session_data.hold.ledger import Ledger
from actors.session_data.past.history import History, HistoryDay
from messages.queries import GetQuality
from messages.replies import FirstRejected, Quality, QualityReport, VerdictCounts
from messages.tables.columns import Indices, Mask, Verdicts
from messages.values import FIRST_WITH_BAR, Interval, Verdict

_WORST = 10
_STORED = [verdict for verdict in Verdict if verdict not in (Verdict.MISSING, Verdict.PENDING)]


class Plane(msgspec.Struct, frozen=True, kw_only=True):
    """The verdicts of some symbols in one session."""

    axis: SessionAxis
    symbols: Sequence[str]
    verdicts: Verdicts
    """Slots x symbols."""
    closed: int
    """Slots ``[0, closed)`` are closed."""

    @classmethod
    def of_book(cls, book: Book, symbols: Sequence[str]) -> "Plane":
        """Return symbols of the open session; all have to be known there."""
        columns = [book.grid.columns[symbol] for symbol in symbols]
        return cls(axis=book.axis, symbols=symbols, verdicts=book.grid.verdicts[:, columns], closed=book.closed)

    @classmethod
    def of_day(cls, day: HistoryDay, symbols: Sequence[str]) -> "Plane":
        """Return those of the symbols that a closed session knew; none named: all."""
        if not symbols:
            return cls(axis=day.axis, symbols=day.grid.symbols, verdicts=day.grid.verdicts, closed=day.axis.slots)
        known = [symbol for symbol in symbols if symbol in day.columns]
        verdicts = day.grid.verdicts[:, [day.columns[symbol] for symbol in known]]
        return cls(axis=day.axis, symbols=known, verdicts=verdicts, closed=day.axis.slots)

    def tally(self, interval: Interval, *, extended: bool) -> "Tally":
        """Return what the regular minutes come to, or the rest."""
        regular = self.axis.regular
        parts = (slice(0, regular.start), slice(regular.stop, self.axis.slots)) if extended else (regular,)
        return Tally.sum_of(self._tally(interval, part) for part in parts)

    def _tally(self, interval: Interval, part: slice) -> "Tally":
        closed = slice(part.start, min(max(self.closed, part.start), part.stop))
        edges = self.axis.edges(interval)
        edges = edges[(edges >= part.start) & (edges <= closed.stop)]
        blocks = self.verdicts[edges[0] : edges[-1]] if len(edges) else self.verdicts[:0]
        has_bar = blocks >= FIRST_WITH_BAR
        return Tally(
            symbols=self.symbols,
            complete=_whole(has_bar, edges),
            good=_whole((has_bar & (blocks != Verdict.IN_PART)) | (blocks == Verdict.NO_TRADE), edges),
            closed=max(len(edges) - 1, 0),
            over=np.bincount(self.verdicts[closed].ravel(), minlength=len(Verdict)),
            still_open=np.bincount(self.verdicts[closed.stop : part.stop].ravel(), minlength=len(Verdict)),
        )


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What a part of a session comes to."""

    symbols: Sequence[str]
    complete: Indices
    """For each symbol, bars that have all their minutes."""
    good: Indices
    """For each symbol, bars of which every minute has a bar or never had one."""
    closed: int
    """Bars that are closed."""
    over: npt.NDArray[np.int64]
    """Closed minutes by verdict."""
    still_open: npt.NDArray[np.int64]
    """Other minutes by verdict; ``MISSING`` are those that are pending."""

    @classmethod
    def sum_of(cls, parts: Iterable["Tally"]) -> "Tally":
        """Return several parts as one; they are of the same symbols."""
        each = list(parts)
        return cls(
            symbols=each[0].symbols,
            complete=sum((part.complete for part in each[1:]), each[0].complete),
            good=sum((part.good for part in each[1:]), each[0].good),
            closed=sum(part.closed for part in each),
            over=sum((part.over for part in each[1:]), each[0].over),
            still_open=sum((part.still_open for part in each[1:]), each[0].still_open),
        )


def _whole(cells: Mask, edges: Indices) -> Indices:
    """Count for each column the blocks of which every cell is true."""
    if 1 < len(edges) <= len(cells):
        cells = np.bitwise_and.reduceat(cells.view(np.uint8), edges[:-1] - edges[0], axis=0).view(np.bool_)
    counts: Indices = cells.sum(axis=0, dtype=np.int32)
    return counts


def past_report(history: History, query: GetQuality) -> QualityReport:
    """Return the report over closed sessions, which need not know every symbol."""
    days = history.last(query.sessions)
    return report_of(
        [Plane.of_day(day, query.symbols) for day in days],
        query.interval,
        Ledger(),  # what came in is not kept longer than the session
        date=days[-1].date if days else "",
        sessions=tuple(day.date for day in days),
        short=query.sessions - len(days),
    )


def report_of(
    planes: Sequence[Plane],
    interval: Interval,
    ledger: Ledger,
    *,
    date: str,
    sessions: tuple[str, ...] = (),
    short: int = 0,
) -> QualityReport:
    """Return the report over one session or several.

    Args:
        planes: what it covers.
        interval: of the bars that count.
        ledger: what was received.
        date: of the last session.
        sessions: the closed sessions that it covers.
        short: how many of those that were asked for are not there.
    """
    regular = [plane.tally(interval, extended=False) for plane in planes]
    return QualityReport(
        session_date=date,
        quality=_quality(regular),
        extended_quality=_quality([plane.tally(interval, extended=True) for plane in planes]),
        worst=_worst(regular),
        received=ledger.received,
        accepted=ledger.accepted,
        rejected=ledger.rejected,
        duplicates=ledger.duplicates,
        outranked=ledger.outranked,
        revised=ledger.revised,
        outside=ledger.outside,
        gaps=ledger.gaps,
        reasons=tuple(sorted(ledger.reasons.items())),
        first_rejected=tuple(
            FirstRejected(reason=reason, source=event.source, bar=event.bar)
            for reason, event in sorted(ledger.first_rejected.items())
        ),
        interval=interval,
        sessions=sessions,
        short=short,
        ticks=ledger.ticks,
        quotes=ledger.quotes,
        bad_prints=tuple(sorted(ledger.bad_prints.items())),
    )


def _quality(tallies: Sequence[Tally]) -> Quality:
    complete = sum(int(tally.complete.sum()) for tally in tallies)
    good = sum(int(tally.good.sum()) for tally in tallies)
    closed = sum(tally.closed * len(tally.symbols) for tally in tallies)
    verdicts: Counter[str] = Counter()
    for tally in tallies:
        held = (tally.over + tally.still_open).tolist()
        verdicts.update({verdict.name.lower(): held[verdict] for verdict in _STORED})
        verdicts.update(missing=int(tally.over[Verdict.MISSING]), pending=int(tally.still_open[Verdict.MISSING]))
    return Quality(
        completeness=percent(complete, closed),
        bar_quality=percent(good, closed),
        closed=closed,
        verdicts=VerdictCounts(**verdicts),
    )


def _worst(tallies: Sequence[Tally]) -> tuple[tuple[str, float], ...]:
    """Return the symbols of the lowest completeness, worst first, less those that are complete."""
    complete: Counter[str] = Counter()
    closed: Counter[str] = Counter()
    for tally in tallies:
        complete.update(dict(zip(tally.symbols, tally.complete.tolist(), strict=True)))
        closed.update(dict.fromkeys(tally.symbols, tally.closed))
    shares = sorted((100.0 * complete[symbol] / closed[symbol], symbol) for symbol in closed if closed[symbol])
    return tuple((symbol, share) for share, symbol in shares[:_WORST] if share < 100.0)
