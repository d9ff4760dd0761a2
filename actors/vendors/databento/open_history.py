"""How Databento's history is opened: with a key, for a dataset or one publisher of it."""

import warnings
from importlib.util import find_spec

from actors.vendors.databento.keys import DatabentoKey
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from actors.vendors.secrets import account_of
from messages.errors import SettingsError


def open_databento(request: HistoryRequest) -> OpenedHistory:
    """Return the history of what stands behind the colon.

    Raises:
        SettingsError: there is no key, no library, no dataset, or no such publisher.
    """
    key, named = DatabentoKey.find(request.keys), request.tape.upper()
    if find_spec("databento") is None:
        raise SettingsError("Databento's history needs its library: python -m pip install 'barkeeper[databento]'")
    if not named:
        raise SettingsError("say which dataset of Databento's: databento:XNAS.ITCH, databento:GLBX.MDP3 ...")
    with warnings.catch_warnings():  # it sets filters for the whole process
        from actors.vendors.databento.history import GATEWAY, DatabentoHistory
        from actors.vendors.databento.venues import venue_of, venues_of
    dataset = ".".join(named.split(".")[:2])
    venues = venues_of(dataset)
    client = DatabentoHistory(
        key,
        dataset,
        venues=len(venues),
        publisher=None if named == dataset else venue_of(named, dataset, venues),
        deadline_s=request.deadline_s,
        gateway=str(request.options.get("url") or GATEWAY),
    )
    return OpenedHistory(client=client, account=account_of(key.key))
