"""A broken file never stops the others, whatever its reader raises."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from actors.importing.into_store import ImportReport
from actors.reading.format import Format, Hints, RawBars
from actors.storage.memory import MemoryStore
from actors.vendors.plain.csv_file import CSV
from tests.importing.imports import NEW_YORK, minutes, new_york, run, stored
from tests.strangers import IN_MAIN_THREAD
from tests.vendors.files import HEADER, row, written, zipped


def _raising(error: BaseException) -> Format:
    def read(fmt: Format, path: Path, hints: Hints) -> Iterator[RawBars]:
        if path.name == "BAD.csv":
            raise error
        yield from CSV.read(fmt, path, hints)

    return msgspec.structs.replace(CSV, read=read)


@pytest.mark.parametrize(
    "error",
    [ValueError("zero-size array"), IndexError(), OverflowError("too\nlarge"), KeyError("x")]
    + [kind("oops") for kind in IN_MAIN_THREAD],
)
def test_whatever_a_reader_raises_is_the_refusal_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr("actors.importing.into_store.format_named", lambda _: _raising(error))
    new_york(tmp_path, minutes("09:30", 2), "BAD.csv")
    new_york(tmp_path, minutes("09:30", 2), "GOOD.csv")
    store = MemoryStore()

    report = run(tmp_path, store, format="csv", **NEW_YORK)

    assert {symbol for symbol, *_ in stored(store)} == {"GOOD"}
    assert str(report.files[0].error).startswith(
        f"{tmp_path.name}/BAD.csv: it cannot be read ({type(error).__name__}: "
    )


CRASHED: dict[str, str | dict[str, str]] = {
    "float milliseconds.csv": HEADER + row("1704292200000.0"),
    "ticker row.csv": "Datetime,Close,High,Low,Open,Volume\n,AAPL,AAPL,AAPL,AAPL,AAPL\n2024-01-03,1,2,1,1,5\n",
    "zulu clock.csv": "Date,Time,Open,High,Low,Close,Volume\n2024-01-03,14:30:00Z,1,2,1,1,5\n",
    "no clock.csv": "Date,Timestamp,Open,High,Low,Close,Volume\n20240103,soon,1,2,1,1,5\n",
    "early milliseconds.csv": HEADER + row("946900080000"),
    "two-digit year.csv": "<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\n240109,100000,1,2,1,1,5\n",
    "far stamp.csv": HEADER + row("9999-01-01 00:00:00"),
    "huge number.csv": HEADER + row("9999999999999999999"),
    "empty.csv": "",
    "header.csv": HEADER,
    "one cell.csv": "x\n",
    "nulls.csv": "\x00\x00\x00",
    "histdata.zip": {"DAT_NT_EURUSD_M1_202401.csv": "20240102 000000;1;2;1;1;0\n", "gaps.txt": "Gap of 61s found\n"},
    "empty member.zip": {"a.csv": "", "b.csv": HEADER + row("1704292200")},
}


@pytest.mark.parametrize("options", [{}, {"tz": "UTC"}, {"tz": "UTC", "calendar": "24/7"}])
def test_no_file_stops_the_others(tmp_path: Path, options: dict[str, str]) -> None:
    for name, text in CRASHED.items():
        if isinstance(text, str):
            written(tmp_path / name, text)
        else:
            zipped(tmp_path / name, text)
    alpaca = "symbol,timestamp,open,high,low,close,volume,trade_count,vwap\n"
    alpaca += "GOOD,2024-03-08 14:30:00+00:00,10,11,9,10,100,3,10\n"
    written(tmp_path / "zz.csv", alpaca)
    store = MemoryStore()

    report: ImportReport = run(tmp_path, store, **options)

    assert [bar for bar in stored(store) if bar[0] == "GOOD"] == [("GOOD", "2024-03-08 14:30", 10.0, 100.0)]
    for file in report.files:
        assert file.error is None or Path(file.path).name in file.error


def test_what_is_no_file_or_cannot_be_opened_is_left_out(tmp_path: Path) -> None:
    new_york(tmp_path, minutes("09:30", 2), "GOOD.csv")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    locked = zipped(tmp_path / "locked.zip", {"AAPL.csv": HEADER + minutes("09:30", 2), "B.csv": HEADER})
    raw = bytearray(locked.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # a password is asked for, says the header
        at = raw.find(mark)
        while at >= 0:
            raw[at + flags] |= 1
            at = raw.find(mark, at + 1)
    locked.write_bytes(raw)
    store = MemoryStore()

    report = run(tmp_path, store, **NEW_YORK)

    assert {symbol for symbol, *_ in stored(store)} == {"GOOD"}
    told = {Path(one.path).name: one.reason for one in report.skipped}
    assert told["pipe.csv"] == "it is no file: a pipe, a socket or a device"
    assert "No such file" in told["gone.csv"]
    assert "encrypted" in told["locked.zip"]
