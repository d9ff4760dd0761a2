"""When a live day is written down, and what could not be."""

from actors.settings import LiveRules
from messages.commands import RecordSession
from messages.repairs import CertificateIssued, NotRecorded
from messages.values import MINUTE_NS, Nanos, TradingSession


class Writing:
    """Has the open session written down every few minutes; what failed is tried again the next time."""

    def __init__(self, rules: LiveRules) -> None:
        self._every_ns = round(rules.record_every_min * MINUTE_NS)
        self._last_ns: Nanos = 0
        self._failed: dict[str, str] = {}
        self._certified = ""

    def open(self, session: TradingSession, now_ns: Nanos) -> None:
        """A session opens: there is nothing of it to write yet."""
        self._last_ns = max(now_ns, session.start_ns)

    def due(self, session: TradingSession, now_ns: Nanos) -> list[RecordSession]:
        """Have it written down, if the time has come."""
        return self.write(now_ns) if self._last_ns + self._every_ns <= now_ns < session.end_ns else []

    def write(self, now_ns: Nanos) -> list[RecordSession]:
        """Have it written down."""
        self._last_ns = now_ns
        self._failed.clear()
        return [RecordSession()]

    def failed(self, message: NotRecorded) -> list[NotRecorded]:
        """A day could not be written."""
        self._failed[message.session_date] = message.reason
        return [message]

    def certified(self, message: CertificateIssued) -> list[NotRecorded]:
        """A day has its certificate; it may not have been kept."""
        date = message.certificate.date
        self._certified = max(self._certified, date)
        self._failed.pop(date, None)
        return [] if message.is_kept else self.failed(NotRecorded(session_date=date, reason=message.reason))

    def is_certified(self, session: TradingSession) -> bool:
        """Return whether a session has its certificate, kept or not."""
        return self._certified >= session.date

    def troubles(self) -> list[str]:
        """Return a sentence for each day that could not be written."""
        return [f"session {date} could not be written: {reason}" for date, reason in self._failed.items()]
