"""The actor around StreamCoordinatorCore."""

from typing import ClassVar

from actors.kernel.shell import Shell
from messages.values import Room


class StreamCoordinator(Shell):
    """Owns order and time: calendar, clock, pacing, session boundaries; stores no bar."""

    room: ClassVar[Room] = Room.STREAM_COORDINATOR
