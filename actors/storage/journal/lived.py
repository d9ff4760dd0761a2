"""A journal as a store: the day that it is of, to be played as it was lived, and the days before it."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from actors.kernel.adjusted import AdjustedRun, adjusted_in
from actors.kernel.ports import BarStore, KnowsHours, StoredDay
from actors.kernel.prints import untraded_in
from actors.market.hours.own import NOTHING_OWN, OwnHours
from actors.reading.spelling.addresses import path_of
from actors.settings import SessionRules
from actors.storage.journal.file import JournalFile
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from messages.certificates import SessionCertificate
from messages.errors import UNREADABLE, DataError, SettingsError
from messages.history import Adjustment
from messages.inboxes import Journaled
from messages.values import Interval, Nanos, VerdictRun


class LivedStore(MemoryStore):
    """A live day out of its journal, for ``System.backtest``: played as it was received, through the real actors.

    Late bars come late, fills when they came, corrections when they came. Nothing is ever written to the journal.

    Args:
        journal: of the day, as a live run keeps it beside its store.
        store: where the days before it are; ``None``: the one that the journal lies beside, if it is there.

    Raises:
        DataError: there is no such journal, it is empty, or it cannot be read.
    """

    def __init__(self, journal: "Path | str", store: BarStore | None = None) -> None:
        super().__init__()
        path = path_of(journal)
        with closing(JournalFile(path, read_only=True)) as file:
            opening = file.opening()
            if opening is None:
                raise DataError(f"{path}: nothing has come yet")
            self.rules = rules_of(file)
            self.told: tuple[tuple[Nanos, Journaled], ...] = tuple(file.messages())
        self.session = opening.session
        self.root = path
        self._symbols = opening.symbols
        self._before = store_beside(path) if store is None else store

    def calendars(self) -> tuple[str, ...]:
        """Return the one of the day."""
        return (self.session.calendar,)

    def dates(self, calendar: str) -> tuple[str, ...]:
        """Return the day, and those before it."""
        if calendar != self.session.calendar:
            return ()
        before = () if self._before is None else self._before.dates(calendar)
        return (*(date for date in before if date < self.session.date), self.session.date)

    def base_interval(self) -> Interval | None:
        """Return the day's."""
        return self.session.base_interval

    def symbols(self, calendar: str, date: str) -> tuple[str, ...]:
        """Return who was there at the day's opening, or has bars on a day before it."""
        if date == self.session.date:
            return self._symbols
        return () if self._before is None else self._before.symbols(calendar, date)

    def read(
        self,
        calendar: str,
        date: str,
        symbols: Sequence[str] | None = None,
        span: tuple[Nanos, Nanos] | None = None,
    ) -> StoredDay | None:
        """Return a day before it; its own bars come from the journal, one after the other."""
        if self._before is None or date >= self.session.date:
            return None
        return self._before.read(calendar, date, symbols, span)

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return the splits and dividends that the store knows."""
        return () if self._before is None else self._before.adjustments()

    def adjusted(self, calendar: str) -> tuple[AdjustedRun, ...]:
        """Return the days before it whose prices are known to be adjusted."""
        return adjusted_in(self._before, calendar)

    def own_hours(self) -> OwnHours:
        """Return what goes before all calendars."""
        return self._before.own_hours() if isinstance(self._before, KnowsHours) else NOTHING_OWN

    def certificate(self, calendar: str, date: str) -> SessionCertificate | None:
        """Return that of a day before it."""
        return None if self._before is None or date >= self.session.date else self._before.certificate(calendar, date)

    def untraded(self, calendar: str, date: str) -> tuple[VerdictRun, ...]:
        """Return what was found untraded of a day before it while that ran."""
        return () if date >= self.session.date else untraded_in(self._before, calendar, date)

    def close(self) -> None:
        """Release what is held; may be called twice."""
        if self._before is not None:
            self._before.close()


def rules_of(file: JournalFile) -> SessionRules:
    """Return the rules of the session that a journal is of.

    Raises:
        DataError: they cannot be read.
    """
    noted = file.fact("rules")
    try:
        return SessionRules() if noted is None else msgspec.json.decode(noted, type=SessionRules)
    except (*UNREADABLE, SettingsError) as error:
        raise DataError(f"{file.path}: the rules of its session cannot be read: {error}") from error


def store_beside(journal: Path) -> BarStore | None:
    """Return the store that a journal lies beside, to be read; ``None``: there is none."""
    folder = journal.absolute().parent
    root = folder.with_name(folder.name.removesuffix(".journals"))
    return ParquetStore(root, read_only=True) if root != folder and root.is_dir() else None
