"""What happens on a live day, as one line each; what happens every minute is not worth one."""

import math
import re
from collections.abc import Iterable, Sequence
from math import inf
from threading import Lock

from actors.doors.show import figures
from actors.stream_coordinator.live_day.hearing import some, what
from messages.base import Event
from messages.events import SymbolsChanged
from messages.feeds import (
    FeedConnected,
    FeedEnded,
    FeedLost,
    MessagesRejected,
    Rejection,
    SymbolsRefused,
    TradingStatusChanged,
    VolumesDiffer,
)
from messages.joining import SymbolsCatchingUp, SymbolsCaughtUp
from messages.lifecycle import LagChanged, PhaseChanged
from messages.readiness import Hours, ReadinessReport, ReadinessReported
from messages.repairs import GapAbandoned, NotRecorded, SessionSettled
from messages.values import MINUTE_NS, SECOND_NS, Gap, Nanos

_QUIET_S = 1.0
_FORGOTTEN_S = 60.0
_NUMBERS = re.compile(r" \(\d+ times\)|\d[\d.,]*")


def said(event: Event) -> str:
    """Return an event in words; empty for one that is not worth a line."""
    match event:
        case PhaseChanged():
            why = ", for nothing came from the feed" if event.timer_expired else ""
            return f"session {event.session_date}: {event.before} -> {event.after}{why}"
        case FeedConnected():
            return f"{event.feed}: connected" + (f" at try {event.attempt}" if event.attempt > 1 else "")
        case FeedLost():
            again = "given up" if event.retry_ns is None else f"next try in {_wait_s(event):.0f} s"
            return f"{event.feed}: {event.reason}; {again}"
        case FeedEnded():
            return f"{event.feed}: there is no more"
        case LagChanged():
            behind = f"{event.lag_ns / SECOND_NS:.1f} s behind"
            return f"{event.feed}: {behind if event.is_late else 'in time again'}"
        case SymbolsRefused():
            return f"{event.feed}: no {what(event.symbols, event.channel)}: {event.reason}"
        case MessagesRejected():
            return f"{event.feed}: {figures.count(event.count)} not understood, {misread(event.first[0])}"
        case TradingStatusChanged():
            return f"{event.symbol}: {event.message or event.code}"
        case SymbolsChanged():
            return "; ".join(_changes(event))
        case SymbolsCatchingUp():
            return f"session {event.session_date}: {some(event.symbols)} catching up"
        case SymbolsCaughtUp():
            return f"session {event.session_date}: {some(event.symbols)} caught up" if event.symbols else ""
        case ReadinessReported():
            date = "" if event.report.session is None else f"session {event.report.session.date}: "
            return f"{date}ready: {readiness(event.report)}"
        case VolumesDiffer():
            return f"session {event.session_date}: feeds count another volume of {some(event.symbols)}"
        case NotRecorded():
            return f"session {event.session_date}: could not be written: {event.reason}"
        case GapAbandoned():
            return _abandoned(event.session_date, _minutes(event.gaps))
        case SessionSettled():
            return f"session {event.session_date}: settled"
        case _:
            return ""


class GivenUp:
    """Minutes that were abandoned one after the other, said together: an outage of two hours is no hundred lines."""

    def __init__(self) -> None:
        self._gaps: dict[str, list[Gap]] = {}
        self._latest_s = 0.0
        self._lock = Lock()

    def add(self, event: GapAbandoned, now_s: float) -> None:
        """Take what was abandoned at a time of any clock that only goes forward."""
        with self._lock:
            self._gaps.setdefault(event.session_date, []).extend(event.gaps)
            self._latest_s = now_s

    def said(self, now_s: float = inf) -> list[str]:
        """Return what has not been said yet, once nothing more has come for a second; without a time, at once."""
        with self._lock:
            if now_s - self._latest_s < _QUIET_S:
                return []
            taken, self._gaps = self._gaps, {}
        return [_abandoned(date, _minutes(gaps)) for date, gaps in sorted(taken.items())]


class Wrong:
    """Says what is wrong with a run when it begins, and not again while it lasts, whatever its numbers."""

    def __init__(self) -> None:
        self._latest_s: dict[str, float] = {}

    def news(self, reasons: Iterable[str], now_s: float) -> list[str]:
        """Return the reasons that are new, or were none for a minute, at a time of a clock that only goes forward."""
        known = {kind for kind, at_s in self._latest_s.items() if now_s - at_s < _FORGOTTEN_S}
        kinds = [(_NUMBERS.sub("", reason), reason) for reason in reasons]
        self._latest_s |= {kind: now_s for kind, _ in kinds}
        return [reason for kind, reason in kinds if kind not in known]


def readiness(report: ReadinessReport) -> str:
    """Return in a line whether everything is ready."""
    if not report.is_ready:
        return f"no: {'; '.join(report.problems)}"
    hours = "" if report.hours in (Hours.USUAL, Hours.UNKNOWN) else f", {report.hours}"
    warm = f", {figures.count(len(report.warm))} warm" if report.warm else ""
    free = None if report.store is None else report.store.free_bytes
    return f"yes{hours}{warm}" + ("" if free is None else f", {free / 1e9:.0f} GB free")


def misread(first: Rejection) -> str:
    """Return what was wrong with a message that could not be understood."""
    field = f"{first.field}: " if first.field else ""
    return f"number {first.number}: {field}{_wanted(first.expected)}, seen {first.seen[:60]!r}"


def _minutes(gaps: Sequence[Gap]) -> int:
    """Return how many there are, each once: after a bug what is owed is asked for, and given up, once more."""
    spans = sorted((symbol, gap.start_ns, gap.end_ns) for gap in gaps for symbol in gap.symbols)
    total_ns, ends_ns = 0, dict[str, Nanos]()
    for symbol, start_ns, end_ns in spans:
        total_ns += max(end_ns - max(start_ns, ends_ns.get(symbol, start_ns)), 0)
        ends_ns[symbol] = max(end_ns, ends_ns.get(symbol, end_ns))
    return math.ceil(total_ns / MINUTE_NS)


def _abandoned(date: str, minutes: int) -> str:
    return f"session {date}: {figures.count(minutes)} minutes abandoned"


def _wait_s(lost: FeedLost) -> float:
    assert lost.retry_ns is not None, "it is tried again"
    return (lost.retry_ns - lost.arrived_ns) / SECOND_NS


def _changes(changed: SymbolsChanged) -> list[str]:
    both = (("new", changed.added), ("gone", changed.removed))
    return [f"{len(symbols)} {word}: {some(symbols)}" for word, symbols in both if symbols]


def _wanted(expected: str) -> str:
    """Return what was expected as a part of a sentence; a complaint of the decoder is one by itself."""
    if expected.startswith("Expected "):
        return f"e{expected[1:]}"
    return expected if expected[:1].isupper() else f"expected {expected}"
