"""What a feed is asked for when a live run begins, and what comes of it."""

from pathlib import Path

import msgspec

from actors.feeds.port import Feed
from actors.kernel.clock import SystemClock
from actors.market.calendar import Calendar
from actors.settings import Settings


class FeedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The run that a feed is for, and the options of ``live`` that were given for it."""

    settings: Settings
    calendar: Calendar
    """The calendar of the settings."""
    speed: float | None = None
    """How many times as fast as the clock on the wall; ``None``: the feed's own way."""
    start: str | None = None
    """The date of the session to begin with."""
    comes_from: str | None = None
    keys: Path | None = None
    variant: str = ""
    """What was asked for behind the feed's name: a stream, an exchange; empty: the feed's own choice."""
    channels: tuple[str, ...] = ()
    trades_only: bool = False
    until_close: bool = False
    """Whether one session is all that is wanted."""


class OpenedFeed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed, not connected yet, and the time that it goes by."""

    feed: Feed
    clock: SystemClock
    speed: float = 1.0
    symbols: tuple[str, ...] | None = None
    """What it sends, where that is not what the settings name."""
    ends_with_feed: bool = False
    """Whether the run is over when the feed has no more, without waiting for the close."""
    delay_s: float = 0.0
    """By how much all that it sends is late, by contract: minutes stay open for so much longer."""
