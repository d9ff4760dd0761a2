"""How ``live`` gets an exchange's stream."""

from pathlib import Path

import pytest

from actors.doors.commands.live_plan import Wishes, plan
from actors.vendors.ccxt.feed import CcxtFeed
from messages.errors import SettingsError

pytestmark = pytest.mark.slow  # ccxt is imported


def test_an_exchange_trades_around_the_clock_and_sends_what_it_is_asked_for(tmp_path: Path) -> None:
    wanted = Wishes(feed="ccxt:kraken", store=tmp_path, symbols=("BTC/USD",))
    made, candles = plan(wanted), plan(Wishes(feed="CCXT:Kraken", store=tmp_path, symbols=("A/B",), channels=("bars",)))

    assert isinstance(made.feed, CcxtFeed)
    assert (made.feed.name, made.calendar.name, made.feed.has_bars) == ("ccxt:kraken", "24/7", False)
    assert candles.feed.has_bars


@pytest.mark.parametrize(
    ("feed", "said"),
    [
        ("ccxt", "name the exchange behind ccxt, such as ccxt:kraken"),
        ("ccxt:krakn", "ccxt has no exchange 'krakn' that streams; nearest: kraken"),
        ("ccxt:kraken", "name symbols, such as --symbols BTC/USD,ETH/USD"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, feed: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        plan(Wishes(feed=feed, store=tmp_path))
