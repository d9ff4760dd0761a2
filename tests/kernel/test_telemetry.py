"""Logging that is silent until somebody listens, and counters."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger
from msgspec.structs import replace

from actors.kernel.telemetry import EventLog, LatencyHistogram, Story, alarm, note
from messages import BarBatch, BarRejected, BarsArrived, PrefetchFailed, RunFailed, SymbolsChanged, TimeAdvanced
from tests.builders import DAY, NEW_YORK, bar

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What a host hears that has enabled us."""
    heard: list[str] = []
    sink = logger.add(lambda line: heard.append(str(line).rstrip()), format="{level} {message}")
    logger.enable("actors")
    yield heard
    logger.disable("actors")
    logger.remove(sink)


def test_a_library_says_nothing_by_default() -> None:
    code = "from actors.kernel.telemetry import note, alarm; note('x'); alarm('y')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert (done.stdout, done.stderr) == ("", "")


def test_a_host_that_listens_hears_one_line_an_event(lines: list[str]) -> None:
    note("started", room="stores", sessions=3)
    alarm("quarantined", message="Bar(close={nan})", empty={})

    assert lines == ["INFO started room=stores sessions=3", "ERROR quarantined message=Bar(close={nan}) empty={}"]


def test_an_event_log_leaves_long_columns_out(lines: list[str]) -> None:
    log = EventLog()
    log.tell(RunFailed(reason="the disk is full"))
    log.tell(SymbolsChanged(added=("A", "B"), removed=tuple("ABCDEF")))
    log.tell(BarsArrived(batch=BarBatch.of(()), now_ns=1))
    log.tell(PrefetchFailed(session=DAY, reason="gone"))

    assert lines == [
        "INFO RunFailed reason=the disk is full",
        "INFO SymbolsChanged added=('A', 'B')",
        "INFO BarsArrived now_ns=1 source=tape is_correction=False receipt=0 is_whole=False ticket=0 first_row=-1",
        "INFO PrefetchFailed reason=gone",
    ]


class Unspeakable:
    @property
    def __struct_fields__(self) -> tuple[str, ...]:
        raise AssertionError("put into words although nobody reads them")


def test_an_event_is_put_into_words_only_for_who_reads_them() -> None:
    EventLog().tell(Unspeakable())


def test_an_event_of_a_bar_says_which(lines: list[str]) -> None:
    EventLog().tell(BarRejected(bar=replace(bar("A", "09:30"), tz=NEW_YORK), source="lines", reason="off"))

    assert lines == ["INFO BarRejected symbol=A start=2024-07-02T09:30:00-04:00 source=lines reason=off detail="]


@given(st.lists(st.integers(0, 10**13), min_size=1, max_size=50), st.floats(0.01, 1))
def test_a_quantile_is_right_to_a_sixteenth(durations: list[int], share: float) -> None:
    histogram = LatencyHistogram()
    for nanos in durations:
        histogram.add(nanos)
    below = sorted(durations)
    exact = next(nanos for i, nanos in enumerate(below, 1) if i >= share * len(below)) / 1000

    assert exact * 15 / 16 <= histogram.quantile_us(share) <= exact


def test_an_empty_histogram_says_nothing_took_any_time() -> None:
    assert LatencyHistogram().quantile_us(0.5) == 0.0


def test_a_share_above_all_there_is_says_zero() -> None:
    histogram = LatencyHistogram()
    histogram.add(5)

    assert histogram.quantile_us(2.0) == 0.0


def test_a_story_is_the_last_few_messages_one_short_line_each() -> None:
    story = Story(length=3)
    for message in (1, 2, 3, "x" * 500):
        story.add(message)

    assert story.lines(last=2) == ["3", "'" + "x" * 199]
    assert len(story.lines()) == 3


def test_a_story_keeps_no_columns() -> None:
    story = Story()
    story.add(TimeAdvanced(now_ns=1))
    story.add(BarsArrived(batch=BarBatch.of(()), now_ns=1))

    assert story.lines() == ["TimeAdvanced(now_ns=1, ticket=0)", "<class 'messages.events.BarsArrived'>"]
