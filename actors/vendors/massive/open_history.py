"""How Massive's history is opened: with a key, at its own address or another."""

from importlib.util import find_spec

from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from actors.vendors.massive.keys import MassiveKey
from actors.vendors.secrets import account_of
from messages.errors import SettingsError


def open_massive(request: HistoryRequest) -> OpenedHistory:
    """Return the history of stocks.

    Raises:
        SettingsError: there is no key, or no library.
    """
    key = MassiveKey.find(request.keys)
    if find_spec("massive") is None:
        raise SettingsError("Massive's history needs its package: python -m pip install 'barkeeper[massive]'")
    from actors.vendors.massive.history import MassiveHistory

    url = request.options.get("url")
    client = MassiveHistory(
        key, adjustment=request.adjustment, deadline_s=request.deadline_s, base=str(url) if url else None
    )
    return OpenedHistory(client=client, account=account_of(key.key))
