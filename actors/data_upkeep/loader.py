"""Reading from the store: a session's tape, and days of history. Runs on a worker that never queues behind fills."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import TypeVar

import msgspec
import numpy as np

from actors.data_upkeep.as_lived import early, prints_of
from actors.kernel.address import Address
from actors.kernel.adjusted import adjusted_in
from actors.kernel.ports import BarStore, StoredDay
from actors.kernel.prints import KeepsPrints, KeepsUntraded
from actors.kernel.readings import KeepsReadings
from actors.market.axis import SessionAxis, axis_of
from actors.market.calendar import Calendar
from actors.market.coarser import coarser, is_finer, whole_runs
from actors.market.daily import joined, reduced
from actors.market.planes import pruned, spread, with_runs
from actors.market.validate import Fault, faults, reason_of
from actors.settings import SessionRules
from messages.certificates import SessionCertificate
from messages.commands import ReadSession
from messages.errors import BarkeeperError, DataError
from messages.events import ReadFailed, SessionRead
from messages.history import Adjustment, Background, DailyBars, HistoryPlan
from messages.tables.columns import FIELDS, BarBatch, BarVerdicts, DayGrid, Prints, Tape, Verdicts, freeze
from messages.values import Seen, TradingSession, Verdict, VerdictRun

R = TypeVar("R")


class Loader:
    """Turns ``ReadSession`` into ``SessionRead`` or ``ReadFailed``, told to ``reply_to``."""

    def __init__(
        self,
        store: BarStore,
        calendar: Calendar,
        reply_to: Address[SessionRead | ReadFailed],
        *,
        rules: SessionRules,
        seen: Seen = Seen.AS_KNOWN,
    ) -> None:
        self._seen = seen
        self._store = store
        # Asking a store what it can do takes as long as asking it for something.
        self._readings = store if isinstance(store, KeepsReadings) else None
        self._lives = store if isinstance(store, KeepsPrints) else None
        self._notes = store if isinstance(store, KeepsUntraded) else None
        self._calendar = calendar
        self._reply_to = reply_to
        self._fields = len(FIELDS) + 2 * rules.keep_extra
        self._allow_negative = bool(rules.allow_negative)

    def read(self, job: ReadSession) -> None:
        """Read, and tell what came of it."""
        try:
            tape = self._kept(
                "tape", (job.session, self._seen, bool(job.joining)), job.symbols, lambda: self._tape(job)
            )
            history = self.days(job.history, job.symbols)
            background = None if job.plan is None else self._background(job, job.plan)
        except (BarkeeperError, OSError) as error:
            self._reply_to.tell(ReadFailed(session=job.session, reason=str(error), joining=job.joining))
            return
        self._reply_to.tell(SessionRead(tape=tape, history=history, background=background, joining=job.joining))

    def days(self, dates: Iterable[str], symbols: Sequence[str] | None) -> tuple[DayGrid, ...]:
        """Return those of some dates that the store has, in the same order.

        Raises:
            DataError: one cannot be read.
        """
        return tuple(day for date in dates if (day := self._history_day(date, symbols)) is not None)

    def broke(self, job: ReadSession, error: BaseException) -> None:
        """Tell that a session could not be read because of a bug here."""
        reason = f"a bug in the loader: {error!r}"
        self._reply_to.tell(ReadFailed(session=job.session, reason=reason, joining=job.joining))

    def late(self, job: ReadSession, reason: str) -> None:
        """Tell that the store has not come back with an answer."""
        self._reply_to.tell(ReadFailed(session=job.session, reason=f"the store {reason}", joining=job.joining))

    def _tape(self, job: ReadSession) -> Tape:
        session, symbols = job.session, job.symbols
        day, certificate = self._day(session, symbols), self._certificate(session, symbols)
        bars = BarBatch.of(()) if day is None else day.bars
        table: Collection[str] | None = symbols
        if symbols is None and certificate is not None:
            # One that never traded is part of the session all the same: of its quality, if not of its bars.
            table = {*bars.symbols, *certificate.names}
        axis = axis_of(session)
        inside = axis.slots_of(bars.start_ns) >= 0
        is_whole = bool(inside.all())
        kept = bars if is_whole else bars.where(inside)
        found = faults(kept.values, kept.start_ns, step_ns=axis.step_ns, allow_negative=self._allow_negative)
        batch = msgspec.structs.replace(_for_symbols(kept, table), is_sane=not found.any())
        left_out = Counter(reason_of(Fault(code), bars.interval) for code in found[found > 0].tolist())
        runs = _runs_without_bars(axis, batch, self._runs(session, certificate))
        verdicts = np.zeros(0, np.uint8) if day is None else day.verdicts if is_whole else day.verdicts[inside]
        told = _told(kept, verdicts)
        prints = self._prints(session, symbols)
        is_early = early(axis, kept, verdicts, prints)
        if self._seen is Seen.AS_KNOWN or prints is None:
            prints = None
        elif job.joining:  # of what is past, what was there in time: of the rest nobody knows any more when to tell it
            batch, told, runs, prints = batch.where(~is_early), None, (), None
        return Tape(
            prints=prints,
            shown_early=0 if prints is not None else int(np.count_nonzero(is_early)),
            session=session,
            batch=batch,
            outside=len(bars) - len(kept),
            left_out=tuple(sorted(left_out.items())),
            runs=runs,
            told=told,
        )

    def _kept(self, what: str, of: Hashable, symbols: Sequence[str] | None, make: Callable[[], R]) -> R:
        """Make something of the store's days, unless the store has kept what was made of them before."""
        if self._readings is None:
            return make()
        named = None if symbols is None else tuple(symbols)
        return self._readings.kept((what, self._calendar.name, of, named, self._fields, self._allow_negative), make)

    def _prints(self, session: TradingSession, symbols: Sequence[str] | None) -> Prints | None:
        """Return how a session was lived; who only wants to know what he is shown early can do without."""
        try:
            return None if self._lives is None else prints_of(self._lives, session, symbols)
        except BarkeeperError:
            if self._seen is Seen.AS_LIVED:
                raise
            return None

    def _history_day(self, date: str, symbols: Sequence[str] | None) -> DayGrid | None:
        return self._kept("day", date, symbols, lambda: self._read_history(date, symbols))

    def _read_history(self, date: str, symbols: Sequence[str] | None) -> DayGrid | None:
        session = self._calendar.session(date)
        day = None if session is None else self._day(session, symbols)
        if session is None or day is None:
            return None
        axis, certificate = axis_of(session), self._certificate(session, symbols)
        names = day.bars.symbols if certificate is None else _with_certified(day.bars.symbols, certificate, symbols)
        values, verdicts = spread(axis, names, day.bars, day.verdicts, self._fields)
        verdicts = with_runs(axis, names, verdicts, self._runs(session, certificate))
        return DayGrid(session=session, symbols=names, values=freeze(values), verdicts=freeze(verdicts))

    def _background(self, job: ReadSession, plan: HistoryPlan) -> Background:
        return Background(
            plan=plan,
            daily=self._kept("days", job.daily, job.symbols, lambda: self._table(job.daily, job.symbols)),
            adjustments=self._adjustments(job.symbols, since=plan.oldest, until=job.session.date),
        )

    def _table(self, dates: Sequence[str], symbols: Sequence[str] | None) -> DailyBars | None:
        # One day in memory at a time: each is reduced to its daily bars before the next is read.
        tables = [table for date in dates if (table := self._daily(date, symbols)) is not None]
        return joined(tables) if tables else None

    def _daily(self, date: str, symbols: Sequence[str] | None) -> DailyBars | None:
        return self._kept("bar", date, symbols, lambda: self._reduced(date, symbols))

    def _reduced(self, date: str, symbols: Sequence[str] | None) -> DailyBars | None:
        day = self._read_history(date, symbols)
        return None if day is None else reduced(axis_of(day.session), day.symbols, day.values, day.verdicts)

    def _adjustments(self, symbols: Sequence[str] | None, *, since: str, until: str) -> tuple[Adjustment, ...]:
        """Return the splits and dividends that make a difference to bars since a date, and are known until another."""
        wanted = None if symbols is None else frozenset(symbols)
        known = [
            one
            for one in (self._store.adjustments() if since else ())
            if since < one.ex_date <= until and (wanted is None or one.symbol in wanted)
        ]
        runs = adjusted_in(self._store, self._calendar.name) if known else ()
        return tuple(one for one in known if not any(run.includes(one) for run in runs))

    def _certificate(self, session: TradingSession, symbols: Sequence[str] | None) -> SessionCertificate | None:
        if symbols is not None and not symbols:
            return None
        certificate = self._store.certificate(session.calendar, session.date)
        if certificate is None or certificate.session.base_interval == session.base_interval:
            return certificate
        return msgspec.structs.replace(certificate, runs=whole_runs(certificate.runs, session.base_interval))

    def _runs(self, session: TradingSession, certificate: SessionCertificate | None) -> tuple[VerdictRun, ...]:
        """Return what is known of minutes without a bar: of a day that has no certificate, what was found so far."""
        untraded = () if self._notes is None else self._notes.untraded(session.calendar, session.date)
        found = whole_runs(untraded, session.base_interval)
        return found if certificate is None else (*found, *certificate.runs)

    def _day(self, session: TradingSession, symbols: Sequence[str] | None) -> StoredDay | None:
        if symbols is not None and not symbols:
            return None  # all were removed; a store would take naming none for wanting all
        day = self._store.read(session.calendar, session.date, symbols)
        if day is None or day.bars.interval == session.base_interval:
            return day
        if not is_finer(day.bars.interval, session.base_interval):
            raise DataError(
                f"{session.calendar} on {session.date}: the store holds bars of {day.bars.interval}; "
                f"this system's base interval is {session.base_interval}"
            )
        bars, verdicts = coarser(day.bars, day.verdicts, session)
        return StoredDay(bars=bars, verdicts=verdicts, tz=day.tz)


def _with_certified(
    names: Sequence[str], certificate: SessionCertificate, symbols: Sequence[str] | None
) -> tuple[str, ...]:
    """Return the symbols of a day, those included that never traded; only ``symbols`` if any are named."""
    return tuple(sorted({*names, *(one for one in certificate.names if symbols is None or one in symbols)}))


def _for_symbols(batch: BarBatch, symbols: Collection[str] | None) -> BarBatch:
    """Return the batch with a table of just these symbols, so that one without a bar is known all the same."""
    if symbols is None or batch.symbols == tuple(sorted(symbols)):
        return batch
    table = tuple(sorted(symbols))
    place = {symbol: index for index, symbol in enumerate(table)}
    renumbered = np.array([place[symbol] for symbol in batch.symbols], dtype=np.int32)
    return msgspec.structs.replace(batch, symbols=table, symbol_index=freeze(renumbered[batch.symbol_index]))


def _told(bars: BarBatch, verdicts: Verdicts) -> BarVerdicts | None:
    """Return how bars came that did not simply stream in; ``None`` where all did."""
    is_told = verdicts != int(Verdict.STREAMED)
    if not is_told.any():
        return None
    return BarVerdicts(
        symbols=bars.symbols,
        symbol_index=freeze(bars.symbol_index[is_told]),
        start_ns=freeze(bars.start_ns[is_told]),
        verdicts=freeze(verdicts[is_told]),
    )


def _runs_without_bars(axis: SessionAxis, batch: BarBatch, runs: Sequence[VerdictRun]) -> tuple[VerdictRun, ...]:
    """Return what is left of runs in a tape's minutes, for its symbols, where it has no bar."""
    if not runs:
        return ()
    has_bar = np.zeros((axis.slots, len(batch.symbols)), dtype=np.bool_)
    has_bar[axis.slots_of(batch.start_ns), batch.symbol_index] = True
    return pruned(axis, batch.symbols, has_bar, runs)
