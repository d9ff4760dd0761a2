"""What happens on a live day, as one line each; what happens every minute is not worth one."""

from actors.doors import figures
from messages.base import Event
from messages.events import SymbolsChanged
from messages.feeds import (
    FeedConnected,
    FeedEnded,
    FeedLost,
    MessagesRejected,
    SymbolsRefused,
    TradingStatusChanged,
)
from messages.lifecycle import LagChanged, PhaseChanged
from messages.repairs import GapAbandoned, SessionSettled
from messages.values import MINUTE_NS, SECOND_NS

_FEW = 5


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
            return f"{event.feed}: no {some(event.symbols)}: {event.reason}"
        case MessagesRejected():
            return f"{event.feed}: {figures.count(event.count)} not understood, {_first(event)}"
        case TradingStatusChanged():
            return f"{event.symbol}: {event.message or event.code}"
        case SymbolsChanged():
            return "; ".join(_changes(event))
        case GapAbandoned():
            minutes = sum(len(gap.symbols) * (gap.end_ns - gap.start_ns) for gap in event.gaps) // MINUTE_NS
            return f"session {event.session_date}: {figures.count(minutes)} minutes given up"
        case SessionSettled():
            return f"session {event.session_date}: settled"
        case _:
            return ""


def some(symbols: tuple[str, ...]) -> str:
    """Return a few symbols, and how many more there are."""
    few = ", ".join(symbols[:_FEW])
    return few if len(symbols) <= _FEW else f"{few} and {len(symbols) - _FEW} more"


def _wait_s(lost: FeedLost) -> float:
    assert lost.retry_ns is not None, "it is tried again"
    return (lost.retry_ns - lost.arrived_ns) / SECOND_NS


def _first(rejected: MessagesRejected) -> str:
    first = rejected.first[0]
    field = f"{first.field}: " if first.field else ""
    return f"number {first.number}: {field}expected {first.expected}, seen {first.seen[:60]!r}"


def _changes(changed: SymbolsChanged) -> list[str]:
    both = (("new", changed.added), ("gone", changed.removed))
    return [f"{len(symbols)} {word}: {some(symbols)}" for word, symbols in both if symbols]
