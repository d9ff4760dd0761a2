"""What a vendor says of itself: what it writes, streams and remembers, and what one needs to get in.

A record imports nothing of what it names, so that the command line can list vendors before it reads a byte.
"""

from typing import Literal

import msgspec

from actors.vendors.history.entry import HistoryEntry

FeedOption = Literal["speed", "start", "from", "keys", "stream", "channels", "trades-only"]
"""An option of ``live`` that some feeds understand and others do not."""


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A feed, as ``live --feed`` knows it."""

    name: str
    """What ``--feed`` calls it."""
    title: str
    """What it sends, in a few words."""
    opens: str
    """``module:function``, which takes a ``FeedRequest`` and returns an ``OpenedFeed``."""
    takes: tuple[FeedOption, ...] = ()
    """The options that it understands; any other is refused rather than passed over in silence."""
    variant: str | None = None
    """What may stand behind its name and a colon, in a word, as the exchange of ``ccxt:kraken``; ``None``: nothing."""
    calendars: dict[str, str] = {}
    """By variant, the calendar of its days where nobody names one; ``""``: of any other variant."""
    is_of_today: bool = True
    """Whether its days are real ones as they happen; others are written only where they are told to be."""
    histories: dict[str, str] = {}
    """By variant, the history with bars of the same tape, as ``fill_from`` names it, the usual one first: that one is
    asked where nobody says who. ``""``: of any other variant, which ``{variant}`` stands for."""

    @property
    def spelling(self) -> str:
        """How ``--feed`` is told to name it."""
        return self.name if self.variant is None else f"{self.name}[:{self.variant.upper()}]"


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose bars can be had."""

    name: str
    title: str
    """Who it is, in a few words."""
    formats: dict[str, str] = {}
    """Each format's name, and ``module:attribute`` where it is declared; the particular before the plain."""
    feeds: tuple[FeedEntry, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    """What it remembers, and can be asked for."""
    extra: str | None = None
    """What to install for it, as ``barkeeper[EXTRA]``; ``None``: nothing more."""
    keys: str | None = None
    """Which keys it asks for and where they are looked for; ``None``: none."""
