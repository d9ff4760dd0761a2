"""The ``import`` command: files into a store."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from actors.doors.commands import check_config
from actors.doors.show import paper, store_tables
from actors.doors.show.progress import import_bar
from actors.importing.dealt.sharing import import_shared
from actors.importing.into_store import ImportOptions, ImportReport, import_paths
from actors.kernel.ask import arguments as take
from actors.market.calendar import Calendar
from actors.market.sale_conditions import OF_THE_FEED
from actors.reading.dates import DateOrder
from actors.reading.format import Stamp
from actors.reading.spelling.addresses import Place, shown
from actors.settings import Settings
from actors.storage.elsewhere.opening import folder_of, open_store, own_hours_at
from actors.storage.own_hours import Calendars
from actors.storage.parquet import ParquetStore
from actors.storage.segments import CalendarSegments
from messages.errors import DataError


def options(
    *,
    file_format: str | None,
    columns: str | None,
    symbol: str | None,
    calendar: str | None,
    tz: str | None,
    stamp: str | None,
    dates: str | None,
    base: str,
    strict: bool,
    complete: bool,
    allow_negative: bool | None,
    sale_conditions: str | None,
) -> ImportOptions:
    """Return what the command line says about an import."""
    return ImportOptions(
        format=file_format,
        columns=columns,
        symbol=symbol,
        calendar=calendar,
        tz=tz,
        stamp=None if stamp is None else Stamp(stamp),
        dates=None if dates is None else DateOrder(dates),
        base=take.interval(base, "--base"),
        strict=strict,
        complete=complete,
        allow_negative=allow_negative,
        sale_conditions=sale_conditions,
    )


def bring_in(
    paths: Sequence[Path],
    named: Place | None,
    options: ImportOptions,
    *,
    config: Path | None,
    workers: int = 1,
    as_json: bool,
) -> None:
    """Read files into a store and print what became of each.

    Args:
        paths: files and folders.
        named: the store; without one that of the settings.
        options: what is said about the files.
        config: settings, whose calendar, hours and rules hold where neither options nor files say otherwise.
        workers: how many processes share the work, if it is one that can be shared.
        as_json: whether to print JSON.

    Raises:
        BarkeeperError: nothing could be read, or a file was refused; what was printed tells of the others.
    """
    settings = check_config.settings_of(config, named)
    store = settings.store
    options = _with_rules(options, settings)
    # One of each calendar for the import and for the store, which marks each bar's segment.
    calendars = Calendars(lambda: settings.own_hours.over(own_hours_at(store)), _of_settings(settings, store))
    target = open_store(store, segment_of=CalendarSegments(calendars))
    with contextlib.closing(target) as files, import_bar() as show_progress:
        spill_to = _beside(store)
        if workers > 1 and isinstance(files, ParquetStore):
            report = import_shared(
                paths, files, options, calendars, workers=workers, on_progress=show_progress, spill_to=spill_to
            )
        else:
            report = import_paths(paths, files, options, show_progress, calendars, spill_to=spill_to)
    if as_json:
        paper.show_json(report)
    else:
        paper.show(*store_tables.imported(report, shown(store)))
    if report.failed:
        raise DataError(_failure(report))


def _of_settings(settings: Settings, store: Place) -> dict[str, Calendar]:
    """Return the calendar that the settings name, in their hours."""
    if settings.calendar is None:
        return {}
    made = Calendar(
        settings.calendar,
        extended_hours=settings.extended_hours,
        closed=settings.closed,
        own=settings.own_hours.over(own_hours_at(store)),
    )
    return {settings.calendar: made}


def _with_rules(options: ImportOptions, settings: Settings) -> ImportOptions:
    """Return the options with what a session's settings say where they say nothing."""
    rules = settings.rules
    sale_conditions = None if rules.sale_conditions == OF_THE_FEED else rules.sale_conditions
    return msgspec.structs.replace(
        options,
        fallback_calendar=settings.calendar,
        allow_negative=rules.allow_negative if options.allow_negative is None else options.allow_negative,
        sale_conditions=options.sale_conditions or sale_conditions,
    )


def _beside(place: Place) -> Path | None:
    """Return the folder nearest to a store that is there, on the disk that has room for the result, if it is on one."""
    store = folder_of(place)
    if store is None:
        return None
    return next(folder for folder in (store.absolute(), *store.absolute().parents) if folder.is_dir())


def _failure(report: ImportReport) -> str:
    if report.error is not None:
        return report.error
    refused = [file.error for file in report.files if file.error]
    were = "was" if len(refused) == 1 else "were"
    return (
        f"{len(refused)} of {len(report.files)} files {were} refused, the others were imported; the first: {refused[0]}"
    )
