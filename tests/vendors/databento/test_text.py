"""Databento's CSV, written by hand and by its own library: whole billionths or decimals, instruments, venues."""

from pathlib import Path

import numpy as np
import pytest

from actors.reading.format import Unsupported
from actors.reading.peek import Head
from messages.errors import DataError
from tests.vendors.databento.made import NANO, UNDEFINED, bar, file_of, trade
from tests.vendors.files import bars, blocks, names, only, same, times, written

HEADER = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n"
AT = 1_719_878_400 * NANO


def line(
    minute: int = 0, price: int = 4758 * NANO, kind: int = 33, venue: int = 1, number: int = 5, end: str = ",ESH4"
) -> str:
    return f"{AT + minute * 60 * NANO},{kind},{venue},{number},{price},{price + NANO},{price - NANO},{price},7{end}\n"


def test_whole_prices_are_billionths(tmp_path: Path) -> None:
    raw = only(written(tmp_path / "x.csv", HEADER + line() + line(1, 4758_250_000_000)))

    assert (names(raw), times(raw)) == (["ESH4"] * 2, ["2024-07-02 00:00", "2024-07-02 00:01"])
    assert bars(raw) == [[4758, 4759, 4757, 4758, 7], [4758.25, 4759.25, 4757.25, 4758.25, 7]]


def test_a_price_that_is_not_defined_is_an_empty_one(tmp_path: Path) -> None:
    undefined = line(1).replace(str(4758 * NANO), str(UNDEFINED))

    raw = only(written(tmp_path / "x.csv", HEADER + line() + undefined))

    assert same(raw.values[3], np.array([4758, np.nan]))


def test_decimals_are_taken_as_they_are(tmp_path: Path) -> None:
    pretty = "2024-07-02T00:00:00.000000000Z,33,1,5,4758.000000000,4759.5,4757.0,4758.25,7,ESH4\n"

    raw = only(written(tmp_path / "x.csv", HEADER + pretty))

    assert (bars(raw), times(raw)) == ([[4758, 4759.5, 4757, 4758.25, 7]], ["2024-07-02 00:00"])


def test_instruments_without_symbols_are_not_taken_for_one(tmp_path: Path) -> None:
    header, rows = HEADER.replace(",symbol", ""), [line(end=""), line(number=6, end="")]

    assert names(only(written(tmp_path / "one" / "ESH4.csv", header + rows[0]))) == ["ESH4"]
    with pytest.raises(DataError, match="instruments 5, 6, and nothing names their symbols"):
        blocks(written(tmp_path / "x.csv", header + "".join(rows)))


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        ((line(), line(venue=2)), r"bars of several venues \(publishers 1, 2\)"),
        ((line(), line(kind=34)), "records of type 34 among ohlcv-1m of Databento"),
        ((line(kind=35),), "Databento's records of type 35; imported are ohlcv-1m, ohlcv-1s and trades"),
    ],
)
def test_what_is_no_minute_of_one_venue_is_refused(tmp_path: Path, rows: tuple[str, ...], refusal: str) -> None:
    with pytest.raises(Unsupported, match=refusal):
        blocks(written(tmp_path / "x.csv", HEADER + "".join(rows)))


def test_seconds_and_trades_are_folded(tmp_path: Path) -> None:
    seconds = "".join(line(0, price * NANO, kind=32).replace(str(AT), str(AT + price * NANO)) for price in (10, 59))
    trades = "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,symbol\n" + "".join(
        f"{AT + second * NANO},{AT},0,{venue},5,T,B,{second}000000000,3,ESH4\n" for second, venue in ((1, 1), (59, 2))
    )

    assert bars(blocks(written(tmp_path / "s.csv", HEADER + seconds))[0]) == [[10, 60, 9, 59, 14]]
    assert bars(blocks(written(tmp_path / "t.csv", trades))[0])[0][:5] == [1, 59, 1, 59, 6]


@pytest.mark.parametrize("pretty", [False, True])
@pytest.mark.parametrize("schema", ["ohlcv-1m", "ohlcv-1s", "trades"])
def test_what_the_library_writes_as_text_is_what_it_writes_as_dbn(
    dbn, tmp_path: Path, schema: str, pretty: bool
) -> None:
    import databento

    records = {
        "ohlcv-1m": [bar(dbn, 0), bar(dbn, 1, 12_345_678_901)],
        "ohlcv-1s": [bar(dbn, 0, rtype=32), bar(dbn, 0.5, 12_345_678_901, rtype=32)],
        "trades": [trade(dbn, 1), trade(dbn, 59, 12_345_678_901)],
    }[schema]
    path = file_of(dbn, tmp_path / "x.dbn", schema, records)
    text = tmp_path / "text" / "x.csv"
    text.parent.mkdir()
    databento.DBNStore.from_bytes(path.read_bytes()).to_csv(text, pretty_px=pretty, pretty_ts=pretty)

    from actors.vendors.formats import detect

    assert detect(Head(text)).name == "databento-csv"
    assert [(times(raw), names(raw), bars(raw)) for raw in blocks(text)] == [
        (times(raw), names(raw), bars(raw)) for raw in blocks(path)
    ]
