"""The key to Databento's API: from the environment, or a file that nobody else can read; never shown."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from actors.vendors.secrets import found_in

KEY_NAME = "DATABENTO_API_KEY"
"""Where Databento's own library looks for it."""


class DatabentoKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key. It is not in its text, so that no log can hold it."""

    key: str

    def __repr__(self) -> str:
        return "DatabentoKey(***)"

    @classmethod
    def find(cls, path: Path | None = None, environ: Mapping[str, str] | None = None) -> "DatabentoKey":
        """Take the key from the environment, or else from a file with a line ``DATABENTO_API_KEY=...``.

        Args:
            path: the file; only its owner may have access to it (mode 600).
            environ: in place of the process's environment.

        Raises:
            SettingsError: there is no key, or others could read the file.
        """
        (key,) = found_in("the key to Databento is", (KEY_NAME,), path, environ)
        return cls(key=key)
