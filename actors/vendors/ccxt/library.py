"""ccxt itself, which is an extra and imported only when it is used: exchanges by name, and its errors in our words."""

import re
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from messages.errors import ConnectionLost, FeedError, FeedRefused, SettingsError, nearest

_SHOWN = 200
_FINAL = ("AuthenticationError", "RestrictedLocation", "InvalidProxySettings")
_OF_A_REQUEST = ("BadRequest", "NotSupported", "ArgumentsRequired", "MarketClosed", "ContractUnavailable")


def exchange_class(name: str, *, is_live: bool) -> Any:  # ccxt's classes are generated, and have no common type
    """Return ccxt's class of an exchange, for its stream or for its requests.

    Raises:
        SettingsError: ccxt is not installed, or has no such exchange.
    """
    try:
        library = import_module("ccxt.pro" if is_live else "ccxt")
    except ImportError as error:
        raise SettingsError(f"crypto exchanges need ccxt: python -m pip install 'barkeeper[ccxt]' ({error})") from error
    if not name:
        raise SettingsError("name the exchange behind ccxt, such as ccxt:kraken")
    if name not in library.exchanges:
        streams = " that streams" if is_live else ""
        raise SettingsError(f"ccxt has no exchange {name!r}{streams}{nearest(name, library.exchanges)}")
    return getattr(library, name)


def moved(urls: Any, address: str) -> Any:
    """Return an exchange's addresses, all of them at another host, such as a proxy's; streams as ``ws`` or ``wss``."""
    if isinstance(urls, dict):
        return {name: moved(url, address) for name, url in urls.items()}
    if not isinstance(urls, str):
        return urls
    here = re.sub("^http", "ws", address) if urls.startswith("ws") else address
    return re.sub(r"^[a-z]+://[^/]+", here.rstrip("/"), urls)


def why_not_traded(exchange: Any, symbol: str, called: str = "it") -> str | None:
    """Return why an exchange, whose markets are known, does not trade a symbol; ``None``: it does."""
    market, same = exchange.markets.get(symbol), exchange.markets_by_id.get(symbol)
    if market is not None:
        return f"{exchange.id} trades {called} no more" if market.get("active") is False else None
    near = same[0]["symbol"] if same else next(iter(get_close_matches(symbol, exchange.markets, n=1)), "")
    return f"{exchange.id} does not trade {called}" + (f"; nearest: {near}" if near else "")


def in_our_words(error: BaseException, exchange: str) -> FeedError:
    """Return what an error of ccxt means for a connection: refused for good, or to be tried again."""
    is_final = any(kind.__name__ in _FINAL for kind in type(error).__mro__)
    return (FeedRefused if is_final else ConnectionLost)(f"{exchange}: {sentence(error, exchange)}")


def is_of_a_request(error: BaseException) -> bool:
    """Return whether an error is about what was asked for, and not about the connection."""
    return any(kind.__name__ in _OF_A_REQUEST for kind in type(error).__mro__)


def sentence(error: BaseException, exchange: str) -> str:
    """Return an error's text in one short line: an exchange under maintenance may answer with a page of HTML."""
    text = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", str(error), flags=re.DOTALL)
    text = " ".join(text.split()).removeprefix(f"{exchange} ").strip() or type(error).__name__
    if re.fullmatch(r"[A-Z]+ \S+", text):  # the request alone: there was no answer
        text = f"no answer to {text}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
