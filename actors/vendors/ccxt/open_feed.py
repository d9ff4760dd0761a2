"""How ``live --feed ccxt:EXCHANGE`` gets its stream: for symbols that are named, without keys."""

from actors.kernel.clock import SystemClock
from actors.vendors.ccxt.feed import CcxtFeed
from actors.vendors.feed_request import FeedRequest, OpenedFeed
from messages.errors import SettingsError


def open_ccxt(request: FeedRequest) -> OpenedFeed:
    """Return the stream of an exchange.

    Raises:
        SettingsError: there is no library, no such exchange or channel, or there are no symbols.
    """
    settings, clock = request.settings, SystemClock()
    url = settings.vendors.get("ccxt", {}).get("url")
    feed = CcxtFeed(
        request.variant,
        channels=request.channels or ("trades",),
        interval=settings.rules.base_interval,
        url=str(url) if url else None,
        clock=clock,
    )
    if not settings.symbols:
        raise SettingsError("an exchange sends what it is asked for: name symbols, such as --symbols BTC/USD,ETH/USD")
    return OpenedFeed(feed=feed, clock=clock)
