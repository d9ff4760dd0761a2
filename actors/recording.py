"""A live day out of its journal: as it was left by a process that is gone, or as it was known at a moment."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from actors.data_upkeep.keeper import Keeper
from actors.kernel.outcome import Outcome
from actors.kernel.ports import BarStore
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from actors.storage.journal.file import JournalFile, journals
from messages.commands import RecordSession
from messages.errors import BarkeeperError
from messages.events import SessionBoundary
from messages.repairs import CertificateIssued, IssueCertificate, NotRecorded, SessionSealed
from messages.values import Nanos


def lived(file: JournalFile, rules: SessionRules, until_ns: Nanos | None = None) -> SessionDataCore:
    """Return the session as it was after the messages of a journal, without the days before it.

    Args:
        file: the journal.
        rules: of the session.
        until_ns: nothing that was taken after this; ``None``: all of it.

    Raises:
        DataError: a message cannot be read.
    """
    core = SessionDataCore(rules, has_upkeep=True)
    for _, message in file.messages(until_ns):
        core.handle(message)
    return core


def salvage(folder: Path, store: BarStore, rules: SessionRules, now_ns: Nanos, told: Callable[[str], None]) -> None:
    """Write down the days of which only journals are left: their process was gone before they were in the store.

    Args:
        folder: of the journals.
        store: gets what they have.
        rules: of their sessions.
        now_ns: a session that has not ended yet is not over, and will go on.
        told: hears a sentence of each day: that it was saved, or why it could not be.
    """
    for path in journals(folder):
        try:
            with closing(JournalFile(path)) as file:
                opening = file.opening()
                if opening is None or file.is_finished or opening.session.end_ns > now_ns:
                    continue
                _write(file, opening, store, rules)
                file.finish()
        except (BarkeeperError, OSError) as error:
            told(f"a day that was cut off could not be saved: {error}")
        else:
            told(f"session {opening.session.date} was cut off before it was in the store: saved from {path}")


def _write(file: JournalFile, opening: SessionBoundary, store: BarStore, rules: SessionRules) -> None:
    core, sealed = SessionDataCore(rules, has_upkeep=True), list[SessionSealed]()
    for _, message in file.messages():
        sealed += _sealed(core.handle(message))
    failures = _Failures()
    keeper = Keeper(store, failures, records=True)
    for last in (*sealed, *_sealed(core.handle(RecordSession())))[-1:]:
        keeper.issue(IssueCertificate(sealed=last, gaps=()))
    if failures.reasons:
        raise OSError(f"session {opening.session.date}: {failures.reasons[0]}")


def _sealed(outcome: Outcome) -> list[SessionSealed]:
    return [said for said in outcome.out if isinstance(said, SessionSealed)]


class _Failures:
    """Hears what could not be written."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def tell(self, message: CertificateIssued | NotRecorded) -> None:
        """Remember why."""
        if isinstance(message, NotRecorded) or not message.is_kept:
            self.reasons.append(message.reason)
