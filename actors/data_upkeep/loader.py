"""Reading from the store: a session's tape, and days of history. Runs on a worker that never queues behind fills."""

from collections.abc import Sequence

import msgspec
import numpy as np

from actors.kernel.address import Address
from actors.kernel.ports import BarStore, StoredDay
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.market.validate import faults
from actors.settings import SessionRules
from messages.columns import FIELDS, BarBatch, DayGrid, Tape, freeze
from messages.commands import ReadSession
from messages.errors import BarkeeperError
from messages.events import ReadFailed, SessionRead
from messages.values import TradingSession


class Loader:
    """Turns ``ReadSession`` into ``SessionRead`` or ``ReadFailed``, told to ``reply_to``."""

    def __init__(
        self, store: BarStore, calendar: Calendar, reply_to: Address[SessionRead | ReadFailed], *, rules: SessionRules
    ) -> None:
        self._store = store
        self._calendar = calendar
        self._reply_to = reply_to
        self._fields = len(FIELDS) + 2 * rules.keep_extra
        self._allow_negative = rules.allow_negative

    def read(self, job: ReadSession) -> None:
        """Read, and tell what came of it."""
        try:
            tape = self._tape(job.session, job.symbols)
            history = tuple(day for date in job.history if (day := self._history_day(date, job.symbols)) is not None)
        except (BarkeeperError, OSError) as error:
            self._reply_to.tell(ReadFailed(session=job.session, reason=str(error)))
            return
        self._reply_to.tell(SessionRead(tape=tape, history=history))

    def _tape(self, session: TradingSession, symbols: Sequence[str] | None) -> Tape:
        day = self._day(session, symbols)
        if day is None:
            empty = BarBatch.of(())
            return Tape(session=session, batch=_for_symbols(empty, symbols))
        bars = day.bars
        inside = SessionAxis(session).slots_of(bars.start_ns) >= 0
        kept = bars if bool(inside.all()) else bars.where(inside)
        is_sane = not faults(kept.values, kept.start_ns, allow_negative=self._allow_negative).any()
        batch = msgspec.structs.replace(_for_symbols(kept, symbols), is_sane=is_sane)
        return Tape(session=session, batch=batch, outside=len(bars) - len(kept))

    def _history_day(self, date: str, symbols: Sequence[str] | None) -> DayGrid | None:
        session = self._calendar.session(date)
        day = None if session is None else self._day(session, symbols)
        return None if session is None or day is None else _as_grid(session, day, self._fields)

    def _day(self, session: TradingSession, symbols: Sequence[str] | None) -> StoredDay | None:
        if symbols is not None and not symbols:
            return None  # all were removed; a store would take naming none for wanting all
        return self._store.read(session.calendar, session.date, symbols)


def _for_symbols(batch: BarBatch, symbols: Sequence[str] | None) -> BarBatch:
    """Return the batch with a table of just these symbols, so that one without a bar is known all the same."""
    if symbols is None or batch.symbols == tuple(sorted(symbols)):
        return batch
    table = tuple(sorted(symbols))
    place = {symbol: index for index, symbol in enumerate(table)}
    renumbered = np.array([place[symbol] for symbol in batch.symbols], dtype=np.int32)
    return BarBatch(
        symbols=table, symbol_index=freeze(renumbered[batch.symbol_index]), start_ns=batch.start_ns, values=batch.values
    )


def _as_grid(session: TradingSession, day: StoredDay, fields: int) -> DayGrid:
    """Scatter a stored day into a dense grid."""
    axis, bars = SessionAxis(session), day.bars
    values = np.full((axis.slots, fields, len(bars.symbols)), np.nan)
    verdicts = np.zeros((axis.slots, len(bars.symbols)), dtype=np.uint8)
    slots = axis.slots_of(bars.start_ns)
    inside = slots >= 0
    rows, columns = slots[inside], bars.symbol_index[inside]
    for field in range(min(fields, len(bars.values))):
        values[rows, field, columns] = bars.values[field, inside]
    verdicts[rows, columns] = day.verdicts[inside]
    return DayGrid(session=session, symbols=bars.symbols, values=freeze(values), verdicts=freeze(verdicts))
