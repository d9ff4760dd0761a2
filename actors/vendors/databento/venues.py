"""The publishers of Databento's datasets, whose records come one beside the other. Its library knows them."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from databento.common.publishers import Publisher

from messages.errors import SettingsError


@cache
def venues_of(dataset: str) -> Mapping[int, str]:
    """Return the publishers of a dataset, as far as the library knows them: their numbers and names."""
    return MappingProxyType({one.to_int(): str(one) for one in Publisher if str(one.dataset) == dataset})


def venue_of(publisher: str, dataset: str, venues: Mapping[int, str]) -> int:
    """Return a publisher's number.

    Raises:
        SettingsError: the dataset does not have it; says which it has.
    """
    found = next((number for number, name in venues.items() if name == publisher), None)
    if found is None:
        there = ", ".join(venues.values()) or "none that Databento's library knows"
        raise SettingsError(f"Databento: there is no {publisher}; {dataset} has {there}")
    return found
