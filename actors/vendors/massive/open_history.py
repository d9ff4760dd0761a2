"""How Massive's history is opened: with a key, and with those to its flat files where there are any."""

from importlib.util import find_spec

from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from actors.vendors.massive.keys import MassiveFilesKeys, MassiveKey
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
    from actors.vendors.massive.flat import FlatFiles, s3_store
    from actors.vendors.massive.history import MassiveHistory

    places = {name: str(place) for name, place in request.options.items()}
    files: FlatFiles | str
    try:
        keys = MassiveFilesKeys.find(request.keys)
    except SettingsError as error:
        files = str(error)
    else:
        store = s3_store(keys, deadline_s=request.deadline_s, place=places.get("files"))
        files = FlatFiles(store, keys.secret)
    client = MassiveHistory(
        key,
        adjustment=request.adjustment,
        deadline_s=request.deadline_s,
        base=places.get("url"),
        files=files,
    )
    return OpenedHistory(client=client, account=account_of(key.key))
