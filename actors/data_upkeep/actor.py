"""The actor around DataUpkeepCore."""

from typing import ClassVar

from actors.kernel.shell import Shell
from messages.values import Room


class DataUpkeep(Shell):
    """Owns completeness: stores, history, prefetch; never decides what time it is."""

    room: ClassVar[Room] = Room.DATA_UPKEEP
