"""Massive's flat files of trades of US stocks, folded to minutes by its rules of conditions.

``us_stocks_sip/trades_v1/2024/03/2024-03-08.csv.gz`` has the header ``ticker,conditions,correction,exchange,id,
participant_timestamp,price,sequence_number,sip_timestamp,size,tape,trf_id,trf_timestamp``; conditions are Massive's
numbers, divided by commas within quotes. A trade belongs to the minute in which it was made, as in Massive's own bars,
which are sent anew when one is reported late:
https://massive.com/knowledge-base/article/why-am-i-receiving-a-late-aggregate-bar-through-polygons-websockets
"""

from collections.abc import Iterator
from pathlib import Path

from actors.reading.format import Coverage, Format, Hints, RawBars, Stamp, Unsupported
from actors.reading.layout import Layout
from actors.reading.peek import Head
from actors.reading.spelling.header import SYMBOL
from actors.reading.stamps import StampForm
from actors.vendors.plain.trade_csv import CONDITIONS, folded

_COLUMNS = {"ticker", "conditions", "participant_timestamp", "price", "sip_timestamp", "size"}


def _sniff(head: Head) -> bool:
    if not set(head.cells(0)) >= _COLUMNS:
        return False
    place = head.cells(0).index("ticker")
    return ":" not in "".join(head.cells(1)[place : place + 1])


def _read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
    head = Head(path, hints.member)
    header = head.cells(0)
    if not set(header) >= _COLUMNS:
        raise Unsupported(f"no trades of Massive: wanted are the columns {', '.join(sorted(_COLUMNS))}")
    places = {"time": "participant_timestamp", "price": "price", "size": "size", SYMBOL: "ticker"}
    layout = Layout(
        delimiter=",",
        places={role: header.index(name) for role, name in {**places, CONDITIONS: "conditions"}.items()},
        width=len(header),
        header_lines=1,
        form=StampForm.EPOCH,
        numbers=("price", "size"),
        label=CONDITIONS,
    )
    yield from folded(fmt, path, hints, layout, "massive")


MASSIVE_TRADES = Format(
    name="massive-trades",
    title="Massive (Polygon) flat files of trades, folded to minutes",
    source="https://massive.com/docs/flat-files/stocks/trades",
    stamp=Stamp.START,
    tz="UTC",
    adjusted=False,
    coverage=Coverage.EXTENDED,
    emits_empty_minutes=False,
    gives_way=True,
    sniff=_sniff,
    read=_read,
    calendar="XNYS",
)
