"""The ``migrate`` command: a store of the old layout moved to the new one, or its days together or apart."""

from collections.abc import Iterator
from pathlib import Path

from actors.doors.show import figures, paper
from actors.doors.show.progress import migrate_bar
from actors.storage.migration import MigrateReport, migrate_store
from messages.errors import DataError

_MOST = 10


def migrate(store: Path, to: str | None, *, as_json: bool) -> None:
    """Move what lies in an old place, and say what came of it.

    Args:
        store: the store's folder.
        to: ``days``, ``symbols`` or ``narrow``; ``None``: as it is.
        as_json: whether to print JSON.

    Raises:
        BarkeeperError: there is no store or nothing in it, somebody writes to it, or a day could not be moved.
    """
    with migrate_bar() as show_progress:
        narrow, by_symbols = (None, None) if to is None else (to == "narrow", to == "symbols")
        report = migrate_store(store, show_progress, narrow=narrow, by_symbols=by_symbols)
    if not report.days and not report.in_place:
        raise DataError(f"the store {store} is empty; import something first")
    if as_json:
        paper.show_json(report)
    else:
        paper.show(*_told(report))
    if report.faults:
        first, days = report.faults[0], len(report.days)
        raise DataError(f"{len(report.faults)} of {days} days could not be moved; the first: {first}")


def _told(report: MigrateReport) -> Iterator[str]:
    moved = len(report.days) - len(report.faults)
    yield f"Moved {_days(moved)}, compared by their digests; {_days(report.in_place)} lay in the new place before."
    yield from report.faults[:_MOST]
    if report.left:
        shown = ", ".join(report.left[:_MOST]) + (", ..." if len(report.left) > _MOST else "")
        yield f"Not the store's, and in the way of who reads the folder as one data set: {shown}"


def _days(number: int) -> str:
    return f"{figures.count(number)} {'day' if number == 1 else 'days'}"
