"""A day as tables that any program reads: its bars, and the minutes without one of which it is known why."""

from typing import Any

from actors.kernel.ports import StoredDay
from actors.storage.barfile import SEGMENTS
from actors.storage.dayrows import VERDICTS
from actors.storage.segments import SegmentOf, segments_of
from messages.certificates import SessionCertificate
from messages.columns import EXTRA_FIELDS, FIELDS

_NAMES = {number: name for name, number in VERDICTS.items()}
_SEGMENT_NAMES = {number: name for name, number in SEGMENTS.items()}
BARS = ("symbol", "start", *FIELDS, *EXTRA_FIELDS, "verdict", "segment")
RUNS = ("symbol", "verdict", "first", "until", "source")


def bars_of(calendar: str, day: StoredDay, segment_of: SegmentOf) -> Any:
    """Return a day's bars as a table of Arrow; an unknown vwap, and an unknown number of trades, is empty."""
    import pyarrow as pa

    bars = day.bars
    segments = segments_of(segment_of, calendar, bars.start_ns)
    names = (*FIELDS, *EXTRA_FIELDS)[: len(bars.values)]
    fields = {name: pa.array(row, from_pandas=True) for name, row in zip(names, bars.values, strict=True)}
    missing = {name: pa.nulls(len(bars), pa.float64()) for name in EXTRA_FIELDS if name not in fields}
    return pa.table(
        {
            "symbol": pa.array(bars.symbols, pa.string()).take(pa.array(bars.symbol_index)),
            "start": pa.array(bars.start_ns // 1000, pa.int64()).cast(pa.timestamp("us", "UTC")),
            **fields,
            **missing,
            "verdict": pa.array([_NAMES[number] for number in day.verdicts.tolist()], pa.string()),
            "segment": pa.array([_SEGMENT_NAMES[number] for number in segments.tolist()], pa.string()),
        }
    )


def runs_of(certificate: SessionCertificate | None) -> Any:
    """Return the runs of minutes without a bar that are known to be NO_TRADE or ABANDONED as a table of Arrow."""
    import pyarrow as pa

    runs = () if certificate is None else certificate.runs
    stamp = pa.timestamp("us", "UTC")
    return pa.table(
        {
            "symbol": pa.array([run.symbol for run in runs], pa.string()),
            "verdict": pa.array([run.verdict.name.lower() for run in runs], pa.string()),
            "first": pa.array([run.start_ns // 1000 for run in runs], pa.int64()).cast(stamp),
            "until": pa.array([run.end_ns // 1000 for run in runs], pa.int64()).cast(stamp),
            "source": pa.array([run.source for run in runs], pa.string()),
        }
    )
