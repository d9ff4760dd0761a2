"""What a live run came to: a table for people, one object for programs."""

import contextlib
from collections.abc import Iterable, Mapping

import msgspec

from actors.doors.remote.live_look import LiveLook
from actors.doors.show import figures
from actors.doors.show.paper import Column, Sheet
from actors.kernel.ports import StoredDay
from actors.reading.spelling.addresses import Place
from actors.storage.elsewhere.opening import open_store
from messages.certificates import SessionCertificate
from messages.errors import DataError
from messages.lifecycle import FeedStatus
from messages.replies import VerdictCounts
from messages.values import TradingSession


class LiveSession(msgspec.Struct, frozen=True, kw_only=True):
    """One session, as the JSON of ``live`` has it; minutes are counted for each symbol, regular hours."""

    date: str
    open: str
    close: str
    symbols: int
    bars: int
    late: int
    """Of the bars: those that came after their minute was closed."""
    filled: int
    """Of the bars: those that were fetched."""
    in_part: int
    """Of the bars: those made of a part of their trades, of which nobody has said what is right."""
    no_trade: int
    abandoned: int
    missing: int
    completeness: float | None
    bar_quality: float | None
    recorded: int
    """Bars of the day that the store has."""
    certified: bool
    """Whether the session settled, and its certificate is in the store."""
    digest: str | None
    """Of the certificate."""


class LiveFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed, as the JSON of ``live`` has it."""

    feed: str
    bars: int
    ticks: int
    quotes: int
    received: int
    """``accepted + rejected + duplicates``."""
    accepted: int
    rejected: int
    duplicates: int
    connections: int
    losses: int
    lag_p50_ms: float | None
    lag_p99_ms: float | None


class LiveResult(msgspec.Struct, frozen=True, kw_only=True):
    """A live run that is over, as its JSON has it."""

    ended_by: str
    """``close``, ``interrupt``, ``feed`` (it has no more) or ``failure``."""
    seconds: float
    """On the wall."""
    sessions: list[LiveSession]
    feeds: list[LiveFeed]
    saved: list[str] = []
    """What became of days of earlier runs that were cut off, a sentence each."""
    quarantined: int = 0
    """Messages that met a bug and were not delivered again, those of earlier runs too."""


def session_of(
    session: TradingSession,
    certificate: SessionCertificate | None,
    look: LiveLook,
    store: Place,
    before: SessionCertificate | None = None,
) -> LiveSession:
    """Return what a session came to, by its certificate or else by the last look at it.

    Args:
        session: which.
        certificate: the last one that was heard of.
        look: the last one.
        store: where the day is.
        before: the certificate that the store had before the run; another one was issued since, heard of or not.
    """
    day, kept = _at_rest(session, store)
    if certificate is None and kept != before:
        certificate = kept
    certified = certificate is not None and kept is not None and _is_ours(kept, certificate)
    certificate = kept if certified else certificate  # which may be newer: a bar came after the last look
    counts, symbols = _counts(session, certificate, look)
    report = look.quality if look.quality is not None and look.quality.session_date == session.date else None
    recorded = 0 if day is None else len(day.bars)  # some of it after the last look
    source = certificate or (None if report is None else report.quality)
    return LiveSession(
        date=session.date,
        open=figures.iso(session.open_ns, session.tz),
        close=figures.iso(session.close_ns, session.tz),
        symbols=symbols,
        bars=max(counts.streamed + counts.late + counts.filled + counts.corrected + counts.in_part, recorded),
        late=counts.late,
        filled=counts.filled,
        in_part=counts.in_part,
        no_trade=counts.no_trade,
        abandoned=counts.abandoned,
        missing=counts.missing,
        completeness=None if source is None else source.completeness,
        bar_quality=None if source is None else source.bar_quality,
        recorded=recorded,
        certified=certified,
        digest=None if certificate is None else certificate.digest,
    )


def _is_ours(kept: SessionCertificate, seen: SessionCertificate) -> bool:
    """Return whether the store's certificate is the one that was seen, or one that came after it."""
    return kept.digest == seen.digest or kept.settled_ns > seen.settled_ns


def unwritten(look: LiveLook, store: Place) -> int:
    """Return how many bars of the session at hand are not in the store."""
    if look.live.session is None:
        return 0
    day, _ = _at_rest(look.live.session, store)
    return max(look.bars - (0 if day is None else len(day.bars)), 0)


def kept_before(session: TradingSession, store: Place) -> SessionCertificate | None:
    """Return the certificate that a store has of a session that is played only now."""
    try:
        with contextlib.closing(open_store(store, read_only=True)) as files:
            return files.certificate(session.calendar, session.date)
    except DataError:  # there is no store yet, or what it has is damaged
        return None


def _at_rest(session: TradingSession, store: Place) -> tuple[StoredDay | None, SessionCertificate | None]:
    with contextlib.closing(open_store(store)) as files:  # made with the first bar
        key = (session.calendar, session.date)
        return files.read(*key), files.certificate(*key)


def _counts(
    session: TradingSession, certificate: SessionCertificate | None, look: LiveLook
) -> tuple[VerdictCounts, int]:
    if certificate is not None:
        names = [name for name in VerdictCounts.__struct_fields__ if name != "pending"]
        sums = {name: sum(getattr(of_symbol, name) for of_symbol in certificate.symbols) for name in names}
        return VerdictCounts(**sums), len(certificate.symbols)
    if look.quality is None or look.quality.session_date != session.date:
        return VerdictCounts(), 0
    return look.quality.quality.verdicts, look.symbols


def feeds_of(statuses: Iterable[FeedStatus], left_out: Mapping[str, int]) -> list[LiveFeed]:
    """Return what the feeds came to; ``left_out`` is what could not be taken of each, which it may not know yet."""
    shared = ("feed", "bars", "ticks", "quotes", "accepted", "duplicates", "connections", "losses")
    return [_feed(status, shared, left_out.get(status.health.feed, 0)) for status in statuses]


def _feed(status: FeedStatus, shared: Iterable[str], left_out: int) -> LiveFeed:
    health = status.health
    return LiveFeed(
        **{name: getattr(health, name) for name in shared},
        received=health.received + max(left_out - health.rejected, 0),
        rejected=max(health.rejected, left_out),
        lag_p50_ms=status.lag_p50_ms,
        lag_p99_ms=status.lag_p99_ms,
    )


def sheet(result: LiveResult) -> Sheet:
    """Return a row a session."""
    columns = [Column("Session", is_text=True), Column("Symbols", rank=2), Column("Bars"), Column("Late", rank=1)]
    columns += [Column("Filled", rank=1), Column("No trade", rank=3), Column("Abandoned", rank=2, is_watched=True)]
    columns += [Column("Missing", is_watched=True)]
    columns += [
        Column("Complete"),
        Column("Quality", is_watched=True),
        Column("In the store"),
        Column("Certified", is_text=True),
    ]
    table = Sheet("Sessions", columns)
    for one in result.sessions:
        counts = (one.symbols, one.bars, one.late, one.filled, one.no_trade, one.abandoned, one.missing)
        table.add(
            one.date,
            *(figures.count(number) for number in counts),
            figures.percent(one.completeness),
            figures.percent(one.bar_quality),
            figures.count(one.recorded),
            "yes" if one.certified else "no",
        )
    return table
