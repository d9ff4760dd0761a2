"""The ``dashboard`` command: a store on a page in the browser."""

from pathlib import Path

from actors.doors.cli.interrupts import until_interrupted
from actors.doors.show import paper
from actors.doors.web.serving import Served, serving_store
from actors.storage.parquet import ParquetStore


def show(store: Path, served: Served) -> None:
    """Serve the page until somebody wants it to end.

    Raises:
        DataError: there is no store.
        SettingsError: it cannot be served there, or a library for it is not installed.
    """
    ParquetStore(store, read_only=True).close()
    with serving_store(store, served) as addresses:
        paper.say(*addresses)
        until_interrupted("It stays until Ctrl-C; days that are written meanwhile appear.")
