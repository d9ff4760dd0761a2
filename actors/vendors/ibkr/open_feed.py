"""How ``live --feed ibkr`` gets its bars: from a TWS that runs, for symbols that are named."""

from importlib.util import find_spec

from actors.kernel.clock import SystemClock
from actors.vendors.feed_request import FeedRequest, OpenedFeed
from actors.vendors.ibkr.feed import IbkrFeed
from actors.vendors.ibkr.place import place_of
from messages.errors import SettingsError


def open_ibkr(request: FeedRequest) -> OpenedFeed:
    """Return Interactive Brokers' feed.

    Raises:
        SettingsError: there is no library, no symbols, no such place, or the bars are of another length.
    """
    settings = request.settings
    if find_spec("ib_async") is None:
        raise SettingsError("Interactive Brokers' feed needs ib_async: python -m pip install 'barkeeper[ibkr]'")
    if not settings.symbols:
        raise SettingsError(
            "Interactive Brokers sends what it is asked for: name symbols, --symbols A,B or in the config"
        )
    host, port = place_of(request.variant)
    feed = IbkrFeed(host, port, interval=settings.rules.base_interval)
    return OpenedFeed(feed=feed, clock=SystemClock())
