"""What is wrong on a live day, a sentence each, and when that has changed."""

from typing import Protocol

from actors.stream_coordinator.live_day.hearing import Hearing
from messages.lifecycle import TroublesChanged


class Watched(Protocol):
    """A part of the day that knows its own troubles."""

    def troubles(self) -> list[str]:
        """Return a sentence for each thing that is wrong."""
        ...


class Troubles:
    """Gathers them from who knows them.

    Args:
        parts: who has troubles of its own.
        hearing: what is known of the feeds.
    """

    def __init__(self, parts: tuple[Watched, ...], hearing: Hearing) -> None:
        self._parts = parts
        self._hearing = hearing
        self._told: tuple[str, ...] = ()

    def now(self) -> tuple[str, ...]:
        """Return them all."""
        return tuple(line for part in self._parts for line in part.troubles())

    def news(self) -> list[TroublesChanged]:
        """Tell them if they are others than last time, with the feeds that are away."""
        found = (*self.now(), *self._away())
        if found == self._told:
            return []
        self._told = found
        return [TroublesChanged(troubles=found)]

    def _away(self) -> list[str]:
        healths = self._hearing.healths()
        lost = [health for health in healths if not (health.is_connected or health.is_over) and health.losses]
        refused = [health for health in healths if health.is_over and health.last_error]
        return [
            *(f"feed {health.feed} is not connected: {health.last_error or 'it is tried again'}" for health in lost),
            *(f"feed {health.feed} will not connect again: {health.last_error}" for health in refused),
        ]
