"""A store by where it lies: a folder of this computer, or an address such as ``postgresql://host/bars`` or ``s3://bucket/bars``.

Who shows an address shows what ``actors.reading.spelling.addresses.shown`` makes of it: there may be a password in it.
"""

import os
import re
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from actors.kernel.ports import BarStore, KnowsHours
from actors.market.hours.own import NOTHING_OWN, OwnHours
from actors.reading.spelling.addresses import BUCKETS, FILE, POSTGRES, Place, check_place, path_of, scheme_of, shown
from actors.storage.journal.file import folder_beside
from actors.storage.own_hours import read_own_hours
from actors.storage.parquet import ParquetStore
from actors.storage.segments import SegmentOf

_WORD = re.compile(r"\w[\w.-]*")


class OpenedStore(BarStore, KnowsHours, Protocol):
    """A store that was opened by where it lies."""

    @property
    def root(self) -> Path | str:
        """Where it lies, as it may be shown: without passwords."""
        ...

    @property
    def folder(self) -> Path | None:
        """Its folder of this computer; ``None``: it lies elsewhere."""
        ...

    def claim(self) -> None:
        """Be sure now, and not with the first merge, that it can be written to.

        Raises:
            StoreLocked: another process is writing to this store.
            DataError: it is open for reading only, or cannot be written to.
        """
        ...


def open_store(
    place: Place,
    *,
    read_only: bool = False,
    segment_of: SegmentOf | None = None,
    own: OwnHours = NOTHING_OWN,
) -> OpenedStore:
    """Open a store; what is not there is made by the first that is written.

    Args:
        place: a folder, or an address.
        read_only: refuse to write, and to open what is not there.
        segment_of: which part of the day each start lies in; by default what the calendar says.
        own: special sessions and calendars that go before those of the store.

    Raises:
        DataError: it cannot be reached, there is something else, or nothing and ``read_only`` is asked for.
        SettingsError: that is no place of a store, or what its kind needs is not installed.
    """
    check_place(place, "a store")
    if scheme_of(place) in POSTGRES:
        from actors.storage.postgres.store import PostgresStore  # 0.1 s, with psycopg, for those who have one

        return PostgresStore(os.fspath(place), read_only=read_only, segment_of=segment_of, own=own)
    if scheme_of(place) in BUCKETS:
        from actors.storage.elsewhere.objects import ObjectStore  # likewise, with obstore

        return ObjectStore(os.fspath(place), read_only=read_only, segment_of=segment_of, own=own)
    folder = folder_of(place)
    assert folder is not None, "there are no other kinds of places"
    return ParquetStore(folder, read_only=read_only, segment_of=segment_of, own=own)


def folder_of(place: Place) -> Path | None:
    """Return the folder of this computer in which a store lies, or would; ``None``: it lies elsewhere."""
    kind = scheme_of(place)
    if kind == FILE:
        return Path(url2pathname(urlsplit(os.fspath(place)).path))
    return None if kind else path_of(place)


def own_hours_at(place: Place) -> OwnHours:
    """Return the special sessions and calendars that lie with a store, or beside where it would lie.

    Raises:
        DataError: a store elsewhere cannot be reached.
        SettingsError: they cannot be read, or make no sense.
    """
    folder = folder_of(place)
    return open_store(place).own_hours() if folder is None else read_own_hours(folder)


def is_one_place(one: Place, other: Place) -> bool:
    """Return whether two places are the same."""
    folders = [folder_of(place) for place in (one, other)]
    if None in folders:
        return os.fspath(one) == os.fspath(other)
    return len({folder.resolve() for folder in folders if folder is not None}) == 1


def journals_of(place: Place) -> Path:
    """Return where the journals of live days lie: beside a folder; of a store elsewhere where the program runs."""
    folder = folder_of(place)
    if folder is None:
        _, _, tail = shown(place).partition("://")
        path, _, query = tail.partition("?")
        parts = path.rpartition("@")[2].split("/")
        parts = parts if scheme_of(place) in BUCKETS else parts[1:]
        words = [*parts, *(pair.partition("=")[2] for pair in query.split("&"))]
        name = "-".join(word for word in words if _WORD.fullmatch(word)) or "store"
        folder = Path.cwd() / name
    return folder_beside(folder)
