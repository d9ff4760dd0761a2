"""The way of a bar into the session: judged, given its place, or turned away with a reason."""

import itertools
from collections.abc import Generator, Iterator

import numpy as np

from actors.market.validate import Fault, faults, is_sane
from actors.session_data.book import Book
from actors.session_data.grid import Grid
from actors.session_data.history import History, HistoryDay
from actors.session_data.senders import Senders
from actors.settings import SessionRules
from messages.base import Event
from messages.columns import BarBatch, Indices, Mask
from messages.events import BarRejected, BarsUpdated
from messages.values import MINUTE_NS, ONE_MINUTE, Nanos, Verdict, moment


class Intake:
    """Applies batches to the open book or, where a minute belongs to one, to a day of history."""

    def __init__(self, rules: SessionRules, history: History) -> None:
        self._rules = rules
        self._history = history
        self._senders = Senders(rules.sources)

    def apply(self, book: Book, batch: BarBatch, source: str, now_ns: Nanos, *, is_correction: bool) -> Iterator[Event]:
        """Apply bars of any minutes, and yield what follows."""
        book.ledger.received += len(batch)
        delivery = _Delivery(self, book, source, now_ns, is_correction=is_correction)
        yield from delivery.of(batch)

    def judge(self, batch: BarBatch, now_ns: Nanos) -> tuple[BarBatch, list[tuple[BarBatch, str]]]:
        """Return the bars that are sane and known by now, and the others by reason."""
        refused: list[tuple[BarBatch, str]] = []
        last_known = now_ns - MINUTE_NS
        is_early = len(batch) > 0 and batch.start_ns[-1] > last_known
        if is_early or not is_sane(batch.values, allow_negative=self._rules.allow_negative):
            found = faults(batch.values, batch.start_ns, allow_negative=self._rules.allow_negative)
            refused += [
                (batch.where(found == code), Fault(code).reason) for code in np.unique(found[found > 0]).tolist()
            ]
            batch = batch.where(found == Fault.SANE)
        if len(batch) and batch.start_ns[-1] > last_known:
            future: Mask = batch.start_ns > last_known
            refused.append((batch.where(future), "in_the_future"))
            batch = batch.where(~future)
        return batch, refused

    @property
    def adds_symbols(self) -> bool:
        """Whether unknown symbols join on first sight."""
        return self._rules.unknown_symbols == "add"

    @property
    def history(self) -> History:
        """The closed days."""
        return self._history

    @property
    def senders(self) -> Senders:
        """Who sends."""
        return self._senders


class _Delivery:
    """One message's bars on their way."""

    def __init__(self, intake: Intake, book: Book, source: str, now_ns: Nanos, *, is_correction: bool) -> None:
        self._intake = intake
        self._book = book
        self._source = source
        self._sender = intake.senders.number(source)
        self._now_ns = now_ns
        self._is_correction = is_correction

    def of(self, batch: BarBatch) -> Iterator[Event]:
        """Deliver a batch minute by minute."""
        batch, refused = self._intake.judge(batch, self._now_ns)
        for some, reason in refused:
            yield from self._reject(some, reason)
        starts = batch.start_ns
        if len(batch) and starts[0] == starts[-1]:
            yield from self._minute(batch)
        elif len(batch):
            edges = [0, *(np.flatnonzero(np.diff(starts)) + 1).tolist(), len(batch)]
            for first, last in itertools.pairwise(edges):
                yield from self._minute(batch.rows(first, last))

    def _minute(self, batch: BarBatch) -> Iterator[Event]:
        book = self._book
        slot = book.axis.slot_of(int(batch.start_ns[0]))
        if slot is None:
            yield from self._elsewhere(batch)
            return
        batch = yield from self._admitted(batch)
        if len(batch):
            yield from book.write(
                slot,
                book.columns_of(batch),
                batch,
                sender=self._sender,
                preference=self._intake.senders.preference,
                is_correction=self._is_correction,
                now_ns=self._now_ns,
            )

    def _admitted(self, batch: BarBatch) -> Generator[Event, None, BarBatch]:
        """Return the bars whose symbols are in the session, or join it now."""
        book = self._book
        columns = book.columns_of(batch)
        if not isinstance(columns, slice) and columns.min() < 0:
            yield from self._strangers(batch.where(columns < 0))
            batch = batch if self._intake.adds_symbols else batch.where(columns >= 0)
        if book.removed:
            gone = np.array([symbol in book.removed for symbol in batch.names()], dtype=np.bool_)
            yield from self._reject(batch.where(gone), "symbol_removed")
            batch = batch.where(~gone)
        return batch

    def _strangers(self, batch: BarBatch) -> Iterator[Event]:
        if self._intake.adds_symbols:
            yield from self._book.welcome(batch.names())
        else:
            yield from self._reject(batch, "unknown_symbol")

    def _elsewhere(self, batch: BarBatch) -> Iterator[Event]:
        """Take a minute that the open session does not expect: of a day of history, or of no segment."""
        start_ns = int(batch.start_ns[0])
        day = self._intake.history.owner(start_ns)
        if day is not None:
            yield from self._repair(day, batch)
        elif start_ns % MINUTE_NS:
            yield from self._reject(batch, Fault.OFF_THE_MINUTE.reason)
        elif moment(start_ns, self._book.session.tz).date().isoformat() != self._book.session.date:
            yield from self._reject(batch, "not_a_session_minute")
        else:
            self._book.keep_outside((yield from self._admitted(batch)))

    def _repair(self, day: HistoryDay, batch: BarBatch) -> Iterator[Event]:
        """Write into a closed day: into a copy, which takes its place."""
        known = np.array([symbol in day.columns for symbol in batch.names()], dtype=np.bool_)
        yield from self._reject(batch.where(~known), "unknown_symbol")
        batch = batch.where(known)
        slot = day.axis.slot_of(int(batch.start_ns[0])) if len(batch) else None
        if slot is None:
            return
        grid = Grid.thawed(day.grid, day.axis)
        columns: Indices = np.array([day.columns[symbol] for symbol in batch.names()], dtype=np.int32)
        written = grid.write(
            slot,
            columns,
            batch.values,
            verdict=Verdict.LATE,
            sender=self._sender,
            preference=self._intake.senders.preference,
            is_correction=self._is_correction,
            revision=day.revision + 1,
        )
        self._book.ledger.take(written)
        changed: Mask = np.ones(len(batch), dtype=np.bool_) if written.changed is None else written.changed
        if changed.any():
            repaired = self._intake.history.replace(day, grid.frozen())
            yield BarsUpdated(
                interval=ONE_MINUTE, batch=batch.where(changed), revision=repaired.revision, is_repair=True
            )

    def _reject(self, batch: BarBatch, reason: str) -> Iterator[Event]:
        if len(batch):
            self._book.ledger.reasons[reason] += len(batch)
        for bar in batch.bars():
            yield BarRejected(bar=bar, source=self._source, reason=reason)
