"""The certificate of a day as a JSON file beside the day's bars, and what it means to put one in another's place."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from actors.storage.atomic import patiently, replacing
from messages.certificates import CERTIFICATE_VERSION, SessionCertificate
from messages.errors import DataError


class _Head(msgspec.Struct):
    """What has to be right before the rest is looked at."""

    version: int
    calendar: str
    date: str


def read_certificate(path: Path, calendar: str, date: str) -> SessionCertificate | None:
    """Return the certificate that a file holds, or ``None`` where there is no file.

    Raises:
        DataError: the file is damaged, or not the certificate that is expected there.
    """
    try:
        with _explained(path, calendar, date):
            raw = patiently(path.read_bytes)
            _check(msgspec.json.decode(raw, type=_Head), calendar, date)
            return msgspec.json.decode(raw, type=SessionCertificate)
    except FileNotFoundError:
        return None


def write_certificate(path: Path, certificate: SessionCertificate) -> None:
    """Write a certificate: after a crash at any moment there is either the old file or the new one, whole.

    Raises:
        OSError: the folder or the disk refuses; an old file is as it was.
    """
    with replacing(path) as sink:
        sink.write(msgspec.json.encode(certificate) + b"\n")


def succeeding(old: SessionCertificate | None, new: SessionCertificate) -> SessionCertificate:
    """Return the new certificate with the digest of the old one in ``replaces``, where that is another."""
    if old is None:
        return new
    replaces = old.replaces if old.digest == new.digest else old.digest
    return msgspec.structs.replace(new, replaces=replaces)


def check_day(certificate: SessionCertificate, calendar: str, date: str) -> None:
    """Check that a certificate is that of a day.

    Raises:
        DataError: it is that of another.
    """
    if (certificate.calendar, certificate.date) != (calendar, date):
        raise DataError(
            f"the certificate of {certificate.calendar} on {certificate.date} is not that of {calendar} on {date}"
        )


def _check(head: _Head, calendar: str, date: str) -> None:
    if head.version != CERTIFICATE_VERSION:
        raise DataError(f"expected version {CERTIFICATE_VERSION} of the format, found {head.version}")
    if (head.calendar, head.date) != (calendar, date):
        raise DataError(f"expected {calendar} on {date}, found {head.calendar} on {head.date}")


@contextmanager
def _explained(path: Path, calendar: str, date: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except (msgspec.MsgspecError, OSError, ValueError) as error:
        expected = f"expected a JSON file with the certificate of {calendar} on {date}"
        raise DataError(f"{path} cannot be read: {expected}, but: {error}") from error
