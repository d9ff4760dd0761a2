"""The ``verify`` command: whether a store still holds what was certified."""

import contextlib

from actors.doors.show import certificate_tables, paper
from actors.doors.show.progress import verify_bar
from actors.reading.spelling.addresses import Place
from actors.storage.elsewhere.opening import OpenedStore, open_store
from actors.storage.own_hours import Calendars
from actors.verifying import Standing, VerifyReport, verify_store
from messages.errors import DataError


def verify(store: Place, calendar: str | None, *, workers: int = 1, as_json: bool) -> None:
    """Recompute the digests of a store's certified days and print which of them match.

    Raises:
        BarkeeperError: there is no store, it is empty, or it lacks the calendar; or a day does not match.
    """
    with contextlib.closing(open_store(store, read_only=True)) as files, verify_bar() as show_progress:
        report = verify_store(files, _name_in(files, calendar), show_progress, place=store, workers=workers)
    if as_json:
        paper.show_json(report)
    else:
        paper.show(*certificate_tables.verified(report))
    if report.faults:
        raise DataError(_mismatches(report))


def _name_in(store: OpenedStore, calendar: str | None) -> str | None:
    """Return what the store calls a calendar, whichever of its names is given."""
    names = store.calendars()
    if not names:
        raise DataError(f"the store {store.root} is empty; import something first")
    if calendar is None or calendar in names:
        return calendar
    name = Calendars.of(store)(calendar).name
    if name not in names:
        raise DataError(f"the store {store.root} has no day of calendar {calendar}; it has: {', '.join(names)}")
    return name


def _mismatches(report: VerifyReport) -> str:
    faults = report.faults
    if len(faults) == 1:
        return faults[0]
    checked = len(report.days) - report.count(Standing.UNCERTIFIED)
    return f"{len(faults)} of {checked} checked days are not as they were certified; the first: {faults[0]}"
