"""Massive's (formerly Polygon's) stream of US stocks: aggregates of a minute or a second, and trades."""

import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from actors.feeds.event_loop import OwnLoop
from actors.feeds.gathered import Gathering
from actors.feeds.port import POLL_S
from actors.vendors.massive.frames import Aggregate, MinuteAggregate, Status, Trade, bar_of, reader, tick_of
from actors.vendors.massive.keys import MassiveKey
from messages.errors import ConnectionLost, FeedError, FeedRefused, SettingsError, nearest
from messages.feeds import DayVolumeReported, FeedItem, SymbolsRefused
from messages.values import MINUTE_NS, ONE_MINUTE, SECOND_NS, Bar, Interval, Nanos

if TYPE_CHECKING:
    from actors.vendors.massive.stream import MassiveStream

HOSTS = {"realtime": "socket.massive.com", "delayed": "delayed.massive.com"}
"""Where each stream is: https://massive.com/docs/websocket/stocks/aggregates-per-minute"""
CHANNELS = ("AM", "A", "T")
_LENGTHS = {"AM": MINUTE_NS, "A": SECOND_NS}
_CONNECTING_S = 15.0
_UNCONFIRMED_S = 2.0
"""What is not confirmed so long after the far side has complained will not come."""
_LOST = {"auth_timeout", "max_connections", "slow_consumer", "force_disconnect"}
_TOLD = 30
"""So many of each symbol's latest minutes are remembered: one that is told again has changed."""


class MassiveFeed:
    """One connection to one of Massive's clusters of stocks, through the package ``massive`` (the extra ``massive``).

    A minute that Massive sends again, since a trade was reported late, is a correction. Channels and symbols that the
    account has no right to are told as ``SymbolsRefused``. Pings are sent every twenty seconds, and the connection
    breaks by itself when one is not answered.

    Args:
        key: see ``MassiveKey.find``.
        stream: one of ``HOSTS``, as the account allows.
        address: another ``host:port`` in its place.
        is_secure: whether TLS is spoken there.
        channels: ``AM`` (minutes), ``A`` (seconds), ``T`` (trades); without aggregates bars are folded from trades.
        interval: the length of base bars; aggregates must be of that length.
        counts_day: whether a day is counted as Massive does it, from 4:00 to 20:00: then its volume is compared.

    Raises:
        SettingsError: a stream or channel is unknown, or of bars of another length.
    """

    is_remote = True
    is_probed = True
    sale_rules = "massive"
    name = "massive"

    def __init__(
        self,
        key: MassiveKey,
        *,
        stream: str = "realtime",
        address: str | None = None,
        is_secure: bool = True,
        channels: tuple[str, ...] = ("AM",),
        interval: Interval = ONE_MINUTE,
        counts_day: bool = False,
    ) -> None:
        if stream not in HOSTS:
            raise SettingsError(f"Massive has no stream {stream!r}{nearest(stream, HOSTS)}")
        if not channels or not set(channels) <= set(CHANNELS):
            raise SettingsError(f"Massive's channels are {', '.join(CHANNELS)}, not {', '.join(channels) or 'none'}")
        for channel in set(channels).intersection(_LENGTHS):
            if _LENGTHS[channel] != interval.span_ns:
                length = Interval(seconds=_LENGTHS[channel] // SECOND_NS)
                raise SettingsError(f"Massive's {channel} are bars of {length}; the base interval is {interval}")
        self.has_bars = bool(set(channels).intersection(_LENGTHS))
        self._key = key
        self._host = address or HOSTS[stream]
        self._is_secure = is_secure
        self._channels = tuple(channel for channel in CHANNELS if channel in channels)
        self._interval = interval
        self._counts_day = counts_day
        self._wanted: dict[str, None] = {}
        self._unconfirmed: dict[str, None] = {}
        """Topics that were asked for and are neither granted nor refused."""
        self._refused: set[str] = set()
        self._complaint: tuple[str, float] | None = None
        self._told: dict[str, dict[Nanos, None]] = {}
        self._reader = reader()
        self._failure: FeedError | None = None
        self._loop: OwnLoop | None = None
        self._stream: MassiveStream | None = None

    def connect(self, stopping: threading.Event) -> None:
        """Connect, sign in, and ask for the symbols that are wanted."""
        self._reader, self._failure, self._complaint = reader(), None, None
        self._unconfirmed.clear()
        self._loop = OwnLoop()
        self._loop.run_unless_stopped(self._open(), stopping, whom="Massive", within_s=_CONNECTING_S)

    def subscribe(self, symbols: Iterable[str]) -> None:
        """Ask for these too."""
        new = [symbol for symbol in symbols if symbol not in self._wanted]
        self._wanted.update(dict.fromkeys(new))
        if self._stream is not None and self._loop is not None:
            self._loop.run(self._ask(self._stream, new))

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Ask for these no more."""
        gone = [symbol for symbol in symbols if symbol in self._wanted]
        for symbol in gone:
            del self._wanted[symbol]
        if self._stream is not None and self._loop is not None:
            self._loop.run(self._stream.ask_for(self._topics(gone), is_withdrawal=True))

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        """Yield what the frames held that have come since the last read."""
        while self._failure is None:
            assert self._loop is not None
            assert self._stream is not None
            gathering = Gathering(self.name)
            for frame in self._loop.run(self._stream.frames(POLL_S)):
                self._take(frame, gathering)
            self._tell_refusals(gathering)
            yield gathering.items()
        raise self._failure

    def close(self) -> None:
        """Close the connection."""
        loop, stream = self._loop, self._stream
        self._loop = self._stream = None
        if loop is not None:
            loop.close(_nothing() if stream is None else stream.leave())

    # --- what is asked for

    async def _open(self) -> None:
        stream = self._stream = _stream(self._key, self._host, is_secure=self._is_secure)
        await stream.open()
        await self._ask(stream, self._wanted)

    async def _ask(self, stream: "MassiveStream", symbols: Iterable[str]) -> None:
        topics = [topic for topic in self._topics(symbols) if topic not in self._refused]
        self._unconfirmed.update(dict.fromkeys(topics))
        if topics:
            await stream.ask_for(topics)

    def _topics(self, symbols: Iterable[str]) -> list[str]:
        return [f"{channel}.{symbol}" for channel in self._channels for symbol in symbols]

    # --- what comes

    def _take(self, frame: bytes | str, gathering: Gathering) -> None:
        for message in self._reader.messages(frame, gathering):
            try:
                if isinstance(message, Status):
                    self._hear(message)
                elif isinstance(message, Trade):
                    gathering.tick(*tick_of(message))
                else:
                    self._take_aggregate(message, gathering)
            except ValueError as error:
                self._reader.reject(message, error, gathering)

    def _take_aggregate(self, aggregate: Aggregate, gathering: Gathering) -> None:
        bar = bar_of(aggregate, self._interval)
        is_again = self._is_told(bar)
        gathering.bar(bar, is_correction=is_again, is_final=not is_again)
        if self._counts_day and aggregate.av is not None and isinstance(aggregate, MinuteAggregate):
            gathering.rare(
                DayVolumeReported(feed=self.name, symbol=bar.symbol, start_ns=bar.start_ns, volume=aggregate.av)
            )

    def _is_told(self, bar: Bar) -> bool:
        told = self._told.setdefault(bar.symbol, {})
        is_again = bar.start_ns in told
        told[bar.start_ns] = None
        if len(told) > _TOLD:
            del told[min(told)]
        return is_again

    def _hear(self, status: Status) -> None:
        if status.status == "success":
            for topic in status.message.removeprefix("subscribed to:").split(","):
                self._unconfirmed.pop(topic.strip(), None)
        elif status.status == "auth_failed":
            self._failure = FeedRefused(f"Massive: {status.message} ({status.status})")
        elif status.status in _LOST:
            self._failure = ConnectionLost(f"Massive: {status.message} ({status.status})")
        elif status.status not in ("connected", "auth_success"):
            self._complaint = status.message or status.status, time.monotonic()

    def _tell_refusals(self, gathering: Gathering) -> None:
        """Tell what was not confirmed although the far side has complained; a complaint names no topic."""
        if self._complaint is None or time.monotonic() - self._complaint[1] < _UNCONFIRMED_S:
            return
        reason = f"Massive: {self._complaint[0]}"
        self._complaint = None
        for channel in self._channels:
            topics = [topic for topic in self._unconfirmed if topic.startswith(f"{channel}.")]
            symbols = tuple(sorted(topic.partition(".")[2] for topic in topics))
            if symbols:
                gathering.rare(SymbolsRefused(feed=self.name, symbols=symbols, reason=reason, channel=channel))
                self._refused.update(topics)
        self._unconfirmed.clear()


def _stream(key: MassiveKey, host: str, *, is_secure: bool) -> "MassiveStream":
    try:
        from actors.vendors.massive.stream import MassiveStream
    except ImportError as error:
        raise FeedRefused(
            f"Massive's feed needs its package: python -m pip install 'barkeeper[massive]' ({error})"
        ) from error
    return MassiveStream(key, host, is_secure=is_secure)


async def _nothing() -> None:
    pass
