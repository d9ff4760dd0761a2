"""Small files of Databento's, made with its own library."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from tests.vendors.files import written

NANO = 1_000_000_000
START = 1_719_878_400 * NANO  # 2024-07-02 00:00 UTC
UNDEFINED = 2**63 - 1


def file_of(dbn, path: Path, schema: str, records: list, dataset: str = "XNAS.ITCH", numbers: str = "7",
            symbol: str = "AAPL", end: int = UNDEFINED, *, ts_out: bool = False) -> Path:  # fmt: skip
    interval = {"start_date": np.datetime64("2024-07-02").item(), "end_date": np.datetime64("2024-07-03").item()}
    metadata = dbn.Metadata(
        dataset=dataset, start=START, end=end, stype_in=dbn.SType.RAW_SYMBOL, stype_out=dbn.SType.INSTRUMENT_ID,
        schema=dbn.Schema.from_str(schema), symbols=[symbol], partial=[], not_found=[], ts_out=ts_out,
        mappings=[SimpleNamespace(raw_symbol=symbol, intervals=[SimpleNamespace(symbol=numbers, **interval)])],
    )  # fmt: skip
    return written(path, metadata.encode() + b"".join(bytes(record) for record in records))


def bar(dbn, minute: float, price: int = 10 * NANO, number: int = 7, publisher: int = 2, rtype: int = 33,
        **more: int) -> object:  # fmt: skip
    return dbn.OHLCVMsg(
        rtype=rtype, publisher_id=publisher, instrument_id=number, ts_event=START + int(minute * 60) * NANO,
        open=price, high=price, low=price, close=price, volume=5, **more,
    )  # fmt: skip


def trade(dbn, second: float, price: int = 10 * NANO, late: float = 0.0, **more: int) -> object:
    at_ns = START + int(second * NANO)
    return dbn.TradeMsg(
        publisher_id=2, instrument_id=7, ts_event=at_ns, price=price, size=3, action=dbn.Action.TRADE,
        side=dbn.Side.BID, depth=0, ts_recv=at_ns + int(late * NANO), flags=0, ts_in_delta=0, sequence=1, **more,
    )  # fmt: skip


def recording_of(dbn, path: Path, records: list, *, ts_out: bool = False) -> Path:
    """Write what the live client writes: no schema, and messages that name the instruments."""
    metadata = dbn.Metadata(
        dataset="XNAS.ITCH", start=START, end=None, stype_in=None, stype_out=dbn.SType.INSTRUMENT_ID, schema=None,
        symbols=[], partial=[], not_found=[], mappings=[], ts_out=ts_out,
    )  # fmt: skip
    return written(path, metadata.encode() + b"".join(bytes(record) for record in records))


def naming(dbn, number: int, symbol: str, asked: str | None = None, start: int = UNDEFINED * 2 + 1,
           end: int = UNDEFINED * 2 + 1, **more: int) -> object:  # fmt: skip
    """Return the message that names an instrument."""
    return dbn.SymbolMappingMsg(
        publisher_id=0, instrument_id=number, ts_event=START, stype_in=dbn.SType.RAW_SYMBOL,
        stype_in_symbol=asked or symbol, stype_out=dbn.SType.INSTRUMENT_ID, stype_out_symbol=symbol,
        start_ts=start, end_ts=end, **more,
    )  # fmt: skip
