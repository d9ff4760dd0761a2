"""Options of the command line: what a text on it means."""

from actors.doors.cli import options


def test_symbols_are_named_as_they_are_written() -> None:
    assert options.names("aapl, BCpC,BCPC,aapl") == ("aapl", "BCpC", "BCPC")
    assert options.in_capitals(("aapl", "BCpC", "AAPL")) == ("AAPL", "BCpC")
    assert options.names('"BATS_AAPL, 1",MSFT') == ("BATS_AAPL, 1", "MSFT")
    assert options.names("") == ()
