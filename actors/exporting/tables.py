"""A day as tables that any program reads: its bars, why minutes are without one, and when what was known of it."""

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from actors.kernel.adjusted import AdjustedRun
from actors.kernel.ports import StoredDay
from actors.storage.barfile import SEGMENTS
from actors.storage.dayrows import VERDICTS
from actors.storage.segments import SegmentOf, segments_of
from messages.certificates import SessionCertificate
from messages.tables.columns import EXTRA_FIELDS, FIELDS, Floats, Prints, Stamps

BARS = ("symbol", "start", *FIELDS, *EXTRA_FIELDS, "verdict", "segment")
PRINTS = ("place", "symbol", "start", "known", "nanos", *FIELDS, *EXTRA_FIELDS, "verdict")
ADJUSTED = AdjustedRun.__struct_fields__
RUNS = ("symbol", "verdict", "first", "until", "source")


def bars_of(calendar: str, day: StoredDay, segment_of: SegmentOf) -> Any:
    """Return a day's bars as a table of Arrow; an unknown vwap, and an unknown number of trades, is empty."""
    import pyarrow as pa

    bars = day.bars
    segments = segments_of(segment_of, calendar, bars.start_ns)
    return pa.table(
        {
            "symbol": _named(bars.symbol_index, bars.symbols),
            "start": _stamps(bars.start_ns),
            **_fields(bars.values),
            "verdict": _named(day.verdicts, tuple(VERDICTS)),
            "segment": _named(segments, tuple(SEGMENTS)),
        }
    )


def prints_of(prints: Prints) -> Any:
    """Return how a day was lived as a table of Arrow, in the order in which things became known.

    ``known`` has microseconds, as most databases do; ``nanos`` is what it lacks.
    """
    import pyarrow as pa

    return pa.table(
        {
            "place": pa.array(range(len(prints)), pa.int32()),
            "symbol": _named(prints.symbol_index, prints.symbols),
            "start": _stamps(prints.start_ns),
            "known": _stamps(prints.known_ns),
            "nanos": pa.array(prints.known_ns % 1000, pa.int16()),
            **_fields(prints.values),
            "verdict": _named(prints.verdicts, tuple(VERDICTS)),
        }
    )


def adjusted_of(runs: Sequence[AdjustedRun]) -> Any:
    """Return which prices were adjusted before they came as a table of Arrow."""
    import pyarrow as pa

    return pa.table({name: pa.array([getattr(run, name) for run in runs], pa.string()) for name in ADJUSTED})


def _named(places: npt.NDArray[Any], names: Sequence[str]) -> Any:
    import pyarrow as pa

    return pa.array(names, pa.string()).take(pa.array(places))


def _stamps(instants_ns: Stamps) -> Any:
    import pyarrow as pa

    return pa.array(instants_ns // 1000, pa.int64()).cast(pa.timestamp("us", "UTC"))


def _fields(values: Floats) -> dict[str, Any]:
    """Return all fields; an unknown number is empty, and so is a field of which nothing is known."""
    import pyarrow as pa

    rows = dict(zip((*FIELDS, *EXTRA_FIELDS), values, strict=False))
    return {
        name: pa.array(rows[name], from_pandas=True) if name in rows else pa.nulls(values.shape[1], pa.float64())
        for name in (*FIELDS, *EXTRA_FIELDS)
    }


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
