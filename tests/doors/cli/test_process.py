"""The program as a user starts it: processes of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from tests.house.source import ROOT
from tests.patience import PATIENCE_S, SOON_S

HEAVY = {"pandas", "pyarrow", "numpy", "exchange_calendars", "loguru", "pykka"}


def started(*arguments: str | Path, cache: Path | None = None) -> "subprocess.Popen[str]":
    """Start the program."""
    environment = {**os.environ, "BARKEEPER_CACHE": str(cache)} if cache else dict(os.environ)
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def test_help_imports_nothing_heavy() -> None:
    process = started("-X", "importtime", "run.py", "--help")

    out, err = process.communicate(timeout=PATIENCE_S)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in err.splitlines()}
    assert process.returncode == 0
    assert "Usage" in out
    assert "typer" in imported
    assert not HEAVY & imported


@pytest.mark.slow
def test_the_main_job_runs_from_cold(tmp_path: Path) -> None:
    process = started("run.py", cache=tmp_path)

    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (0, "")
    assert str(tmp_path) in out
    assert "To try next:" in out
    assert "\x1b" not in out


@pytest.mark.slow
def test_json_is_the_only_thing_on_stdout_however_much_is_logged(store: Path) -> None:
    process = started("run.py", "backtest", "--store", store, "--json", "--verbose")

    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert out.count("\n") == 1
    assert len(msgspec.json.decode(out)["sessions"]) == 2
    assert "RunFinished" in err


@pytest.mark.slow
def test_a_failure_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    process = started("run.py", "backtest", "--store", tmp_path / "none")

    assert process.communicate(timeout=PATIENCE_S) == ("", f"error: no store at {tmp_path / 'none'}: no such folder\n")
    assert process.returncode == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process alone")
@pytest.mark.parametrize("repairs", [(), ("--drop", "0.1", "--fill-from")], ids=["plain", "repaired"])
def test_an_interrupt_ends_a_running_backtest_within_a_second(store: Path, repairs: tuple[str, ...]) -> None:
    source = (store,) if repairs else ()
    process = started("run.py", "backtest", "--store", store, "--speed", "60", "--verbose", *repairs, *source)
    assert process.stderr is not None
    while "state=running" not in process.stderr.readline():
        assert process.poll() is None

    began = time.perf_counter()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert time.perf_counter() - began < SOON_S
    assert (process.returncode, out) == (130, "")
    assert err.endswith("interrupted\n")
    assert "Traceback" not in err


def test_who_interrupts_while_it_is_still_being_loaded_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import run; run.main()"
    process = started("-c", code)

    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (130, "", "interrupted\n")
