"""The actor around SessionDataCore."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Protocol, get_args

from msgspec.structs import replace

from actors.kernel.address import Address
from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.told import Wanted
from actors.kernel.outcome import NOTHING, Outcome, Refusal
from actors.kernel.shell import Quarantines, Routes, Shell
from actors.kernel.telemetry import alarm, note
from actors.session_data.core import SessionDataCore
from actors.session_data.retelling import at_once
from messages.errors import BarkeeperError, DataError
from messages.events import BarsArrived, BoundaryKind, SessionBoundary
from messages.feeds import FeedLost
from messages.inboxes import Journaled
from messages.replies import RoomHealth
from messages.values import Room, TradingSession

_JOURNALED = frozenset(get_args(Journaled))


class Told(Protocol):
    """What a session was told after its opening, in order; read as it is gone through, which may raise a DataError."""

    opening: SessionBoundary

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Journaled]: ...


class Journals(Protocol):
    """Where what changes a session is written down before it is applied."""

    def open(self, session: TradingSession) -> Told | None:
        """Begin the journal of a session, or go on with it; return what it holds, if anything.

        Raises:
            DataError: it cannot be read.
            OSError: it cannot be made.
        """
        ...

    def begin_anew(self, error: DataError) -> None:
        """Begin another in the place of what has just been opened, and could not be read. Raises as ``open``."""
        ...

    def append(self, message: Journaled) -> None:
        """Take the next message; never waits."""
        ...

    def again(self, *, is_last_left_out: bool) -> Told:
        """Return what the open session was told; without the last message, for good. Raises as ``open``."""
        ...


class SessionData(Shell):
    """Owns the session: the only writer of every bar in memory; answers every query through a future.

    Args:
        core: the mind.
        routes: who is told what.
        boss: who is told of bugs.
        journal: takes every message that changes the session before it is applied; ``None``: there is none.
        quarantine: keeps messages that met a bug.
        make: makes another core, to begin again with.
    """

    room: ClassVar[Room] = Room.SESSION_DATA
    _core: SessionDataCore

    def __init__(
        self,
        core: SessionDataCore,
        routes: Routes,
        boss: Address[Any],
        journal: Journals | None = None,
        quarantine: Quarantines | None = None,
        make: Callable[[], SessionDataCore] | None = None,
    ) -> None:
        super().__init__(core, routes, boss, quarantine)
        self._journal = journal
        self._make = make
        self._opening: SessionBoundary | None = None
        """How the open session was opened, where it is in the journal."""
        self._is_recovered = False

    def handle(self, message: Any) -> Outcome:
        """Write a message down that changes the session, then have the core take it."""
        journal, kind = self._journal, type(message)
        if journal is None or kind not in _JOURNALED:
            return self._core.handle(message)
        if kind is SessionBoundary and message.kind is BoundaryKind.OPENED:
            return self._open(message, journal)
        if self._is_recovered and kind is BarsArrived and message.source == "recording":
            return NOTHING  # the journal has told it all
        journal.append(message)
        return self._core.handle(message)

    def on_question(self, question: Any) -> Any:
        """Do as any room, without an outcome around each answer."""
        try:
            core = self._core
            if core.ahead.promise is not None:
                core.glance()
            answer = core.reader.answer(question, core.now_ns)
        except BarkeeperError as error:
            answer = Refusal(error)
        except BaseException as error:  # noqa: BLE001  # as there
            return self._quarantine(question, error)
        self._messages += 1
        return answer

    def promise(self, minutes: Any, to: Wanted) -> Stretch | None:
        """Have the core promise minutes of which nothing is missing; a journal is told of all."""
        core = self._core
        if self._journal is not None or not (told := core.plain(minutes)):
            return None
        picked = to.pick_each(told)
        if not picked[0]:
            return None
        stretch = Stretch(told, minutes.tickets, picked)
        core.ahead.promised(stretch)
        return stretch

    def renew(self, message: Any) -> bool:
        """Begin again with another core: all that the session was told is in its journal, but for this message."""
        journal, opening = self._journal, self._opening
        if journal is None or opening is None or self._make is None:
            return super().renew(message)
        if isinstance(message, SessionBoundary) and message.kind is BoundaryKind.OPENED:
            return super().renew(message)  # it is told again, and the session opened anew then
        try:
            told = journal.again(is_last_left_out=type(message) in _JOURNALED)
            core = self._another(self._core)
            self._retold(core, opening, told)
        except Exception as error:  # noqa: BLE001  # whatever it is, the core at hand may be sound
            alarm("not_renewed", message=type(message).__name__, reason=repr(error))
            return super().renew(message)
        self._core = core
        note("renewed", session=opening.session.date, messages=len(told))
        return super().renew(message)

    def health(self) -> RoomHealth:
        """Return the counters since the start, and what does not add up."""
        return replace(super().health(), troubles=self._core.troubles())

    def _open(self, opening: SessionBoundary, journal: Journals) -> Outcome:
        """Open a session; one that was open before, in a process that is gone, as it was left."""
        if self._opening is not None and self._opening.session == opening.session:
            return super().handle(opening)  # it is said again
        self._opening, self._is_recovered = None, False
        try:
            before = journal.open(opening.session)
            if before is not None and (outcome := self._recovered(opening, before, journal)) is not None:
                return outcome
        except (BarkeeperError, OSError) as error:  # a day without a journal is better than none
            alarm("no_journal", session=opening.session.date, reason=str(error))
            return super().handle(opening)
        journal.append(opening)
        for connected in self._core.trading.connected:
            journal.append(connected)
        outcome = super().handle(opening)
        self._opening = replace(opening, tape=None, ticket=0)
        return outcome

    def _recovered(self, opening: SessionBoundary, before: Told, journal: Journals) -> Outcome | None:
        """Open a session and take again what it had taken; nobody is told, but of what is missing still.

        ``None``: what it had taken cannot be read, and lies aside.
        """
        core, first = self._core, before.opening
        known = replace(opening, symbols=first.symbols, now_ns=first.now_ns, runs=first.runs, told=first.told)
        opened = None if self._make is None else self._retold_at_once(core, known, before)
        try:
            if opened is None:
                core = self._another(core)
                opened = self._retold(core, known, before)
        except DataError as error:
            self._core = self._another(core)
            journal.begin_anew(error)
            return None
        self._core = core
        self._opening, self._is_recovered = replace(known, tape=None, ticket=0), True
        for feed in core.trading.relied_on:  # whatever it sent from then on, nobody has heard it
            self.handle(FeedLost(feed=feed, reason="the process that heard it is gone", arrived_ns=core.now_ns))
        note("recovered", session=opening.session.date, messages=len(before))
        told = [replace(one, now_ns=opening.now_ns) if isinstance(one, SessionBoundary) else one for one in opened.out]
        return Outcome(out=(*told, *core.missing()))

    def _another(self, core: SessionDataCore) -> SessionDataCore:
        """Return a core that knows the days before, in the place of one that was told half of a day."""
        if self._make is None:
            return core
        another = self._make()
        another.inherit(core)
        return another

    @staticmethod
    def _retold_at_once(core: SessionDataCore, opening: SessionBoundary, told: Iterable[Journaled]) -> Outcome | None:
        """Do as ``_retold``, faster; ``None``: one of them meets a bug, and it is not known how far the core is."""
        accounts = core.senders.accounts()
        try:
            opened = core.handle(opening)
            for message in at_once(told):
                core.handle(message)
        except Exception as error:  # noqa: BLE001  # it is found by another core, which is told one by one
            alarm("not_recovered_at_once", reason=repr(error))
            return None
        finally:
            core.senders.reckon(accounts)
        return opened

    @staticmethod
    def _retold(core: SessionDataCore, opening: SessionBoundary, journaled: Iterable[Journaled]) -> Outcome:
        """Have a core take a session from its opening on; return what came of that. No feed has sent it again."""
        accounts = core.senders.accounts()
        opened = core.handle(opening)
        for message in journaled:
            try:
                core.handle(message)
            except Exception as error:  # noqa: BLE001  # it raised when it came first, too
                alarm("not_recovered", message=type(message).__name__, reason=repr(error))
        core.senders.reckon(accounts)
        return opened
