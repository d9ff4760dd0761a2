"""The certificates of a day in PostgreSQL, read and issued in a transaction that somebody else has begun.

Number 0 is that which counts; those of live days that it took the place of have the others, the oldest 1. Each has its
seal, a digest of its text and of how many went before it: who changes it, or takes one away, without minding that is
found out.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from actors.storage.beside.sidecar import check_day, outlives, succeeding
from actors.storage.postgres.of_day import OfDay
from messages.certificates import SessionCertificate
from messages.errors import UNREADABLE, DataError

_ALL = "select earlier, certificate, seal from {schema}.certificates where {day} order by earlier"
_ISSUE = (
    "insert into {schema}.certificates (calendar, date, earlier, certificate, seal)"
    " values (%(calendar)s, %(date)s, %(earlier)s, %(certificate)s, %(seal)s)"
)
_KEEP = "update {schema}.certificates set earlier = %(earlier)s where {day} and earlier = 0"
_REPLACE = "delete from {schema}.certificates where {day} and earlier = 0"
_FORGET = "delete from {schema}.certificates where {day}"


class CertificateTable(OfDay):
    """Those of one day, in a transaction."""

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
        """Put one in the place of that which counts; ``actors.storage.beside.sidecar`` says what becomes of that.

        Raises:
            DataError: one cannot be understood, or is of another day.
        """
        there = self.all()
        old = there[0] if there else None
        new = succeeding(old, certificate)
        if new == old:
            return
        if old is not None and outlives(old, new):
            self._run(_KEEP, earlier=len(there))
            self._write(0, new, len(there))
        else:
            self._run(_REPLACE)
            self._write(0, new, max(len(there) - 1, 0))

    def put(self, certificates: Sequence[SessionCertificate]) -> None:
        """Put some in the place of all that are there; the last one counts, those before it are earlier ones."""
        self._run(_FORGET)
        for before, certificate in enumerate(certificates):
            self._write((before + 1) % len(certificates), certificate, before)

    def _rows(self) -> list[tuple[int, str, str]]:
        return self._run(_ALL).fetchall()

    def _write(self, number: int, certificate: SessionCertificate, before: int) -> None:
        text = msgspec.json.encode(certificate).decode()
        self._run(_ISSUE, earlier=number, certificate=text, seal=_seal_of(text, before))

    def _read(self, text: str) -> SessionCertificate:
        try:
            found = msgspec.json.decode(text, type=SessionCertificate)
        except UNREADABLE as error:
            raise DataError(f"the certificate of {self._calendar} on {self._date} cannot be read: {error}") from error
        check_day(found, self._calendar, self._date)
        return found


def _seal_of(text: str, before: int) -> str:
    return hashlib.sha256(f"{before} {text}".encode()).hexdigest()[:32]
