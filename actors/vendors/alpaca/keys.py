"""The keys to Alpaca's API: from the environment, or a file that nobody else can read; never shown."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from messages.errors import SettingsError

KEY_NAME = "APCA_API_KEY_ID"
SECRET_NAME = "APCA_API_SECRET_KEY"  # noqa: S105  # its name, not the secret


class AlpacaKeys(msgspec.Struct, frozen=True, kw_only=True):
    """A key and its secret. Neither is in its text, so that no log can hold them."""

    key: str
    secret: str

    def __repr__(self) -> str:
        return "AlpacaKeys(***)"

    @classmethod
    def find(cls, path: Path | None = None, environ: Mapping[str, str] | None = None) -> "AlpacaKeys":
        """Take the keys from the environment, or else from a file with lines such as ``APCA_API_KEY_ID=...``.

        Args:
            path: the file; only its owner may have access to it (mode 600).
            environ: in place of the process's environment.

        Raises:
            SettingsError: there are no keys, or others could read the file.
        """
        found = dict(os.environ if environ is None else environ)
        if path is not None and not (found.get(KEY_NAME) and found.get(SECRET_NAME)):
            found = _named_values(path)
        key, secret = found.get(KEY_NAME, ""), found.get(SECRET_NAME, "")
        if not key or not secret:
            where = f"the environment nor in {path}" if path else "the environment"
            missing = " and ".join(name for name in (KEY_NAME, SECRET_NAME) if not found.get(name))
            raise SettingsError(f"the keys to Alpaca are {'neither in' if path else 'not in'} {where}: set {missing}")
        return cls(key=key, secret=secret)


def _named_values(path: Path) -> dict[str, str]:
    try:
        mode = path.stat().st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(
                f"{path} has mode {stat.S_IMODE(mode):o}, so that others can read the keys in it: chmod 600 it"
            )
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {type(error).__name__}") from None
    pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
