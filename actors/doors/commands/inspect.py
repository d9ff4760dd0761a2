"""The ``inspect`` command: what a store holds."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from actors.doors.show import certificate_tables, paper, store_tables
from actors.inspecting import InspectReport, inspect_store
from actors.kernel.readings import ALL_DAYS, Span, dates_left
from actors.reading.spelling.addresses import Place
from actors.storage.elsewhere.opening import OpenedStore, open_store
from actors.storage.own_hours import Calendars
from messages.errors import DataError, SettingsError, UnknownSymbol


def look_into(
    store: Place,
    symbols: Sequence[str],
    calendar: str | None,
    *,
    span: Span = ALL_DAYS,
    all_missing: bool = False,
    plot: Path | None = None,
    as_json: bool,
) -> None:
    """Print what a store holds, or draw it into a file.

    Raises:
        BarkeeperError: there is no store, it is empty, it lacks what was named, or it cannot be read.
    """
    if span.start > span.end:
        raise SettingsError(f"the range ends on {span.end}, before it starts on {span.start}")
    with contextlib.closing(open_store(store, read_only=True)) as files:
        calendars = Calendars.of(files)
        report = inspect_store(files, symbols, calendar, calendars, span=span, with_runs=all_missing or as_json)
        _check_found(report, files, symbols, calendar, span)
    if plot is not None:
        _draw(store, report, symbols, plot)
    elif as_json:
        paper.show_json(report)
    else:
        _show(report, calendars, all_missing=all_missing)
    if report.faults:
        few = f"; there are {len(report.faults) - 1} more of the kind" if len(report.faults) > 1 else ""
        raise DataError(f"{report.faults[0]}{few}")


def _show(report: InspectReport, calendars: Calendars, *, all_missing: bool) -> None:
    if report.days:
        zones = {name: calendars(name).tz for name in {day.calendar for day in report.days}}
        if all_missing:
            lacking = any(day.missing_runs for day in report.days)
            paper.show(store_tables.missing(report.days, zones) if lacking else "No regular minute is missing.")
            return
        held = store_tables.held(report.days, zones)
        adjusted = store_tables.adjusted(report.days)
        paper.show(held, *adjusted, *certificate_tables.certificates(report.certificates))


def _draw(store: Place, report: InspectReport, symbols: Sequence[str], plot: Path) -> None:
    """Draw the days of a calendar: that of the last day that was found."""
    from actors.doors.show import store_picture

    latest = report.days[-1]
    there = {day.symbol for day in report.days if day.date == latest.date and day.calendar == latest.calendar}
    named = [symbol if symbol in there else symbol.upper() for symbol in symbols]
    chosen = [symbol for symbol in named if symbol in there]
    dates = {day.date for day in report.days if day.calendar == latest.calendar}
    paper.show(store_picture.save(store, latest.calendar, chosen, plot, dates))


def _check_found(
    report: InspectReport, store: OpenedStore, symbols: Sequence[str], calendar: str | None, span: Span
) -> None:
    """Refuse to answer with nothing: what was named is a slip of the pen, or nothing has been imported."""
    there = {name: dates_left(store, name)[0] for name in store.calendars()}
    if report.faults and not report.days:
        raise DataError(report.faults[0])
    if not there:
        raise DataError(f"the store {store.root} is empty; import something first")
    found = {day.symbol for day in report.days}
    if unfound := {symbol for symbol in symbols if symbol not in found and symbol.upper() not in found}:
        known = {symbol for name in there for date in there[name] for symbol in store.symbols(name, date)}
        if unknown := {symbol for symbol in unfound if symbol not in known and symbol.upper() not in known}:
            raise UnknownSymbol.among(min(unknown), sorted(known))
    if not report.days and span != ALL_DAYS:
        raise DataError(f"the store {store.root} has no day of what was asked for")
    if not report.days:
        raise DataError(f"the store {store.root} has no day of calendar {calendar}; it has: {', '.join(there)}")
