"""Whose bars can be had: our vendors, and those of other packages (entry-point group ``barkeeper.vendors``).

An entry point names a ``Vendor``. One that cannot be loaded, or that takes a name which is taken, is left out and
named where somebody asks for what is not there.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from actors.kernel.shelter import is_failure
from actors.vendors import (
    alpaca,
    binance,
    ccxt,
    databento,
    files_only,
    freqtrade,
    house,
    ibkr,
    lean,
    massive,
    plain,
    yahoo,
)
from actors.vendors.history.entry import HistoryEntry
from actors.vendors.vendor import FeedEntry, Vendor

GROUP = "barkeeper.vendors"
_OURS = (
    house.VENDOR,
    lean.VENDOR,
    freqtrade.VENDOR,
    databento.VENDOR,
    alpaca.VENDOR,
    binance.VENDOR,
    ccxt.VENDOR,
    yahoo.VENDOR,
    ibkr.VENDOR,
    massive.VENDOR,
    *files_only.VENDORS,
)


def vendors() -> tuple[Vendor, ...]:
    """Return every vendor: ours, other packages', and last whatever any program can write."""
    return _found()[0]


def left_out() -> tuple[str, ...]:
    """Return a sentence for each vendor of another package that could not be taken."""
    return _found()[1]


def feeds() -> tuple[FeedEntry, ...]:
    """Return what ``live --feed`` may name."""
    return tuple(entry for vendor in vendors() for entry in vendor.feeds)


def feed_named(name: str) -> tuple[FeedEntry, str]:
    """Return the feed that ``--feed`` names, and what stands behind a colon: ``kraken`` of ``ccxt:kraken``, or nothing.

    Raises:
        SettingsError: there is none of that name; says which is nearest, or all. Or nothing can stand behind its name.
    """
    own, colon, variant = name.lower().partition(":")
    found = next((entry for entry in feeds() if entry.name == own), None)
    if found is None or (colon and (found.variant is None or not variant)):
        # Here, for messages bring numpy, and the command line's help waits for nobody.
        from messages.errors import SettingsError, nearest

        if found is not None:
            raise SettingsError(f"no feed {name!r}; write it as {found.spelling}")
        there = nearest(own, (entry.name for entry in feeds()))
        raise SettingsError("; ".join((f"no feed {name!r}{there}", *left_out())))
    return found, variant


def histories() -> tuple[HistoryEntry, ...]:
    """Return what can be asked for the past."""
    return tuple(entry for vendor in vendors() for entry in vendor.history)


def history_named(name: str) -> tuple[HistoryEntry, str] | None:
    """Return the history that a name names, and the tape behind its colon, or nothing; ``None``: it names none.

    Of ``alpaca`` and ``alpaca:crypto`` that one is meant of which more is named.
    """
    own = name.lower()
    known = sorted(histories(), key=lambda entry: len(entry.name), reverse=True)
    found = next((entry for entry in known if own == entry.name or own.startswith(f"{entry.name}:")), None)
    return None if found is None else (found, name[len(found.name) + 1 :])


def format_places() -> dict[str, str]:
    """Return each format's name and where it is declared, the particular before the plain."""
    return {name: place for vendor in vendors() for name, place in vendor.formats.items()}


def thing_at(place: str) -> Any:  # whatever an entry names
    """Return what ``module:attribute`` names.

    Raises:
        SettingsError: there is no such module or attribute.
    """
    module, _, attribute = place.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        from messages.errors import SettingsError

        raise SettingsError(f"{place} cannot be loaded: {error}") from error


@cache
def _found() -> tuple[tuple[Vendor, ...], tuple[str, ...]]:
    taken = [*_OURS, plain.VENDOR]
    others: list[Vendor] = []
    faults: list[str] = []
    for name, loaded in _of_other_packages():
        clash = isinstance(loaded, Vendor) and _clash(loaded, [*taken, *others])
        if not isinstance(loaded, Vendor):
            faults.append(f"the plug-in {name} was left out: {loaded}")
        elif clash:
            faults.append(f"the plug-in {name} was left out: the name {clash} is taken")
        else:
            others.append(loaded)
    return (*_OURS, *others, plain.VENDOR), tuple(faults)


def _of_other_packages() -> Iterator[tuple[str, Vendor | str]]:
    """Yield each entry point's name with its vendor, or why there is none."""
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            loaded = entry.load()
        except BaseException as error:  # another package's code may raise anything
            if not is_failure(error):
                raise
            yield entry.name, f"{type(error).__name__}: {error}"
        else:
            yield entry.name, loaded if isinstance(loaded, Vendor) else f"{entry.value} is no Vendor"


def _clash(vendor: Vendor, taken: list[Vendor]) -> str | None:
    """Return a name of the vendor's that another has already."""
    theirs = {name for other in taken for name in _names(other)}
    return next((name for name in _names(vendor) if name in theirs), None)


def _names(vendor: Vendor) -> list[str]:
    feeds, remembered = [entry.name for entry in vendor.feeds], [entry.name for entry in vendor.history]
    return [vendor.name, *vendor.formats, *feeds, *remembered]
