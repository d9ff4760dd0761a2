"""The ``dashboard`` command: a store, or a session in another process, on a page in the browser."""

import contextlib

from actors.doors.cli.interrupts import until_interrupted
from actors.doors.show import paper
from actors.doors.web.serving import Served, serving_page
from actors.flight.client import connect
from actors.reading.spelling.addresses import Place
from actors.storage.elsewhere.opening import open_store


def show(store: Place | None, address: str | None, served: Served) -> None:
    """Serve the page until somebody wants it to end.

    Args:
        store: where it is.
        address: where a session is served.
        served: where the page is.

    Raises:
        DataError: there is no store.
        Unreachable: nobody serves a session there.
        SettingsError: it cannot be served there, or a library for it is not installed.
    """
    if store is not None:
        open_store(store, read_only=True).close()
    with contextlib.ExitStack() as stack:
        session = None if address is None else stack.enter_context(connect(address))
        paper.say(*stack.enter_context(serving_page(session, store, served)))
        until_interrupted("It stays until Ctrl-C, and follows what changes.")
