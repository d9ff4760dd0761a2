"""An import that several processes share: the files of a day are a task, read and written by one of them.

It takes what says by its name which day it is of, and in itself whose bars it has, as files of a whole market do. All
else is imported by one process, for files may mean what only others can tell, and small days lie together in one file.
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from actors.importing.into_store import (
    Found,
    ImportOptions,
    ImportProgress,
    ImportReport,
    NeedsTheOthers,
    import_found,
    walked,
)
from actors.importing.report import FileReport, concluded, totals_of
from actors.kernel.dealing import dealt_out
from actors.storage.elsewhere.object_path import ObjectPath
from actors.storage.own_hours import Calendars
from actors.storage.parquet import ParquetStore
from actors.storage.segments import CalendarSegments
from messages.errors import BarkeeperError

LEAST_BYTES = 256 * 1024
"""A day of less, in files, is not worth a task; and it may be one of those that lie together."""

_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")

_WORK = "actors.importing.dealt.sharing:work"


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What each process needs."""

    root: Path
    locks: Path
    options: ImportOptions
    calendars: Calendars
    spill_to: Path | None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the files of one day."""

    report: ImportReport
    replaced: int


def import_shared(
    paths: Iterable[Path | str],
    store: ParquetStore,
    options: ImportOptions,
    calendars: Calendars,
    *,
    workers: int,
    on_progress: Callable[[ImportProgress], None] = lambda _: None,
    spill_to: Path | None = None,
    least_bytes: int = LEAST_BYTES,
) -> ImportReport:
    """Import as ``import_paths`` does, and say the same of it; days are written as they are read.

    Args:
        paths: files, and folders with all that is in them.
        store: where bars go.
        options: what the files do not say themselves.
        calendars: gives a calendar by its name.
        workers: how many processes share the work, if it can be shared.
        on_progress: called in this thread, after each day or, of an import that is not shared, as ever.
        spill_to: the folder for temporary files.
        least_bytes: how large the files of a day have to be, on average.

    Raises:
        BarkeeperError: as for ``import_paths``.
        SystemFailed: processes die of the files of a day.
    """
    found = walked(paths)
    is_apart = not isinstance(store.root, ObjectPath) and store.expect({}) == "days"
    days = days_of(found, least_bytes) if is_apart and not options.strict and not options.symbol else []
    if workers > 1 and len(days) > 1:
        store.claim()
        with tempfile.TemporaryDirectory(prefix="barkeeper-") as locks:
            shared = Shared(root=store.root, locks=Path(locks), options=options, calendars=calendars, spill_to=spill_to)
            parts = _parts(shared, days, found, workers, on_progress)
        if parts is not None:
            if any(part.report.certified for part in parts):
                store.remember_certified()  # its processes are gone before they close it
            return _joined(parts, found)
    return import_found(found, store, options, on_progress, calendars, spill_to=spill_to)[0]


def days_of(found: Sequence[Found], least_bytes: int) -> list[list[Found]]:
    """Return the files by the day that their names say; nothing where one does not, or days are small."""
    days: dict[str, list[Found]] = {}
    for one in found:
        dates = {"-".join(match.groups()) for match in _DATE.finditer(one.file.name)}
        if len(dates) != 1 or not one.file.is_file():
            return []
        days.setdefault(dates.pop(), []).append(one)
    size = sum(one.file.stat().st_size for one in found)
    return [days[date] for date in sorted(days)] if size >= least_bytes * len(days) else []


def work(receive: Callable[[], Any], send: Callable[[object], None]) -> None:
    """Import the files of one day after the other; answers what became of them, or the error that ends the import."""
    shared: Shared = receive()
    segments = CalendarSegments(shared.calendars)
    with closing(ParquetStore(shared.root, segment_of=segments, shared=shared.locks)) as store:
        while True:
            files = receive()
            try:
                report, replaced = import_found(
                    files, store, shared.options, None, shared.calendars, spill_to=shared.spill_to, is_all=False
                )
            except BarkeeperError as error:
                send(error)
            else:
                send(Part(report=report, replaced=replaced))


def _parts(
    shared: Shared,
    days: Sequence[Sequence[Found]],
    found: Sequence[Found],
    workers: int,
    on_progress: Callable[[ImportProgress], None],
) -> list[Part] | None:
    """Return what became of each day's files, in order; ``None``: they cannot be read apart from each other."""
    parts: dict[int, Part] = {}
    rows = done = read = 0
    total = sum(one.file.stat().st_size for one in found)
    with closing(dealt_out(_WORK, shared, days, workers)) as answers:
        for place, answer in answers:
            if isinstance(answer, NeedsTheOthers):
                return None
            if isinstance(answer, BarkeeperError):
                raise answer
            parts[place] = answer
            rows += answer.report.totals.rows
            done += len(days[place])
            read += sum(one.file.stat().st_size for one in days[place])
            at, share = str(days[place][-1].file), read / max(1, total)
            on_progress(ImportProgress(phase="reading", done=done, total=len(found), at=at, rows=rows, share=share))
    return [parts[place] for place in range(len(days))]


def _joined(parts: Sequence[Part], found: Sequence[Found]) -> ImportReport:
    """Return one report of all files, in the order in which they were found."""
    place = {one.file: number for number, one in enumerate(found)}

    def order(path: str) -> int:
        return next(place[file] for file in (Path(path), *Path(path).parents) if file in place)

    reports = [part.report for part in parts]
    files: list[FileReport] = sorted((file for one in reports for file in one.files), key=lambda file: order(file.path))
    skipped = sorted((file for one in reports for file in one.skipped), key=lambda file: order(file.path))
    layouts = {one.layout for one in reports} - {None}
    return ImportReport(
        files=files,
        skipped=skipped,
        totals=totals_of(files, skipped),
        written=True,
        certified=sum(one.certified for one in reports),
        layout=layouts.pop() if layouts else None,
        remarks=[remark for one in reports for remark in one.remarks],
        error=concluded(files, skipped, sum(part.replaced for part in parts)),
    )
