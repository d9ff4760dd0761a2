"""The days of a store, in the page's words: a calendar of quality, and what a certificate says."""

from collections import Counter

import msgspec

from actors.doors.web.told import ms
from actors.store import Store
from messages.certificates import SessionCertificate, SymbolVerdicts
from messages.values import FIRST_WITH_BAR, Verdict

_VERDICTS = ("streamed", "late", "filled", "corrected", "in_part", "no_trade", "abandoned", "missing")


class CalendarTold(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar of which the store has days."""

    name: str
    dates: tuple[str, ...]


class StoreTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a store has."""

    name: str
    calendars: list[CalendarTold]


class DayTold(msgspec.Struct, frozen=True, kw_only=True):
    """One day; counts and percentages are of regular minutes."""

    date: str
    symbols: int
    bars: int
    completeness: float | None
    quality: float | None
    certified: bool


class DaysTold(msgspec.Struct, frozen=True, kw_only=True):
    """Some days of a store."""

    days: list[DayTold]


class SymbolTold(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes of one symbol by verdict."""

    symbol: str
    streamed: int
    late: int
    filled: int
    corrected: int
    in_part: int
    no_trade: int
    abandoned: int
    missing: int


class CertificateTold(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate, readable."""

    calendar: str
    date: str
    tz: str
    digest: str
    replaces: str | None
    issued_by: str
    is_live: bool | None
    settled: int
    completeness: float | None
    quality: float | None
    prefetched: bool | None
    transition_ms: float | None
    intervals: tuple[str, ...]
    corrections: int
    rejected: dict[str, int]
    verdicts: dict[str, int]
    outcomes: dict[str, int]
    """How many gaps ended how."""
    symbols: list[SymbolTold]
    """Who lacks most first."""


class NoCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """The day has none."""

    calendar: str
    date: str
    digest: None = None


def day_told(store: Store, date: str) -> DayTold:
    """Return a day of a store: by its certificate, or else by its bars."""
    certificate = store.certificate(date)
    if certificate is not None:
        return DayTold(
            date=date,
            symbols=len(certificate.symbols),
            bars=sum(counts.bars for counts in certificate.symbols),
            completeness=certificate.completeness,
            quality=certificate.bar_quality,
            certified=True,
        )
    plane = store.verdicts(date).verdicts
    bars, quiet = int((plane >= FIRST_WITH_BAR).sum()), int((plane == Verdict.NO_TRADE).sum())
    good = bars + quiet - int((plane == Verdict.IN_PART).sum())
    return DayTold(
        date=date,
        symbols=plane.shape[1],
        bars=bars,
        completeness=100.0 * bars / plane.size if plane.size else None,
        quality=100.0 * good / plane.size if plane.size else None,
        certified=False,
    )


def certificate_told(certificate: SessionCertificate) -> CertificateTold:
    """Return a certificate in the page's words."""
    ranked = sorted(certificate.symbols, key=lambda counts: (-counts.missing - counts.abandoned, counts.symbol))
    return CertificateTold(
        calendar=certificate.calendar,
        date=certificate.date,
        tz=certificate.tz,
        digest=certificate.digest,
        replaces=certificate.replaces,
        issued_by=certificate.issued_by,
        is_live=certificate.is_live,
        settled=ms(certificate.settled_ns),
        completeness=certificate.completeness,
        quality=certificate.bar_quality,
        prefetched=certificate.is_prefetched,
        transition_ms=certificate.transition_ms,
        intervals=certificate.intervals,
        corrections=certificate.corrections,
        rejected=certificate.rejected,
        verdicts={name: sum(getattr(counts, name) for counts in certificate.symbols) for name in _VERDICTS},
        outcomes=dict(sorted(Counter(str(gap.outcome) for gap in certificate.gaps).items())),
        symbols=[_symbol(counts) for counts in ranked],
    )


def _symbol(counts: SymbolVerdicts) -> SymbolTold:
    return SymbolTold(symbol=counts.symbol, **{name: getattr(counts, name) for name in _VERDICTS})
