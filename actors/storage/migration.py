"""A store's days moved: from where they lay before to where readers of data sets look for them, together, or apart.

A day is copied to its new place, read back and compared by a digest; only then its old file goes. So a migration may
be cut short at any moment: every day is whole in one place or the other, and the next one goes on from there.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import msgspec
import numpy as np

from actors.kernel.ports import StoredDay
from actors.reading.spelling.addresses import check_folder
from actors.storage.atomic import FolderSyncs, patiently, replacing
from actors.storage.dayfile import copy_day, read_day, rearrange
from actors.storage.lock import StoreLock
from actors.storage.narrow.moving import Moving
from actors.storage.own_hours import FILE as HOURS
from actors.storage.places import ADJUSTMENTS, BARS, CERTIFICATE, Places
from messages.errors import DataError


class MovedDay(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one day."""

    calendar: str
    date: str
    digest: str | None = None
    """Of its bars and verdicts, the same in both places; ``None`` where it has only a certificate."""
    fault: str | None = None
    """Why it was left where it is, in one sentence."""


class MigrateReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a migration came to."""

    days: list[MovedDay]
    """Those that did not lie in their new place yet."""
    in_place: int
    """Days that were there before."""
    left: list[str]
    """Files in the folder that are not the store's, and that readers of data sets will stumble over."""

    @property
    def faults(self) -> list[str]:
        """A sentence for each day that was not moved."""
        return [day.fault for day in self.days if day.fault is not None]


def migrate_store(
    root: Path,
    on_progress: Callable[[int, int, str], None] | None = None,
    *,
    narrow: bool | None = None,
    by_symbols: bool | None = None,
) -> MigrateReport:
    """Move every day of a store that lies in an old place, or in one of another layout.

    Args:
        root: the store's folder.
        narrow: whether it shall be narrow; ``None``: as it is.
        by_symbols: whether large days shall be in groups of rows of a few symbols each; ``None``: as they are.
        on_progress: called after each day with how many are done, how many there are, and its date.

    Raises:
        DataError: there is no such folder, or the disk refuses.
        StoreLocked: somebody is writing to the store.
    """
    check_folder(root, "a store")
    if not root.is_dir():
        raise DataError(f"no store at {root}: {'not a folder' if root.exists() else 'no such folder'}")
    try:
        lock = StoreLock(root)
        try:
            return _Migration(root).run(on_progress or (lambda *_: None), narrow, by_symbols)
        finally:
            lock.release()
    except OSError as error:
        raise DataError(f"cannot write to the store at {root}: {error}") from error


class _Migration:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._places = Places(root)
        self._folders = FolderSyncs()

    def run(
        self, on_progress: Callable[[int, int, str], None], narrow: bool | None, by_symbols: bool | None
    ) -> MigrateReport:
        for unfinished in self._places.unfinished():
            unfinished.unlink()
        names = self._places.calendars_named()
        keys = [(name, date) for name in names for date in sorted(self._old_dates(name))]
        is_narrow = self._places.is_narrow() if narrow is None else narrow
        moving = Moving(self._places, digest_of)
        there, waiting = moving.all(), moving.waiting(narrow=is_narrow)
        done, total = count(1), len(keys) + len(waiting)
        days = {}
        for key in keys:
            days[key] = self._moved(*key)
            on_progress(next(done), total, key[1])
        stuck = {key for key, day in days.items() if day.fault is not None}
        for calendar, date, outcome in moving.run(narrow=is_narrow, but=stuck):
            digest, fault = (None, str(outcome)) if isinstance(outcome, DataError) else (outcome, None)
            days[calendar, date] = MovedDay(calendar=calendar, date=date, digest=digest, fault=fault)
            on_progress(next(done), total, date)
        if by_symbols is not None:
            self._places.make_by_symbols(by_symbols=by_symbols)
        if by_symbols is not None or self._places.is_by_symbols():
            days |= {(day.calendar, day.date): day for day in self._rearranged(on_progress)}
        self._rename_side_files()
        self._clear()
        moved = [days[key] for key in sorted(days)]
        return MigrateReport(days=moved, in_place=len(there - days.keys()), left=sorted(self._strangers()))

    def _old_dates(self, calendar: str) -> set[str]:
        return {date for name in (BARS, CERTIFICATE) for date in self._places.old_dates(calendar, name)}

    def _moved(self, calendar: str, date: str) -> MovedDay:
        try:
            self._copy_certificate(calendar, date)
            digest = self._move_bars(calendar, date)
            old = self._places.old(calendar, date, CERTIFICATE)
            for path in (*old.parent.glob(f"{date}.certificate.*.json"), old):
                with suppress(FileNotFoundError):
                    patiently(path.unlink)
        except DataError as error:
            return MovedDay(calendar=calendar, date=date, fault=str(error))
        return MovedDay(calendar=calendar, date=date, digest=digest)

    def _copy_certificate(self, calendar: str, date: str) -> None:
        old, new = (place(calendar, date, CERTIFICATE) for place in (self._places.old, self._places.new))
        for number in count(1):
            earlier = old.with_suffix(f".{number}.json")
            if not earlier.exists():
                break
            self._copy(earlier, new.with_suffix(f".{number}.json"), f"{calendar} on {date}")
        if old.exists():
            self._copy(old, new, f"{calendar} on {date}")

    def _copy(self, old: Path, new: Path, day: str) -> None:
        raw = old.read_bytes()
        if not new.exists():
            with replacing(new) as sink:
                sink.write(raw)
            self._folders.sync(new.parent)
        if new.read_bytes() != raw:
            raise DataError(f"{old} and {new} are two certificates of {day}: remove one of them")

    def _move_bars(self, calendar: str, date: str) -> str | None:
        old, new = (place(calendar, date, BARS) for place in (self._places.old, self._places.new))
        if not old.exists():
            return None
        digest, was_there = _digest(old, calendar, date), new.exists()
        if not was_there:
            copy_day(old, new, calendar, date)
            self._folders.sync(new.parent)
            self._folders.sync(new.parent.parent)
        if _digest(new, calendar, date) != digest:
            if was_there:
                raise DataError(f"{old} and {new} hold different bars of {calendar} on {date}: remove one of them")
            new.unlink()
            raise DataError(f"{old}: what was written of it to {new} could not be read back the same")
        patiently(old.unlink)
        self._folders.sync(old.parent)
        return digest

    def _rearranged(self, on_progress: Callable[[int, int, str], None]) -> Iterator[MovedDay]:
        """Let each day that has a file of its own be in the order that it is to have; yield those that were not."""
        by_symbols, names = self._places.is_by_symbols(), self._places.calendars_named()
        keys = [(name, date) for name in names for date in sorted(self._places.dates(name, BARS))]
        for number, (calendar, date) in enumerate(keys, start=1):
            path = self._places.of(calendar, date, BARS)
            if path.name != BARS:  # one file of a narrow store
                continue
            try:
                if rearrange(path, calendar, date, by_symbols=by_symbols):
                    self._folders.sync(path.parent)
                    yield MovedDay(calendar=calendar, date=date, digest=_digest(path, calendar, date))
            except DataError as error:
                yield MovedDay(calendar=calendar, date=date, fault=str(error))
            on_progress(number, len(keys), date)

    def _rename_side_files(self) -> None:
        """Give side files names that readers of data sets skip."""
        hours = self._root / HOURS
        for found, place in (
            (self._places.adjustments(), self._root / ADJUSTMENTS[0]),
            (hours, hours.with_name(f"_{HOURS}")),
        ):
            if found != place and found.exists() and not place.exists():
                found.rename(place)

    def _clear(self) -> None:
        """Take away the folders that are empty now."""
        for folder in [*self._root.glob("*/*"), *self._root.glob("*")]:
            if folder.is_dir():
                with suppress(OSError):
                    folder.rmdir()

    def _is_of_bars(self, path: Path) -> bool:
        is_of_many = path.parent.name.startswith("calendar=") and path.suffix == ".parquet"
        return path.name == BARS or (is_of_many and path.stem[:4].isdigit())

    def _strangers(self) -> Iterator[str]:
        for path in self._root.rglob("*"):
            parts = path.relative_to(self._root).parts
            if path.is_file() and not self._is_of_bars(path) and not any(part[0] in "._" for part in parts):
                yield "/".join(parts)


def _digest(path: Path, calendar: str, date: str) -> str:
    return digest_of(read_day(path, calendar, date))


def digest_of(day: StoredDay) -> str:
    """Return a digest of all that a file says of its day: symbols, starts, values that are known, verdicts."""
    total = hashlib.sha256("\n".join([str(day.bars.interval), day.tz, *day.bars.symbols]).encode())
    for column in (day.bars.symbol_index, day.bars.start_ns, day.verdicts):
        total.update(np.ascontiguousarray(column).data)
    for row in day.bars.values:
        total.update(np.where(np.isnan(row), np.nan, row).data)
    return total.hexdigest()[:32]
