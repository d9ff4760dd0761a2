"""The keys to Alpaca: where they may be, and where they never are."""

import os
from pathlib import Path

import pytest

from actors.vendors.alpaca.keys import AlpacaKeys
from messages.errors import SettingsError

BOTH = {"APCA_API_KEY_ID": "K", "APCA_API_SECRET_KEY": "S"}
KEYS = AlpacaKeys(key="K", secret="S")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    made.write_text('# mine\nAPCA_API_KEY_ID = "K"\nAPCA_API_SECRET_KEY=S\n\n')
    made.chmod(0o600)
    return made


def test_keys_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BOTH.items():
        monkeypatch.setenv(name, value)

    assert AlpacaKeys.find() == KEYS


def test_keys_come_from_a_file_where_the_environment_has_none(path: Path) -> None:
    assert AlpacaKeys.find(path, environ={}) == KEYS
    assert AlpacaKeys.find(path, environ={"APCA_API_KEY_ID": "other"}) == KEYS


def test_the_environment_goes_before_the_file(path: Path) -> None:
    path.unlink()

    assert AlpacaKeys.find(path, environ=BOTH) == KEYS


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_file_that_others_can_read_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)

    with pytest.raises(SettingsError, match=f"has mode {mode:o}, .* chmod 600"):
        AlpacaKeys.find(path, environ={})


def test_a_file_that_cannot_be_read_is_an_error_that_does_not_show_it(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"APCA_API_KEY_ID=\xff")

    with pytest.raises(SettingsError, match="cannot be read: UnicodeDecodeError"):
        AlpacaKeys.find(path, environ={})
    with pytest.raises(SettingsError, match="cannot be read: FileNotFoundError"):
        AlpacaKeys.find(tmp_path / "none", environ={})


def test_what_is_missing_is_named(path: Path) -> None:
    path.write_text("APCA_API_KEY_ID=K")

    with pytest.raises(SettingsError, match=r"neither in the environment nor in .*keys: set APCA_API_SECRET_KEY$"):
        AlpacaKeys.find(path, environ={})
    with pytest.raises(SettingsError, match=r"not in the environment: set APCA_API_KEY_ID and APCA_API_SECRET_KEY$"):
        AlpacaKeys.find(environ={})


def test_keys_are_never_shown() -> None:
    keys = AlpacaKeys(key="AKTOP", secret="sesame")

    assert str(keys) == repr(keys) == f"{keys}" == "AlpacaKeys(***)"
