"""A session that is told again: trades and quotes that came one after the other are told at once."""

from collections.abc import Iterable, Iterator
from itertools import chain

from msgspec.structs import replace

from actors.session_data.take.trades_and_quotes import led
from messages.events import QuotesArrived, TicksArrived
from messages.inboxes import Journaled

_AT_ONCE = 1024
"""So many messages are told as one at most."""


def at_once(messages: Iterable[Journaled]) -> Iterator[Journaled]:
    """Yield messages by which a session becomes just what it becomes by these, in fewer.

    Trades and quotes do not touch each other, so only what stands between trades and trades parts them. What was
    not over when it came is told as it came: whether it is refused hangs on when it is told.
    """
    ticks: list[TicksArrived] = []
    quotes: list[QuotesArrived] = []
    for message in messages:
        if type(message) is TicksArrived and all(tick.at_ns <= message.now_ns for tick in message.ticks):
            if ticks and (len(ticks) == _AT_ONCE or not _goes_with(ticks[0], message)):
                yield _ticks(ticks)
                ticks = []
            ticks.append(message)
        elif type(message) is QuotesArrived and all(quote.at_ns <= message.now_ns for quote in message.quotes):
            if quotes and (len(quotes) == _AT_ONCE or quotes[0].source != message.source):
                yield _quotes(quotes)
                quotes = []
            quotes.append(message)
        else:
            yield from _all(ticks, quotes)
            ticks, quotes = [], []
            yield message
    yield from _all(ticks, quotes)


def _goes_with(first: TicksArrived, other: TicksArrived) -> bool:
    return (first.source, first.is_folded, bool(first.ids)) == (other.source, other.is_folded, bool(other.ids))


def _all(ticks: list[TicksArrived], quotes: list[QuotesArrived]) -> Iterator[Journaled]:
    if ticks:
        yield _ticks(ticks)
    if quotes:
        yield _quotes(quotes)


def _ticks(messages: list[TicksArrived]) -> TicksArrived:
    if len(messages) == 1:
        return messages[0]
    return replace(
        messages[0],
        ticks=tuple(chain.from_iterable(message.ticks for message in messages)),
        now_ns=max(message.now_ns for message in messages),
        ids=tuple(chain.from_iterable(message.ids for message in messages)),
        leads_ns=tuple(chain.from_iterable(led(message, message.ticks) for message in messages if message.is_folded)),
    )


def _quotes(messages: list[QuotesArrived]) -> QuotesArrived:
    if len(messages) == 1:
        return messages[0]
    return replace(
        messages[0],
        quotes=tuple(chain.from_iterable(message.quotes for message in messages)),
        now_ns=max(message.now_ns for message in messages),
    )
