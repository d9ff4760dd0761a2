"""The ``fetch`` and ``heal`` commands: days of a vendor into a store, and what a store lacks of its own days."""

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from actors.doors.cli.interrupts import Interrupts
from actors.doors.commands import check_config
from actors.doors.show import fetch_tables, figures, paper
from actors.doors.show.progress import fetch_bar
from actors.fetching.clerks import desk_of
from actors.fetching.fetch import FetchOptions, Wanted, fetch
from actors.fetching.report import FetchReport
from actors.fetching.scale import check_adjusted_alike, check_prices_alike, histories_in, of_the_same_tape
from actors.kernel.adjusted import AdjustedRun, adjusted_in
from actors.kernel.ports import BarSource, BarStore
from actors.kernel.readings import dates_left, symbols_left
from actors.market.calendar import Calendar
from actors.reading.spelling.addresses import Place, shown
from actors.settings import Settings
from actors.storage.elsewhere.opening import is_one_place, open_store, own_hours_at
from actors.storage.own_hours import Calendars
from actors.storage.segments import CalendarSegments
from actors.upstream import sources_at
from actors.vendors.history.pacer import Rank
from actors.vendors.history.source import VendorSource
from actors.vendors.registry import history_named
from messages.errors import DataError, SettingsError
from messages.values import TradingSession


class FetchWishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the options of ``fetch`` and ``heal`` say."""

    comes_from: tuple[str, ...]
    store: str | None = None
    config: Path | None = None
    symbols: tuple[str, ...] = ()
    calendar: str | None = None
    start: str | None = None
    end: str | None = None
    last: int | None = None
    extended_hours: bool = False
    complete: bool = False
    keys: Path | None = None
    agreed: bool = False
    """Whether what it costs has been agreed to."""
    workers: int = 1
    """How many processes read and write days."""


def bring(wishes: FetchWishes, *, as_json: bool) -> None:
    """Fetch sessions of a vendor into a store and print what came of each.

    Raises:
        BarkeeperError: it cannot be done, or not all of it; what was printed tells of the rest.
    """
    if not wishes.symbols and not _has_market(wishes):
        raise SettingsError("say whose bars: --symbols A,B")
    settings = check_config.settings_of(wishes.config, wishes.store)
    calendar = _calendar(wishes, settings)
    sessions = list(_sessions(wishes, calendar))
    wanted = [Wanted(session=session, symbols=wishes.symbols) for session in sessions]
    if not wanted:
        raise SettingsError(f"{calendar.name} has no session that has begun in these days")
    options = FetchOptions(is_complete=wishes.complete)
    _run(wishes, settings, wanted, options, calendar, as_json=as_json, title="Fetched")


def _has_market(wishes: FetchWishes) -> bool:
    """Return whether somebody who is asked says whose bars there are, so that all of them can be fetched."""
    found = [history_named(name) for name in wishes.comes_from]
    return any(one is not None and one[0].lists_symbols for one in found)


def _is_itself(name: str, store: Place) -> bool:
    return history_named(name) is None and is_one_place(name, store)


def heal(wishes: FetchWishes, *, as_json: bool) -> None:
    """Ask for exactly the minutes that a store's days lack, and certify them anew.

    Raises:
        BarkeeperError: it cannot be done, or not all of it; what was printed tells of the rest.
    """
    settings = check_config.settings_of(wishes.config, wishes.store)
    if itself := next((name for name in wishes.comes_from if _is_itself(name, settings.store)), None):
        raise SettingsError(f"--from {shown(itself)} is the store that is healed, which lacks what it lacks")
    with contextlib.closing(open_store(settings.store, read_only=True)) as held:
        lost: dict[str, None] = {}
        wanted = list(_held(wishes, held, lost))
        is_empty = not (held.calendars() or held.certified_calendars())
    if is_empty:
        raise DataError(f"the store {shown(settings.store)} is empty; fetch or import something first")
    if not wanted:
        raise DataError(next(iter(lost), f"the store {shown(settings.store)} has no day of what was asked for"))
    options = FetchOptions(is_abandoned_too=True, is_exact=True, is_complete=wishes.complete)
    _run(wishes, settings, wanted, options, None, as_json=as_json, title="Healed")
    if lost:
        raise DataError(f"what lies there was not healed: {'; '.join(lost)}")


def _run(
    wishes: FetchWishes,
    settings: Settings,
    wanted: Sequence[Wanted],
    options: FetchOptions,
    calendar: Calendar | None,
    *,
    as_json: bool,
    title: str,
) -> None:
    place = settings.store
    there, runs, is_empty = _there(place)
    names = tuple(of_the_same_tape(name, there, settings.vendors) for name in wishes.comes_from)
    sources = _sources(msgspec.structs.replace(wishes, comes_from=names), settings, calendar)
    try:
        for source in sources:
            if isinstance(source, VendorSource):
                check_adjusted_alike(source.name, there, is_empty=is_empty or bool(runs))
                check_prices_alike(source.name, {symbol for one in wanted for symbol in one.symbols}, runs)
        _agree(wishes, sources, wanted)
        calendars = Calendars(lambda: settings.own_hours.over(own_hours_at(place)), _known(calendar))
        store = open_store(place, segment_of=CalendarSegments(calendars))
        options = msgspec.structs.replace(options, allow_negative=settings.rules.allow_negative)
        with (
            contextlib.closing(store),
            Interrupts(lambda: "ended at once: the sessions that were not finished are asked for again") as asked,
            fetch_bar() as show_progress,
        ):
            store.claim()  # before anybody is asked: what could not be written would be asked for in vain
            with desk_of(store, calendars, wishes.workers) as desk:
                report = fetch(
                    store,
                    sources,
                    wanted,
                    options,
                    on_progress=show_progress,
                    is_wanted=lambda: not asked.is_asked,
                    desk=desk,
                )
    finally:
        for source in sources:
            source.close()
    if as_json:
        paper.show_json(report)
    else:
        paper.show(*fetch_tables.fetched(report, f"{title}, into {shown(place)}"))
    _conclude(report)


def _conclude(report: FetchReport) -> None:
    if report.is_interrupted:
        raise KeyboardInterrupt
    if report.error is not None:
        raise DataError(report.error)
    if failed := [day for day in report.days if day.error and not day.asked]:
        raise DataError(f"of {figures.count(len(failed))} sessions nothing was answered: {failed[0].error}")
    if unanswered := report.sum_of("unanswered"):
        why = next((day.error for day in report.days if day.error), "")
        if why or report.refused_symbols:
            why = why or next(iter(report.refused_symbols.values()))
            raise DataError(f"{unanswered:,} minutes were not answered: {why}")


def _there(place: Place) -> tuple[frozenset[str], tuple[AdjustedRun, ...], bool]:
    """Return which histories a store was filled from, which prices are adjusted, and whether it has nothing at all."""
    with contextlib.closing(open_store(place)) as store:  # made with the first bar
        names = store.calendars()
        runs = [run for name in names for run in adjusted_in(store, name)]
        return histories_in(store), tuple(runs), not names


def _known(calendar: Calendar | None) -> dict[str, Calendar]:
    return {} if calendar is None else {calendar.name: calendar}


def _sources(wishes: FetchWishes, settings: Settings, calendar: Calendar | None) -> tuple[BarSource, ...]:
    if not wishes.comes_from:
        raise SettingsError("say who is asked: --from alpaca, or another of what `vendors` lists")
    tables: dict[str, Any] = dict(settings.vendors)
    for name in wishes.comes_from:
        found = history_named(name)
        if found is not None and wishes.keys is not None:
            tables[found[0].name] = {**tables.get(found[0].name, {}), "keys": str(wishes.keys)}
    return sources_at(
        wishes.comes_from,
        settings.calendar if calendar is None else calendar.name,
        settings.own_hours.over(own_hours_at(settings.store)),
        settings.rules,
        vendors=tables,
        rank=Rank.LONG,
    )


# --- which days


def _calendar(wishes: FetchWishes, settings: Settings) -> Calendar:
    """Return the calendar: as it is told, or that of the tape that is asked, or the store's only one."""
    name = wishes.calendar or settings.calendar
    found = history_named(wishes.comes_from[0]) if wishes.comes_from else None
    if name is None and found is not None:
        entry, tape = found
        tape = tape or str(settings.vendors.get(entry.name, {}).get("tape", entry.usual_tape))
        name = entry.calendar_of(tape)
    given = msgspec.structs.replace(settings, calendar=name, extended=settings.extended or wishes.extended_hours)
    return check_config.calendar_of(given)


def _sessions(wishes: FetchWishes, calendar: Calendar) -> Iterator[TradingSession]:
    """Yield the sessions that have begun, the last so many of them or from one date to another."""
    if wishes.last is None and wishes.start is None:
        raise SettingsError("say which sessions: --start DATE, with or without --end, or --last N")
    now_ns = time.time_ns()
    today = datetime.fromtimestamp(now_ns / 1e9, UTC) + timedelta(days=1)  # somewhere it is tomorrow
    end = wishes.end or today.date().isoformat()
    start = (
        wishes.start or (datetime.fromisoformat(end) - timedelta(days=3 * (wishes.last or 1) + 30)).date().isoformat()
    )
    begun = [one for one in calendar.sessions(start, end) if one.start_ns < now_ns]
    yield from begun[-wishes.last :] if wishes.last is not None else begun


def _held(wishes: FetchWishes, store: BarStore, lost: dict[str, None]) -> Iterator[Wanted]:
    """Yield what a store's days should have: the symbols that they have, or of which they are certified.

    Why files of several days, and certificates, cannot be read is put into ``lost``.
    """
    calendars = Calendars.of(store)
    for name in sorted({*store.calendars(), *store.certified_calendars()}):
        if wishes.calendar is not None and calendars(wishes.calendar).name != name:
            continue
        held, damaged = dates_left(store, name)
        lost.update(dict.fromkeys(damaged.values()))
        dates = sorted({*held, *store.certified(name)})
        dates = [date for date in dates if (wishes.start or "") <= date <= (wishes.end or "9999")]
        for date in dates[-wishes.last :] if wishes.last is not None else dates:
            try:
                certificate = store.certificate(name, date)
            except DataError as error:
                lost[str(error)] = None
                continue
            session = calendars(name).session(date) if certificate is None else certificate.session
            there = {*symbols_left(store, name, date), *(certificate.names if certificate else ())}
            symbols = there.intersection(wishes.symbols) if wishes.symbols else there
            if session is not None and symbols:
                yield Wanted(session=session, symbols=tuple(sorted(symbols)))


# --- what it costs


def _agree(wishes: FetchWishes, sources: Sequence[BarSource], wanted: Sequence[Wanted]) -> None:
    """Have the user agree to what a vendor charges for, before it is asked."""
    for source in sources:
        if not isinstance(source, VendorSource) or wishes.agreed:
            continue
        dollars = sum(filter(None, (_cost(source, one) for one in wanted)))
        if not dollars:
            continue
        said = f"{source.name} charges about ${dollars:,.2f} for this"
        if not sys.stdin.isatty():
            raise SettingsError(f"{said}: say --yes to agree")
        sys.stderr.write(f"{said}. Go on? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise SettingsError("nothing was fetched")


def _cost(source: VendorSource, wanted: Wanted) -> float | None:
    session = wanted.session
    return source.cost(wanted.symbols, session.start_ns, session.end_ns, session.base_interval)
