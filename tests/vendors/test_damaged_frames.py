"""What a vendor's server sends, damaged: the connection is lost in our words, or what can be read of it is used."""

import threading
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

import databento_dbn as dbn
import pytest

from actors.vendors.databento.feed import DatabentoFeed
from actors.vendors.ibkr.feed import FIVE_SECONDS, IbkrFeed
from messages import FeedBars, FeedTicks, SymbolsRefused
from messages.errors import ConnectionLost, FeedError
from messages.feeds import FeedItem
from messages.values import SECOND_NS
from tests.builders import at, bar
from tests.damage import MANY, adds_up, one_damaged
from tests.vendors.databento.gateway import DATASET, KEY, metadata, naming
from tests.vendors.ibkr.tws import five_seconds, framed, real_time_bar
from tests.vendors.recited import Recited

BAR = bar("A", "09:30")
FEW = 4


class Door(NamedTuple):
    """What is said to a feed, each part after something was heard; one of the parts is damaged, and the last then."""

    feed: Callable[[int], Any]
    """Made for a port."""
    parts: tuple[tuple[bytes, bytes], ...]
    damaged: int


def _record(kind: Any, **fields: Any) -> bytes:
    usual = {"publisher_id": 2, "instrument_id": 1, "ts_event": BAR.start_ns}
    return bytes(kind(**{**usual, **fields}))


def _ohlcv(start_ns: int, rtype: int = 33) -> bytes:
    prices = dict.fromkeys(("open", "high", "low", "close"), 100 * 10**9)
    return _record(dbn.OHLCVMsg, rtype=rtype, ts_event=start_ns, volume=5, **prices)


TRADE = _record(
    dbn.TradeMsg, price=100 * 10**9, size=3, action=dbn.Action.TRADE, side=dbn.Side.BID, depth=0,
    ts_recv=BAR.start_ns, flags=0, ts_in_delta=0, sequence=7,
)  # fmt: skip
SIGNED_IN = b"lsg_version=0.7.0\ncram=n7Ee5sGz\n", b"success=1|session_id=42\n"
RECORDS = b"".join(
    (
        metadata(),
        naming("A", "A", 1),
        _ohlcv(BAR.start_ns),
        _ohlcv(BAR.start_ns + SECOND_NS, 32),
        TRADE,
        bytes(dbn.SystemMsg(ts_event=0, msg="Heartbeat", code=dbn.SystemCode.HEARTBEAT)),
        bytes(
            dbn.ErrorMsg(ts_event=0, err="Failed to resolve symbol 'B'", code=dbn.ErrorCode.SYMBOL_RESOLUTION_FAILED)
        ),
        _ohlcv(BAR.end_ns),
    )
)
LET_IN = b"".join(
    (
        framed(178, "20240702 09:30:00 EST"),
        framed(15, 1, "DU1234567"),
        framed(9, 1, 1),
        framed(4, 2, -1, 2104, "Market data farm connection is OK:usfarm", ""),
    )
)
SHORTS = b"".join(
    (
        *(framed(*real_time_bar("1", one)) for one in five_seconds(BAR)),
        framed(4, 2, -1, 2108, "Market data farm connection is inactive", ""),
        framed(4, 2, 2, 354, "Requested market data is not subscribed", ""),
    )
)


def databento(port: int) -> DatabentoFeed:
    place, channels = f"127.0.0.1:{port}", ("ohlcv-1m", "trades")
    return DatabentoFeed(KEY, DATASET, gateway=place, now_ns=lambda: at("10:00"), channels=channels)


def seconds(port: int) -> DatabentoFeed:
    place = f"127.0.0.1:{port}"
    return DatabentoFeed(KEY, DATASET, gateway=place, now_ns=lambda: at("09:30"), channels=("ohlcv-1s",))


OF_DATABENTO = ((b"", SIGNED_IN[0]), (b"auth=", SIGNED_IN[1]), (b"start_session", RECORDS))
OF_TWS = ((b"API\0", LET_IN), (b"\0TRADES\0", SHORTS))
DOORS = {
    "databento": Door(databento, OF_DATABENTO, 2),
    "databento-seconds": Door(seconds, OF_DATABENTO, 2),
    "databento-challenge": Door(databento, OF_DATABENTO, 0),
    "databento-sign-in": Door(databento, OF_DATABENTO, 1),
    "ibkr": Door(lambda port: IbkrFeed(port=port), OF_TWS, 1),
    "ibkr-shorts": Door(lambda port: IbkrFeed(port=port, interval=FIVE_SECONDS), OF_TWS, 1),
    "ibkr-opening": Door(lambda port: IbkrFeed(port=port), OF_TWS, 0),
}


@pytest.fixture
def far() -> Iterator[Recited]:
    made = Recited()
    yield made
    made.stop()


def came_of(door: Door, far: Recited, parts: tuple[tuple[bytes, bytes], ...]) -> tuple[list[FeedItem], FeedError]:
    """Connect and read until it is over; what is raised then is ours."""
    far.parts = parts
    feed, items = door.feed(far.port), list[FeedItem]()
    feed.subscribe(["A", "B"])
    try:
        feed.connect(threading.Event())
        for read in feed.reads():
            items += read
    except FeedError as error:
        return items, error
    finally:
        feed.close()
    raise AssertionError("it has no end")


@pytest.mark.parametrize("door", DOORS)
def test_what_is_whole_is_taken(door: str, far: Recited) -> None:
    items, end = came_of(DOORS[door], far, DOORS[door].parts)

    kinds = {type(item) for item in items}

    assert kinds >= {FeedBars, SymbolsRefused} | ({FeedTicks} if "databento" in door else set())
    assert isinstance(end, ConnectionLost)
    assert adds_up(items) == 0


@pytest.mark.parametrize("many", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("door", DOORS)
def test_what_is_damaged_is_refused_in_our_words(door: str, far: Recited, many: int) -> None:
    asked = DOORS[door]
    cue, whole = asked.parts[asked.damaged]
    # Of bytes Databento's library makes records: a long run damages those instead, in ``test_damaged_records``.
    for seed in range(min(many, 300) if "databento" in door else many):
        items, end = came_of(asked, far, (*asked.parts[: asked.damaged], (cue, one_damaged(Random(seed), whole))))

        assert str(end)
        assert "\n" not in str(end)
        adds_up(items)
