"""Vendors' feeds: each with the vendor's real client, and a server of ours on loopback that speaks its protocol."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec
import pytest

from actors.feeds.port import Feed
from actors.kernel.clock import ManualClock
from actors.vendors.alpaca.feed import AlpacaFeed
from actors.vendors.alpaca.keys import AlpacaKeys
from actors.vendors.ccxt.feed import CcxtFeed
from actors.vendors.databento.feed import DatabentoFeed
from actors.vendors.databento.keys import DatabentoKey
from actors.vendors.ibkr.feed import IbkrFeed
from actors.vendors.massive.feed import MassiveFeed
from actors.vendors.massive.keys import MassiveKey
from messages import Bar
from messages.values import MINUTE_NS
from tests.feeds.world import World, day_clock
from tests.vendors.alpaca.server import KEYS, AlpacaServer, bar_message
from tests.vendors.ccxt.kraken import PAIRS, KrakenServer, config_for
from tests.vendors.databento.gateway import DATASET, KEY, Gateway
from tests.vendors.ibkr.tws import Tws
from tests.vendors.massive.server import KEY as MASSIVE_KEY
from tests.vendors.massive.server import MassiveServer, aggregate


class FarSide(Protocol):
    """What every server of a vendor can be told by a test."""

    def drop(self) -> None:
        """Break every connection off, without a farewell."""
        ...

    def stop(self) -> None:
        """Close every connection and the port."""
        ...

    def start(self) -> None:
        """Open the same port again."""
        ...

    def wait_until_left(self) -> None:
        """Wait until nobody is connected any more."""
        ...


class VendorWorld(World):
    """A vendor's feed with all that can go wrong at its far side.

    Args:
        feed: what is tried.
        server: its far side.
        happen: sends these bars.
        garble: sends what the protocol does not have, to everybody who is connected.
        elsewhere: the same feed, to another port of this computer.
        stranger: the same feed with wrong keys, and the secret in them; ``None``: the vendor asks for no keys.
        unknown: a symbol that the far side does not have.
        symbols: what the two symbols of the market are called there.
        clock: what the feed goes by, if it does.
    """

    def __init__(
        self,
        feed: Feed,
        server: FarSide,
        happen: Callable[[list[Bar]], None],
        *,
        garble: Callable[[], None],
        elsewhere: Callable[[int], Feed],
        stranger: Callable[[], tuple[Feed, str]] | None = None,
        unknown: str = "NONE",
        symbols: tuple[str, str] = ("A", "B"),
        clock: ManualClock | None = None,
    ) -> None:
        super().__init__(feed, clock or day_clock(), happen, symbols)
        self.server = server
        self.left = server.wait_until_left
        self.garble = garble
        self.elsewhere = elsewhere
        self.stranger = stranger
        self.unknown = unknown


@contextmanager
def silence() -> Iterator[socket.socket]:
    """Yield a listening socket of this computer, from which nothing is ever heard."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20.0)
        yield silent


@contextmanager
def alpaca_world(
    _folder: Path, stream: str = "iex", symbols: tuple[str, str] = ("A", "B"), unknown: str = "NONE"
) -> Iterator[VendorWorld]:
    server = AlpacaServer(no_symbols=(unknown,))

    def garble() -> None:
        server.send_raw(b"\xc1")
        server.send_raw("text")

    def feed(url: str = server.url, keys: AlpacaKeys = KEYS) -> AlpacaFeed:
        return AlpacaFeed(
            keys, stream=stream, url=url, channels=("bars",)
        )  # one request at a time: nobody reads between

    world = VendorWorld(
        feed(),
        server,
        lambda bars: server.send(*(_alpaca_bar(bar) for bar in bars)),
        garble=garble,
        elsewhere=lambda port: feed(f"ws://127.0.0.1:{port}"),
        stranger=lambda: (feed(keys=AlpacaKeys(key="AKTEST", secret="wrong-secret")), "wrong-secret"),
        unknown=unknown,
        symbols=symbols,
    )
    world.subscribed = server.wait_for_subscribers
    yield world
    server.stop()


@contextmanager
def alpaca_crypto_world(folder: Path) -> Iterator[VendorWorld]:
    with alpaca_world(folder, "crypto", PAIRS, "NONE/USD") as world:
        yield world


@contextmanager
def alpaca_night_world(folder: Path) -> Iterator[VendorWorld]:
    with alpaca_world(folder, "boats") as world:
        yield world


@contextmanager
def alpaca_overnight_world(folder: Path) -> Iterator[VendorWorld]:
    with alpaca_world(folder, "overnight") as world:
        yield world


def _alpaca_bar(bar: Bar) -> dict[str, Any]:
    prices: dict[str, Any] = {"o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close, "v": bar.volume}
    return bar_message(bar.symbol, bar.start_ns, **prices, n=None, vw=None)


@contextmanager
def massive_world(_folder: Path) -> Iterator[VendorWorld]:
    server = MassiveServer(no_right_to=("AM.NONE",))

    def garble() -> None:
        server.send_raw('[{"ev": "AM", "sym')
        server.send_raw('[{"ev": "AM"}, 3]')

    def feed(address: str = server.address, key: MassiveKey = MASSIVE_KEY) -> MassiveFeed:
        return MassiveFeed(key, address=address, is_secure=False)

    world = VendorWorld(
        feed(),
        server,
        lambda bars: server.send(*(aggregate(bar) for bar in bars)),
        garble=garble,
        elsewhere=lambda port: feed(f"127.0.0.1:{port}"),
        stranger=lambda: (feed(key=MassiveKey(key="wrong-secret")), "wrong-secret"),
    )
    world.subscribed = lambda *symbols: server.wait_for_topics(*(f"AM.{symbol}" for symbol in symbols))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("actors.vendors.massive.feed._UNCONFIRMED_S", 0.2)
        yield world
    server.stop()


@contextmanager
def ccxt_world(_folder: Path) -> Iterator[VendorWorld]:
    server, clock = KrakenServer(), day_clock()

    def feed(config: dict[str, Any]) -> CcxtFeed:
        return CcxtFeed("kraken", channels=("bars",), config=config, clock=clock)

    def happen(bars: list[Bar]) -> None:
        for bar in bars:
            later = msgspec.structs.replace(bar, start_ns=bar.start_ns + MINUTE_NS)
            server.candle(msgspec.structs.replace(bar, volume=0.0), bar, later)  # it grows, and the next begins

    world = VendorWorld(
        feed(server.config),
        server,
        happen,
        clock=clock,
        garble=lambda: server.send('{"channel": "ohlc", "type": "update", "da'),
        elsewhere=lambda port: feed(config_for(f"127.0.0.1:{port}")),
        unknown="NONE/USD",
        symbols=PAIRS,
    )
    world.subscribed = lambda *pairs: server.wait_for_subscribers(*pairs, channel="ohlc")
    world.has_everything = False
    yield world
    server.stop()


@contextmanager
def databento_world(_folder: Path) -> Iterator[VendorWorld]:
    gateway = Gateway()
    clock = day_clock()

    def feed(place: str = gateway.place, key: DatabentoKey = KEY) -> DatabentoFeed:
        return DatabentoFeed(key, DATASET, gateway=place, now_ns=clock.now_ns)

    world = VendorWorld(
        feed(),
        gateway,
        lambda bars: gateway.happen(*bars),
        clock=clock,
        garble=lambda: gateway.send_raw(b"\x00" * 64),
        elsewhere=lambda port: feed(f"127.0.0.1:{port}"),
        stranger=lambda: (feed(key=DatabentoKey(key="db-wrong-secret")), "db-wrong-secret"),
    )
    world.subscribed = gateway.wait_for_subscribers
    yield world
    gateway.stop()


@contextmanager
def ibkr_world(_folder: Path) -> Iterator[VendorWorld]:
    tws, clock = Tws(), day_clock()

    def feed(port: int = tws.port) -> IbkrFeed:
        return IbkrFeed(port=port, now_ns=clock.now_ns)

    world = VendorWorld(
        feed(),
        tws,
        lambda bars: tws.happen(*bars),
        clock=clock,
        garble=lambda: tws.send_raw(b"\x00" * 64),
        elsewhere=feed,
    )
    world.subscribed = tws.wait_for_subscribers
    world.has_everything = False
    yield world
    tws.stop()


NIGHTLY = (alpaca_crypto_world, alpaca_night_world, alpaca_overnight_world, ccxt_world)
VENDOR_WORLDS = [
    alpaca_world,
    databento_world,
    ibkr_world,
    massive_world,
    *(pytest.param(slow, marks=pytest.mark.slow) for slow in NIGHTLY),
]
