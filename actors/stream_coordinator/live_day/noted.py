"""What a live day only takes note of, or passes on: it moves nothing."""

from collections.abc import Callable
from typing import TypeAlias, assert_never

from actors.stream_coordinator.live_day.arrivals import Arrivals
from actors.stream_coordinator.live_day.coming import Coming
from actors.stream_coordinator.live_day.readiness import Readiness
from actors.stream_coordinator.live_day.writing import Writing
from actors.stream_coordinator.reports import Reports
from messages.base import Message
from messages.commands import SetSpeed, StartRun, Step
from messages.events import SessionReported, StopwatchRead, SymbolsChanged
from messages.history import WarmUpReported
from messages.joining import SymbolsCatchingUp, SymbolsCaughtUp
from messages.listeners import SubscriberLate, SubscriptionDropped
from messages.readiness import ReadinessReport, ReadinessReported, StoreChecked
from messages.repairs import CertificateIssued, NotRecorded, SourceReported

Remark: TypeAlias = (
    SymbolsChanged
    | SymbolsCatchingUp
    | SymbolsCaughtUp
    | WarmUpReported
    | StoreChecked
    | SessionReported
    | CertificateIssued
    | NotRecorded
    | SourceReported
    | SubscriptionDropped
    | StartRun
    | StopwatchRead
    | SubscriberLate
    | Step
    | SetSpeed
)


class Noted:
    """Hands each remark to the part of the day that it concerns."""

    def __init__(
        self,
        coming: Coming,
        writing: Writing,
        arrivals: Arrivals,
        readiness: Readiness,
        reports: Reports,
        ready: Callable[[], ReadinessReport],
        speed: float,
    ) -> None:
        self._coming = coming
        self._writing = writing
        self._arrivals = arrivals
        self._readiness = readiness
        self._reports = reports
        self._ready = ready
        self._speed = max(speed, 1.0)

    def take(self, message: Remark) -> list[Message]:
        """Take note; return what is told of it."""
        match message:
            case SymbolsChanged():
                self._coming.leavers.note(message)
                return []
            case SymbolsCatchingUp() | SymbolsCaughtUp() | WarmUpReported() | StoreChecked():
                is_report_due = self._readiness.note(message)
                return [ReadinessReported(report=self._ready())] if is_report_due else []
            case SessionReported():
                self._reports.add(message.report)
                return [*self._arrivals.volumes.compare(message.report)]
            case CertificateIssued():
                return [*self._writing.certified(message)]
            case NotRecorded():
                return [*self._writing.failed(message)]
            case SourceReported():
                return [*self._readiness.source(message)]
            case SubscriptionDropped():
                return [message]
            case StartRun() | StopwatchRead() | SubscriberLate():
                return []
            case SetSpeed():  # it is the clock that runs at it
                before, self._speed = self._speed, max(message.speed, 1.0)
                self._arrivals.hearing.be_more_patient(self._speed / before)
                return [message]
            case Step():
                return []  # it is the clock that takes it
            case _:
                assert_never(message)
