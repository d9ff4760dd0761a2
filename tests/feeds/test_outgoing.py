"""Credit: what a coordinator that is behind is told."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from actors.feeds import outgoing
from actors.feeds.outgoing import Outgoing
from messages import FeedBars, FeedHealth, FeedHeartbeat, FeedLost, FeedQuotes, FeedReported, FeedTicks
from tests.doubles import Outbox
from tests.feeds.scripted import some_bars, some_quotes, some_ticks

LOST = FeedLost(feed="scripted", reason="r")


def told(outbox: Outbox) -> list[Any]:
    """What was told, tickets taken off."""
    on_credit = FeedBars | FeedTicks | FeedQuotes
    return [msgspec.structs.replace(m, ticket=0) if isinstance(m, on_credit) else m for m in outbox.take()]


def put(credit: int, *events: Any) -> tuple[Outgoing, Outbox]:
    outbox = Outbox()
    made = Outgoing(outbox, credit)
    for event in events:
        made.put(event)
    return made, outbox


def test_within_the_credit_everything_is_told_at_once_with_a_ticket_each() -> None:
    _, outbox = put(3, some_bars(1), LOST, some_ticks(2), some_quotes(3, 4))

    assert [getattr(message, "ticket", 0) for message in outbox.messages] == [1, 0, 2, 3]
    assert told(outbox) == [some_bars(1), LOST, some_ticks(2), some_quotes(3, 4)]


def test_under_pressure_bars_wait_and_trades_are_gathered_and_quotes_conflated() -> None:
    made, outbox = put(
        1,
        some_bars(1),
        some_quotes(1, 2),
        some_ticks(1),
        some_ticks(2, 3),
        some_bars(2),
        some_quotes(3),
        some_quotes(4, symbol="B"),
        some_ticks(4),
        LOST,
    )
    assert told(outbox) == [some_bars(1)]
    assert (made.waiting, made.conflated) == (2 + 3 + 1 + 1 + 1, 2)

    for ticket in range(1, 7):
        made.settled(ticket)

    quotes, *rest = told(outbox)
    assert [(quote.symbol, quote.bid) for quote in quotes.quotes] == [("A", 3.0), ("B", 4.0)]
    gathered = msgspec.structs.replace(some_ticks(1), ticks=some_ticks(1).ticks + some_ticks(2, 3).ticks)
    assert rest == [gathered, some_bars(2), some_ticks(4), LOST]
    assert made.waiting == 0


def test_a_ticket_that_comes_home_twice_is_one_credit() -> None:
    made, outbox = put(1, some_bars(1), some_bars(2), some_bars(3))

    made.settled(1)
    made.settled(1)

    assert told(outbox) == [some_bars(1), some_bars(2)]


def test_ids_keep_their_places_when_trades_are_gathered() -> None:
    made, outbox = put(1, some_bars(1), some_ticks(1), some_ticks(2, ids=("D2",)))

    made.settled(1)

    assert outbox.of(FeedTicks)[0].ids == ("", "D2")


def test_a_flood_of_trades_is_cut_into_messages_of_some_size() -> None:
    many = some_ticks(*[1.0] * outgoing._MOST_TICKS)
    made, outbox = put(1, some_bars(1), many, some_ticks(2))

    made.settled(1)
    made.settled(2)

    assert [len(event.ticks) for event in outbox.of(FeedTicks)] == [outgoing._MOST_TICKS, 1]


def test_reports_overtake_and_heartbeats_are_left_out_while_something_waits() -> None:
    report = FeedReported(health=FeedHealth(feed="scripted"))
    _, outbox = put(1, FeedHeartbeat(feed="f"), some_bars(1), some_bars(2), FeedHeartbeat(feed="f"), report)

    assert told(outbox) == [FeedHeartbeat(feed="f"), some_bars(1), report]


def test_an_address_that_settles_at_once_gets_all_in_order() -> None:
    class Prompt(Outbox):
        def tell(self, message: object) -> None:
            super().tell(message)
            made.settled(message.ticket)  # type: ignore[attr-defined]  # all that is put here is on credit

    outbox = Prompt()
    made = Outgoing(outbox, 1)
    for close in range(5):
        made.put(some_bars(close))

    assert told(outbox) == [some_bars(close) for close in range(5)]


EVENTS = st.one_of(
    st.builds(some_bars, st.integers(1, 9)),
    st.builds(some_ticks, st.integers(1, 9)),
    st.builds(lambda bid, symbol: some_quotes(bid, symbol=symbol), st.integers(1, 9), st.sampled_from("ABC")),
    st.just(LOST),
)


@given(st.lists(st.one_of(EVENTS, st.just("settle"))), st.integers(1, 3))
def test_bars_and_trades_are_never_lost_nor_reordered_and_the_last_quote_always_comes(
    steps: list[Any], credit: int
) -> None:
    outbox = Outbox()
    made = Outgoing(outbox, credit)
    put_in = [step for step in steps if step != "settle"]
    settled = 0
    for step in steps:
        if step == "settle":
            settled += 1
            made.settled(settled)
        else:
            made.put(step)
    out = len([m for m in outbox.messages if not isinstance(m, FeedLost)])
    assert out <= credit + settled
    for ticket in range(1, len(steps) + 1):
        made.settled(ticket)

    got = told(outbox)
    assert closes(got) == closes(put_in)
    assert prices(got) == prices(put_in)
    assert latest(got) == latest(put_in)
    assert got.count(LOST) == put_in.count(LOST)
    assert made.waiting == 0
    assert made.conflated == quotes(put_in) - quotes(got)


def closes(events: list[Any]) -> list[float]:
    return [one.close for event in events if isinstance(event, FeedBars) for one in event.batch.bars()]


def prices(events: list[Any]) -> list[float]:
    return [tick.price for event in events if isinstance(event, FeedTicks) for tick in event.ticks]


def latest(events: list[Any]) -> dict[str, float]:
    return {q.symbol: q.bid for event in events if isinstance(event, FeedQuotes) for q in event.quotes}


def quotes(events: list[Any]) -> int:
    return sum(len(event.quotes) for event in events if isinstance(event, FeedQuotes))
