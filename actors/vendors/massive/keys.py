"""The key to Massive's API: from the environment, or a file that nobody else can read; never shown."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from actors.vendors.secrets import found_in

KEY_NAME = "MASSIVE_API_KEY"


class MassiveKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key, which is not in its text, so that no log can hold it."""

    key: str

    def __repr__(self) -> str:
        return "MassiveKey(***)"

    @classmethod
    def find(cls, path: Path | None = None, environ: Mapping[str, str] | None = None) -> "MassiveKey":
        """Take the key from the environment, or else from a file with a line ``MASSIVE_API_KEY=...``.

        Args:
            path: the file; only its owner may have access to it (mode 600).
            environ: in place of the process's environment.

        Raises:
            SettingsError: there is no key, or others could read the file.
        """
        (key,) = found_in("the key to Massive is", (KEY_NAME,), path, environ)
        return cls(key=key)
