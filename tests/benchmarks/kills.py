"""Processes that are killed at seeded random moments, and begun again: python -m tests.benchmarks.kills

    python -m tests.benchmarks.kills --days 10 --lines 10 --each 5 --imports 20 --fetches 20 --seed 1

A live day of trades is killed so many times, each time as soon as it says that it is so late, and goes on, half of the
times a while later; so is one of JSON lines with trades, without an upstream. An import and a fetch are killed once
each, somewhere between their start and their usual end, and run once more. The digest, what was acknowledged and what
the store holds must be those of an undisturbed run, ``verify`` must find nothing, and no file may be left unfinished.
Exits with 1 if anything differs.
"""

import argparse
import contextlib
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from actors.storage.parquet import ParquetStore
from actors.verifying import verify_store
from tests.house.source import ROOT
from tests.system.killed_day import OWN, SESSION
from tests.system.test_killed import Day

_SYMBOLS = 60


def main(arguments: Sequence[str]) -> int:
    """Kill, and count what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("days", 10), ("lines", 10), ("each", 5), ("imports", 20), ("fetches", 20), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    asked = parser.parse_args(arguments)
    dice = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        bad = _days(Path(folder), dice, asked.days, asked.each)
        bad += _days(Path(folder), dice, asked.lines, asked.each, "lines")
        bad += _errands(Path(folder), dice, asked.imports, asked.fetches)
    return bad > 0


def _days(folder: Path, dice: random.Random, days: int, each: int, *more: str) -> int:
    if not days:
        return 0
    undisturbed = Day(folder / f"undisturbed {more}", *more)
    undisturbed.live()
    kills = bad = 0
    for number in range(days):
        day = Day(folder / f"day {number} {more}", *more)
        day.live_and_die(dice, each)
        kills += day.kills
        store = ParquetStore(day.store, read_only=True)
        stored = store.read("XNYS", SESSION.date, [OWN])
        own = set() if stored is None else set(stored.bars.start_ns.tolist())
        is_well = (day.digest, day.lost, own) == (undisturbed.digest, set(), undisturbed.acked)
        is_well = is_well and day.acked == undisturbed.acked and not verify_store(store).faults and not _left(day.store)
        bad += not is_well
        if not is_well:
            sys.stdout.write(f"day {number}: {day.digest} {undisturbed.digest} lost {day.lost}; {day.said[-3:]}\n")
    what = " ".join(("live days of trades", *more))
    sys.stdout.write(f"{what}: {kills} kills of {days} days; {days - bad} days as undisturbed\n")
    return bad


def _errands(folder: Path, dice: random.Random, imports: int, fetches: int) -> int:
    archive = folder / "archive"
    symbols = ",".join(f"S{number:02}" for number in range(_SYMBOLS))
    _run("sample", "--store", folder / "sample", "--archive", archive, "--symbols", symbols)
    files = folder / "bars.csv"
    _run("export", "--store", archive, "--to", files)
    span = "--start", "2024-07-01", "--end", "2024-07-08", "--symbols", symbols
    bad = 0
    for name, times, words in (
        ("import", imports, ("import", files)),
        ("fetch", fetches, ("fetch", "--from", archive, *span)),
    ):
        if times:
            bad += _errand(folder, dice, name, times, words)
    return bad


def _errand(folder: Path, dice: random.Random, name: str, times: int, words: Sequence[object]) -> int:
    began = time.monotonic()
    _run(*words, "--store", folder / f"{name} undisturbed")
    usual_s, whole, bad = time.monotonic() - began, _held(folder / f"{name} undisturbed"), 0
    for number in range(times):
        store = folder / f"{name} {number}"
        process = subprocess.Popen(
            _command(*words, "--store", store), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(dice.uniform(0.1, 1.0) * usual_s)
        process.kill()
        process.wait()
        _run(*words, "--store", store)
        is_well = _held(store) == whole and not _left(store)
        bad += not is_well
        if not is_well:
            sys.stdout.write(f"{name} {number}: {_held(store)} {whole}; left {_left(store)}\n")
    sys.stdout.write(f"{name}: {times} kills, {times - bad} stores as undisturbed\n")
    return bad


def _command(*words: object) -> list[str]:
    return [sys.executable, "run.py", *map(str, words)]


def _run(*words: object) -> None:
    done = subprocess.run(_command(*words), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stdout}{done.stderr}")


def _held(root: Path) -> tuple[str, int]:
    """Return a digest of all bars of a store, and how many days do not verify."""
    digest = hashlib.sha256()
    with contextlib.closing(ParquetStore(root, read_only=True)) as store:
        for calendar in store.calendars():
            for date in store.dates(calendar):
                day = store.read(calendar, date)
                assert day is not None
                parts = (day.bars.symbols, day.bars.symbol_index, day.bars.start_ns, day.bars.values, day.verdicts)
                digest.update(f"{calendar} {date}".encode())
                for part in parts:
                    digest.update(repr(part).encode() if isinstance(part, tuple) else part.tobytes())
        return digest.hexdigest(), len(verify_store(store).faults)


def _left(root: Path) -> list[str]:
    """Return what lies there unfinished."""
    return sorted(path.name for path in root.rglob("*.tmp*"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
