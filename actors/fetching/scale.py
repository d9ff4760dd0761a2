"""Whether bars are on the scale of those that a store has: of the same tape, and adjusted in the same way."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np

from actors.fetching.came import Came
from actors.kernel.adjusted import AdjustedRun, KeepsAdjusted
from actors.kernel.ports import BarStore
from actors.vendors.history.source import ADJUSTED
from actors.vendors.registry import history_named
from messages.errors import DataError, SettingsError
from messages.values import Nanos

_LOOKED_AT = 5


def histories_in(store: BarStore) -> frozenset[str]:
    """Return the histories that the latest days of a store were filled from, as their certificates name them."""
    found: set[str] = set()
    for calendar in store.certified_calendars():
        for date in store.certified(calendar)[-_LOOKED_AT:]:
            with suppress(DataError):  # one that cannot be read is named where its day is dealt with
                certificate = store.certificate(calendar, date)
                found.update(() if certificate is None else (gap.source for gap in certificate.gaps))
    return frozenset(name for name in found if history_named(name.partition(ADJUSTED)[0]) is not None)


def of_the_same_tape(name: str, there: Collection[str], tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the history that a name means: where it says no tape, that one which a store has of it already."""
    found = history_named(name)
    if found is None or found[1] or "tape" in tables.get(found[0].name, {}):
        return name
    entry = found[0]
    known = {tape.name for tape in entry.tapes}
    tapes = known & {one.partition(ADJUSTED)[0].removeprefix(f"{entry.name}:") for one in there}
    return f"{entry.name}:{tapes.pop()}" if len(tapes) == 1 else name


def check_adjusted_alike(name: str, there: Collection[str], *, is_empty: bool) -> None:
    """Check that prices of a history go with those of a store.

    Args:
        name: of the history, as its source has it.
        there: the histories that the store was filled from.
        is_empty: whether it has no bar at all.

    Raises:
        SettingsError: the one's are adjusted and the other's are not, or in another way.
    """
    own = name.partition(ADJUSTED)[2]
    theirs = {one.partition(ADJUSTED)[2] for one in there} or ({own} if is_empty else {""})
    if own not in theirs:
        has = " and ".join(
            sorted(f"prices adjusted for {one}" if one else "prices as they were paid" for one in theirs)
        )
        raise SettingsError(f"{name} does not go with what the store has, {has}: give it a store of its own")


def check_prices_alike(name: str, symbols: Collection[str], runs: Iterable[AdjustedRun]) -> None:
    """Check that prices of a history go with those of the same symbols in a store.

    Args:
        name: of the history, as its source has it.
        symbols: whose bars are asked for; empty: everybody's.
        runs: which prices of the store were adjusted before they came.

    Raises:
        SettingsError: the store's are adjusted, and the history's are not.
    """
    if ADJUSTED in name:
        return
    run = next((run for run in sorted(runs) if not symbols or run.symbol in symbols), None)
    if run is not None:
        raise SettingsError(
            f"{name} has prices as they were paid, and those of {run.symbol} that the store has of {run.first} to "
            f"{run.last} were adjusted before they came: give it a store of its own"
        )


def note_adjusted(store: BarStore, came: Came, now_ns: Nanos) -> None:
    """Keep with a day whether the prices of a vendor's history are adjusted.

    Raises:
        StoreLocked: another process is writing to the store.
        DataError: the disk refuses.
    """
    session = came.session
    if not isinstance(store, KeepsAdjusted):
        return
    for name, bars in came.taken.items():
        vendor, is_adjusted, _ = name.partition(ADJUSTED)
        if history_named(vendor) is None:
            continue
        symbols = [bars.symbols[number] for number in np.unique(bars.symbol_index).tolist()]
        today = datetime.fromtimestamp(now_ns / 1e9, UTC).date().isoformat()
        days = dict.fromkeys(symbols, (session.date,))
        store.note_adjusted(session.calendar, days, today if is_adjusted else None)
