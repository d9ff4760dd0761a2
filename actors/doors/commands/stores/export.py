"""The ``export`` command: a store's days to where others query them."""

import contextlib
from collections.abc import Iterator

from actors.doors.cli.interrupts import Interrupts
from actors.doors.show import figures, paper
from actors.doors.show.progress import export_bar
from actors.exporting.export import ExportOptions, ExportReport
from actors.exporting.export import export as copy_days
from actors.exporting.places import open_target
from actors.reading.spelling.addresses import Place, shown
from actors.storage.elsewhere.opening import is_one_place, open_store
from actors.storage.own_hours import Calendars
from actors.storage.segments import CalendarSegments
from messages.errors import DataError, SettingsError


def export(store: Place, to: str, options: ExportOptions, *, as_json: bool) -> None:
    """Copy the days that are not there yet, and say what came of it.

    Args:
        store: what is copied.
        to: where to.
        options: which days.
        as_json: whether to print JSON.

    Raises:
        BarkeeperError: there is no store, it lacks what was named, or what is exported to cannot be opened or refuses.
        KeyboardInterrupt: it was interrupted; what is written stays.
    """
    if is_one_place(store, to):
        raise SettingsError(f"--to {shown(to)} is the store that is exported")
    with contextlib.closing(open_store(store, read_only=True)) as files:
        held = files.calendars()
        if not held and not files.certified_calendars():
            raise DataError(f"the store {files.root} is empty; import something first")
        calendars = Calendars.of(files)
        if options.calendar is not None and options.calendar not in held:
            raise DataError(f"the store {files.root} has no day of {options.calendar}; it has: {', '.join(held)}")
        with (
            contextlib.closing(open_target(to, CalendarSegments(calendars))) as target,
            Interrupts(lambda: "ended at once: the day at hand is written again next time") as asked,
            export_bar() as show_progress,
        ):
            report = copy_days(files, target, options, show_progress, lambda: not asked.is_asked)
    if as_json:
        paper.show_json(report)
    else:
        paper.show(*_told(report))
    if report.is_interrupted:
        raise KeyboardInterrupt
    if report.error is not None:
        raise DataError(report.error)
    if not report.days + report.there + report.left:
        raise DataError(f"the store {files.root} has no day of what was asked for")


def _told(report: ExportReport) -> Iterator[str]:
    speed = f", {figures.count(round(report.bars / report.seconds))} a second" if report.seconds else ""
    yield f"Exported {_days(report.days)}, {figures.count(report.bars)} bars{speed}, to {report.to}."
    if report.there:
        yield f"{_days(report.there)} {'was' if report.there == 1 else 'were'} there already."
    if report.left:
        yield f"{_days(report.left)} {'is' if report.left == 1 else 'are'} left; the same command goes on with them."


def _days(number: int) -> str:
    return f"{figures.count(number)} {'day' if number == 1 else 'days'}"
