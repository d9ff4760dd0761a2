"""Connections to a PostgreSQL server: as many as there are threads that ask at once, kept while nobody does."""

import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

from actors.storage.postgres.address import PostgresAddress
from messages.errors import DataError, SettingsError

if TYPE_CHECKING:
    from psycopg import Connection, Cursor

_TRUSTED_S = 1.0
"""A connection that was idle for longer is tried before it is used: the server may have been started anew."""


class Connections:
    """Lends connections, each with a transaction on it.

    Args:
        address: of the server.

    Raises:
        SettingsError: psycopg is not installed.
    """

    def __init__(self, address: PostgresAddress) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise SettingsError(
                f"PostgreSQL needs psycopg: python -m pip install 'barkeeper[postgres]' ({error})"
            ) from error
        self._psycopg = psycopg
        self._address = address
        self._idle: list[tuple[Connection, float]] = []
        weakref.finalize(self, _close_all, self._idle)  # many who open a store to look into it never close it
        self._lock = Lock()

    @contextmanager
    def reading(self) -> "Iterator[Cursor]":
        """See the tables as they are at one moment, while the block runs.

        Raises:
            DataError: the server cannot be reached, or refuses.
        """
        with self._transaction(is_reading=True) as cursor:
            yield cursor

    @contextmanager
    def writing(self) -> "Iterator[Cursor]":
        """Change all that the block changes at once; nothing where it raises.

        Raises:
            DataError: the server cannot be reached, or refuses.
        """
        with self._transaction(is_reading=False) as cursor:
            yield cursor

    def close(self) -> None:
        """Close what is idle; may be called twice, and others may be lent afterwards."""
        with self._lock:
            idle = self._idle.copy()
            self._idle.clear()
        _close_all(idle)

    @contextmanager
    def _transaction(self, *, is_reading: bool) -> "Iterator[Cursor]":
        try:
            with self._lent() as connection:
                connection.isolation_level = (
                    self._psycopg.IsolationLevel.REPEATABLE_READ
                    if is_reading
                    else self._psycopg.IsolationLevel.READ_COMMITTED  # after a wait for a lock, what others wrote
                )
                connection.read_only = is_reading
                with connection.transaction(), connection.cursor() as cursor:
                    yield cursor
        except self._psycopg.Error as error:
            # Libpq's words may have the password in them, and so has the error's own frame.
            raise DataError(f"{self._address.shown}: {self._address.hide(str(error))}") from None

    @contextmanager
    def _lent(self) -> "Iterator[Connection]":
        connection = self._idle_one() or self._connected()
        try:
            yield connection
        finally:
            if connection.broken or connection.closed:
                connection.close()
            else:
                with self._lock:
                    self._idle.append((connection, time.monotonic()))

    def _idle_one(self) -> "Connection | None":
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection, since = self._idle.pop()
            if time.monotonic() - since < _TRUSTED_S:
                return connection
            with suppress(self._psycopg.Error):
                connection.execute("select 1")
                connection.rollback()
                return connection
            connection.close()

    def _connected(self) -> "Connection":
        try:
            return self._psycopg.connect(self._address.for_libpq, client_encoding="utf8")
        except self._psycopg.ProgrammingError:  # its words are about parts of the address, the password among them
            raise SettingsError(
                f"{self._address.shown} is no address that PostgreSQL's client understands; in a user or password "
                "write what is no letter or digit as %2F and so on"
            ) from None
        except self._psycopg.Error as error:
            raise DataError(
                f"no PostgreSQL lets us in at {self._address.shown}: {self._address.hide(str(error))}"
            ) from None


def _close_all(idle: "list[tuple[Connection, float]]") -> None:
    for connection, _ in idle:
        connection.close()
