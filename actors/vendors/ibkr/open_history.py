"""How Interactive Brokers' history is opened: at a TWS that runs, which is reached when it is asked."""

from importlib.util import find_spec

from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from actors.vendors.ibkr.place import place_of
from messages.errors import SettingsError


def open_ibkr(request: HistoryRequest) -> OpenedHistory:
    """Return the history of the TWS behind the colon; pace is kept for all who ask the same one.

    Raises:
        SettingsError: there is no library, or no such place.
    """
    if find_spec("ib_async") is None:
        raise SettingsError("Interactive Brokers' history needs ib_async: python -m pip install 'barkeeper[ibkr]'")
    host, port = place_of(request.tape)
    from actors.vendors.ibkr.history import IbkrHistory

    client = IbkrHistory(host, port, deadline_s=request.deadline_s)
    return OpenedHistory(client=client, account=f"{host}:{port}")
