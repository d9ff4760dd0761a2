"""A week of live days whose process is killed once in each: does memory stay what it was, and is every bar there?

    python tests/benchmarks/killed_week.py                             # 500 symbols, five sessions: four minutes
    python tests/benchmarks/killed_week.py --symbols 20 --sessions 2   # a look at it: one minute

A simulated feed sends every bar at ``--speed`` times the speed of time, nights included. The process is killed
(SIGKILL) at a seeded random moment of each session, early enough for the next one to be there before the close, half
of the times up to an hour later; an archive fills what was not heard meanwhile. A kill hits if the process died of it
while that session was open. Memory is the process's own (Linux) when a session has its certificate; ``memory_growth``
is that of the last over that of the second. Exits with 1 if it is more than 1.1, if a kill did not hit, if a day is not
certified or not as it was sent, bar by bar, or if ``verify`` finds something.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

import numpy as np

from actors.feeds.simulated.feed import SimulatedStream, simulated_feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.feeds.simulated.prints import PrintRates
from actors.kernel.clock import SystemClock
from actors.market.calendar import Calendar
from actors.settings import SessionRules
from actors.storage.parquet import ParquetStore
from actors.system import System
from actors.verifying import verify_store
from messages.values import MINUTE_NS, SECOND_NS, TradingSession, moment
from tests.benchmarks.measuring import ROOT, count, lined_up, shown

CALENDAR, FIRST = "XNYS", "2024-07-08"
_LEAD_NS = 30 * MINUTE_NS
_GRACE_NS = 60 * SECOND_NS
"""At these speeds a machine that is busy for an instant is seconds late."""
_QUIET = SimulatedStream(rates=PrintRates(ticks=0, quotes=0))
_MOST_GROWTH = 1.1


def main() -> None:
    """Run what the command line asks for, print what came of it, and fail if it was too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=count, default=500, metavar="M", help="default: 500")
    parser.add_argument("--sessions", type=count, default=5, metavar="N", help="default: 5")
    parser.add_argument("--speed", type=float, default=1800.0, metavar="X", help="default: 1800, a day in 48 s")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the moments (default: 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--life", nargs=2, metavar=("FOLDER", "NOW_NS"), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.life:
        _live(Path(wanted.life[0]), int(wanted.life[1]), wanted.symbols, wanted.sessions, wanted.speed)
        return
    with tempfile.TemporaryDirectory(prefix="barkeeper-", ignore_cleanup_errors=True) as folder:
        report = killed_week(Path(folder), wanted.symbols, wanted.sessions, wanted.speed, wanted.seed)
    if not wanted.json:
        print(_table(report["days"]), end="\n\n")
    print(shown({name: one for name, one in report.items() if wanted.json or name != "days"}, as_json=wanted.json))
    if complaint := wrong(report):
        sys.exit(complaint)


def killed_week(folder: Path, symbols: int, sessions: int, speed: float, seed: int) -> dict[str, Any]:
    """Live through it; return what was seen."""
    market, days, dice = SimulatedMarket.of_size(symbols), _sessions(sessions), random.Random(seed)
    archive = ParquetStore(folder / "archive")
    for day in days:
        archive.merge(CALENDAR, day.date, market.day(day))
    archive.close()
    spans = [(day.open_ns, day.close_ns - day.open_ns) for day in days]
    deaths = [(open_ns + round(dice.uniform(0.05, 0.7) * span_ns), _away_ns(dice)) for open_ns, span_ns in spans]
    life = _Life(["--symbols", str(symbols), "--sessions", str(sessions), "--speed", str(speed), "--life", str(folder)])
    life.now_ns = days[0].start_ns - _LEAD_NS
    killed_ns = [life.lived(death_ns, away_ns) for death_ns, away_ns in deaths]
    life.lived(None, 0)
    kept = ParquetStore(folder / "store", read_only=True)
    certified = kept.certified(CALENDAR)
    told = [
        {
            "session": day.date,
            "killed_at": str(moment(at_ns, day.tz))[:16],
            "is_hit": was_killed and day.open_ns <= at_ns < day.close_ns,
            "is_certified": day.date in certified,
            "is_as_sent": _is_as_sent(kept, market, day),
            "memory_mb": round(life.memory_mb[day.date]) if day.date in life.memory_mb else None,
        }
        for day, (at_ns, was_killed) in zip(days, killed_ns, strict=True)
    ]
    seen = [life.memory_mb[day.date] for day in days if day.date in life.memory_mb]
    return {
        "sessions": len(days),
        "hits": sum(one["is_hit"] for one in told),
        "certified": sum(one["is_certified"] for one in told),
        "as_sent": sum(one["is_as_sent"] for one in told),
        "memory_growth": round(seen[-1] / seen[min(1, len(seen) - 1)], 3) if seen else None,
        "verify_faults": len(verify_store(kept).faults),
        "days": told,
    }


class _Life:
    """One process after the other, each from where the one before was killed.

    Args:
        options: of every one.
    """

    def __init__(self, options: list[str]) -> None:
        self._command = [sys.executable, "-m", "tests.benchmarks.killed_week", *options]
        self.now_ns = 0
        self.memory_mb: dict[str, float] = {}
        """By session."""

    def lived(self, death_ns: int | None, away_ns: int) -> tuple[int, bool]:
        """Live until a moment; return when it was killed, and whether it died of that. The next begins later."""
        with subprocess.Popen(
            [*self._command, str(self.now_ns)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None, "it has a pipe"
            for line in process.stdout:
                word, *rest = line.split()
                if word == "now":
                    self.now_ns = int(rest[0])
                    if death_ns is not None and self.now_ns >= death_ns:
                        process.kill()
                        break
                elif word == "certified":
                    self.memory_mb.setdefault(rest[0], float(rest[1]))
            process.stdout.read()
        killed_ns, self.now_ns = self.now_ns, self.now_ns + away_ns
        return killed_ns, process.returncode == -signal.SIGKILL


def _away_ns(dice: random.Random) -> int:
    return round(dice.uniform(0, 60) * MINUTE_NS) if dice.random() < 0.5 else 0


def _table(days: list[dict[str, Any]]) -> str:
    told = {True: "yes", False: "no", None: ""}
    rows = [[told.get(value, str(value)) for value in day.values()] for day in days]
    return lined_up([[name.replace("_", " ") for name in days[0]], *rows])


def wrong(report: dict[str, Any]) -> str:
    """Return what was too much, or nothing."""
    growth, sessions = report["memory_growth"], report["sessions"]
    complaints = [
        f"memory is {growth} times what it was" if growth is None or growth > _MOST_GROWTH else "",
        *(f"{report[one]} of {sessions} {one}" for one in ("hits", "certified", "as_sent") if report[one] != sessions),
        f"{report['verify_faults']} faults" if report["verify_faults"] else "",
    ]
    return "; ".join(filter(None, complaints))


def _sessions(number: int) -> list[TradingSession]:
    calendar = Calendar(CALENDAR)
    return list(calendar.sessions(FIRST, "2024-12-31"))[:number]


def _is_as_sent(kept: ParquetStore, market: SimulatedMarket, day: TradingSession) -> bool:
    held, sent = kept.read(CALENDAR, day.date), market.day(day).bars
    if held is None or len(held.bars) != len(sent):
        return False
    columns = ("start_ns", "open", "high", "low", "close", "volume")
    return all(
        np.array_equal(getattr(held.bars.only(only), name), getattr(sent.only(only), name))
        for only in (frozenset({symbol}) for symbol in sent.symbols)
        for name in columns
    )


def _live(folder: Path, now_ns: int, symbols: int, sessions: int, speed: float) -> None:
    """Be a life: from a moment on until the last session has its certificate."""
    market, days = SimulatedMarket.of_size(symbols), _sessions(sessions)
    clock = SystemClock(speed, now_ns)
    clock.hold()  # until it is up: how fast the machine is changes nothing
    feed = simulated_feed(market, days, clock, _QUIET)
    system = System.live(
        str(folder / "store"),
        [feed],
        market.symbols,
        calendar=CALENDAR,
        clock=clock,
        rules=SessionRules(grace_ns=_GRACE_NS),
        fill_from=(str(folder / "archive"),),
    )
    with system:
        clock.go_on()
        threading.Thread(target=_tell_time, args=(clock,), daemon=True).start()
        pause, told = threading.Event(), ""
        while told < days[-1].date:
            pause.wait(0.05)
            certificate = system.certificate().get(timeout=60)
            if certificate is not None and certificate.date > told:
                told = certificate.date
                _say("certified", told, _memory_mb())


def _tell_time(clock: SystemClock) -> None:
    pause = threading.Event()
    while True:
        _say("now", clock.now_ns())
        pause.wait(0.02)


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
