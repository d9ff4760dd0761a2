"""The keys to Alpaca's API: from the environment, or a file that nobody else can read; never shown."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from actors.vendors.secrets import found_in

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
        key, secret = found_in("the keys to Alpaca are", (KEY_NAME, SECRET_NAME), path, environ)
        return cls(key=key, secret=secret)
