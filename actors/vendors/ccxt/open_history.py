"""How the history of an exchange is opened: its own pace, pages and lengths of candles go before ccxt's as a whole."""

import msgspec

from actors.vendors.ccxt.history import CcxtHistory
from actors.vendors.ccxt.library import exchange_class, moved
from actors.vendors.history.entry import Pace, Tape
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from messages.errors import SettingsError

_DELAY_S = 5.0
"""A candle may still change for so long after its end."""
_SILENT_AFTER_S = 60.0
_KEEPS_FEW_CANDLES = {"kraken"}
"""Has its latest 720 candles and no more, but all trades:
https://docs.kraken.com/api-reference/market-data/get-ohlc-data"""
_TRADES_A_PAGE = 1000
_MINUTES_OF_TRADES = 25
"""So many minutes, about, are in a page of a thousand trades of what is traded most."""


def open_ccxt(request: HistoryRequest) -> OpenedHistory:
    """Return the bars of the exchange that stands after the colon.

    Raises:
        SettingsError: ccxt is not installed, has no such exchange, or the exchange no such bars.
    """
    kind = exchange_class(request.tape, is_live=False)
    exchange = kind()
    usual = "trades" if request.tape in _KEEPS_FEW_CANDLES else "candles"
    from_trades = (request.options.get("bars") or usual) == "trades"
    if not exchange.has.get("fetchTrades" if from_trades else "fetchOHLCV"):
        raise SettingsError(f"ccxt has no {'trades' if from_trades else 'candles'} of {exchange.id}")
    is_trusted = from_trades or request.options.get("silence") == "told"
    entry = msgspec.structs.replace(
        request.entry,
        tapes=(Tape(name=request.tape, title=exchange.name, delay_s=_DELAY_S),),
        intervals=request.entry.intervals if from_trades else tuple(exchange.timeframes or ("1m",)),
        rows_a_page=_MINUTES_OF_TRADES if from_trades else request.entry.rows_a_page,
        trades_a_page=_TRADES_A_PAGE if from_trades else None,
        pace=(Pace(requests=1, seconds=exchange.rateLimit / 1000),),
        is_silence_told=is_trusted,
        silent_after_s=_SILENT_AFTER_S if is_trusted else 0.0,
    )
    url = request.options.get("url")
    client = CcxtHistory(
        kind,
        deadline_s=request.deadline_s,
        config={"urls": {"api": moved(exchange.urls["api"], str(url))}} if url else {},
        from_trades=from_trades,
    )
    return OpenedHistory(client=client, account=f"nobody at {exchange.id}", entry=entry)
