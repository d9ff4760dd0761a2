"""What takes long to compute and seldom changes, kept on disk: in the platform's folder for what may be lost."""

import contextlib
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import msgspec

from messages.codec import decoder, encode
from messages.errors import UNREADABLE

T = TypeVar("T", bound=msgspec.Struct)

KEPT_DAYS = 7
"""After so many days it is computed again: the end of what a calendar knows moves on with the date."""


def folder() -> Path:
    """Return where it lies: ``BARKEEPER_CACHE``, or where the platform keeps caches."""
    if chosen := os.environ.get("BARKEEPER_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "barkeeper"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "barkeeper"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "barkeeper"


def kept(kind: type[T], key: str, compute: Callable[[], T]) -> T:
    """Return what is kept under a key, or compute and keep it.

    What is old, damaged or of another shape is computed anew; where nothing can be kept, it is computed each time.

    Args:
        kind: what is kept.
        key: all that it depends on, versions included, as part of a file's name.
        compute: makes it.
    """
    path = folder() / f"{key}.msgpack"
    with contextlib.suppress(OSError, *UNREADABLE):
        age_s = datetime.now(UTC).timestamp() - path.stat().st_mtime
        if 0 <= age_s < KEPT_DAYS * 86_400:
            found: Any = decoder(kind).decode(path.read_bytes())
            return found  # type: ignore[no-any-return]  # the decoder is of this kind
    made = compute()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{uuid4().hex}")
        beside.write_bytes(encode(made))
        beside.replace(path)
    return made
