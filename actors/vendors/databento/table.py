"""Databento's minutes as Parquet or Feather: what ``DBNStore.to_parquet`` or a frame of it writes.

The columns are those of the CSV. With ``price_type="fixed"`` prices are whole billionths, and one that is not defined
is the highest integer. Trades and seconds are imported from DBN or CSV.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from actors.reading import arrow_file
from actors.reading.format import Coverage, Format, Hints, RawBars, Stamp, Unsupported
from actors.reading.peek import Head
from actors.reading.spelling.header import SYMBOL
from actors.vendors.databento.bars import SCALE, Venues
from actors.vendors.databento.records import MINUTES, RTYPES
from actors.vendors.plain import parquet_file
from messages.errors import DataError
from messages.tables.columns import CLOSE

_RTYPE, _PUBLISHER, _INSTRUMENT = "rtype", "publisher_id", "instrument_id"
_ABOVE_ALL = 9.2e9
"""What no price reaches, and the highest integer does in billionths."""


def _sniff(head: Head) -> bool:
    return head.is_arrow and {_RTYPE, _PUBLISHER} <= set(arrow_file.column_names(head.path))


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    names = arrow_file.column_names(path)
    _check(path, names)
    row = dict(zip(names, arrow_file.first_row(path), strict=False))
    is_raw = row.get("open", "").lstrip("-").isdigit()
    fmt = msgspec.structs.replace(fmt, price_scale=SCALE if is_raw else 1.0)
    for raw in parquet_file.read(fmt, path, hints):
        prices = raw.values[: CLOSE + 1]
        prices[is_raw & (prices >= _ABOVE_ALL)] = np.nan
        yield raw


def _check(path: Path, names: list[str]) -> None:
    """Check that the rows are minutes of one venue, and that their instruments can be told apart."""
    venues, instruments = Venues(), set[float]()
    if not {_RTYPE, _PUBLISHER} <= set(names):
        raise Unsupported(f"no minutes of Databento: {', '.join(names)[:200]!r}")
    wanted = [name for name in (_RTYPE, _PUBLISHER, _INSTRUMENT) if name in names]
    for batch, _ in arrow_file.record_batches(path, wanted):
        held = {name: arrow_file.floats_of(batch.column(batch.schema.names.index(name)), name) for name in wanted}
        others = [kind for kind in np.unique(held[_RTYPE]).tolist() if RTYPES.get(kind) != MINUTES]
        if others:
            raise Unsupported(f"Databento's records of type {others[0]:g} as Parquet; imported of it are {MINUTES}")
        venues.check(held[_PUBLISHER])
        if SYMBOL not in names and _INSTRUMENT in held:
            instruments.update(np.unique(held[_INSTRUMENT]).tolist())
    if len(instruments) > 1:
        numbers = ", ".join(f"{number:.0f}" for number in sorted(instruments)[:5])
        raise DataError(f"instruments {numbers}, and nothing names their symbols; write the file with map_symbols=True")


DATABENTO_PARQUET = Format(
    name="databento-parquet",
    title="Databento Parquet",
    source="https://databento.com/docs/api-reference-historical/helpers/dbn-store-to-parquet",
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=_read,
)
