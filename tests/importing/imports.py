"""Importing small files with calendars that are loaded once for all tests."""

from pathlib import Path

from actors.importing.into_store import FileReport, ImportOptions, ImportReport, import_paths
from actors.kernel.ports import BarStore
from actors.market.calendar import Calendar
from actors.storage.memory import MemoryStore
from tests.vendors.files import HEADER, row, written

SESSIONS = {name: Calendar(name) for name in ("XNYS", "24/7", "XLON")}


def run(paths: Path | list[Path], store: BarStore | None = None, **options: object) -> ImportReport:
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
