"""Trades and quotes that are told at once make the session that they made one after the other."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.session_data.core import SessionDataCore
from actors.session_data.retelling import at_once
from actors.settings import SessionRules
from messages import FeedConnected, Message, Quote, QuotesArrived, Tick, TicksArrived, TimeAdvanced
from messages.values import SECOND_NS
from tests.builders import DAY, at, opened
from tests.depth import examples
from tests.session_data.stories import difference, insides

FEEDS = ("wire", "other")
SYMBOLS = ("A", "B")
START_NS = at("09:30")


@st.composite
def prints(draw: st.DrawFn) -> list[Message]:
    """What feeds send, some of it again, too early, too late or not sane, and the time between."""
    now_ns, messages = START_NS, list[Message]()
    numbers, places = st.integers(0, 12), st.integers(-90, 3)
    for _ in range(draw(st.integers(0, 25))):
        now_ns += draw(st.sampled_from((0, 1, 7, 40))) * SECOND_NS
        source, kind = draw(st.sampled_from(FEEDS)), draw(st.sampled_from("TTTQQ.<"))
        several = [
            (
                draw(st.sampled_from(SYMBOLS)),
                now_ns + draw(places) * SECOND_NS,
                draw(st.sampled_from((9.0, 10.0, -1.0))),
            )
            for _ in range(draw(st.integers(0, 3)))
        ]
        if kind == "T":
            ticks = tuple(Tick(symbol=one, at_ns=at_ns, price=price, size=1.0) for one, at_ns, price in several)
            ids = tuple(str(draw(numbers)) for _ in ticks) if draw(st.booleans()) else ()
            is_folded = source == "wire"
            messages.append(TicksArrived(ticks=ticks, now_ns=now_ns, source=source, ids=ids, is_folded=is_folded))
        elif kind == "Q":
            quotes = tuple(Quote(symbol=one, at_ns=at_ns, bid=bid, ask=11.0) for one, at_ns, bid in several)
            messages.append(QuotesArrived(quotes=quotes, now_ns=now_ns, source=source))
        elif kind == "<":  # one that was held up on its way
            messages += [replace(one, now_ns=now_ns - SECOND_NS) for one in messages[-1:]]
        else:
            messages.append(TimeAdvanced(now_ns=now_ns))
    return messages


def told(messages: Any) -> SessionDataCore:
    core = SessionDataCore(SessionRules(trade_ids=8), has_upkeep=True, keeps_prints=True)
    here = FeedConnected(feed="wire", attempt=1, has_bars=False, arrived_ns=at("09:29"))
    for message in (opened(DAY, SYMBOLS, now=at("09:28")), here, *messages, TimeAdvanced(now_ns=at("10:30"))):
        core.handle(message)
    return core


def known(core: SessionDataCore) -> dict[str, Any]:
    trading = core.trading
    return {
        **insides(core),
        "ticks": {symbol: trading.ticks.last(symbol, 1000) for symbol in SYMBOLS},
        "quotes": {symbol: trading.quotes.last(symbol, 1000) for symbol in SYMBOLS},
        "accounts": core.senders.accounts(),
        "ids": {feed: list(one._parts) for feed, one in trading._known.items()},
        "bad": dict(core._ledger.bad_prints),
    }


@examples(150)
@given(prints())
def test_a_session_that_is_told_at_once_is_the_session_that_was_lived(messages: list[Message]) -> None:
    fewer = list(at_once(messages))  # type: ignore[arg-type]  # they are all journaled

    assert difference(known(told(messages)), known(told(fewer))) is None
    assert len(fewer) <= len(messages)


def test_who_is_late_as_ever_is_awaited_as_long_when_it_is_told_at_once() -> None:
    def trade(second: int) -> Message:
        tick = Tick(symbol="A", at_ns=START_NS + second * SECOND_NS, price=10.0, size=1.0)
        now_ns = tick.at_ns + 9 * SECOND_NS
        return TicksArrived(ticks=(tick,), now_ns=now_ns, source="wire", is_folded=True)

    def time(second: int) -> Message:
        return TimeAdvanced(now_ns=START_NS + second * SECOND_NS)

    messages = [*map(trade, range(60, 66)), time(69), *map(trade, range(100, 106)), time(126), trade(119), time(140)]
    retold = told(at_once(messages))  # type: ignore[arg-type]  # they are all journaled

    assert difference(known(told(messages)), known(retold)) is None


def test_trades_and_quotes_between_two_times_are_two_messages() -> None:
    tick, quote = Tick(symbol="A", at_ns=START_NS, price=10.0, size=1.0), Quote(symbol="A", at_ns=0, bid=9.0, ask=11.0)
    ticks = TicksArrived(ticks=(tick,), now_ns=START_NS + 1, source="wire", ids=("1",))
    quotes = QuotesArrived(quotes=(quote,), now_ns=START_NS, source="wire")
    time = TimeAdvanced(now_ns=START_NS + 2)

    assert list(at_once([ticks, quotes, replace(ticks, ids=("2",)), quotes, time, ticks])) == [
        TicksArrived(ticks=(tick, tick), now_ns=START_NS + 1, source="wire", ids=("1", "2")),
        QuotesArrived(quotes=(quote, quote), now_ns=START_NS, source="wire"),
        time,
        ticks,
    ]


def test_what_was_not_over_when_it_came_is_told_as_it_came() -> None:
    early = Tick(symbol="A", at_ns=START_NS + SECOND_NS, price=10.0, size=1.0)
    came = [TicksArrived(ticks=(early,), now_ns=START_NS + of * SECOND_NS, source="wire") for of in range(3)]

    assert list(at_once(came)) == came  # type: ignore[arg-type]  # they are all journaled
