"""Base bars in the making: where a feed sends trades only, its bars are folded from them."""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from actors.market.sale_conditions import NONE, Sets
from actors.session_data.hold.doubted import Doubted
from actors.session_data.take.folded_trades import AT_SIZE_0, Trades
from messages.feeds import FeedConnected, FeedEnded, FeedLost, TradeAmended
from messages.tables.columns import BarBatch, freeze
from messages.values import ONE_MINUTE, SECOND_NS, Interval, Nanos, Tick

_KEPT_NS = 1800 * SECOND_NS
_MOMENT_NS = 5 * SECOND_NS
"""What a connection may take that is made anew because nothing came; trades of that time would be the first."""
_FARTHEST_NS = 300 * SECOND_NS
"""A trade that is refused because it is of a time to come belongs to no minute that is farther off."""
SAMPLES = 31
"""How late a feed is is judged by so many trades, the latest."""
_ENOUGH = 5
_MOST_LATE_NS = 60 * SECOND_NS
"""Who is later than that is not awaited: it repeats itself, or is late by contract."""
_JITTER_NS = 2 * SECOND_NS
_REMEMBERED = 16
"""For so many of the latest intervals it is known how far out of order trades came."""
_ROOM_OF_A_CELL = 16
"""A symbol's minute takes as much memory as so many trades, however few there are."""


class Span:
    """One base interval of the whole universe."""

    def __init__(self, start_ns: Nanos, end_ns: Nanos, *, is_whole: bool) -> None:
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.is_whole = is_whole
        """Whether the feed was connected from its start on; else its bars would be folded from a part of its trades."""
        self.is_written = False
        self.in_part: set[str] = set()
        """Whose bars were told as if they were whole, and stand as what they are."""
        self.lacking: dict[str, set[str]] = {}
        """By symbol which trades were refused that came before their time: they may come again."""
        self.trades: dict[str, Trades] = {}
        self.changed: set[str] = set()
        """Whose bars have changed since they were written."""

    @property
    def room(self) -> int:
        """How much memory it takes, in trades."""
        return sum(map(len, self.trades.values())) + _ROOM_OF_A_CELL * len(self.trades)


class Folded(NamedTuple):
    """What trades of one base interval come to."""

    source: str
    """The feed."""
    batch: BarBatch
    is_correction: bool = False
    is_gone: bool = False
    """Whether every trade in these bars was cancelled: there are none."""
    is_part: bool = False
    """Whether trades are not known that may belong to them."""


class Forming:
    """The base bars of one feed that sends trades only.

    Those of an interval are due when it is over and the feed has told of something later, at the latest when its grace
    is over, and all that is late as ever has come: in one batch for the whole universe. A trade that comes later, or is
    amended, makes its bar due again. An interval in which the feed was not connected throughout has no bars from here:
    it is a gap, to be filled. If that turns out when they have been told, they are in doubt, and what comes of them
    later is told as a part. When it was connected is counted by its own clock, where that is ahead of ours. But who
    repeats itself, in order, after it was away, has left nothing out: where a symbol's first trade since was known, all
    of the symbol's are, and where the very first trade comes first again, all are.
    What a trade counts for is said by the rules of its sale conditions; one of size 0 sets no price.

    Trades are kept for half an hour, and about a million of them at most (32 MB); what is older cannot be amended, and
    a trade that belongs there is refused.
    """

    def __init__(
        self,
        feed: str,
        interval: Interval = ONE_MINUTE,
        *,
        has_extra: bool = False,
        most_room: int = 1 << 20,
        zero_sizes: bool = False,
    ) -> None:
        self.interval = interval
        self.first_ns: Nanos = 0
        """Trades before are refused: their bars are told, and what they were made of is forgotten."""
        self.rules = NONE
        self.regular_ns: tuple[Nanos, Nanos] = (0, 0)
        """Between which moments of the session a minute belongs to its regular hours."""
        self._feed = feed
        self._zero_sizes = AT_SIZE_0 if zero_sizes else 0
        self._plain = int(Sets.ALL) | self._zero_sizes
        self._has_extra = has_extra
        self._spans: dict[Nanos, Span] = {}
        self._latest = Span(0, 0, is_whole=False)
        self._due: set[Nanos] = set()
        self._room = 0
        self._most_room = most_room
        self._heard_ns: Nanos = 0
        self._connected_ns: float = 0
        self._connected: FeedConnected | None = None
        self._behind_ns = deque([0], maxlen=_REMEMBERED)
        """Of each of the latest intervals how far trades were behind one that came before them."""
        self._ahead_ns: Nanos = 0
        """How far the feed's clock was ahead of ours at most."""
        self._lags_ns: deque[Nanos] = deque(maxlen=SAMPLES)
        """How late the latest trades came."""
        self._silenced_ns: Nanos = -_KEPT_NS
        """When the connection was last made anew for nothing but silence."""
        self._joined_ns: dict[str, Nanos] = {}
        self._symbols: dict[str, None] = {}
        """Who has ever been heard of."""
        self._since_ns: dict[str, float] = {}
        """Of those that were made up for: from when on all their trades are known."""
        self.cut_off: dict[str, float] = {}
        """Who has not been heard of since the feed was away, and from when until then all was known."""
        self._begun_ns: float = math.inf
        """When it connected first."""
        self._first: Tick | None = None
        self._is_heard = False
        """Whether any trade has come since it was away."""
        self._is_behind = False
        """Whether it was away, and has not come to the present since: it may repeat itself."""

    # --- what comes

    def add(self, ticks: Sequence[Tick], ids: Sequence[str] = ()) -> None:
        """Take trades that are sane, none before ``first_ns``; and how the feed calls them."""
        span, is_plain = self._latest, self.rules is NONE
        start_ns, end_ns, of_span = span.start_ns, span.end_ns, span.trades
        heard_ns, behind_ns = self._heard_ns, self._behind_ns
        if self._first is None and ticks:
            self._first, self._begun_ns = ticks[0], self._connected_ns
        for tick, trade_id in zip(ticks, ids or [""] * len(ticks), strict=True):
            at_ns = tick.at_ns
            if at_ns > heard_ns:
                heard_ns = at_ns
            elif heard_ns - at_ns > behind_ns[-1]:
                behind_ns[-1] = heard_ns - at_ns
            if not start_ns <= at_ns < end_ns:
                span = self._span(at_ns)
                start_ns, end_ns, of_span = span.start_ns, span.end_ns, span.trades
            trades = of_span.get(tick.symbol)
            if trades is None:
                self._symbols[tick.symbol] = None
                trades = of_span[tick.symbol] = Trades()
                self._room += _ROOM_OF_A_CELL
            trades.add(at_ns, tick.price, tick.size, trade_id, self._plain if is_plain else self._sets(tick, span))
            if span.is_written:
                self._change(span, tick.symbol)
            if span.lacking and trade_id:
                span.lacking.get(tick.symbol, set()).discard(trade_id)
        self._latest = span
        self._room += len(ticks)
        self._heard_ns = heard_ns

    def _sets(self, tick: Tick, span: Span) -> int:
        open_ns, close_ns = self.regular_ns
        sets = self.rules.sets(tick.conditions, tick.tape, is_regular=open_ns <= span.start_ns < close_ns)
        return sets | self._zero_sizes

    def _span(self, at_ns: Nanos) -> Span:
        step_ns = self.interval.span_ns
        start_ns = at_ns // step_ns * step_ns
        span = self._spans.get(start_ns)
        if span is None:
            span = Span(start_ns, start_ns + step_ns, is_whole=start_ns >= self._connected_ns)
            self._spans[start_ns] = span
            self._due.add(start_ns)
            self._behind_ns.append(0)
        return span

    def compare_clocks(self, leads_ns: Sequence[Nanos]) -> None:
        """Note how far trades were ahead of our clock when they came: by their time it was connected that much later.

        What is always behind it is late, or the feed's clock is behind: then a minute is over that much later.
        """
        self._lags_ns.extend([max(-lead_ns, 0) for lead_ns in leads_ns[-SAMPLES:]])
        ahead_ns = max(leads_ns)
        more_ns = ahead_ns - self._ahead_ns
        if more_ns <= 0:
            return
        is_latest = self._connected is not None and self._connected_ns == self._connected.arrived_ns + self._ahead_ns
        self._ahead_ns = ahead_ns
        if is_latest:
            self._connected_ns += more_ns
            for span in self._spans.values():
                span.is_whole = span.is_whole and (span.is_written or span.start_ns >= self._connected_ns)

    def miss(self, tick: Tick, trade_id: str, now_ns: Nanos) -> None:
        """Note that a trade was refused that is of a time to come: what comes of its minute without it is a part."""
        if tick.at_ns <= now_ns + _FARTHEST_NS:
            self._span(tick.at_ns).lacking.setdefault(tick.symbol, set()).add(trade_id)

    def _change(self, span: Span, symbol: str) -> None:
        span.changed.add(symbol)
        self._due.add(span.start_ns)

    def hear_again(self, ticks: Sequence[Tick], are_new: Sequence[bool], reasons: Sequence[str]) -> None:
        """Note whose first trade since the feed was away was known; one that is refused does not count."""
        for tick, is_new, reason in zip(ticks, are_new, reasons, strict=True):
            if reason:
                continue
            if not self._is_heard and not is_new and tick == self._first:
                self._connected_ns = self._begun_ns
                self.cut_off.clear()
                for span in self._spans.values():
                    self._made_up_for(span, span.trades)
                    span.is_whole = span.start_ns >= self._begun_ns
            elif (since_ns := self.cut_off.pop(tick.symbol, None)) is not None and not is_new:
                self._since_ns[tick.symbol] = since_ns
                for span in self._spans.values():
                    self._made_up_for(span, span.trades.keys() & {tick.symbol})
            self._is_heard = True

    def _made_up_for(self, span: Span, symbols: Iterable[str]) -> None:
        for symbol in symbols if span.is_written and not span.is_whole else ():
            self._change(span, symbol)

    def amend(self, amendment: TradeAmended) -> bool:
        """Take a trade out, or put another in its place; return whether it is known."""
        spans = [self._spans[start_ns] for start_ns in sorted(self._spans, reverse=True)]
        return any(self._amend(span, amendment, by_id=by_id) for by_id in (True, False) for span in spans)

    def _amend(self, span: Span, amendment: TradeAmended, *, by_id: bool) -> bool:
        trades = span.trades.get(amendment.symbol)
        if trades is None or not trades.amend(amendment, by_id=by_id):
            return False
        self._room -= amendment.corrected_price is None
        if span.is_written:
            trades.is_amended = True
            self._change(span, amendment.symbol)
        return True

    def note(self, message: FeedConnected | FeedLost | FeedEnded) -> list[Doubted]:
        """Note that the connection was made, or is gone; return which bars are in doubt now that were not."""
        if message == self._connected:  # it is said again
            return []
        if isinstance(message, FeedLost) and message.is_stale and not message.is_unusual:
            self._silenced_ns = message.arrived_ns  # connected anew at once, as a rule: nothing is missed
            return []
        is_again = isinstance(message, FeedConnected) and message.arrived_ns <= self._silenced_ns + _MOMENT_NS
        doubted = [] if is_again else self._away(self._whole_until_ns(message))
        if isinstance(message, FeedConnected) and not is_again:
            self._connected_ns = message.arrived_ns + self._ahead_ns
        self._connected = message if isinstance(message, FeedConnected) else None
        self._silenced_ns = -_KEPT_NS
        return doubted

    def _whole_until_ns(self, message: FeedConnected | FeedLost | FeedEnded) -> Nanos:
        """Return until when all has come: a connection may have been dead for a while when it is found lost."""
        if isinstance(message, FeedEnded):
            return message.arrived_ns
        until_ns = self._heard_ns - max(self._behind_ns)
        return max(until_ns, message.heard_until_ns) if isinstance(message, FeedLost) else until_ns

    def _away(self, until_ns: Nanos) -> list[Doubted]:
        """Note that nothing is known of what came after."""
        doubted: list[Doubted] = []
        for span in self._spans.values() if self._connected_ns < math.inf else ():
            if span.end_ns > until_ns:
                symbols = [one for one in sorted(span.trades) if span.is_written and self._is_known(span, one)]
                doubted += [Doubted(self._feed, span.start_ns, tuple(symbols))] if symbols else []
                span.in_part.update(symbols)
                span.is_whole = False
        for symbol in self._symbols:
            self.cut_off.setdefault(symbol, self._since_ns.pop(symbol, self._connected_ns))
        self._connected_ns, self._is_heard, self._is_behind = math.inf, False, bool(self._symbols)
        return doubted

    def join(self, symbols: Iterable[str], now_ns: Nanos) -> None:
        """Note that symbols are subscribed from now on: what they had before is not known."""
        self._joined_ns.update(dict.fromkeys(symbols, now_ns))

    # --- what becomes of it

    def due(self, now_ns: Nanos, grace_ns: Nanos) -> list[Folded]:
        """Return the bars that are due, in order of time, and forget what is too old."""
        made: list[Folded] = []
        for start_ns in sorted(self._due):
            span = self._spans[start_ns]
            if self._is_due(span, now_ns, grace_ns):
                self._due.discard(start_ns)
                made += self._written(span)
        self._is_behind = self._is_behind and self._heard_ns < now_ns - grace_ns
        self._forget(self._heard_ns if self._is_behind else now_ns, now_ns - grace_ns)
        return made

    def _is_due(self, span: Span, now_ns: Nanos, grace_ns: Nanos) -> bool:
        """Whether bars that were told have changed, or an interval is over and all that belongs to it must be here."""
        if span.is_written or span.end_ns > now_ns:
            return span.is_written
        late_ns = min(*self._lags_ns, _MOST_LATE_NS) if len(self._lags_ns) >= _ENOUGH else 0
        awaited_ns = max(grace_ns, late_ns + min(grace_ns, _JITTER_NS))
        return span.end_ns <= self._heard_ns or span.end_ns + awaited_ns <= now_ns

    def _written(self, span: Span) -> Iterator[Folded]:
        changed = span.changed if span.is_written else set(span.trades)
        symbols = [symbol for symbol in sorted(changed) if self._is_known(span, symbol)]
        parts = sorted((changed & span.in_part).difference(symbols))
        span.changed, span.is_written = set(), True
        span.in_part.difference_update(symbols)
        left = [symbol for symbol in symbols if span.trades[symbol].has_price]
        for is_correction in (False, True):
            some = [symbol for symbol in left if span.trades[symbol].is_amended is is_correction]
            if some:
                yield Folded(self._feed, self._batch(span, some), is_correction)
        if len(left) < len(symbols):
            emptied = [symbol for symbol in symbols if not span.trades[symbol].has_price]
            yield Folded(self._feed, self._batch(span, emptied), is_gone=True)
        if some := [symbol for symbol in parts if span.trades[symbol].has_price]:
            yield Folded(self._feed, self._batch(span, some), is_part=True)

    def _is_known(self, span: Span, symbol: str) -> bool:
        """Whether all of a symbol's trades have been heard."""
        is_whole = span.is_whole or self._since_ns.get(symbol, math.inf) <= span.start_ns
        joined_ns = self._joined_ns.get(symbol)
        is_there = joined_ns is None or joined_ns + self._ahead_ns <= span.start_ns
        return is_whole and is_there and not span.lacking.get(symbol)

    def _batch(self, span: Span, symbols: Sequence[str]) -> BarBatch:
        rows = [span.trades[symbol].fold(has_extra=self._has_extra) for symbol in symbols]
        return BarBatch(
            symbols=tuple(symbols),
            symbol_index=freeze(np.arange(len(symbols), dtype=np.int32)),
            start_ns=freeze(np.full(len(symbols), span.start_ns, dtype=np.int64)),
            values=freeze(np.ascontiguousarray(np.array(rows).T)),
            interval=self.interval,
        )

    def forming(self, symbol: str) -> list[tuple[Nanos, list[float]]]:
        """Return the start and the values of a symbol's bars that are not due yet."""
        spans = [self._spans[start_ns] for start_ns in sorted(self._due)]
        return [
            (span.start_ns, trades.fold(has_extra=self._has_extra))
            for span in spans
            if not span.is_written
            and (trades := span.trades.get(symbol))
            and trades.has_price
            and self._is_known(span, symbol)
        ]

    def _forget(self, now_ns: Nanos, settled_ns: Nanos) -> None:
        for start_ns in sorted(self._spans):
            span = self._spans[start_ns]
            is_old = span.end_ns <= now_ns - _KEPT_NS or self._room > self._most_room
            if not is_old or span.end_ns > settled_ns or start_ns in self._due:
                return
            del self._spans[start_ns]
            self._room -= span.room
            self.first_ns = span.end_ns
