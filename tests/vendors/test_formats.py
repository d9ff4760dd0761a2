"""Each vendor's own format: it is recognised, and its stamps, zone, prices and symbols come out right."""

import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actors.reading.format import Stamp
from actors.reading.peek import Head
from actors.vendors.formats import detect, format_named, formats
from actors.vendors.registry import format_places
from messages.errors import DataError
from tests.documents import document_with
from tests.vendors.files import HEADER, close, only, row, times, written, zipped


def test_every_format_has_a_name_of_its_own_and_cites_its_source() -> None:
    assert len({fmt.name for fmt in formats()}) == len(formats())
    assert all(fmt.source.startswith("https://") for fmt in formats())
    assert all(format_named(fmt.name.upper()) is fmt for fmt in formats())


def test_every_format_that_a_vendor_declares_is_there_under_its_name() -> None:
    assert [fmt.name for fmt in formats()] == list(format_places())


def test_who_names_a_format_loads_no_other_vendor() -> None:
    asked = "from actors.vendors.formats import format_named; print(format_named('Massive').name)"
    told = "import sys; print(any(name.startswith('actors.vendors.lean.') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", f"{asked}; {told}"], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["massive", "False"]


def rows_of_the_guide() -> list[tuple[str, str]]:
    text = document_with("| `--format` |")
    table = text[text.index("| `--format` |") :].partition("\n\n")[0].splitlines()[2:]
    cells = [line.strip("| ").split(" | ") for line in table]
    return [(name, adjusted) for names, *_, adjusted in cells for name in re.findall(r"`([\w-]+)`", names)]


def test_the_guide_says_of_each_format_whether_its_prices_are_adjusted() -> None:
    said = {True: "yes", False: "no", None: "unknown"}

    assert sorted(rows_of_the_guide()) == sorted((fmt.name, said[fmt.adjusted]) for fmt in formats())


def test_an_unknown_format_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        DataError, match="no format 'nobodys'; there are lean-quote, lean-second, lean-tick, lean, freqtrade"
    ):
        format_named("nobodys")
    with pytest.raises(DataError, match="no format 'alphavantge'; nearest: alphavantage"):
        format_named("alphavantge")


def test_alpha_vantage_is_newest_first_stamped_at_the_end_in_new_york(tmp_path: Path) -> None:
    text = HEADER + row("2019-02-11 16:00:00", 12) + row("2019-02-11 15:59:00")
    path = written(tmp_path / "AAPL_1min.csv", text)

    raw = only(path)

    assert detect(Head(path)).name == "alphavantage"
    assert times(raw) == ["2019-02-11 20:59", "2019-02-11 20:58"]
    assert (raw.symbols, raw.calendar) == (("AAPL",), "XNYS")


def test_the_same_header_oldest_first_is_plain_csv(tmp_path: Path) -> None:
    text = HEADER + row("2019-02-11 15:59:00") + row("2019-02-11 16:00:00", 12)

    assert detect(Head(written(tmp_path / "AAPL.csv", text))).name == "csv"


YAHOO_HEADER = "Datetime,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"


@pytest.mark.parametrize(
    ("symbol", "calendar"),
    [
        ("AAPL", "XNYS"), ("VUSA.L", "XLON"), ("233740.KS", "XKRX"), ("BTC-USD", "24/7"), ("EURUSD=X", "FX"),
        ("ES=F", "CMES"), ("^FTSE", None), ("X.QQ", None),
    ],
)  # fmt: skip
def test_yahoo_carries_offsets_and_the_suffix_gives_the_calendar(tmp_path: Path, symbol: str, calendar: str) -> None:
    path = written(tmp_path / f"{symbol}.csv", YAHOO_HEADER + "2022-03-14 09:30:00-04:00,10,11,9,10.5,5,0,0\n")

    raw = only(path)

    assert detect(Head(path)).name == "yahoo"
    assert (times(raw), raw.symbols, raw.calendar) == (["2022-03-14 13:30"], (symbol,), calendar)


def test_ninjatrader_has_no_header_and_is_stamped_at_the_end_in_utc(tmp_path: Path) -> None:
    path = written(tmp_path / "SPY.Last.txt", "20110103 143100;126.35;126.39;126.35;126.39;1579\n")

    raw = only(path)

    assert detect(Head(path)).name == "ninjatrader"
    assert (times(raw), close(raw), raw.symbols) == (["2011-01-03 14:30"], [126.39], ("SPY",))
    assert times(only(path, tz="America/New_York", stamp=Stamp.START)) == ["2011-01-03 19:31"]
    assert raw.remarks == ("the symbol SPY is taken from the file's name; --symbol gives another",)
    assert only(path, symbol="ES").remarks == ()


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", "it is empty"),
        ("hello world\n", "it begins with 'hello world', no column for time"),
        ("id,price,amount,type\n1,2,3,ask\n", "'id,price,amount,type', no column for time, open, high, low, close"),
        ('{"x": 1}', "JSON that begins with"),
        (b"\x00\x01\x02", "neither text nor Parquet"),
        (b"caf\xe9,1,2\n", "it begins with 'caf\xe9,1,2', no column for time"),
        (
            "Date,Open,High,Low,Close\n2006-01-02,09:01,1,1,1,1\n",
            "the first line names 5 columns, and the rows have 6 fields",
        ),
        (HEADER, "there is a header and no row"),
    ],
)
def test_what_fits_nothing_is_refused_with_what_was_seen_and_what_is_needed(
    tmp_path: Path, text: str, seen: str
) -> None:
    with pytest.raises(DataError, match="fits no format") as refusal:
        detect(Head(written(tmp_path / "x.csv", text)))

    assert seen in str(refusal.value)
    assert "needed is a header naming a time" in str(refusal.value)


def test_parquet_of_something_else_is_refused_with_its_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"price": [1.0]}), tmp_path / "x.parquet")

    with pytest.raises(DataError, match="Parquet or Feather with the columns 'price'"):
        detect(Head(tmp_path / "x.parquet"))


def test_zips_that_are_empty_or_broken_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the zip is empty"):
        Head(zipped(tmp_path / "x.zip", {}))
    with pytest.raises(DataError, match="cannot be opened or unpacked"):
        Head(written(tmp_path / "y.zip", b"PK\x03\x04rubbish"))
    with pytest.raises(DataError, match="cannot be unpacked: Compressed file ended"):
        Head(written(tmp_path / "y.csv.gz", b"\x1f\x8brubbish"))
