"""A file is believed only as far as it shows what it claims: small files, and what must come of each."""

from pathlib import Path

import pytest

from actors.reading.format import Hints, Stamp
from actors.reading.peek import Head
from actors.storage.memory import MemoryStore
from actors.vendors.formats import detect
from tests.importing.imports import NEW_YORK, minutes, new_york, one, run, stored
from tests.vendors.files import HEADER, row, written

LONDON = {"tz": "Europe/London", "calendar": "XLON"}
CRYPTO = {"tz": "UTC", "calendar": "24/7"}


def starts(store: MemoryStore) -> list[str]:
    return [start for _, start, _, _ in stored(store)]


# Which vendor it is.


def test_a_plain_file_with_the_newest_first_is_no_vendors(tmp_path: Path) -> None:
    store = MemoryStore()
    path = written(tmp_path / "VOD.csv", HEADER + row("2024-01-03 08:01:00") + row("2024-01-03 08:00:00"))

    assert one(run(path, store, **LONDON)).format == "csv"
    assert starts(store) == ["2024-01-03 08:00", "2024-01-03 08:01"]


def test_what_contradicts_a_vendor_refutes_it(tmp_path: Path) -> None:
    late = HEADER + row("2024-01-03 16:00:00") + row("2024-01-03 15:59:00")
    head = Head(written(tmp_path / "X.csv", late))

    assert detect(head).name == "alphavantage"
    assert detect(head, Hints(tz="US/Eastern", calendar="NYSE")).name == "alphavantage"
    for said in (Hints(tz="Europe/London"), Hints(calendar="XHKG"), Hints(stamp=Stamp.START)):
        assert detect(head, said).name == "csv"


@pytest.mark.parametrize(
    "stamps",
    [
        ("2024-01-03 16:00:00", "2024-01-03 15:59:00", "2024-01-03 09:30:00"),  # the open's minute is stamped
        ("2024-01-03 16:00:00", "2024-01-03 15:58:00", "2024-01-03 15:59:00"),  # shuffled
        ("2024-01-03 12:01:00", "2024-01-03 12:00:00"),  # no end of a day
        ("2024-01-03 16:29:00", "2024-01-03 16:00:00"),
    ],
)  # fmt: skip
def test_an_hour_that_is_not_alpha_vantages_is_not_taken_for_its(tmp_path: Path, stamps: tuple[str, ...]) -> None:
    assert detect(Head(written(tmp_path / "X.csv", HEADER + "".join(map(row, stamps))))).name == "csv"


def backwards(first: str, minutes: int, without: range = range(0)) -> str:
    hour, minute = map(int, first.split(":"))
    clocks = [divmod(hour * 60 + minute + place, 60) for place in range(minutes) if place not in without]
    return HEADER + "".join(row(f"2024-01-03 {hour:02}:{minute:02}:00") for hour, minute in reversed(clocks))


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("AAPL.csv", backwards("09:31", 390), "alphavantage"),
        ("BRK.B.csv", backwards("04:01", 960), "alphavantage"),
        ("0700.HK.csv", backwards("15:59", 2), "csv"),
        ("BHP.AX.csv", backwards("15:59", 2), "csv"),
        ("TENCENT.csv", backwards("09:31", 390, range(150, 210)), "csv"),  # Hong Kong's noon
        ("BHP.csv", backwards("10:01", 360), "csv"),  # Sydney
    ],
)
def test_who_else_closes_at_four_is_not_alpha_vantages(tmp_path: Path, name: str, text: str, found: str) -> None:
    assert detect(Head(written(tmp_path / name, text))).name == found


def test_semicolons_are_not_alpha_vantages(tmp_path: Path) -> None:
    text = HEADER.replace("timestamp", "datetime").replace(",", ";")
    text += row("2024-01-03 16:00:00", delimiter=";") + row("2024-01-03 15:59:00", delimiter=";")

    report = run(written(tmp_path / "SAP.csv", text))

    assert report.error is not None
    assert "carry no zone" in report.error


def test_a_madrid_file_is_not_kibots(tmp_path: Path) -> None:
    store, text = MemoryStore(), "".join(f"{day}/02/2024,09:00,10,11,9,10,5\n" for day in ("01", "02", "05"))
    report = run(written(tmp_path / "SAN.txt", text), store, tz="Europe/Madrid", calendar="24/7")

    assert (one(report).format, starts(store)[0]) == ("csv", "2024-02-01 08:00")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SAN.txt", "13/02/2024,09:00,10,11,9,10,5\n"),  # the day first
        ("BTC.txt", "01/06/2024,09:00,10,11,9,10,5\n"),  # a Saturday
        ("ES.txt", "01/03/2024,02:00,10,11,9,10,5\n"),  # in the night
        ("BTCUSD_1min.csv", "2024-01-02 00:00:00,10,11,9,10,5\n"),
    ],
)
def test_what_new_york_does_not_trade_is_no_file_of_its_vendors(tmp_path: Path, name: str, text: str) -> None:
    assert detect(Head(written(tmp_path / name, text))).name == "csv"


@pytest.mark.parametrize(
    ("name", "text", "alike"),
    [
        ("SAN.csv", "01/02/2024,09:00,10,11,9,10,5\n", True),
        ("SAN.csv", "01/12/2024,09:30,10,11,9,10,5\n01/18/2024,09:30,10,11,9,10,5\n", True),
        ("SAN_1min.csv", "2024-01-02 09:00:00,10,11,9,10,5\n", False),
        ("BTCUSD_1min_binance.csv", "2024-01-02 09:00:00,10,11,9,10,5\n", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("said", [{}, NEW_YORK, {"calendar": "XNYS"}])
def test_no_vendor_is_concluded_from_what_anybody_writes(
    tmp_path: Path, name: str, text: str, alike: bool, said: dict[str, str]
) -> None:
    path = written(tmp_path / name, text)

    assert detect(Head(path), Hints(tz=said.get("tz"), calendar=said.get("calendar"))).name == "csv"
    if error := run(path, **said).error:
        assert ("--format kibot" in error) is alike


@pytest.mark.parametrize(("name", "found"), [("XBTUSD_1.csv", "kraken"), ("GOOGL_1.csv", "csv")])
def test_krakens_are_pairs(tmp_path: Path, name: str, found: str) -> None:
    assert detect(Head(written(tmp_path / name, "1704153600,1,2,1,2,1.5,12\n"))).name == found


# Which end of the bar a stamp is.

OPEN_TO_CLOSE = minutes("09:30", 390)
TO_CLOSE = minutes("09:31", 390)


@pytest.mark.parametrize(
    ("text", "options", "advice"),
    [
        (OPEN_TO_CLOSE, {}, None),
        (OPEN_TO_CLOSE, {"stamp": Stamp.END}, "--stamp start"),
        (TO_CLOSE, {}, "--stamp end"),
        (TO_CLOSE, {"stamp": Stamp.END}, None),
        (TO_CLOSE, {"stamp": Stamp.START}, "--stamp end"),
        (minutes("04:00", 960), {"stamp": Stamp.END}, "--stamp start"),
        (minutes("04:01", 960), {}, "--stamp end"),
        (minutes("04:01", 960), {"stamp": Stamp.END}, None),
        (minutes("04:00", 960), {}, None),
    ],
)
def test_the_end_of_the_bar_is_tested_against_the_sessions_both_ways(
    tmp_path: Path, text: str, options: dict[str, Stamp], advice: str | None
) -> None:
    told = [told for told in one(run(new_york(tmp_path, text), **NEW_YORK, **options)).warnings if "--stamp" in told]

    assert (len(told), advice is None or advice in told[0]) == (int(advice is not None), True)


def test_what_a_vendor_declares_is_tested_too(tmp_path: Path) -> None:
    text = "".join(
        f"20240308 {hour:02}{minute:02}00;10;11;9;10;5\n"
        for hour, minute in (divmod(clock, 60) for clock in range(870, 1260))
    )
    (told,) = (
        told
        for told in one(run(written(tmp_path / "SPY.Last.txt", text), calendar="XNYS")).warnings
        if "--stamp" in told
    )

    assert "although ninjatrader says end" in told


def test_zone_stamp_and_calendar_stand_in_the_report(tmp_path: Path) -> None:
    local = one(run(new_york(tmp_path, minutes("09:30", 2)), **NEW_YORK))
    counted = one(run(written(tmp_path / "X.csv", HEADER + row("1709908200")), calendar="XNYS", stamp=Stamp.END))

    assert (local.tz, local.stamp, local.calendar) == ("America/New_York", "start", "XNYS")
    assert (counted.tz, counted.stamp, counted.calendar) == ("in the stamps", "end", "XNYS")


def test_a_zone_that_puts_most_bars_out_of_regular_hours_is_doubted(tmp_path: Path) -> None:
    (told,) = one(run(new_york(tmp_path, OPEN_TO_CLOSE), calendar="XNYS", tz="Europe/London")).warnings

    assert "100% would if they were 5 h later" in told


def test_a_zone_that_has_no_effect_is_said_to_have_none(tmp_path: Path) -> None:
    path = written(tmp_path / "X.csv", HEADER + row("1704283140"))

    assert "--tz Europe/Helsinki has no effect" in one(run(path, calendar="24/7", tz="Europe/Helsinki")).warnings[0]


# Which rows count.


def test_of_two_rows_of_a_minute_the_newer_counts_in_either_order(tmp_path: Path) -> None:
    rows = [row("2024-03-08 09:30:00"), row("2024-03-08 09:31:00", volume=20), row("2024-03-08 09:31:00", volume=500)]
    for name, lines in (("UP.csv", rows), ("DOWN.csv", rows[::-1])):
        written(tmp_path / name, HEADER + "".join(lines))
    store = MemoryStore()

    report = run(tmp_path, store, **NEW_YORK)

    assert [volume for _, _, _, volume in stored(store)] == [100.0, 500.0] * 2
    assert "the first, which is the newest, row was taken" in report.files[0].warnings[0]
    assert "the last row was taken" in report.files[1].warnings[0]


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_the_hour_that_occurs_twice_is_told_apart_by_the_order_of_rows(tmp_path: Path, is_newest_first: bool) -> None:
    clocks = [f"{hour:02}:{minute:02}" for hour in (0, 1, 1, 2, 3) for minute in range(60)]
    lines = [row(f"2023-11-05 {clock}:00") for clock in clocks]
    store = MemoryStore()
    path = written(tmp_path / "X.csv", HEADER + "".join(lines[::-1] if is_newest_first else lines))

    report = run(path, store, calendar="24/7", tz="America/New_York")

    assert (one(report).kept, one(report).corrected) == (300, 0)
    assert starts(store) == [f"2023-11-05 {hour:02}:{minute:02}" for hour in range(4, 9) for minute in range(60)]


def test_a_price_without_a_leading_digit_is_a_row_and_no_header(tmp_path: Path) -> None:
    penny = "01/03/2024,09:30,.5,.6,.4,.55,10\n01/03/2024,09:31,.5,.6,.4,.55,10\n"
    negative = "20200420 180100;-1.5;-1.4;-1.6;-1.5;3\n20200420 180200;-1.5;-1.4;-1.6;-1.5;3\n"

    assert one(run(written(tmp_path / "PENNY.txt", penny), format="kibot")).kept == 2
    below_zero = run(written(tmp_path / "CL.txt", negative), format="ninjatrader", calendar="24/7", allow_negative=True)
    assert one(below_zero).kept == 2


def test_a_thousandfold_price_is_an_oddity(tmp_path: Path) -> None:
    lines = [f"2024-03-08 09:{minute}:00,1.056,1.057,1.055,1.056,10\n" for minute in range(30, 35)]
    lines[2] = "2024-03-08 09:32:00,1056,1056,1.0558,1.05592,10\n"
    told = one(run(new_york(tmp_path, "".join(lines)), **NEW_YORK)).warnings

    assert any("1 bar is more than 10 times" in sentence and "row 4" in sentence for sentence in told)
    assert one(run(new_york(tmp_path, minutes("09:30", 5)), **NEW_YORK)).warnings == []


# What the exit code says.


def test_an_import_that_keeps_nothing_fails_and_says_why(tmp_path: Path) -> None:
    report = run(new_york(tmp_path, minutes("09:30", 3, "2024-03-09")), **NEW_YORK)

    assert report.failed
    assert report.error is not None
    assert report.error.startswith(
        "none of the 3 rows was kept: row 2 (not_a_session_day): time is '2024-03-09 09:30:00 EST'"
    )


def test_a_refused_stamp_is_shown_as_it_stands_in_the_file(tmp_path: Path) -> None:
    report = run(new_york(tmp_path, row("2024-03-08 09:15:30")), **NEW_YORK, stamp=Stamp.END)

    assert one(report).examples[0].seen == "2024-03-08 09:15:30 EST"


def test_an_import_that_replaces_most_of_what_it_has_just_written_fails(tmp_path: Path) -> None:
    for folder, price in (("a", 10.0), ("b", 50.0)):
        rows = "".join(
            f"{symbol},{line}" for symbol in "AB" for line in minutes("09:30", 15, price=price).splitlines(True)
        )
        written(tmp_path / folder / "day.csv", "symbol," + HEADER + rows)

    report = run(tmp_path, **NEW_YORK)

    assert report.failed
    assert report.error is not None
    assert "30 rows gave 30 minutes other values than rows of the same import before them" in report.error


def test_the_same_import_twice_is_no_failure(tmp_path: Path) -> None:
    path, store = new_york(tmp_path, minutes("09:30", 30)), MemoryStore()

    reports = [run(path, store, **NEW_YORK) for _ in range(2)]

    assert [(report.failed, report.totals.duplicates) for report in reports] == [(False, 0), (False, 30)]


# The calendar.


def test_the_calendar_of_an_import_does_not_depend_on_what_the_store_holds(tmp_path: Path) -> None:
    store = MemoryStore()
    run(new_york(tmp_path, minutes("09:30", 2)), store, **NEW_YORK)
    brent = written(tmp_path / "BRN.csv", HEADER + row("1709908200"))

    first, second = run(brent, MemoryStore()), run(brent, store)

    assert first.error == second.error
    assert second.error is not None
    assert "neither the file nor the store says which calendar" in second.error


@pytest.mark.parametrize(("folder", "calendar"), [("calendar=XNYS", "XNYS"), ("calendar=24%2F7/date=2024", "24/7")])
def test_the_folders_of_a_store_name_the_calendar(tmp_path: Path, folder: str, calendar: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    named = written(tmp_path / folder / "BRN.csv", HEADER + row("1709908200"))

    assert one(run(named)).calendar == calendar
    assert one(run(named, calendar="XLON")).calendar == "XLON"


def test_of_a_symbol_that_it_knows_the_store_knows_the_calendar(tmp_path: Path) -> None:
    store = MemoryStore()
    run(new_york(tmp_path, minutes("09:30", 2)), store, **NEW_YORK)

    assert one(run(written(tmp_path / "AAPL.csv", HEADER + row("1709908500")), store)).calendar == "XNYS"


def test_a_file_that_replaces_most_of_what_a_store_holds_is_doubted(tmp_path: Path) -> None:
    store = MemoryStore()
    run(new_york(tmp_path, minutes("09:30", 30)), store, **NEW_YORK)
    again = run(new_york(tmp_path, minutes("09:30", 30, price=50)), store, **NEW_YORK)

    assert "30 of 30 bars replace other ones" in one(again).warnings[-1]
    assert again.error is None


def test_yahoos_names_without_a_suffix_are_american_where_their_offset_is(tmp_path: Path) -> None:
    header = "Datetime,Open,High,Low,Close,Volume\n"
    london = run(written(tmp_path / "VOD.csv", header + "2024-07-02 09:00:00+01:00,1,2,1,1,5\n"))
    new_york_ = run(written(tmp_path / "AAPL.csv", header + "2024-07-02 09:30:00-04:00,1,2,1,1,5\n"))

    assert london.error is not None
    assert "which calendar" in london.error
    assert one(new_york_).calendar == "XNYS"
