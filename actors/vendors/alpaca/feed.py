"""Alpaca's market-data stream: bars, corrected bars, trades, quotes, halts, and what amends trades."""

import threading
import time
import warnings
from collections.abc import Coroutine, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from actors.feeds.event_loop import OwnLoop
from actors.feeds.gathered import Gathering
from actors.feeds.port import POLL_S
from actors.feeds.requests import Refusal, Request, Requests
from actors.vendors.alpaca.frames import Answer, Failure, Subscribed, Success, gather, reader
from actors.vendors.alpaca.keys import AlpacaKeys
from messages.errors import ConnectionLost, FeedError, FeedRefused, SettingsError, nearest
from messages.feeds import FeedItem, SymbolsRefused

if TYPE_CHECKING:
    from actors.vendors.alpaca.stream import AlpacaStream

R = TypeVar("R")

CHANNELS = ("bars", "updatedBars", "dailyBars", "trades", "quotes", "statuses")
"""All that can be asked for, the most needed first; what amends trades comes along with them."""
STREAMS = {
    "iex": "v2/iex",
    "sip": "v2/sip",
    "delayed_sip": "v2/delayed_sip",
    "test": "v2/test",
    "boats": "v1beta1/boats",
    "overnight": "v1beta1/overnight",
    "crypto": "v1beta3/crypto/us",
    "crypto-us-1": "v1beta3/crypto/us-1",
    "crypto-eu-1": "v1beta3/crypto/eu-1",
}
"""Where each is: https://docs.alpaca.markets/docs/real-time-stock-pricing-data and .../real-time-crypto-pricing-data"""

_LEFT_OUT = {"crypto": ("statuses", "dailyBars"), "boats": ("dailyBars",), "overnight": ("dailyBars",)}
"""Not asked for: crypto knows no halts, and what is a day there or of a night is not one of our sessions."""

_BARS = CHANNELS[:3]
"""Asked for together, before all else: no account has a limit for them."""
_CONNECTING_S = 15.0
_ANSWER_S = 10.0
"""After so long a request is taken for one that is not answered, and the next is made."""
_WRONG_KEYS = 402
_ALREADY_IN = 403
_OF_THE_CONNECTION = {401, 404, 406, 407, 408, 500}
"""Not signed in, sign-in too late, connections or v2 not allowed, too slow, an error within: connect again. All else
answers a request, and leaves the subscriptions as they were: https://docs.alpaca.markets/docs/streaming-market-data"""
_ENOUGH = {405: 1, 409: 16, 410: 16}
"""No room for one symbol: none for another. No right to, or no such channel: they are all alike, as a rule."""


class AlpacaFeed:
    """One connection to one of Alpaca's streams, through ``alpaca-py`` (the extra ``alpaca``).

    Bars are asked for first, then one channel after the other. The free plan has 30 trades and quotes together and
    any number of bars, so a request that is refused is narrowed by halves: what exceeds a limit or a right is told as
    ``SymbolsRefused``, channel by channel, and not asked for again. Pings are sent every ten seconds, and the
    connection breaks by itself when one is not answered.

    Args:
        keys: see ``AlpacaKeys.find``.
        stream: one of ``STREAMS``, as the account allows.
        url: another endpoint in its place.
        channels: what is asked for of each symbol; without ``bars``, they are folded from trades. ``None``: all that
            the stream has and that are of use.
        name: who it is.

    Raises:
        SettingsError: a stream or channel is unknown, or none is named.
    """

    is_remote = True
    is_probed = True

    def __init__(
        self,
        keys: AlpacaKeys,
        *,
        stream: str = "iex",
        url: str | None = None,
        channels: tuple[str, ...] | None = None,
        name: str = "alpaca",
    ) -> None:
        if stream not in STREAMS:
            raise SettingsError(f"Alpaca has no stream {stream!r}{nearest(stream, STREAMS)}")
        channels = _channels(stream) if channels is None else channels
        if not channels or not set(channels) <= set(CHANNELS):
            raise SettingsError(f"Alpaca's channels are {', '.join(CHANNELS)}, not {', '.join(channels) or 'none'}")
        self.name = name
        self.has_bars = "bars" in channels
        self.sale_rules = "none" if stream.startswith("crypto") else "alpaca"
        self._keys = keys
        self._url = url or f"wss://stream.data.alpaca.markets/{STREAMS[stream]}"
        self._channels = tuple(channel for channel in CHANNELS if channel in channels)
        self._wanted: dict[str, set[str]] = {}
        """By symbol the channels that are asked for."""
        self._requests = Requests(self._send)
        self._asked_at = 0.0
        self._reader = reader()
        self._loop: OwnLoop | None = None
        self._stream: AlpacaStream | None = None
        self._failure: FeedError | None = None

    def connect(self, stopping: threading.Event) -> None:
        """Connect, sign in, and ask for the symbols that are wanted."""
        self._stream = _stream(self._keys, self._url)
        self._loop = OwnLoop()
        self._reader, self._failure = reader(), None
        self._requests.forget()
        self._loop.run_unless_stopped(self._stream.open(), stopping, whom="Alpaca", within_s=_CONNECTING_S)
        self._ask(tuple(self._wanted))

    def subscribe(self, symbols: Iterable[str]) -> None:
        """Ask for these too."""
        new = tuple(symbol for symbol in symbols if symbol not in self._wanted)
        self._wanted.update((symbol, set(self._channels)) for symbol in new)
        self._ask(new)

    def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Ask for these no more."""
        gone = tuple(symbol for symbol in symbols if symbol in self._wanted)
        for symbol in gone:
            del self._wanted[symbol]
        if self._stream is not None:
            self._requests.withdraw(self._channels, gone)

    def reads(self) -> Iterator[tuple[FeedItem, ...]]:
        """Yield what the frames held that have come since the last read."""
        while self._failure is None:
            assert self._stream is not None
            gathering = Gathering(self.name)
            for frame in self._run(self._stream.frames(POLL_S)):
                self._take(frame, gathering)
            self._look_after_requests(gathering)
            yield gathering.items()
        raise self._failure

    def close(self) -> None:
        """Close the connection."""
        loop, stream = self._loop, self._stream
        self._loop = self._stream = None
        if loop is not None and stream is not None:
            loop.close(stream.leave())

    def _run(self, work: Coroutine[Any, Any, R]) -> R:
        assert self._loop is not None
        return self._loop.run(work)

    def _ask(self, symbols: tuple[str, ...]) -> None:
        if self._stream is None:
            return
        bars = tuple(channel for channel in self._channels if channel in _BARS)
        groups = (bars, *((channel,) for channel in self._channels if channel not in _BARS))
        for channels in groups:
            asked: dict[tuple[str, ...], list[str]] = {}  # what was refused of some shall not hold up the others
            for symbol in symbols:
                wanted = tuple(channel for channel in channels if channel in self._wanted[symbol])
                asked.setdefault(wanted, []).append(symbol)
            for wanted, of_symbols in asked.items():
                self._requests.ask(wanted, of_symbols)

    def _send(self, request: Request) -> None:
        assert self._stream is not None
        self._asked_at = time.monotonic()
        action = "unsubscribe" if request.is_withdrawal else "subscribe"
        self._run(self._stream.ask_for(action, request.channels, list(request.symbols)))

    def _look_after_requests(self, gathering: Gathering) -> None:
        if self._requests.oldest is not None and time.monotonic() - self._asked_at > _ANSWER_S:
            self._requests.go_on()
        for channel, symbols, reason in self._requests.refusals():
            self._refused(channel, symbols)
            refused = SymbolsRefused(feed=self.name, symbols=tuple(sorted(symbols)), reason=reason, channel=channel)
            gathering.rare(refused)

    def _refused(self, channel: str, symbols: Iterable[str]) -> None:
        for symbol in symbols:
            left = self._wanted.get(symbol, set())
            left.discard(channel)
            if not left:
                self._wanted.pop(symbol, None)

    def _take(self, frame: bytes | str, gathering: Gathering) -> None:
        for message in self._reader.messages(frame, gathering):
            if isinstance(message, Subscribed | Failure | Success):
                self._hear(message)
                continue
            try:
                gather(message, self.name, gathering)
            except ValueError as error:
                self._reader.reject(message, error, gathering)

    def _hear(self, answer: Answer) -> None:
        if isinstance(answer, Subscribed):
            self._requests.grant(self._lacking(answer))
        elif isinstance(answer, Failure):
            self._failed(answer)

    def _lacking(self, answer: Subscribed) -> list[Refusal]:
        asked = self._requests.oldest
        if asked is None or asked.is_withdrawal:
            return []
        return [
            Refusal(channel, tuple(lacking), f"Alpaca did not confirm {channel}")
            for channel in asked.channels
            if (lacking := set(asked.symbols) - set(getattr(answer, channel) or ()))
        ]

    def _failed(self, answer: Failure) -> None:
        reason = f"Alpaca: {answer.msg} ({answer.code})"
        if answer.code == _WRONG_KEYS:
            self._failure = FeedRefused(reason)
        elif answer.code in _OF_THE_CONNECTION:
            self._failure = ConnectionLost(reason)
        elif answer.code != _ALREADY_IN:
            self._requests.refuse(reason, enough=_ENOUGH.get(answer.code))


def _channels(stream: str) -> tuple[str, ...]:
    left_out = _LEFT_OUT.get(stream.partition("-")[0], ())
    return tuple(channel for channel in CHANNELS if channel not in left_out)


def _stream(keys: AlpacaKeys, url: str) -> "AlpacaStream":
    try:
        with warnings.catch_warnings(
            action="ignore"
        ):  # it speaks through a part of websockets that has been superseded
            from actors.vendors.alpaca.stream import AlpacaStream
    except ImportError as error:
        raise FeedRefused(
            f"Alpaca's feed needs alpaca-py: python -m pip install 'barkeeper[alpaca]' ({error})"
        ) from error
    return AlpacaStream(keys, url)
