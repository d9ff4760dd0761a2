"""Vendors' real files against a plain pandas computation over the same files, and against what was measured on them.

Nothing here uses the product but ``import_paths`` and ``inspect_store``: files are read with pandas, sessions come from
exchange_calendars.
"""

import gzip
import json
import re
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import exchange_calendars
import numpy as np
import pandas as pd
import pytest

from actors.importing.into_store import FileReport, ImportOptions, ImportReport, import_paths
from actors.inspecting import InspectDay, inspect_store
from actors.market.calendar import Calendar
from actors.storage.memory import MemoryStore
from tests.real_data import DATA, needs_data

pytestmark = [needs_data, pytest.mark.slow]

PRICES = ["open", "high", "low", "close"]
BARS = [*PRICES, "volume"]
MINUTE = pd.Timedelta(minutes=1)

calendar_of = cache(Calendar)


def lean(path: Path) -> pd.DataFrame:
    """Read a LEAN zip; what its folders mean is in the data's own README."""
    asset, market, _, folder = path.relative_to(DATA / "lean/Data").parts[:4]
    zone = {"usa": "America/New_York", "india": "Asia/Kolkata", "eurex": "Europe/Berlin"}.get(market, "UTC")
    parts = []
    with zipfile.ZipFile(path) as archive:
        for member in sorted(archive.namelist()):
            part = pd.read_csv(archive.open(member), header=None, names=["ms", *BARS])
            contract = re.search(r"_trade_(\d{4})(\d\d)\.csv", member) if asset == "future" else None
            month = f"{'FGHJKMNQUVXZ'[int(contract[2]) - 1]}{contract[1][2:]}" if contract else ""
            parts.append(part.assign(symbol=folder.upper() + month))
    frame = pd.concat(parts)
    if asset == "equity":
        frame[PRICES] = frame[PRICES] / 10_000
    local = pd.Timestamp(path.name[:8]) + pd.to_timedelta(frame["ms"], unit="ms")
    return frame.assign(start=local.dt.tz_localize(zone).dt.tz_convert("UTC"))


def alphavantage(path: Path) -> pd.DataFrame:
    """Read Alpha Vantage's CSV: New York, end of the bar."""
    frame = pd.read_csv(path)
    ends = pd.to_datetime(frame["datetime"]).dt.tz_localize("America/New_York").dt.tz_convert("UTC")
    return frame.assign(start=ends - MINUTE, symbol=path.name.partition("_")[0])


def yahoo(path: Path) -> pd.DataFrame:
    """Read Yahoo's CSV: offsets in the stamps."""
    frame = pd.read_csv(path).rename(columns=str.lower)
    return frame.assign(start=pd.to_datetime(frame["datetime"], utc=True), symbol=path.name.removesuffix(".csv"))


def ninjatrader(path: Path) -> pd.DataFrame:
    """Read NinjaTrader's export: UTC, end of the bar."""
    frame = pd.read_csv(path, sep=";", header=None, names=["stamp", *BARS])
    ends = pd.to_datetime(frame["stamp"], format="%Y%m%d %H%M%S").dt.tz_localize("UTC")
    return frame.assign(start=ends - MINUTE, symbol="SPY")


def klines(path: Path) -> pd.DataFrame:
    """Read Binance's klines."""
    frame = pd.read_csv(path, header=None, usecols=range(6), names=["ms", *BARS])
    return frame.assign(start=pd.to_datetime(frame["ms"], unit="ms", utc=True), symbol=path.name.partition("-")[0])


def perpetual(path: Path) -> pd.DataFrame:
    """Read the plain CSV of a perpetual."""
    frame = pd.read_csv(path)
    return frame.assign(start=pd.to_datetime(frame["timestamp"]).dt.tz_localize("UTC"), symbol="BTC-PERP")


def in_zone(place: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """Give the rows of one of LEAN's files their instants: milliseconds of the day that the file's name says."""
    zone = {"usa": "America/New_York", "fxcm": "Etc/GMT+5"}.get(place.parents[2].name, "UTC")
    local = pd.Timestamp(place.name[:8]) + pd.to_timedelta(frame["ms"], unit="ms")
    return frame.assign(at=local.dt.tz_localize(zone).dt.tz_convert("UTC"), symbol=place.parent.name.upper())


def lean_quotes(path: Path) -> pd.DataFrame:
    """Read LEAN's quotes as mid prices."""
    sides = [f"{side} {price}" for side in ("bid", "ask") for price in [*PRICES, "size"]]
    frame = in_zone(path, pd.read_csv(path, header=None, names=["ms", *sides]))
    scale = 10_000 if "equity" in path.parts else 1
    mids = {price: (frame[f"bid {price}"] + frame[f"ask {price}"]) / 2 / scale for price in PRICES}
    return frame.assign(start=frame["at"], volume=0.0, **mids)


def folded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the minutes of trades with the columns at, price and size."""
    ordered = frame.assign(turnover=frame["price"] * frame["size"]).sort_values("at", kind="stable")
    minutes = ordered.groupby(["symbol", ordered["at"].dt.floor("min").rename("start")])
    prices, volume = minutes["price"].ohlc(), minutes["size"].sum()
    bars = prices.assign(volume=volume, vwap=minutes["turnover"].sum() / volume, trades=minutes.size())
    return bars.reset_index()


def lean_ticks(path: Path) -> pd.DataFrame:
    """Read LEAN's ticks and fold those that are not suspicious."""
    names = ["ms", "price", "size", "exchange", "condition", "suspicious"]
    frame = in_zone(path, pd.read_csv(path, header=None, names=names, dtype={"condition": str}))
    return folded(frame[frame["suspicious"] == 0].assign(price=frame["price"] / 10_000))


def lean_seconds(path: Path) -> pd.DataFrame:
    """Read LEAN's seconds and fold them."""
    frame = in_zone(path, pd.read_csv(path, header=None, names=["ms", *BARS]))
    frame[PRICES] = frame[PRICES] / 10_000
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    return frame.groupby(["symbol", frame["at"].dt.floor("min").rename("start")]).agg(how).reset_index()


def freqtrade(path: Path) -> pd.DataFrame:
    """Read freqtrade's candles."""
    if path.suffix == ".feather":
        frame = pd.read_feather(path).rename(columns={"date": "start"})
    else:
        rows = pd.DataFrame(json.loads(path.read_text()), columns=["ms", *BARS])
        frame = rows.assign(start=pd.to_datetime(rows["ms"], unit="ms", utc=True))
    return frame.assign(symbol=path.name.partition("-")[0].replace("_", "/"))


def freqtrade_trades(path: Path) -> pd.DataFrame:
    """Read freqtrade's trades and fold them."""
    names = ["timestamp", "id", "type", "side", "price", "amount", "cost"]
    if path.suffix == ".gz":
        frame = pd.DataFrame(json.loads(gzip.decompress(path.read_bytes())), columns=names)
    else:
        frame = pd.read_feather(path) if path.suffix == ".feather" else pd.read_parquet(path)
    at = pd.to_datetime(frame["timestamp"], unit="ms", utc=True)
    return folded(frame.assign(at=at, size=frame["amount"], symbol="XRP/ETH"))


def backtrader(path: Path) -> pd.DataFrame:
    """Read backtrader's minutes: Berlin, end of the bar."""
    names = ["date", "time", *BARS, "interest"]
    frame = pd.read_csv(path, header=None, skiprows=1, names=names)
    ends = pd.to_datetime(frame["date"] + " " + frame["time"]).dt.tz_localize("Europe/Berlin").dt.tz_convert("UTC")
    return frame.assign(start=ends - MINUTE, symbol="FESX")


def fxcm(path: Path) -> pd.DataFrame:
    """Read one side of FXCM's pair."""
    frame = pd.read_csv(path)
    symbol = path.name.replace("-m1", "").rpartition("-")[0].upper()
    return frame.assign(start=pd.to_datetime(frame["timestamp"], utc=True), symbol=symbol, volume=0.0)


def sane(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows that can be no bars, and of the same minute twice the first."""
    ends = frame[["open", "close"]]
    possible = (
        (frame[PRICES] > 0).all(axis=1) & (frame["high"] >= ends.max(axis=1)) & (frame["low"] <= ends.min(axis=1))
    )
    return frame[possible & (frame["volume"] >= 0)].drop_duplicates(["symbol", "start"], keep="last")


def sessions_of(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the schedule around a frame's span."""
    first, last = (frame["start"].agg(edge).tz_localize(None).normalize() for edge in ("min", "max"))
    week = pd.Timedelta(days=7)
    if name == "FX":
        return currency_days(first - week, last + week)
    return exchange_calendars.get_calendar(name, start=first - 2 * week, end=last + 2 * week).schedule


def currency_days(first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Return the days of currencies: from 17:00 to 17:00 in New York, Sunday to Friday, but for two holidays."""
    days = pd.bdate_range(first, last)
    days = days[~days.strftime("%m-%d").isin(["12-25", "01-01"])]
    evening = pd.Timedelta(hours=17)
    opens, closes = (
        (days + shift).tz_localize("America/New_York") for shift in (evening - pd.Timedelta(days=1), evening)
    )
    utc = {"open": opens.tz_convert("UTC"), "close": closes.tz_convert("UTC")}
    return pd.DataFrame({**utc, "break_start": pd.NaT}, index=days)


def on_session_days(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out what lies in no session and on no session's date: there is nowhere to put it."""
    sessions = sessions_of(name, frame)
    zone = "America/New_York" if name == "FX" else exchange_calendars.get_calendar(name).tz
    place = sessions["close"].searchsorted(frame["start"], side="right").clip(max=len(sessions) - 1)
    is_within = frame["start"].to_numpy() >= sessions["open"].iloc[place].to_numpy()
    dates = frame["start"].dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    return frame[is_within | dates.isin(sessions.index).to_numpy()]


def expected(name: str, frame: pd.DataFrame) -> Iterator[tuple[str, str, int, int, float, float, float]]:
    """Yield for each session and symbol with regular bars: bars, missing minutes, high, low and volume."""
    for label, hours in sessions_of(name, frame).iterrows():
        minutes = pd.date_range(hours["open"], hours["close"], freq="min", inclusive="left")
        if pd.notna(hours["break_start"]):
            minutes = minutes[(minutes < hours["break_start"]) | (minutes >= hours["break_end"])]
        regular = frame[frame["start"].isin(minutes)]
        for symbol, bars in regular.groupby("symbol"):
            missing = len(minutes.difference(pd.DatetimeIndex(bars["start"])))
            yield (f"{label:%Y-%m-%d}", str(symbol), len(bars), missing,
                   float(bars["high"].max()), float(bars["low"].min()), float(bars["volume"].sum()))  # fmt: skip


def found(day: InspectDay) -> tuple[str, str, int, int, float | None, float | None, object]:
    """Return the same of an inspected day."""
    volume = pytest.approx(day.volume, rel=1e-12)
    return day.date, day.symbol, day.bars, day.missing_minutes, day.high, day.low, volume


def imported(path: Path, **options: str) -> tuple[ImportReport, list[InspectDay]]:
    """Import a file or a folder into a store of its own, and inspect that."""
    store = MemoryStore()
    report = import_paths([path], store, ImportOptions(**options), calendars=calendar_of)
    return report, inspect_store(store, calendars=calendar_of).days


def check(path: Path, frame: pd.DataFrame, **options: str) -> FileReport:
    """Compare what the store has of a file with what the file has."""
    report, days = imported(path, **options)
    (file,) = report.files
    bars = on_session_days(file.calendar, sane(frame))
    assert [found(day) for day in days if day.bars] == sorted(expected(file.calendar, bars))
    assert sum(day.bars + day.extended_bars for day in days) == len(bars) == file.kept
    assert file.rows == len(frame) == file.kept + file.duplicates + file.corrected + sum(file.rejected.values())
    return file


def files(pattern: str, *, slow: bool = True) -> list[object]:
    """Return the data's files as parameters."""
    marks = [pytest.mark.slow] if slow else []
    return [pytest.param(path, id=str(path.relative_to(DATA)), marks=marks) for path in sorted(DATA.glob(pattern))]


LEAN = "lean/Data/{}/minute/*/*_trade.zip"


@pytest.mark.parametrize(
    "path",
    [
        *files("lean/Data/equity/usa/minute/spy/20131010_trade.zip", slow=False),
        *files("lean/Data/crypto/coinbase/minute/*/20180404_trade.zip", slow=False),
        *files(LEAN.format("equity/usa")),
        *files(LEAN.format("crypto*/*")),
        *files(LEAN.format("index/*")),
        *files(LEAN.format("future/*")),
    ],
)
def test_a_lean_file_is_stored_as_it_is(path: Path) -> None:
    check(path, lean(path))


@pytest.mark.parametrize("path", [*files("alphavantage/AMT_1min.csv", slow=False), *files("alphavantage/*_1min.csv")])
def test_an_alpha_vantage_file_is_stored_as_it_is(path: Path) -> None:
    assert check(path, alphavantage(path)).format == "alphavantage"


@pytest.mark.parametrize("path", [*files("yahoo/AGG.csv", slow=False), *files("yahoo/*.csv")])
def test_a_yahoo_file_is_stored_as_it_is(path: Path) -> None:
    assert check(path, yahoo(path)).format == "yahoo"


@pytest.mark.parametrize("path", files("ninjatrader/*.csv", slow=False))
def test_the_ninjatrader_file_is_stored_as_it_is(path: Path) -> None:
    assert check(path, ninjatrader(path), symbol="SPY", calendar="XNYS").format == "ninjatrader"


@pytest.mark.parametrize("path", files("nautilus/ADABTC-1m-*.csv", slow=False))
def test_a_file_of_klines_is_stored_as_it_is(path: Path) -> None:
    assert check(path, klines(path)).format == "binance"


@pytest.mark.parametrize("path", files("nautilus/btc-perp-*.csv", slow=False))
def test_a_plain_csv_is_stored_as_it_is(path: Path) -> None:
    assert check(path, perpetual(path), tz="UTC", calendar="24/7").format == "csv"


@pytest.mark.parametrize(
    "path",
    [
        *files("lean/Data/forex/*/minute/nzdusd/20140504_quote.zip", slow=False),
        *files("lean/Data/forex/*/minute/*/*_quote.zip"),
        *files("lean/Data/cfd/*/minute/*/*_quote.zip"),
    ],
)
def test_quotes_of_currencies_are_stored_as_mid_prices(path: Path) -> None:
    assert check(path, lean_quotes(path)).format == "lean-quote"


@pytest.mark.parametrize(
    "path",
    [
        *files("lean/Data/equity/usa/minute/aig/20131007_quote.zip", slow=False),
        *files("lean/Data/equity/usa/minute/*/*_quote.zip"),
        *files("lean/Data/crypto*/*/minute/*/*_quote.zip"),
    ],
)
def test_other_quotes_are_stored_when_they_are_asked_for(path: Path) -> None:
    frame = lean_quotes(path)

    report, _ = imported(path)
    assert "--format lean-quote" in (report.error or "")
    check(path, frame, format="lean-quote")


def held(path: Path, fields: list[str], **options: str) -> pd.DataFrame:
    """Import a file and return every bar of the store."""
    store = MemoryStore()
    (file,) = import_paths([path], store, ImportOptions(**options), calendars=calendar_of).files
    days = [day.bars for date in store.dates(file.calendar) if (day := store.read(file.calendar, date))]
    parts = [
        pd.DataFrame(dict(zip(fields, day.values, strict=False)))
        .assign(start=pd.to_datetime(day.start_ns, utc=True), symbol=np.array(day.symbols)[day.symbol_index])
        for day in days
    ]  # fmt: skip
    return pd.concat(parts).sort_values(["symbol", "start"], ignore_index=True)[["symbol", "start", *fields]]


FOLDED = [*BARS, "vwap", "trades"]


@pytest.mark.parametrize(
    "path",
    [
        *files("lean/Data/equity/usa/tick/aig/20131007_trade.zip", slow=False),
        *files("lean/Data/equity/usa/tick/*/*_trade.zip"),
    ],
)
def test_ticks_are_stored_as_the_minutes_they_make(path: Path) -> None:
    bars = lean_ticks(path)

    every = {"format": "lean-tick", "sale_conditions": "none"}
    check(path, bars, **every)
    stored = held(path, FOLDED, **every)
    pd.testing.assert_frame_equal(stored, bars[stored.columns], check_dtype=False, rtol=1e-12)


@pytest.mark.parametrize(
    "path",
    [
        *files("lean/Data/equity/usa/second/spy/20131007_trade.zip", slow=False),
        *files("lean/Data/equity/usa/second/*/*_trade.zip"),
    ],
)
def test_seconds_are_stored_as_the_minutes_they_make(path: Path) -> None:
    bars = lean_seconds(path)

    check(path, bars, format="lean-second")
    minutes = lean(Path(str(path).replace("second", "minute"))).sort_values("start", ignore_index=True)
    stored = held(path, BARS, format="lean-second")
    assert (stored[PRICES] == minutes[PRICES]).to_numpy().mean() > 0.99  # LEAN filtered the two a little differently


def test_ticks_beside_minutes_are_imported_only_when_they_are_asked_for() -> None:
    report, _ = imported(DATA / "lean/Data/equity/usa")

    assert {file.format for file in report.files} == {"lean"}
    reasons = {skip.reason.partition(", ")[2] for skip in report.skipped if "trade data" in skip.reason}
    assert reasons == {
        "beside which stand the day's minute bars; imported only with --format lean-tick",
        "beside which stand the day's minute bars; imported only with --format lean-second",
    }


@pytest.mark.parametrize("path", [*files("freqtrade/*-1m.feather", slow=False), *files("freqtrade/*-1m.json")])
def test_freqtrades_candles_are_stored_as_they_are(path: Path) -> None:
    assert check(path, freqtrade(path)).format == "freqtrade"


def test_freqtrades_feather_of_a_pair_differs_from_its_json_in_the_last_bit_and_corrects_nothing() -> None:
    paths = [DATA / f"freqtrade/UNITTEST_BTC-1m.{packing}" for packing in ("feather", "json")]
    rounded, exact = (freqtrade(path)[BARS] for path in paths)

    # Who wrote the Feather had read the JSON as pandas does by default, which is not exact.
    assert (rounded != exact).any(axis=1).sum() == 5655
    np.testing.assert_array_max_ulp(rounded.to_numpy(), exact.to_numpy(), maxulp=1)
    report = import_paths(paths, MemoryStore(), calendars=calendar_of)
    assert [(file.kept, file.duplicates, file.corrected) for file in report.files] == [
        (len(exact), 0, 0),
        (0, len(exact), 0),
    ]


@pytest.mark.parametrize("path", files("freqtrade/XRP_ETH-trades.*", slow=False))
def test_freqtrades_trades_make_its_own_candles(path: Path) -> None:
    bars = freqtrade_trades(path)

    check(path, bars, format="freqtrade-trades")
    stored = held(path, FOLDED, format="freqtrade-trades")
    pd.testing.assert_frame_equal(stored, bars[stored.columns], check_dtype=False, rtol=1e-12)
    candles = freqtrade(DATA / "freqtrade/XRP_ETH-1m.feather")
    pd.testing.assert_frame_equal(stored[BARS], candles[BARS], rtol=1e-12)


def test_of_freqtrades_folder_minute_files_and_what_has_none_beside_it_are_imported() -> None:
    report, _ = imported(DATA / "freqtrade")

    names = [Path(file.path).name for file in report.files]
    candles = ["UNITTEST_BTC-1m.feather", "UNITTEST_BTC-1m.json", "XRP_ETH-1m.feather"]
    assert names == [*candles, "BCHEUR.csv", "BCHEUR.csv"]
    reasons = {Path(skip.path).name: skip.reason for skip in report.skipped}
    assert reasons["ETH_BTC-5m.feather"] == "freqtrade candles of 5m; only one-minute bars are imported"
    assert reasons["UNITTEST_BTC-8m.json.gz"] == "freqtrade candles of 8m; only one-minute bars are imported"


@pytest.mark.parametrize(
    ("path", "names", "unit"),
    [
        ("trades/bitstampUSD.csv", ["at", "price", "size"], "s"),
        ("trades/trades-mgtox-usd-2013-01-01.csv", None, "us"),
        ("freqtrade/kraken/trades_csv/BCHEUR.csv", ["at", "price", "size"], "s"),
        ("nautilus/tardis/bitmex_trades_XBTUSD.csv", None, "us"),
    ],
)
def test_trades_as_text_are_stored_as_the_minutes_they_make(path: str, names: list[str] | None, unit: str) -> None:
    frame = pd.read_csv(DATA / path, names=names)
    frame = frame.rename(columns={"timestamp": "at", "amount": "size"} | ({} if "timestamp" in frame else {"id": "at"}))
    sound = frame[frame["size"] > 0].assign(at=lambda trades: pd.to_datetime(trades["at"], unit=unit, utc=True))

    stored = held(DATA / path, FOLDED, symbol="A", format="trade-csv")

    expected = folded(sound.assign(symbol="A"))[stored.columns]
    pd.testing.assert_frame_equal(stored, expected, check_dtype=False, rtol=1e-12)


@pytest.mark.parametrize("path", files("backtrader/2006-01-02-volume-min-001.txt", slow=False))
def test_backtraders_minutes_are_stored_as_they_are(path: Path) -> None:
    assert check(path, backtrader(path), symbol="FESX", calendar="XEUR").format == "backtrader"


@pytest.mark.parametrize("path", files("nautilus/fxcm/*.csv", slow=False))
def test_one_side_of_a_pair_is_stored_as_it_is(path: Path) -> None:
    assert check(path, fxcm(path)).format == "nautilus"


def measured(pattern: str) -> list[tuple[str, ...]]:
    """Return what the data's README says, by a pattern of its table rows."""
    readme = DATA / "README.md"
    return re.findall(pattern, readme.read_text(encoding="utf-8"), re.MULTILINE) if readme.exists() else []


@pytest.mark.parametrize(
    ("symbol", "date", "regular", "rows", "outside"),
    measured(r"^\| (\w+) \| (\d{8}) \| (\d+) \| (\d+) \| (\d+) \| \d+ \|$"),
)
def test_equities_have_the_minutes_that_were_measured(
    symbol: str, date: str, regular: str, rows: str, outside: str
) -> None:
    report, (day,) = imported(DATA / f"lean/Data/equity/usa/minute/{symbol.lower()}/{date}_trade.zip")

    assert (day.bars, report.totals.rows, day.extended_bars) == (int(regular), int(rows), int(outside))


def test_alpha_vantages_folder_has_the_minutes_that_were_measured() -> None:
    report, days = imported(DATA / "alphavantage")
    missing = {symbol: sum(day.missing_minutes for day in days if day.symbol == symbol) for symbol in ("AMT", "TRV")}

    table = measured(r"^\| (\w+) \| (\d+) \| (\d+) \| \d \| \d+ \(\d+\) \|$")
    rows = {file.symbols[0]: file.rows for file in report.files}
    assert rows == {symbol: int(count) for symbol, count, _ in table}
    assert missing == {symbol: int(gone) for symbol, _, gone in table if symbol in missing}
    assert {skip.reason for skip in report.skipped} == {"bars every 15 minutes; only one-minute bars are imported"}


OTHERS = (
    r"^\| ((?:crypto|index|yahoo|ninjatrader)\S+) \|.*? (\d+) rows, .*regular minutes (\d+) of (\d+) \((\d+) missing\)"
)


@pytest.mark.slow
@pytest.mark.parametrize(("place", "rows", "regular", "minutes", "missing"), measured(OTHERS))
def test_other_files_have_the_minutes_that_were_measured(
    place: str, rows: str, regular: str, minutes: str, missing: str
) -> None:
    path = next(root / place for root in (DATA, DATA / "lean/Data") if (root / place).exists())
    report, days = imported(path, **({"symbol": "SPY", "calendar": "XNYS"} if "ninja" in place else {}))
    rejected = sum(report.totals.rejected.values())
    sessions = [day for day in days if day.bars]

    assert report.totals.rows == int(rows)
    assert sum(day.bars for day in days) + rejected == int(regular)
    absent = int(minutes) - sum(day.expected_minutes for day in sessions)
    assert sum(day.missing_minutes for day in sessions) - rejected + absent == int(missing)


@pytest.mark.slow
def test_everything_together_is_imported_once_and_never_again() -> None:
    store = MemoryStore()
    # FXCM's currencies are left out: OANDA's have the same names, which is one symbol to a store.
    assets = ("equity", "crypto", "cryptofuture", "future", "index", "forex/oanda", "cfd")
    paths = [DATA / "lean/Data" / asset for asset in assets]
    first = import_paths(paths, store, calendars=calendar_of)
    second = import_paths(paths, store, calendars=calendar_of)

    mids = [lean_quotes(path) for asset in assets[-2:] for path in (DATA / "lean/Data" / asset).rglob("*_quote.zip")]
    kept = sum(len(on_session_days("FX", frame)) for frame in mids)
    assert (first.totals.kept, first.totals.duplicates) == (38_607 + kept, 1_509)
    assert (second.totals.kept, second.totals.corrected) == (0, 0)
    assert sum(first.totals.rejected.values()) == sum(map(len, mids)) - kept
    assert first.totals.rows - sum(map(len, mids)) + kept == second.totals.duplicates
    assert all(re.match(r"LEAN|fits no format", skip.reason) for skip in first.skipped)
