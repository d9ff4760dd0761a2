"""What feeds send, on its way to SessionData: what comes before its time waits for it, and lag is measured."""

import heapq
import itertools
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import msgspec
import numpy as np

from actors.settings import LiveRules
from actors.stream_coordinator.live_day.feed_clock import Belief
from actors.stream_coordinator.live_day.hearing import Hearing
from actors.stream_coordinator.live_day.volumes import DayVolumes
from messages.base import Message
from messages.events import BarsArrived, QuotesArrived, TicksArrived
from messages.feeds import (
    DayVolumeReported,
    FeedBars,
    FeedData,
    FeedEvent,
    FeedHeartbeat,
    FeedLost,
    FeedQuotes,
    FeedReported,
    FeedSettled,
    FeedTicks,
)
from messages.lifecycle import LagChanged
from messages.tables.columns import Stamps
from messages.values import SECOND_NS, Nanos, Quote, Tick

Arrival: TypeAlias = BarsArrived | TicksArrived | QuotesArrived


class Arrivals:
    """Takes what feeds say, and returns what the house is told of it.

    What is ahead of our clock is held until it is due: trades and quotes that are ahead by a little, and bars whose
    minute is over by the feed's word (``FeedClock``). All else goes on at once, and SessionData refuses it.
    """

    def __init__(self, rules: LiveRules) -> None:
        self.hearing = Hearing(rules)
        self.volumes = DayVolumes()
        self.bars = 0
        """Bars that were let through."""
        self.skewed = 0
        """How many were too far ahead."""
        self._most_ahead_ns = round(rules.max_clock_skew_s * SECOND_NS)
        self._early: list[tuple[Nanos, int, Arrival]] = []
        self._held = 0
        self._in_doubt: dict[int, str] = {}
        """Of what is held: the numbers of bars that may turn out to be parts, and whose they are."""

    @property
    def early(self) -> int:
        """How many are held."""
        return sum(_size(arrival) for _, _, arrival in self._early)

    @property
    def next_due_ns(self) -> Nanos | None:
        """When the first that is held is due."""
        return self._early[0][0] if self._early else None

    def take(self, message: FeedEvent, now_ns: Nanos) -> list[Message]:
        """Return what is told of something that a feed says, at ``now_ns``."""
        match message:
            case FeedTicks():
                return [*self._ticks(message, now_ns), *_settled(message)]
            case FeedQuotes():
                return [*self._quotes(message, now_ns), *_settled(message)]
            case FeedBars():
                return [*self._bars(message, now_ns), *_settled(message)]
            case FeedHeartbeat():
                return []
            case FeedLost() if message.heard_until_ns:
                lag_ns = self.hearing.longest_lag_ns(message.feed)
                return [msgspec.structs.replace(message, heard_until_ns=message.heard_until_ns - lag_ns)]
            case DayVolumeReported():
                self.volumes.note(message)
                return [message]
            case _:
                self.hearing.note(message)
                return [] if isinstance(message, FeedReported) else [message]

    def due(self, now_ns: Nanos) -> list[Arrival]:
        """Return what was held and is due."""
        out: list[Arrival] = []
        while self._early and self._early[0][0] <= now_ns:
            _, number, arrival = heapq.heappop(self._early)
            self._in_doubt.pop(number, None)
            self._count(arrival)
            out.append(msgspec.structs.replace(arrival, now_ns=now_ns))
        return out

    def troubles(self) -> list[str]:
        """Return a sentence for each thing that is wrong with what comes."""
        return [*self.hearing.troubles(), *self.volumes.troubles()]

    def check(self, now_ns: Nanos) -> None:
        """Assert what must always be true."""
        assert self.next_due_ns is None or self.next_due_ns > now_ns, "due, and still held"

    # --- bars

    def _bars(self, message: FeedBars, now_ns: Nanos) -> list[Message]:
        batch = message.batch
        if len(batch) == 0:
            return []
        ends_ns = batch.start_ns + batch.interval.span_ns
        out: list[Message] = []
        if not message.is_correction:  # which tells of a bar that came long ago
            out += self.hearing.lag(message.feed, int(ends_ns[-1]), now_ns)
            names = [batch.symbols[place] for place in batch.symbol_index.tolist()]
            self.hearing.heard(message.feed, zip(names, ends_ns.tolist(), strict=True), now_ns)
        for first, last in _minutes(ends_ns, now_ns):
            arrived = BarsArrived(
                batch=batch.rows(first, last), now_ns=now_ns, source=message.feed, is_correction=message.is_correction
            )
            out += self._minute(arrived, int(ends_ns[last - 1]), is_final=message.is_final)
        return out

    def _minute(self, arrived: BarsArrived, end_ns: Nanos, *, is_final: bool) -> list[Arrival]:
        """Take bars that are over, or those of one minute that is not over by our clock."""
        batch, feed, now_ns = arrived.batch, arrived.source, arrived.now_ns
        clock = self.hearing.clock(feed)
        if arrived.is_correction:
            return self._when_due(arrived, end_ns, now_ns, self._most_ahead_ns)
        if end_ns <= now_ns:
            clock.in_time(batch, now_ns)
            belief = Belief.OVER
        else:
            belief = clock.early(batch, now_ns, is_final=is_final)
        exposed = self._exposed(feed, now_ns) if clock.sends_parts else []
        if belief is Belief.PART:
            return [*exposed, self._refused(arrived)]
        if end_ns > now_ns and belief is Belief.IN_DOUBT:
            self._in_doubt[self._held + 1] = feed
        return [*exposed, *self._when_due(arrived, end_ns, now_ns, most_ahead_ns=end_ns - now_ns)]

    def _exposed(self, feed: str, now_ns: Nanos) -> list[Arrival]:
        """Return what is held of bars that were in doubt, when their sender is known to send parts."""
        numbers = {number for number, whose in self._in_doubt.items() if whose == feed}
        if not numbers:
            return []
        exposed = [arrival for _, number, arrival in self._early if number in numbers]
        self._early = [held for held in self._early if held[1] not in numbers]
        heapq.heapify(self._early)
        for number in numbers:
            del self._in_doubt[number]
        return [self._refused(msgspec.structs.replace(arrival, now_ns=now_ns)) for arrival in exposed]

    # --- trades and quotes

    def _ticks(self, message: FeedTicks, now_ns: Nanos) -> list[Message]:
        ticks, ids, is_folded = message.ticks, message.ids, not self.hearing.sends_bars(message.feed)
        out: list[Message] = [*self._lag(message.feed, ticks, now_ns)]
        for due_ns, places in self._parts(message.feed, ticks, now_ns):
            arrived = TicksArrived(
                ticks=tuple(ticks[place] for place in places) if len(places) < len(ticks) else ticks,
                ids=tuple(ids[place] for place in places) if ids and len(places) < len(ticks) else ids,
                now_ns=now_ns,
                source=message.feed,
                is_folded=is_folded,
                ahead_ns=max(due_ns - now_ns, 0),
            )
            out += self._when_due(arrived, due_ns, now_ns, self.hearing.clock(message.feed).believed_ns)
        return out

    def _quotes(self, message: FeedQuotes, now_ns: Nanos) -> list[Message]:
        quotes = message.quotes
        out: list[Message] = [*self._lag(message.feed, quotes, now_ns)]
        for due_ns, places in self._parts(message.feed, quotes, now_ns):
            part = tuple(quotes[place] for place in places) if len(places) < len(quotes) else quotes
            arrived = QuotesArrived(quotes=part, now_ns=now_ns, source=message.feed)
            out += self._when_due(arrived, due_ns, now_ns, self.hearing.clock(message.feed).believed_ns)
        return out

    def _parts(self, feed: str, prints: Sequence[Tick | Quote], now_ns: Nanos) -> list[tuple[Nanos, Sequence[int]]]:
        """Part what is due, what is early and what is too far ahead: when each is due, and the places of its prints.

        Early ones are due together: each is held for no longer than the clocks may differ.
        """
        latest_ns = max((one.at_ns for one in prints), default=0)
        if latest_ns <= now_ns:
            return [(latest_ns, range(len(prints)))] if prints else []
        parts: tuple[list[int], ...] = ([], [], [])
        most_ns = now_ns + self.hearing.clock(feed).believed_ns
        for place, one in enumerate(prints):
            parts[(one.at_ns > now_ns) + (one.at_ns > most_ns)].append(place)
        return [(max(prints[place].at_ns for place in places), places) for places in parts if places]

    def _lag(self, feed: str, prints: Sequence[Tick | Quote], now_ns: Nanos) -> list[LagChanged]:
        if not prints:
            return []
        self.hearing.clock(feed).stamped(prints[-1].at_ns, now_ns)
        self.hearing.heard(feed, ((one.symbol, one.at_ns) for one in prints), now_ns)
        return self.hearing.lag(feed, prints[-1].at_ns, now_ns)

    # --- time

    def _when_due(self, arrival: Arrival, due_ns: Nanos, now_ns: Nanos, most_ahead_ns: Nanos) -> list[Arrival]:
        """Return what may go on now, and hold what may not yet."""
        if now_ns < due_ns <= now_ns + most_ahead_ns:
            self._held += 1
            heapq.heappush(self._early, (due_ns, self._held, arrival))
            return []
        if due_ns > now_ns:
            return [self._refused(arrival)]
        self._count(arrival)
        return [arrival]

    def _refused(self, arrival: Arrival) -> Arrival:
        """Count what comes before its time; SessionData refuses it."""
        self.skewed += _size(arrival)
        self.hearing.clock(arrival.source).refused += _size(arrival)
        self._count(arrival)
        return arrival

    def _count(self, arrival: Arrival) -> None:
        self.bars += len(arrival.batch) if isinstance(arrival, BarsArrived) else 0


def _minutes(ends_ns: Stamps, now_ns: Nanos) -> Iterator[tuple[int, int]]:
    """Yield the rows of what is over at ``now_ns``, then those of each minute that is not."""
    over = int(np.searchsorted(ends_ns, now_ns, side="right"))
    edges = [0, over, *(np.flatnonzero(np.diff(ends_ns[over:])) + over + 1).tolist(), len(ends_ns)]
    return ((first, last) for first, last in itertools.pairwise(edges) if first < last)


def _size(arrival: Arrival) -> int:
    if isinstance(arrival, BarsArrived):
        return len(arrival.batch)
    return len(arrival.ticks if isinstance(arrival, TicksArrived) else arrival.quotes)


def _settled(message: FeedData) -> list[FeedSettled]:
    """Return the ticket, which goes home by way of SessionData: when what came with it has been applied."""
    return [FeedSettled(feed=message.feed, ticket=message.ticket)] if message.ticket else []
