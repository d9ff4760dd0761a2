"""Processes that are killed (SIGKILL) at seeded random moments, and begun again: is anything lost?

    python -m tests.benchmarks.kills                                                     # 50 + 50 kills, 20, 20
    python -m tests.benchmarks.kills --days 1 --lines 1 --each 2 --imports 1 --fetches 1    # a look at it

``trades`` is a live day of trades, of eight minutes at 120 times the speed of time, which publishes a bar of its own a
minute and has an upstream; it is killed ``--each`` times, each time as soon as it says that it is so late, and goes on,
half of the times a while later. ``lines`` is one of JSON lines with trades, without an upstream. ``import`` and
``fetch`` are killed once each, somewhere between the first and the last thing that they do to the store, and run again;
``verify`` must find nothing meanwhile. In the end the digest, what was acknowledged and what the store holds must be
those of an undisturbed run, ``verify`` must find nothing, and no file may be left unfinished.

A kill hits if the process died of it while it was at work: a day after its open and before it said its digest, an
import or fetch when not all was in the store. One that does not hit proves nothing: of an import or fetch it is made
again. ``half-written`` counts those that left an unfinished file. Exits with 1 if anything is different, or if fewer
kills hit than were asked for; whatever is different has a line below the table.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from actors.storage.parquet import ParquetStore
from actors.verifying import verify_store
from tests.benchmarks.measuring import lined_up
from tests.house.source import ROOT
from tests.system.killed_day import OWN, SESSION
from tests.system.test_killed import FIRST_OF_LINES, Day

_SYMBOLS = 60
_TRIES = 10
"""A machine that is busy may let a process come to its end before it is killed."""
_LOOK_S = 0.001
_KINDS: dict[str, tuple[tuple[str, ...], float]] = {"trades": ((), 0.0), "lines": (("lines",), FIRST_OF_LINES)}
"""Of live days: which, and so many minutes after its open the first kill may come."""


class Fate(NamedTuple):
    """What became of something that was killed."""

    kills: int
    hits: int
    torn: int = 0
    """How many of the kills left an unfinished file."""
    acked: int = 0
    """Bars that were acknowledged."""
    lost: int = 0
    """Of these, how many were not there when somebody looked."""
    differs: str = ""
    """In what it is not as undisturbed."""


class Case(NamedTuple):
    """Something that is killed so many times."""

    name: str
    asked: int
    """So many kills should hit."""
    fates: "list[Future[Fate]]"


class Whole(NamedTuple):
    """An import or fetch that nobody disturbed."""

    held: tuple[str, int]
    work_s: float
    """From the first to the last thing that it did to the store."""


def main(arguments: Sequence[str]) -> int:
    """Kill, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual, meaning in (
        ("days", 10, "live days of trades"),
        ("lines", 10, "live days of JSON lines"),
        ("each", 5, "kills of each of these days"),
        ("imports", 20, "imports, each killed once"),
        ("fetches", 20, "fetches, each killed once"),
        ("seed", 1, "of the moments"),
        ("jobs", os.cpu_count() or 1, "how many of them at a time"),
    ):
        parser.add_argument(f"--{name}", type=int, default=usual, metavar="N", help=f"{meaning} (default: {usual})")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="barkeeper-", ignore_cleanup_errors=True) as folder:
        with ThreadPoolExecutor(asked.jobs) as pool:
            cases = [
                *_days(pool, Path(folder), "trades", asked.days, asked.each, asked.seed),
                *_days(pool, Path(folder), "lines", asked.lines, asked.each, asked.seed),
                *_errands(pool, Path(folder), {"import": asked.imports, "fetch": asked.fetches}, asked.seed),
            ]
        found = {case.name: _summed(case) for case in cases}
    if asked.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.write(_table(found) + f"\n\n{time.monotonic() - began:.0f} s, seed {asked.seed}\n")
    return any(one["differs"] or one["hits"] < one["asked"] for one in found.values())


def _summed(case: Case) -> dict[str, Any]:
    fates = [fate.result() for fate in case.fates]
    return {
        "runs": len(fates),
        "asked": case.asked,
        **{name: sum(getattr(one, name) for one in fates) for name in ("kills", "hits", "torn", "acked", "lost")},
        "as_undisturbed": sum(not one.differs for one in fates),
        "differs": [f"{case.name} {number}: {one.differs}" for number, one in enumerate(fates) if one.differs],
    }


def _table(found: dict[str, dict[str, Any]]) -> str:
    head = ("killed", "runs", "kills", "of which hit", "half-written", "acknowledged, lost", "as undisturbed")
    rows = [
        (
            name,
            str(one["runs"]),
            str(one["kills"]),
            f"{one['hits']} (asked: {one['asked']})",
            "" if one["acked"] else str(one["torn"]),
            f"{one['acked']}, {one['lost']}" if one["acked"] else "",
            f"{one['as_undisturbed']} of {one['runs']}",
        )
        for name, one in found.items()
    ]
    return "\n".join([lined_up([head, *rows]), *(line for one in found.values() for line in one["differs"])])


def _told(name: str, number: int, begin: Callable[[], Fate]) -> Fate:
    """Say how it went as soon as it is known: all of it takes minutes."""
    began, fate = time.monotonic(), begin()
    took = time.monotonic() - began
    how = fate.differs or "as undisturbed"
    sys.stderr.write(f"{name} {number}: {fate.kills} kills, {fate.hits} hit; {how} ({took:.0f} s)\n")
    return fate


# --- days that are lived


def _days(pool: ThreadPoolExecutor, folder: Path, name: str, days: int, each: int, seed: int) -> list[Case]:
    if not days:
        return []
    more, first = _KINDS[name]
    undisturbed = pool.submit(_lived, Day(folder / f"{name} undisturbed", *more), random.Random(), 0, first)
    fates = []
    for number in range(days):
        day, dice = Day(folder / f"{name} {number}", *more), random.Random(f"{seed} {name} {number}")
        fates.append(pool.submit(_told, name, number, partial(_day, day, dice, each, first, undisturbed)))
    return [Case(name, days * each, fates)]


def _lived(day: Day, dice: random.Random, kills: int, first: float) -> Day:
    day.live_and_die(dice, kills, first)
    return day


def _day(day: Day, dice: random.Random, kills: int, first: float, undisturbed: "Future[Day]") -> Fate:
    _lived(day, dice, kills, first)
    return Fate(
        kills=day.kills,
        hits=day.hits,
        acked=len(day.acked),
        lost=len(day.lost),
        differs=_difference(day, undisturbed.result()),
    )


def _difference(day: Day, undisturbed: Day) -> str:
    """Return in what a day is not as it would have been; nothing: in nothing."""
    with contextlib.closing(ParquetStore(day.store, read_only=True)) as store:
        stored = store.read("XNYS", SESSION.date, [OWN])
        own = set() if stored is None else set(stored.bars.start_ns.tolist())
        faults = verify_store(store).faults
    told = {
        f"digest {day.digest}, not {undisturbed.digest}": day.digest != undisturbed.digest,
        f"acknowledged and lost: {sorted(day.lost)}": bool(day.lost),
        f"{len(day.acked)} acknowledged, not {len(undisturbed.acked)}": day.acked != undisturbed.acked,
        f"{len(own)} of its own in the store": own != undisturbed.acked,
        f"verify: {faults}": bool(faults),
        f"left behind: {_left(day.store)}": bool(_left(day.store)),
    }
    differs = "; ".join(what for what, is_so in told.items() if is_so)
    return f"{differs}; it said last: {day.said[-3:]}" if differs else ""


# --- what is done to a store and over


def _errands(pool: ThreadPoolExecutor, folder: Path, times: dict[str, int], seed: int) -> list[Case]:
    if not any(times.values()):
        return []
    archive, files = folder / "archive", folder / "bars.csv"
    symbols = ",".join(f"S{number:02}" for number in range(_SYMBOLS))
    _run("sample", "--store", folder / "sample", "--archive", archive, "--symbols", symbols)
    _run("export", "--store", archive, "--to", files)
    span = "--start", "2024-07-01", "--end", "2024-07-08", "--symbols", symbols
    words = {"import": ("import", files), "fetch": ("fetch", "--from", archive, *span)}
    cases = []
    for name, count in times.items():
        whole = pool.submit(_whole, folder / f"{name} undisturbed", words[name])
        fates = []
        for number in range(count):
            store, dice = folder / f"{name} {number}", random.Random(f"{seed} {name} {number}")
            errand = partial(_errand, store, words[name], dice, whole)
            fates.append(pool.submit(_told, name, number, errand))
        cases += [Case(name, count, fates)] if count else []
    return cases


def _whole(store: Path, words: Sequence[object]) -> Whole:
    """Run to the end; return what is in the store then, and how long that took from its first sign on."""
    seen, changes = _signs(store), list[float]()
    with subprocess.Popen(_command(*words, "--store", store), cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if (now := _signs(store)) != seen:
                seen = now
                changes.append(time.monotonic())
            time.sleep(_LOOK_S)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: exit code {process.returncode}")
    return Whole(_held(store), changes[-1] - changes[0])


def _errand(store: Path, words: Sequence[object], dice: random.Random, undisturbed: "Future[Whole]") -> Fate:
    """Kill it at work, at the first try as a rule; run it again, and look at what is there."""
    whole, torn, faults, kills, is_hit = undisturbed.result(), 0, 0, 0, False
    while not is_hit and kills < _TRIES:
        shutil.rmtree(store, ignore_errors=True)
        is_killed = _killed(store, words, dice.uniform(0.0, whole.work_s))
        there, torn = _held(store), len(_left(store))
        kills, faults, is_hit = kills + 1, faults + there[1], is_killed and there != whole.held
    _run(*words, "--store", store)
    told = {
        f"verify found {faults} faults when it had been killed": bool(faults),
        f"{_held(store)} is not {whole.held}": _held(store) != whole.held,
        f"left behind: {_left(store)}": bool(_left(store)),
    }
    differs = "; ".join(what for what, is_so in told.items() if is_so)
    return Fate(kills=kills, hits=int(is_hit), torn=int(torn > 0), differs=differs)


def _killed(store: Path, words: Sequence[object], after_s: float) -> bool:
    """Kill a process so long after the first sign of it in the store; return whether it died of that."""
    with subprocess.Popen(
        _command(*words, "--store", store), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and not _signs(store):
            time.sleep(_LOOK_S)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after_s)
        process.kill()
    return process.returncode == -signal.SIGKILL


def _signs(store: Path) -> list[tuple[str, int]]:
    """Return the files of a store as they are at this moment."""
    found = []
    for path in store.rglob("*"):
        with contextlib.suppress(OSError):  # it has just been moved
            found.append((str(path), path.stat().st_mtime_ns))
    return sorted(found)


def _command(*words: object) -> list[str]:
    return [sys.executable, "run.py", *map(str, words)]


def _run(*words: object) -> None:
    done = subprocess.run(_command(*words), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stdout}{done.stderr}")


def _held(root: Path) -> tuple[str, int]:
    """Return a digest of all bars of a store and of which days are certified, and how many days do not verify."""
    digest = hashlib.sha256()
    with contextlib.closing(ParquetStore(root, read_only=True)) as store:
        for calendar in store.calendars():
            digest.update(repr(store.certified(calendar)).encode())
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
