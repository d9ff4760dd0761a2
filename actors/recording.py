"""A live day out of its journal: as it was left by a process that is gone, or as it was known at a moment."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np

from actors.data_upkeep.keeper import Keeper
from actors.data_upkeep.loader import Loader
from actors.kernel.outcome import Outcome
from actors.kernel.ports import BarStore, KnowsHours
from actors.kernel.telemetry import alarm
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.market.hours.own import NOTHING_OWN
from actors.market.planes import with_runs
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from actors.storage.journal.file import JournalFile, journals
from actors.storage.journal.lived import rules_of
from messages.base import Message
from messages.certificates import SessionCertificate
from messages.commands import RecordSession
from messages.errors import BarkeeperError, DataError
from messages.events import BoundaryKind, SessionBoundary
from messages.repairs import CertificateIssued, IssueCertificate, NotRecorded, SessionSealed
from messages.tables.columns import DayGrid
from messages.values import Nanos, Verdict


def lived(
    file: JournalFile, until_ns: Nanos | None = None, history: Sequence[DayGrid] = (), *, is_sealed: bool = False
) -> tuple[SessionDataCore, list[SessionSealed]]:
    """Return the session as it was after the messages of a journal, and what was sealed on the way.

    Args:
        file: the journal.
        until_ns: nothing that was taken after this; ``None``: all of it.
        history: the days before it, oldest first.
        is_sealed: whether anything is to be sealed.

    Raises:
        DataError: a message cannot be read.
    """
    core, sealed = SessionDataCore(rules_of(file), has_upkeep=is_sealed, keeps_prints=is_sealed), list[SessionSealed]()
    for _, message in file.messages(until_ns):
        is_opening = isinstance(message, SessionBoundary) and message.kind is BoundaryKind.OPENED
        known = msgspec.structs.replace(message, history=tuple(history)) if is_opening else message
        try:
            sealed += _sealed(core.handle(known))
        except Exception as error:  # noqa: BLE001  # it raised on its day, too; the messages after it are not lost
            alarm("not_recovered", message=type(message).__name__, reason=repr(error))
    return core, sealed


def history_of(store: BarStore, opening: SessionBoundary, rules: SessionRules) -> tuple[DayGrid, ...]:
    """Return the days before a session that was opened, as far back as its rules say, as the store has them now."""
    session = opening.session
    own = store.own_hours() if isinstance(store, KnowsHours) else NOTHING_OWN
    calendar = Calendar(session.calendar, base_interval=session.base_interval, own=own)
    dates = [date for date in store.dates(session.calendar) if date < session.date]
    wanted = dates[len(dates) - min(rules.trailing_sessions, len(dates)) :]
    return Loader(store, calendar, _Failures(), rules=rules).days(wanted, opening.symbols)


def salvage(
    folder: Path, store: BarStore, now_ns: Nanos, told: Callable[[str], None], *, asks: bool = False
) -> list[DayGrid]:
    """Write down the days of which only journals are left: their process was gone before they were in the store.

    Args:
        folder: of the journals.
        store: gets what they have.
        now_ns: a session that has not ended yet is not over, and will go on.
        told: hears a sentence of each day: that it was saved, or why it could not be.
        asks: whether somebody will be asked for what they lack.

    Returns:
        Those that lack minutes.
    """
    found: list[DayGrid] = []
    for path in journals(folder):
        try:
            with closing(JournalFile(path)) as file:
                opening = file.opening()
                if opening is None or file.is_finished or opening.session.end_ns > now_ns:
                    continue
                sealed = _write(file, opening, store)
                file.finish()
        except (BarkeeperError, OSError) as error:
            told(f"a day that was cut off could not be saved: {error}")
        else:
            lacking = sum(map(_lacking, sealed))
            found += [last.day for last in sealed] if lacking else []
            saved = _saved(path, lacking, asks=asks)
            told(f"session {opening.session.date} was cut off before it was in the store: {saved}")
    return found


def deliver(file: JournalFile, number: int, store: BarStore, now_ns: Nanos) -> None:
    """Deliver a message in its place that met a bug on its day, and write that day down again if it is over.

    Args:
        file: the journal of the day.
        number: of the message, which was left out.
        store: gets the day as it is with that message.
        now_ns: a session that has not ended yet goes on with the next live run, which has the message then.

    Raises:
        DataError: it meets a bug once more, or the journal cannot be read: nothing has changed then.
        OSError: the disk refuses.
    """
    left_out, opening = file.left_out, file.opening()
    if opening is None:
        raise DataError(f"{file.path}: nothing has come yet")
    core = SessionDataCore(rules_of(file), has_upkeep=True)
    for seq, message in file.numbered():
        if seq in left_out and seq != number:
            continue
        try:
            core.handle(message)
        except Exception as error:
            if seq == number:
                raise DataError(f"it meets a bug once more: {type(error).__name__}: {error}") from error
    file.leave_out(left_out - {number})
    if opening.session.end_ns <= now_ns:
        _write(file, opening, store, store.certificate(opening.session.calendar, opening.session.date))
        file.finish()


def _saved(path: Path, lacking: int, *, asks: bool) -> str:
    """Say what became of a day; who was gone at its close has asked nobody for what came meanwhile."""
    who = "are asked for now" if asks else "heal asks for"
    return f"saved from {path}" + (f", without {lacking:,} of its minutes, which {who}" if lacking else "")


def _write(
    file: JournalFile, opening: SessionBoundary, store: BarStore, old: SessionCertificate | None = None
) -> list[SessionSealed]:
    """Write a day down; return how it was left, if it had begun."""
    core, sealed = lived(file, is_sealed=True)
    failures = _Failures()
    keeper = Keeper(store, failures, records=True)
    found = [*sealed, *_sealed(core.handle(RecordSession()))][-1:]
    for last in found:
        keeper.issue(IssueCertificate(sealed=last, gaps=(), old=old))
    if failures.reasons:
        raise OSError(f"session {opening.session.date}: {failures.reasons[0]}")
    return found


def _lacking(sealed: SessionSealed) -> int:
    """Return how many minutes have neither a bar of all their trades nor a reason to have none."""
    day = sealed.day
    plane = with_runs(SessionAxis(day.session), day.symbols, day.verdicts, sealed.runs)
    return int(np.count_nonzero((plane < Verdict.NO_TRADE) | (plane == Verdict.IN_PART)))


def _sealed(outcome: Outcome) -> list[SessionSealed]:
    return [said for said in outcome.out if isinstance(said, SessionSealed)]


class _Failures:
    """Hears what could not be written."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def tell(self, message: Message) -> None:
        """Remember why."""
        if isinstance(message, NotRecorded) or (isinstance(message, CertificateIssued) and not message.is_kept):
            self.reasons.append(message.reason)
