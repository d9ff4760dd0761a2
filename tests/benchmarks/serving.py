"""What other processes wait for an answer, and what the session pays for those that listen.

    python tests/benchmarks/serving.py --json

``*_us`` are medians over loopback, the session in a process of its own: ``last_20`` and ``matrix_390`` (of all symbols)
by our client, ``arrow_*`` by a Flight client that knows nothing of us. For the cost a strategy plays a day in lockstep,
reading ``matrix(20)`` at every minute, as fast as it can: ``alone_*``, beside another process that hears nothing; while
so many in that hear every event, ``heard_*``; and while as many stand still that had begun to, ``stopped_*``.
``*_cpu_ms`` is the processor time of the strategy and the rooms, ``*_process_ms`` that of the whole process, sending
included, ``*_wall_ms`` how long it took on this machine, the listeners on the same cores. Medians, in turns;
``*_more_percent`` is that of what a day cost more than the one alone before it.
"""

import argparse
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from pyarrow import flight

from actors.flight.client import connect
from actors.kernel.ports import BarStore
from actors.system import System
from messages.events import BoundaryKind, SessionBoundary
from tests.benchmarks.measuring import count, percentile, run_step, shown
from tests.benchmarks.reads import filled, timed

_HERE = str(Path(__file__).resolve())
_DAY = "2024-07-01"
_OTHERS = ("barkeeper-relay", "barkeeper-unserving", "Dummy")
"""Threads that are not the session's own: the relay, and those that gRPC made."""


def main() -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=count, default=500, metavar="N", help="of the market (default: 500)")
    parser.add_argument("--listeners", type=count, default=20, metavar="N", help="default: 20")
    parser.add_argument("--reads", type=count, default=2000, metavar="N", help="of each small kind (default: 2000)")
    parser.add_argument("--repeat", type=count, default=5, metavar="N", help="days of each kind (default: 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.step:
        steps: dict[str, Callable[..., None]] = {"serve": _serve, "listen": _listen}
        steps[wanted.step[0]](**json.loads(wanted.step[1]))
        return
    costs = run_step("days", module="serving", symbols=wanted.symbols, listeners=wanted.listeners, repeat=wanted.repeat)
    print(shown(reads(wanted.symbols, wanted.reads) | costs, as_json=wanted.json))


def reads(symbols: int, count: int) -> dict[str, Any]:
    """Time reads of a session in another process."""
    with _process("serve", symbols=symbols) as other:
        assert other.stdout is not None, "it has a pipe"
        address = other.stdout.readline().strip()
        with connect(address) as session, flight.connect(address) as stranger:
            symbol = session.active_symbols().get(timeout=30)[0]

            def table(**ticket: Any) -> Callable[[], object]:
                asked = flight.Ticket(json.dumps(ticket).encode())
                return lambda: stranger.do_get(asked).read_all()

            kinds: dict[str, tuple[Callable[[], object], int]] = {
                "latest_bar": (lambda: session.latest_bar(symbol).get(), count),
                "last_20": (lambda: session.last_bars(symbol, 20).get(), count),
                "matrix_20": (lambda: session.matrix(20).get(), count // 10 + 1),
                "matrix_390": (lambda: session.matrix(390).get(), count // 20 + 1),
                "arrow_last_20": (table(type="GetLastBars", symbol=symbol, count=20), count // 2 + 1),
                "arrow_matrix_390": (table(type="GetMatrix", count=390), count // 40 + 1),
            }
            report = {}
            for name, (read, times) in kinds.items():
                timed(read, times // 10 + 1)
                waits = timed(read, times)
                report |= {f"{name}_us": percentile(waits, 50, 0), f"{name}_p99_us": percentile(waits, 99, 0)}
        other.kill()
    return report


def days(symbols: int, listeners: int, repeat: int) -> dict[str, Any]:
    """Play the day again and again: alone, heard, and with listeners that stand still."""
    store = filled(_names(symbols), _DAY)
    found: dict[str, list[float]] = {}
    for kind in ("alone", "heard", "stopped") * repeat:
        for name, value in _day(store, kind, 0 if kind == "alone" else listeners).items():
            found.setdefault(f"{kind}_{name}", []).append(value)
    report: dict[str, Any] = {name: round(median(values), 1) for name, values in found.items()}
    for kind in ("heard", "stopped"):
        for name in ("cpu", "wall"):
            pairs = zip(found[f"{kind}_{name}_ms"], found[f"alone_{name}_ms"], strict=True)
            report[f"{kind}_{name}_more_percent"] = round(
                median(100 * (value / alone - 1) for value, alone in pairs), 1
            )
    return report


def _day(store: BarStore, kind: str, listeners: int) -> dict[str, float]:
    with System.backtest(store) as system:
        other = _process("listen", address=system.serve().address, listeners=listeners)
        assert other.stdout is not None, "it has a pipe"
        other.stdout.readline()
        if kind == "stopped":
            other.send_signal(signal.SIGSTOP)
        threads, process, wall = _own_cpu_s(), time.process_time(), time.perf_counter()
        for _ in system.minutes():
            system.matrix(20).get()
        took = {"cpu_ms": _own_cpu_s() - threads, "wall_ms": time.perf_counter() - wall}
        told = {}
        if kind == "heard":
            events, dropped = map(int, other.communicate()[0].split())
            took["process_ms"] = time.process_time() - process
            told = {"events": float(events), "dropped": float(dropped)}
        else:
            other.kill()
            other.communicate()
    return {name: 1000 * value for name, value in took.items()} | told


def _own_cpu_s() -> float:
    """Return the processor time of the threads of the strategy and the session."""
    own = [thread.ident for thread in threading.enumerate() if not thread.name.startswith(_OTHERS)]
    return sum(time.clock_gettime(time.pthread_getcpuclockid(ident)) for ident in own if ident is not None)


def _names(symbols: int) -> tuple[str, ...]:
    return tuple(f"S{number:04}" for number in range(symbols))


# --- the other processes


def _process(step: str, **arguments: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, _HERE, "--step", step, json.dumps(arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _serve(symbols: int) -> None:
    """Be a session at the end of its day, until nobody needs it any more."""
    with System.backtest(filled(_names(symbols), _DAY)) as system:
        minutes = iter(system.minutes())
        for _ in range(390):
            next(minutes)
        print(system.serve().address, flush=True)
        sys.stdin.read()


def _listen(address: str, listeners: int) -> None:
    """Be so many listeners to all that is told, each with a connection and a thread; say when all of them hear."""
    sessions = [connect(address) for _ in range(listeners)]
    heard = [session.subscribe() for session in sessions]
    counts = [0] * listeners

    def hear(number: int) -> None:
        for event in heard[number]:
            counts[number] += 1
            if isinstance(event, SessionBoundary) and event.kind is BoundaryKind.CLOSED:
                return

    threads = [threading.Thread(target=hear, args=(number,), daemon=True) for number in range(listeners)]
    for thread in threads:
        thread.start()
    print("there", flush=True)
    for thread in threads:
        thread.join()
    print(min(counts, default=0), sum(events.dropped for events in heard), flush=True)
    for session in sessions:
        session.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["days"]:
        print(json.dumps(days(**json.loads(sys.argv[2]))))
    else:
        main()
