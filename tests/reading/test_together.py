import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from actors.reading.delimited import opens
from actors.reading.format import Hints
from actors.reading.together import read_together
from actors.vendors.plain.csv_file import CSV
from messages.errors import BarkeeperError
from tests.vendors.files import HEADER, row, written

UTC = Hints(tz="UTC")
MINUTES = [f"2024-03-08 14:3{place}:00" for place in range(4)]
ROWS = "".join(map(row, MINUTES))
VENUES = "symbol,exchange," + HEADER


def files(folder: Path, texts: Sequence[str]) -> list[Path]:
    """Write files that nobody is writing to any more."""
    paths = [written(folder / f"F{number}.csv", text) for number, text in enumerate(texts)]
    for path in paths:
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return paths


def content(bars: msgspec.Struct) -> dict[str, object]:
    """Return what can be compared."""
    fields = msgspec.structs.asdict(bars)
    return {name: each.tolist() if isinstance(each, np.ndarray) else each for name, each in fields.items()}


def are_together(paths: Sequence[Path]) -> list[bool]:
    """Read files at once; return which of them could be, and check that each of these is what it is alone."""
    opened = [file for path in paths for file in opens(CSV, path, UTC)]
    read = read_together(opened)
    for path, bars in zip(paths, read, strict=True):
        if bars is not None:
            (alone,) = CSV.read(CSV, path, UTC)
            assert content(bars) == content(alone)
    return [bars is not None for bars in read]


def test_files_of_one_layout_are_read_at_once(tmp_path: Path) -> None:
    some = [HEADER + ROWS, HEADER + row(MINUTES[0]), HEADER + ROWS[:-1], (HEADER + ROWS).replace("\n", "\r\n")]

    assert are_together(files(tmp_path, some)) == [True] * 4


def test_layouts_may_change_and_each_file_has_its_own_symbols(tmp_path: Path) -> None:
    venues = [
        VENUES + "".join(f"{symbol},{venue},{line}" for line in map(row, MINUTES) for symbol, venue in pairs)
        for pairs in ([("B", "N"), ("A", "Q")], [("A", "Q")], [("C", "P"), ("B", "N")])
    ]

    assert are_together(files(tmp_path, [HEADER + ROWS, *venues, HEADER + ROWS])) == [True] * 5


@pytest.mark.parametrize(
    "odd",
    [
        HEADER + ROWS + "soon,1,2,1,1,5\n",
        HEADER + ROWS + "\n",
        HEADER + row(MINUTES[0]) + f'"{MINUTES[1]},10,11,9,10,5\n',
        (HEADER + ROWS + "\n").replace(":00,10", ":00\r,10", 1),
        HEADER + row(MINUTES[0]).replace("\n", "\r") + row(MINUTES[1]) + "\n",
        VENUES + f"A,N,{row(MINUTES[0])}" * 30 + f"A,Q,{row(MINUTES[0])}",
        "symbol," + HEADER + f",{row(MINUTES[0])}",
    ],
)
def test_what_does_not_fit_is_left_out_and_stops_no_other(tmp_path: Path, odd: str) -> None:
    some = [HEADER + ROWS, HEADER + ROWS, odd, HEADER + ROWS]

    assert are_together(files(tmp_path, some)) == [True, True, False, True]


def test_files_that_lack_a_zone_are_left_out(tmp_path: Path) -> None:
    (path,) = files(tmp_path, [HEADER + ROWS])

    assert read_together([*opens(CSV, path, Hints())]) == [None]


def test_a_file_that_is_gone_again_is_left_out(tmp_path: Path) -> None:
    paths = files(tmp_path, [HEADER + ROWS, HEADER + ROWS])
    opened = [file for path in paths for file in opens(CSV, path, UTC)]
    paths[0].unlink()

    assert [bars is not None for bars in read_together(opened)] == [False, True]
    with pytest.raises(BarkeeperError, match="No such file"):
        list(opened[0].bars())
