"""How ``live --feed alpaca`` gets its stream: with keys, for symbols that are named."""

from importlib.util import find_spec

from actors.kernel.clock import SystemClock
from actors.vendors.alpaca.feed import AlpacaFeed
from actors.vendors.alpaca.keys import AlpacaKeys
from actors.vendors.feed_request import FeedRequest, OpenedFeed
from messages.errors import SettingsError
from messages.values import ONE_MINUTE

_DELAY_S = 900.0
"""Of the stream ``delayed_sip``: https://docs.alpaca.markets/docs/real-time-stock-pricing-data"""


def open_alpaca(request: FeedRequest) -> OpenedFeed:
    """Return Alpaca's stream.

    Raises:
        SettingsError: there are no keys, no library, no symbols, no such stream, or the bars are not of a minute.
    """
    keys, settings = AlpacaKeys.find(request.keys), request.settings
    if find_spec("alpaca") is None:
        raise SettingsError("Alpaca's feed needs alpaca-py: python -m pip install 'barkeeper[alpaca]'")
    if settings.rules.base_interval != ONE_MINUTE:
        raise SettingsError(f"Alpaca's bars are of 1m; the base interval is {settings.rules.base_interval}")
    if not settings.symbols:
        raise SettingsError("Alpaca sends what it is asked for: name symbols, --symbols A,B or in the config")
    feed = AlpacaFeed(keys, stream=request.variant or "iex", channels=request.channels or None)
    return OpenedFeed(feed=feed, clock=SystemClock(), delay_s=_DELAY_S if request.variant == "delayed_sip" else 0.0)
