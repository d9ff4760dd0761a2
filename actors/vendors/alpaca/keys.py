"""The keys to Alpaca's API: from the environment, or a file that nobody else can read; never shown."""

from typing import ClassVar

from actors.vendors.secrets import Secret


class AlpacaKeys(Secret, frozen=True, kw_only=True):
    """A key and its secret."""

    SUBJECT: ClassVar = "the keys to Alpaca are"
    NAMES: ClassVar = ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY")
    key: str
    secret: str
