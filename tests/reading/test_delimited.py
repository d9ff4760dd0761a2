"""The plain CSV format, which every delimited one shares: packing, delimiters, broken rows, blocks."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from actors.reading import delimited
from actors.reading.dates import DateOrder, DatesUnclear
from actors.reading.format import Stamp, ZoneMissing
from messages.errors import DataError
from tests.vendors.files import HEADER, blocks, close, names, only, row, same, times, written, zipped

TWO = HEADER + row("2024-03-08T14:30:00Z") + row("2024-03-08T14:31:00Z", 11)


def test_a_csv_gives_bars_with_the_rows_they_stand_in(tmp_path: Path) -> None:
    raw = only(written(tmp_path / "aapl.csv", TWO))

    assert times(raw) == ["2024-03-08 14:30", "2024-03-08 14:31"]
    assert raw.values.tolist() == [[10, 11], [11, 12], [9, 10], [10.5, 11.5], [100, 100]]
    assert (raw.symbols, raw.rows.tolist()) == (("AAPL",), [2, 3])


def test_packed_files_read_as_the_plain_one(tmp_path: Path) -> None:
    plain = only(written(tmp_path / "aapl.csv", TWO))
    zst = pa.compress(TWO.encode(), codec="zstd", asbytes=True)
    packed = [
        written(tmp_path / "aapl.csv.gz", gzip.compress(TWO.encode())),
        written(tmp_path / "aapl.csv.zst", zst),
        zipped(tmp_path / "aapl.csv.zip", {"whatever.csv": TWO}),
    ]

    assert all(same(only(path).values, plain.values) for path in packed)
    assert [only(path).symbols for path in packed] == [("AAPL",)] * 3


def test_in_a_zip_of_several_files_each_is_called_what_it_is_called_there(tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip", {"msft.csv": TWO, "aapl.csv": TWO, "__MACOSX/._aapl.csv": "x", ".x": "y"})

    assert [block.symbols for block in blocks(path)] == [("AAPL",), ("MSFT",)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = HEADER.replace(",", delimiter) + row("2024-03-08T14:30:00Z", delimiter=delimiter)

    assert close(only(written(tmp_path / "x.csv", text))) == [10.5]


def test_a_comma_may_divide_numbers_where_it_does_not_divide_cells(tmp_path: Path) -> None:
    sound = "time;open;high;low;close;volume\n2024-03-08T14:30:00Z;10,5;11,5;9,5;10,25;7\n"

    assert close(only(written(tmp_path / "x.csv", sound))) == [10.25]
    assert close(only(written(tmp_path / "y.csv", sound + "\n"))) == [10.25]


def test_one_file_may_hold_many_symbols(tmp_path: Path) -> None:
    lines = [f"{symbol},{row('1709908200000')}" for symbol in ("MSFT", "AAPL", "MSFT")]
    raw = only(written(tmp_path / "day.csv", "ticker,t,o,h,l,c,v\n" + "".join(lines)))

    assert names(raw) == ["MSFT", "AAPL", "MSFT"]
    assert times(raw) == ["2024-03-08 14:30"] * 3


def test_vwap_and_trades_are_kept(tmp_path: Path) -> None:
    text = "t,o,h,l,c,v,vw,n\n1709908200,10,11,9,10.5,100,10.2,\n"

    assert same(only(written(tmp_path / "x.csv", text)).values[5:, 0], np.array([10.2, np.nan]))


def test_an_absent_volume_is_zero_and_said(tmp_path: Path) -> None:
    raw = only(written(tmp_path / "x.csv", "time,open,high,low,close\n2024-03-08T14:30:00Z,10,11,9,10.5\n"))

    assert raw.values[4].tolist() == [0.0]
    assert raw.remarks == ("there is no volume column: every volume is 0",)


def test_naive_stamps_need_a_zone_and_all_of_them_are_told(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", HEADER + row("2024-03-08 09:30:00") + row("2024-03-08 09:31:00"))

    with pytest.raises(ZoneMissing, match="--tz") as refusal:
        blocks(path)

    assert len(refusal.value.local_ns) == 2
    assert times(only(path, tz="America/New_York")) == ["2024-03-08 14:30", "2024-03-08 14:31"]


def test_stamps_that_carry_an_offset_need_no_zone_and_heed_none(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", HEADER + row("2024-03-08 09:30:00-05:00"))

    assert times(only(path, tz="Asia/Tokyo")) == ["2024-03-08 14:30"]


def test_a_stamp_at_the_end_is_moved_to_the_start(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", TWO)

    assert times(only(path, stamp=Stamp.END)) == ["2024-03-08 14:29", "2024-03-08 14:30"]


def test_a_date_and_a_time_column_are_read_together(tmp_path: Path) -> None:
    text = "Date,Time,Open,High,Low,Close,Volume\n2006-01-02,09:01:00,10,11,9,10,5\n"

    assert times(only(written(tmp_path / "x.csv", text), tz="Europe/Berlin")) == ["2006-01-02 08:01"]


def test_seconds_with_a_fraction_are_stamps(tmp_path: Path) -> None:
    assert times(only(written(tmp_path / "x.csv", HEADER + row("1709908200.0")))) == ["2024-03-08 14:30"]


BROKEN = HEADER + "".join(
    [
        row("2024-03-08T14:30:00Z"),  # 2
        "\n",  # 3
        row("yesterday"),  # 4
        "2024-03-08T14:31:00Z,ten,11,9,10,5\n",  # 5
        ",,,,,\n",  # 6
        "2024-03-08T14:32:00Z,10,11\n",  # 7
        "   \n",  # 8
        "2024-03-08T14:33:00Z,,11,9,10,5\n",  # 9
        row("2024-03-08T14:34:00Z", 12),  # 10
    ]
)


def test_exactly_the_broken_rows_are_left_out_and_each_is_explained(tmp_path: Path) -> None:
    raw = only(written(tmp_path / "x.csv", BROKEN))

    assert raw.rows.tolist() == [2, 9, 10]
    assert (raw.broken.blank, raw.broken.count) == (3, 3)
    assert [(broken.row, broken.field, broken.seen) for broken in raw.broken.rows] == [
        (4, "time", "yesterday"),
        (5, "open", "ten"),
        (7, "row", "3 fields: 2024-03-08T14:32:00Z,10,11"),
    ]
    assert raw.broken.rows[2].expected == "6 fields"


def test_an_empty_price_is_a_row_with_a_hole_not_a_broken_one(tmp_path: Path) -> None:
    sound = HEADER + row("2024-03-08T14:30:00Z") + "2024-03-08T14:33:00Z,,11,9,10,5\n"

    fast, slow = only(written(tmp_path / "x.csv", sound)), only(written(tmp_path / "y.csv", sound + "\n"))

    assert same(fast.values, slow.values)
    assert np.isnan(fast.values[0, 1])


def test_a_row_without_a_symbol_is_broken(tmp_path: Path) -> None:
    text = "symbol,t,o,h,l,c,v\nAAPL," + row("1709908200") + "," + row("1709908260")
    raw = only(written(tmp_path / "x.csv", text))

    assert names(raw) == ["AAPL"]
    assert [(broken.row, broken.field) for broken in raw.broken.rows] == [(3, "symbol")]


def test_a_text_stamp_that_cannot_be_read_breaks_its_row_alone(tmp_path: Path) -> None:
    raw = only(written(tmp_path / "x.csv", HEADER + row("20240308 0930") + row("20249908 0931")), tz="UTC")

    assert (raw.rows.tolist(), raw.broken.rows[0].row) == ([2], 3)


def test_rows_keep_their_numbers_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    lines = [row(str(1_709_908_200 + 60 * minute), 10 + minute) for minute in range(20)]
    lines[7] = "rubbish\n"
    path = written(tmp_path / "x.csv", "\n" + HEADER + "".join(lines).rstrip("\n"))

    found = blocks(path)

    assert len(found) > 3
    assert [number for block in found for number in block.rows.tolist()] == [n for n in range(3, 23) if n != 10]
    assert [broken.row for block in found for broken in block.broken.rows] == [10]


def test_a_symbol_from_the_user_names_a_file_of_one(tmp_path: Path) -> None:
    assert only(written(tmp_path / "export.csv", TWO), symbol="SPY").symbols == ("SPY",)


def test_a_symbol_from_the_user_does_not_fit_a_file_of_several(tmp_path: Path) -> None:
    text = "symbol,t,o,h,l,c,v\nA," + row("1709908200") + "B," + row("1709908200")

    with pytest.raises(DataError, match=r"names its own symbols \(A, B \.\.\.\): leave --symbol out"):
        blocks(written(tmp_path / "x.csv", text), symbol="SPY")


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path, mark: bytes) -> None:
    raw = only(written(tmp_path / "x.csv", mark + TWO.replace("\n", "\r\n").encode()))

    assert (times(raw), raw.broken.blank) == (["2024-03-08 14:30", "2024-03-08 14:31"], 0)


def test_cells_may_be_quoted(tmp_path: Path) -> None:
    text = '"timestamp","open","high","low","close","volume"\n"2024-03-08T14:30:00Z","10","11","9","10","5"\n'

    assert close(only(written(tmp_path / "x.csv", text))) == [10.0]


DAYS = "".join(row(f"{day:02}/03/2024 09:30") for day in range(1, 29))


@pytest.mark.parametrize("block_bytes", [64, 1 << 20])
def test_days_and_months_are_told_apart_once_for_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", block_bytes)
    found = blocks(written(tmp_path / "x.csv", HEADER + DAYS), tz="UTC")

    assert [time for raw in found for time in times(raw)] == [f"2024-03-{day:02} 09:30" for day in range(1, 29)]


@pytest.mark.parametrize(("dates", "months"), [("mdy", ["01", "02"]), ("dmy", ["03", "03"])])
def test_where_nothing_tells_days_from_months_somebody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dates: str, months: list[str]
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    path = written(tmp_path / "x.csv", HEADER + row("01/03/2024 09:30") + row("02/03/2024 09:30"))

    with pytest.raises(DatesUnclear, match=r"'01/03/2024' is 2024-03-01 \(dmy\) or 2024-01-03 \(mdy\)"):
        blocks(path, tz="UTC")

    found = blocks(path, tz="UTC", dates=DateOrder(dates))
    assert [time[5:7] for raw in found for time in times(raw)] == months


def test_a_beginning_that_cannot_be_read_does_not_settle_how_the_rest_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    rubbish = row("soon") * 5

    found = blocks(written(tmp_path / "x.csv", HEADER + rubbish + DAYS), tz="UTC")

    assert sum(raw.broken.count for raw in found) == 5
    assert sum(len(raw.start_ns) for raw in found) == 28


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_blocks_say_how_much_of_the_file_has_been_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 1 << 14)
    lines = "".join(row(str(1_709_908_200 + 60 * minute), 10 + minute / 7) for minute in range(2_000))
    shares = [raw.share for raw in blocks(written(tmp_path / "x.csv", pack((HEADER + lines).encode())))]

    assert len(shares) > 3
    assert shares == sorted(shares)
    assert 0 < shares[0] <= shares[-1] == 1
