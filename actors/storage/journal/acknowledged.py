"""Telling who sent a message that it is safe."""

from typing import Any

from actors.storage.journal.writer import Journal


class Acknowledged:
    """The address of somebody who is told once what was taken before is safe."""

    def __init__(self, journal: Journal, to: Any) -> None:
        self._journal = journal
        self._to = to

    def tell(self, message: Any) -> None:
        """Hand it on when the time has come."""
        self._journal.when_safe(lambda: self._to.tell(message))
