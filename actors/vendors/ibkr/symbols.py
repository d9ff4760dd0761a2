"""How a contract of Interactive Brokers' is written as a symbol, and what is asked for then.

``AAPL`` and ``BRK.B`` are US stocks, routed as the broker likes (``SMART``), ``ESZ6@CME`` is a future as its exchange
calls it, and ``VOD@LSE:GBP`` a stock at another exchange with its currency.
"""

import re

from messages.errors import DataError
from messages.feeds import EVERYTHING

_STOCK = re.compile(r"[A-Z0-9]+(?:[. ][A-Z0-9]+)?", re.ASCII)


def contract_of(symbol: str) -> dict[str, str]:
    """Return the fields of a ``Contract`` that say which one it is.

    Raises:
        DataError: the symbol is none of these.
    """
    if symbol == EVERYTHING:
        raise DataError("Interactive Brokers sends what it is asked for: name symbols")
    name, at, place = symbol.partition("@")
    exchange, colon, currency = place.partition(":")
    is_name = _STOCK.fullmatch(name) if not at else name
    if not is_name or bool(at) != bool(exchange) or bool(colon) != bool(currency):
        raise DataError(
            f"{symbol!r} is no contract: write AAPL for a US stock, ESZ6@CME for a future, VOD@LSE:GBP for other stocks"
        )
    if not exchange:
        return {"secType": "STK", "symbol": name.replace(".", " "), "exchange": "SMART", "currency": "USD"}
    if not currency:
        return {"secType": "FUT", "localSymbol": name, "exchange": exchange}
    return {"secType": "STK", "symbol": name, "exchange": exchange, "currency": currency}
