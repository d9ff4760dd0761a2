"""ACME's feed, which is a file of JSON lines under another name."""

import os

from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.jsonlines.line_source import PipeSource
from actors.kernel.clock import SystemClock
from actors.vendors.feed_request import FeedRequest, OpenedFeed


def open_acme(request: FeedRequest) -> OpenedFeed:
    """Return the feed of the file that ``--from`` names."""
    feed = JsonLinesFeed(PipeSource(os.open(request.comes_from or "", os.O_RDONLY)), name="acme")
    return OpenedFeed(feed=feed, clock=SystemClock(), ends_with_feed=True)
