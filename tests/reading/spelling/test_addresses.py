"""Where something lies."""

from pathlib import Path

import pytest

from actors.reading.spelling import addresses
from messages.errors import SettingsError


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://me:s%2Fcret@host:5432/bars", "postgresql://me@host:5432/bars"),
        ("postgresql://me:p@ss@host/bars", "postgresql://me@host/bars"),
        ("postgresql:///bars?host=/tmp&password=secret&schema=m", "postgresql:///bars?host=/tmp&schema=m"),
        ("postgresql://:secret@host", "postgresql://@host"),
        ("postgresql://one:1,two:2/bars?sslpassword=secret", "postgresql://one:1,two:2/bars"),
        ("s3://bucket/store", "s3://bucket/store"),
        ("store", "store"),
        ("a:b@c?password=d", "a:b@c?password=d"),
    ],
)
def test_an_address_is_shown_without_passwords(given: str, shown: str) -> None:
    assert addresses.shown(given) == shown


def test_an_address_of_a_store_is_text_for_a_path_loses_a_slash() -> None:
    addresses.check_place("postgresql:///bars", "store")
    addresses.check_place(Path("store"), "store")

    with pytest.raises(
        SettingsError, match=r"^store: give an address as text, for a Path loses a slash of postgresql:"
    ):
        addresses.check_place(Path("postgresql://host/bars"), "store")


def test_what_is_refused_is_told_without_its_password() -> None:
    with pytest.raises(SettingsError, match=r"mysql://me@host/bars is an address, which cannot be read"):
        addresses.check_place("mysql://me:secret@host/bars", "store")
