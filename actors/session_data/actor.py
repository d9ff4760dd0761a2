"""The actor around SessionDataCore."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast, get_args

from msgspec.structs import replace

from actors.kernel.address import Address
from actors.kernel.outcome import NOTHING, Outcome
from actors.kernel.ports import Journals
from actors.kernel.shell import Quarantines, Routes, Shell
from actors.kernel.telemetry import alarm, note
from actors.session_data.core import SessionDataCore
from actors.session_data.retelling import at_once
from messages.errors import BarkeeperError
from messages.events import BarsArrived, BoundaryKind, SessionBoundary
from messages.feeds import FeedLost
from messages.inboxes import Journaled
from messages.replies import RoomHealth
from messages.values import Nanos, Room

_JOURNALED = frozenset(get_args(Journaled))


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

    def renew(self, message: Any) -> bool:
        """Begin again with another core: all that the session was told is in its journal, but for this message."""
        journal, opening, make = self._journal, self._opening, self._make
        if journal is None or opening is None or make is None:
            return super().renew(message)
        if isinstance(message, SessionBoundary) and message.kind is BoundaryKind.OPENED:
            return super().renew(message)  # it is told again, and the session opened anew then
        try:
            told = journal.again(is_last_left_out=type(message) in _JOURNALED)
            core = make()
            core.inherit(cast("SessionDataCore", self._core))
            self._retold(core, opening, told[1:])
        except Exception as error:  # noqa: BLE001  # whatever it is, the core at hand may be sound
            alarm("not_renewed", message=type(message).__name__, reason=repr(error))
            return super().renew(message)
        self._core = core
        note("renewed", session=opening.session.date, messages=len(told))
        return super().renew(message)

    def health(self) -> RoomHealth:
        """Return the counters since the start, and what does not add up."""
        return replace(super().health(), troubles=cast("SessionDataCore", self._core).troubles())

    def _open(self, opening: SessionBoundary, journal: Journals) -> Outcome:
        """Open a session; one that was open before, in a process that is gone, as it was left."""
        if self._opening is not None and self._opening.session == opening.session:
            return super().handle(opening)  # it is said again
        self._opening = None
        try:
            before = journal.open(opening.session)
        except (BarkeeperError, OSError) as error:  # a day without a journal is better than none
            alarm("no_journal", session=opening.session.date, reason=str(error))
            return super().handle(opening)
        self._is_recovered = bool(before)
        known = opening
        if not before:
            journal.append(opening)
            for connected in cast("SessionDataCore", self._core).trading.connected:
                journal.append(connected)
            outcome = super().handle(opening)
        else:
            first = cast("SessionBoundary", before[0])
            known = replace(opening, symbols=first.symbols, now_ns=first.now_ns, runs=first.runs, told=first.told)
            outcome = self._recovered(known, before[1:], opening.now_ns)
        self._opening = replace(known, tape=None, ticket=0)
        return outcome

    def _recovered(self, opening: SessionBoundary, journaled: Sequence[Journaled], now_ns: Nanos) -> Outcome:
        """Open a session and take again what it had taken; nobody is told, but of what is missing still."""
        core = cast("SessionDataCore", self._core)
        opened = None if self._make is None else self._retold_at_once(core, opening, journaled)
        if opened is None:
            if self._make is not None:
                core = self._make()
                core.inherit(cast("SessionDataCore", self._core))
                self._core = core
            opened = self._retold(core, opening, journaled)
        for feed in core.trading.relied_on:  # whatever it sent from then on, nobody has heard it
            self.handle(FeedLost(feed=feed, reason="the process that heard it is gone", arrived_ns=core.now_ns))
        note("recovered", session=opening.session.date, messages=len(journaled))
        told = [replace(one, now_ns=now_ns) if isinstance(one, SessionBoundary) else one for one in opened.out]
        return Outcome(out=(*told, *core.missing()))

    @staticmethod
    def _retold_at_once(core: SessionDataCore, opening: SessionBoundary, told: Sequence[Journaled]) -> Outcome | None:
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
    def _retold(core: SessionDataCore, opening: SessionBoundary, journaled: Sequence[Journaled]) -> Outcome:
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
