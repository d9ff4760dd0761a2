"""Certificates of sessions, made from dense planes or from the bars of a stored day."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import msgspec
import numpy as np

from actors.market.axis import SessionAxis
from actors.market.digest import digest, verdict_digest
from actors.market.planes import left_of, spread, untold, with_runs
from messages.certificates import SessionCertificate, SymbolVerdicts
from messages.tables.columns import FIELDS, BarBatch, Floats, Verdicts
from messages.tables.runs import Runs
from messages.values import FIRST_WITH_BAR, Interval, Nanos, Segment, TradingSession, Verdict, VerdictRun

_CELLS_AT_ONCE = 1 << 20


def certificate_of(
    session: TradingSession,
    symbols: Sequence[str],
    values: Floats,
    verdicts: Verdicts,
    intervals: Sequence[Interval],
    *,
    runs: Sequence[VerdictRun] = (),
    issued_by: str,
    settled_ns: Nanos,
    is_live: bool = False,
) -> SessionCertificate:
    """Return the certificate of planes: counts, quality, digest and runs. What else happened, its issuer adds.

    Args:
        session: with the hours used.
        symbols: a name for each column, sorted.
        values: slots x fields x symbols.
        verdicts: slots x symbols.
        intervals: the derived bars that are in the digest.
        runs: who told of minutes without a bar; where there is a bar they are left out.
        issued_by: ``session``, ``fill`` or ``import``.
        settled_ns: session time at which every gap had its verdict.
        is_live: whether a live day issues it.
    """
    found = digest(session.date, symbols, values, verdicts >= FIRST_WITH_BAR, SessionAxis(session), intervals)
    return with_left(
        *described(
            session, symbols, verdicts, intervals, found,
            runs=runs, issued_by=issued_by, settled_ns=settled_ns, is_live=is_live,
        )
    )  # fmt: skip


def described(
    session: TradingSession,
    symbols: Sequence[str],
    verdicts: Verdicts,
    intervals: Sequence[Interval],
    digest_of_bars: str,
    *,
    runs: Sequence[VerdictRun] = (),
    issued_by: str,
    settled_ns: Nanos,
    is_live: bool = False,
) -> tuple[SessionCertificate, Callable[[], Iterator[Runs]]]:
    """Return the certificate of a plane of verdicts and a digest: as ``certificate_of``, which makes it of values.

    It has no runs: they come beside it, those of some symbols after the other, as often as they are asked for. So what
    it takes is little beside the plane.
    """
    axis = SessionAxis(session)
    regular, extended = list[SymbolVerdicts](), list[SymbolVerdicts]()
    of_symbol = defaultdict[str, list[VerdictRun]](list)
    for run in runs:
        of_symbol[run.symbol].append(run)
    at_once = max(1, _CELLS_AT_ONCE // max(1, axis.slots))
    pieces = list[tuple[Sequence[str], Verdicts, list[VerdictRun]]]()
    for first in range(0, len(symbols), at_once):
        names, of_names = symbols[first : first + at_once], verdicts[:, first : first + at_once]
        known = [run for name in names for run in of_symbol.get(name, ())]
        known.extend(untold(axis, names, of_names, known))
        plane = with_runs(axis, names, of_names, known)
        regular.extend(tally(names, plane[axis.regular]))
        if not axis.is_regular.all():
            extended.extend(tally(names, plane[~axis.is_regular]))
        pieces.append((names, of_names, known))
    completeness, bar_quality = quality_of(regular)
    certificate = SessionCertificate(
        calendar=session.calendar,
        date=session.date,
        tz=session.tz,
        segments=session.segments,
        base_interval=str(session.base_interval),
        intervals=tuple(map(str, intervals)),
        symbols=tuple(regular),
        extended=tuple(extended),
        completeness=completeness,
        bar_quality=bar_quality,
        digest=digest_of_bars,
        issued_by=issued_by,
        settled_ns=settled_ns,
        is_live=is_live,
        verdict_digest=verdict_digest(symbols, verdicts),
    )

    def left() -> Iterator[Runs]:
        for names, of_names, known in pieces:
            if known:
                yield left_of(axis, names, of_names >= FIRST_WITH_BAR, known)

    return certificate, left


def with_left(certificate: SessionCertificate, left: Callable[[], Iterator[Runs]]) -> SessionCertificate:
    """Return a certificate with its own runs and those that came beside it."""
    runs = (*certificate.runs, *chain.from_iterable(runs.each() for runs in left()))
    return msgspec.structs.replace(certificate, runs=runs)


def with_verdicts(certificate: SessionCertificate, verdicts: Verdicts) -> SessionCertificate:
    """Return a certificate that counts other verdicts of the same bars.

    Args:
        certificate: whose hours, symbols and runs.
        verdicts: slots x symbols, of the bars.
    """
    axis, names = SessionAxis(certificate.session), certificate.names
    plane = with_runs(axis, names, verdicts, certificate.runs)
    regular = tally(names, plane[axis.regular])
    completeness, bar_quality = quality_of(regular)
    return msgspec.structs.replace(
        certificate,
        symbols=regular,
        extended=() if bool(axis.is_regular.all()) else tally(names, plane[~axis.is_regular]),
        completeness=completeness,
        bar_quality=bar_quality,
        verdict_digest=verdict_digest(names, verdicts),
    )


def recertified(
    old: SessionCertificate,
    bars: BarBatch,
    verdicts: Verdicts,
    *,
    issued_by: str,
    symbols: Sequence[str] = (),
    segments: tuple[Segment, ...] = (),
    runs: Sequence[VerdictRun] = (),
    settled_ns: Nanos | None = None,
) -> SessionCertificate:
    """Return a certificate of the stored day as it is now, that tells what the old one told of how it came to be.

    Args:
        old: whose symbols, hours, intervals, gaps and rejections are kept.
        bars: of the stored day; those of other symbols are left out.
        verdicts: for each bar its verdict.
        issued_by: ``fill`` or ``import``.
        symbols: to be covered besides those of ``old``.
        segments: the hours used; by default those of ``old``.
        runs: told besides those of ``old``, which stay where both speak of a minute.
        settled_ns: by default when ``old`` settled.
    """
    session = msgspec.structs.replace(old.session, segments=segments or old.segments)
    names = sorted({*old.names, *symbols})
    values, plane = spread(SessionAxis(session), names, bars, verdicts, len(FIELDS))
    new = certificate_of(
        session,
        names,
        values,
        plane,
        tuple(map(Interval.parse, old.intervals)),
        runs=(*runs, *old.runs),
        issued_by=issued_by,
        settled_ns=old.settled_ns if settled_ns is None else settled_ns,
    )
    return msgspec.structs.replace(
        new,
        gaps=old.gaps,
        corrections=old.corrections,
        rejected=old.rejected,
        is_prefetched=old.is_prefetched,
        transition_ms=old.transition_ms,
    )


def stored_digest(certificate: SessionCertificate, bars: BarBatch) -> str:
    """Return the digest that a stored day has in the hours, symbols and intervals of a certificate.

    Args:
        certificate: whose hours, symbols and intervals.
        bars: of the day.
    """
    return as_stored(certificate, bars, np.full(len(bars), Verdict.STREAMED, dtype=np.uint8)).digest


def as_stored(certificate: SessionCertificate, bars: BarBatch, verdicts: Verdicts) -> SessionCertificate:
    """Return what a certificate would say of a stored day: its counts, its quality and its digests, made anew.

    Args:
        certificate: whose hours, symbols, intervals and runs.
        bars: of the day.
        verdicts: for each bar its verdict.
    """
    axis, names = SessionAxis(certificate.session), certificate.names
    values, plane = spread(axis, names, bars, verdicts, len(FIELDS))
    intervals = tuple(map(Interval.parse, certificate.intervals))
    found = digest(certificate.date, names, values, plane >= FIRST_WITH_BAR, axis, intervals)
    return with_verdicts(msgspec.structs.replace(certificate, digest=found), plane)


def tally(symbols: Sequence[str], verdicts: Verdicts) -> tuple[SymbolVerdicts, ...]:
    """Return how many minutes of each symbol have which verdict.

    Args:
        symbols: a name for each column.
        verdicts: minutes x symbols.
    """
    kinds, count = len(Verdict), len(symbols)
    counts = np.bincount((verdicts + np.arange(count) * kinds).ravel(), minlength=count * kinds).reshape(count, kinds)
    return tuple(
        SymbolVerdicts(
            symbol=symbol,
            streamed=streamed,
            late=late,
            filled=filled,
            corrected=corrected,
            in_part=in_part,
            no_trade=no_trade,
            abandoned=abandoned,
            missing=missing,
        )
        # in the order of Verdict
        for symbol, (missing, abandoned, no_trade, filled, streamed, late, corrected, in_part, _) in zip(
            symbols, counts.tolist(), strict=True
        )
    )


def quality_of(counts: Sequence[SymbolVerdicts]) -> tuple[float | None, float | None]:
    """Return completeness and bar quality in percent; ``None`` where no minute was expected."""
    bars, no_trade = sum(one.bars for one in counts), sum(one.no_trade for one in counts)
    minutes = bars + no_trade + sum(one.abandoned + one.missing for one in counts)
    if not minutes:
        return None, None
    good = bars + no_trade - sum(one.in_part for one in counts)
    return 100.0 * bars / minutes, 100.0 * good / minutes
