"""How ``live --feed massive`` gets its stream: with a key, for symbols that are named or for all."""

from importlib.util import find_spec

from actors.kernel.clock import SystemClock
from actors.vendors.feed_request import FeedRequest, OpenedFeed
from actors.vendors.massive.feed import MassiveFeed
from actors.vendors.massive.keys import MassiveKey
from messages.errors import SettingsError
from messages.values import ONE_MINUTE

_DELAY_S = 900.0
"""Of the stream ``delayed``: https://massive.com/docs/websocket/stocks/aggregates-per-minute"""


def open_massive(request: FeedRequest) -> OpenedFeed:
    """Return Massive's stream.

    Raises:
        SettingsError: there is no key, no library, no such stream or channel, or bars are of another length.
    """
    key, settings = MassiveKey.find(request.keys), request.settings
    if find_spec("massive") is None:
        raise SettingsError("Massive's feed needs its package: python -m pip install 'barkeeper[massive]'")
    interval, stream = settings.rules.base_interval, request.variant or "realtime"
    feed = MassiveFeed(
        key,
        stream=stream,
        channels=tuple(map(str.upper, request.channels)) or ("AM" if interval == ONE_MINUTE else "A",),
        interval=interval,
        counts_day=settings.extended,
    )
    return OpenedFeed(feed=feed, clock=SystemClock(), delay_s=_DELAY_S if stream == "delayed" else 0.0)
