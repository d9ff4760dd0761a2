"""Where the files of a store lie, so that other readers take its folder for one data set; and where they lay before.

A day's bars are ``calendar=XNYS/date=2024-07-02/bars.parquet``, as Hive names partitions: pyarrow, pandas, polars and
DuckDB give each bar its calendar and date. What is no bar begins with ``_`` or ``.``, which readers of data sets skip
(https://arrow.apache.org/docs/python/generated/pyarrow.dataset.dataset.html, ``ignore_prefixes``).
Until 2026 a day was ``XNYS/2024/2024-07-02.parquet`` with ``2024-07-02.certificate.json`` beside it: such days are
read and written where they are, until ``actors.storage.migration`` moves them.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import count, takewhile
from pathlib import Path
from urllib.parse import quote, unquote

from actors.storage.atomic import UNFINISHED, patiently
from actors.storage.merging import check_key, is_session_date

BARS, CERTIFICATE = "bars.parquet", "_certificate.json"
ADJUSTMENTS = ("_adjustments.pq", "_adjustments.parquet", "adjustments.parquet")
"""The first that is there counts. DuckDB takes every ``*.parquet`` for bars, whatever it begins with."""

_CALENDAR, _DATE = "calendar=", "date="
_OLD_SUFFIX = {BARS: ".parquet", CERTIFICATE: ".certificate.json"}


class Places:
    """Says where in a store's folder what is; looks at names alone.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._quoted: dict[str, str] = {}

    def new(self, calendar: str, date: str, name: str) -> Path:
        """Return where a day's file belongs.

        Raises:
            DataError: the day is not named by a calendar and an ISO date.
        """
        check_key(calendar, date)
        return self._root / (_CALENDAR + self._name_of(calendar)) / (_DATE + date) / name

    def old(self, calendar: str, date: str, name: str) -> Path:
        """Return where it lay before."""
        return self._root / self._name_of(calendar) / date[:4] / (date + _OLD_SUFFIX[name])

    def of(self, calendar: str, date: str, name: str) -> Path:
        """Return where a day's file is, or where it belongs if it is not there.

        Raises:
            DataError: the day is not named by a calendar and an ISO date.
        """
        new = self.new(calendar, date, name)
        if os.path.exists(new):  # asked for each day of an import, and a Path's is twice the cost
            return new
        old = self.old(calendar, date, name)
        return old if old.exists() else new

    def for_writing(self, calendar: str, date: str, name: str) -> Path:
        """Return the same; of two, which a migration left that was cut short, the old one goes: they are equal."""
        place, old = self.of(calendar, date, name), self.old(calendar, date, name)
        if place != old:
            with suppress(FileNotFoundError):
                patiently(old.unlink)
        return place

    def earlier(self, calendar: str, date: str) -> list[Path]:
        """Return where the certificates are that another took the place of: ``_certificate.1.json`` and so on.

        Raises:
            DataError: the day is not named by a calendar and an ISO date.
        """
        place = self.of(calendar, date, CERTIFICATE)
        numbered = (place.with_suffix(f".{number}.json") for number in count(1))
        return list(takewhile(Path.exists, numbered))

    def calendars(self) -> tuple[str, ...]:
        """Return the calendars that have bars, sorted."""
        return tuple(name for name in self.calendars_named() if any(self.dates(name, BARS)))

    def calendars_named(self) -> tuple[str, ...]:
        """Return the calendars that folders are named by, sorted, whether they have bars or not."""
        return tuple(sorted({unquote(name.removeprefix(_CALENDAR)) for name in _folders(self._root)}))

    def dates(self, calendar: str, name: str) -> Iterator[str]:
        """Yield the session dates that have such a file, in no order; none twice."""
        folder = self._root / (_CALENDAR + self._name_of(calendar))
        found = set()
        for entry in _folders(folder):
            date = entry.removeprefix(_DATE)
            if entry != date and is_session_date(date) and os.path.exists(f"{folder}/{entry}/{name}"):
                found.add(date)
                yield date
        yield from (date for date in self.old_dates(calendar, name) if date not in found)

    def old_dates(self, calendar: str, name: str) -> Iterator[str]:
        """Yield the session dates that have such a file where it lay before."""
        suffix = _OLD_SUFFIX[name]
        paths = (self._root / self._name_of(calendar)).glob(f"*/*{suffix}")
        return (date for path in paths if is_session_date(date := path.name.removesuffix(suffix)))

    def unfinished(self) -> Iterator[Path]:
        """Yield what a process left that died while it wrote."""
        yield from self._root.glob(f"{_CALENDAR}*/{_DATE}*/.*{UNFINISHED}")
        yield from self._root.glob(f"*/*/*.parquet{UNFINISHED}")
        yield from self._root.glob(f"*/*/*.certificate*.json{UNFINISHED}")

    def adjustments(self) -> Path:
        """Return where splits and dividends are, or where they belong if there are none."""
        paths = [self._root / name for name in ADJUSTMENTS]
        return next((path for path in paths if path.exists()), paths[0])

    def _name_of(self, calendar: str) -> str:
        # Dots are quoted too: Windows drops them at the end of a name, and ".." would lead out of the store.
        if calendar not in self._quoted:
            self._quoted[calendar] = quote(calendar, safe="").replace(".", "%2E")
        return self._quoted[calendar]


def _folders(root: Path) -> list[str]:
    """Return the names of the folders in one, but for those that begin as what is no bar does."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(root) as entries:
        return [entry.name for entry in entries if entry.name[0] not in "._" and entry.is_dir()]
    return []
