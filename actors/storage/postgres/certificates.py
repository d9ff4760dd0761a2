"""The certificates of a day in PostgreSQL, read and issued in a transaction that somebody else has begun.

Number 0 is that which counts; those of live days that it took the place of have the others, the oldest 1. Each has its
seal, a digest of its text and of how many went before it: who changes it, or takes one away, without minding that is
found out.
"""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from actors.storage.postgres.tables import in_schema
from actors.storage.sidecar import check_day, outlives, succeeding
from messages.certificates import SessionCertificate
from messages.errors import DataError

if TYPE_CHECKING:
    from psycopg import Cursor

_ALL = "select earlier, certificate, seal from {schema}.certificates where calendar = %s and date = %s order by earlier"
_ISSUE = "insert into {schema}.certificates (calendar, date, earlier, certificate, seal) values (%s, %s, %s, %s, %s)"
_KEEP = "update {schema}.certificates set earlier = %s where calendar = %s and date = %s and earlier = 0"
_REPLACE = "delete from {schema}.certificates where calendar = %s and date = %s and earlier = 0"
_FORGET = "delete from {schema}.certificates where calendar = %s and date = %s"


class CertificateTable:
    """Those of one day, in a transaction.

    Args:
        cursor: in it.
        schema: that has the tables.
        calendar: of the day.
        date: of the day, ISO.
    """

    def __init__(self, cursor: "Cursor", schema: str, calendar: str, date: str) -> None:
        self._cursor = cursor
        self._schema = schema
        self._key = (calendar, date)

    def all(self) -> list[SessionCertificate]:
        """Return the one that counts, if there is any, and then earlier ones, oldest first.

        Raises:
            DataError: one cannot be understood, or is of another day.
        """
        return [self._read(text) for _, text, _ in self._rows()]

    def are_as_issued(self) -> bool | None:
        """Return whether they are what was written, and all there; ``None``: there is none."""
        found = self._rows()
        if not found:
            return None
        numbers = [number for number, _, _ in found]
        are_whole = all(_seal_of(text, (number or len(found)) - 1) == seal for number, text, seal in found)
        return are_whole and numbers == list(range(len(found)))

    def issue(self, certificate: SessionCertificate) -> None:
        """Put one in the place of that which counts; ``actors.storage.sidecar`` says what becomes of that.

        Raises:
            DataError: one cannot be understood, or is of another day.
        """
        there = self.all()
        old = there[0] if there else None
        new = succeeding(old, certificate)
        if new == old:
            return
        if old is not None and outlives(old, new):
            self._run(_KEEP, len(there), *self._key)
            self._write(0, new, len(there))
        else:
            self._run(_REPLACE, *self._key)
            self._write(0, new, max(len(there) - 1, 0))

    def put(self, certificates: Sequence[SessionCertificate]) -> None:
        """Put some in the place of all that are there; the last one counts, those before it are earlier ones."""
        self._run(_FORGET, *self._key)
        for before, certificate in enumerate(certificates):
            self._write((before + 1) % len(certificates), certificate, before)

    def _rows(self) -> list[tuple[int, str, str]]:
        return self._run(_ALL, *self._key).fetchall()

    def _write(self, number: int, certificate: SessionCertificate, before: int) -> None:
        text = msgspec.json.encode(certificate).decode()
        self._run(_ISSUE, *self._key, number, text, _seal_of(text, before))

    def _read(self, text: str) -> SessionCertificate:
        calendar, date = self._key
        try:
            found = msgspec.json.decode(text, type=SessionCertificate)
        except msgspec.MsgspecError as error:
            raise DataError(f"the certificate of {calendar} on {date} cannot be read: {error}") from error
        check_day(found, calendar, date)
        return found

    def _run(self, asked: str, *given: object) -> "Cursor":
        return self._cursor.execute(in_schema(asked, self._schema), given)


def _seal_of(text: str, before: int) -> str:
    return hashlib.sha256(f"{before} {text}".encode()).hexdigest()[:32]
