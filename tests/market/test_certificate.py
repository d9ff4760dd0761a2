"""Certificates of planes and of stored days."""

import msgspec
import numpy as np
import pytest

from actors.market import certificate as certificate_module
from actors.market.axis import SessionAxis
from actors.market.certificate import certificate_of, quality_of, recertified, stored_digest, tally
from actors.market.digest import digest
from actors.market.planes import spread
from messages import (
    Bar,
    BarBatch,
    GapOutcome,
    GapStory,
    Interval,
    SessionCertificate,
    SymbolVerdicts,
    TradingSession,
    Verdict,
    VerdictRun,
)
from messages.tables.columns import Verdicts
from messages.values import FIRST_WITH_BAR
from tests.builders import bar, session_tiny
from tests.certificates import run

SESSION = session_tiny(4, lunch=0)
LONG = session_tiny(4, pre=1, post=1)
INTERVALS = (Interval.parse("2m"),)
NO_TRADE, ABANDONED = Verdict.NO_TRADE, Verdict.ABANDONED


def told(bars: BarBatch, verdict: Verdict = Verdict.STREAMED) -> Verdicts:
    return np.full(len(bars), verdict, dtype=np.uint8)


def issue(
    *given: Bar,
    symbols: tuple[str, ...] = ("A", "B"),
    session: TradingSession = SESSION,
    runs: tuple[VerdictRun, ...] = (),
) -> SessionCertificate:
    batch = BarBatch.of(given)
    values, plane = spread(SessionAxis(session), symbols, batch, told(batch), 5)
    return certificate_of(
        session, symbols, values, plane, INTERVALS, runs=runs, issued_by="session", settled_ns=session.end_ns
    )


FOUR = [bar("A", "09:30"), bar("A", "09:31"), bar("A", "09:33"), bar("B", "09:30")]


def test_it_says_what_came_of_every_minute() -> None:
    issued = issue(*FOUR, runs=(run("A", "09:32", "09:33"), run("B", "09:30", "09:33", ABANDONED)))

    assert issued.session == SESSION
    assert issued.symbols == (
        SymbolVerdicts(symbol="A", streamed=3, no_trade=1),
        SymbolVerdicts(symbol="B", streamed=1, abandoned=2, missing=1),
    )
    assert issued.runs == (run("A", "09:32", "09:33"), run("B", "09:31", "09:33", ABANDONED))
    assert (issued.completeness, issued.bar_quality) == (50.0, 62.5)
    assert (issued.intervals, issued.extended, issued.replaces) == (("2m",), (), None)


def test_extended_minutes_are_counted_apart() -> None:
    issued = issue(bar("A", "09:29"), *FOUR, session=LONG, runs=(run("A", "09:34", "09:35"),))

    assert issued.extended == (
        SymbolVerdicts(symbol="A", streamed=1, no_trade=1),
        SymbolVerdicts(symbol="B", missing=2),
    )
    assert [counts.minutes for counts in issued.symbols] == [4, 4]


def test_a_session_without_symbols_has_no_quality() -> None:
    issued = issue(symbols=())

    assert (issued.symbols, issued.completeness, issued.bar_quality) == ((), None, None)


def test_the_digest_is_that_of_the_planes() -> None:
    batch = BarBatch.of(FOUR)
    values, plane = spread(SessionAxis(SESSION), ("A", "B"), batch, told(batch), 5)

    expected = digest(SESSION.date, ("A", "B"), values, plane > 0, SessionAxis(SESSION), INTERVALS)

    assert issue(*FOUR).digest == expected
    assert stored_digest(issue(*FOUR), batch) == expected


def test_a_stored_day_is_read_in_the_hours_and_symbols_of_its_certificate() -> None:
    issued = issue(*FOUR)
    more = BarBatch.of([*FOUR, bar("X", "09:30"), bar("A", "09:29"), bar("B", "16:00")])

    assert stored_digest(issued, more) == issued.digest
    assert stored_digest(issued, BarBatch.of(FOUR[:-1])) != issued.digest


def test_a_repaired_day_gets_a_certificate_that_keeps_the_story() -> None:
    story = GapStory(
        symbols=("A",),
        start_ns=1,
        end_ns=2,
        detected_ns=3,
        settled_ns=4,
        attempts=5,
        source="archive",
        outcome=GapOutcome.ABANDONED,
    )
    old = msgspec.structs.replace(
        issue(*FOUR, runs=(run("A", "09:32", "09:33", ABANDONED),)),
        gaps=(story,),
        corrections=3,
        rejected={"high_too_low": 2},
        is_prefetched=True,
        transition_ms=1.5,
    )
    repaired = BarBatch.of([*FOUR, bar("A", "09:32")])
    verdicts = told(repaired)
    verdicts[repaired.start_ns == FOUR[1].start_ns + 60_000_000_000] = Verdict.FILLED

    new = recertified(old, repaired, verdicts, issued_by="fill")

    assert new.symbols[0] == SymbolVerdicts(symbol="A", streamed=3, filled=1)
    assert (new.runs, new.issued_by, new.settled_ns) == ((), "fill", old.settled_ns)
    assert new.digest == stored_digest(old, repaired) != old.digest
    kept = ("gaps", "corrections", "rejected", "is_prefetched", "transition_ms", "intervals", "segments")
    assert [getattr(new, name) for name in kept] == [getattr(old, name) for name in kept]


def test_a_new_certificate_may_cover_more_symbols_hours_and_minutes_at_a_later_time() -> None:
    old, bars = issue(*FOUR[:3], symbols=("A",)), BarBatch.of(FOUR)
    more = run("B", "09:31", "09:35", source="file")

    new = recertified(
        old, bars, told(bars), issued_by="import", symbols=("B",), segments=LONG.segments, runs=(more,), settled_ns=7
    )

    assert new.names == ("A", "B")
    assert new.segments == LONG.segments
    assert new.symbols[1] == SymbolVerdicts(symbol="B", streamed=1, no_trade=3)
    assert new.extended[1] == SymbolVerdicts(symbol="B", no_trade=1, missing=1)
    assert new.settled_ns == 7


def test_what_the_old_certificate_tells_of_a_minute_stays() -> None:
    old, bars = issue(*FOUR, runs=(run("A", "09:32", "09:33", source="old"),)), BarBatch.of(FOUR)

    new = recertified(old, bars, told(bars), issued_by="import", runs=(run("A", "09:32", "09:33", source="new"),))

    assert [one.source for one in new.runs] == ["old"]


def test_minutes_are_counted_by_verdict() -> None:
    every = np.array([[v] for v in Verdict if v is not Verdict.PENDING], dtype=np.uint8)

    assert tally("A", every) == (
        SymbolVerdicts(
            symbol="A", streamed=1, late=1, filled=1, corrected=1, in_part=1, no_trade=1, abandoned=1, missing=1
        ),
    )


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((), (None, None)),
        ((SymbolVerdicts(symbol="A"),), (None, None)),
        ((SymbolVerdicts(symbol="A", late=3, missing=1),), (75.0, 75.0)),
        ((SymbolVerdicts(symbol="A", late=2, in_part=1, missing=1),), (75.0, 50.0)),
        ((SymbolVerdicts(symbol="A", streamed=3), SymbolVerdicts(symbol="B", no_trade=3)), (50.0, 100.0)),
    ],
)
def test_quality_is_exact(counts: tuple[SymbolVerdicts, ...], expected: tuple[float | None, float | None]) -> None:
    assert quality_of(counts) == expected


def test_some_symbols_after_the_other_are_counted_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    session = session_tiny(7, 5)
    slots = SessionAxis(session).slots
    symbols = tuple("ABCDE")
    verdicts = rng.choice([0, 1, 2, 3, 4, 6], (slots, len(symbols))).astype(np.uint8)
    values = np.where((verdicts >= FIRST_WITH_BAR)[:, np.newaxis], 1.5, np.nan) * np.ones((1, 5, 1))
    runs = [
        VerdictRun(
            symbol=symbol, verdict=Verdict.NO_TRADE, start_ns=session.start_ns, end_ns=session.end_ns, source=symbol
        )
        for symbol in "CAX"
    ]

    def made() -> SessionCertificate:
        return certificate_of(
            session, symbols, values, verdicts, (Interval.parse("5m"),), runs=runs, issued_by="import", settled_ns=0
        )

    at_once = made()
    monkeypatch.setattr(certificate_module, "_CELLS_AT_ONCE", 2 * slots)

    assert made() == at_once
    assert sorted({run.symbol for run in at_once.runs}) == list("ABCDE")
