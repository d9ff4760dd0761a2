"""What a vendor's server sends, damaged: the connection is lost in our words, or what can be read of it is used."""

import asyncio
import logging
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, NamedTuple

import databento_dbn as dbn
import pytest

from actors.vendors.databento.feed import DatabentoFeed
from actors.vendors.ibkr.feed import FIVE_SECONDS, IbkrFeed
from messages import Bar, FeedBars, FeedTicks, SymbolsRefused
from messages.errors import ConnectionLost, FeedError
from messages.feeds import FeedItem
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import at, bar
from tests.damage import MANY, adds_up, bounded, one_damaged, overwritten
from tests.vendors.databento.gateway import DATASET, KEY, metadata, naming
from tests.vendors.ibkr.tws import five_seconds, framed, real_time_bar
from tests.vendors.recited import Recited

BAR = bar("A", "09:30")
FEW = 4


class Door(NamedTuple):
    """What is said to a feed, each part after something was heard; one of the parts is damaged, and the last then."""

    feed: Callable[[], Any]
    parts: tuple[tuple[bytes, bytes], ...]
    damaged: int
    damage: Callable[[Random, bytes], bytes] = one_damaged


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
RECORDS = (
    naming("A", "A", 1),
    _ohlcv(BAR.start_ns),
    _ohlcv(BAR.start_ns + SECOND_NS, 32),
    TRADE,
    bytes(dbn.SystemMsg(ts_event=0, msg="Heartbeat", code=dbn.SystemCode.HEARTBEAT)),
    bytes(dbn.ErrorMsg(ts_event=0, err="Failed to resolve symbol 'B'", code=dbn.ErrorCode.SYMBOL_RESOLUTION_FAILED)),
    _ohlcv(BAR.end_ns),
)
STREAM = metadata() + b"".join(RECORDS)
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


def databento() -> DatabentoFeed:
    return DatabentoFeed(KEY, DATASET, now_ns=lambda: at("10:00"), channels=("ohlcv-1m", "trades"))


def seconds() -> DatabentoFeed:
    return DatabentoFeed(KEY, DATASET, now_ns=lambda: at("09:30"), channels=("ohlcv-1s",))


def in_records(dice: Random, _whole: bytes) -> bytes:
    """Return Databento's stream: some records say something else, are gone, come twice or in another order; or it ends.

    Each is as long and of the kind as it says: of others it is the library that has to say no, before we see them.
    """
    sent = [*RECORDS]
    for place in dice.sample(range(len(sent)), dice.randint(0, 3)):
        sent[place] = overwritten(dice, sent[place], first=2)
    if dice.random() < 0.3:
        dice.shuffle(sent)
    stream = metadata() + b"".join(one for one in sent for _ in range(dice.choice((1, 1, 1, 1, 0, 2))))
    return stream[: dice.randrange(len(stream))] if dice.random() < 0.2 else stream


OF_DATABENTO = ((b"", SIGNED_IN[0]), (b"auth=", SIGNED_IN[1]), (b"start_session", STREAM))
OF_TWS = ((b"API\0", LET_IN), (b"\0TRADES\0", SHORTS))
DOORS = {
    "databento": Door(databento, OF_DATABENTO, 2, in_records),
    "databento-seconds": Door(seconds, OF_DATABENTO, 2, in_records),
    "databento-challenge": Door(databento, OF_DATABENTO, 0),
    "databento-sign-in": Door(databento, OF_DATABENTO, 1),
    "ibkr": Door(IbkrFeed, OF_TWS, 1),
    "ibkr-shorts": Door(lambda: IbkrFeed(interval=FIVE_SECONDS), OF_TWS, 1),
    "ibkr-opening": Door(IbkrFeed, OF_TWS, 0),
}


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recited]:
    made = Recited()
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", made.connection)
    yield made
    made.leave()


@contextmanager
def unheard() -> Iterator[None]:
    """Let the libraries log for nobody: pytest would keep it all, and what is held by its tracebacks."""
    loggers = [logging.getLogger(name) for name in ("databento", "ib_async")]
    for logger in loggers:
        logger.propagate = False
    yield
    for logger in loggers:
        logger.propagate = True


def came_of(door: Door, far: Recited, parts: tuple[tuple[bytes, bytes], ...]) -> tuple[list[FeedItem], FeedError]:
    """Connect and read until it is over; what is raised then is ours."""
    far.parts = parts
    feed, items = door.feed(), list[FeedItem]()
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
def test_what_is_damaged_is_refused_in_our_words(
    door: str, far: Recited, many: int, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = DOORS[door]
    (cue, whole), before = asked.parts[asked.damaged], asked.parts[: asked.damaged]
    came_of(asked, far, asked.parts)
    with bounded(), unheard():
        for seed in range(many):
            items, end = came_of(asked, far, (*before, (cue, asked.damage(Random(seed), whole))))

            assert str(end)
            assert "\n" not in str(end)
            adds_up(items)

    assert capfd.readouterr() == ("", "")


# --- one of many messages


def bars_of(door: Door, far: Recited, messages: Iterable[bytes]) -> tuple[list[Bar], int]:
    """Return the bars that come of some messages, and how many of those were rejected."""
    cue, _ = door.parts[-1]
    items, _ = came_of(door, far, (*door.parts[:-1], (cue, b"".join(messages))))
    bars = [bar for item in items if isinstance(item, FeedBars) for bar in item.batch.bars()]
    return bars, adds_up(items)


def in_its_fields(dice: Random, record: bytes) -> bytes:
    return overwritten(dice, record, first=2)


def in_its_body(dice: Random, message: bytes) -> bytes:
    body = one_damaged(dice, message[4:])
    return struct.pack(">I", len(body)) + body


MINUTES = [_ohlcv(BAR.start_ns + number * MINUTE_NS) for number in range(9)]
MESSAGES = [framed(*real_time_bar("1", one)) for one in five_seconds(BAR)]
ONE_OF_MANY = {
    "databento": ((metadata(), naming("A", "A", 1)), MINUTES, in_its_fields),
    "ibkr-shorts": ((), MESSAGES, in_its_body),
}


@pytest.mark.parametrize("many", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ONE_OF_MANY)
def test_one_that_is_damaged_costs_no_other(name: str, far: Recited, many: int) -> None:
    door, (before, messages, damage) = DOORS[name], ONE_OF_MANY[name]
    whole, _ = bars_of(door, far, (*before, *messages))
    with bounded(), unheard():
        for seed in range(many):
            dice = Random(seed)
            place = dice.randrange(len(messages))
            sent = (*messages[:place], damage(dice, messages[place]), *messages[place + 1 :])
            came, rejected = bars_of(door, far, (*before, *sent))

            assert Counter(came) >= Counter(whole[:place] + whole[place + 1 :])
            assert len(whole) - 1 <= len(came) + rejected <= len(whole)
