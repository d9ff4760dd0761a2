"""How a feed is named."""

import pytest

from actors.vendors.registry import feed_named, feeds
from messages.errors import SettingsError


def test_what_stands_behind_a_colon_is_for_the_feed() -> None:
    entry, variant = feed_named("Alpaca:BOATS")

    assert (entry.name, variant, entry.spelling) == ("alpaca", "boats", "alpaca[:STREAM]")
    assert feed_named("alpaca") == (entry, "")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("alpaca:", r"no feed 'alpaca:'; write it as alpaca\[:STREAM\]"),
        ("replay:x", "no feed 'replay:x'; write it as replay"),
        ("alpacca", "no feed 'alpacca'; nearest: alpaca"),
        ("zz", "no feed 'zz'; there are simulated, replay"),
    ],
)
def test_a_name_that_is_none_is_answered_with_those_there_are(name: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        feed_named(name)


def test_no_feed_has_a_colon_in_its_name() -> None:
    assert not [entry.name for entry in feeds() if ":" in entry.name or entry.name != entry.name.lower()]
