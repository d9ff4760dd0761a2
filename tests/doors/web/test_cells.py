"""The story of a minute, in words."""

from msgspec.structs import replace

from actors.doors.web.cells import story
from actors.doors.web.watch import Turn
from messages import GapOutcome, GapStory, Verdict
from messages.values import SECOND_NS
from tests.builders import at, bar
from tests.certificates import run

GAP = GapStory(
    symbols=("A", "B", "C"),
    start_ns=at("10:00"),
    end_ns=at("10:02"),
    detected_ns=at("10:02"),
    settled_ns=at("10:02") + 12 * SECOND_NS,
    attempts=2,
    source="archive",
    outcome=GapOutcome.CLOSED,
    error="archive: no answer",
)


def lines(symbol: str = "A", minute: str = "10:01", verdict: Verdict = Verdict.FILLED, **more: object) -> list[str]:
    told = story(symbol, at(minute), verdict, **more)  # type: ignore[arg-type]
    return [line.text for line in told.lines]


def test_a_gap_is_told_from_when_it_was_found_to_when_it_was_settled() -> None:
    assert lines(gaps=[GAP]) == [
        "found missing: a gap of 2 minutes, shared with 2 more symbols",
        "asked for 2 times; its bars came by archive after 12 s",
        "a request failed: archive: no answer",
    ]


def test_a_gap_of_other_minutes_or_symbols_is_no_part_of_it() -> None:
    assert lines(minute="10:02", gaps=[GAP]) == []
    assert lines("Z", gaps=[GAP]) == []


def test_one_minute_of_one_symbol_asked_for_once_is_said_in_the_singular() -> None:
    alone = replace(GAP, symbols=("A",), end_ns=at("10:01"), attempts=1, error="", outcome=GapOutcome.NO_TRADE)

    assert lines(minute="10:00", gaps=[alone]) == [
        "found missing: a gap of 1 minute",
        "asked for once; nothing was traded by archive after 12 s",
    ]


def test_what_it_was_seen_to_become_comes_in_order_of_time_and_names_the_feed() -> None:
    turns = [Turn(Verdict.MISSING, at("10:02"), at("10:01")), Turn(Verdict.LATE, at("10:05"), at("10:04"))]
    told = story("A", at("10:01"), Verdict.LATE, turns=turns, gaps=[GAP], feeds=["wire", "spare"])

    assert told.lines[0].text == "missing"
    assert "late by wire or spare" in [line.text for line in told.lines]
    times = [line.at for line in told.lines if line.at is not None]
    assert times == sorted(times)


def test_a_run_says_who_said_so() -> None:
    assert lines(verdict=Verdict.NO_TRADE, runs=[run("A", "10:00", "10:05", source="exchange")]) == [
        "no trade, says exchange"
    ]
    assert lines(verdict=Verdict.NO_TRADE, runs=[run("B", "10:00", "10:05")]) == []


def test_a_minute_with_a_bar_tells_its_numbers() -> None:
    told = story("A", at("09:30"), Verdict.STREAMED, bar=replace(bar("A", volume=7.0), revision=3))

    assert told.bar is not None
    assert (told.bar.close, told.bar.volume, told.bar.revision) == (100.0, 7.0, 3)
    assert told.meaning == "The bar came in time."


def test_every_verdict_has_a_meaning() -> None:
    meanings = {story("A", at("09:30"), verdict).meaning for verdict in Verdict}

    assert len(meanings) == len(Verdict)
