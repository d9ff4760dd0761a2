"""What happens on a live day, in words."""

import pytest
from msgspec.structs import replace

from actors.doors.show.live_words import GivenUp, Wrong, said
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
    VolumesDiffer,
)
from messages.history import Requirement, WarmUp
from messages.joining import SymbolsCatchingUp, SymbolsCaughtUp
from messages.lifecycle import LagChanged, PhaseChanged, SessionPhase
from messages.readiness import Hours, ReadinessReport, ReadinessReported, StoreChecked
from messages.repairs import GapAbandoned, NotRecorded, SessionSettled
from messages.values import MINUTE_NS, Gap
from tests.builders import HALF_DAY

SECOND_NS = 10**9
DAY = "2024-07-03"


def phase(*, timer_expired: bool) -> PhaseChanged:
    before, after = SessionPhase.ACTIVE, SessionPhase.TIMEOUT
    return PhaseChanged(session_date=DAY, before=before, after=after, now_ns=0, timer_expired=timer_expired)


READY = ReadinessReport(
    session=None, hours=Hours.UNKNOWN, now_ns=0, skewed=0, warm=(), short=(), feeds=(), store=None, problems=()
)
NOT_READY = replace(READY, problems=("the sky falls", "run"))
AT_NOON = replace(
    READY,
    session=HALF_DAY,
    hours=Hours.EARLY_CLOSE,
    warm=(WarmUp(requirement=Requirement.of("A", "1m", 1), there=1),),
    store=StoreChecked(is_writable=True, free_bytes=5_000_000_000),
)


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
        (
            SymbolsCatchingUp(session_date=DAY, symbols=("A", "B"), is_required=True),
            f"session {DAY}: A, B catching up",
        ),
        (SymbolsCaughtUp(session_date=DAY, symbols=("A",), is_required=False), f"session {DAY}: A caught up"),
        (SymbolsCaughtUp(session_date=DAY, symbols=(), is_required=False), ""),
        (ReadinessReported(report=READY), "ready: yes"),
        (ReadinessReported(report=AT_NOON), "session 2024-07-03: ready: yes, early close, 1 warm, 5 GB free"),
        (ReadinessReported(report=NOT_READY), "ready: no: the sky falls; run"),
        (SessionSettled(session_date=DAY), f"session {DAY}: settled"),
        (NotRecorded(session_date=DAY, reason="no space"), f"session {DAY}: could not be written: no space"),
        (
            VolumesDiffer(session_date=DAY, symbols=("A", "B"), reported=(1.0, 2.0), ours=(3.0, 4.0)),
            f"session {DAY}: feeds count another volume of A, B",
        ),
        (MinuteClosed(start_ns=0, end_ns=MINUTE_NS, present=1, expected=1), ""),
    ],
)
def test_an_event_that_matters_is_one_line(event: Event, words: str) -> None:
    assert said(event) == words


def test_minutes_given_up_are_counted_for_each_symbol() -> None:
    gap = Gap(symbols=("A", "B"), start_ns=0, end_ns=3 * MINUTE_NS)

    assert said(GapAbandoned(session_date=DAY, gaps=(gap,))) == f"session {DAY}: 6 minutes abandoned"


def test_minutes_that_are_abandoned_one_after_the_other_are_said_together() -> None:
    given_up = GivenUp()
    for second in range(3):
        gap = Gap(symbols=("A", "B"), start_ns=3 * second * MINUTE_NS, end_ns=3 * (second + 1) * MINUTE_NS)
        given_up.add(GapAbandoned(session_date=DAY, gaps=(gap,)), now_s=second / 2)

    assert given_up.said(1.5) == []
    assert given_up.said(2.0) == [f"session {DAY}: 18 minutes abandoned"]
    assert given_up.said() == []


def test_minutes_that_are_abandoned_again_after_a_bug_are_counted_once() -> None:
    given_up = GivenUp()
    for start, end in ((0, 3), (0, 3), (2, 5)):
        gap = Gap(symbols=("A", "B"), start_ns=start * MINUTE_NS, end_ns=end * MINUTE_NS)
        given_up.add(GapAbandoned(session_date=DAY, gaps=(gap,)), now_s=0.0)

    assert given_up.said() == [f"session {DAY}: 10 minutes abandoned"]


def test_what_is_wrong_is_said_when_it_begins_and_not_while_its_numbers_grow() -> None:
    wrong = Wrong()
    grows = [[f"{count:,} messages wait for session_data, and they become more"] for count in (20_000, 21_000, 22_000)]

    assert [wrong.news(reasons, now_s) for now_s, reasons in enumerate(grows)] == [grows[0], [], []]
    assert wrong.news(["a bug", *grows[0]], 3.0) == ["a bug"]
    assert wrong.news(["a bug (2 times)"], 4.0) == []
    assert [wrong.news(grows[0], now_s) for now_s in (62.9, 124.0)] == [[], grows[0]]
