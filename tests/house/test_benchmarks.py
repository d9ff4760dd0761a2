"""The benchmarks must measure what they say, and run on any machine."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import steps, sweep_steps, upkeep, upkeep_steps
from tests.benchmarks.measuring import hit_rate, largest, percentile
from tests.house.source import ROOT

pytestmark = pytest.mark.slow

HOUR = ["10:30-16:00"]
"""Hours to close so that a session is its first hour."""
TINY = ("--symbols", "5", "--sessions", "2", "--repeat", "1", "--closed", HOUR[0], "--json")


@pytest.fixture
def store(tmp_path: Path) -> str:
    steps.make(str(tmp_path / "store"), symbols=4, sessions=2, closed=HOUR)
    return str(tmp_path / "store")


def disturbed(store: str, **how: Any) -> dict[str, Any]:
    given = {"last": 2, "closed": HOUR, "drop": 0.1, "outage": "10:00-10:07", "seed": 1, **how}
    return upkeep_steps.disturbed(store, **given)


def test_percentiles_are_values_that_occurred() -> None:
    assert percentile([3.0, 1.0, 2.0, 4.0], 50, 1) == 2.0
    assert percentile([3.0, 1.0, 2.0, 4.0], 99, 1) == largest([3.0, 1.0, 2.0, 4.0], 1) == 4.0
    assert percentile([], 50, 1) is largest([], 1) is None


def test_prefetch_counts_from_the_third_session_on() -> None:
    assert hit_rate([[False, False, True, True], [False, True, True, False]]) == 0.75
    assert hit_rate([[False, True]]) == 1.0
    assert hit_rate([[False]]) is None


def test_what_is_not_healed_is_said_in_one_sentence() -> None:
    healed = {"gaps_closed_percent": 100.0, "same_digest": True}

    assert not upkeep.wrong({})
    assert not upkeep.wrong({**healed, "failing_30": healed})
    assert "undisturbed" in upkeep.wrong({**healed, "same_digest": False})
    assert "99.9999 % of the gaps with 30 %" in upkeep.wrong(
        {**healed, "failing_30": {**healed, "gaps_closed_percent": 99.9999}}
    )


def test_a_sweep_is_the_same_work_in_every_way(store: str) -> None:
    apart, together = (
        sweep_steps.swept(store, last=1, sets=2, workers=1, together=together) for together in (False, True)
    )
    alone = sweep_steps.alone(store, last=1, sets=2)

    assert apart["digest"] == together["digest"]
    assert (alone["tasks"], apart["busiest_share"]) == (2, 1.0)


def test_every_missing_minute_is_seen_leaving_session_data_and_seen_filled(store: str) -> None:
    run = disturbed(store)

    assert run["missing"] == run["filled"] > 2 * 4 * 7
    assert len(run["waits_ms"]) > 14
    assert min(run["waits_ms"]) > 0
    assert run["failed"] == 0
    assert run["digests"] == upkeep_steps.undisturbed(store, last=2, closed=HOUR)["digests"]


def test_an_unreliable_upstream_fails_the_same_calls_in_every_run(store: str) -> None:
    first, second = disturbed(store, failing=0.3), disturbed(store, failing=0.3)

    assert (first["calls"], first["failed"]) == (second["calls"], second["failed"])
    assert 0 < first["failed"] < first["calls"]
    assert first["filled"] == first["missing"]


def test_an_upstream_that_always_fails_leaves_every_gap_abandoned_and_nothing_behind(store: str) -> None:
    how = {"last": 2, "closed": HOUR, "drop": 0.1, "outage": "10:00-10:07", "seed": 1}

    left = upkeep_steps.leaks(runs=3, store=store, failing=1.0, **how)

    assert left["abandoned"] == left["missing"] > 0
    assert left["filled"] == left["pending_futures"] == 0
    assert left["threads_after"] == left["threads_before"]


def printed(benchmark: str, *options: str) -> dict[str, Any]:
    """What a benchmark prints, started as a user does."""
    command = [sys.executable, f"tests/benchmarks/{benchmark}.py", *TINY, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.slow
def test_the_throughput_benchmark_prints_what_it_documents_also_at_a_speed() -> None:
    at_once, timed = printed("throughput"), printed("throughput", "--speed", "60", "--scale", "2000")

    assert list(at_once) == list(timed)
    assert set(at_once) == {
        "bars", "seconds", "bars_per_s", "load_seconds", "floor_bars_per_s", "ratio_to_floor", "peak_rss_mb",
        "ask_p50_us", "ask_p99_us", "transition_p50_ms", "transition_max_ms", "prefetch_hit_rate",
    }  # fmt: skip
    assert at_once["bars"] == timed["bars"] == 2 * 60 * 5
    assert timed["seconds"] > 2 * 3600 / (60 * 2000)


@pytest.mark.slow
def test_the_upkeep_benchmark_prints_what_it_documents() -> None:
    report = printed("upkeep", "--timed", "--scale", "2000")

    assert set(report) == {
        "gaps_closed_percent", "same_digest", "missing_minutes", "bar_quality",
        "gap_to_filled_ms_p50", "gap_to_filled_ms_p99", "detection_ms_per_minute", "detection_ms_p99",
        "failing_30", "failing_always",
        "throughput_ratio", "throughput_ratio_range", "bars_per_s", "bars_per_s_with_fills",
        "floor_bars_per_s", "ratio_to_floor", "ratio_to_floor_with_fills",
        "history_20", "history_20_timed",
    }  # fmt: skip
    assert report["gaps_closed_percent"] == report["bar_quality"] == 100.0
    assert report["failing_always"]["abandoned_percent"] == 100.0
    assert report["failing_always"]["closed_on_time"]


@pytest.mark.slow
def test_the_benchmark_of_reads_prints_what_it_documents() -> None:
    options = ("--repeat", "1", "--reads", "20", "--rate", "2000", "--seconds", "1", "--json")
    command = [sys.executable, "tests/benchmarks/reads.py", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    kinds = ["latest_bar", "last_20_1m", "last_20_5m", "bar_count", "metrics", "market_matrix_20",
             "market_matrix_20_5m", "market_matrix_20_named", "market_matrix_last_known", "market_latest_bars",
             "market_snapshot"]  # fmt: skip
    assert set(report) == {f"{kind}{when}_us" for kind in kinds for when in ("", "_fresh")} | {
        "latest_bar_p99_us", "loop_empty_us", "loop_last_20_5m_us", "floor_latest_us", "streamed_per_s",
        "streamed_latest_bar_p50_us", "streamed_latest_bar_p99_us",
    }  # fmt: skip
    assert report["streamed_per_s"] > 0


@pytest.mark.slow
def test_the_importing_benchmark_prints_what_it_documents() -> None:
    options = ("--rows", "20000", "--zips", "4", "--tickers", "30", "--holed", "30", "--large", "40")
    command = [sys.executable, "tests/benchmarks/importing.py", *options, "--repeat", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    kinds = ["rows", "mb", "s", "peak_mb", "peer_s", "peer_peak_mb", "of_peer"]
    cases = ["years", "zips", "flat", "holed", "large"]
    assert set(report) == {f"{case}_{kind}" for case in cases for kind in kinds} | {
        "duckdb", "pyarrow", "read_narrow_first_ms", "read_narrow_day_ms", "read_days_first_ms", "read_days_day_ms",
    }  # fmt: skip
    assert (report["years_rows"], report["flat_rows"]) == (20_000, 30 * 960)
    assert report["holed_rows"] < 30 * 960 / 2


@pytest.mark.slow
def test_the_benchmark_of_feeds_takes_every_line() -> None:
    command = [sys.executable, "tests/benchmarks/feeds.py", "--repeat", "1", "--lines", "2000", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert report["lines"] == 2000
    assert set(report["us"]) >= {"quote, live", "quote, feed", "tick, live, folded", "tick, plain"}


@pytest.mark.slow
def test_the_benchmark_of_serving_times_every_read_and_loses_no_event() -> None:
    options = ("--symbols", "5", "--listeners", "2", "--reads", "20", "--repeat", "1", "--json")
    command = [sys.executable, "tests/benchmarks/serving.py", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    kinds = ["latest_bar", "last_20", "matrix_20", "matrix_390", "arrow_last_20", "arrow_matrix_390"]
    assert {f"{kind}{which}_us" for kind in kinds for which in ("", "_p99")} <= set(report)
    assert report["heard_events"] > 390
    assert report["heard_dropped"] == 0
    assert {"alone_cpu_ms", "stopped_wall_ms", "heard_cpu_more_percent", "heard_process_ms"} <= set(report)


@pytest.mark.slow
def test_the_benchmark_of_the_page_prints_what_it_documents() -> None:
    command = [sys.executable, "tests/benchmarks/page.py", "--symbols", "5", "--seconds", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    report = json.loads(done.stdout)
    assert set(report) == {
        "symbols", "at_rest", "at_60_alone", "at_60", "at_real_time", "first_picture_ms", "page_bytes",
    }  # fmt: skip
    assert 50_000 < report["page_bytes"] < 200_000
    assert done.returncode == (report["at_real_time"] > 3.0)


@pytest.mark.slow
def test_the_benchmark_of_the_journal_takes_and_recovers_every_message() -> None:
    few = ["--repeat", "1", "--a-minute", "40", "--symbols", "2", "--seconds", "0.2", "--json"]
    command = [sys.executable, "tests/benchmarks/journal.py", *few]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert {f"{name}_cost" for name in ("trades", "messages", "bars", "paced")} <= set(report)
    assert min(report[f"recovered_{name}_per_s"] for name in ("trades", "messages", "bars")) > 0
    assert report["paced_safe_p99_ms"] > 0


@pytest.mark.slow
def test_the_benchmark_of_kills_says_whether_they_hit() -> None:
    few = ["--days", "0", "--lines", "0", "--imports", "1", "--fetches", "0", "--json"]
    command = [sys.executable, "tests/benchmarks/kills.py", *few]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    report = json.loads(done.stdout)["import"]
    assert (report["as_undisturbed"], report["differs"]) == (1, [])
    assert done.returncode == (report["hits"] < report["asked"])
    assert report["kills"] >= report["hits"]
