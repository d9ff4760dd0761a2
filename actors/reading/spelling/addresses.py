"""Where something lies: a path of this computer, or an address such as ``postgresql://host/database``."""

import os
import re
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from messages.errors import SettingsError

Place: TypeAlias = str | os.PathLike[str]
"""Where a store lies: a folder, or an address."""

POSTGRES = ("postgresql", "postgres")
BUCKETS = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss")
FILE = "file"
SECRETS = ("password", "sslpassword")
"""What in the query of an address is nobody's business."""

_OTHERS = ("duckdb", "sqlite", "mysql", "redis", "mongodb", "hdfs", "memory", "http", "https", "ftp", "sftp", "ssh")
_KNOWN = "|".join((*POSTGRES, *BUCKETS, FILE, *_OTHERS))
_ADDRESS = re.compile(rf"([A-Za-z][A-Za-z\d+.-]+):(?:/|$)|({_KNOWN}):", re.IGNORECASE)
"""An address; of ``s3://bucket`` a ``Path`` keeps one slash, of ``memory://`` none. One letter is a drive."""
_ELSEWHERE = re.compile(r"[\w.-]+@[\w.-]+:")
"""As ``scp`` names a folder of another computer."""


def scheme_of(place: Place) -> str:
    """Return what an address begins with, such as ``postgresql``; empty for a path."""
    found = _ADDRESS.match(os.fspath(place))
    return (found[1] or found[2]).lower() if found else ""


def path_of(place: Place) -> Path:
    """Return a path of this computer, whose ``~`` a shell expands only where it stands alone."""
    return Path(os.path.expanduser(place))  # a Path's own fails where there is no such user


def shown(place: Place) -> str:
    """Return a place as it may be shown: an address without passwords, whether or not it can be understood."""
    text = os.fspath(place)
    head, mark, tail = text.partition("://")
    if not mark or not scheme_of(place):
        return text
    where, _, query = tail.partition("?")
    user, at, rest = where.rpartition("@")
    who = f"{user.partition(':')[0]}@" if at else ""
    kept = "&".join(pair for pair in query.split("&") if pair and pair.partition("=")[0] not in SECRETS)
    return f"{head}://{who}{rest}{'?' if kept else ''}{kept}"


def check_place(place: Place, what: str) -> None:
    """Check that a store may lie at a place.

    Args:
        place: as somebody gave it.
        what: what it is for.

    Raises:
        SettingsError: it is an address of another kind.
    """
    text, kind = os.fspath(place), scheme_of(place)
    if kind not in (*POSTGRES, *BUCKETS, FILE):
        check_folder(place, what)
    elif not text[len(kind) :].startswith("://"):
        raise SettingsError(f"{what}: {text} lacks a slash of {kind}:// (a Path loses one: give an address as text)")
    elif kind == FILE and urlsplit(text).netloc not in ("", "localhost"):
        raise SettingsError(f"{what}: {text} names a computer, {urlsplit(text).netloc}; file:///FOLDER is one of this")


def check_folder(path: Place, what: str) -> None:
    """Check that a path can be meant as a folder or file of this computer.

    Args:
        path: as somebody gave it.
        what: what it is for.

    Raises:
        SettingsError: it is an address, like ``s3://bucket/store``.
    """
    text = os.fspath(path)
    found = _ADDRESS.match(text)
    if found or _ELSEWHERE.match(text):
        address = shown(f"{found[1]}://{text[found.end() :].lstrip('/')}") if found and found[1] else text
        raise SettingsError(
            f"{what} is a folder or file of this computer, and {address} is an address, which cannot be read or written"
        )
