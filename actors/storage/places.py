"""Where the files of a store lie, so that other readers take its folder for one data set; and where they lay before.

A day's bars are ``calendar=XNYS/date=2024-07-02/bars.parquet``, as Hive names partitions: pyarrow, pandas, polars and
DuckDB give each bar its calendar and date. A narrow store has several days in a file, ``calendar=XNYS/2024.parquet`` or
``2024-07.parquet``, or one in ``2024-07-02.parquet``, with the date as a column. Readers want that alike in all files
of a data set, so a whole store is narrow or is not.
What is no bar begins with ``_`` or ``.``, which readers of data sets skip
(https://arrow.apache.org/docs/python/generated/pyarrow.dataset.dataset.html, ``ignore_prefixes``).
Until 2026 a day was ``XNYS/2024/2024-07-02.parquet`` with ``2024-07-02.certificate.json`` beside it: such days are
read and written where they are, until ``actors.storage.migration`` moves them.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count, takewhile
from pathlib import Path
from urllib.parse import quote, unquote

from actors.storage.atomic import UNFINISHED, exists, folders, names, patiently
from actors.storage.elsewhere.object_path import ObjectPath
from actors.storage.merging import check_key, is_session_date

BARS, CERTIFICATE = "bars.parquet", "_certificate.json"
PRINTS = "_prints.pq"
"""How a day was lived, beside its certificate, whatever the layout."""
UNTRADED = "_untraded.json"
"""Which minutes of a day were found untraded while it ran; there too."""
NARROW = "_narrow"
"""In the root of a store that is narrow. Empty, since polars minds files of other kinds unless they are."""
SYMBOLS = "_symbols"
"""In the root of a store whose large days are in groups of rows of a few symbols each. Empty, likewise."""
ADJUSTMENTS = ("_adjustments.pq", "_adjustments.parquet", "adjustments.parquet")
"""The first that is there counts. DuckDB takes every ``*.parquet`` for bars, whatever it begins with."""

_PERIOD = re.compile(r"\d{4}(-\d\d)?")
_PARQUET = ".parquet"
_CALENDAR, _DATE = "calendar=", "date="
_OLD_SUFFIX = {BARS: _PARQUET, CERTIFICATE: ".certificate.json"}


class Places:
    """Says where in a store's folder what is; looks at names alone.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._narrow = root / NARROW
        self._adjustments = [root / name for name in ADJUSTMENTS]
        self._quoted: dict[str, str] = {}
        self._calendars: dict[str, Path] = {}

    def new(self, calendar: str, date: str, name: str) -> Path:
        """Return where a day's file belongs.

        Raises:
            DataError: the day is not named by a calendar and an ISO date.
        """
        check_key(calendar, date)
        return self._folder(calendar) / f"{_DATE}{date}/{name}"  # one step costs a third of three

    def old(self, calendar: str, date: str, name: str) -> Path:
        """Return where it lay before."""
        return self._root / self._old_name(calendar, date, name)

    def _old_name(self, calendar: str, date: str, name: str) -> str:
        return f"{self._name_of(calendar)}/{date[:4]}/{date}{_OLD_SUFFIX[name]}"

    def apart(self, calendar: str, date: str) -> Path:
        """Return where the file of a day is in a narrow store, if it has one of its own."""
        return self._folder(calendar) / (date + _PARQUET)

    def period(self, calendar: str, period: str) -> Path:
        """Return where the days of a period are in a narrow store."""
        return self._folder(calendar) / (period + _PARQUET)

    def of(self, calendar: str, date: str, name: str) -> Path:
        """Return where a day's file is, or where it belongs if it is not there.

        Raises:
            DataError: the day is not named by a calendar and an ISO date.
        """
        found = self.find(calendar, date, name)
        if found is not None:
            return found
        return self.apart(calendar, date) if name == BARS and self.is_narrow() else self.new(calendar, date, name)

    def find(self, calendar: str, date: str, name: str) -> Path | None:
        """Return where a day's file is, ``None`` if it is not there.

        Raises:
            DataError: the day is not named by a calendar and an ISO date.
        """
        if (new := self.beside(calendar, date, name)) is not None:
            return new
        if name == BARS and self.is_apart(calendar, date):
            return self.apart(calendar, date)
        is_old = self._has(self._root, self._old_name(calendar, date, name))
        return self.old(calendar, date, name) if is_old else None

    def beside(self, calendar: str, date: str, name: str) -> Path | None:
        """Return where a day's file belongs, ``None`` if it is not there.

        Raises:
            DataError: the day is not named by a calendar and an ISO date.
        """
        check_key(calendar, date)
        return self.new(calendar, date, name) if self._has(self._folder(calendar), f"{_DATE}{date}/{name}") else None

    def is_apart(self, calendar: str, date: str) -> bool:
        """Return whether a day has a file of its own in a narrow store."""
        return self._has(self._folder(calendar), date + _PARQUET)

    def has_period(self, calendar: str, period: str) -> bool:
        """Return whether there is a file of the days of a period."""
        return self._has(self._folder(calendar), period + _PARQUET)

    @staticmethod
    def _has(folder: Path, name: str) -> bool:
        """Return whether something lies in a folder; to make a ``Path`` of it would cost three times as much."""
        return exists(folder / name) if isinstance(folder, ObjectPath) else os.path.exists(f"{folder}/{name}")

    def for_writing(self, calendar: str, date: str, name: str) -> Path:
        """Return the same; of two, which a migration left that was cut short, the others go: they are equal."""
        place = self.of(calendar, date, name)
        self.clear(calendar, date, name, but=place)
        return place

    def clear(self, calendar: str, date: str, name: str, *, but: Path | None = None) -> None:
        """Remove a day's file wherever it has one of its own, but for one place."""
        apart = [self.apart(calendar, date)] if name == BARS else []
        for path in (self.new(calendar, date, name), self.old(calendar, date, name), *apart):
            if path != but and exists(path):
                with suppress(FileNotFoundError):
                    patiently(path.unlink)

    def is_narrow(self) -> bool:
        """Return whether new days lie together with others."""
        return exists(self._narrow)

    def make_narrow(self, *, narrow: bool) -> None:
        """Say so, or say that each has a file of its own; the root is made if it is not there."""
        self._mark(NARROW, is_set=narrow)

    def is_by_symbols(self) -> bool:
        """Return whether large days are in groups of rows of a few symbols each."""
        return exists(self._root / SYMBOLS)

    def make_by_symbols(self, *, by_symbols: bool) -> None:
        """Say so, or say that they are in the order of time."""
        self._mark(SYMBOLS, is_set=by_symbols)

    def _mark(self, name: str, *, is_set: bool) -> None:
        mark = self._root / name
        if is_set:
            self._root.mkdir(parents=True, exist_ok=True)
            mark.touch()
        else:
            mark.unlink(missing_ok=True)

    def periods(self, calendar: str) -> list[str]:
        """Return the periods that have files, sorted: a year comes before its months."""
        return [name for name in self._files(calendar) if _PERIOD.fullmatch(name)]

    def days_apart(self, calendar: str) -> list[str]:
        """Return the session dates that have files of their own in a narrow store, sorted."""
        return [name for name in self._files(calendar) if is_session_date(name)]

    def earlier(self, calendar: str, date: str) -> list[Path]:
        """Return where the certificates are that another took the place of: ``_certificate.1.json`` and so on.

        Raises:
            DataError: the day is not named by a calendar and an ISO date.
        """
        place = self.of(calendar, date, CERTIFICATE)
        numbered = (place.with_suffix(f".{number}.json") for number in count(1))
        return list(takewhile(exists, numbered))

    def calendars(self) -> tuple[str, ...]:
        """Return the calendars that have bars, sorted."""
        return tuple(name for name in self.calendars_named() if self.periods(name) or any(self.dates(name, BARS)))

    def calendars_named(self) -> tuple[str, ...]:
        """Return the calendars that folders are named by, sorted, whether they have bars or not."""
        return tuple(sorted({unquote(name.removeprefix(_CALENDAR)) for name in _folders(self._root)}))

    def dates(self, calendar: str, name: str) -> Iterator[str]:
        """Yield the session dates that have such a file of their own, in no order; none twice."""
        folder = self._folder(calendar)
        found = set()
        for entry in _folders(folder):
            date = entry.removeprefix(_DATE)
            if entry != date and is_session_date(date) and exists(folder / entry / name):
                found.add(date)
                yield date
        apart = self.days_apart(calendar) if name == BARS else ()
        yield from {*apart, *self.old_dates(calendar, name)} - found

    def own_files(self, calendar: str) -> Callable[[str], bool]:
        """Return what tells of a session date whether its bars have a file of their own.

        It holds for as long as none comes, and looks at no more than the days that it is asked for: a store may have
        thousands of certificates.
        """
        there, is_old = frozenset(names(self._folder(calendar))), (self._root / self._name_of(calendar)).is_dir()

        def has(date: str) -> bool:
            if date + _PARQUET in there:
                return True
            is_new = _DATE + date in there and exists(self.new(calendar, date, BARS))
            return is_new or (is_old and exists(self.old(calendar, date, BARS)))

        return has

    def old_dates(self, calendar: str, name: str) -> Iterator[str]:
        """Yield the session dates that have such a file where it lay before."""
        suffix = _OLD_SUFFIX[name]
        paths = (self._root / self._name_of(calendar)).glob(f"*/*{suffix}")
        return (date for path in paths if is_session_date(date := path.name.removesuffix(suffix)))

    def adjusted(self, calendar: str) -> Path:
        """Return where it is written down which days of a calendar have adjusted prices."""
        return self._folder(calendar) / "_adjusted"

    def seals(self) -> Path:
        """Return where it is written down since when certificates are sealed."""
        return self._root / "_seals.json"

    def unfinished(self) -> Iterator[Path]:
        """Yield what a process left that died while it wrote."""
        yield from self._root.glob(f"{_CALENDAR}*/.*{UNFINISHED}")
        yield from self._root.glob(f"{_CALENDAR}*/{_DATE}*/.*{UNFINISHED}")
        yield from self._root.glob(f"*/*/*.parquet{UNFINISHED}")
        yield from self._root.glob(f"*/*/*.certificate*.json{UNFINISHED}")

    def adjustments(self) -> Path:
        """Return where splits and dividends are, or where they belong if there are none."""
        return next(filter(exists, self._adjustments), self._adjustments[0])

    def _files(self, calendar: str) -> list[str]:
        """Return what the Parquet files beside a calendar's days are named by."""
        there = names(self._folder(calendar))
        return sorted(name.removesuffix(_PARQUET) for name in there if name[0] not in "._" and name.endswith(_PARQUET))

    def _folder(self, calendar: str) -> Path:
        folder = self._calendars.get(calendar)
        if folder is None:
            folder = self._calendars[calendar] = self._root / (_CALENDAR + self._name_of(calendar))
        return folder

    def _name_of(self, calendar: str) -> str:
        # Dots are quoted too: Windows drops them at the end of a name, and ".." would lead out of the store.
        if calendar not in self._quoted:
            self._quoted[calendar] = quote(calendar, safe="").replace(".", "%2E")
        return self._quoted[calendar]


def _folders(root: Path) -> list[str]:
    """Return the names of the folders in one, but for those that begin as what is no bar does."""
    return [name for name in folders(root) if name[0] not in "._"]
