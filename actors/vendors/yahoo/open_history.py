"""How Yahoo's history is opened: through yfinance, with no key."""

from importlib.util import find_spec

from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from messages.errors import SettingsError


def open_yahoo(request: HistoryRequest) -> OpenedHistory:
    """Return Yahoo's minutes of the last days.

    Raises:
        SettingsError: there is no library.
    """
    if find_spec("yfinance") is None:
        raise SettingsError("Yahoo's history needs yfinance: python -m pip install 'barkeeper[yahoo]'")
    from actors.vendors.yahoo.history import YahooHistory

    proxy = request.options.get("proxy")
    client = YahooHistory(deadline_s=request.deadline_s, proxy=str(proxy) if proxy else None)
    return OpenedHistory(client=client, account="nobody")
