"""The table of shapes that people have: for each one small file, and the bars that it holds."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from actors.importing.into_store import ImportOptions, import_paths
from actors.kernel.ports import BarStore
from actors.market.calendar import Calendar
from actors.reading.format import Stamp
from actors.storage.memory import MemoryStore
from messages.values import moment
from tests.vendors.files import written

Row = tuple[str, str, float, float, float, float, float]

CALENDARS = {name: Calendar(name) for name in ("XNYS", "24/7", "FX")}
UTC = {"calendar": "24/7", "tz": "UTC"}
SAID = {"calendar": "24/7"}
DATED = "date,time,open,high,low,close,volume\n"
PLAIN = "timestamp,open,high,low,close,volume\n"

# Two bars, and how most files here name their instrument.
TWO: list[Row] = [
    ("ABC", "2024-01-15 09:30", 100.0, 101.0, 99.0, 100.5, 10.0),
    ("ABC", "2024-01-15 09:31", 100.5, 102.0, 100.0, 101.5, 20.0),
]
NO_VOLUME = [(*bar[:-1], 0.0) for bar in TWO]


def rows(*stamps: str, mark: str = ",", point: str = ".", tails: tuple[str, str] = ("10", "20")) -> str:
    """Return the two bars as lines, each after its stamp."""
    numbers = (("100", "101", "99", "100.5"), ("100.5", "102", "100", "101.5"))
    return "".join(
        mark.join((stamp, *(number.replace(".", point) for number in bar), tail)) + "\n"
        for stamp, bar, tail in zip(stamps, numbers, tails, strict=False)
    )


ISO = ("2024-01-15 09:30:00", "2024-01-15 09:31:00")
CLOCKS = ("2024-01-15,09:30", "2024-01-15,09:31")
EPOCHS = ("1705311000", "1705311060")
SOUND = PLAIN + rows(*ISO)

NEW_YORK_7 = {"calendar": "24/7", "tz": "America/New_York+7"}
LATER = [("ABC", f"2024-01-15 14:3{place}", *bar[2:]) for place, bar in enumerate(TWO)]


def packed(members: dict[str, str]) -> bytes:
    """Return a zip."""
    packing = io.BytesIO()
    with zipfile.ZipFile(packing, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return packing.getvalue()


def yahoo_parquet(*, reset: bool) -> bytes:
    """Return what ``yf.download("ABC", interval="1m").to_parquet()`` writes."""
    index = pd.DatetimeIndex(pd.to_datetime(list(ISO), utc=True), name="Datetime")
    levels = [(name, "ABC") for name in ("Open", "High", "Low", "Close", "Volume")]
    columns = pd.MultiIndex.from_tuples(levels, names=["Price", "Ticker"])
    held = pd.DataFrame([bar[2:] for bar in TWO], index=index, columns=columns)
    return parquet(held.reset_index() if reset else held)


def frame(*, stamped: bool = False, naive: bool = False, minutes_later: int = 0) -> pd.DataFrame:
    """Return the two bars as pandas holds them, with milliseconds or timestamps."""
    columns = ["time", "open", "high", "low", "close", "volume"]
    times = pd.to_datetime(list(ISO), utc=not naive) + pd.Timedelta(minutes=minutes_later)
    shown = times if stamped or naive or minutes_later else [1705311000000, 1705311060000]
    return pd.DataFrame([(at, *bar[2:]) for at, bar in zip(shown, TWO, strict=True)], columns=columns)


def parquet(held: pd.DataFrame) -> bytes:
    """Return a frame as Parquet."""
    packing = io.BytesIO()
    held.to_parquet(packing)
    return packing.getvalue()


def sided(pair: str, bids: list[Row]) -> list[Row]:
    """Return bids, and asks that are a tenth higher."""
    asks = [(bar[1], *(round(price + 0.1, 1) for price in bar[2:6]), bar[6]) for bar in bids]
    return [*((f"{pair}-ASK", *bar) for bar in asks), *((f"{pair}-BID", *bar[1:]) for bar in bids)]


SHAPES: dict[str, tuple[str, str | bytes, dict[str, Any], list[Row]]] = {
    # Without a header.
    "metatrader 4 by shape": ("ABC.csv", rows("2024.01.15,09:30", "2024.01.15,09:31"), UTC, TWO),
    "iso stamps without a header": ("ABC.csv", rows(*ISO), UTC, TWO),
    "seconds without a header": ("ABC.csv", rows(*EPOCHS, tails=("10,3", "20,4")), SAID, TWO),
    "the symbol first": ("x.csv", rows("ABC,20240115,09:30", "ABC,20240115,09:31", tails=("10,7", "20,7")), UTC, TWO),
    "digits as a clock": ("ABC.csv", rows("20240115,0930", "20240115,0931"), UTC, TWO),
    "no volume and no header": ("ABC.csv", rows(*ISO, tails=("", "")).replace(",\n", "\n"), UTC, NO_VOLUME),
    "semicolons and decimal commas": (
        "ABC.csv", rows("15.01.2024;09:30", "15.01.2024;09:31", mark=";", point=","), UTC, TWO),
    "columns in an order of one's own": (
        "ABC.csv", "9,10,100.5,99,101,100,20240115 09:30\n9,20,101.5,100,102,100.5,20240115 09:31\n",
        UTC | {"columns": "-,volume,close,low,high,open,time"}, TWO),
    "columns said of a file with a header": (
        "ABC.csv", "x,w,a,b,c,d,e\n" + rows(*CLOCKS), UTC | {"columns": "date,time,open,high,low,close,volume"}, TWO),
    "the wrong names above, the right ones said": (
        "ABC.csv", "time,close,high,low,open,volume\n" + rows(*ISO),
        UTC | {"columns": "time,open,high,low,close,volume"}, TWO),
    "a period behind the symbol": ("x.txt", rows("ABC,1,20240115,093000", "ABC,1,20240115,093100"), UTC, TWO),
    "an index, and no header": ("ABC.csv", rows(*(f"{place},{at}" for place, at in enumerate(ISO))), UTC, TWO),
    "a futures symbol with blanks and dashes": (
        "x.csv", rows("ABC 50-I,15/01/2024,09:30", "ABC 50-I,15/01/2024,09:31"), UTC,
        [("ABC 50-I", *bar[1:]) for bar in TWO]),
    # Headers.
    "an index called index": ("ABC.csv", "index" + PLAIN[9:] + rows(*ISO), UTC, TWO),
    "excel's word on delimiters": ("ABC.csv", "sep=;\n" + SOUND.replace(",", ";"), UTC, TWO),
    "units and zones in brackets": (
        "ABC.csv", "Time (EST),Open ($),High ($),Low ($),Close ($),Volume (shares)\n"
        + rows("2024-01-15 04:30:00", "2024-01-15 04:31:00"), {"calendar": "24/7", "tz": "America/New_York"}, TWO),
    "a place in the header": (
        "ABC.csv", "Time [Europe/Berlin],Open,High,Low,Close,Volume\n"
        + rows("2024-01-15 10:30:00", "2024-01-15 10:31:00"), SAID, TWO),
    "numbered names": (
        "ABC.csv", "timestamp,1. open,2. high,3. low,4. close,5. volume\n" + rows(*ISO), UTC, TWO),
    "a word alone below": ("ABC.csv", SOUND + "END\n", UTC, TWO),
    "an unnamed index": ("ABC.csv", ",open,high,low,close,volume\n" + rows(*ISO), UTC, TWO),
    "an index that was read and written again": ("ABC.csv", "Unnamed: 0" + PLAIN[9:] + rows(*ISO), UTC, TWO),
    "a count beside the time": (
        "ABC.csv", "," + PLAIN + rows(*(f"{place},{stamp}" for place, stamp in enumerate(ISO))), UTC, TWO),
    "a title above the header": ("ABC.csv", "https://www.CryptoDataDownload.com\n" + SOUND, UTC, TWO),
    "titles, blanks and a sentence below": (
        "ABC.csv", f'"Symbol: ABC",,,,,\n\n# made today\n{SOUND}"Downloaded from Barchart.com as of 01-16-2024"\n',
        UTC, TWO),
    "a title above rows without a header": ("ABC.csv", "ABC one minute\n" + rows(*ISO), UTC, TWO),
    "a comma at the end of each row": ("ABC.csv", PLAIN + rows(*ISO).replace("\n", ",\n"), UTC, TWO),
    "a time beside a date, called timestamp": (
        "ABC.csv", "Date,Timestamp,Open,High,Low,Close,Volume\n" + rows("20240115,09:30:00", "20240115,09:31:00"),
        UTC, TWO),
    "a minute beside a date": ("ABC.csv", "date,minute,open,high,low,close,volume\n" + rows(*CLOCKS), UTC, TWO),
    "the zone in the header": ("ABC.csv", "datetime_utc,open,high,low,close,volume\n" + rows(*ISO), SAID, TWO),
    "the end of the bar in the header": (
        "ABC.csv", "close_time,open,high,low,close,volume\n" + rows("2024-01-15 09:31:00", "2024-01-15 09:32:00"),
        UTC, TWO),
    "deutsche boerse": (
        "x.csv", "ISIN,Mnemonic,SecurityDesc,Date,Time,StartPrice,MaxPrice,MinPrice,EndPrice,TradedVolume,"
        "NumberOfTrades\n" + rows("DE1,ABC,A B C,2024-01-15,09:30", "DE1,ABC,A B C,2024-01-15,09:31",
                                  tails=("10,1", "20,2")), UTC, TWO),
    "barchart": ("ABC.csv", "Time,Open,High,Low,Latest,Change,%Change,Volume\n"
                 + rows(*ISO, tails=("0,0%,10", "0,0%,20")), UTC, TWO),
    "sierra chart": ("ABC.txt", "Date, Time, Open, High, Low, Last, Volume, # of Trades\n"
                     + rows("2024/1/15, 09:30:00", "2024/1/15, 09:31:00", tails=("10, 1", "20, 2")), UTC, TWO),
    "tushare": ("x.csv", "ts_code,trade_time,open,high,low,close,vol\n" + rows(*(f"ABC,{at}" for at in ISO)), UTC, TWO),
    "spanish": ("ABC.csv", "Fecha;Hora;Apertura;Máximo;Mínimo;Cierre;Volumen\n"
                + rows("2024-01-15;09:30", "2024-01-15;09:31", mark=";", point=","), UTC, TWO),
    "chinese": ("ABC.csv", "日期,时间,开盘,最高,最低,收盘,成交量\n" + rows(*CLOCKS), UTC, TWO),
    "korean": ("ABC.csv", "일자,시간,시가,고가,저가,종가,거래량\n" + rows(*CLOCKS), UTC, TWO),
    "japanese": ("ABC.csv", "日付,時刻,始値,高値,安値,終値,出来高\n" + rows(*CLOCKS), UTC, TWO),
    "german": ("ABC.csv", "Datum;Uhrzeit;Eröffnung;Hoch;Tief;Schluss;Volumen\n"
               + rows("2024-01-15;09:30", "2024-01-15;09:31", mark=";", point=","), UTC, TWO),
    # Numbers.
    "quoted thousands": (
        "ABC.csv", PLAIN + '2024-01-15 09:30:00,"1,100.00","1,101.00",999.00,"1,100.50","1,010"\n', UTC,
        [("ABC", "2024-01-15 09:30", 1100.0, 1101.0, 999.0, 1100.5, 1010.0)]),
    "decimal commas after a whole first price": (
        "ABC.csv", PLAIN.replace(",", ";") + rows(*ISO, mark=";", point=","), UTC, TWO),
    "decimal commas and points between thousands": (
        "ABC.csv", PLAIN.replace(",", ";") + "2024-01-15 09:30:00;16.700;16.701,5;16.699,25;16.700,5;1.010\n", UTC,
        [("ABC", "2024-01-15 09:30", 16700.0, 16701.5, 16699.25, 16700.5, 1010.0)]),
    # Characters and lines.
    "utf-16 with a mark": ("ABC.csv", SOUND.encode("utf-16"), UTC, TWO),
    "utf-16 big-endian with a mark": ("ABC.csv", b"\xfe\xff" + SOUND.encode("utf-16-be"), UTC, TWO),
    "utf-16 without a mark": ("ABC.csv", SOUND.encode("utf-16-le"), UTC, TWO),
    "utf-8 with a mark and no header": ("ABC.csv", b"\xef\xbb\xbf" + rows(*CLOCKS).encode(), UTC, TWO),
    "latin-1": ("ABC.csv", ("Fecha,Hora,Apertura,Máximo,Mínimo,Cierre,Volumen\n" + rows(*CLOCKS)).encode("latin-1"),
                UTC, TWO),
    "gbk": ("ABC.csv", ("日期,时间,开盘,最高,最低,收盘,成交量\n" + rows(*CLOCKS)).encode("gbk"), UTC, TWO),
    "korean windows": ("ABC.csv", ("일자,시간,시가,고가,저가,종가,거래량\n" + rows(*CLOCKS)).encode("cp949"), UTC, TWO),
    "japanese windows": ("ABC.csv", ("日付,時刻,始値,高値,安値,終値,出来高\n" + rows(*CLOCKS)).encode("shift_jis"), UTC,
                         TWO),
    "traditional chinese": (
        "ABC.csv", ("日期,時間,開盤價,最高價,最低價,收盤價,成交量(股)\n" + rows(*CLOCKS)).encode("big5"), UTC, TWO),
    "windows-1251": (
        "ABC.csv", ("Дата,Время,Открытие,Максимум,Минимум,Закрытие,Объем\n" + rows(*CLOCKS)).encode("cp1251"),
        UTC, TWO),
    "carriage returns alone": ("ABC.csv", SOUND.replace("\n", "\r"), UTC, TWO),
    "windows' line ends": ("ABC.csv", SOUND.replace("\n", "\r\n"), UTC, TWO),
    # Stamps.
    "the last second of each minute": ("ABC.csv", PLAIN + rows("2024-01-15 09:30:59", "2024-01-15 09:31:59"), UTC, TWO),
    "the last millisecond, said to be the end": (
        "ABC.csv", PLAIN + rows("1705311059999", "1705311119999"), SAID | {"stamp": Stamp.END}, TWO),
    "the end, some of it a second early": (
        "ABC.csv", PLAIN + rows("2024-01-15 09:30:59", "2024-01-15 09:32:00"), UTC | {"stamp": Stamp.END}, TWO),
    "utc in words": ("ABC.csv", PLAIN + rows(*(f"{at} UTC" for at in ISO)), SAID, TWO),
    "eastern time in words": ("ABC.csv", PLAIN + rows("2024-01-15 04:30:00 EST", "2024-01-15 05:31:00 EDT"), SAID, TWO),
    "a place behind the time": (
        "ABC.csv", PLAIN + rows("2024-01-15 04:30:00 America/New_York", "2024-01-15 04:31:00 America/New_York"), SAID,
        TWO),
    "java's zoned times": (
        "ABC.csv", PLAIN + rows("2024-01-15T04:30-05:00[America/New_York]", "2024-01-15T04:31-05:00[America/New_York]"),
        SAID, TWO),
    "an offset in words": (
        "ABC.csv", PLAIN + rows("15.01.2024 10:30:00.000 GMT+0100", "15.01.2024 10:31:00.000 GMT+0100"), SAID, TWO),
    "an offset after a blank": ("ABC.csv", PLAIN + rows(*(f"{at} +0000" for at in ISO)), SAID, TWO),
    "java's dates": (
        "ABC.csv", PLAIN + rows("Mon Jan 15 04:30:00 EST 2024", "Mon Jan 15 04:31:00 EST 2024"), SAID, TWO),
    "c's dates": ("ABC.csv", PLAIN + rows("Mon Jan 15 09:30:00 2024", "Mon Jan 15 09:31:00 2024"), UTC, TWO),
    "go's dates": (
        "ABC.csv", PLAIN + rows("2024-01-15 09:30:00 +0000 UTC", "2024-01-15 09:31:00 +0000 UTC"), SAID, TWO),
    "javascript's dates": (
        "ABC.csv", PLAIN + rows(
            *(f"Mon Jan 15 2024 04:3{place}:00 GMT-0500 (Eastern Standard Time)" for place in (0, 1))), SAID, TWO),
    "basic iso": ("ABC.csv", PLAIN + rows("20240115T093000Z", "20240115T093100Z"), SAID, TWO),
    "basic iso without a zone": ("ABC.csv", PLAIN + rows("20240115T093000", "20240115T093100"), UTC, TWO),
    "a clock with its zone": (
        "ABC.csv", DATED + rows("2024-01-15,09:30:00Z", "2024-01-15,09:31:00Z"), SAID,
        TWO),
    "a zone that has several meanings, with --tz": (
        "ABC.csv", PLAIN + rows("2024-01-15 17:30:00 CST", "2024-01-15 17:31:00 CST"),
        {"calendar": "24/7", "tz": "Asia/Shanghai"}, TWO),
    "weekdays": (
        "ABC.csv", DATED + rows("Mon 2024-01-15,9:30 AM", "Monday 2024-01-15,9:31 AM"), UTC, TWO),
    "weekdays of chinese windows": (
        "ABC.csv", DATED + rows("2024/1/15 星期一,9:30", "2024/1/15 星期一,9:31"), UTC, TWO),
    "dates and hours in japanese": (
        "ABC.csv", PLAIN + rows("2024年1月15日(月) 9時30分", "2024年1月15日(月) 9時31分"), UTC, TWO),
    "hours before and after noon in korean": (
        "ABC.csv", PLAIN + rows("2024년 1월 15일 월요일 오전 9:30", "2024-01-15 오전 9:31"), UTC, TWO),
    "bitmex trades": (
        "2024.csv", ("timestamp,symbol,side,size,price\n2024-01-15D09:30:01.123456789,ABC,Buy,10,100\n"
                     "2024-01-15D09:30:59.000000001,ABC,Sell,5,101\n"), {},
        [("ABC", "2024-01-15 09:30", 100.0, 101.0, 100.0, 101.0, 15.0)]),
    "cqg trades": ("ABC.csv", "Date and Time,Price,Volume\n2024/01/15 09:30:01.5,100,10\n2024/01/15 09:30:59.1,99,2\n",
                   {}, [("ABC", "2024-01-15 09:30", 100.0, 100.0, 99.0, 99.0, 12.0)]),
    "trades with a date and a time": (
        "ABC.csv", "Date,Time,Price,Size\n15/01/2024,09:30:01.5,100,10\n15/01/2024,09:30:59.1,99,2\n", {},
        [("ABC", "2024-01-15 09:30", 100.0, 100.0, 99.0, 99.0, 12.0)]),
    # Parquet.
    "parquet with the zone in a name": (
        "ABC.parquet", parquet(frame(naive=True).rename(columns={"time": "datetime_utc"})), SAID, TWO),
    "parquet with the end in a name": (
        "ABC.parquet", parquet(frame(minutes_later=1).rename(columns={"time": "close_time"})), SAID, TWO),
    "parquet with a time that has no name": (
        "ABC.parquet", parquet(frame(stamped=True).rename(columns={"time": "Unnamed: 0"})), SAID, TWO),
    # Vendors.
    "histdata": (
        "DAT_ASCII_EURUSD_M1_202401.csv", rows("20240115 043000", "20240115 043100", mark=";", tails=("0", "0")), {},
        [("EURUSD", *bar[1:]) for bar in NO_VOLUME]),
    "histdata in summer": (
        "DAT_NT_EURUSD_M1_202407.csv", rows("20240715 043000", mark=";", tails=("0", "0")), {},
        [("EURUSD", "2024-07-15 09:30", *NO_VOLUME[0][2:])]),
    "histdata for metatrader": (
        "DAT_MT_EURUSD_M1_2024.csv", rows("2024.01.15,04:30", "2024.01.15,04:31", tails=("0", "0")), {},
        [("EURUSD", *bar[1:]) for bar in NO_VOLUME]),
    "histdata's zip with its report": (
        "HISTDATA_COM_ASCII_EURUSD_M1202401.zip", packed({
            "DAT_ASCII_EURUSD_M1_202401.csv": rows("20240115 043000", "20240115 043100", mark=";", tails=("0", "0")),
            "DAT_ASCII_EURUSD_M1_202401.txt": "HistData.com (c)\nFile Status\n\nGap of 120s found between 1 and 2.\n",
        }), {}, [("EURUSD", *bar[1:]) for bar in NO_VOLUME]),
    "dukascopy": (
        "EURUSD_Candlestick_1_M_BID_15.01.2024-16.01.2024.csv", "Gmt time,Open,High,Low,Close,Volume\n"
        + rows("15.01.2024 09:30:00.000", "15.01.2024 09:31:00.000"), {}, [("EURUSD-BID", *bar[1:]) for bar in TWO]),
    "dukascopy in local time": (
        "EURUSD_Candlestick_1_M_ASK_15.01.2024-16.01.2024.csv", "Local time,Open,High,Low,Close,Volume\n"
        + rows("15.01.2024 10:30:00.000 GMT+0100", "15.01.2024 10:31:00.000 GMT+0100"), {},
        [("EURUSD-ASK", *bar[1:]) for bar in TWO]),
    "jforex": (
        "EURUSD_1 Min_Bid_2024.01.15_2024.01.16.csv", "Time (EET),Open,High,Low,Close,Volume \n"
        + rows("2024.01.15 11:30:00", "2024.01.15 11:31:00"), {}, [("EURUSD-BID", *bar[1:]) for bar in TWO]),
    "metatrader 4": ("ABC1.csv", rows("2024.01.15,16:30", "2024.01.15,16:31"), NEW_YORK_7, LATER),
    "metatrader 4 while only new york has changed its clocks": (
        "ABC1.csv", rows("2024.03.20,16:30", tails=("10", "")), NEW_YORK_7,
        [("ABC", "2024-03-20 13:30", *TWO[0][2:])]),
    "metatrader 5": (
        "ABC_M1_202401150000_202401152359.csv",
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n".encode("utf-16")
        + rows("2024.01.15\t16:30:00", "2024.01.15\t16:31:00", mark="\t", tails=("10\t10\t1", "20\t20\t1")
               ).encode("utf-16-le"), NEW_YORK_7, LATER),
    "kraken": ("ABCUSD_1.csv", rows(*EPOCHS, tails=("10,3", "20,4")), {}, [("ABCUSD", *bar[1:]) for bar in TWO]),
    "kraken's zip of all intervals": (
        "Kraken_OHLCVT.zip", packed({
            "ABCUSD_1.csv": rows(*EPOCHS, tails=("10,3", "20,4")), "ABCUSD_15.csv": rows(*EPOCHS, tails=("9,9", "9,9")),
            "ABCUSD_5.csv": rows(*EPOCHS, tails=("9,9", "9,9"))}), {}, [("ABCUSD", *bar[1:]) for bar in TWO]),
    "upbit": (
        "x.csv", ("market,candle_date_time_utc,candle_date_time_kst,opening_price,high_price,low_price,trade_price,"
        "timestamp,candle_acc_trade_price,candle_acc_trade_volume,unit\n"
        "ABC,2024-01-15T09:31:00,2024-01-15T18:31:00,100.5,102,100,101.5,1705311119000,1,20,1\n"
        "ABC,2024-01-15T09:30:00,2024-01-15T18:30:00,100,101,99,100.5,1705311059000,1,10,1\n"), {}, TWO),
    "cryptodatadownload": (
        "Binance_BTCUSDT_minute.csv", "https://www.CryptoDataDownload.com\nUnix,Date,Symbol,Open,High,Low,Close,"
        "Volume BTC,Volume USDT\n" + "".join(reversed(rows(
            "1705311000000,2024-01-15 09:30:00,ABC", "1705311060000,2024-01-15 09:31:00,ABC", tails=("10,1e3", "20,2e3")
        ).splitlines(keepends=True))), SAID, TWO),
    "bitstamp of kaggle": (
        "ABC.csv", "Timestamp,Open,High,Low,Close,Volume_(BTC),Volume_(Currency),Weighted_Price\n"
        + rows(*EPOCHS, tails=("10,1000,100.1", "20,2000,101.1")), SAID, TWO),
    "tradestation": (
        "ABC.txt", '"Date","Time","Open","High","Low","Close","Up","Down"\n'
        + rows("01/15/2024,09:31", "01/15/2024,09:32", tails=("6,4", "12,8")), UTC | {"stamp": Stamp.END}, TWO),
    "metatrader 5 of currencies": (
        "ABC_M1.csv", "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        + rows("2024.01.15\t09:30:00", "2024.01.15\t09:31:00", mark="\t", tails=("10\t0\t1", "20\t0\t1")), UTC, TWO),
    "finam": (
        "x.csv", "<TICKER>;<PER>;<DATE>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>\n"
        + rows("ABC;1;20240115;093000", "ABC;1;20240115;093100", mark=";"), UTC, TWO),
    "stooq": (
        "x.txt", "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        + rows("ABC,1,20240115,093000", "ABC,1,20240115,093100", tails=("10,0", "20,0")), UTC, TWO),
    "twelve data": (
        "ABC.csv", "datetime;open;high;low;close;volume\n"
        + "".join(reversed(rows(*ISO, mark=";").splitlines(keepends=True))), UTC, TWO),
    "yfinance before its levels had names": (
        "x.csv", ",Open,High,Low,Close,Volume\n,ABC,ABC,ABC,ABC,ABC\nDatetime,,,,,\n"
        + rows(*(f"{at}+00:00" for at in ISO)), SAID, TWO),
    "yfinance by ticker before its levels had names": (
        "x.csv", ",ABC,ABC,ABC,ABC,ABC\n,Open,High,Low,Close,Volume\nDatetime,,,,,\n"
        + rows(*(f"{at}+00:00" for at in ISO)), SAID, TWO),
    "yfinance after reset_index": (
        "x.csv", "Datetime,Open,High,Low,Close,Volume\n,ABC,ABC,ABC,ABC,ABC\n" + rows(*(f"{at}+00:00" for at in ISO)),
        SAID, TWO),
    "yfinance as parquet": ("x.parquet", yahoo_parquet(reset=False), SAID, TWO),
    "yfinance as parquet after reset_index": ("x.parquet", yahoo_parquet(reset=True), SAID, TWO),
    "global datafeeds": (
        "x.csv", "Ticker,Date,Time,Open,High,Low,Close,Volume,Open Interest\n"
        + rows("ABC,15/01/2024,15:00:59", "ABC,15/01/2024,15:01:59", tails=("10,0", "20,0")),
        {"calendar": "24/7", "tz": "Asia/Kolkata"}, TWO),
    # Bids and asks side by side.
    "fxcm's bids and asks": (
        "EURUSD_m1.csv", "DateTime,BidOpen,BidHigh,BidLow,BidClose,AskOpen,AskHigh,AskLow,AskClose,Volume\n"
        + rows(*ISO, tails=("100.1,101.1,99.1,100.6,10", "100.6,102.1,100.1,101.6,20")), UTC, sided("EURUSD", TWO)),
    "saxo's bids and asks": (
        "EURUSD.csv", "Time,OpenBid,HighBid,LowBid,CloseBid,OpenAsk,HighAsk,LowAsk,CloseAsk\n"
        + rows(*ISO, tails=("100.1,101.1,99.1,100.6", "100.6,102.1,100.1,101.6")), UTC, sided("EURUSD", NO_VOLUME)),
    "bids and asks with commas in their names": (
        "x.csv", '"Date","EUR/USD(Open, Bid)","EUR/USD(High, Bid)","EUR/USD(Low, Bid)","EUR/USD(Close, Bid)",'
        '"EUR/USD(Open, Ask)","EUR/USD(High, Ask)","EUR/USD(Low, Ask)","EUR/USD(Close, Ask)"\n'
        + rows(*ISO, tails=("100.1,101.1,99.1,100.6", "100.6,102.1,100.1,101.6")), UTC, sided("EURUSD", NO_VOLUME)),
    # JSON.
    "json records": ("ABC.json", frame(stamped=True).to_json(orient="records", date_format="iso"), SAID, TWO),
    "json lines": ("ABC.json", frame().to_json(orient="records", lines=True), SAID, TWO),
    "json by columns": ("ABC.json", frame().to_json(), SAID, TWO),
    "json by columns with the time as index": ("ABC.json", frame().set_index("time").to_json(), SAID, TWO),
    "json by index": ("ABC.json", frame().set_index("time").to_json(orient="index"), SAID, TWO),
    "json split": ("ABC.json", frame().set_index("time").to_json(orient="split"), SAID, TWO),
    "json of arrays": (
        "ABC.json", json.dumps({"s": "ok", "t": [1705311000, 1705311060], "o": [100, 100.5], "h": [101, 102],
                                "l": [99, 100], "c": [100.5, 101.5], "v": [10, 20]}), SAID, TWO),
    "json rows of ccxt": (
        "ABC.json", json.dumps([[1705311000000, *TWO[0][2:]], [1705311060000, *TWO[1][2:]]]), SAID, TWO),
    "kraken's answer": (
        "x.json", json.dumps({"error": [], "result": {"ABC": [
            [1705311000, "100", "101", "99", "100.5", "100.2", "10", 3],
            [1705311060, "100.5", "102", "100", "101.5", "101.2", "20", 4],
            [1705311120, "101.5", "101.5", "101.5", "101.5", "101.5", "1", 1]], "last": 1705311060}}), SAID, TWO),
    "massive's answer": (
        "x.json", json.dumps({"ticker": "ABC", "status": "OK", "results": [
            {"v": bar[6], "vw": 100.2, "o": bar[2], "c": bar[5], "h": bar[3], "l": bar[4], "t": at, "n": 3}
            for bar, at in zip(TWO, (1705311000000, 1705311060000), strict=True)]}), SAID, TWO),
    "twelve data's answer": (
        "x.json", json.dumps({"meta": {"symbol": "ABC", "interval": "1min", "exchange_timezone": "America/New_York"},
            "values": [{"datetime": f"2024-01-15 04:3{place}:00", "open": str(bar[2]), "high": str(bar[3]),
                        "low": str(bar[4]), "close": str(bar[5]), "volume": str(bar[6])}
                       for place, bar in reversed(list(enumerate(TWO)))], "status": "ok"}), SAID, TWO),
}  # fmt: skip


def held(store: BarStore) -> list[Row]:
    """Return every bar of a store."""
    found: list[Row] = []
    for calendar in store.calendars():
        for date in store.dates(calendar):
            day = store.read(calendar, date)
            assert day is not None
            bars = day.bars
            for place, start_ns in enumerate(bars.start_ns.tolist()):
                symbol = bars.symbols[bars.symbol_index[place]]
                values = bars.values[:5, place].tolist()  # noqa: PD011  # a batch's, and no frame's
                found.append((symbol, f"{moment(start_ns, 'UTC'):%Y-%m-%d %H:%M}", *values))
    return sorted(found)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_people_have_is_read_right(tmp_path: Path, shape: str) -> None:
    name, content, options, expected = SHAPES[shape]
    path, store = written(tmp_path / name, content), MemoryStore()

    report = import_paths([path], store, ImportOptions(**options), calendars=CALENDARS.__getitem__)

    assert report.error is None
    assert (held(store), report.totals.rejected) == (expected, {})
