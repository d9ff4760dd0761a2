"""Files into a store: the use case behind ``import``."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from actors.importing import date_order, oddities
from actors.importing.claims import Claims
from actors.importing.day_merge import Settled, settle
from actors.importing.file_check import Judge
from actors.importing.pile import HELD_BYTES, Day, Pile
from actors.importing.report import (
    FileReport,
    ImportOptions,
    ImportProgress,
    ImportReport,
    Skipped,
    nothing_in,
    totals_of,
)
from actors.importing.trades_beside_bars import check_beside
from actors.kernel.ports import BarStore
from actors.market.calendar import Calendar
from actors.reading.dates import DatesUnclear
from actors.reading.format import Format, Hints, RawBars, Unsupported, ZoneMissing
from actors.reading.naming import interval_named
from actors.reading.overlap import overlapped
from actors.reading.peek import Head
from actors.reading.spelling.header import roles_named
from actors.reading.stamps import check_zone
from actors.storage.own_hours import Calendars
from actors.vendors.formats import detect, format_named
from actors.vendors.plain.csv_file import CSV
from messages.columns import Stamps
from messages.errors import BarkeeperError, DataError
from messages.values import ONE_MINUTE

__all__ = [
    "ImportOptions",
    "ImportProgress",
    "ImportReport",
    "import_paths",
]


def import_paths(
    paths: Iterable[Path | str],
    store: BarStore,
    options: ImportOptions | None = None,
    on_progress: Callable[[ImportProgress], None] | None = None,
    calendars: Callable[[str], Calendar] | None = None,
    held_bytes: int = HELD_BYTES,
    spill_to: Path | None = None,
) -> ImportReport:
    """Read files, and folders with all that is in them, into a store: one merge a day.

    A broken row never stops the import and a broken file never stops the others; the report tells of both.
    Files are read in blocks, and what exceeds ``held_bytes`` waits for its day in a temporary file, so memory
    is bounded by that and by what a single day holds.

    Args:
        paths: files are imported or refused; in folders, what is no file of bars is skipped.
        store: where bars go.
        options: what the files do not say themselves.
        on_progress: called after each file, between the blocks of a large one, and after each day, in this thread.
        calendars: gives a calendar by its name; by default with the hours that the store knows.
        held_bytes: how many bytes of bars may wait in memory.
        spill_to: the folder for the temporary file; by default where the system keeps its own.

    Raises:
        DataError: a path is not there, ``options`` names an unknown format or zone, or the store holds bars of
            another length than a minute, which is what is imported.
        SettingsError: ``options`` names an unknown calendar.
        StoreLocked: another process is writing to the store.
    """
    held = store.base_interval()
    if held not in (None, ONE_MINUTE):
        raise DataError(f"the store holds bars of {held}; what is imported are bars of 1m: give them their own store")
    job = _Import(store, options or ImportOptions(), on_progress or (lambda _: None), calendars or Calendars.of(store))
    with closing(Pile(held_bytes, spill_to)) as pile:
        return job.run([Path(path) for path in paths], pile)


class _Reading:
    """How far the reading of all files is, by their bytes."""

    def __init__(self, paths: list[Path], on_progress: Callable[[ImportProgress], None]) -> None:
        self._sizes = [path.stat().st_size for path in paths]
        self._on_progress = on_progress
        self._done = 0
        self._bytes_done = 0
        self.rows = 0

    def within(self, path: Path, share: float, rows: int) -> None:
        """Tell that a share of a file has been read, and how many rows that was."""
        if share < 1.0:
            self._tell(path, self._bytes_done + share * self._sizes[self._done], self.rows + rows)

    def finished(self, path: Path, rows: int) -> None:
        """Tell that a file is done."""
        self.rows += rows
        self._bytes_done += self._sizes[self._done]
        self._done += 1
        self._tell(path, self._bytes_done, self.rows)

    def _tell(self, path: Path, read_bytes: float, rows: int) -> None:
        share = read_bytes / max(1, sum(self._sizes))
        self._on_progress(
            ImportProgress(
                phase="reading", done=self._done, total=len(self._sizes), at=str(path), rows=rows, share=share
            )
        )


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
        self._hints = Hints(
            symbol=options.symbol, tz=options.tz, stamp=options.stamp, dates=options.dates,
            is_format_named=bool(options.format),
        )  # fmt: skip
        if options.tz:
            check_zone(options.tz)
        self._format = _format_of(options)
        self._new_calendar = calendars
        self._calendars: dict[str, Calendar] = {}
        self._claims = Claims(store, self._calendars.__getitem__)
        self._certified = 0
        self._markets: dict[str, str] = {}
        self._files: list[FileReport] = []
        self._skipped: list[Skipped] = []

    def run(self, paths: list[Path], pile: Pile) -> ImportReport:
        if self._options.calendar:
            self._calendar(None)
        found = [(entry, path) for path in paths for entry in _walk(path)]
        reading = _Reading([path for path, _ in found], self._on_progress)
        for path, named in found:
            report = self._file(path, named, pile, reading)
            reading.finished(path, report.rows if report else 0)
        error = self._objection()
        write = error is None or not self._options.strict
        self._settle(pile, reading.rows, write=write)
        return ImportReport(
            files=self._files,
            skipped=self._skipped,
            totals=totals_of(self._files, self._skipped),
            written=write,
            certified=self._certified,
            error=error,
        )

    def _file(self, path: Path, named: Path, pile: Pile, reading: _Reading) -> FileReport | None:
        report = FileReport(path=str(path))
        try:
            self._read(path, report, pile, reading)
        except BarkeeperError as error:
            pile.forget(len(self._files))
            self._claims.forget(len(self._files))
            if path != named and (isinstance(error, Unsupported) or not report.format):
                self._skipped.append(Skipped(path=str(path), reason=str(error)))
                return None
            report = FileReport(path=report.path, format=report.format, error=f"{_shown(path, named)}: {error}")
        self._files.append(report)
        return report

    def _read(self, path: Path, report: FileReport, pile: Pile, reading: _Reading) -> None:
        fmt = self._format or detect(Head(path))
        report.format = fmt.name
        spacing, judge, market = oddities.Spacing(interval_named(path)), None, ""
        blocks = self._blocks(fmt, path)
        for block in blocks:
            spacing.note(block.start_ns)
            check_beside(fmt, path, block, self._hints)
            if judge is None:
                judge, market = self._judge(fmt, block, blocks, spacing, report), block.market
            kept = judge.kept(block)
            pile.add(len(self._files), report.calendar, kept)
            if self._options.complete or fmt.is_complete:
                self._claims.note(len(self._files), fmt.name, self._calendars[report.calendar], block, kept)
            reading.within(path, block.share, report.rows)
        if judge is None:
            raise DataError("there are no rows")
        spacing.check()
        judge.finish()
        report.warnings.extend(self._claims.objections(len(self._files)))
        self._note_market(market, report)

    def _blocks(self, fmt: Format, path: Path) -> Iterator[RawBars]:
        try:
            yield from self._dated(fmt, path)
        except ZoneMissing as error:
            raise DataError(self._refusal_without_zone(error.local_ns, path)) from error

    def _dated(self, fmt: Format, path: Path) -> Iterator[RawBars]:
        try:
            yield from fmt.read(fmt, path, self._hints)
        except DatesUnclear as unclear:
            calendar = self._calendar(fmt.calendar)
            order = date_order.order_by_sessions(unclear, calendar)
            if order is None:
                raise
            said = date_order.remark(order, unclear, calendar)
            for raw in fmt.read(fmt, path, msgspec.structs.replace(self._hints, dates=order)):
                yield msgspec.structs.replace(raw, remarks=(*raw.remarks, said))

    def _judge(
        self, fmt: Format, first: RawBars, rest: Iterator[RawBars], spacing: oddities.Spacing, report: FileReport
    ) -> Judge:
        try:
            calendar = self._calendar(first.calendar)
        except BarkeeperError:
            # A file that is not imported anyway needs no calendar, and only the whole of it tells.
            for block in rest:
                spacing.note(block.start_ns)
            spacing.check()
            raise
        report.calendar = calendar.name
        assumed = fmt.stamp is None and self._options.stamp is None
        return Judge(calendar, report, allow_negative=self._options.allow_negative, stamp_is_assumed=assumed)

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
            return nothing_in(self._skipped)
        if len(refused) == len(self._files):
            return (
                refused[0] if len(refused) == 1 else f"all {len(refused)} files were refused; the first: {refused[0]}"
            )
        return None

    def _settle(self, pile: Pile, rows: int, *, write: bool) -> None:
        stored = {(name, date) for name in self._store.calendars() for date in self._store.dates(name)}
        zones = {calendar.name: calendar.tz for calendar in self._calendars.values()}
        total = len(pile)

        def settled(day: Day) -> tuple[str, Settled, bool]:
            is_stored = (day.calendar, day.date) in stored
            with closing(day):
                done = settle(day, self._store, tz=zones[day.calendar], is_stored=is_stored, write=write)
                return day.date, done, write and self._claims.certify(day)

        with closing(overlapped(settled, pile.take(), lambda day: day.size)) as days:
            for done, (date, counts, is_certified) in enumerate(days, 1):
                counts.add_to(self._files)
                self._certified += is_certified
                self._on_progress(
                    ImportProgress(phase="writing", done=done, total=total, at=date, rows=rows, share=done / total)
                )
        for file in (file for file in self._files if file.contradictions):
            said = "rows give the minute of an earlier row other values; the last row was taken"
            file.warnings.append(f"{file.contradictions} {said}")


def _format_of(options: ImportOptions) -> Format | None:
    fmt = format_named(options.format) if options.format else None
    if options.columns is None:
        return fmt
    if fmt is not None and fmt.name != CSV.name:
        raise DataError(f"--columns says what the columns of plain text are, and {fmt.name} knows its own")
    return msgspec.structs.replace(CSV, columns=roles_named(options.columns.split(",")))


def _shown(path: Path, named: Path) -> str:
    """Return a path from what the user named, by that one's own name."""
    return path.relative_to(named.parent).as_posix()


def _walk(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for entry in sorted(path.iterdir()):
            if not entry.name.startswith("."):
                yield from _walk(entry)
    elif path.exists():
        yield path
    else:
        raise DataError(f"{path}: there is no such file or folder")
