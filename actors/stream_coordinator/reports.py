"""What the sessions that have been played came to."""

import msgspec

from messages.repairs import TransitionMeasured
from messages.replies import RunSummary, SessionReport
from messages.tables.columns import Tape
from messages.values import Seen


class Reports:
    """Session reports, and what this room adds to them: how the session was opened."""

    def __init__(self) -> None:
        self._reports: list[SessionReport] = []
        self.transition_ms: float | None = None
        """How long the opening of the session at hand took."""
        self.is_prefetched = False
        """Whether its tape was ready when its boundary came."""
        self.tape: Tape | None = None
        """What is played of it."""
        self.seen = Seen.AS_KNOWN
        """What is shown of it."""
        self.without_session: tuple[str, ...] = ()
        """Dates of the store among those to be played that have no session."""

    def add(self, report: SessionReport) -> None:
        """Keep the report of the session at hand."""
        self._reports.append(
            msgspec.structs.replace(
                report,
                transition_ms=self.transition_ms,
                is_prefetched=self.is_prefetched,
                left_out=() if self.tape is None else self.tape.left_out,
                shown_early=0 if self.tape is None or self.seen is Seen.AS_LIVED else self.tape.shown_early,
                seen=self.seen,
            )
        )

    def opening(self, session_date: str) -> TransitionMeasured:
        """Return how the session at hand was opened."""
        return TransitionMeasured(
            session_date=session_date, is_prefetched=self.is_prefetched, transition_ms=self.transition_ms
        )

    def summary(self, *, is_finished: bool, failure: str | None) -> RunSummary:
        """Return what the run has come to so far."""
        at_hand = "" if self.tape is None else self.tape.session.date
        without = tuple(date for date in self.without_session if is_finished or date < at_hand)  # of what is past
        return RunSummary(
            sessions=tuple(self._reports), is_finished=is_finished, failure=failure, without_session=without
        )
