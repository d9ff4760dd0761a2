"""What one read gave."""

from actors.feeds.gathered import Gathering
from messages import (
    FeedBars,
    FeedHeartbeat,
    FeedQuotes,
    FeedTicks,
    MessagesRejected,
    Quote,
    Rejection,
    SymbolsRefused,
    Tick,
)
from tests.builders import bar

TICK = Tick(symbol="A", at_ns=1, price=2.0, size=3.0)
QUOTE = Quote(symbol="A", at_ns=1, bid=2.0, ask=3.0)


def rejection(number: int) -> Rejection:
    return Rejection(number=number, field="f", expected="e", seen="s")


def test_a_read_is_told_by_kind_and_each_bar_before_its_correction() -> None:
    gathering = Gathering("f")
    gathering.heartbeat()
    gathering.quote(QUOTE)
    gathering.bar(bar(close=2.0), is_correction=True)
    gathering.rare(SymbolsRefused(feed="f", symbols=("B",), reason="no"))
    gathering.tick(TICK)
    gathering.bar(bar("B"))
    gathering.bar(bar("A"))
    gathering.reject(rejection(1))

    bars, corrections, *rest = gathering.items()

    assert isinstance(bars, FeedBars)
    assert isinstance(corrections, FeedBars)
    assert [*bars.batch.bars()] == [bar("A"), bar("B")]
    assert (bars.is_correction, corrections.is_correction) == (False, True)
    assert rest == [
        FeedTicks(feed="f", ticks=(TICK,)),
        SymbolsRefused(feed="f", symbols=("B",), reason="no"),
        FeedQuotes(feed="f", quotes=(QUOTE,)),
        MessagesRejected(feed="f", count=1, first=(rejection(1),)),
        FeedHeartbeat(feed="f"),
    ]


def test_nothing_is_nothing() -> None:
    assert Gathering("f").items() == ()


def test_two_bars_of_one_minute_are_both_told_in_order() -> None:
    gathering = Gathering("f")
    for close in (1.0, 2.0, 3.0):
        gathering.bar(bar(close=close))
    gathering.bar(bar("B"))

    batches = [item.batch for item in gathering.items() if isinstance(item, FeedBars)]

    assert [[one.close for one in batch.bars()] for batch in batches] == [[1.0, 100.0], [2.0], [3.0]]


def test_of_many_rejections_the_first_are_shown_and_all_are_counted() -> None:
    gathering = Gathering("f")
    for number in range(25):
        gathering.reject(rejection(number))

    assert gathering.items() == (MessagesRejected(feed="f", count=25, first=tuple(map(rejection, range(10)))),)


def test_ids_are_told_where_any_trade_has_one() -> None:
    gathering = Gathering("f")
    gathering.tick(TICK)
    gathering.tick(TICK, "D1")

    assert gathering.items() == (FeedTicks(feed="f", ticks=(TICK, TICK), ids=("", "D1")),)
