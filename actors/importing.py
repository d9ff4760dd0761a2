"""Files into a store, and what the store then holds: the use cases behind ``import`` and ``inspect``."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from actors.kernel.ports import BarStore, StoredDay
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.vendors import judging, oddities
from actors.vendors.format import Hints, Unsupported, ZoneMissing
from actors.vendors.grouping import Pile, settle
from actors.vendors.naming import interval_named
from actors.vendors.peek import Head
from actors.vendors.registry import detect, format_named
from actors.vendors.report import FileReport, ImportOptions, ImportProgress, ImportReport, Skipped, totals_of
from actors.vendors.stamps import check_zone
from messages.columns import HIGH, LOW, VOLUME, Stamps
from messages.errors import BarkeeperError, DataError, SettingsError
from messages.values import Nanos, moment

__all__ = [
    "ImportOptions",
    "ImportProgress",
    "ImportReport",
    "InspectDay",
    "InspectReport",
    "import_paths",
    "inspect_store",
]

_SHOWN_MINUTES = 5


def import_paths(
    paths: Iterable[Path | str],
    store: BarStore,
    options: ImportOptions | None = None,
    on_progress: Callable[[ImportProgress], None] | None = None,
    calendars: Callable[[str], Calendar] = Calendar,
) -> ImportReport:
    """Read files, and folders with all that is in them, into a store: one merge a day.

    A broken row never stops the import and a broken file never stops the others; the report tells of both.

    Args:
        paths: files are imported or refused; in folders, what is no file of bars is skipped.
        store: where bars go.
        options: what the files do not say themselves.
        on_progress: called after each file and after each day, in this thread.
        calendars: gives a calendar by its name: for hours of one's own, or to share what is loaded.

    Raises:
        DataError: a path is not there, or ``options`` names an unknown format or zone.
        SettingsError: ``options`` names an unknown calendar.
        StoreLocked: another process is writing to the store.
    """
    job = _Import(store, options or ImportOptions(), on_progress or (lambda _: None), calendars)
    return job.run([Path(path) for path in paths])


class _Import:
    def __init__(
        self,
        store: BarStore,
        options: ImportOptions,
        on_progress: Callable[[ImportProgress], None],
        calendars: Callable[[str], Calendar],
    ) -> None:
        self._store = store
        self._options = options
        self._on_progress = on_progress
        self._hints = Hints(symbol=options.symbol, tz=options.tz, stamp=options.stamp)
        if options.tz:
            check_zone(options.tz)
        self._format = format_named(options.format) if options.format else None
        self._pile = Pile()
        self._new_calendar = calendars
        self._calendars: dict[str, Calendar] = {}
        self._markets: dict[str, str] = {}
        self._files: list[FileReport] = []
        self._skipped: list[Skipped] = []

    def run(self, paths: list[Path]) -> ImportReport:
        if self._options.calendar:
            self._calendar(None)
        found = [entry for path in paths for entry in _walk(path)]
        rows = 0
        for done, (path, is_named) in enumerate(found, 1):
            report = self._file(path, is_named=is_named)
            rows += report.rows if report else 0
            self._on_progress(ImportProgress(phase="reading", done=done, total=len(found), at=str(path), rows=rows))
        error = self._objection()
        write = error is None or not self._options.strict
        self._settle(rows, write=write)
        return ImportReport(
            files=self._files,
            skipped=self._skipped,
            totals=totals_of(self._files, self._skipped),
            written=write,
            error=error,
        )

    def _file(self, path: Path, *, is_named: bool) -> FileReport | None:
        report = FileReport(path=str(path))
        try:
            self._read(path, report)
        except BarkeeperError as error:
            if not is_named and (isinstance(error, Unsupported) or not report.format):
                self._skipped.append(Skipped(path=str(path), reason=str(error)))
                return None
            report = FileReport(path=report.path, format=report.format, error=f"{path.name}: {error}")
        self._files.append(report)
        return report

    def _read(self, path: Path, report: FileReport) -> None:
        fmt = self._format or detect(Head(path))
        report.format = fmt.name
        try:
            blocks = list(fmt.read(fmt, path, self._hints))
        except ZoneMissing as error:
            raise DataError(self._refusal_without_zone(error.local_ns, path)) from error
        judging.note_reading(report, blocks)
        if not blocks:
            raise DataError("there are no rows")
        bars = judging.gathered(blocks)
        oddities.check_interval(bars.start_ns, interval_named(path))
        calendar = self._calendar(blocks[0].calendar)
        report.calendar = calendar.name
        assumed = fmt.stamp is None and self._options.stamp is None
        kept = judging.judge(
            bars, calendar, report, allow_negative=self._options.allow_negative, stamp_is_assumed=assumed
        )
        self._note_market(blocks[0].market, report)
        if len(kept.start_ns):
            self._pile.add(len(self._files), calendar.name, kept)

    def _calendar(self, of_file: str | None) -> Calendar:
        stored = self._store.calendars()
        name = self._options.calendar or of_file or (stored[0] if len(stored) == 1 else None)
        if name is None:
            raise DataError(
                "neither the file nor the store says which calendar; give one, as in --calendar XNYS or --calendar 24/7"
            )
        if name not in self._calendars:
            self._calendars[name] = self._new_calendar(name)
        return self._calendars[name]

    def _refusal_without_zone(self, local_ns: Stamps, path: Path) -> str:
        oddities.check_interval(local_ns, interval_named(path))
        try:
            calendar = self._calendar(None)
        except DataError:
            calendar = None
        return oddities.refusal_without_zone(local_ns, calendar)

    def _note_market(self, market: str, report: FileReport) -> None:
        for symbol in report.symbols if market else ():
            before = self._markets.setdefault(symbol, market)
            if before != market:
                report.warnings.append(
                    f"{symbol} comes from {before} and from {market}, which is one symbol to the store: "
                    "import them into stores of their own, or rename one with --symbol"
                )

    def _objection(self) -> str | None:
        refused = [file.error for file in self._files if file.error]
        rejected = sum(sum(file.rejected.values()) for file in self._files)
        if self._options.strict and (refused or rejected):
            return f"strict: {rejected} rows were rejected and {len(refused)} files refused, so nothing was written"
        if not self._files:
            return "there is no file of bars among the paths"
        if len(refused) == len(self._files):
            return (
                refused[0] if len(refused) == 1 else f"all {len(refused)} files were refused; the first: {refused[0]}"
            )
        return None

    def _settle(self, rows: int, *, write: bool) -> None:
        stored = {(name, date) for name in self._store.calendars() for date in self._store.dates(name)}
        zones = {calendar.name: calendar.tz for calendar in self._calendars.values()}
        total = len(self._pile)
        for done, day in enumerate(self._pile.take(), 1):
            key = (day.calendar, day.date)
            settle(day, self._store, self._files, tz=zones[day.calendar], is_stored=key in stored, write=write)
            self._on_progress(ImportProgress(phase="writing", done=done, total=total, at=day.date, rows=rows))
        for file in (file for file in self._files if file.contradictions):
            said = "rows give the minute of an earlier row other values; the last row was taken"
            file.warnings.append(f"{file.contradictions} {said}")


def _walk(path: Path) -> Iterator[tuple[Path, bool]]:
    if path.is_dir():
        for entry in sorted(path.iterdir()):
            if not entry.name.startswith("."):
                yield from ((found, False) for found, _ in _walk(entry))
    elif path.exists():
        yield path, True
    else:
        raise DataError(f"{path}: there is no such file or folder")


class InspectDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds of one symbol on one day; the regular minutes, but for ``extended_bars``."""

    date: str
    calendar: str
    symbol: str
    expected_minutes: int
    bars: int
    missing_minutes: int
    missing: list[str]
    """The first and the last five of them, UTC."""
    extended_bars: int
    """Every bar of the day outside the regular minutes."""
    first: str | None
    """The start of the first regular bar, UTC."""
    last: str | None
    high: float | None
    low: float | None
    volume: float


class InspectReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a store holds."""

    days: list[InspectDay]


def inspect_store(
    store: BarStore,
    symbols: Sequence[str] | None = None,
    calendar: str | None = None,
    calendars: Callable[[str], Calendar] = Calendar,
) -> InspectReport:
    """Say what a store holds, day by day and symbol by symbol.

    Args:
        store: which one.
        symbols: only these, upper or lower case; all by default.
        calendar: only this one's days; all by default.
        calendars: gives a calendar by its name, as in ``import_paths``.

    Raises:
        DataError: a day cannot be read.
        SettingsError: the calendar is unknown.
    """
    wanted = [symbol.upper() for symbol in symbols] if symbols else None
    names = (calendars(calendar).name,) if calendar else store.calendars()
    days: list[InspectDay] = []
    for name in names:
        sessions = calendars(name)
        for date in store.dates(name):
            day = store.read(name, date, wanted)
            days.extend(_inspected(day, date, sessions) if day is not None else ())
    return InspectReport(days=days)


def _inspected(day: StoredDay, date: str, calendar: Calendar) -> Iterator[InspectDay]:
    session = calendar.session(date)
    if session is None:
        raise SettingsError(f"the store has {date} under {calendar.name}, which has no session on that day")
    axis = SessionAxis(session)
    slots = axis.slots_of(day.bars.start_ns)
    is_regular = (slots >= axis.regular.start) & (slots < axis.regular.stop)
    by_symbol = np.argsort(day.bars.symbol_index, kind="stable")
    edges = np.searchsorted(day.bars.symbol_index[by_symbol], np.arange(len(day.bars.symbols) + 1)).tolist()
    for symbol, first, last in zip(day.bars.symbols, edges, edges[1:], strict=False):
        rows = by_symbol[first:last]
        regular = rows[is_regular[rows]]
        is_missing = axis.is_regular.copy()
        is_missing[slots[regular]] = False
        missing = axis.starts_ns[is_missing]
        starts, values = day.bars.start_ns[regular], day.bars.values[:, regular]
        yield InspectDay(
            date=date,
            calendar=calendar.name,
            symbol=symbol,
            expected_minutes=session.expected_minutes,
            bars=len(regular),
            missing_minutes=len(missing),
            missing=[_utc(start) for start in _ends(missing.tolist())],
            extended_bars=len(rows) - len(regular),
            first=_utc(int(starts[0])) if len(starts) else None,
            last=_utc(int(starts[-1])) if len(starts) else None,
            high=float(values[HIGH].max()) if len(starts) else None,
            low=float(values[LOW].min()) if len(starts) else None,
            volume=float(values[VOLUME].sum()),
        )


def _ends(minutes: list[Nanos]) -> list[Nanos]:
    return minutes if len(minutes) <= 2 * _SHOWN_MINUTES else minutes[:_SHOWN_MINUTES] + minutes[-_SHOWN_MINUTES:]


def _utc(start_ns: Nanos) -> str:
    return f"{moment(start_ns, 'UTC'):%Y-%m-%dT%H:%M:%SZ}"
