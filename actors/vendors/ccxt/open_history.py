"""How the history of an exchange is opened: its own pace, pages and lengths of candles go before ccxt's as a whole."""

import msgspec

from actors.vendors.ccxt.history import CcxtHistory
from actors.vendors.ccxt.library import exchange_class
from actors.vendors.history.entry import Pace, Tape
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from messages.errors import SettingsError

_DELAY_S = 5.0
"""A candle may still change for so long after its end."""
_SILENT_AFTER_S = 60.0


def open_ccxt(request: HistoryRequest) -> OpenedHistory:
    """Return the candles of the exchange that stands after the colon.

    Raises:
        SettingsError: ccxt is not installed, has no such exchange, or the exchange no candles.
    """
    kind = exchange_class(request.tape, is_live=False)
    exchange = kind()
    if not exchange.has.get("fetchOHLCV"):
        raise SettingsError(f"ccxt has no candles of {exchange.id}")
    is_trusted = request.options.get("silence") == "told"
    entry = msgspec.structs.replace(
        request.entry,
        tapes=(Tape(name=request.tape, title=exchange.name, delay_s=_DELAY_S),),
        intervals=tuple(exchange.timeframes or ("1m",)),
        pace=(Pace(requests=1, seconds=exchange.rateLimit / 1000),),
        is_silence_told=is_trusted,
        silent_after_s=_SILENT_AFTER_S if is_trusted else 0.0,
    )
    return OpenedHistory(
        client=CcxtHistory(kind, deadline_s=request.deadline_s), account=f"nobody at {exchange.id}", entry=entry
    )
