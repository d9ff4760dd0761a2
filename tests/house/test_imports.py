"""Nobody waits for a library that is not used: what each way in imports, seen from a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from actors.doors.cli.app import main
from tests.house.source import ROOT

VENDORS = {"alpaca", "databento", "databento_dbn", "websockets", "zstandard", "ccxt", "ib_async"}
ANALYSTS = {"pandas", "polars", "duckdb", "scipy", "exchange_calendars"}
FOR_PEOPLE = {"typer", "rich", "pydantic"}
SERVING = {"starlette", "uvicorn", "prometheus_client", "aiohttp"}
IMPORTING = {"actors.importing", "actors.reading.format", "actors.reading.peek", "actors.reading.delimited"}


def imported(*arguments: str) -> set[str]:
    """Return every module that Python imports when it is started with these arguments."""
    command = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.slow
@pytest.mark.parametrize("door", ["actors.system", "actors.store", "barkeeper"])
def test_a_program_that_imports_the_system_pays_for_nothing_else(door: str) -> None:
    modules = imported("-c", f"import {door}")

    assert {door, "msgspec", "numpy"} <= modules
    assert not modules & (VENDORS | ANALYSTS | FOR_PEOPLE | SERVING | IMPORTING | {"pyarrow"})


COMMANDS = {
    "sample": ("sample", "--store", "{folder}/another"),
    "inspect": ("inspect", "--store", "{folder}/store"),
    "verify": ("verify", "--store", "{folder}/store"),
    "backtest": ("backtest", "--store", "{folder}/store", "--last", "1", "--json"),
}


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_whose_calendar_is_kept_pays_for_no_library_of_analysts(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", "--store", str(tmp_path / "store")]) == 0
    capsys.readouterr()

    modules = imported("run.py", *(word.format(folder=tmp_path) for word in COMMANDS[command]))

    assert {"typer", "pyarrow.parquet", "actors.storage.parquet"} <= modules
    assert not modules & (VENDORS | ANALYSTS | SERVING)
    assert command != "backtest" or not modules & IMPORTING
