"""A vendor's history as an upstream: pages to the end, in its pace, and no more concluded than it says."""

import copy
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import msgspec
import numpy as np

from actors.data_upkeep.plan import clustered
from actors.kernel.ports import SourceAnswer
from actors.kernel.telemetry import note
from actors.market.axis import SessionAxis
from actors.storage.source import HeldDay
from actors.vendors.history.calls import Calls
from actors.vendors.history.cells import count_within, gaps_by_symbol, planes
from actors.vendors.history.cost import cost_of
from actors.vendors.history.entry import HistoryEntry
from actors.vendors.history.held import ANY_TIME, HeldSession
from actors.vendors.history.joining import joined
from actors.vendors.history.pacer import Pacer, Rank, pacer_of
from actors.vendors.history.pages import (
    Asked,
    AskedTooMuch,
    HistoryRefused,
    HistoryRequest,
    ListsSymbols,
    NoAnswer,
    NotOutYet,
    OpenedHistory,
    Page,
    PageRequest,
    SymbolsRefused,
    as_no_answer,
    is_nobody_there,
)
from actors.vendors.history.silence import REACH, believed
from messages.columns import BarKeys, Floats, Mask
from messages.errors import DataError, NotReady
from messages.values import MINUTE_NS, SECOND_NS, Gap, Interval, Nanos, TradingSession

_NEAR_NS = 2 * REACH * MINUTE_NS
"""Minutes of today that are nearer to each other are one request: what lies around them is asked for anyway."""
_SESSIONS_KEPT = 4
_TRIES_OF_NOBODY = 2
"""Where nobody has ever been at a vendor's address, such as a TWS that does not run, waiting for minutes is in vain."""
R = TypeVar("R")
ADJUSTED = " adjusted for "
"""Between the name of a history and how its prices are adjusted, where they are."""
_MOST_PAGES = 40
"""A session of so many pages is read whole without counting what single minutes would cost."""
_DOUBT = "it shows no bar of minutes around which there was trading, or none of the symbol at all"


class Persistence(msgspec.Struct, frozen=True, kw_only=True):
    """How a page that fails is asked for again, alone, before the whole question fails."""

    tries: int = 5
    backoff_s: float = 0.5
    """From the first try to the second; doubles with each one after."""
    jitter: float = 0.2
    longest_wait_s: float = 90.0
    """A vendor that wants to be left alone for longer has failed: others are asked meanwhile."""


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
        self.requests = 0
        """Pages that were asked for, those that failed included."""
        self.waited_s = 0.0
        """Time in which somebody waited, for a turn or to ask again."""
        self.trouble = ""
        """Why the last request failed, until one is answered."""
        self._waiting, self._since_s = 0, 0.0
        self._client = opened.client
        self._now_ns = now_ns
        self._rank = rank
        self._persistence = persistence or Persistence()
        self._pacer = pacer or pacer_of(entry.name, opened.account, entry.pace)
        self._calls = Calls(entry.name, request.deadline_s)
        self._chance = random.Random(opened.account)  # noqa: S311  # spreads tries, guards nothing
        tape = next((one for one in entry.tapes if one.name == request.tape), None)
        self._out_after_ns = round((tape.delay_s if tape else 0.0) * SECOND_NS)
        self._silent_after_ns = round(entry.silent_after_s * SECOND_NS)
        self._is_somebody_there = False
        self._refusal: HistoryRefused | None = None
        self._refused: dict[str, str] = {}
        self._held: OrderedDict[tuple[str, str], HeldSession] = OrderedDict()
        self._counting = threading.Lock()
        self._reading = threading.Lock()

    @property
    def delay_ns(self) -> Nanos:
        """How long after its end a minute may still be on its way, or its silence not be final."""
        return max(self._out_after_ns, self._silent_after_ns)

    def keeps_back(self) -> bool:
        """Return whether minutes come to it, or to an end, later than at once."""
        return self.delay_ns > 0

    @property
    def refused(self) -> dict[str, str]:
        """The symbols that the vendor will not have, and why."""
        return dict(self._refused)

    def unhurried(self) -> "VendorSource":
        """Return the same history for who has time; interrupting it interrupts nobody else."""
        other = copy.copy(self)
        other._rank, other._calls, other.requests = Rank.LONG, self._calls.anew(), 0  # noqa: SLF001  # one of its kind
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
            out_ns = self._out_ns(interval.span_ns, end_ns)
            wanted = tuple(symbol for symbol in symbols if symbol not in self._refused)
            refused = tuple(symbol for symbol in symbols if symbol in self._refused)
            span = PageRequest(symbols=wanted, start_ns=start_ns, end_ns=out_ns, interval=interval)
            try:
                pages = list(self._pages(span)) if wanted and out_ns > start_ns else []
            except SymbolsRefused as error:
                named = set(error.symbols).intersection(wanted)
                if not named:
                    raise NoAnswer(f"{self.name}: {error}") from error
                self._refused.update(dict.fromkeys(named, str(error)))
                note("symbols_refused", source=self.name, symbols=sorted(named), reason=str(error))
            except NotOutYet as error:
                later_ns = round(error.delay_s * SECOND_NS)
                if later_ns <= self._out_after_ns:
                    raise
                self._out_after_ns = later_ns
            else:
                bars, unread = joined(pages, span)
                return Asked(bars=bars, end_ns=out_ns, refused=refused, is_all_read=not unread)

    def quiet(self, has_bar: Mask, trades: Floats, is_in_view: Mask) -> Mask:
        """Return which minutes without a row were not traded, if they are final; see ``silence.believed``."""
        if self.entry.is_silence_exact:
            return ~has_bar & is_in_view[:, np.newaxis]
        return believed(has_bar, trades, is_in_view) & self.entry.is_silence_told

    def _silent(self, axis: SessionAxis, asked: Asked, start_ns: Nanos) -> Mask:
        """Return which minutes of an answer were not traded, slots x symbols."""
        is_asked = (axis.starts_ns >= start_ns) & (axis.starts_ns < asked.end_ns) & asked.is_all_read
        is_final = is_asked & (axis.ends_ns + self.delay_ns <= self._now_ns())
        return self.quiet(*planes(axis, asked.bars.symbols, asked.bars), is_asked) & is_final[:, np.newaxis]

    def _out_ns(self, step_ns: Nanos, end_ns: Nanos) -> Nanos:
        """Return until where minutes are over and out."""
        out_ns = self._now_ns() - self._out_after_ns
        return min(end_ns, out_ns // step_ns * step_ns)

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
        return self._answered(lambda: client.symbols(PageRequest.of(session, ())))

    def _page(self, request: PageRequest) -> Page:
        return self._answered(lambda: self._client.page(request))

    def _answered(self, ask: Callable[[], R]) -> R:
        """Ask for one thing, again and alone where it fails."""
        rules = self._persistence
        error: DataError | None = None
        for number in range(rules.tries):
            if number == _TRIES_OF_NOBODY and not self._is_somebody_there:
                break
            if self._refusal is not None:
                raise self._refusal
            if error is not None:
                self._pause(rules.backoff_s * 2.0 ** (number - 1) * (1 + rules.jitter * self._chance.random()))
            try:
                with self._turn():
                    answer = self._calls.make(ask)
            except HistoryRefused as refusal:
                self._refusal = refusal
                raise
            except (SymbolsRefused, NotOutYet, NotReady):
                raise
            except AskedTooMuch as busy:
                self._is_somebody_there = True
                if busy.after_s > rules.longest_wait_s:
                    raise
                self._pacer.hold(busy.after_s)
                error = busy
            except Exception as failure:  # noqa: BLE001  # a vendor's client may raise anything
                self._is_somebody_there |= not is_nobody_there(failure)
                error = as_no_answer(failure)
            else:
                self._is_somebody_there, self.trouble = True, ""
                return answer
            self.trouble = str(error)
        assert error is not None, "a page is asked for at least once"
        asked = rules.tries if self._is_somebody_there else min(rules.tries, _TRIES_OF_NOBODY)
        raise NoAnswer(f"{self.name} was asked {asked} times: {error}") from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with ExitStack() as turn:
            with self._wait():
                turn.enter_context(self._pacer.turn(self._rank, lambda: self._calls.is_open))
            with self._counting:
                self.requests += 1
            yield

    def _pause(self, seconds: float) -> None:
        with self._wait():
            self._pacer.pause(seconds, lambda: self._calls.is_open)

    @contextmanager
    def _wait(self) -> Iterator[None]:
        """Count the time in which one waits, or several at once."""
        with self._counting:
            self._since_s = self._since_s if self._waiting else self._pacer.now_s()
            self._waiting += 1
        try:
            yield
        finally:
            with self._counting:
                self._waiting -= 1
                if not self._waiting:
                    self.waited_s += self._pacer.now_s() - self._since_s

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
        is_final = int(missing.start_ns[-1]) + session.base_interval.span_ns + self.delay_ns <= self._now_ns()
        is_doubtful = (
            self.entry.is_silence_told
            and is_final
            and len(missing.start_ns) > len(answer.bars) + count_within(missing, answer.no_trade)
        )
        return msgspec.structs.replace(answer, doubt=_DOUBT) if is_doubtful else answer

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
        return session.end_ns + self.delay_ns <= self._now_ns()

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
            return held

    def cost(self, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos, interval: Interval) -> float | None:
        """Return what so much history costs, in US dollars, of a vendor that asks for money by the span.

        Raises:
            DataError: it does not say so.
            NotReady: the source was closed.
        """
        span = PageRequest(symbols=tuple(symbols), start_ns=start_ns, end_ns=end_ns, interval=interval)
        return cost_of(self._client, span, self.most_symbols, self._calls)

    # --- the end

    def interrupt(self) -> None:
        """Let nobody wait any longer, for a turn or for an answer: what is out fails at once."""
        self._calls.close()
        self._pacer.wake()

    def close(self) -> None:
        """Leave the vendor; may be called twice, and while requests are out."""
        self.interrupt()
        self._client.close()
