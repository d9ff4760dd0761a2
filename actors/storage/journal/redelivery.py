"""Messages in quarantine that somebody wants delivered again, told to the rooms of the live day that runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actors.kernel.address import RoomAddress
from actors.kernel.future import Future, Timeout
from actors.kernel.telemetry import alarm, note
from actors.storage.journal.quarantine import Quarantine
from messages.errors import BarkeeperError, DataError
from messages.values import Room


class Redelivery:
    """Looks now and then who wants what; a message that meets a bug once more is in quarantine once more.

    Args:
        quarantine: where they are.
        rooms: who is told.
    """

    def __init__(self, quarantine: Quarantine, rooms: Mapping[Any, RoomAddress]) -> None:
        self._quarantine = quarantine
        self._rooms: dict[Room, RoomAddress] = dict(rooms)
        self._under_way: list[tuple[Path, Future[None]]] = []

    def look(self) -> None:
        """Let go of what was delivered, and deliver what is wanted."""
        self._under_way = [(path, told) for path, told in self._under_way if not self._is_over(path, told)]
        for path in self._quarantine.wanted():
            try:
                kept = self._quarantine.read(path)
                self._under_way.append((path, self._rooms[kept.room].again(kept.message())))
            except DataError as error:
                alarm("not_delivered_again", file=path, reason=str(error))

    def _is_over(self, path: Path, told: Future[None]) -> bool:
        try:
            told.get(timeout=0.0)
        except Timeout:
            return False
        except BarkeeperError as error:
            alarm("not_delivered_again", file=path, reason=str(error))
        else:
            note("delivered_again", file=path)
        self._quarantine.release(path)
        return True
