"""The way of a bar into the session: judged, given its place, or turned away with a reason."""

import itertools
from collections.abc import Sequence

import msgspec
import numpy as np

from actors.market.validate import Fault, faults, is_sane, reason_of, reason_of_length
from actors.session_data.hold.book import Book
from actors.session_data.hold.derived import DerivedBars
from actors.session_data.hold.grid import Claim, Grid
from actors.session_data.hold.senders import Senders
from actors.session_data.members.joining import FromStore
from actors.session_data.past.history import History, HistoryDay
from actors.session_data.take.forming import Folded
from actors.session_data.take.whole_minutes import fill, play
from actors.settings import SessionRules
from messages.base import Event
from messages.events import BarArrived, BarRejected, BarsArrived, BarsUpdated
from messages.repairs import BarsFilled
from messages.tables.columns import BarBatch, Indices, Mask
from messages.values import Nanos, Verdict, moment


class _Thawed:
    """A closed day that is being repaired."""

    def __init__(self, day: HistoryDay, rules: SessionRules) -> None:
        self.day = day
        self.grid = Grid.thawed(day.grid, day.axis, day.sources)
        self.derived = DerivedBars(day.axis, rules.intervals, self.grid.verdicts.shape[1])
        self.is_changed = False
        self.corrections = 0


class Intake:
    """Applies one message's bars to the open book or, where a minute belongs to one, to a day of history.

    Made for a message and thrown away.
    """

    def __init__(
        self,
        message: BarsArrived | BarArrived | BarsFilled | Folded | FromStore,
        book: Book,
        history: History,
        senders: Senders,
        rules: SessionRules,
        now_ns: Nanos,
    ) -> None:
        self._source = message.source
        self._book = book
        self._history = history
        self._rules = rules
        self._now_ns = now_ns
        self._is_fill = isinstance(message, BarsFilled)
        is_correction = not isinstance(message, BarsFilled) and message.is_correction
        is_part = isinstance(message, Folded) and message.is_part
        self._claim = Claim(senders.number(message.source), senders.preference, is_correction, message.source, is_part)
        self._takes_whole = False
        self._joined: list[str] = []
        self._thawed: dict[str, _Thawed] = {}
        self.events: list[Event] = []
        """What follows from the bars, in order."""
        self.repaired: dict[str, int] = {}
        """The dates of closed days that changed, and how many corrections each has taken."""

    def take(self, batch: BarBatch) -> None:
        """Take bars of any minutes."""
        self._book.ledger.received += len(batch)
        batch = self._judged(self._of_base_bars(batch))
        self._book.halts.traded(batch)
        starts = batch.start_ns
        if len(batch) and starts[0] == starts[-1]:
            self._minute(batch)
        elif len(batch):
            edges = [0, *(np.flatnonzero(np.diff(starts)) + 1).tolist(), len(batch)]
            for first, last in itertools.pairwise(edges):
                self._minute(batch.rows(first, last))
        self._look_back()
        self._put_back()

    def take_out(self, batch: BarBatch) -> None:
        """Take the sender's own bars of one minute out again, where every trade in them was cancelled."""
        book, symbols, start_ns = self._book, batch.names(), int(batch.start_ns[0])
        slot, day = book.axis.slot_of(start_ns), self._history.owner(start_ns)
        if slot is not None:
            columns = [column for symbol in symbols if (column := book.column(symbol)) is not None]
            book.withdraw(slot, np.array(columns, dtype=np.int32), self._claim, self._now_ns, self.events)
        elif day is not None:
            self._take_out_of(day, symbols, start_ns)
        for symbol in symbols:
            book.outside.pop((symbol, start_ns), None)
        self._put_back()

    def _take_out_of(self, day: HistoryDay, symbols: Sequence[str], start_ns: Nanos) -> None:
        slot = day.axis.slot_of(start_ns)
        assert slot is not None, "a minute of another day"
        thawed = self._thaw(day)
        columns = [day.columns[symbol] for symbol in symbols if symbol in day.columns]
        gone = thawed.grid.withdraw(slot, np.array(columns, dtype=np.int32), self._claim, day.revision + 1)
        if len(gone):
            thawed.is_changed = True
            thawed.corrections += len(gone)
            self.events.append(thawed.grid.withdrawn(slot, gone, day.revision + 1))
            thawed.derived.on_withdrawal(thawed.grid, slot, gone, day.axis.slots, day.revision + 1, self.events)

    def _put_back(self) -> None:
        """Let repaired copies take the place of their days."""
        self.repaired = {date: thawed.corrections for date, thawed in self._thawed.items() if thawed.is_changed}
        for thawed in self._thawed.values():
            if thawed.is_changed:
                self._history.replace(thawed.day, thawed.grid)

    def take_whole(self, batch: BarBatch) -> None:
        """Take whole minutes, each over at its end, and close every minute until now."""
        book = self._book
        starts = batch.start_ns
        is_one_minute = len(batch) > 0 and starts[0] == starts[-1]  # which costs a quarter when taken by itself
        if book.unseen and batch.is_sane and len(batch) and not is_one_minute:
            batch = self._without_first(batch)
        if is_one_minute or not play(book, batch, self._claim, self.events):
            self._takes_whole = True
            self.take(batch)
        book.close_until(self._now_ns, self.events)

    def _without_first(self, batch: BarBatch) -> BarBatch:
        """Take the first of some whole minutes by itself, with which most join that are not known yet; return the rest.

        The rest may then be taken at once.
        """
        first = int(np.searchsorted(batch.start_ns, batch.start_ns[0], side="right"))
        self._takes_whole = True
        self.take(batch.rows(0, first))
        self._book.close_until(int(batch.start_ns[0]) + self._book.axis.step_ns, self.events)
        return batch.rows(first, len(batch))

    def take_fill(self, batch: BarBatch) -> None:
        """Take bars that were fetched for closed minutes."""
        is_known = batch.is_sane or is_sane(batch.values, allow_negative=bool(self._rules.allow_negative))
        judged = msgspec.structs.replace(batch, is_sane=is_known)
        if not fill(self._book, judged, self._claim, self._now_ns, self.events):
            self.take(batch)

    def _of_base_bars(self, batch: BarBatch) -> BarBatch:
        """Return base bars; turn away those of another length, which the grid has no place for."""
        base = self._book.axis.interval
        if batch.interval == base:
            return batch
        self._reject(batch, reason_of_length(base))
        return batch.rows(0, 0)

    def _judged(self, batch: BarBatch) -> BarBatch:
        """Return the bars that are sane and known by now; turn the others away."""
        axis = self._book.axis
        last_known = self._now_ns - axis.step_ns
        has_future = len(batch) > 0 and batch.start_ns[-1] > last_known
        is_known_sane = batch.is_sane or is_sane(batch.values, allow_negative=bool(self._rules.allow_negative))
        if has_future or not is_known_sane:
            allow_negative = bool(self._rules.allow_negative)
            found = faults(batch.values, batch.start_ns, step_ns=axis.step_ns, allow_negative=allow_negative)
            for code in np.unique(found[found > 0]).tolist():
                self._reject(batch.where(found == code), reason_of(Fault(code), axis.interval))
            batch = batch.where(found == Fault.SANE)
        if has_future:
            future: Mask = batch.start_ns > last_known
            self._reject(batch.where(future), "in_the_future")
            batch = batch.where(~future)
        # It is told so: what came says of a tape whether bars are unsound that are still to come.
        return batch if batch.is_sane else msgspec.structs.replace(batch, is_sane=True)

    def _minute(self, batch: BarBatch) -> None:
        book = self._book
        slot = book.axis.slot_of(int(batch.start_ns[0]))
        if slot is None:
            self._elsewhere(batch)
            return
        now_ns = self._now_ns
        if self._takes_whole:
            now_ns = book.end_of(slot)
            book.close_until(now_ns - book.axis.step_ns, self.events)
        batch = self._admitted(batch)
        if len(batch):
            book.write(slot, book.columns_of(batch), batch, self._claim, now_ns, self.events, is_fill=self._is_fill)
        if self._takes_whole:
            self._look_back()

    def _look_back(self) -> None:
        """Say what had closed without those who have just joined."""
        joined, self._joined = self._joined, []
        self.events += self._book.gaps_before(joined) if joined else []

    def _admitted(self, batch: BarBatch) -> BarBatch:
        """Return the bars whose symbols are in the session, or join it now."""
        book = self._book
        columns = book.columns_of(batch)
        if not isinstance(columns, slice) and columns.min() < 0:
            batch = self._introduced(batch, columns < 0)
        if book.unseen:
            batch = self._appeared(batch)
        if book.removed:
            gone = np.array([symbol in book.removed for symbol in batch.names()], dtype=np.bool_)
            self._reject(batch.where(gone), "symbol_removed")
            batch = batch.where(~gone)
        return batch

    def _appeared(self, batch: BarBatch) -> BarBatch:
        """Let symbols join that the tape has, with their first bar; others' bars of them are as those of strangers."""
        book = self._book
        names = tuple(sorted(book.unseen.intersection(batch.names())))
        if not names:
            return batch
        if self._source != "tape" and self._rules.unknown_symbols != "add":
            is_strange: Mask = np.array([symbol in book.unseen for symbol in batch.names()], dtype=np.bool_)
            self._reject(batch.where(is_strange), "unknown_symbol")
            return batch.where(~is_strange)
        self.events.append(book.welcome(names))
        self._joined += names
        return batch

    def _introduced(self, batch: BarBatch, strange: Mask) -> BarBatch:
        """Let unknown symbols join, or turn their bars away."""
        if self._rules.unknown_symbols == "add":
            symbols = batch.where(strange).names()
            self.events.append(self._book.welcome(symbols))
            self._joined += symbols
            return batch
        self._reject(batch.where(strange), "unknown_symbol")
        return batch.where(~strange)

    def _elsewhere(self, batch: BarBatch) -> None:
        """Take a minute that the open session does not expect: of a day of history, or of no segment."""
        start_ns, axis = int(batch.start_ns[0]), self._book.axis
        day = self._history.owner(start_ns)
        if day is not None:
            self._repair(day, batch)
        elif start_ns % axis.step_ns:
            self._reject(batch, reason_of(Fault.OFF_THE_MINUTE, axis.interval))
        elif moment(start_ns, self._book.session.tz).date().isoformat() != self._book.session.date:
            self._reject(batch, "not_a_session_minute")
        else:
            self._book.keep_outside(self._admitted(batch))

    def _repair(self, day: HistoryDay, batch: BarBatch) -> None:
        """Write into a closed day: into a copy, which takes its place when all bars of the message are in."""
        known = np.array([symbol in day.columns for symbol in batch.names()], dtype=np.bool_)
        self._reject(batch.where(~known), "unknown_symbol")
        batch = batch.where(known)
        slot = day.axis.slot_of(int(batch.start_ns[0])) if len(batch) else None
        if slot is None:
            return
        thawed = self._thaw(day)
        grid, revision = thawed.grid, day.revision + 1
        columns: Indices = np.array([day.columns[symbol] for symbol in batch.names()], dtype=np.int32)
        is_part = self._claim.is_part
        verdict = int(Verdict.IN_PART if is_part else Verdict.FILLED if self._is_fill else Verdict.LATE)
        written = grid.write(slot, columns, batch.values, verdict, self._claim, revision)
        self._book.ledger.take(written)
        columns = columns if written.changed is None else columns[written.changed]
        if len(columns):
            thawed.is_changed = True
            thawed.corrections += written.accepted if self._claim.is_correction else 0
            bars = grid.minute(slot, columns)
            self.events.append(BarsUpdated(interval=bars.interval, batch=bars, revision=revision, is_repair=True))
            thawed.derived.on_write(grid, slot, columns, day.axis.slots, revision, self.events)

    def _thaw(self, day: HistoryDay) -> _Thawed:
        date = day.grid.session.date
        if date not in self._thawed:
            self._thawed[date] = _Thawed(day, self._rules)
        return self._thawed[date]

    def _reject(self, batch: BarBatch, reason: str) -> None:
        if len(batch):
            rejected = [BarRejected(bar=bar, source=self._source, reason=reason) for bar in batch.bars()]
            self._book.ledger.take_rejected(rejected)
            self.events += rejected
