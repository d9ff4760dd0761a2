"""Certificates with the dull fields filled in."""

from typing import Any

from messages import SessionCertificate, SymbolVerdicts, TradingSession, Verdict, VerdictRun
from messages.values import Nanos
from tests.builders import DAY, at


def certificate(*symbols: str, session: TradingSession = DAY, **fields: Any) -> SessionCertificate:
    """The certificate of a session in which all minutes of these symbols streamed."""
    minutes = session.expected_minutes
    given = {
        "calendar": session.calendar,
        "date": session.date,
        "tz": session.tz,
        "segments": session.segments,
        "intervals": ("5m", "1d"),
        "symbols": tuple(SymbolVerdicts(symbol=symbol, streamed=minutes) for symbol in sorted(symbols)),
        "completeness": 100.0,
        "bar_quality": 100.0,
        "digest": "d1",
        "issued_by": "session",
        "settled_ns": session.end_ns,
        **fields,
    }
    return SessionCertificate(**given)


def run(
    symbol: str,
    start: str | Nanos,
    end: str | Nanos,
    verdict: Verdict = Verdict.NO_TRADE,
    source: str = "upstream",
    *,
    session: TradingSession = DAY,
) -> VerdictRun:
    """Minutes ``[start, end)`` by the exchange's clock."""
    return VerdictRun(
        symbol=symbol, verdict=verdict, start_ns=at(start, session), end_ns=at(end, session), source=source
    )
