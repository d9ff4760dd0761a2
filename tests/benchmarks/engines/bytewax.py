"""bytewax: a dataflow of 1m bars, a minute of the market an item, with tumbling windows of 5 and of 15 minutes."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import bytewax.operators as op
import numpy as np
from bytewax.dataflow import Dataflow
from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.operators import windowing
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

from tests.benchmarks.engines import work
from tests.benchmarks.engines.work import Run, Tally
from tests.benchmarks.measuring import run_asked_step

Row = tuple[datetime, float, float, float, float, float]
Named = tuple[str, Row]


class _Minutes(StatelessSourcePartition[Named]):
    def __init__(self, minutes: Iterator[list[Named]]) -> None:
        self._minutes = minutes

    def next_batch(self) -> Iterable[Named]:
        return next(self._minutes)  # its StopIteration is the end of the source


class _Source(DynamicSource[Named]):
    def __init__(self, minutes: list[list[Named]]) -> None:
        self._minutes = minutes

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Minutes:
        return _Minutes(iter(self._minutes))


class _Sink(DynamicSink[Any]):
    def __init__(self, tally: Tally, minutes: int) -> None:
        self._tally, self._minutes = tally, minutes

    def build(self, step_id: str, worker_index: int, worker_count: int) -> "_Heard":
        return _Heard(self._tally, self._minutes)


class _Heard(StatelessSinkPartition[Any]):
    def __init__(self, tally: Tally, minutes: int) -> None:
        self._note, self._minutes = tally.note, minutes

    def write_batch(self, items: list[Any]) -> None:
        if self._minutes == 1:
            for _, row in items:
                self._note(1, row[4], row[5])
        else:
            for _, (_, row) in items:
                self._note(self._minutes, row[4], row[5])


def replay(folder: str) -> dict[str, Any]:
    """Play the file."""
    run = Run()
    with run.timed("load"):
        flow = _flow(_by_minute(work.read(folder)), run.tally)
    with run.timed("replay"):
        run_main(flow)
    return run.result()


def _by_minute(bars: work.Bars) -> list[list[Named]]:
    moments = [datetime.fromtimestamp(second, UTC) for second in (bars.start_ns // 1_000_000_000).tolist()]
    names = [bars.symbols[place] for place in bars.index.tolist()]
    rows = list(zip(names, zip(moments, *(column.tolist() for column in bars.columns), strict=True), strict=True))
    edges = np.flatnonzero(np.diff(bars.start_ns, prepend=-1, append=-1)).tolist()
    return [rows[first:end] for first, end in pairwise(edges)]


def _flow(minutes: list[list[Named]], tally: Tally) -> Dataflow:
    flow = Dataflow("bars")
    bars = op.input("input", flow, _Source(minutes))
    op.output("1m", bars, _Sink(tally, 1))
    clock = windowing.EventClock[Row](ts_getter=lambda row: row[0], wait_for_system_duration=timedelta(0))
    for length in (5, 15):
        windows = windowing.TumblingWindower(
            length=timedelta(minutes=length), align_to=datetime(2024, 1, 1, tzinfo=UTC)
        )
        made = windowing.reduce_window(f"{length}m", bars, clock, windows, _both)
        op.output(f"{length}m out", made.down, _Sink(tally, length))
    return flow


def _both(first: Row, last: Row) -> Row:
    return (first[0], first[1], max(first[2], last[2]), min(first[3], last[3]), last[4], first[5] + last[5])


if __name__ == "__main__":
    run_asked_step({"replay": replay})
