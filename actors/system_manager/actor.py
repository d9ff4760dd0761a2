"""The actor around SystemManagerCore."""

from typing import ClassVar

from actors.kernel.shell import Shell
from messages.values import Room


class SystemManager(Shell):
    """Owns life: start and stop order, state, supervision, health; never touches market data."""

    room: ClassVar[Room] = Room.SYSTEM_MANAGER
