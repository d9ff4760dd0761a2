"""The actor around SessionDataCore."""

from typing import ClassVar

from actors.kernel.shell import Shell
from messages.values import Room


class SessionData(Shell):
    """Owns the session: the only writer of every bar in memory; answers every query through a future."""

    room: ClassVar[Room] = Room.SESSION_DATA
