"""Trades and quotes of the open session: the latest of them for readers, and the bars that are folded from trades."""

from collections.abc import Sequence
from itertools import compress

from actors.market.sale_conditions import OF_THE_FEED, sale_rules
from actors.session_data.hold.doubted import Doubted
from actors.session_data.hold.halts import Halts
from actors.session_data.hold.ledger import Ledger
from actors.session_data.hold.senders import Senders
from actors.session_data.take.forming import SAMPLES, Folded, Forming
from actors.session_data.take.known_trades import KnownTrades
from actors.session_data.take.prints import Judge, Prints, sifted
from actors.settings import SessionRules
from messages.base import Event
from messages.events import QuotesArrived, TicksArrived
from messages.feeds import (
    AmendmentMissed,
    FeedConnected,
    FeedEnded,
    FeedLost,
    Taken,
    TradeAmended,
    TradingStatusChanged,
)
from messages.values import Interval, Nanos, Quote, Tick, TradingSession


class Trading:
    """What is not a bar, or not yet; and which symbols are halted."""

    def __init__(self, rules: SessionRules, senders: Senders) -> None:
        self.halts = Halts(senders.number)
        self._senders = senders
        self.quotes: Prints[Quote] = Prints(rules.quote_window)
        self.ticks: Prints[Tick] = Prints(rules.quote_window)
        self._rules = rules
        self._judge = Judge(allow_negative=bool(rules.allow_negative))
        self._interval = rules.base_interval
        self._feeds: dict[str, Forming] = {}
        self._known: dict[str, KnownTrades] = {}
        self._connected: dict[str, FeedConnected] = {}
        self._start_ns: Nanos = 0
        self._regular_ns: tuple[Nanos, Nanos] = (0, 0)

    def open(self, interval: Interval, session: TradingSession) -> None:
        """Begin a session whose base bars have this length. Trades of the one before it may still come."""
        self.quotes.clear()
        self.ticks.clear()
        self._interval = interval
        for forming in self._feeds.values():
            forming.interval, forming.regular_ns = interval, (session.open_ns, session.close_ns)
        self._start_ns, self._regular_ns = session.start_ns, (session.open_ns, session.close_ns)
        for known in self._known.values():
            known.open(session.start_ns)

    # --- what comes

    def take_ticks(self, message: TicksArrived, now_ns: Nanos, ledger: Ledger) -> tuple[Event, ...]:
        """Keep trades; return what cannot be kept."""
        ticks, ids, reasons = message.ticks, message.ids, self._judge.ticks(message.ticks, now_ns)
        leads_ns = message.leads_ns
        received, duplicates = len(ticks), 0
        forming = self._forming(message.source) if message.is_folded else None
        if ids:
            are_new = self._known_of(message.source).are_new(ticks, ids, reasons)
            if forming is not None and forming.cut_off:
                forming.hear_again(ticks, are_new, reasons)
            if not all(are_new):
                duplicates = are_new.count(False)
                ledger.take_again(duplicates)
                ticks, ids = tuple(compress(ticks, are_new)), tuple(compress(ids, are_new))
                leads_ns = tuple(compress(leads_ns, are_new))
                reasons = list(compress(reasons, are_new))
        if forming is not None and any(late := [tick.at_ns < forming.first_ns for tick in ticks]):
            reasons = [one or ("too_late" if is_late else "") for one, is_late in zip(reasons, late, strict=True)]
        kept, rejected = sifted(ticks, reasons, message.source)
        if rejected:
            if forming is not None:
                for tick, trade_id, reason in zip(ticks, ids or [""] * len(ticks), reasons, strict=True):
                    if reason == "in_the_future":
                        forming.miss(tick, trade_id, now_ns)
            are_kept = [not reason for reason in reasons]
            ids, leads_ns = tuple(compress(ids, are_kept)), tuple(compress(leads_ns, are_kept))
        self.ticks.extend(kept)
        ledger.take_prints(reasons, ticks=len(kept))
        refused = sum(count for event in rejected for _, count in event.reasons)
        taken = Taken(received=received, accepted=len(kept), rejected=refused, duplicates=duplicates)
        self._senders.book(message.source, taken)
        if forming is not None:
            if kept:
                forming.compare_clocks(leads_ns or led(message, kept[-SAMPLES:]))
            forming.add(kept, ids)
        return rejected

    def _known_of(self, feed: str) -> KnownTrades:
        known = self._known.get(feed)
        if known is None:
            known = self._known[feed] = KnownTrades(self._rules.trade_ids)
            known.open(self._start_ns)
        return known

    def take_quotes(self, message: QuotesArrived, now_ns: Nanos, ledger: Ledger) -> tuple[Event, ...]:
        """Keep quotes; return what cannot be kept."""
        reasons = self._judge.quotes(message.quotes, now_ns)
        quotes, rejected = sifted(message.quotes, reasons, message.source)
        refused = sum(count for event in rejected for _, count in event.reasons)
        taken = Taken(received=len(message.quotes), accepted=len(quotes), rejected=refused)
        self._senders.book(message.source, taken)
        self.quotes.extend(quotes)
        ledger.take_prints(reasons, quotes=len(quotes))
        return rejected

    def take(self, item: Tick | Quote, now_ns: Nanos, ledger: Ledger) -> str:
        """Keep one that was published; return why it cannot be kept, if so. No bar is folded from it."""
        if isinstance(item, Tick):
            (reason,) = self._judge.ticks((item,), now_ns)
            ledger.take_prints([reason], ticks=int(not reason))
            if not reason:
                self.ticks.add(item)
        else:
            (reason,) = self._judge.quotes((item,), now_ns)
            ledger.take_prints([reason], quotes=int(not reason))
            if not reason:
                self.quotes.add(item)
        return reason

    # --- what becomes of it

    def note(self, message: FeedConnected | FeedLost | FeedEnded | TradingStatusChanged) -> list[Doubted]:
        """Note whether a feed is connected, and which sends no bars; or a halt; return which bars are in doubt now."""
        unhalted = self.halts.note(message, self._interval.span_ns)
        if isinstance(message, TradingStatusChanged):
            return unhalted
        if isinstance(message, FeedConnected) and not message.has_bars:
            forming, named = self._forming(message.feed), self._rules.sale_conditions
            forming.rules = sale_rules(message.sale_rules if named == OF_THE_FEED else named)
        doubted = self._feeds[message.feed].note(message) if message.feed in self._feeds else []
        if isinstance(message, FeedConnected):
            self._connected[message.feed] = message
        else:
            self._connected.pop(message.feed, None)
        return [*unhalted, *doubted]

    @property
    def connected(self) -> tuple[FeedConnected, ...]:
        """How each feed that is connected said so: a journal that begins now has to know."""
        return tuple(self._connected.values())

    @property
    def relied_on(self) -> tuple[str, ...]:
        """The feeds of which a word that is not heard would be missed: bars are made of their trades, or they halt."""
        return tuple(sorted({*self._feeds, *self.halts.feeds}))

    def join(self, symbols: tuple[str, ...], now_ns: Nanos) -> None:
        """Note that symbols are asked for from now on."""
        for forming in self._feeds.values():
            forming.join(symbols, now_ns)

    def amend(self, amendment: TradeAmended) -> tuple[Event, ...]:
        """Amend a trade that a bar is folded from; return what cannot be done.

        Trades of a feed that sends bars are not in any bar of ours: it corrects those itself.
        """
        forming = self._feeds.get(amendment.feed)
        known = self._known_of(amendment.feed)
        if forming is None or known.has_amendment(amendment):
            return ()
        reason = "" if amendment.corrected_price is None else self._judge.correction(amendment)
        if not reason and forming.amend(amendment):
            known.note(amendment)
            return ()
        return (AmendmentMissed(amendment=amendment, reason=reason or "unknown_trade"),)

    @property
    def is_folding(self) -> bool:
        """Whether bars are made of any feed's trades."""
        return bool(self._feeds)

    def due(self, now_ns: Nanos, grace_ns: Nanos) -> list[Folded]:
        """Return the bars that are due, feed by feed in order of time."""
        return [made for forming in self._feeds.values() for made in forming.due(now_ns, grace_ns)]

    def forming(self, symbol: str) -> list[tuple[Nanos, list[float]]]:
        """Return the start and the values of a symbol's bars that are not due yet."""
        return [bar for forming in self._feeds.values() for bar in forming.forming(symbol)]

    def _forming(self, feed: str) -> Forming:
        forming = self._feeds.get(feed)
        if forming is None:
            rules = self._rules
            forming = self._feeds[feed] = Forming(
                feed, self._interval, has_extra=rules.keep_extra, zero_sizes=rules.zero_sizes_set_prices
            )
            forming.regular_ns = self._regular_ns
            if rules.sale_conditions != OF_THE_FEED:
                forming.rules = sale_rules(rules.sale_conditions)
        return forming


def led(message: TicksArrived, ticks: Sequence[Tick]) -> tuple[Nanos, ...]:
    """Return how far trades of a message were ahead of our clock when they arrived."""
    if message.ahead_ns:
        return (message.ahead_ns,) * len(ticks)
    now_ns = message.now_ns
    return tuple([tick.at_ns - now_ns for tick in ticks])
