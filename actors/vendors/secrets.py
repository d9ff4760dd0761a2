"""Keys of vendors: from the environment, or a file that nobody else can read; shown nowhere."""

import hashlib
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Self

import msgspec

from messages.errors import SettingsError


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """What an account is known by, one field a value. None is in its text, so that no log can hold it."""

    SUBJECT: ClassVar[str]
    """How the sentence begins that says what is missing."""
    NAMES: ClassVar[tuple[str, ...]]
    """Of the environment, or of lines in a file: one a field, in their order."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    @classmethod
    def find(cls, path: Path | None = None, environ: Mapping[str, str] | None = None) -> Self:
        """Take the values from the environment, or else from a file with lines such as ``NAME=...``.

        Args:
            path: the file; only its owner may have access to it (mode 600).
            environ: in place of the process's environment.

        Raises:
            SettingsError: something is missing, or others could read the file.
        """
        values = found_in(cls.SUBJECT, cls.NAMES, path, environ)
        return cls(**dict(zip(cls.__struct_fields__, values, strict=True)))


def found_in(
    subject: str, names: Sequence[str], path: Path | None = None, environ: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return values by name: all of them from the environment, or all from a file with lines such as ``NAME=...``.

    Args:
        subject: how the sentence begins that says what is missing: ``the keys to Alpaca are``.
        names: what is looked for.
        path: the file; only its owner may have access to it (mode 600).
        environ: in place of the process's environment.

    Raises:
        SettingsError: something is missing, or others could read the file.
    """
    found = dict(os.environ if environ is None else environ)
    if path is not None and not all(found.get(name) for name in names):
        found = _named_values(path)
    missing = " and ".join(name for name in names if not found.get(name))
    if missing:
        where = f"neither in the environment nor in {path}" if path else "not in the environment"
        raise SettingsError(f"{subject} {where}: set {missing}")
    return tuple(found[name] for name in names)


def _named_values(path: Path) -> dict[str, str]:
    try:
        mode = path.stat().st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(
                f"{path} has mode {stat.S_IMODE(mode):o}, so that others can read the keys in it: chmod 600 it"
            )
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {type(error).__name__}") from None
    pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def account_of(*keys: str) -> str:
    """Return what tells accounts apart, and from which no key can be read."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]


def without_keys(text: str, *keys: str) -> str:
    """Return a text in which no key stands, whatever a vendor echoes."""
    for key in keys:
        text = text.replace(key, "***") if key else text
    return text
