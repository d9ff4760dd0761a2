"""More shapes of exports that people have, and what is refused because it could be read wrongly."""

import bz2
import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from actors.importing.into_store import ImportOptions, import_paths
from actors.market.calendar import Calendar
from actors.reading.format import Stamp
from actors.storage.memory import MemoryStore
from messages.tables.columns import FIELDS
from tests.importing.test_format_table import (
    CLOCKS,
    EPOCHS,
    ISO,
    NO_VOLUME,
    PLAIN,
    SAID,
    SOUND,
    TWO,
    UTC,
    Row,
    frame,
    held,
    packed,
    parquet,
    rows,
    sided,
)
from tests.vendors.files import written

ALWAYS = Calendar("24/7")
THERE: dict[str, Any] = {**UTC}
CLOCKED = "date,time,open,high,low,close,volume\n"

SHAPES: dict[str, tuple[str, str | bytes, dict[str, Any], list[Row]]] = {
    "bitfinex": (
        "ABC.csv", ("MTS,OPEN,CLOSE,HIGH,LOW,VOLUME\n1705311060000,100.5,101.5,102,100,20\n"
                    "1705311000000,100,100.5,101,99,10\n"), SAID, TWO),
    "bybit": ("x.csv", "start_at,symbol,period,open,high,low,close,volume,turnover\n"
              + rows("1705311000,ABC,1", "1705311060,ABC,1", tails=("10,1000", "20,2000")), SAID, TWO),
    "multicharts": ("ABC.txt", '"Date","Time","Open","High","Low","Close","TotalVolume"\n'
                    + rows("1/15/2024,9:31:00 AM", "1/15/2024,9:32:00 AM"), UTC | {"stamp": Stamp.END}, TWO),
    "metastock and forex tester": (
        "x.txt", "<TICKER>,<DTYYYYMMDD>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\n"
        + rows("ABC,20240115,93000", "ABC,20240115,93100"), UTC, TWO),
    "rqdata": ("x.csv", "order_book_id,datetime,open,high,low,close,volume\n" + rows(*(f"ABC,{at}" for at in ISO)),
               UTC, TWO),
    "baostock": ("x.csv", "date,time,code,open,high,low,close,volume\n"
                 + rows(*(f"2024-01-15,20240115{at}00000,ABC" for at in ("0930", "0931"))), UTC, TWO),
    "a whole stamp beside a date": (
        "ABC.csv", CLOCKED + rows(*(f"2024-01-15,{at}" for at in ISO)), UTC, TWO),
    "oanda": ("ABC.csv", ("time,volume,mid.o,mid.h,mid.l,mid.c,complete\n"
                          "2024-01-15T09:30:00Z,10,100,101,99,100.5,True\n"
                          "2024-01-15T09:31:00Z,20,100.5,102,100,101.5,True\n"), SAID, TWO),
    "brazilian": ("x.csv", "Ativo;Data;Hora;Abertura;Máximo;Mínimo;Fechamento;Volume\n"
                  + rows("ABC;15/01/2024;09:30", "ABC;15/01/2024;09:31", mark=";", point=","), UTC, TWO),
    "okx's answer": ("ABC.json", json.dumps({"code": "0", "msg": "", "data": [
        ["1705311060000", "100.5", "102", "100", "101.5", "20", "1", "1", "1"],
        ["1705311000000", "100", "101", "99", "100.5", "10", "1", "1", "1"]]}), SAID, TWO),
    "bybit's answer": ("x.json", json.dumps({"retCode": 0, "result": {"symbol": "ABC", "list": [
        ["1705311060000", "100.5", "102", "100", "101.5", "20", "1"],
        ["1705311000000", "100", "101", "99", "100.5", "10", "1"]]}}), SAID, TWO),
    "oanda's answer": ("ABC.json", json.dumps({"granularity": "M1", "candles": [
        {"complete": True, "volume": bar[6], "time": f"{bar[1].replace(' ', 'T')}:00.000000000Z",
         "mid": dict(zip("ohlc", map(str, bar[2:6]), strict=True))} for bar in TWO]}), SAID, TWO),
    "yahoo's chart": ("x.json", json.dumps({"chart": {"error": None, "result": [
        {"meta": {"symbol": "ABC"}, "timestamp": [1705311000, 1705311060], "indicators": {"quote": [
            dict(zip(("open", "high", "low", "close", "volume"), cells, strict=True))
            for cells in [list(zip(*(bar[2:] for bar in TWO), strict=True))]]}}]}}), SAID, TWO),
    "a dash for no volume": ("ABC.csv", PLAIN + rows(*ISO, tails=("-", "20")), UTC, [(*TWO[0][:6], 0.0), TWO[1]]),
    "twelve data's answer about two": ("x.json", json.dumps({name: {"meta": {"symbol": name}, "values": [
        {"datetime": at, "open": "100", "high": "101", "low": "99", "close": "100.5", "volume": "10"}
        for at in ISO[:1]]} for name in ("ABC", "DEF")}), UTC, [TWO[0], ("DEF", *TWO[0][1:])]),
    "records by symbol": ("x.json", json.dumps({name: [dict(zip("tohlcv", (1705311000, *TWO[0][2:]), strict=True))]
                                                for name in ("ABC", "DEF")}), SAID, [TWO[0], ("DEF", *TWO[0][1:])]),
    "comdirect's pieces beside their value": (
        "ABC.csv", "Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke;Volumen\n"
        + rows("15.01.2024 09:30", "15.01.2024 09:31", mark=";", point=",", tails=("10;1000", "20;2000")), UTC, TWO),
    "italian, with dots in clock times": (
        "ABC.csv", "Data;Ora;Apertura;Massimo;Minimo;Chiusura;Volume\n"
        + rows("15/01/2024;09.30", "15/01/2024;09.31", mark=";", point=","), UTC, TWO),
    "dots in whole hours": (
        "ABC.csv", CLOCKED + rows("15.01.2024,9.00", "15.01.2024,10.00"), UTC,
        [(bar[0], f"2024-01-15 {at}", *bar[2:]) for bar, at in zip(TWO, ("09:00", "10:00"), strict=True)]),
    "clock times that were numbers": ("ABC.csv", CLOCKED + rows("20240115,930.0", "20240115,931.0"), UTC, TWO),
    "french hours": ("ABC.csv", CLOCKED + rows("15/01/2024,09h30", "15/01/2024,09h31"), UTC, TWO),
    "spanish halves of the day": (
        "ABC.csv", PLAIN + rows("15/01/2024 9:30 a. m.", "15/01/2024 9:31 a. m."), UTC, TWO),
    "the end of the day as 24:00": (
        "ABC.csv", PLAIN + rows("2024-01-15 23:59", "2024-01-15 24:00"), UTC | {"stamp": Stamp.END},
        [(bar[0], f"2024-01-15 23:5{place}", *bar[2:]) for place, bar in enumerate(TWO, 8)]),
    "the only file in a zip of another name": ("download.zip", packed({"ABC.csv": SOUND}), UTC, TWO),
    "hours ahead in the header": (
        "ABC.csv", "Time (GMT+2)" + PLAIN[9:] + rows("2024-01-15 11:30:00", "2024-01-15 11:31:00"), SAID, TWO),
    "half hours ahead in the header": (
        "ABC.csv", "date UTC+05:30" + PLAIN[9:] + rows("2024-01-15 15:00:00", "2024-01-15 15:01:00"), SAID, TWO),
    "hours behind in the header": (
        "ABC.csv", "Time (UTC-05:00)" + PLAIN[9:] + rows("2024-01-15 04:30:00", "2024-01-15 04:31:00"), SAID, TWO),
    "a local time before that of utc": (
        "ABC.csv", "datetime,datetime_utc" + PLAIN[9:] + rows(*(f"2024-01-15 04:3{place}:00,{at}"
                                                              for place, at in enumerate(ISO))), SAID, TWO),
    "seconds since 1970 beside a local time": (
        "ABC.csv", "Unix Timestamp,Date" + PLAIN[9:] + rows(*(f"{at},15.01.2024 04:30" for at in EPOCHS)), SAID, TWO),
    "the end of the bar in brackets": (
        "ABC.csv", "Time (bar end)" + PLAIN[9:] + rows("2024-01-15 09:31:00", "2024-01-15 09:32:00"), UTC, TWO),
    "the end of the bar beside a date": (
        "ABC.csv", "Date,End Time" + PLAIN[9:] + rows("2024-01-15,09:31:00", "2024-01-15,09:32:00"), UTC, TWO),
    "the start and the end of the bar": (
        "ABC.csv", "bar_end_time,bar_start_time" + PLAIN[9:] + rows(*(f"x,{at}" for at in ISO)), UTC, TWO),
    "coinapi": (
        "ABC.csv", "time_period_start;time_period_end;time_open;px_open;px_high;px_low;px_close;sx_sum;sx_cnt\n"
        + rows(*(f"{at}Z;;" for at in ISO), mark=";", tails=("10;1", "20;2")), SAID, TWO),
    "futu": ("x.csv", "code,time_key,open,high,low,close,pe_ratio,turnover_rate,volume\n"
             + rows(*(f"ABC,{at}" for at in ISO), tails=("0,0,10", "0,0,20")), UTC, TWO),
    "nasdaq nordic": ("ABC.csv", "Date;Opening price;High price;Low price;Closing price;Total volume\n"
                      + rows(*ISO, mark=";", point=","), UTC, TWO),
    "blanks around symbols": (
        "x.csv", "symbol," + PLAIN + rows(f"ABC ,{ISO[0]}", f" ABC,{ISO[1]}"), UTC, TWO),
    "a column of venues that says one": (
        "x.csv", "symbol,exchange,interval," + PLAIN + rows(*(f"ABC,SHFE,1m,{at}" for at in ISO)), UTC, TWO),
    "swiss thousands": (
        "ABC.csv", PLAIN + f"{ISO[0]},11'100,11'101,10'999,11'100.50,1'010\n", UTC,
        [("ABC", "2024-01-15 09:30", 11100.0, 11101.0, 10999.0, 11100.5, 1010.0)]),
    "the minus of typesetters, and digits as wide as letters": (
        "ABC.csv", PLAIN + f"{ISO[0]},\u22122,\u22121,-3,\u22122.5,\uff11\uff10\n", UTC | {"allow_negative": True},
        [("ABC", "2024-01-15 09:30", -2.0, -1.0, -3.0, -2.5, 10.0)]),
    "columns of one width, as excel's .prn": (
        "ABC.prn", "      Date     Time   Open   High    Low  Close Volume\r\n" + "".join(
            f"{at:>19} {bar[2]:6} {bar[3]:6} {bar[4]:6} {bar[5]:6} {bar[6]:6}\r\n"
            for at, bar in zip(ISO, TWO, strict=True)), UTC, TWO),
    "blanks and no header": ("ABC.txt", rows("2024.01.15 09:30", "2024.01.15 09:31", mark=" "), UTC, TWO),
    "words for no volume": ("ABC.csv", PLAIN + rows(*ISO, tails=("n/a", "#VALUE!")), UTC, NO_VOLUME),
    "coinbase's answer": (
        "ABC.json", json.dumps([[1705311060, 100, 102, 100.5, 101.5, 20], [1705311000, 99, 101, 100, 100.5, 10]]),
        SAID, TWO),
    "bitfinex's answer": (
        "ABC.json", json.dumps([[1705311000000, 100, 100.5, 101, 99, 10], [1705311060000, 100.5, 101.5, 102, 100, 20]]),
        SAID, TWO),
    "kucoin's answer": ("ABC.json", json.dumps({"code": "200000", "data": [
        ["1705311060", "100.5", "101.5", "102", "100", "20", "2000"],
        ["1705311000", "100", "100.5", "101", "99", "10", "1000"]]}), SAID, TWO),
    "bitget's answer, with the turnover in two currencies": ("ABC.json", json.dumps({"code": "00000", "data": [
        ["1705311000000", "100", "101", "99", "100.5", "10", "1000", "1000"],
        ["1705311060000", "100.5", "102", "100", "101.5", "20", "2020", "2020"]]}), SAID, TWO),
    "gate's answer, whose last candle is in the making": ("ABC.json", json.dumps([
        ["1705311000", "1000", "100.5", "101", "99", "100", "10", "true"],
        ["1705311060", "2020", "101.5", "102", "100", "100.5", "20", "true"],
        ["1705311120", "101", "101", "102", "100", "101", "1", "false"]]), SAID, TWO),
    "kraken's answer with a minute without trades": (
        "x.json", json.dumps({"error": [], "result": {"ABC": [
            [1705311000, "100", "101", "99", "100.5", "100.2", "10", 3],
            [1705311060, "100.5", "100.5", "100.5", "100.5", "0.0", "0.0", 0]], "last": 1705311060}}), SAID,
        [TWO[0], (*TWO[1][:2], *(100.5,) * 4, 0.0)]),
    "money before what was traded, without a header": (
        "ABC.csv", rows(*EPOCHS, tails=("1001.5,10", "2022.3,20")), SAID, TWO),
    "a candle in the making": ("ABC.csv", "time,open,high,low,close,volume,complete\n" + rows(
        *(f"2024-01-15T09:3{place}:00Z" for place in (0, 1)), tails=("10,True", "20,True"))
        + "2024-01-15T09:32:00Z,1,1,1,1,1,False\n", SAID, TWO),
    "a candle in the making as parquet": ("ABC.parquet", parquet(frame(stamped=True).assign(
        complete=[True, False])), SAID, TWO[:1]),
    "a price that is called closed": ("ABC.csv", "time,open,high,low,close,volume,closed\n" + rows(
        *(f"{at}Z" for at in ISO), tails=("10,100.5", "20,101.5")), SAID, TWO),
    "bitstamp's answer": ("x.json", json.dumps({"data": {"pair": "ABC", "ohlc": [
        dict(zip(("timestamp", *FIELDS), (at, *map(str, bar[2:])), strict=True))
        for at, bar in zip(EPOCHS, TWO, strict=True)]}}), SAID, TWO),
    "deribit's answer of a week": ("ABC.json", json.dumps({"result": {"status": "ok"} | {
        name: list(cells) for name, cells in zip(("ticks", *FIELDS), zip(*(
            (1705311000000 + 60000 * place, *TWO[0][2:]) for place in range(9000)), strict=True), strict=True)}}), SAID,
        [("ABC", f"{pd.Timestamp('2024-01-15 09:30') + pd.Timedelta(minutes=place):%Y-%m-%d %H:%M}", *TWO[0][2:])
         for place in range(9000)]),
    "the start and the end of the bar in one letter, and two volumes": ("x.json", json.dumps([
        dict(zip("TtsohlcVv", (at + 59999, at, "ABC", *bar[2:6], 1, bar[6]), strict=True))
        for at, bar in zip((1705311000000, 1705311060000), TWO, strict=True)]), SAID, TWO),
    "trades in a file whose name says nothing": (
        "trades.csv", "timestamp,price,size,symbol\n" + "".join(
            f"2024-01-15T09:3{minute}:0{place}Z,{price},{size},ABC\n" for minute, prices, sizes in (
                (0, (100, 101, 99, 100.5), (1, 2, 3, 4)), (1, (100.5, 102, 100, 101.5), (5, 5, 5, 5)))
            for place, (price, size) in enumerate(zip(prices, sizes, strict=True))), SAID, TWO),
    "trades of refinitiv beside its bids": (
        "x.csv", "#RIC,Date[G],Time[G],GMT Offset,Type,Open,High,Low,Last,Volume,Open Bid,High Bid,Low Bid,Close Bid\n"
        + rows(*(f"ABC,15-JAN-2024,09:3{place}:00.000,0,Intraday 1Min" for place in (0, 1)),
               tails=("10,1,1,1,1", "20,1,1,1,1")), SAID, TWO),
    "eikon": ("ABC.csv", "Exchange Date,Local Time,Close,Net,%Chg,Open,Low,High,Volume\n" + "".join(
        f"15-Jan-2024,{at[11:]},{bar[5]},0,0%,{bar[2]},{bar[4]},{bar[3]},{bar[6]}\n"
        for at, bar in zip(ISO, TWO, strict=True)), UTC, TWO),
    "algoseek": (
        "x.csv", "Date,Ticker,TimeBarStart,FirstTradePrice,HighTradePrice,LowTradePrice,LastTradePrice,Volume\n"
        + rows("20240115,ABC,09:30", "20240115,ABC,09:31"), UTC, TWO),
    "sas": ("ABC.csv", PLAIN + rows("15JAN2024:09:30:00", "15JAN2024:09:31:00"), UTC, TWO),
    "timedeltas of pandas": (
        "ABC.csv", CLOCKED + rows("2024-01-15,0 days 09:30:00", "2024-01-15,0 days 09:31:00"), UTC, TWO),
    "halves of the day in one letter": ("ABC.csv", CLOCKED + rows("1/15/2024,9:30a", "1/15/2024,9:31a"), UTC, TWO),
    "eodhd's answer": ("ABC.json", json.dumps([
        {"timestamp": at, "gmtoffset": 0, "datetime": "any", **dict(zip(FIELDS, bar[2:], strict=True))}
        for at, bar in zip((1705311000, 1705311060), TWO, strict=True)]), SAID, TWO),
    "oanda's bids and asks": (
        "ABC.csv", "time,bid.o,bid.h,bid.l,bid.c,ask.o,ask.h,ask.l,ask.c\n"
        + rows(*(f"{at}Z" for at in ISO), tails=("100.1,101.1,99.1,100.6", "100.6,102.1,100.1,101.6")), SAID,
        sided("ABC", NO_VOLUME)),
    "oanda's answer with bids and asks": ("x.json", json.dumps({"instrument": "ABC", "candles": [
        {"time": f"{at}Z", "volume": bar[6], "bid": dict(zip("ohlc", map(str, bar[2:6]), strict=True)),
         "ask": {name: str(round(price + 0.1, 1)) for name, price in zip("ohlc", bar[2:6], strict=True)}}
        for at, bar in zip(ISO, TWO, strict=True)]}), SAID, sided("ABC", TWO)),
    "saxo's answer": ("ABC.json", json.dumps({"Data": [{"Time": f"{at}Z"} | {
        f"{name}{side}": round(price + more, 1) for side, more in (("Bid", 0), ("Ask", 0.1))
        for name, price in zip(("Open", "High", "Low", "Close"), bar[2:6], strict=True)}
        for at, bar in zip(ISO, TWO, strict=True)]}), SAID, sided("ABC", NO_VOLUME)),
    "dukascopy's header of one word": (
        "ABCUSD_Candlestick_1_M_BID_15.01.2024-15.01.2024.csv", "UTC,Open,High,Low,Close,Volume\n"
        + rows("15.01.2024 09:30:00.000 UTC", "15.01.2024 09:31:00.000 UTC"), SAID,
        [("ABCUSD-BID", *bar[1:]) for bar in TWO]),
    "tickers above fields, and an index of local times called date": (
        "x.csv", ",ABC,ABC,ABC,ABC,ABC\n,Open,High,Low,Close,Volume\nDate,,,,,\n" + rows(*ISO), UTC, TWO),
    "a low line between date and time": (
        "ABC.csv", PLAIN + rows("2024-01-15_09:30:00", "2024-01-15_09-31-00"), UTC, TWO),
    "fix": ("ABC.csv", PLAIN + rows("20240115-09:30:00", "20240115-09:31:00.000"), UTC, TWO),
    "rfc 3339 in small letters": ("ABC.csv", PLAIN + rows("2024-01-15t09:30:00z", "2024-01-15t09:31:00z"), SAID, TWO),
    "dashes in clock times": ("ABC.csv", PLAIN + rows("2024-01-15 09-30-00", "2024-01-15 09-31-00"), UTC, TWO),
    "german months": ("ABC.csv", PLAIN + rows("15. Januar 2024 09:30", "15. Januar 2024 09:31"), UTC, TWO),
    "spanish months": ("ABC.csv", PLAIN + rows("15-ene-2024 09:30", "15-ene.-2024 09:31"), UTC, TWO),
    "a september of four letters": (
        "ABC.csv", PLAIN + rows("15-Sept-2024 09:30", "15-Sept-2024 09:31"), UTC,
        [(bar[0], bar[1].replace("-01-", "-09-"), *bar[2:]) for bar in TWO]),
    "a spreadsheet's days": ("ABC.csv", PLAIN + rows("45306.3958333333", "45306.3965277778"), UTC, TWO),
    "a spreadsheet's days and their parts": (
        "ABC.csv", CLOCKED + rows("45306,0.395833333333333", "45306,0.396527777777778"), UTC, TWO),
    "parts of a day beside a date": (
        "ABC.csv", CLOCKED + rows("2024-01-15,0.25", "2024-01-15,0.250694444"), UTC,
        [(bar[0], bar[1].replace("09:3", "06:0"), *bar[2:]) for bar in TWO]),
    "numpy's numbers": (
        "ABC.csv", PLAIN + rows("1.705311000000000000e+09", "1.705311060000000000e+09"), SAID, TWO),
    "days first, as the header's language has it": (
        "ABC.csv", "Date;Heure;Ouverture;Plus haut;Plus bas;Clôture;Volume\n"
        + rows("02/01/2024;09:30", "02/01/2024;09:31", mark=";", point=","), UTC,
        [(bar[0], bar[1].replace("-15", "-02"), *bar[2:]) for bar in TWO]),
    "bzip2": ("ABC.csv.bz2", bz2.compress(SOUND.encode()), UTC, TWO),
    "xz": ("ABC.csv.xz", lzma.compress(SOUND.encode()), UTC, TWO),
    "a zone behind both a date and a time": (
        "ABC.csv", "Date (UTC),Time (UTC)" + PLAIN[9:] + rows(*CLOCKS), SAID, TWO),
    "trades of two pairs": (
        "x.csv", "time,pair,price,amount\n1705311000,ABC,1,2\n1705311001,DEF,5,2\n", SAID,
        [(name, TWO[0][1], *(price,) * 4, 2.0) for name, price in (("ABC", 1.0), ("DEF", 5.0))]),
    "bids and asks of two symbols": (
        "x.csv", "symbol,time,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close\n"
        + rows(*(f"ABC,{at}" for at in ISO), tails=("100.1,101.1,99.1,100.6", "100.6,102.1,100.1,101.6"))
        + rows(*(f"DEF,{at}" for at in ISO), tails=("100.1,101.1,99.1,100.6", "100.6,102.1,100.1,101.6")), UTC,
        [*sided("ABC", NO_VOLUME), *sided("DEF", NO_VOLUME)]),
    "bybit's files for metatrader 4": (
        "ABC_1_2024-01-01_2024-01-31.csv", rows("2024.01.15,09:30", "2024.01.15,09:31"), UTC, TWO),
    "a year of metatrader 4's minutes": ("ABC_2021.csv", rows("2021.01.15,09:30", "2021.01.15,09:31"), UTC,
        [(bar[0], bar[1].replace("2024", "2021"), *bar[2:]) for bar in TWO]),
    "a folder of a symbol": ("symbol=ABC/part-0.parquet", parquet(frame(stamped=True)), SAID, TWO),
    "a zip whose only file has no name of its own": ("ABC.zip", packed({"data.csv": SOUND}), UTC, TWO),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_other_exports_are_read_right(tmp_path: Path, shape: str) -> None:
    name, content, options, expected = SHAPES[shape]
    path, store = written(tmp_path / name, content), MemoryStore()

    report = import_paths([path], store, ImportOptions(**options), calendars=lambda _: ALWAYS)

    assert (report.error, held(store), report.totals.rejected) == (None, expected, {})


OTHER_PRICES = SOUND.replace(",10", ",11")
REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "a column that nobody knows tells rows apart": (
        {"x.csv": "key," + PLAIN + rows(f"A,{ISO[0]}", f"B,{ISO[0]}")}, "the column 'key' tells rows of one time"),
    "names that are not all known, and not in the usual order": (
        {"x.csv": "when,close,hi,lo,opn\n" + "".join(f"{at},100.5,101,99,100\n" for at in ISO)},
        "'close' stands above what looks like open"),
    "hours and minutes in columns of their own": (
        {"x.csv": "date,hour,minute,open,high,low,close\n20240115,9,30,1,1,1,1\n"}, "hour and minute stand in columns"),
    "two venues under one symbol": (
        {"x.csv": "symbol,exchange," + PLAIN + rows(f"A,SSE,{ISO[0]}", f"A,SZSE,{ISO[1]}")},
        "'exchange' tells rows of A apart"),
    "two months of a contract, far into the file": (
        {"x.csv": "symbol,expiry," + PLAIN + "".join(
            rows(f"A,2024-0{3 + place // 720},2024-01-15 {place // 60:02}:{place % 60:02}") for place in range(1440)
        )}, "'expiry' tells rows of A apart ('2024-03' and '2024-04')"),
    "several strikes without a symbol": (
        {"x.json": json.dumps([{"strike": strike} | dict(zip("tohlcv", (1705311000, *TWO[0][2:]), strict=True))
                               for strike in (100, 110)])}, "'strike' tells rows apart ('100' and '110')"),
    "bars of an hour between them": (
        {"x.csv": "symbol,interval," + PLAIN + rows(f"A,1m,{ISO[0]}", f"A,1h,{ISO[1]}")}, "'interval' says '1h'"),
    "two columns of one name": (
        {"ABC.csv": PLAIN.replace("volume", "close,volume") + rows(*ISO, tails=("7,10", "7,20"))},
        "two columns are called 'close'"),
    "another header in the midst": (
        {"ABC.csv": SOUND + "timestamp,close,high,low,open,volume\n" + rows("2024-01-15 09:32:00")},
        "line 4 is a header with the columns in another order"),
    "halves of the day that nobody wrote": (
        {"ABC.csv": PLAIN + rows(*(f"2024-01-15 {at}" for at in ("11:59", "12:58")))
         + rows(*(f"2024-01-15 {at}" for at in ("12:59", "01:00")))}, "before or after noon is missing"),
    "dates of sessions that begin in the evening": (
        {"ABC.csv": CLOCKED + "".join(rows(f"2024-01-{day},{hour:02}:{at:02}") for day in (16, 17)
                                      for hour in (17, 23, 0, 9) for at in range(10))}, "dates are those of sessions"),
    "the same, newest first": (
        {"ABC.csv": CLOCKED + "".join(rows(f"2024-01-{day},{hour:02}:{at:02}") for day in (17, 16)
                                      for hour in (9, 0, 23, 17) for at in reversed(range(10)))},
        "dates are those of sessions"),
    "prices in 32nds": (
        {"ZN.csv": PLAIN + f"{ISO[0]},110'16,110'17,110'155,110'16,10\n"}, "look like 32nds"),
    "numbers that a spreadsheet has shortened": (
        {"ABC.csv": PLAIN + rows("1.70531E+12", "1.70531E+12")}, "a spreadsheet has left the last ones out"),
    "a name that says nothing": ({"data.csv": SOUND}, "say it with --symbol"),
    "one name in two folders": ({"a/ABC.csv": SOUND, "b/ABC.csv": OTHER_PRICES}, "are both read as ABC"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_be_read_wrongly_fails(tmp_path: Path, case: str) -> None:
    files, said = REFUSED[case]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        written(tmp_path / name, text)

    report = import_paths(
        [tmp_path / name for name in files], MemoryStore(), ImportOptions(**THERE), calendars=lambda _: ALWAYS
    )

    assert report.error is not None
    assert said in report.error


def test_a_column_of_flags_tells_no_instruments_apart(tmp_path: Path) -> None:
    text = "is_final," + PLAIN + rows(f"false,{ISO[0]}") + rows(f"true,{ISO[0]}", f"true,{ISO[1]}")
    path, store = written(tmp_path / "ABC.csv", text), MemoryStore()

    report = import_paths([path], store, ImportOptions(**THERE), calendars=lambda _: ALWAYS)

    assert (report.error, len(held(store))) == (None, 2)


KINDS = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99): "an old Excel workbook (.xls): save the sheet as CSV",
    packed(
        {"[Content_Types].xml": "<a/>", "xl/workbook.xml": "<a/>"}
    ): "an Excel workbook (.xlsx): save the sheet as CSV",
    packed({"mimetype": "a", "content.xml": "<a/>"}): "an OpenDocument sheet (.ods): save the sheet as CSV",
    bytes(257) + b"ustar" + bytes(99): "a tar archive: unpack it",
    gzip.compress(bytes(257) + b"ustar" + bytes(99)): "a tar archive: unpack it",
    b"7z\xbc\xaf\x27\x1c" + bytes(99): "a 7z archive: unpack it",
    b"\x89HDF\r\n\x1a\n" + bytes(99): "HDF5: read it with pandas",
    b"<!DOCTYPE html><html><body>404</body></html>": "a web page and no table",
}


@pytest.mark.parametrize("content", KINDS, ids=KINDS.values())
def test_what_is_no_table_is_called_by_its_name_and_what_to_do_is_said(tmp_path: Path, content: bytes) -> None:
    report = import_paths([written(tmp_path / "ABC.x", content)], MemoryStore(), calendars=lambda _: ALWAYS)

    assert report.error is not None
    assert KINDS[content] in " ".join([report.error, *(one.reason for one in report.skipped)])


def test_a_volume_that_is_counted_in_lots_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "ABC.csv", PLAIN.replace("volume", "Volume (lots)") + rows(*ISO))

    report = import_paths([path], MemoryStore(), ImportOptions(**UTC), calendars=lambda _: ALWAYS)

    assert report.files[0].warnings == [
        "the volume is counted as its column says, 'Volume (lots)', and stands as it is written there"
    ]


def test_a_zone_that_the_file_contradicts_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "ABC.csv", "datetime_utc" + PLAIN[9:] + rows(*ISO))

    report = import_paths(
        [path], MemoryStore(), ImportOptions(calendar="24/7", tz="Asia/Tokyo"), calendars=lambda _: ALWAYS
    )

    assert report.files[0].warnings == [
        "the file says that its stamps are of UTC: they are read in Asia/Tokyo, as --tz says"
    ]
