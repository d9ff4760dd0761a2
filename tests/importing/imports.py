"""Importing small files with calendars that are loaded once for all tests."""

from pathlib import Path

from actors.importing.into_store import FileReport, ImportOptions, ImportReport, import_paths
from actors.kernel.ports import BarStore
from actors.market.calendar import Calendar
from actors.storage.memory import MemoryStore
from messages.values import moment
from tests.vendors.files import HEADER, row, written

SESSIONS = {name: Calendar(name) for name in ("XNYS", "24/7", "XLON", "FX")}


def run(paths: Path | list[Path], store: BarStore | None = None, /, **options: object) -> ImportReport:
    """Import with calendars that are loaded once for all tests; the arithmetic must hold every time."""
    named = paths if isinstance(paths, list) else [paths]
    report = import_paths(named, store or MemoryStore(), ImportOptions(**options), calendars=SESSIONS.__getitem__)
    for file in report.files:
        assert file.rows == file.kept + file.duplicates + file.corrected + sum(file.rejected.values())
    return report


def one(report: ImportReport) -> FileReport:
    """Return the only file's report."""
    (file,) = report.files
    return file


def minutes(first: str, count: int, date: str = "2024-03-08", price: float = 10.0) -> str:
    """Return lines of consecutive minutes in exchange time."""
    hour, minute = map(int, first.split(":"))
    clock = [divmod(hour * 60 + minute + offset, 60) for offset in range(count)]
    return "".join(row(f"{date} {hour:02}:{minute:02}:00", price) for hour, minute in clock)


def new_york(tmp_path: Path, text: str, name: str = "AAPL.csv") -> Path:
    """Write a plain CSV."""
    return written(tmp_path / name, HEADER + text)


NEW_YORK = {"calendar": "XNYS", "tz": "America/New_York"}


def stored(store: MemoryStore, symbol: str | None = None) -> list[tuple[str, str, float, float]]:
    """Return symbol, start in UTC, close and volume of every bar."""
    found = []
    for calendar in store.calendars():
        for date in store.dates(calendar):
            day = store.read(calendar, date)
            assert day is not None
            for index, start, close, volume in zip(
                day.bars.symbol_index.tolist(), day.bars.start_ns.tolist(), day.bars.values[3].tolist(),
                day.bars.values[4].tolist(), strict=True,
            ):  # fmt: skip
                found.append((day.bars.symbols[index], f"{moment(start, 'UTC'):%Y-%m-%d %H:%M}", close, volume))
    return [bar for bar in sorted(found) if symbol in (None, bar[0])]
