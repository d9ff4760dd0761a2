"""Files into a store: the use case behind ``import``."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from actors.importing import bundle
from actors.importing.adjusted_prices import AdjustedPrices
from actors.importing.date_order import Undecided
from actors.importing.day_merge import Settled, settle
from actors.importing.file_intake import Intake
from actors.importing.held.pile import HELD_BYTES, Days, Pile
from actors.importing.report import (
    FileReport,
    ImportOptions,
    ImportProgress,
    ImportReport,
    Skipped,
    concluded,
    nothing_kept,
    totals_of,
)
from actors.importing.rivals import refusal
from actors.kernel.ports import BarStore, KeepsDaysTogether
from actors.kernel.readings import dates_left
from actors.market.calendar import Calendar
from actors.reading.format import Format, Unsupported
from actors.reading.overlap import overlapped
from actors.reading.spelling.addresses import check_folder
from actors.reading.spelling.header import roles_named
from actors.storage.own_hours import Calendars
from actors.vendors.formats import format_named
from actors.vendors.plain.csv_file import CSV
from messages.errors import BarkeeperError, DataError
from messages.values import MINUTE_NS

__all__ = [
    "ImportOptions",
    "ImportProgress",
    "ImportReport",
    "import_paths",
]

_SHOWN = 3
_FEW_BARS = 20


class Found(NamedTuple):
    """A file to import."""

    file: Path
    named: Path
    """What the user named: the file, or a folder that it lies in."""


class NeedsTheOthers(BarkeeperError):
    """Some files of an import mean what others have to tell: the order of dates, or whose bars they are."""


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
            another length than those that are imported.
        SettingsError: ``options`` names an unknown calendar.
        StoreLocked: another process is writing to the store.
    """
    return import_found(walked(paths), store, options, on_progress, calendars, held_bytes, spill_to)[0]


def import_found(
    found: Sequence[Found],
    store: BarStore,
    options: ImportOptions | None = None,
    on_progress: Callable[[ImportProgress], None] | None = None,
    calendars: Callable[[str], Calendar] | None = None,
    held_bytes: int = HELD_BYTES,
    spill_to: Path | None = None,
    *,
    is_all: bool = True,
) -> tuple[ImportReport, int]:
    """Read files as ``import_paths`` does; return the report, and how many rows replace others of these files.

    Args:
        found: the files.
        store: where bars go.
        options: what the files do not say themselves.
        on_progress: called in this thread.
        calendars: gives a calendar by its name.
        held_bytes: how many bytes of bars may wait in memory.
        spill_to: the folder for the temporary file.
        is_all: whether these are all files of the import.

    Raises:
        NeedsTheOthers: what these files mean, the others have to tell; nothing has been written.
        BarkeeperError: as for ``import_paths``.
    """
    options = options or ImportOptions()
    if MINUTE_NS % options.base.span_ns:
        raise DataError(f"base: a minute is no whole multiple of {options.base}; 1s, 5s, 15s or 1m are usual")
    held = store.base_interval()
    if held not in (None, options.base):
        raise DataError(
            f"the store holds bars of {held}; what is imported are bars of {options.base}: give them their own store, "
            f"or say --base {held}"
        )
    with closing(Pile(held_bytes, spill_to)) as pile:
        intake = Intake(store, options, _format_of(options), calendars or Calendars.of(store), pile)
        job = _Import(store, options, on_progress or (lambda _: None), intake)
        return job.run(found, pile, is_all=is_all), job.replaced


def walked(paths: Iterable[Path | str]) -> list[Found]:
    """Return the files that are named, and those in the folders that are.

    Raises:
        DataError: a path is not there.
    """
    return [Found(file=entry, named=path) for path in map(Path, paths) for entry in _walk(path)]


class _Reading:
    """How far the reading of all files is, by their bytes."""

    def __init__(self, paths: list[Path], on_progress: Callable[[ImportProgress], None]) -> None:
        self._sizes = [*map(_size_of, paths)]
        self._total = max(1, sum(self._sizes))
        self._on_progress = on_progress
        self._done = 0
        self._bytes_done = 0
        self.rows = 0

    def bundles(self, found: Sequence[Found]) -> Iterator[list[Found]]:
        """Yield the files that may be read at once, as many as are small together."""
        some, size = list[Found](), 0
        for one, of_file in zip(found, self._sizes, strict=True):
            if some and (len(some) == bundle.FILES or size + of_file > bundle.BYTES):
                yield some
                some, size = [], 0
            some.append(one)
            size += of_file
        yield some

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
        share = read_bytes / self._total
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
        intake: Intake,
    ) -> None:
        self._store = store
        self._options = options
        self._on_progress = on_progress
        self._intake = intake
        self._certified = 0
        self._files: list[FileReport] = []
        self._skipped: list[Skipped] = []
        self._undecided: list[tuple[Path, Path, str]] = []
        self.replaced = 0
        self._layout: str | None = None
        self._prices = AdjustedPrices(store)

    def run(self, found: Sequence[Found], pile: Pile, *, is_all: bool) -> ImportReport:
        reading = _Reading([path for path, _ in found], self._on_progress)
        for some in reading.bundles(found):
            self._intake.prepare([path for path, _ in some])
            for path, named in some:
                members = self._intake.members(path)
                rows = sum(self._file(path, named, member, reading, len(members)) for member in members)
                reading.finished(path, rows)
        if not is_all and (self._undecided or self._intake.is_named_by_files):
            raise NeedsTheOthers
        for path, named, member in self._undecided:
            reading.rows += self._file(path, named, member)
        error, write = self._objection()
        self._settle(pile, reading.rows, write=write)
        return ImportReport(
            files=self._files,
            skipped=self._skipped,
            totals=totals_of(self._files, self._skipped, written=write),
            written=write,
            certified=self._certified,
            layout=self._layout,
            remarks=self._intake.claims.remarks(),
            error=error or concluded(self._files, self._skipped, self.replaced),
        )

    def _file(self, path: Path, named: Path, member: str, reading: "_Reading | None" = None, members: int = 1) -> int:
        """Read a file or a zip's member, and return how many rows it has; with ``reading`` it may wait for others."""
        report = FileReport(path=f"{path}/{member}" if member else str(path))
        number = len(self._files)
        try:
            for share in self._intake.read(number, path, member, report, may_wait=reading is not None):
                if reading is not None:
                    reading.within(path, share / members, report.rows)
        except Undecided:
            self._undecided.append((path, named, member))
            return 0
        except BarkeeperError as error:
            self._intake.forget(number)
            is_found = path != named or member
            if is_found and (isinstance(error, Unsupported) or not report.format):
                self._skipped.append(Skipped(path=report.path, reason=str(error)))
                return 0
            shown = f"{_shown(path, named)}/{member}" if member else _shown(path, named)
            report = FileReport(path=report.path, format=report.format, error=f"{shown}: {error}")
        self._files.append(report)
        return report.rows

    def _refuse_rivals(self) -> None:
        """Refuse files that would overwrite each other: nobody knows which of them is what its name says."""
        rivals, markets = self._intake.rivals, self._intake.markets
        for rivalry in (*rivals.of_markets(markets), *rivals.found()):
            of_bars = [self._files[bar.file].path for bar in rivalry.bars]
            for file in rivalry.files:
                report = self._files[file]
                self._intake.forget(file)
                if report.error is None:
                    said = refusal(rivalry, report.path, of_bars)
                    self._files[file] = FileReport(path=report.path, format=report.format, error=said)

    def _objection(self) -> tuple[str | None, bool]:
        """Return why the import fails, if it does, and whether what there is may be written all the same."""
        stated = sorted({symbol for symbol in self._intake.stated.values() if symbol})
        if self._options.symbol and len(stated) > 1:
            names = ", ".join(stated[:_SHOWN]) + (" ..." if len(stated) > _SHOWN else "")
            return (
                f"--symbol {self._options.symbol} names one symbol, and these files are of several: {names}; leave it "
                "out, or import them one by one"
            ), False
        self._intake.tell_apart(self._files)
        self._refuse_rivals()
        refused = [file.error for file in self._files if file.error]
        rejected = sum(sum(file.rejected.values()) for file in self._files)
        if self._options.strict and (refused or rejected):
            said = f"strict: {rejected} rows were rejected and {len(refused)} files refused, so nothing was written"
            return said, False
        return nothing_kept(self._files, self._skipped), True

    def _settle(self, pile: Pile, rows: int, *, write: bool) -> None:
        stored = {(name, date) for name in self._store.calendars() for date in dates_left(self._store, name)[0]}
        zones = {calendar.name: calendar.tz for calendar in self._intake.calendars.values()}
        done, total, shelves = 0, len(pile), None
        if isinstance(self._store, KeepsDaysTogether) and write and total:
            self._layout = self._store.expect(pile.extents())
            shelves = self._store.shelves

        def settled(days: Days) -> tuple[Days, Settled, int]:
            claims = self._intake.claims
            with closing(days):
                is_new = stored.isdisjoint((days.calendar, date) for date in days.dates)
                large = claims.large(days, is_new=is_new) if write else None
                counts = settle(
                    days, self._store, tz=zones[days.calendar], write=write, base=self._options.base,
                    spans=large and large.spans,
                    is_stored=lambda date: (days.calendar, date) in stored,
                )  # fmt: skip
                if not write or counts.why:
                    if large is not None and large.spans is not None:
                        large.spans.close()
                    return days, counts, 0
                self._prices.note(days)
                return days, counts, claims.certify_each(days, large)

        for number, is_adjusted in self._intake.adjusted.items():
            self._prices.claim(number, is_adjusted)
        with closing(overlapped(settled, pile.take(shelves), lambda days: days.size)) as of_days:
            for days, counts, certified in of_days:
                counts.add_to(self._files)
                self.replaced += counts.replaced
                self._certified += certified
                done += len(days.dates)
                self._on_progress(
                    ImportProgress(phase="writing", done=done, total=total, at=days.date, rows=rows, share=done / total)
                )
        self._prices.keep(self._files)
        for number, file in enumerate(self._files):
            if file.contradictions:
                taken = "first, which is the newest," if number in self._intake.newest_first else "last"
                give = "row gives" if file.contradictions == 1 else "rows give"
                said = f"{give} the minute of an earlier row other values; the {taken} row was taken"
                file.warnings.append(f"{file.contradictions} {said}")
            of_store = file.corrected - file.contradictions
            if of_store >= _FEW_BARS and of_store * 2 > file.rows:
                same = "the same instrument, from the same venue, adjusted in the same way"
                file.warnings.append(f"{of_store} of {file.rows} bars replace other ones: are they of {same}?")


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
    """Yield a file, or what is in a folder; there also what turns out to be none, which is left out with its reason."""
    if not path.exists():
        check_folder(path, "what is imported")
        raise DataError(f"{path}: there is no such file or folder")
    yield from _within(path)


def _within(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    try:
        with os.scandir(path) as found:
            entries = sorted((entry.name, entry.is_file(follow_symlinks=False)) for entry in found)
    except OSError:
        yield path
        return
    for name, is_plain_file in entries:  # which need not be asked about once more
        if not name.startswith("."):
            yield from (path / name,) if is_plain_file else _within(path / name)


def _size_of(path: Path) -> int:
    with suppress(OSError):
        found = path.stat()
        return found.st_size if stat.S_ISREG(found.st_mode) else 0
    return 0
