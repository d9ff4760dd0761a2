"""A backtest over a bucket that is far away, beside the same from a folder.

    python tests/benchmarks/buckets.py --symbols 50 --sessions 60 --latency 50 --repeat 5 --json

The bucket is moto's, in a process of its own, and whoever speaks to it is as late as over a network: so many
milliseconds a request. Seconds of the wall clock and of CPU of a whole backtest at full speed, each in a process of its
own, folder and bucket in turn; ``ratio`` is the median of their ratios.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # of a script only its own folder is known

from actors.feeds.simulated.market import SimulatedMarket
from actors.market.calendar import Calendar
from actors.storage.parquet import ParquetStore
from tests.benchmarks.latency import Between
from tests.benchmarks.measuring import ROOT, count

KEYS = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing", "AWS_REGION": "us-east-1"}
RUN = """
import sys, time
from barkeeper import System
began = time.perf_counter()
with System.backtest(sys.argv[1], pace="free") as system:
    system.run()
print(time.perf_counter() - began, time.process_time())
"""


def main() -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", type=count, default=50, metavar="N", help="symbols (default: 50)")
    parser.add_argument("--sessions", type=count, default=60, metavar="N", help="sessions (default: 60)")
    parser.add_argument("--latency", type=float, default=50.0, metavar="MS", help="of each request (default: 50)")
    parser.add_argument("--repeat", type=count, default=5, metavar="N", help="rounds (default: 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.latency / 1000)
        return
    with tempfile.TemporaryDirectory() as folder, served(asked.latency) as (port, far):
        store = Path(folder) / "store"
        make(store, asked.symbols, asked.sessions)
        copy(store, port)
        rounds = [(timed(str(store), far), timed("s3://market/minutes", far)) for _ in range(asked.repeat)]
    told = {
        "symbols": asked.symbols,
        "sessions": asked.sessions,
        "latency_ms": asked.latency,
        "folder_s": round(median(here for (here, _), _ in rounds), 3),
        "bucket_s": round(median(there for _, (there, _) in rounds), 3),
        "folder_cpu_s": round(median(here for (_, here), _ in rounds), 3),
        "bucket_cpu_s": round(median(there for _, (_, there) in rounds), 3),
        "ratio": round(median(there / here for (here, _), (there, _) in rounds), 3),
    }
    print(json.dumps(told) if asked.json else "\n".join(f"{name}: {value}" for name, value in told.items()))


def make(store: Path, symbols: int, sessions: int) -> None:
    """Write a market that is made up."""
    market = SimulatedMarket.of_size(symbols, quiet=0.02)
    with closing(ParquetStore(store)) as files:
        for session in Calendar("XNYS").sessions("2023-01-03", "2026-12-31")[:sessions]:
            files.merge("XNYS", session.date, market.day(session))


def serve(delay_s: float) -> None:
    """Be the bucket, near and far, until somebody ends the process."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    with Between(port, delay_s) as between:
        print(port, between.port, flush=True)
        while True:
            time.sleep(60)


@contextmanager
def served(latency_ms: float) -> Iterator[tuple[int, int]]:
    """Yield the ports of a bucket, near and far."""
    command = [sys.executable, __file__, "--serve", "--latency", str(latency_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **KEYS}) as server:
        assert server.stdout is not None
        near, far = map(int, server.stdout.readline().split())
        try:
            yield near, far
        finally:
            server.kill()


def copy(store: Path, port: int) -> None:
    """Put a folder into the bucket."""
    import obstore
    from obstore.store import from_url

    address = f"http://127.0.0.1:{port}"
    urllib.request.urlopen(urllib.request.Request(f"{address}/market", method="PUT")).close()
    os.environ.update(KEYS)
    bucket = from_url("s3://market/minutes", endpoint=address, client_options={"allow_http": True})
    for path in store.rglob("*.parquet"):
        obstore.put(bucket, path.relative_to(store).as_posix(), path.read_bytes())


def timed(place: str, port: int) -> tuple[float, float]:
    """Return seconds by the clock, and of CPU, of a backtest in a process of its own."""
    env = {
        **os.environ,
        **KEYS,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "PYTHONPATH": f"{ROOT}/actors/doors:{ROOT}",
    }
    done = subprocess.run([sys.executable, "-c", RUN, place], check=True, capture_output=True, text=True, env=env)
    wall, cpu = map(float, done.stdout.split())
    return wall, cpu


if __name__ == "__main__":
    main()
