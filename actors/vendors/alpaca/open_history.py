"""How Alpaca's history is opened: with keys for stocks, for crypto with or without."""

import os
import warnings
from importlib.util import find_spec

from actors.vendors.alpaca.keys import AlpacaKeys
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from actors.vendors.secrets import account_of
from messages.errors import SettingsError


def open_stocks(request: HistoryRequest) -> OpenedHistory:
    """Return the history of stocks.

    Raises:
        SettingsError: there are no keys, or no library.
    """
    return _opened(request, AlpacaKeys.find(request.keys), is_crypto=False)


def open_crypto(request: HistoryRequest) -> OpenedHistory:
    """Return the history of crypto; with keys, if there are any, it may be asked more often.

    Raises:
        SettingsError: there is no library, or the file of keys cannot be used.
    """
    has_keys = request.keys is not None or all(os.environ.get(name) for name in AlpacaKeys.NAMES)
    return _opened(request, AlpacaKeys.find(request.keys) if has_keys else None, is_crypto=True)


def _opened(request: HistoryRequest, keys: AlpacaKeys | None, *, is_crypto: bool) -> OpenedHistory:
    if find_spec("alpaca") is None:
        raise SettingsError("Alpaca's history needs alpaca-py: python -m pip install 'barkeeper[alpaca]'")
    with warnings.catch_warnings(action="ignore"):  # its data clients bring a superseded part of websockets
        from actors.vendors.alpaca.history import AlpacaHistory
    url = request.options.get("url")
    client = AlpacaHistory(
        keys,
        tape=request.tape,
        adjustment=request.adjustment,
        deadline_s=request.deadline_s,
        url=str(url) if url else None,
        is_crypto=is_crypto,
    )
    return OpenedHistory(client=client, account=account_of(keys.key) if keys else "nobody")
