"""The keys to Massive's API and to its files: from the environment, or a file nobody else can read; never shown."""

from typing import ClassVar

from actors.vendors.secrets import Secret


class MassiveKey(Secret, frozen=True, kw_only=True):
    """The key to the API."""

    SUBJECT: ClassVar = "the key to Massive is"
    NAMES: ClassVar = ("MASSIVE_API_KEY",)
    key: str


class MassiveFilesKeys(Secret, frozen=True, kw_only=True):
    """What the dashboard calls the access key and the secret key of S3; they are others than the API's."""

    SUBJECT: ClassVar = "the keys to Massive's flat files are"
    NAMES: ClassVar = ("MASSIVE_S3_ACCESS_KEY", "MASSIVE_S3_SECRET_KEY")
    key: str
    secret: str
