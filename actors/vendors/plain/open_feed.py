"""How ``live --feed jsonlines`` gets its lines: from standard input, a file that grows, or an address."""

import sys

from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.jsonlines.line_source import FileSource, LineSource, PipeSource, SocketSource
from actors.kernel.clock import SystemClock
from actors.reading.spelling.addresses import path_of
from actors.vendors.feed_request import FeedRequest, OpenedFeed
from messages.errors import SettingsError


def open_jsonlines(request: FeedRequest) -> OpenedFeed:
    """Return a feed of lines; the run is over when there are no more.

    Raises:
        SettingsError: nobody sends lines, or the address is none.
    """
    lines, interval = _lines(request.comes_from), request.settings.rules.base_interval
    feed = JsonLinesFeed(lines, has_bars=not request.trades_only, interval=interval)
    return OpenedFeed(feed=feed, clock=SystemClock(), ends_with_feed=True)


def _lines(comes_from: str | None) -> LineSource:
    if comes_from is None:
        if sys.stdin.isatty():
            raise SettingsError("nobody sends lines: pipe a program into this one, or name a file with --from")
        return PipeSource()
    if not comes_from.startswith("tcp://"):
        return FileSource(path_of(comes_from))
    host, colon, port = comes_from.removeprefix("tcp://").rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise SettingsError(f"--from {comes_from} is no address; write it as tcp://localhost:9000")
    return SocketSource(host.strip("[]"), int(port))
