"""How a vendor's history becomes a store: requests beside pages, and the pace that a server allows beside the one kept.

    python tests/benchmarks/fetching.py --symbols 500 --sessions 20 --pace 200/60 --json

A server of ours speaks as Alpaca's does, in a process of its own, ten thousand bars a page; between it and the store
are alpaca-py and all that ``fetch`` does. A vendor that is slower to answer than this one is asked by four at once.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

import numpy as np

from actors.feeds.simulated.market import SimulatedMarket
from actors.fetching.fetch import Wanted, fetch
from actors.market.calendar import Calendar
from actors.storage.own_hours import Calendars
from actors.storage.parquet import ParquetStore
from actors.storage.segments import CalendarSegments
from actors.vendors.alpaca.history import ROWS_A_PAGE, AlpacaHistory
from actors.vendors.history.entry import Pace
from actors.vendors.history.pacer import Pacer, Rank
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from actors.vendors.history.source import VendorSource
from messages import TradingSession
from messages.tables.columns import BarBatch
from tests.vendors.alpaca.history_server import AlpacaHistoryServer, AlpacaStocks
from tests.vendors.alpaca.server import KEYS

LAST = "2026-01-30"


def sessions_of(count: int) -> tuple[TradingSession, ...]:
    """Return the last so many sessions before a fixed date."""
    return Calendar("XNYS").sessions("2025-06-02", LAST)[-count:]


def serve(line: Connection, symbols: int, sessions: int, pace: tuple[int, float]) -> None:
    """Serve a market that is made up, until somebody asks what was seen."""
    market = SimulatedMarket.of_size(symbols, quiet=0.02)
    days = [market.day(session).bars for session in sessions_of(sessions)]
    index, starts = (np.concatenate([getattr(day, name) for day in days]) for name in ("symbol_index", "start_ns"))
    values = np.concatenate([day.values for day in days], axis=1)
    server = AlpacaHistoryServer(BarBatch.build(days[0].symbols, index, starts, values), pace=pace)
    line.send(server.url)
    while line.recv():
        line.send((len(server.calls), server.refused_for_pace))
    server.stop()


def measure(folder: Path, symbols: int, sessions: int, pace: tuple[int, float]) -> dict[str, Any]:
    """Fetch all of it into an empty store, and once more."""
    line, far = multiprocessing.get_context("spawn").Pipe()
    serving = multiprocessing.get_context("spawn").Process(target=serve, args=(far, symbols, sessions, pace))
    serving.start()
    url, allowed = line.recv(), Pace(requests=pace[0], seconds=pace[1])
    entry = AlpacaStocks.entry
    request = HistoryRequest(entry=entry, tape="iex", adjustment="raw", deadline_s=entry.deadline_s)
    opened = OpenedHistory(client=AlpacaHistory(KEYS, url=url), account="benchmark")
    source = VendorSource(opened, request, rank=Rank.LONG, pacer=Pacer((allowed,)))
    names = SimulatedMarket.of_size(symbols).symbols
    wanted = [Wanted(session=session, symbols=names) for session in sessions_of(sessions)]
    began_s, cpu_s = time.monotonic(), time.process_time()
    with closing(ParquetStore(folder / "store", segment_of=CalendarSegments(Calendars()))) as store:
        report = fetch(store, [source], wanted)
        seconds, cpu_s = time.monotonic() - began_s, time.process_time() - cpu_s
        again = fetch(store, [source], wanted)
    line.send(True)
    requests, refused = line.recv()
    line.send(False)
    serving.join(10)
    source.close()
    bars = report.sum_of("filled")
    return {
        "bars": bars,
        "pages": -(-bars // ROWS_A_PAGE),
        "requests": requests,
        "requests_to_pages_percent": round(100.0 * requests / -(-bars // ROWS_A_PAGE), 1),
        "refused_for_pace": refused,
        "seconds": round(seconds, 1),
        "pace_kept_percent": round(100.0 * requests / (seconds * pace[0] / pace[1]), 1),
        "waited_s": round(report.waited_s, 1),
        "cpu_seconds": round(cpu_s, 1),
        "bars_per_cpu_s": round(bars / cpu_s),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "unaccounted": report.sum_of("abandoned") + report.sum_of("unanswered"),
        "requests_of_a_second_run": again.requests - report.requests,
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=int, default=500)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--pace", default="200/60", help="requests/seconds that the server allows")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    count, seconds = given.pace.split("/")
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), given.symbols, given.sessions, (int(count), float(seconds)))
    print(json.dumps(found) if given.json else "\n".join(f"{name:26} {value:>14}" for name, value in found.items()))


if __name__ == "__main__":
    main()
