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

    with pytest.raises(SettingsError, match=r"^store: .* lacks a slash of postgresql://"):
        addresses.check_place(Path("postgresql://host/bars"), "store")


def test_what_is_refused_is_told_without_its_password() -> None:
    with pytest.raises(SettingsError, match=r"mysql://me@host/bars is an address, which cannot be read"):
        addresses.check_place("mysql://me:secret@host/bars", "store")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("s3:bucket", "lacks a slash of s3://"),
        ("gs:/bucket/store", "lacks a slash of gs://"),
        ("file://data/store", "names a computer, data; file:///FOLDER"),
        ("duckdb:bars.duckdb", "duckdb:bars.duckdb is an address"),
        ("me@host:/data/store", "me@host:/data/store is an address"),
        ("Redis:6379", "is an address"),
    ],
)
def test_what_is_nearly_an_address_is_not_taken_for_a_folder(given: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        addresses.check_place(given, "store")


def test_a_path_at_home_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    paths = [addresses.path_of(place) for place in ("~/store", Path("~/store"), "~nobody here/store", "a~/b", "~")]

    assert paths == [tmp_path / "store", tmp_path / "store", Path("~nobody here/store"), Path("a~/b"), tmp_path]
