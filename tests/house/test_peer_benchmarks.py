"""Who is compared with others must have done the same work."""

import argparse
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tests.benchmarks import peers, startup, strategy
from tests.benchmarks.engines import work
from tests.benchmarks.measuring import Work, has_heard, lined_up
from tests.benchmarks.readme_tables import TABLES, put_in
from tests.documents import documents
from tests.house.source import ROOT

TRUTH = {"1": [4, 100.0, 1000.0], "5": [2, 50.0, 1000.0]}


def printed(benchmark: str, *options: str) -> dict[str, Any]:
    command = [sys.executable, f"tests/benchmarks/{benchmark}.py", *options, "--repeat", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_numbers_must_be_the_same_and_sums_but_for_the_order_of_adding_up() -> None:
    assert has_heard({**TRUTH, "1": [4, 100.0 + 1e-9, 1000.0]}, TRUTH)
    assert not has_heard({**TRUTH, "1": [3, 100.0, 1000.0]}, TRUTH)
    assert not has_heard({**TRUTH, "5": [2, 50.1, 1000.0]}, TRUTH)
    assert not has_heard({**TRUTH, "5": [2, 50.0, 999.0]}, TRUTH)


def test_how_much_is_to_be_done_is_written_with_an_x() -> None:
    assert Work.parse("500x2") == Work(500, 2)
    for nonsense in ("500", "0x2", "ax2"):
        with pytest.raises(argparse.ArgumentTypeError, match="20x20"):
            Work.parse(nonsense)


def test_a_table_has_columns() -> None:
    assert lined_up([["a", "bar"], ["long", ""]]) == "| a    | bar |\n|------|-----|\n| long |     |"


def test_the_truth_is_the_last_close_and_the_whole_volume_of_each_block() -> None:
    starts = np.array([0, 0, 4, 4, 5]) * work.MINUTE_NS
    columns = np.array([[0.0] * 5] * 3 + [[1.0, 2.0, 3.0, 4.0, 5.0], [10.0, 20.0, 30.0, 40.0, 50.0]])
    bars = work.Bars(symbols=["A", "B"], index=np.array([0, 1, 0, 1, 0]), start_ns=starts, columns=columns)

    assert work.truth(bars).of == {1: [5, 15.0, 150.0], 5: [3, 12.0, 150.0], 15: [2, 9.0, 150.0]}


def test_who_heard_something_else_has_no_time_and_is_named() -> None:
    ours = {"rounds": 1, "load_cpu_s": 0.1, "cpu_s": 2.0, "cpu_s_range": [2.0, 2.0], "bars_per_cpu_s": 5, "beside": 1.0}
    work = {"bars": 10, "engines": {peers.OURS: ours}, "wrong": {"bytewax": "failed"}}

    table = peers.table({"machine": "2 cores", "versions": {}, "not_installed": ["vnpy"], "works": {"2 x 1": work}})

    _, head, _, row, *words = (line for line in table.splitlines() if line)
    assert "2 x 1, s" in head
    assert row.split("|")[1:4] == [f" {peers.OURS} ".ljust(21), " a minute ", " 2 (once) "]
    assert words == ["bytewax, 2 x 1: not shown, it failed", "vnpy is not installed"]


@pytest.mark.slow
def test_everybody_who_is_installed_hears_the_same_bars() -> None:
    report = printed("peers", "--work", "2x1")

    done = report["works"]["2 x 1"]
    assert done["bars"] == 2 * 390
    assert done["wrong"] == {}
    assert set(done["engines"]) >= {peers.OURS, "Barkeeper, free", "pandas", "polars"}
    assert all(engine["rounds"] == 1 < engine["bars_per_cpu_s"] for engine in done["engines"].values())
    assert {*report["versions"], *report["not_installed"]} == {engine.package for engine in peers.ENGINES}
    assert peers.table(report).count("\n| ") == 1 + len(done["engines"])


@pytest.mark.slow
def test_a_strategy_that_reads_is_timed_with_every_read() -> None:
    report = printed("strategy", "--sessions", "1")

    assert report["minutes"] == 390
    assert set(report["bodies"]) == set(strategy.BODIES)
    assert all(found["us"][0] > 0 for found in report["bodies"].values())
    assert "| nothing " in strategy.table(report)


@pytest.mark.slow
def test_starts_and_whole_backtests_are_timed() -> None:
    report = printed("startup", "--work", "1x2")

    assert set(report["starts_s"]) == {"python", "needed_imports", "help", "first_bar"}
    assert report["backtests"]["1 x 2"]["bars"] == 2 * 390
    assert report["starts_s"]["first_bar"][0] > report["starts_s"]["python"][0]
    assert "| 1 x 2 " in startup.table(report)


def test_tables_are_put_in_their_places() -> None:
    text = "before\n<!-- peers -->\nold\n<!-- end of peers -->\nafter <!-- feeds -->"

    assert (
        put_in(text, "peers", r"new \1")
        == "before\n<!-- peers -->\nnew \\1\n<!-- end of peers -->\nafter <!-- feeds -->"
    )
    assert put_in(text, "feeds", "new") == text


def test_the_guide_has_a_place_for_every_table() -> None:
    text = documents()["actors/doors/guide/speed.md"]

    assert all(put_in(text, name, "new table") != text for name in TABLES)
