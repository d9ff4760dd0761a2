"""The key to Databento's API: from the environment, or a file that nobody else can read; never shown."""

from typing import ClassVar

from actors.vendors.secrets import Secret


class DatabentoKey(Secret, frozen=True, kw_only=True):
    """A key, where Databento's own library looks for it."""

    SUBJECT: ClassVar = "the key to Databento is"
    NAMES: ClassVar = ("DATABENTO_API_KEY",)
    key: str
