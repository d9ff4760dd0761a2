"""What stands beside ``open``, ``high``, ``low`` and ``close`` in the names of four columns, the same in each.

``open_x10000`` and ``Open (ticks)`` are no prices before somebody has divided them: nobody knows by how much for sure,
and prices that are ten thousand times too high look sound. ``Open (cents)`` is what a user should be told of.
"""

import re
from collections.abc import Mapping, Sequence

from actors.reading.format import Ambiguous
from messages.tables.columns import FIELDS

_PRICES = FIELDS[:4]
_SCALED = re.compile(
    r"(?:[x*/\u00d7\u00f7]|times)?(?:1?e[+-]?\d+|10\^-?\d+|10+)|scaled|int(?:eger)?s?|raw|fixed(?:point)?|ticks?|points?|pips?"
    r"|nanos?|micros?|(?:price|px)?\d{1,2}"
)
_MADE = re.compile(
    r"log|ln|norm(?:ed|ali[sz]ed)?|ret(?:urn)?s?|pct|percent|diff|delta|change|zscore|minmax|std|ha|heikin(?:ashi)?|renko"
    r"|[se]?ma\d*|avg|smooth(?:ed)?|prev(?:ious)?|lag(?:ged)?\d*|shift(?:ed)?\d*|next|pred(?:icted)?|forecast"
)
"""What is made of prices, or is another bar's."""
_UNIT = re.compile(r"cents?|pence|gbx|paise|sen|centimes|adj(?:usted)?|(?:split|dividend)adj(?:usted)?")


def qualified(names: Sequence[str]) -> dict[str, int]:
    """Return the columns of the four prices where their names have one and the same word beside them, or nothing."""
    groups: dict[tuple[str, str], dict[str, int]] = {}
    for place, name in enumerate(names):
        for role in _PRICES:
            before, found, after = name.lower().partition(role)
            if found:
                groups.setdefault((before, after), {}).setdefault(role, place)
    whole = [group for group in groups.values() if len(group) == len(_PRICES)]
    return whole[0] if len(whole) == 1 else {}


def unit_told(names: Sequence[str], places: Mapping[str, int]) -> tuple[str, ...]:
    """Return the remark that prices are counted in something, or made otherwise, if the names say so.

    Raises:
        Ambiguous: they are no prices before they are divided by something.
    """
    if not names or not all(role in places for role in _PRICES):
        return ()
    beside = {_beside(role, names[places[role]]) for role in _PRICES}
    word = beside.pop()
    if beside or not word:
        return ()
    name = names[places["open"]]
    if _SCALED.fullmatch(word):
        raise Ambiguous(
            f"the prices are not written as prices, as {name!r} says: divide them first, or say with --columns that "
            "they are prices as they stand"
        )
    if _MADE.fullmatch(word):
        raise Ambiguous(
            f"what was traded has been made into something else, as {name!r} says; say with --columns that these are "
            "prices, if they are"
        )
    if _UNIT.fullmatch(word):
        return (f"the prices are what their columns say, {name!r}, and stand as they are written there",)
    return ()


def _beside(role: str, name: str) -> str:
    """Return what a name says besides a role, without marks."""
    before, found, after = re.sub(r"^\d+\.\s+", "", name.lower()).partition(role)
    return re.sub(r"[\s_()\[\]{}.:,\-\uff08\uff09]", "", before + after) if found else ""
