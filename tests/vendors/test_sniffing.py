"""A sample of every text format against every format: none is taken for another's."""

import gzip
from pathlib import Path

import pytest

from actors.reading.peek import Head
from actors.vendors.formats import detect, format_named, formats
from tests.vendors.files import written

HEADER = "timestamp,open,high,low,close,volume"
SAMPLES = {
    "alpaca": ("bars.csv", ("symbol,timestamp,open,high,low,close,volume,trade_count,vwap\n"
                           "A,2022-01-03 14:30:00+00:00,10,11,9,10,100,3,10\n")),
    "binance": ("A-1m.csv", "1637971200000,1,3,1,2,7,1637971259999,0.1,79,1,0.5,0\n"),
    "ninjatrader": ("A.txt", "20110103 143100;126.35;126.39;126.35;126.39;1579\n"),
    "backtrader": ("A.txt", "Date,Open,High,Low,Close,Volume,OpenInterest\n2006-01-02,09:01:00,1,2,1,2,5,0\n"),
    "nautilus": ("gbpusd-m1-bid-2012.csv", "timestamp,open,high,low,close\n2012-02-01 00:00:00+00:00,1,2,1,2\n"),
    "yahoo": ("A.csv", ("Datetime,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
                       "2022-03-14 09:30:00-04:00,10,11,9,10,5,0,0\n")),
    "yfinance": ("A.csv", ("Price,Close,High,Low,Open,Volume\nTicker,A,A,A,A,A\nDatetime,,,,,\n"
                          "2024-03-08 14:30:00+00:00,10,11,9,10,5\n")),
    "ibkr": ("A.csv", "date,open,high,low,close,volume,average,barCount\n20240308 09:30:00 US/Eastern,1,2,1,2,5,1,3\n"),
    "kibot": ("A.txt", "01/12/2010,09:30,54.55,54.57,54.52,54.53,98713\n"),
    "firstrate": ("A_1min_adjsplit.txt", "2024-03-08 04:00:00,169,170,168,170,2000\n"),
    "massive": ("2024-03-08.csv", ("ticker,volume,open,close,high,low,window_start,transactions\n"
                                  "A,4930,200.29,200.5,200.63,200.1,1709908200000000000,129\n")),
    "massive-trades": ("2024-03-08.csv", ("ticker,conditions,correction,exchange,id,participant_timestamp,price,"
                                         "sequence_number,sip_timestamp,size,tape,trf_id,trf_timestamp\n"
                                         'A,"12,37",0,11,1,1709908200000000000,200.29,7,1709908200000000001,5,1,0,0\n')),
    "alphavantage": ("A_1min.csv", f"{HEADER}\n2019-02-11 16:00:00,1,2,1,2,5\n2019-02-11 15:59:00,1,2,1,2,5\n"),
    "databento-csv": ("A.csv", ("ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n"
                               "1704205800000000000,33,1,5482,4758250000000,4759000000000,4758000000000,"
                               "4758500000000,7,ESH4\n")),
    "histdata": ("DAT_ASCII_EURUSD_M1_201202.csv", "20120201 000000;1.306600;1.306600;1.306560;1.306560;0\n"),
    "dukascopy": ("A.csv", "Gmt time,Open,High,Low,Close,Volume\n02.01.2024 00:00:00.000,1,2,1,2,5\n"),
    "metatrader": ("EURUSD1.csv", "2013.12.11,17:20,1.37,1.38,1.36,1.37,168\n"),
    "kraken": ("XBTUSD_1.csv", "1704153600,1,2,1,2,1.5,12\n"),
    "upbit": ("A.csv", ("market,candle_date_time_utc,opening_price,high_price,low_price,trade_price,"
                       "candle_acc_trade_volume\nKRW-BTC,2024-01-15T09:31:00,1,2,1,2,20\n")),
    "bid-ask": ("A.csv", ("DateTime,BidOpen,BidHigh,BidLow,BidClose,AskOpen,AskHigh,AskLow,AskClose\n"
                          "2024-01-15 09:30:00,1,2,1,2,1,2,1,2\n")),
    "json": ("A.json", '[{"time": 1704153600, "open": 1, "high": 2, "low": 1, "close": 2}]'),
    "trade-csv": ("BCHEUR.csv", "1672531436,90.540000,1.10448420\n1672531471,90.450000,1.00000000\n"),
    "csv": ("A.csv", f"{HEADER}\n2019-02-11 15:59:00,1,2,1,2,5\n2019-02-11 16:00:00,1,2,1,2,5\n"),
}  # fmt: skip
ALIKE = {"histdata": ["ninjatrader"]}
"""Whose name tells them apart from others that write the same lines."""
OTHERS = {
    "lean", "lean-quote", "lean-second", "lean-tick", "freqtrade", "freqtrade-trades", "parquet", "databento",
    "databento-parquet",
}  # fmt: skip


def test_every_format_of_text_has_a_sample_here() -> None:
    assert {fmt.name for fmt in formats()} == set(SAMPLES) | OTHERS


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_recognised_by_its_own_format_and_else_by_plain_csv_alone(tmp_path: Path, name: str) -> None:
    file, text = SAMPLES[name]
    head = Head(written(tmp_path / file, text))

    assert detect(head).name == ("csv" if format_named(name).must_be_named else name)
    assert {fmt.name for fmt in formats() if fmt.sniff(head)} <= {name, "csv", *ALIKE.get(name, ())}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_may_be_packed(tmp_path: Path, name: str) -> None:
    file, text = SAMPLES[name]

    packed = detect(Head(written(tmp_path / f"{file}.gz", gzip.compress(text.encode()))))

    assert packed.name == ("csv" if format_named(name).must_be_named else name)
