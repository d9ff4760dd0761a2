"""Options of the command line: what a text on it means."""

import pytest

from actors.doors.cli import options
from messages.errors import SettingsError


def test_symbols_are_named_as_they_are_written() -> None:
    assert options.names("aapl, BCpC,BCPC,aapl") == ("aapl", "BCpC", "BCPC")
    assert options.in_capitals(("aapl", "BCpC", "AAPL")) == ("AAPL", "BCpC")
    assert options.names('"BATS_AAPL, 1",MSFT') == ("BATS_AAPL, 1", "MSFT")
    assert options.names("AAPL\nMSFT, T\r\n\n") == ("AAPL", "MSFT", "T")  # "$(cat symbols.txt)"
    assert options.names("") == ()


@pytest.mark.parametrize("text", [",", " ", " , ,"])
def test_commas_alone_never_mean_everybody(text: str) -> None:
    with pytest.raises(SettingsError, match="names no symbol; leave it out for all"):
        options.names(text)
