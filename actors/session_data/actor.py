"""The actor around SessionDataCore."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast, get_args

from msgspec.structs import replace

from actors.kernel.address import Address
from actors.kernel.outcome import NOTHING, Outcome
from actors.kernel.ports import Journals
from actors.kernel.shell import Routes, Shell
from actors.kernel.telemetry import alarm, note
from actors.session_data.core import SessionDataCore
from messages.errors import BarkeeperError
from messages.events import BarsArrived, BoundaryKind, SessionBoundary
from messages.inboxes import Journaled
from messages.values import Nanos, Room

_JOURNALED = frozenset(get_args(Journaled))


class SessionData(Shell):
    """Owns the session: the only writer of every bar in memory; answers every query through a future.

    Args:
        core: the mind.
        routes: who is told what.
        boss: who is told of bugs.
        journal: takes every message that changes the session before it is applied; ``None``: there is none.
    """

    room: ClassVar[Room] = Room.SESSION_DATA

    def __init__(
        self, core: SessionDataCore, routes: Routes, boss: Address[Any], journal: Journals | None = None
    ) -> None:
        super().__init__(core, routes, boss)
        self._journal = journal
        self._is_recovered = False

    def handle(self, message: Any) -> Outcome:
        """Write a message down that changes the session, then have the core take it."""
        journal = self._journal
        if journal is None or type(message) not in _JOURNALED:
            return self._core.handle(message)
        if isinstance(message, SessionBoundary) and message.kind is BoundaryKind.OPENED:
            return self._open(message, journal)
        if self._is_recovered and isinstance(message, BarsArrived) and message.source == "recording":
            return NOTHING  # the journal has told it all
        journal.append(message)
        return super().handle(message)

    def _open(self, opening: SessionBoundary, journal: Journals) -> Outcome:
        """Open a session; one that was open before, in a process that is gone, as it was left."""
        try:
            before = journal.open(opening.session)
        except (BarkeeperError, OSError) as error:  # a day without a journal is better than none
            alarm("no_journal", session=opening.session.date, reason=str(error))
            before = ()
        self._is_recovered = bool(before)
        if not before:
            journal.append(opening)
            return super().handle(opening)
        first = cast("SessionBoundary", before[0])
        known = replace(opening, symbols=first.symbols, now_ns=first.now_ns, runs=first.runs, told=first.told)
        return self._recovered(known, before[1:], opening.now_ns)

    def _recovered(self, opening: SessionBoundary, journaled: Sequence[Journaled], now_ns: Nanos) -> Outcome:
        """Open a session and take again what it had taken; nobody is told, but of what is missing still."""
        core = cast("SessionDataCore", self._core)
        opened = core.handle(opening)
        failed = 0
        for message in journaled:
            try:
                core.handle(message)
            except Exception as error:  # noqa: BLE001  # it raised when it came first, too
                failed += 1
                alarm("not_recovered", message=type(message).__name__, reason=repr(error))
        note("recovered", session=opening.session.date, messages=len(journaled), failed=failed)
        told = [replace(one, now_ns=now_ns) if isinstance(one, SessionBoundary) else one for one in opened.out]
        return Outcome(out=(*told, *core.missing()))
