"""The commands ``import``, ``inspect`` and ``verify``: files into a store, what it holds, and whether it still does."""

import contextlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from actors.doors import certificate_tables, paper, store_tables
from actors.doors.progress import import_bar, verify_bar
from actors.importing.into_store import ImportOptions, ImportReport, import_paths
from actors.inspecting import InspectReport, Standing, VerifyReport, inspect_store, verify_store
from actors.market.calendar import Calendar
from actors.reading.format import Stamp
from actors.storage.parquet import ParquetStore
from messages.errors import DataError, UnknownSymbol


def options(
    *,
    file_format: str | None,
    symbol: str | None,
    calendar: str | None,
    tz: str | None,
    stamp: str | None,
    strict: bool,
    complete: bool,
) -> ImportOptions:
    """Return what the command line says about an import."""
    return ImportOptions(
        format=file_format,
        symbol=symbol,
        calendar=calendar,
        tz=tz,
        stamp=None if stamp is None else Stamp(stamp),
        strict=strict,
        complete=complete,
    )


def bring_in(paths: Sequence[Path], store: Path, options: ImportOptions, *, as_json: bool) -> None:
    """Read files into a store and print what became of each.

    Raises:
        BarkeeperError: nothing could be read, or a file was refused; what was printed tells of the others.
    """
    calendars = cache(Calendar)  # one each for the import and for the store, which marks each bar's segment
    target = ParquetStore(store, segment_of=lambda name, starts: calendars(name).assign(starts).segment)
    with contextlib.closing(target) as files, import_bar() as show_progress:
        report = import_paths(paths, files, options, show_progress, calendars, spill_to=_beside(store))
    if as_json:
        paper.show_json(report)
    else:
        paper.show(*store_tables.imported(report, str(store)))
    if report.failed:
        raise DataError(_failure(report))


def _beside(store: Path) -> Path:
    """Return the folder nearest to a store that is there: on the disk that has room for the result."""
    return next(folder for folder in (store.absolute(), *store.absolute().parents) if folder.is_dir())


def _failure(report: ImportReport) -> str:
    if report.error is not None:
        return report.error
    refused = [file.error for file in report.files if file.error]
    were = "was" if len(refused) == 1 else "were"
    return (
        f"{len(refused)} of {len(report.files)} files {were} refused, the others were imported; the first: {refused[0]}"
    )


def look_into(store: Path, symbols: Sequence[str], calendar: str | None, *, as_json: bool) -> None:
    """Print what a store holds.

    Raises:
        BarkeeperError: there is no store, it is empty, it lacks what was named, or it cannot be read.
    """
    calendars = cache(Calendar)
    with contextlib.closing(ParquetStore(store, read_only=True)) as files:
        report = inspect_store(files, symbols, calendar, calendars)
        _check_found(report, files, symbols, calendar)
    if as_json:
        paper.show_json(report)
    else:
        zones = {name: calendars(name).tz for name in {day.calendar for day in report.days}}
        held = store_tables.held(report.days, zones)
        paper.show(held, *certificate_tables.certificates(report.certificates))


def _check_found(report: InspectReport, store: ParquetStore, symbols: Sequence[str], calendar: str | None) -> None:
    """Refuse to answer with nothing: what was named is a slip of the pen, or nothing has been imported."""
    there = {name: store.dates(name) for name in store.calendars()}
    if not there:
        raise DataError(f"the store {store.root} is empty; import something first")
    unknown = set(symbols) - {day.symbol for day in report.days}
    if unknown:
        known = {symbol for name in there for date in there[name] for symbol in store.symbols(name, date)}
        raise UnknownSymbol.among(min(unknown), sorted(known))
    if not report.days:
        raise DataError(f"the store {store.root} has no day of calendar {calendar}; it has: {', '.join(there)}")


def verify(store: Path, calendar: str | None, *, as_json: bool) -> None:
    """Recompute the digests of a store's certified days and print which of them match.

    Raises:
        BarkeeperError: there is no store, it is empty, or it lacks the calendar; or a day does not match.
    """
    with contextlib.closing(ParquetStore(store, read_only=True)) as files, verify_bar() as show_progress:
        report = verify_store(files, _name_in(files, calendar), show_progress)
    if as_json:
        paper.show_json(report)
    else:
        paper.show(*certificate_tables.verified(report))
    if report.faults:
        raise DataError(_mismatches(report))


def _name_in(store: ParquetStore, calendar: str | None) -> str | None:
    """Return what the store calls a calendar, whichever of its names is given."""
    names = store.calendars()
    if not names:
        raise DataError(f"the store {store.root} is empty; import something first")
    if calendar is None or calendar in names:
        return calendar
    name = Calendar(calendar).name
    if name not in names:
        raise DataError(f"the store {store.root} has no day of calendar {calendar}; it has: {', '.join(names)}")
    return name


def _mismatches(report: VerifyReport) -> str:
    faults = report.faults
    if len(faults) == 1:
        return faults[0]
    checked = len(report.days) - report.count(Standing.UNCERTIFIED)
    return f"{len(faults)} of {checked} checked days are not as they were certified; the first: {faults[0]}"
