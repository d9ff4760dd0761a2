"""News of a live day, which go by way of SessionData so that they keep their place in time."""

from typing import TypeAlias

from messages.feeds import DayVolumeReported, MessagesRejected, SymbolsRefused, VolumesDiffer
from messages.inboxes import SessionDataQuery
from messages.lifecycle import LagChanged, PhaseChanged
from messages.readiness import ReadinessReported
from messages.repairs import NotRecorded, SourceReported

News: TypeAlias = (
    PhaseChanged
    | LagChanged
    | SymbolsRefused
    | MessagesRejected
    | DayVolumeReported
    | VolumesDiffer
    | NotRecorded
    | ReadinessReported
    | SourceReported
)


def question_of(message: News | SessionDataQuery) -> SessionDataQuery | None:
    """Return what is asked; ``None``: it is news, which is only passed on."""
    match message:
        case (
            PhaseChanged()
            | LagChanged()
            | SymbolsRefused()
            | MessagesRejected()
            | DayVolumeReported()
            | VolumesDiffer()
            | NotRecorded()
            | ReadinessReported()
            | SourceReported()
        ):
            return None
        case _:
            return message
