"""Keys of any vendor; ``alpaca/test_keys`` has what is refused."""

from pathlib import Path

import pytest

from actors.vendors.secrets import account_of, found_in, without_keys
from messages.errors import SettingsError


def test_one_key_is_enough_where_one_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("ONE=1\nTWO=2\n")
    path.chmod(0o600)

    assert found_in("the key is", ("TWO",), path, environ={}) == ("2",)
    assert found_in("the key is", ("TWO",), path, environ={"TWO": "3"}) == ("3",)


def test_what_is_missing_is_named_in_the_callers_words() -> None:
    with pytest.raises(SettingsError, match=r"^the key to X is not in the environment: set X_KEY$"):
        found_in("the key to X is", ("X_KEY",), environ={"X_KEY": ""})


def test_accounts_are_told_apart_by_what_no_key_can_be_read_from() -> None:
    assert account_of("AK1", "x") != account_of("AK2", "x")
    assert "AK1" not in account_of("AK1")
    assert without_keys("who is AK1, and what is ''?", "AK1", "") == "who is ***, and what is ''?"
