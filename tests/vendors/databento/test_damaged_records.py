"""What Databento's library has decoded, damaged on our side of it: each record is used, or rejected in our words.

Bytes are left alone here: what becomes of those is the library's own affair, and it is not ours to break it.
"""

import threading
from collections.abc import Sequence
from random import Random
from typing import Any

import databento_dbn as dbn
import pytest

from actors.vendors.databento import session
from actors.vendors.databento.feed import DatabentoFeed
from messages import FeedBars, FeedTicks, SymbolsRefused
from messages.errors import ConnectionLost, FeedError
from messages.feeds import FeedItem
from messages.values import SECOND_NS
from tests.builders import at, bar
from tests.damage import MANY, adds_up
from tests.vendors.databento.gateway import DATASET, KEY

BAR = bar("A", "09:30")
FEW = 40
CHANNELS = (("ohlcv-1m", "trades"), ("ohlcv-1s",))
NUMBERS = (0, 1, -1, 255, 10**9, 2**32 - 1, 2**63 - 1, -(2**63), 2**64 - 1)
TEXTS = ("", "B", "A B", "\0", "ALL_SYMBOLS", "7", "x\ny" * 2000, "Failed to resolve symbol 'A'", "é\u202e")


def _ohlcv(start_ns: int, rtype: int = 33) -> dbn.OHLCVMsg:
    prices = dict.fromkeys(("open", "high", "low", "close"), 100 * 10**9)
    return dbn.OHLCVMsg(rtype=rtype, publisher_id=2, instrument_id=1, ts_event=start_ns, volume=5, **prices)


def records() -> list[Any]:
    """One of each kind that is looked into."""
    named = {"stype_in": dbn.SType.RAW_SYMBOL, "stype_out": dbn.SType.INSTRUMENT_ID, "start_ts": 0, "end_ts": 0}
    code = dbn.ErrorCode.SYMBOL_RESOLUTION_FAILED
    return [
        dbn.SymbolMappingMsg(
            publisher_id=0, instrument_id=1, ts_event=0, stype_in_symbol="A", stype_out_symbol="1", **named
        ),
        _ohlcv(BAR.start_ns),
        *(_ohlcv(BAR.start_ns + second * SECOND_NS, 32) for second in range(3)),
        dbn.TradeMsg(
            publisher_id=2, instrument_id=1, ts_event=BAR.start_ns, price=100 * 10**9, size=3, action=dbn.Action.TRADE,
            side=dbn.Side.BID, depth=0, ts_recv=BAR.start_ns, flags=0, ts_in_delta=0, sequence=7,
        ),
        dbn.SystemMsg(ts_event=0, msg="Heartbeat", code=dbn.SystemCode.HEARTBEAT),
        dbn.ErrorMsg(ts_event=0, err="Failed to resolve symbol 'B'", code=code),
        _ohlcv(BAR.end_ns),
        _ohlcv(BAR.end_ns, 32),
    ]  # fmt: skip


class Damaged:
    """A record some of whose fields say something else, or cannot be read, as a text that is none."""

    def __init__(self, record: Any, dice: Random) -> None:
        self._record = record
        self._dice = dice

    def __getattr__(self, name: str) -> Any:
        value, dice = getattr(self._record, name), self._dice
        if name == "rtype":  # by which the library has chosen what kind of record it is
            return value
        if isinstance(value, str):
            if dice.random() < 0.2:
                raise dbn.DBNError("no text {at all}")
            value = dice.choice((value, *TEXTS))
        elif dice.random() < 0.3:
            value = dice.choice((*NUMBERS, int(value or 0) ^ 1 << dice.randrange(63), dice.randrange(40)))
        vars(self)[name] = value  # it says the same whenever it is asked
        return value


def damaged(dice: Random) -> list[Any]:
    """Some of the records damaged; some may be gone, twice there, or in another order."""
    given = records()
    for place in dice.sample(range(len(given)), dice.randint(1, 3)):
        given[place] = Damaged(given[place], dice)
    if dice.random() < 0.3:
        dice.shuffle(given)
    return [record for record in given for _ in range(dice.choice((1, 1, 1, 1, 0, 2)))]


class Decoded:
    """A session in which these records come, and then no more."""

    unreadable = dbn.DBNError

    def __init__(self, given: Sequence[Any]) -> None:
        self._given = iter((list(given[:4]), list(given[4:])))

    async def open(self) -> None:
        """Nobody is reached."""

    async def subscribe(self, *_: object) -> None:
        """They come whatever is asked for."""

    async def start(self) -> None:
        """As above."""

    async def records(self, timeout_s: float) -> list[Any]:
        del timeout_s
        for some in self._given:
            return some
        raise ConnectionLost("there are no more")

    async def leave(self) -> None:
        """Nobody is there."""


def came_of(
    given: Sequence[Any], channels: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> tuple[list[FeedItem], FeedError]:
    """Connect and read until it is over; what is raised then is ours."""
    monkeypatch.setattr(session, "GatewaySession", lambda *_: Decoded(given))
    feed = DatabentoFeed(KEY, DATASET, now_ns=lambda: at("10:00"), channels=channels)
    feed.subscribe(["A", "B"])
    items: list[FeedItem] = []
    try:
        feed.connect(threading.Event())
        for read in feed.reads():
            items += read
    except FeedError as error:
        return items, error
    finally:
        feed.close()
    raise AssertionError("it has no end")


@pytest.mark.parametrize("channels", CHANNELS, ids=str)
def test_what_is_whole_is_taken(channels: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    items, end = came_of(records(), channels, monkeypatch)

    assert {type(item) for item in items} >= {FeedBars, SymbolsRefused, *([FeedTicks] if len(channels) > 1 else [])}
    assert str(end) == "there are no more"
    assert adds_up(items) == 0


@pytest.mark.parametrize("many", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("channels", CHANNELS, ids=str)
def test_what_is_damaged_is_rejected_in_our_words(
    channels: tuple[str, ...], many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(many):
        items, end = came_of(damaged(Random(seed)), channels, monkeypatch)

        assert str(end)
        assert "\n" not in str(end)
        adds_up(items)
