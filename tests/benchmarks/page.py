"""What the page costs the run that it shows: 500 symbols x 390 minutes, one viewer.

    python tests/benchmarks/page.py --json
    python tests/benchmarks/page.py --symbols 50 --seconds 3

A replay of a simulated day is played beyond its 200th minute, stands still there, and goes on at 60 times the speed of
time, a minute of all symbols a second. A viewer does in a process of its own what the page does in a browser: listens
to the news, asks for newer bars of one symbol with each look at the vitals, and for the gaps with each change. In
percent of one core, of the process that runs the session and serves the page:

``at_rest``       the tape stands still, with a viewer
``at_60_alone``   60 times the speed of time, nobody there
``at_60``         what the viewer adds to that
``at_real_time``  at the speed of time: at rest, and a sixtieth of what the minutes add

``first_picture_ms`` is how long a viewer waits for the page's files and the whole plane, and ``page_bytes`` what they
weigh.

Exits with 1 if ``at_real_time`` is more than 3 % of a core.
"""

import argparse
import http.client
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from actors.doors.web.serving import Served, serving
from actors.feeds.simulated.market import SimulatedMarket
from actors.market.calendar import Calendar
from actors.storage.memory import MemoryStore
from actors.system import System
from tests.benchmarks.measuring import ROOT, count, shown

MOST_PERCENT = 3.0
_FIRST = 200
_SPEED = 60.0
_PATIENCE_S = 30.0


def main() -> None:
    """Measure what the command line asks for, print it, and say whether it is little enough."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=count, default=500, metavar="N", help="default: 500")
    parser.add_argument("--seconds", type=count, default=15, metavar="N", help="of each measurement (default: 15)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--view", type=int, metavar="PORT", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.view is not None:
        view(wanted.view)
        return
    report = measure(wanted.symbols, wanted.seconds)
    print(shown(report, as_json=wanted.json))
    if report["at_real_time"] > MOST_PERCENT:
        sys.exit(f"{report['at_real_time']} % of a core; at most {MOST_PERCENT}")


def measure(symbols: int, seconds: int) -> dict[str, Any]:
    """Return what the page costs."""
    market, store = SimulatedMarket.of_size(symbols), MemoryStore()
    (session,) = Calendar("XNYS").sessions("2024-07-02", "2024-07-02")
    store.merge("XNYS", session.date, market.day(session))
    system = System.backtest(store=store, pace="free", speed=0.0)
    with system, serving(system, Served(page=0)) as (line,):
        port = int(line.rstrip("/").rpartition(":")[2])
        _play_until(system, _FIRST)
        first_ms, size = first_picture(port)
        with _Viewer(port):
            at_rest = busy(seconds)
        system.set_speed(_SPEED)
        system.resume().get(timeout=_PATIENCE_S)
        alone = busy(seconds)
        with _Viewer(port):
            watched = busy(seconds)
    added = max(watched - alone - at_rest, 0.0)
    return {
        "symbols": symbols,
        "at_rest": round(at_rest, 2),
        "at_60_alone": round(alone, 2),
        "at_60": round(watched - alone, 2),
        "at_real_time": round(at_rest + added / _SPEED, 2),
        "first_picture_ms": round(first_ms, 1),
        "page_bytes": size,
    }


def _play_until(system: System, minutes: int) -> None:
    """Play so many minutes as fast as it goes, and stand still."""
    with system.subscribe(("minutes",), policy="drop_oldest") as heard:
        system.play()
        for _ in range(minutes):
            next(heard)
    system.pause().get(timeout=_PATIENCE_S)


def busy(seconds: float) -> float:
    """Return how much of one core this process uses, in percent."""
    began, used = time.monotonic(), time.process_time()
    time.sleep(seconds)
    return 100.0 * (time.process_time() - used) / (time.monotonic() - began)


class _Viewer:
    """Looks on from a process of its own while the block runs."""

    def __init__(self, port: int) -> None:
        command = [sys.executable, "tests/benchmarks/page.py", "--view", str(port)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it has been told everything

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def view(port: int) -> None:
    """Do what the page does, until somebody ends this process."""
    news = _asked(port, "/run/news")
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
    symbol, since = "", 0
    for kind, told in _events(news):
        if kind == "plane":
            symbol, since = told["symbols"][0], told["starts"][0]
            print("there", flush=True)
        elif kind == "vitals":
            bars = _got(asking, f"/run/bars?symbol={symbol}&interval=1m&since={since}")
            since = bars["start"][-1] if bars["start"] else since
        elif kind == "cells":
            _got(asking, "/run/gaps")


def _events(news: http.client.HTTPResponse) -> Any:
    kind = ""
    for line in news:
        name, _, said = line.decode().strip("\n").partition(": ")
        if name == "event":
            kind = said
        elif name == "data":
            yield kind, json.loads(said)


def first_picture(port: int) -> tuple[float, int]:
    """Return how long it takes until all is there that the first picture needs, and how many bytes that is."""
    began, size = time.perf_counter(), 0
    page = _asked(port, "/").read()
    made_of = sorted(path.name for path in (ROOT / "actors/doors/web/assets").iterdir() if path.suffix != ".html")
    for body in (page, *(_asked(port, f"/assets/{name}").read() for name in made_of)):
        size += len(body)
    news = _asked(port, "/run/news")
    while not (line := news.readline()).startswith(b"data: "):
        pass
    return 1000.0 * (time.perf_counter() - began), size + len(line)


def _asked(port: int, path: str) -> http.client.HTTPResponse:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
    line.request("GET", path)
    return line.getresponse()


def _got(line: http.client.HTTPConnection, path: str) -> Any:
    line.request("GET", path)
    return json.loads(line.getresponse().read())


if __name__ == "__main__":
    main()
