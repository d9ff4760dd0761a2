"""Vendors' small files read at once become what they become one by one, with what each vendor's files say of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.importing import bundle
from actors.reading.format import Hints
from messages.values import ONE_MINUTE
from tests.depth import examples
from tests.importing.imports import SESSIONS
from tests.importing.test_bundle import one_by_one, outcome, packed

AT = datetime(2024, 3, 18, 14, 30, tzinfo=UTC)  # a day whose number is no month's
ROWS = 20
SYMBOLS = ("EURUSD", "GBPUSD", "AUDUSD")


class Vendor(NamedTuple):
    """How a vendor's file is called and written."""

    name: str
    header: str
    stamp: str
    delimiter: str = ","
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ("100",)

    def file(self, symbol: str) -> str:
        """Return the name of a file, which says its symbol."""
        return self.name.format(symbol=symbol)

    def line(self, minute: int, price: float = 1.0) -> str:
        """Return a row."""
        at = AT + timedelta(minutes=minute)
        stamp = str(int(at.timestamp())) if self.stamp == "epoch" else at.strftime(self.stamp)
        prices = (price, price + 0.2, price - 0.2, price + 0.1)
        return self.delimiter.join([*self.before, stamp, *map(str, prices), *self.after]) + "\n"


CANDLES = "market,candle_date_time_utc,opening_price,high_price,low_price,trade_price,candle_acc_trade_volume\n"
ISO = "%Y-%m-%d %H:%M:%S"
MT5 = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
VENDORS = {
    "histdata": Vendor("DAT_ASCII_{symbol}_M1_202403.csv", "", "%Y%m%d %H%M%S", ";", after=("0",)),
    "histdata for metatrader": Vendor("DAT_MT_{symbol}_M1_202403.csv", "", "%Y.%m.%d,%H:%M", after=("0",)),
    "firstrate": Vendor("{symbol}_1min_adjsplit.txt", "", ISO),
    "firstrate as it was traded": Vendor("{symbol}_1min_UNADJUSTED.txt", "", ISO),
    "kraken": Vendor("{symbol}_1.csv", "", "epoch", after=("1.5", "3")),
    "dukascopy": Vendor(
        "{symbol}_Candlestick_1_M_BID_18.03.2024-18.03.2024.csv",
        "Gmt time,Open,High,Low,Close,Volume\n",
        "%d.%m.%Y %H:%M:%S.000",
    ),
    "metatrader 5": Vendor(
        "{symbol}_M1_202403180000_202403182359.csv", MT5, "%Y.%m.%d\t%H:%M:%S", "\t", (), ("7", "0", "1")
    ),
    "metatrader 4": Vendor("{symbol}1.csv", "", "%Y.%m.%d,%H:%M"),
    "yahoo": Vendor(
        "{symbol}=X.csv", "Datetime,Open,High,Low,Close,Volume,Dividends,Stock Splits\n", f"{ISO}+00:00", ",", (),
        ("5", "0", "0"),
    ),
    "upbit": Vendor("{symbol}.csv", CANDLES, "%Y-%m-%dT%H:%M:%S", ",", ("KRW-BTC",), ("5",)),
    "backtrader": Vendor(
        "{symbol}.txt", "Date,Open,High,Low,Close,Volume,OpenInterest\n", "%Y-%m-%d,%H:%M:%S", ",", (), ("5", "0")
    ),
    "ninjatrader": Vendor("{symbol}.Last.txt", "", "%Y%m%d %H%M%S", ";"),
    "ibkr": Vendor(
        "{symbol}.csv", ",date,open,high,low,close,volume,average,barCount\n", f"{ISO}-05:00", ",", ("0",),
        ("-1.0", "-1.0", "-1"),
    ),
    "nautilus": Vendor("{symbol}-m1-bid-2024.csv", "timestamp,open,high,low,close\n", f"{ISO}+00:00", after=()),
}  # fmt: skip
WITHOUT_VOLUME = ("ibkr",)
"""Of these somebody is asked: how many rows have no volume is told."""
ZONED = {"metatrader 4": "UTC", "metatrader 5": "UTC"}
"""Where the user has to say the zone."""


def whole(vendor: Vendor) -> str:
    """Return a sound file."""
    return vendor.header + "".join(map(vendor.line, range(ROWS)))


def broken(vendor: Vendor) -> str:
    """Return one with a row that cannot be read."""
    return whole(vendor) + vendor.line(ROWS).replace("1.0", "one") + vendor.line(ROWS + 1)


def turned(vendor: Vendor) -> str:
    """Return one with its newest rows first."""
    return vendor.header + "".join(map(vendor.line, range(ROWS)[::-1]))


def twice(vendor: Vendor) -> str:
    """Return one that has a minute twice."""
    return whole(vendor) + vendor.line(ROWS - 1, 1.5)


SHAPES: tuple[Callable[[Vendor], str], ...] = (whole, broken, turned, twice)


def options(name: str) -> dict[str, object]:
    """Return what the user says of a vendor's files."""
    return {"fallback_calendar": "24/7", "tz": ZONED.get(name)}


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendors_sound_files_are_read_at_once(tmp_path: Path, name: str) -> None:
    vendor = VENDORS[name]
    for symbol, shape in zip(SYMBOLS, (whole, broken, whole), strict=True):
        packed(tmp_path / vendor.file(symbol), shape(vendor), "")
    paths = sorted(tmp_path.iterdir())

    found = bundle.ready(
        paths, None, Hints(tz=ZONED.get(name)), ONE_MINUTE, lambda _, bars: (SESSIONS[bars.calendar or "24/7"], False)
    )

    sound = {tmp_path / vendor.file(symbol) for symbol in (SYMBOLS[0], SYMBOLS[2])}
    assert {path for path in sound if path in found} == sound
    assert {path for path in sound if found[path].plain is not None} == (set() if name in WITHOUT_VOLUME else sound)
    assert tmp_path / vendor.file(SYMBOLS[1]) not in found
    assert name.partition(" ")[0] in {file.fmt.name for file in found.values()}


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendors_files_are_read_at_once_as_they_are_one_by_one(tmp_path: Path, name: str) -> None:
    vendor = VENDORS[name]
    for symbol, shape in zip(SYMBOLS, (whole, whole, broken), strict=True):
        packed(tmp_path / vendor.file(symbol), shape(vendor), "")

    report, days = outcome(tmp_path, **options(name))

    assert (report, days) == one_by_one(tmp_path, **options(name))
    assert report.totals.kept == (ROWS + 1) + (0 if name == "upbit" else 2 * ROWS)  # whose files are of one symbol
    assert sum(report.totals.rejected.values()) == 1


files = st.lists(
    st.tuples(
        st.sampled_from([*VENDORS]),
        st.sampled_from(SYMBOLS),
        st.sampled_from(SHAPES),
        st.sampled_from(["", ".gz", ".zip"]),
    ),
    max_size=6,
    unique_by=lambda file: file[:2],
)


@examples(150)
@given(files, st.sampled_from([None, "UTC"]), st.sampled_from([2, bundle.FILES]))
def test_files_of_many_vendors_are_read_at_once_as_they_are_one_by_one(
    files: list[tuple[str, str, Callable[[Vendor], str], str]], tz: str | None, most: int
) -> None:
    with TemporaryDirectory() as folder, patch.object(bundle, "FILES", most):
        for name, symbol, shape, packing in files:
            packed(Path(folder) / VENDORS[name].file(symbol), shape(VENDORS[name]), packing)
        said: dict[str, object] = {"fallback_calendar": "24/7", "tz": tz}

        assert outcome(Path(folder), **said) == one_by_one(Path(folder), **said)
