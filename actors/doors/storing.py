"""The commands ``import`` and ``inspect``: files into a store, and what it then holds."""

import contextlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from actors.doors import paper, store_tables
from actors.doors.progress import import_bar
from actors.importing import ImportOptions, ImportReport, InspectReport, import_paths, inspect_store
from actors.market.calendar import Calendar
from actors.storage.parquet import ParquetStore
from actors.vendors.format import Stamp
from messages.errors import DataError, UnknownSymbol


def options(
    *,
    file_format: str | None,
    symbol: str | None,
    calendar: str | None,
    tz: str | None,
    stamp: str | None,
    strict: bool,
) -> ImportOptions:
    """Return what the command line says about an import."""
    return ImportOptions(
        format=file_format,
        symbol=symbol,
        calendar=calendar,
        tz=tz,
        stamp=None if stamp is None else Stamp(stamp),
        strict=strict,
    )


def bring_in(paths: Sequence[Path], store: Path, options: ImportOptions, *, as_json: bool) -> None:
    """Read files into a store and print what became of each.

    Raises:
        BarkeeperError: nothing could be read, or a file was refused; what was printed tells of the others.
    """
    calendars = cache(Calendar)  # one each for the import and for the store, which marks each bar's segment
    target = ParquetStore(store, segment_of=lambda name, starts: calendars(name).assign(starts).segment)
    with contextlib.closing(target) as files, import_bar() as show_progress:
        report = import_paths(paths, files, options, show_progress, calendars)
    if as_json:
        paper.show_json(report)
    else:
        paper.show(*store_tables.imported(report, str(store)))
    if report.failed:
        raise DataError(_failure(report))


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
        paper.show(store_tables.held(report.days, zones))


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
