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


def test_a_mirror_or_a_proxy_is_named_in_the_vendors_table(tmp_path: Path) -> None:
    config = tmp_path / "barkeeper.toml"
    config.write_text(
        f'store = "{tmp_path.as_posix()}"\n[vendors.ccxt]\nurl = "http://localhost:1"\n', encoding="utf-8"
    )
    made = plan(Wishes(feed="ccxt:kraken", config=config, symbols=("BTC/USD",)))

    assert isinstance(made.feed, CcxtFeed)
    assert made.feed._config["urls"]["api"]["public"] == "http://localhost:1"
    assert made.feed._config["urls"]["api"]["ws"]["publicV2"] == "ws://localhost:1/v2"


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
