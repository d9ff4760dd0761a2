"""What happens on a live day, in words."""

import pytest

from actors.doors.live_words import said
from messages.base import Event
from messages.events import MinuteClosed, SymbolsChanged
from messages.feeds import (
    FeedConnected,
    FeedEnded,
    FeedLost,
    MessagesRejected,
    Rejection,
    SymbolsRefused,
    TradingStatusChanged,
)
from messages.lifecycle import LagChanged, PhaseChanged, SessionPhase
from messages.repairs import GapAbandoned, SessionSettled
from messages.values import MINUTE_NS, Gap

SECOND_NS = 10**9
DAY = "2024-07-03"


def phase(*, timer_expired: bool) -> PhaseChanged:
    before, after = SessionPhase.ACTIVE, SessionPhase.TIMEOUT
    return PhaseChanged(session_date=DAY, before=before, after=after, now_ns=0, timer_expired=timer_expired)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (phase(timer_expired=False), f"session {DAY}: active -> timeout"),
        (phase(timer_expired=True), f"session {DAY}: active -> timeout, for nothing came from the feed"),
        (FeedConnected(feed="f", attempt=1), "f: connected"),
        (FeedConnected(feed="f", attempt=3), "f: connected at try 3"),
        (FeedLost(feed="f", reason="gone", retry_ns=3 * SECOND_NS, arrived_ns=SECOND_NS), "f: gone; next try in 2 s"),
        (FeedLost(feed="f", reason="wrong keys"), "f: wrong keys; given up"),
        (FeedEnded(feed="f"), "f: there is no more"),
        (LagChanged(feed="f", lag_ns=6_500_000_000, is_late=True, now_ns=0), "f: 6.5 s behind"),
        (LagChanged(feed="f", lag_ns=0, is_late=False, now_ns=0), "f: in time again"),
        (SymbolsRefused(feed="f", symbols=tuple("ABCDEFG"), reason="limit"), "f: no A, B, C, D, E and 2 more: limit"),
        (
            MessagesRejected(
                feed="f", count=1200, first=(Rejection(number=7, field="open", expected="float", seen="x"),)
            ),
            "f: 1,200 not understood, number 7: open: expected float, seen 'x'",
        ),
        (TradingStatusChanged(feed="f", symbol="A", at_ns=0, code="H", message="Halted"), "A: Halted"),
        (TradingStatusChanged(feed="f", symbol="A", at_ns=0, code="H", message=""), "A: H"),
        (SymbolsChanged(added=("A",), removed=("B", "C")), "1 new: A; 2 gone: B, C"),
        (SessionSettled(session_date=DAY), f"session {DAY}: settled"),
        (MinuteClosed(start_ns=0, end_ns=MINUTE_NS, present=1, expected=1), ""),
    ],
)
def test_an_event_that_matters_is_one_line(event: Event, words: str) -> None:
    assert said(event) == words


def test_minutes_given_up_are_counted_for_each_symbol() -> None:
    gap = Gap(symbols=("A", "B"), start_ns=0, end_ns=3 * MINUTE_NS)

    assert said(GapAbandoned(session_date=DAY, gaps=(gap,))) == f"session {DAY}: 6 minutes given up"
