"""What TWS says: bars, notices by number, and what makes no sense; and what a notice means for the feed.

Errors, warnings and good news come in one way, by code: https://interactivebrokers.github.io/tws-api/message_codes.html
"""

import enum
from typing import Any, NamedTuple


class Shown(NamedTuple):
    """A five-second bar of a symbol, as the library frames it."""

    symbol: str
    bar: Any


class Notice(NamedTuple):
    """An error, a warning or good news; of a request, or (number -1) of the connection."""

    number: int
    code: int
    text: str


class Broken(NamedTuple):
    """A message that could not be made out."""

    seen: str
    why: str


class Meaning(enum.Enum):
    """What follows from a notice."""

    NOTHING = "nothing"
    REFUSED = "this symbol is not sent"
    LATER = "this symbol may be asked for later"
    LOST = "all is to be asked for again"
    TAKEN = "the same, under another number for this program"


_LOST = {
    1101,  # connected to IB again, and what was subscribed is lost
    1300,  # TWS moves to another port
    10197,  # another session of this user has the market data
}
_CLIENT_IN_USE = 326
_OF_THE_MOMENT = {
    162,  # the data service: its reason is in words, the pace among them
    366,  # no such query there: it was forgotten
}
_PACING = "pacing violation"
_DELAYED = 10167


def is_news(notice: Notice) -> bool:
    """Return whether a notice is of no consequence for the request that it names."""
    return 2100 <= notice.code < 2200 or notice.code == _DELAYED


def meaning_of(notice: Notice) -> Meaning:
    """Return what follows from a notice. What is said of a request and not known otherwise is a refusal."""
    if notice.code == _CLIENT_IN_USE:
        return Meaning.TAKEN
    if notice.code in _LOST:
        return Meaning.LOST
    if notice.number < 0 or is_news(notice):
        return Meaning.NOTHING
    if notice.code in _OF_THE_MOMENT or _PACING in notice.text.lower():
        return Meaning.LATER
    return Meaning.REFUSED
