"""Trades in any order, late, cancelled and corrected, against an oracle that only knows which of them are left."""

from collections import defaultdict
from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from messages import (
    Bar,
    BarsUpdated,
    BarsWithdrawn,
    GetActiveSymbols,
    GetBars,
    GetDigest,
    Interval,
    Message,
    Tick,
    TicksArrived,
    TradeAmended,
)
from messages.values import MINUTE_NS, ONE_DAY, ONE_MINUTE, SECOND_NS, Nanos
from tests.builders import arrived, opened, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import TUESDAY, core_with

SYMBOLS = ("A", "B")
INTERVALS = (Interval.parse("2m"), ONE_DAY)
GRACE_NS = 5 * SECOND_NS
OVER_NS = TUESDAY.end_ns + 60 * SECOND_NS


class Deal(NamedTuple):
    """A trade, and what became of it; ``None``: it stands, an empty price: it was cancelled."""

    tick: Tick
    name: str
    amendment: tuple[float, float] | str | None

    @property
    def messages(self) -> list[Message]:
        told: list[Message] = [
            TicksArrived(ticks=(self.tick,), ids=(self.name,), now_ns=self.tick.at_ns, source="feed", is_folded=True)
        ]
        if self.amendment is not None:
            price, size = (None, None) if isinstance(self.amendment, str) else self.amendment
            told.append(
                TradeAmended(
                    feed="feed",
                    symbol=self.tick.symbol,
                    trade_id=self.name,
                    at_ns=self.tick.at_ns,
                    price=self.tick.price,
                    size=self.tick.size,
                    corrected_price=price,
                    corrected_size=size,
                )
            )
        return told

    @property
    def left(self) -> tuple[str, Nanos, float, float] | None:
        """What counts in the end: symbol, instant, price and size."""
        if isinstance(self.amendment, str):
            return None
        price, size = self.amendment or (self.tick.price, self.tick.size)
        return self.tick.symbol, self.tick.at_ns, price, size


PRICES = st.integers(9_000, 11_000).map(lambda cents: cents / 100)
SIZES = st.sampled_from([0.0, 0.1, 0.2, 0.7, 1.0, 100.0])


@st.composite
def dealings(draw: st.DrawFn) -> list[Deal]:
    """Trades of a session of four minutes, no two of them at one instant."""
    instants = draw(st.lists(st.integers(0, 4 * 60_000 - 1), min_size=1, max_size=14, unique=True))
    outcome = st.one_of(st.none(), st.none(), st.just("cancelled"), st.tuples(PRICES, SIZES))
    return [
        Deal(
            Tick(
                symbol=draw(st.sampled_from(SYMBOLS)),
                at_ns=TUESDAY.start_ns + milli * 1_000_000,
                price=draw(PRICES),
                size=draw(SIZES),
            ),
            f"trade {place}",
            draw(outcome),
        )
        for place, milli in enumerate(instants)
    ]


@st.composite
def ways_to_tell(draw: st.DrawFn, deals: list[Deal]) -> list[Message]:
    """One order in which it may come, each trade before its amendment, while the clock goes on."""
    queues = [iter(deal.messages) for deal in deals]
    turns = draw(st.permutations([place for place, deal in enumerate(deals) for _ in deal.messages]))
    told: list[Message] = []
    now_ns = TUESDAY.start_ns
    for place in turns:
        message: Any = next(queues[place])
        if isinstance(message, TicksArrived):
            now_ns = max(now_ns, message.ticks[0].at_ns)
            message = TicksArrived(ticks=message.ticks, ids=message.ids, now_ns=now_ns, source="feed", is_folded=True)
        told.append(message)
        if draw(st.booleans()):
            now_ns += draw(st.sampled_from([0, SECOND_NS // 4, 3 * SECOND_NS, 20 * SECOND_NS]))
            told.append(time(now_ns))
    return [*told, time(max(now_ns, OVER_NS)), time(max(now_ns, OVER_NS) + SECOND_NS)]


def oracle(deals: list[Deal]) -> list[Bar]:
    """The bars of the trades that are left, by loops."""
    minutes: dict[tuple[str, Nanos], list[tuple[Nanos, float, float]]] = defaultdict(list)
    for symbol, at_ns, price, size in (deal.left for deal in deals if deal.left):
        minutes[symbol, at_ns - at_ns % MINUTE_NS].append((at_ns, price, size))
    made = []
    for (symbol, start_ns), trades in minutes.items():
        prices = [price for _, price, size in sorted(trades) if size]
        if not prices:
            continue
        volume = float(sum(Fraction(size) for _, _, size in trades))
        made.append(
            Bar(
                symbol=symbol,
                start_ns=start_ns,
                open=prices[0],
                high=max(prices),
                low=min(prices),
                close=prices[-1],
                volume=volume,
            )
        )
    return made


def session(messages: list[Message]) -> tuple[SessionDataCore, list[Message]]:
    core = core_with(opened(TUESDAY, SYMBOLS), grace_ns=GRACE_NS, intervals=INTERVALS)
    return core, play(core, messages)


@settings(deadline=None)
@given(st.data())
def test_however_trades_come_the_day_is_that_of_the_bars_they_make(data: st.DataObject) -> None:
    deals = data.draw(dealings())
    folded, _ = session(data.draw(ways_to_tell(deals)))
    bars = oracle(deals)
    given_, _ = session([*([arrived(*bars, now=OVER_NS)] if bars else []), time(OVER_NS)])

    assert ask(folded, GetDigest()) == ask(given_, GetDigest())


@settings(deadline=None)
@given(st.data())
def test_who_follows_what_is_told_has_in_the_end_what_readers_have(data: st.DataObject) -> None:
    core, said = session(data.draw(ways_to_tell(data.draw(dealings()))))
    followed: dict[tuple[Interval, str, Nanos], tuple[float, ...]] = {}
    for event in said:
        if isinstance(event, BarsUpdated):
            for one in event.batch.bars():
                followed[event.interval, one.symbol, one.start_ns] = (
                    one.open,
                    one.high,
                    one.low,
                    one.close,
                    one.volume,
                )
        elif isinstance(event, BarsWithdrawn):
            for symbol in event.symbols:
                del followed[event.interval, symbol, event.start_ns]

    assert followed == {
        (interval, symbol, one.start_ns): (one.open, one.high, one.low, one.close, one.volume)
        for interval in (ONE_MINUTE, *INTERVALS)
        for symbol in ask(core, GetActiveSymbols())
        for one in ask(core, GetBars(symbol=symbol, interval=interval)).bars()
    }
