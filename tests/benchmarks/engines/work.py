"""The work that is done by everybody: a market's bars in one Parquet file, and what must have been heard at the end.

Every 1m bar is delivered, and every 5m and 15m bar; of each is counted how many there were, and summed what their
closes and volumes come to. Who comes to anything else than the truth has not done the work.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from actors.feeds.simulated.market import SimulatedMarket
from tests.benchmarks import steps
from tests.benchmarks.measuring import ROOT, run_asked_step

MINUTE_NS = 60_000_000_000
MINUTES = (1, 5, 15)
FIELDS = ("open", "high", "low", "close", "volume")


class Tally:
    """What was heard: for 1, 5 and 15 minutes each the number of bars, and the sums of their closes and volumes."""

    def __init__(self) -> None:
        self.of = {minutes: [0, 0.0, 0.0] for minutes in MINUTES}

    def note(self, minutes: int, close: float, volume: float) -> None:
        """Take down one bar."""
        heard = self.of[minutes]
        heard[0] += 1
        heard[1] += close
        heard[2] += volume

    def note_many(self, minutes: int, closes: npt.NDArray[Any], volumes: npt.NDArray[Any]) -> None:
        """Take down bars whose closes and volumes are these."""
        heard = self.of[minutes]
        heard[0] += len(closes)
        heard[1] += float(closes.sum())
        heard[2] += float(volumes.sum())


class Run:
    """One engine's run: what loading and replaying took, apart, and what was heard."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._cpu: dict[str, float] = {}
        self._wall: dict[str, float] = {}

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Time a part, of all threads: ``replay``, or one of those before it."""
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self._cpu[part] = time.process_time() - cpu
        self._wall[part] = time.perf_counter() - wall

    def result(self) -> dict[str, Any]:
        """Return it as a step's answer."""
        return {
            "load_cpu_s": sum(self._cpu.values()) - self._cpu["replay"],
            "cpu_s": self._cpu["replay"],
            "wall_s": self._wall["replay"],
            "heard": {str(minutes): heard for minutes, heard in self.tally.of.items()},
        }


class Bars(msgspec.Struct, frozen=True):
    """The bars of the file, by start and symbol."""

    symbols: list[str]
    index: npt.NDArray[Any]
    """For each bar the place of its symbol."""
    start_ns: npt.NDArray[Any]
    columns: npt.NDArray[Any]
    """Fields x bars: open, high, low, close, volume."""


def make(folder: str, symbols: int, sessions: int) -> dict[str, Any]:
    """Write a market's sessions into ``folder``: as one Parquet file, and as a store that is imported from it.

    Returns:
        The symbols, and what must be heard of them.
    """
    market = SimulatedMarket.of_size(symbols)
    batches = [market.day(session).bars for session in steps.first_sessions(sessions)]
    table = pa.table(
        {
            "symbol": pa.chunked_array([pa.array(batch.names()).dictionary_encode() for batch in batches]),
            "start": pa.chunked_array([pa.array(batch.start_ns, pa.timestamp("ns", "UTC")) for batch in batches]),
            **{
                name: pa.chunked_array([pa.array(batch.values[row]) for batch in batches])
                for row, name in enumerate(FIELDS)
            },
        }
    )
    file = f"{folder}/bars.parquet"
    pq.write_table(table.unify_dictionaries(), file)
    command = ["run.py", "import", file, "--store", f"{folder}/store", "--calendar", steps.CALENDAR, "--json"]
    subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    bars = read(folder)
    return {
        "symbols": bars.symbols,
        "truth": {str(minutes): heard for minutes, heard in truth(bars).of.items()},
    }


def read(folder: str) -> Bars:
    """Return the bars of the file."""
    table = pq.read_table(f"{folder}/bars.parquet").combine_chunks()
    symbol = table["symbol"].combine_chunks()
    symbol = symbol.chunk(0) if isinstance(symbol, pa.ChunkedArray) else symbol
    return Bars(
        symbols=symbol.dictionary.to_pylist(),
        index=symbol.indices.to_numpy(),
        start_ns=table["start"].to_numpy().view(np.int64),
        columns=np.stack([table[name].to_numpy() for name in FIELDS]),
    )


def truth(bars: Bars) -> Tally:
    """Return what must be heard: the last close and the whole volume of every symbol's 1, 5 and 15 minutes."""
    tally = Tally()
    order = np.lexsort((bars.start_ns, bars.index))
    index, start_ns, close, volume = (
        bars.index[order],
        bars.start_ns[order],
        bars.columns[3][order],
        bars.columns[4][order],
    )
    for minutes in MINUTES:
        block = start_ns // (minutes * MINUTE_NS)
        first = np.flatnonzero(np.diff(block, prepend=-1) | np.diff(index, prepend=-1))
        tally.note_many(minutes, close[np.append(first[1:], len(close)) - 1], np.add.reduceat(volume, first))
    return tally


if __name__ == "__main__":
    run_asked_step({"make": make})
