"""A vendor's history as an upstream: pages to the end, in its pace, and no more concluded than it says."""

import copy
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec
import numpy as np

from actors.data_upkeep.plan import clustered
from actors.kernel.ports import SourceAnswer
from actors.market.axis import SessionAxis
from actors.storage.source import HeldDay
from actors.vendors.history.asker import Asker, Persistence
from actors.vendors.history.calls import Calls
from actors.vendors.history.cells import count_within, gaps_by_symbol, planes
from actors.vendors.history.clock import TellsTime, Times
from actors.vendors.history.cost import cost_of
from actors.vendors.history.entry import HistoryEntry
from actors.vendors.history.held import ANY_TIME, HeldSession
from actors.vendors.history.joining import joined
from actors.vendors.history.pacer import Pacer, Rank, pacer_of
from actors.vendors.history.pages import (
    Asked,
    HistoryRefused,
    HistoryRequest,
    ListsSymbols,
    NoAnswer,
    NotOutYet,
    OpenedHistory,
    Page,
    PageRequest,
    SymbolsRefused,
)
from actors.vendors.history.silence import REACH, believed
from actors.vendors.history.symbols import Symbols
from messages.errors import DataError
from messages.tables.columns import BarKeys, Floats, Mask
from messages.values import MINUTE_NS, SECOND_NS, Gap, Interval, Nanos, TradingSession

_NEAR_NS = 2 * REACH * MINUTE_NS
"""Minutes of today that are nearer to each other are one request: what lies around them is asked for anyway."""
_SESSIONS_KEPT = 4
ADJUSTED = " adjusted for "
"""Between the name of a history and how its prices are adjusted, where they are."""
_MOST_PAGES = 40
"""A session of so many pages is read whole without counting what single minutes would cost."""
_DOUBT = "it shows no bar of minutes around which there was trading, or none of the symbol at all"


class VendorSource:
    """Asks a vendor's client, page after page.

    Nothing is taken for final that the vendor may still change its mind about: a minute that is not over or that it
    keeps back is not asked for, and one without a row is only then said to be untraded when the vendor documents that,
    after the time that it documents, and where it is plausible. A session that is over and out is read whole, and
    held; of one at hand are asked for the minutes that are missing.

    Args:
        opened: the vendor's client.
        request: what it was opened with.
        now_ns: the time of the sessions that are asked for; by default the computer's.
        rank: who it asks for.
        persistence: how a page is asked for again.
        pacer: in place of the one that the account has in this process.
    """

    is_authoritative = False
    """What it knows to be untraded, it says."""

    def __init__(
        self,
        opened: OpenedHistory,
        request: HistoryRequest,
        *,
        now_ns: Callable[[], Nanos] = time.time_ns,
        rank: Rank = Rank.LIVE,
        persistence: Persistence | None = None,
        pacer: Pacer | None = None,
    ) -> None:
        self.entry: HistoryEntry = opened.entry or request.entry
        entry, adjustment = self.entry, request.adjustment
        self.name = ":".join(filter(None, (entry.name, request.tape)))
        if adjustment != "raw":
            self.name += f"{ADJUSTED}{adjustment}"
        self.most_symbols = entry.most_symbols
        self._client = opened.client
        self._asker = Asker(
            self.name,
            Calls(entry.name, request.deadline_s),
            pacer or pacer_of(entry.name, opened.account, entry.pace),
            rank,
            persistence or Persistence(),
        )
        tape = next((one for one in entry.tapes if one.name == request.tape), None)
        self._times = Times(
            now_ns,
            opened.client.clock if isinstance(opened.client, TellsTime) else None,
            out_after_s=tape.delay_s if tape else 0.0,
            silent_after_s=entry.silent_after_s,
        )
        self._symbols = Symbols(self.name, opened.client)
        self._held: OrderedDict[tuple[str, str], HeldSession] = OrderedDict()
        self._reading = threading.Lock()

    @property
    def requests(self) -> int:
        """How many pages were asked for, those that failed included."""
        return self._asker.requests

    @property
    def waited_s(self) -> float:
        """For how long somebody waited, for a turn or to ask again."""
        return self._asker.waited_s

    @property
    def trouble(self) -> str:
        """Why the last request failed, until one is answered."""
        return self._asker.trouble

    @property
    def delay_ns(self) -> Nanos:
        """How long after its end a minute may still be on its way, or its silence not be final."""
        return self._times.delay_ns

    @property
    def final_ns(self) -> Nanos:
        """Until where a minute that it does not show will not come any more."""
        return self._times.final_ns

    @property
    def clock_trouble(self) -> str:
        """A sentence, if this computer's clock is ahead of the vendor's."""
        return self._times.trouble(self.name)

    def keeps_back(self) -> bool:
        """Return whether minutes come to it, or to an end, later than at once."""
        return self.delay_ns > 0

    @property
    def refused(self) -> dict[str, str]:
        """The symbols that the vendor will not have, and why."""
        return self._symbols.refused

    def unhurried(self) -> "VendorSource":
        """Return the same history for who has time; interrupting it interrupts nobody else."""
        other = copy.copy(self)
        other._asker = self._asker.anew(Rank.LONG)  # noqa: SLF001  # one of its kind
        return other

    # --- asking for a span

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        """Return what the vendor has; the minutes around are asked for too, to judge its silence by them."""
        around_ns = REACH * session.base_interval.span_ns
        view = max(start_ns - around_ns, session.start_ns), min(end_ns + around_ns, session.end_ns)
        asked = self.ask(session, symbols, *view)
        axis = SessionAxis(session)
        silent = self._silent(axis, asked, view[0])
        rows = axis.slots_before(start_ns), axis.slots_before(end_ns)
        silent[: rows[0]] = silent[rows[1] :] = False
        inside = (asked.bars.start_ns >= start_ns) & (asked.bars.start_ns < end_ns)
        return SourceAnswer(bars=asked.bars.where(inside), no_trade=gaps_by_symbol(axis, asked.bars.symbols, silent))

    def ask(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> Asked:
        """Return what the vendor has of just these minutes, as far as they are over and out.

        Raises:
            HistoryRefused: the vendor will not have us; it is not asked again.
            DataError: it gave no answer, however often it was asked.
            NotReady: the source was closed.
        """
        interval = session.base_interval
        if str(interval) not in self.entry.intervals:
            raise DataError(f"{self.name} has bars of {' and '.join(self.entry.intervals)}, and none of {interval}")
        while True:
            out_ns = self._times.out_ns(interval.span_ns, end_ns)
            wanted = tuple(symbol for symbol in symbols if self._symbols.why_not(session, symbol) is None)
            span = PageRequest(symbols=wanted, start_ns=start_ns, end_ns=out_ns, interval=interval)
            try:
                pages = list(self._pages(span)) if wanted and out_ns > start_ns else []
            except SymbolsRefused as error:
                named = set(error.symbols).intersection(wanted)
                if not named:
                    raise NoAnswer(f"{self.name}: {error}") from error
                self._symbols.refuse(session if error.is_of_span else None, named, str(error))
            except NotOutYet as error:
                if not self._times.is_later(error.delay_s):
                    raise
            else:
                bars, unread = joined(pages, span)
                heard_ns = self._times.out_ns(interval.span_ns, out_ns)  # its answers tell its time
                bars = bars if heard_ns == out_ns else bars.where(bars.start_ns < heard_ns)
                self._times.shown(bars)
                self._symbols.answered(session, wanted, pages, bars, heard_ns - start_ns, self._asker)
                refused = tuple(symbol for symbol in symbols if self._symbols.why_not(session, symbol) is not None)
                return Asked(bars=bars, end_ns=heard_ns, refused=refused, is_all_read=not unread)

    def quiet(self, has_bar: Mask, trades: Floats, is_in_view: Mask) -> Mask:
        """Return which minutes without a row were not traded, if they are final; see ``silence.believed``."""
        if self.entry.is_silence_exact:
            return ~has_bar & is_in_view[:, np.newaxis]
        return believed(has_bar, trades, is_in_view) & self.entry.is_silence_told

    def _silent(self, axis: SessionAxis, asked: Asked, start_ns: Nanos) -> Mask:
        """Return which minutes of an answer were not traded, slots x symbols."""
        is_asked = (axis.starts_ns >= start_ns) & (axis.starts_ns < asked.end_ns) & asked.is_all_read
        is_final = is_asked & (axis.ends_ns <= self.final_ns)
        silent = self.quiet(*planes(axis, asked.bars.symbols, asked.bars), is_asked) & is_final[:, np.newaxis]
        return silent & ~np.isin(asked.bars.symbols, asked.refused)

    # --- pages

    def _pages(self, request: PageRequest) -> Iterator[Page]:
        while True:
            page = self._page(request)
            yield page
            if page.next_token is None:
                return
            if page.next_token == request.token:
                raise NoAnswer(f"{self.name}: the page after {request.token!r} is that page again")
            request = msgspec.structs.replace(request, token=page.next_token)

    def symbols(self, session: TradingSession) -> tuple[str, ...]:
        """Return of which symbols the vendor has a bar of a session that is over and out.

        Raises:
            HistoryRefused: it does not say so, or not to us.
            NotOutYet: it does not say so yet.
            DataError: it gave no answer, however often it was asked.
            NotReady: the source was closed.
        """
        client = self._client
        if not isinstance(client, ListsSymbols):
            raise HistoryRefused(f"{self.name} does not say whose bars it has")
        if not self._is_final(session):
            raise NotOutYet(f"{self.name} does not have all of {session.date} yet", self.delay_ns / SECOND_NS)
        return self._asker.ask(lambda: client.symbols(PageRequest.of(session, ())))

    def _page(self, request: PageRequest) -> Page:
        return self._asker.ask(lambda: self._client.page(request))

    # --- whole sessions

    def read_ahead(self, session: TradingSession, symbols: Sequence[str]) -> None:
        """Read a session that is over, of these symbols."""
        if self._is_final(session):
            self._whole(session, symbols)

    def holds(self, session: TradingSession, symbols: Sequence[str]) -> bool:
        """Return whether it has been read, of all these symbols."""
        held = self._held.get((session.calendar, session.date))
        return held is not None and held.names.issuperset(symbols)

    def pick(self, session: TradingSession, missing: BarKeys) -> SourceAnswer:
        """Return these bars: of a session that is over from all of it, else with a request for each run of them."""
        answer = self._picked(session, missing)
        if len(missing.start_ns) <= len(answer.bars) + count_within(missing, answer.no_trade):
            return answer
        is_final = int(missing.start_ns[-1]) + session.base_interval.span_ns <= self.final_ns
        doubt = _DOUBT if self.entry.is_silence_told and is_final else self.clock_trouble
        refused = [why for symbol in missing.symbols if (why := self._symbols.why_not(session, symbol)) is not None]
        return msgspec.structs.replace(answer, doubt="; ".join(dict.fromkeys(refused[:3])) or doubt)

    def _picked(self, session: TradingSession, missing: BarKeys) -> SourceAnswer:
        held = self._held.get((session.calendar, session.date))
        if held is not None and held.names.issuperset(missing.symbols):
            return held.pick(session, missing)  # without waiting for who reads another session
        if self._is_final(session) and not self._is_cheap(session, missing):
            return self._whole(session, missing.symbols).pick(session, missing)
        bars: list[Page] = []
        no_trade: list[Gap] = []
        for symbols, start_ns, end_ns in self._runs(session, missing):
            answer = self.fetch(session, symbols, start_ns, end_ns)
            bars.append(Page(bars=answer.bars))
            no_trade += answer.no_trade
        came = joined(bars, PageRequest.of(session, missing.symbols))[0]
        return SourceAnswer(bars=HeldDay(came, (), ANY_TIME).pick(missing), no_trade=tuple(no_trade))

    def _is_final(self, session: TradingSession) -> bool:
        return self._times.is_over(session.end_ns)

    def _is_cheap(self, session: TradingSession, missing: BarKeys) -> bool:
        """Return whether asking for just these costs less than the session whole, which is read once."""
        rows = self.entry.rows_a_page
        if rows is None:
            return False
        pages = SessionAxis(session).slots * len(missing.symbols) / rows
        return pages > _MOST_PAGES and sum(1 for _ in self._runs(session, missing)) < pages

    def _runs(self, session: TradingSession, missing: BarKeys) -> Iterator[tuple[tuple[str, ...], Nanos, Nanos]]:
        lacking: dict[Nanos, list[str]] = {}
        for number, start_ns in zip(missing.symbol_index.tolist(), missing.start_ns.tolist(), strict=True):
            lacking.setdefault(start_ns, []).append(missing.symbols[number])
        step_ns = session.base_interval.span_ns
        for symbols, starts, _ in clustered(lacking, _NEAR_NS, step_ns, self.most_symbols):
            yield symbols, int(starts[0]), int(starts[-1]) + step_ns

    def _whole(self, session: TradingSession, symbols: Collection[str]) -> HeldSession:
        key = session.calendar, session.date
        with self._reading:  # one reads, the others wait for what it read
            held = self._held.setdefault(key, HeldSession())
            self._held.move_to_end(key)
            while len(self._held) > _SESSIONS_KEPT:
                self._held.popitem(last=False)
            lacking = sorted(set(symbols) - held.names)
            size = self.most_symbols or max(len(lacking), 1)
            for first in range(0, len(lacking), size):
                chunk = lacking[first : first + size]
                held.add(self.fetch(session, chunk, session.start_ns, session.end_ns), chunk)
            if session.end_ns > self.final_ns:  # by the vendor's clock, which its answers tell
                del self._held[key]
            return held

    def cost(self, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos, interval: Interval) -> float | None:
        """Return what so much history costs, in US dollars, of a vendor that asks for money by the span.

        Raises:
            DataError: it does not say so.
            NotReady: the source was closed.
        """
        span = PageRequest(symbols=tuple(symbols), start_ns=start_ns, end_ns=end_ns, interval=interval)
        return cost_of(self._client, span, self.most_symbols, self._asker.calls)

    # --- the end

    def interrupt(self) -> None:
        """Let nobody wait any longer, for a turn or for an answer: what is out fails at once."""
        self._asker.interrupt()

    def close(self) -> None:
        """Leave the vendor; may be called twice, and while requests are out."""
        self.interrupt()
        self._client.close()
