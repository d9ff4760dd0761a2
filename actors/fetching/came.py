"""What came of the minutes that one session lacked."""

import msgspec

from actors.vendors.history.joining import joined
from actors.vendors.history.pages import Page, PageRequest
from messages.tables.columns import BarBatch, Mask
from messages.values import TradingSession


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """All that is written down of a session, once everybody was asked; masks are slots x names."""

    session: TradingSession
    names: tuple[str, ...]
    """Sorted."""
    taken: dict[str, BarBatch]
    """By whom: bars of minutes that were open."""
    no_trade: tuple[tuple[str, Mask], ...]
    """By whom: minutes that were never traded."""
    abandoned: Mask
    """Minutes that somebody who would have them by now has not."""
    errors: tuple[str, ...]
    last_asked: str
    """Empty: nobody was."""
    is_first: bool
    """Whether the store had nothing of it."""
    is_market: bool
    """Whether the names are all that there were bars of."""
    is_settled: bool
    """Whether the session is over, and nothing of it is still to come."""
    has_all: bool
    """Whether nothing was missing."""
    has_parts: bool
    """Whether bars were asked for that the store has, made of a part of their trades."""
    is_news: bool
    """Whether it says more than was known."""

    @property
    def bars(self) -> BarBatch:
        """The bars that were taken, of all."""
        pages = [Page(bars=bars) for bars in self.taken.values()]
        return joined(pages, PageRequest.of(self.session, self.names))[0]
