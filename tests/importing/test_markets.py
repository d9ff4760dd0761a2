"""One symbol of two markets, in one import: it is one history where they agree, and none where they do not."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from actors.importing.report import ImportReport
from actors.storage.memory import MemoryStore
from tests.importing.imports import SESSIONS, run, stored
from tests.vendors.files import zipped

Quotes = dict[datetime, float]
"""By minute, UTC, a mid price."""

FIRST = datetime(2014, 5, 5, 4, 0)  # FXCM's clocks show the day before until 05:00
NIGHT: Quotes = {FIRST + timedelta(minutes=number): 0.9 + number / 1000 for number in range(120)}


@pytest.fixture(autouse=True)
def _fx(monkeypatch: pytest.MonkeyPatch) -> None:
    from actors.market.calendar import Calendar

    monkeypatch.setitem(SESSIONS, "FX", Calendar("FX"))


def quoted(folder: Path, market: str, quotes: Quotes, *, hours: int = 0, pair: str = "nzdusd") -> None:
    """LEAN's files of a forex market whose clocks are so many hours from UTC: one a day of its own."""
    days: dict[str, str] = {}
    for minute, price in sorted(quotes.items()):
        local = minute + timedelta(hours=hours)
        midnight = local.replace(hour=0, minute=0)
        sides = ",".join([f"{price - 0.25:g}"] * 4 + ["1"] + [f"{price + 0.25:g}"] * 4 + ["1"])
        line = f"{(local - midnight) // timedelta(milliseconds=1)},{sides}\n"
        days[f"{local:%Y%m%d}"] = days.get(f"{local:%Y%m%d}", "") + line
    for day, text in days.items():
        zipped(folder / f"forex/{market}/minute/{pair}/{day}_quote.zip", {f"{day}_{pair}_minute_quote.csv": text})


def errors(report: ImportReport) -> list[str]:
    return [str(file.error) for file in report.files]


def other(quotes: Quotes, by: float = 0.125) -> Quotes:
    return {minute: price + by for minute, price in quotes.items()}


def test_a_night_in_two_files_of_one_market_is_one_night(tmp_path: Path) -> None:
    quoted(tmp_path, "fxcm", NIGHT, hours=-5)
    report = run(tmp_path, store := MemoryStore())

    assert [Path(file.path).name[:8] for file in report.files] == ["20140504", "20140505"]
    assert (report.failed, report.totals.kept) == (False, len(NIGHT))
    assert [start for _, start, *_ in stored(store)] == [f"{minute:%Y-%m-%d %H:%M}" for minute in NIGHT]


def test_two_markets_that_agree_are_one_history_whatever_their_clocks(tmp_path: Path) -> None:
    quoted(tmp_path, "fxcm", NIGHT, hours=-5)
    quoted(tmp_path, "oanda", NIGHT)
    report = run(tmp_path, store := MemoryStore())

    assert (report.failed, report.totals.kept, report.totals.duplicates) == (False, len(NIGHT), len(NIGHT))
    assert [round(close, 9) for *_, close, _ in stored(store)] == [round(price, 9) for price in NIGHT.values()]


def test_two_markets_that_contradict_each_other_are_refused_with_file_row_and_minute_and_nothing_is_mixed(
    tmp_path: Path,
) -> None:
    quoted(tmp_path, "fxcm", NIGHT, hours=-5)
    quoted(tmp_path, "oanda", other(NIGHT))
    quoted(tmp_path, "oanda", NIGHT, pair="eurusd")
    report = run(tmp_path, store := MemoryStore())

    assert {symbol for symbol, *_ in stored(store)} == {"EURUSD"}
    assert report.failed
    of_pair = [said for said, file in zip(errors(report), report.files, strict=True) if "nzdusd" in file.path]
    assert len(of_pair) == 3
    for said in of_pair:
        assert "NZDUSD comes from forex/fxcm and from forex/oanda, which is one symbol to the store" in said
        assert (
            "other bars for 120 of 120 common minutes; at 2014-05-05 04:00 UTC 0.9, 0.9, 0.9, 0.9, 0 (row 1 of " in said
        )
        assert "fxcm/minute/nzdusd/20140504_quote.zip) and 1.025" in said
        assert "(row 1 of oanda/minute/nzdusd/20140505_quote.zip)" in said


def test_files_of_one_name_in_the_folders_of_two_markets_are_told_apart(tmp_path: Path) -> None:
    quoted(tmp_path, "oanda", NIGHT)
    quoted(tmp_path, "interactivebrokers", other(NIGHT))
    report = run(tmp_path, store := MemoryStore())

    assert stored(store) == []
    assert all("row 1 of interactivebrokers/minute/nzdusd/20140505_quote.zip" in said for said in errors(report))


def test_a_few_minutes_that_differ_are_corrections(tmp_path: Path) -> None:
    some = dict(list(NIGHT.items())[:20])
    quoted(tmp_path, "fxcm", NIGHT, hours=-5)
    quoted(tmp_path, "oanda", {**NIGHT, **other(some)})
    report = run(tmp_path)

    assert (report.failed, report.totals.corrected) == (False, 20)


def test_two_markets_without_a_common_minute_are_said(tmp_path: Path) -> None:
    quoted(tmp_path, "oanda", NIGHT)
    quoted(tmp_path, "fxcm", {minute + timedelta(days=1): price + 5 for minute, price in NIGHT.items()}, hours=-5)
    report = run(tmp_path)

    assert (report.failed, report.totals.kept) == (False, 2 * len(NIGHT))
    assert any("NZDUSD comes from" in said for file in report.files for said in file.warnings)
