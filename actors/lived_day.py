"""LivedDay: the door for who asks what was known of a live day at a moment, and so why a strategy did what it did."""

from contextlib import closing
from pathlib import Path
from typing import cast

from actors.kernel.address import RoomAddress
from actors.kernel.ask import arguments as take
from actors.kernel.ask.readers import Readers
from actors.kernel.future import Answered, Future
from actors.kernel.ports import BarStore
from actors.market.instants import Moment
from actors.reading.spelling.addresses import path_of
from actors.recording import history_of, lived
from actors.session_data.answer.moments import instant_of
from actors.session_data.core import SessionDataCore
from actors.storage.journal.file import JournalFile
from actors.storage.journal.lived import rules_of, store_beside
from actors.wiring import House
from messages.base import Query, R
from messages.errors import DataError, NotReady
from messages.values import Nanos, TradingSession, moment


class LivedDay(Readers):
    """A live day as it was known at a moment: the same readers as a system's, which answer from what had come by then.

    What came later is not there: a bar that was late is missing, one that was corrected has its first print. Days
    before it are those of the store, as they are there now.

    Args:
        journal: of the day, as a live run keeps it beside its store (``store.journals/XNYS_2026-11-30.journal``).
        when: the moment, as ``"10:32"`` in exchange time; ``None``, or the day's date: the last one.
        store: where the days before it are; ``None``: the one that the journal lies beside, if it is there.

    Raises:
        DataError: there is no such journal, or it cannot be read.
        SettingsError: that is no moment.
    """

    def __init__(self, journal: "Path | str", when: Moment | None = None, *, store: BarStore | None = None) -> None:
        path = path_of(journal)
        until = None if when is None else take.moment(when, "when")
        with closing(JournalFile(path, read_only=True)) as file:
            opening = file.opening()
            if opening is None:
                raise DataError(f"{path}: nothing has come yet")
            self._opening = opening
            until_ns = None if until is None else _until(until, opening.session)
            beside = store_beside(path) if store is None else store
            history = () if beside is None else history_of(beside, opening, rules_of(file))
            core, _ = lived(file, until_ns, history)
        self.until_ns: Nanos | None = until_ns
        """Until when; ``None``: the end."""
        # Answered here and now: there is nothing to wait for, and nothing that could change.
        super().__init__(
            cast("RoomAddress", _Still(core)), cast("RoomAddress", _Nobody()), opening.session.base_interval
        )

    def __repr__(self) -> str:
        return f"<LivedDay {self._opening.session.calendar} {self._opening.session.date}>"

    def opened_session(self) -> TradingSession:
        """Return the session of the day.

        Raises:
            NotReady: at that moment it had not been opened yet; says when it was.
        """
        session: TradingSession | None = self.session().get()
        if session is None:
            opened = moment(self._opening.now_ns, self._opening.session.tz)
            raise NotReady(f"{self._opening.session.date} was not open yet: that was at {opened:%H:%M:%S}")
        return session


def _until(when: Nanos | str, session: TradingSession) -> Nanos | None:
    """Return until when one looks; ``None``: at all of it. A date is all that was known at that date's end."""
    is_over = isinstance(when, str) and ":" not in when and when >= session.date
    return None if is_over else instant_of(when, session, is_end=True)


class Recalls:
    """What may be asked of a running live day about what it knew before."""

    @property
    def _house(self) -> House:
        raise NotImplementedError

    def as_of(self, when: Moment) -> LivedDay:
        """The open session of a live day as it was known at a moment, as ``"10:32"``: what came later is not there.

        Raises:
            NotReady: no session is open, or this run keeps no journal (``durability``), as a backtest.
        """
        journal = self._house.journal
        if journal is None or journal.path is None:
            raise NotReady("there is no journal of this session: it is a live day's that is written to a store")
        journal.flush()
        return LivedDay(journal.path, when, store=self._house.store)


class _Still:
    """The address of a session that has stopped."""

    def __init__(self, core: SessionDataCore) -> None:
        self._core = core

    def ask(self, query: Query[R]) -> Future[R]:
        """Answer at once."""
        outcome = self._core.handle(query)  # type: ignore[arg-type]  # readers ask nothing else
        return Answered(outcome.answer, outcome.error)


class _Nobody:
    """The address of who keeps certificates, who is not there."""

    def ask(self, query: Query[R]) -> Future[R]:
        """Say so."""
        del query
        return Answered(None, NotReady("a day as it was known at a moment has no certificate and no stories of gaps"))
