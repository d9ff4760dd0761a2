"""A file of records, a JSON object a line, each with the digest of the line before: what was changed is found."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from actors.storage.atomic import replacing
from messages.errors import DataError

_PREVIOUS = "previous"
FIRST = "0" * 64
"""What the first record names as the one before it."""


def chained(records: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """Return records as lines, each of which names the digest of the one before."""
    lines, previous = [], FIRST
    for record in records:
        line = json.dumps({**record, _PREVIOUS: previous}, ensure_ascii=False, allow_nan=False).encode()
        lines.append(line)
        previous = hashlib.sha256(line).hexdigest()
    return lines


def write(path: Path, records: Iterable[Mapping[str, Any]]) -> str:
    """Write records; return the digest of the last, which stands for all of them.

    Raises:
        DataError: the disk refuses.
    """
    lines = chained(records)
    try:
        with replacing(path) as sink:
            sink.write(b"\n".join(lines) + b"\n")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from error
    return hashlib.sha256(lines[-1]).hexdigest()


def read(path: Path) -> list[dict[str, Any]]:
    """Return the records of a file, without what chains them.

    Raises:
        DataError: it cannot be read, or a record is not what was written; names the first.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    records, previous = [], FIRST
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            named = record.pop(_PREVIOUS)
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            raise DataError(f"{path}, record {number}: expected a JSON object that names the one before it") from error
        if named != previous:
            raise DataError(
                f"{path}, record {number - 1 or 1}: it is not the one that was written; the next names another"
            )
        records.append(record)
        previous = hashlib.sha256(line).hexdigest()
    if not records:
        raise DataError(f"{path}: expected a proof, a record a line; it is empty")
    return records
