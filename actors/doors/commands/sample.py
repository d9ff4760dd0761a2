"""The ``sample`` command: a small store to try things on, of a market that is made up."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from actors.doors.show import paper
from actors.feeds.simulated.market import SimulatedMarket
from actors.market.calendar import Calendar
from actors.storage.parquet import ParquetStore
from messages.errors import DataError

CALENDAR = "XNYS"
FIRST_DAY, LAST_DAY = "2024-07-01", "2024-07-08"
"""Five sessions around Independence Day, the third one a half-day."""


def sample(folders: Sequence[Path], symbols: Sequence[str], *, as_json: bool) -> None:
    """Write the sample into each of these folders, and print what it is.

    Raises:
        DataError: a folder holds a store already: what is made up must not find its way among real days.
    """
    held = next((folder for folder in folders if folder.exists() and any(folder.iterdir())), None)
    if held is not None:
        raise DataError(f"{held} is not empty; a sample goes into a folder of its own")
    sessions = Calendar(CALENDAR).sessions(FIRST_DAY, LAST_DAY)
    market = SimulatedMarket(symbols=tuple(symbols))
    for folder in folders:
        with contextlib.closing(ParquetStore(folder)) as store:
            for session in sessions:
                store.merge(CALENDAR, session.date, market.day(session))
    if as_json:
        report = {"stores": list(map(str, folders)), "calendar": CALENDAR, "symbols": list(symbols)}
        paper.show_json(report | {"sessions": [session.date for session in sessions]})
    else:
        places = " and ".join(map(str, folders))
        paper.show(
            f"{len(sessions)} sessions of {CALENDAR}, {FIRST_DAY} to {LAST_DAY}, of {', '.join(symbols)} in {places}:"
            " made up, the same every time."
        )
