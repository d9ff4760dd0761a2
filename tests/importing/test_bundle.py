"""Small files read at once become what they become one by one, and of each is told what is told of it alone."""

import gzip
import os
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.importing import bundle
from actors.importing.file_intake import Intake
from actors.importing.into_store import ImportReport
from actors.reading.format import Hints
from actors.storage.memory import MemoryStore
from messages.values import ONE_MINUTE
from tests.depth import examples
from tests.importing.imports import NEW_YORK, SESSIONS, minutes, run
from tests.vendors.files import HEADER, row, written, zipped

FRIDAY = "2024-03-08"
SYMBOL_HEADER = "symbol," + HEADER


def named(*symbols: str) -> str:
    """Lines of several symbols that take turns."""
    lines = [row(f"{FRIDAY} 09:{30 + place}:00", 10.0) for place in range(4)]
    return SYMBOL_HEADER + "".join(f"{symbol},{line}" for line in lines for symbol in symbols)


SOUND = {
    "regular": HEADER + minutes("09:30", 5),
    "other prices": HEADER + minutes("09:32", 5, price=11.0),
    "another day": HEADER + minutes("09:30", 4, "2024-03-07"),
    "two days": HEADER + minutes("15:58", 2, "2024-03-07") + minutes("09:30", 2),
    "extended": HEADER + minutes("09:25", 25),
    "all hours": HEADER + minutes("04:00", 960),
    "two days with an evening": HEADER + minutes("09:30", 450, "2024-03-07") + minutes("09:00", 60),
    "no volume": "timestamp,open,high,low,close\n" + "".join(f"{FRIDAY} 09:3{at}:00,10,11,9,10\n" for at in range(3)),
    "epochs": HEADER + "".join(row(str(1_709_908_200 + 60 * at)) for at in range(3)),
    "a symbol": named("MSFT"),
    "symbols": named("IBM", "AMD"),
    "semicolons": (HEADER + minutes("09:30", 3)).replace(",", ";"),
    "worded": HEADER + "".join(row(f"03/18/2024 09:3{at}") for at in range(3)),
    "windows": (HEADER + minutes("09:30", 3)).replace("\n", "\r\n"),
    "no end": (HEADER + minutes("09:30", 3)).rstrip("\n"),
}
ODD = {
    "broken row": HEADER + minutes("09:30", 2) + row(f"{FRIDAY} 09:35:00").replace("10.0", "ten") + minutes("09:36", 2),
    "blank": HEADER + minutes("09:30", 2) + "\n,,,,,\n" + minutes("09:36", 2),
    "newest first": HEADER + "".join(minutes("09:30", 4).splitlines(keepends=True)[::-1]),
    "twice": HEADER + minutes("09:30", 3) + minutes("09:31", 2, price=12.0),
    "contradicting": HEADER + minutes("09:30", 4) + minutes("09:30", 4, price=13.0),
    "five minutes": HEADER + "".join(row(f"{FRIDAY} {hour}:{at:02}:00") for hour in (10, 11) for at in range(0, 60, 5)),
    "off the minute": HEADER + minutes("09:30", 3) + row(f"{FRIDAY} 09:40:17"),
    "saturday": HEADER + minutes("09:30", 2) + minutes("09:30", 2, "2024-03-09"),
    "skipped hour": HEADER + minutes("02:30", 3, "2024-03-10"),
    "repeated hour": HEADER + minutes("01:30", 3, "2024-11-03"),
    "spike": HEADER + minutes("09:30", 2) + row(f"{FRIDAY} 09:32:00", 1_000.0) + minutes("09:33", 2),
    "low above high": HEADER + minutes("09:30", 2) + f"{FRIDAY} 09:32:00,10,9,11,10,5\n",
    "negative": HEADER + minutes("09:30", 2, price=-5.0),
    "empty cells": HEADER + minutes("09:30", 2) + f"{FRIDAY} 09:32:00,10,11,9,10,\n{FRIDAY} 09:33:00,,,,,\n",
    "quoted": HEADER + minutes("09:30", 2) + f'"{FRIDAY} 09:32:00",10,11,9,10,5\n',
    "open quote": HEADER + minutes("09:30", 2) + f'"{FRIDAY} 09:32:00,10,11,9,10,5\n',
    "lone return": HEADER + minutes("09:30", 3).replace("\n", "\r", 1),
    "grouped": HEADER + minutes("09:30", 2).replace(",100\n", ',"1,000"\n'),
    "half a day": HEADER + "".join(row(f"{FRIDAY} {at}:00") for at in ("12:58", "12:59", "01:00", "01:01")),
    "unclear dates": HEADER + "".join(row(f"03/08/2024 09:3{at}") for at in range(3)),
    "far away": HEADER + row("9999-01-01 00:00:00") + row("9999-01-01 00:01:00"),
    "huge": HEADER + row("9999999999999999999"),
    "an hour late": HEADER + minutes("10:30", 390),
    "the close and not the open": HEADER + minutes("09:31", 390),
    "the minute before the open and not the last": HEADER + minutes("09:29", 2) + minutes("10:00", 359),
    "evening": HEADER + minutes("16:01", 90),
    "night": HEADER + minutes("09:30", 90) + minutes("20:30", 30),
    "one row": HEADER + row(f"{FRIDAY} 09:30:00"),
    "header": HEADER,
    "empty": "",
    "words": "nothing of the kind\n",
    "latin": (HEADER + minutes("09:30", 2)).replace("volume", "volume ü"),
}
STARTS = ("quoted", "latin", "the minute before the open and not the last")
"""Of these there is nothing to be told where stamps are the start of the bar."""
TEXTS = SOUND | ODD
NAMES = [f"{symbol}{date}" for symbol in ("AAPL", "GE", "EUR_USD") for date in ("", "_2024-03-08", "-1m-2024-03")]


def packed(path: Path, text: str, packing: str) -> Path:
    """Write a file that nobody is writing to any more."""
    raw = text.encode("latin-1")
    target = path.with_name(path.name + packing)
    if packing == ".zip":
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr(path.name, raw)
    else:
        written(target, gzip.compress(raw) if packing == ".gz" else raw)
    os.utime(target, (1_700_000_000, 1_700_000_000))
    return target


Told = tuple[ImportReport, list[object]]


def outcome(folder: Path, **options: object) -> Told:
    """Import a folder; return what is told of it, and all that is in the store."""
    store = MemoryStore()
    report = run(folder, store, **options)
    days = list[object]()
    for calendar in store.calendars():
        for date in store.dates(calendar):
            day = store.read(calendar, date)
            assert day is not None
            bars = day.bars
            columns = (bars.symbols, bars.symbol_index.tobytes(), bars.start_ns.tobytes(), bars.values.tobytes())
            days.append((calendar, date, *columns, store.certificate(calendar, date), store.adjusted(calendar)))
    return report, days


def one_by_one(folder: Path, **options: object) -> Told:
    """Import a folder without preparing anything."""
    with patch.object(Intake, "prepare", lambda _self, _paths: None):
        return outcome(folder, **options)


def prepared(folder: Path) -> dict[str, bundle.Ready]:
    """Read the files of a folder at once."""
    calendar = SESSIONS["XNYS"]
    hints, paths = Hints(tz="America/New_York"), sorted(folder.iterdir())
    found = bundle.ready(paths, None, hints, ONE_MINUTE, lambda _path, _bars: (calendar, False))
    return {path.stem: ready for path, ready in found.items()}


def test_sound_files_are_read_at_once_and_those_of_one_symbol_are_not_asked_about(tmp_path: Path) -> None:
    for name, text in SOUND.items():
        packed(tmp_path / f"{name}.csv", text, "")

    found = prepared(tmp_path)

    assert found.keys() == SOUND.keys()
    assert {name for name in found if found[name].plain is None} == {"symbols"}


@pytest.mark.parametrize("name", ODD)
def test_of_an_odd_file_somebody_is_asked(tmp_path: Path, name: str) -> None:
    packed(tmp_path / "A.csv", SOUND["regular"], "")
    packed(tmp_path / "B.csv", ODD[name], "")
    packed(tmp_path / "C.csv", SOUND["other prices"], "")

    found = prepared(tmp_path)

    assert found["A"].plain is not None
    assert found["C"].plain is not None
    assert ("B" in found and found["B"].plain is not None) == (name in STARTS)


def test_what_somebody_may_be_writing_to_is_read_alone(tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text(SOUND["regular"])
    os.utime(tmp_path / "A.csv")

    assert prepared(tmp_path) == {}


HERE: dict[str, object] = {**NEW_YORK}
OPTIONS = [
    HERE,
    HERE | {"format": "csv"},
    HERE | {"complete": True},
    HERE | {"stamp": "end"},
    HERE | {"symbol": "aapl"},
    HERE | {"allow_negative": True, "strict": True},
    {"calendar": "24/7", "tz": "UTC"},
    {"calendar": "24/7", "tz": "America/New_York"},
    {"tz": "UTC"},
    {"calendar": "XNYS"},
    {},
]
files = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from([*SOUND, *TEXTS]), st.sampled_from(["", "", ".gz", ".zip"])),
    max_size=6,
    unique_by=lambda file: (file[0], file[2]),
)


@examples(240)
@given(files, st.sampled_from(OPTIONS), st.sampled_from([2, bundle.FILES]))
def test_files_are_read_at_once_as_they_are_one_by_one(
    files: list[tuple[str, str, str]], options: dict[str, object], most: int
) -> None:
    with TemporaryDirectory() as name, patch.object(bundle, "FILES", most):
        for file, text, packing in files:
            packed(Path(name) / f"{file}.csv", TEXTS[text], packing)

        assert outcome(Path(name), **options) == one_by_one(Path(name), **options)


def test_a_file_that_is_named_twice_is_read_twice(tmp_path: Path) -> None:
    paths = [tmp_path, packed(tmp_path / "GE.csv", SOUND["regular"], "")]

    report = run(paths, **HERE)

    assert [file.path for file in report.files] == [str(paths[1])] * 2
    assert (report.totals.kept, report.totals.duplicates) == (5, 5)


LEAN = {
    "equity/usa/minute/spy": "34200000,1000000,1010000,990000,1005000,7\n34260000,1000000,1010000,990000,1005000,7\n",
    "equity/usa/minute/aa": "14400000,1000000,1010000,990000,1005000,7\n57600000,1000000,1010000,990000,1005000,7\n",
    "crypto/coinbase/minute/btcusd": "0,10,11,9,10,1\n60000,10,11,9,10,1\n60000,10,11,9,10.5,1\n",
    "equity/usa/minute/odd": "34200000,1000000,1010000,990000,1005000,7\n34260000,x,1010000,990000,1005000,7\n",
    "option/usa/minute/spy": "34200000,1,1,1,1,7\n",
}


@pytest.mark.parametrize("options", [{}, {"format": "lean"}, {"format": "lean", "complete": True}])
def test_leans_zips_are_read_at_once_as_they_are_one_by_one(tmp_path: Path, options: dict[str, object]) -> None:
    for place, text in LEAN.items():
        for day in ("20240306", "20240307", "20240308"):
            zipped(path := tmp_path / place / f"{day}_trade.zip", {f"{day}_x_minute_trade.csv": text})
            os.utime(path, (1_700_000_000, 1_700_000_000))
    zipped(future := tmp_path / "future/cme/minute/es/20240308_trade.zip", {
        f"20240308_es_minute_trade_20240{month}.csv": LEAN["crypto/coinbase/minute/btcusd"] for month in (3, 6)
    })  # fmt: skip
    os.utime(future, (1_700_000_000, 1_700_000_000))

    report, days = outcome(tmp_path, **options)

    assert (report, days) == one_by_one(tmp_path, **options)
    assert (report.totals.kept, report.totals.failed_files) == (3 * (2 + 2 + 2 + 1), 1), (
        "nobody has the future's calendar"
    )
