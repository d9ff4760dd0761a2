"""A session that is told again: trades and quotes that came one after the other are told at once."""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice

from msgspec.structs import replace

from actors.session_data.take.trades_and_quotes import led
from messages.events import QuotesArrived, TicksArrived
from messages.inboxes import Journaled

_AT_ONCE = 1024
"""So many messages are told as one at most."""


def at_once(messages: Iterable[Journaled]) -> Iterator[Journaled]:
    """Yield messages by which a session becomes just what it becomes by these, in fewer.

    Trades and quotes do not touch each other, so only what stands between trades and trades parts them. Where one was
    not over when it came, those around it are told as they came: whether it is refused hangs on when it is told.
    """
    for are_prints, some in groupby(messages, _is_of_prints):
        while are_prints and (run := list(islice(some, _AT_ONCE))):
            yield from _in_fewer(run) or run
        yield from some


def _is_of_prints(message: Journaled) -> bool:
    return type(message) is TicksArrived or type(message) is QuotesArrived


def _in_fewer(run: list[Journaled]) -> list[Journaled]:
    """Return what comes to the same, the trades first; nothing: one of them was not over when it came."""
    made: list[Journaled] = []
    for _, alike in groupby([one for one in run if type(one) is TicksArrived], _kind):
        ticks = list(alike)
        leads_ns = [tick.at_ns - one.now_ns for one in ticks for tick in one.ticks]
        if max(leads_ns, default=0) > 0:
            return []
        if any(one.ahead_ns for one in ticks):
            leads_ns = [lead_ns for one in ticks for lead_ns in led(one, one.ticks)]
        made.append(
            replace(
                ticks[0],
                ticks=tuple(chain.from_iterable([one.ticks for one in ticks])),
                now_ns=max([one.now_ns for one in ticks]),
                ids=tuple(chain.from_iterable([one.ids for one in ticks])),
                leads_ns=tuple(leads_ns) if ticks[0].is_folded else (),
            )
        )
    for _, others in groupby([one for one in run if type(one) is QuotesArrived], _source):
        quotes = list(others)
        if any(quote.at_ns > one.now_ns for one in quotes for quote in one.quotes):
            return []
        made.append(
            replace(
                quotes[0],
                quotes=tuple(chain.from_iterable([one.quotes for one in quotes])),
                now_ns=max([one.now_ns for one in quotes]),
            )
        )
    return made


def _kind(message: TicksArrived) -> tuple[str, bool, bool]:
    return message.source, message.is_folded, bool(message.ids)


def _source(message: QuotesArrived) -> str:
    return message.source
