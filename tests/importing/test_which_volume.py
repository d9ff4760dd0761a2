"""The right column of several for the volume, and what stamps a Parquet may have: small files and their bars."""

import json
from pathlib import Path

import pandas as pd
import pytest

from actors.reading.dates import DateOrder
from actors.storage.memory import MemoryStore
from tests.importing.imports import NEW_YORK, new_york, one, run, stored
from tests.vendors.files import written

PRICES = ("open", "high", "low", "close")
MT5 = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"


def _volumes(tmp_path: Path, header: str, *tails: str, mark: str = ",") -> list[float]:
    first = f"2024.01.03{mark}10:0{{}}:00" if header.startswith("<DATE>") else "2024-01-03 10:0{}:00"
    rows = [mark.join((first.format(number), "10", "11", "9", "10", tail)) for number, tail in enumerate(tails)]
    store = MemoryStore()
    run(written(tmp_path / "X.csv", "\n".join([header, *rows]) + "\n"), store, tz="UTC", calendar="24/7")
    return [volume for _, _, _, volume in stored(store)]


@pytest.mark.parametrize(
    ("header", "tails", "volumes"),
    [
        ("volume", ("5", "6"), [5, 6]),
        ("tick_volume,spread,real_volume", ("12,1,700", "13,1,0"), [700, 0]),
        ("tick_volume,spread,real_volume", ("12,1,0", "13,1,0"), [12, 13]),
        ("tick_volume", ("12", "13"), [12, 13]),
        ("TickVol,Volume", ("12,700", "13,701"), [700, 701]),
        ("Tick Volume,Actual Volume", ("12,700", "13,701"), [700, 701]),
        ("Trade Volume", ("5", "6"), [5, 6]),
        ("Up,Down", ("60,40", "1,"), [100, 1]),
        ('"Up","Down"', ("60,40", "1,2"), [100, 3]),
        ("Volume_(BTC),Volume_(Currency),Weighted_Price", ("1.5,63000,10", "2,1,10"), [1.5, 2]),
        ("Volume BTC,Volume USD", ("1.5,63000", "2,1"), [1.5, 2]),
        ("Volume USD,Volume BTC", ("63000,1.5", "1,2"), [1.5, 2]),
        ("Volume USDT,Volume USD", ("1.5,1.4", "2,1"), [1.5, 2]),
        ("Volume ETH,Volume BTC,tradecount", ("30,1.5,7", "40,2,8"), [30, 40]),
        ("volumefrom,volumeto", ("1.5,63000", "2,1"), [1.5, 2]),
        ("base_volume,quote_volume", ("1.5,63000", "2,1"), [1.5, 2]),
        ("volume,quote_volume,taker_buy_volume", ("1.5,63000,1", "2,1,1"), [1.5, 2]),
        ("Volume MA,Volume", ("900,5", "901,6"), [5, 6]),
        ("quote_volume", ("63000", "1"), [0, 0]),
        ("total_volume,period_volume", ("500,5", "506,6"), [5, 6]),
        ("tot_vlm,prd_vlm,num_trds", ("500,5,1", "506,6,1"), [5, 6]),
        ("amount,vol", ("5,50", "6,60"), [5, 6]),
        ("vol,amount", ("5,50", "6,60"), [5, 6]),
        ("baseTokenVolume,usdVolume", ("5,50", "6,60"), [5, 6]),
    ],
)
def test_of_several_columns_the_volume_is_the_right_one(
    tmp_path: Path, header: str, tails: tuple[str, ...], volumes: list[float]
) -> None:
    assert _volumes(tmp_path, f"time,open,high,low,close,{header}", *tails) == volumes


@pytest.mark.parametrize(
    ("tails", "volumes"), [(("12\t0\t1", "13\t0\t1"), [12, 13]), (("12\t700\t1", "13\t0\t1"), [700, 0])]
)
def test_metatraders_ticks_count_where_nobody_knows_the_real_volume(
    tmp_path: Path, tails: tuple[str, ...], volumes: list[float]
) -> None:
    assert _volumes(tmp_path, MT5, *tails, mark="\t") == volumes


@pytest.mark.parametrize(
    ("names", "tails", "volumes"),
    [
        (("volumefrom", "volumeto"), ((1.5, 63000), (2, 1)), [1.5, 2]),
        (("vol", "amount"), ((50, 5), (60, 6)), [5, 6]),
        (("tick_volume", "real_volume"), ((12, 0), (13, 0)), [12, 13]),
        (("up", "down"), ((60, 40), (1, None)), [100, 1]),
    ],
)
def test_json_is_asked_for_its_volume_in_the_same_way(
    tmp_path: Path, names: tuple[str, ...], tails: tuple[tuple[float, ...], ...], volumes: list[float]
) -> None:
    records = [
        {"time": 1_704_276_000 + 60 * place, **dict(zip((*PRICES, *names), (10, 11, 9, 10, *tail), strict=True))}
        for place, tail in enumerate(tails)
    ]
    store = MemoryStore()
    run(written(tmp_path / "X.json", json.dumps(records)), store, calendar="24/7")
    assert [volume for _, _, _, volume in stored(store)] == volumes


def _parquet(tmp_path: Path, **columns: list[object]) -> Path:
    frame = pd.DataFrame({name: [10.0] * len(next(iter(columns.values()))) for name in PRICES} | columns)
    frame.to_parquet(tmp_path / "X.parquet")
    return tmp_path / "X.parquet"


def test_a_parquet_is_asked_for_its_volume_in_the_same_way(tmp_path: Path) -> None:
    stamps: list[object] = [1_704_276_000, 1_704_276_060]
    for columns, volumes in (
        ({"tick_volume": [12, 13], "real_volume": [0, 0]}, [12, 13]),
        ({"tick_volume": [12, 13], "real_volume": [0, 7]}, [0, 7]),
        ({"Up": [60.0, 1.0], "Down": [40.0, None]}, [100, 1]),
    ):
        store = MemoryStore()
        run(_parquet(tmp_path, time=stamps, **columns), store, calendar="24/7")  # type: ignore[arg-type]
        assert [volume for _, _, _, volume in stored(store)] == volumes


@pytest.mark.parametrize(
    ("stamps", "first"),
    [
        ([1704276000000.0, 1704276060000.0], "2024-01-03 10:00"),
        ([1704276000.0, 1704276060.0], "2024-01-03 10:00"),
        (["13/01/2024 10:00", "12/01/2024 10:00"], "2024-01-12 10:00"),
        (["03.01.2024 10:00:00", "03.01.2024 10:01:00"], "2024-01-03 10:00"),
    ],
)
def test_a_parquet_has_stamps_of_any_kind(tmp_path: Path, stamps: list[object], first: str) -> None:
    store = MemoryStore()
    report = run(_parquet(tmp_path, time=stamps), store, calendar="24/7", tz="UTC")

    assert (one(report).kept, stored(store)[0][1]) == (2, first)


def test_a_parquet_that_leaves_day_and_month_open_asks(tmp_path: Path) -> None:
    path = _parquet(tmp_path, time=["05/03/2024 10:00", "05/03/2024 10:01"])

    assert "say which with --dates" in str(run(path, calendar="24/7", tz="UTC").error)
    assert one(run(path, calendar="24/7", tz="UTC", dates=DateOrder.DMY)).sessions == ["2024-03-05"]


# --- counted since the open


def of_days(volumes: dict[str, list[float]], *, is_newest_first: bool = False) -> str:
    lines = [
        f"{day} {9 + (30 + minute) // 60:02}:{(30 + minute) % 60:02}:00,10,11,9,10,{volume}\n"
        for day, of_day in volumes.items()
        for minute, volume in enumerate(of_day)
    ]
    return "".join(lines[::-1] if is_newest_first else lines)


TOTALS, ALIKE, OWN = (
    [float(100 * minute) for minute in range(1, 61)],
    [5.0] * 60,
    [float(minute * 7 % 13) for minute in range(60)],
)


@pytest.mark.parametrize("is_newest_first", [False, True])
@pytest.mark.parametrize("beside", [0, 1])
@pytest.mark.parametrize(
    ("days", "is_told"),
    [
        ([TOTALS], True),
        ([TOTALS, TOTALS], True),
        ([TOTALS[:29]], False),
        ([TOTALS[::-1]], False),
        ([OWN], False),
        ([ALIKE], False),
        ([TOTALS, OWN], False),
    ],
)
def test_volumes_that_only_grow_are_told_of(
    tmp_path: Path, days: list[list[float]], beside: int, *, is_told: bool, is_newest_first: bool
) -> None:
    text = of_days(dict(zip(("2024-03-07", "2024-03-08"), days, strict=False)), is_newest_first=is_newest_first)
    for number in range(beside + 1):
        new_york(tmp_path, text, f"S{number}.csv")
    report = run(tmp_path, **NEW_YORK)

    assert [any("the volumes only grow" in said for said in file.warnings) for file in report.files] == [is_told] * (
        beside + 1
    )
