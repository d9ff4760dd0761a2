"""What is told of a minute, and what of it somebody wants to hear."""

from collections.abc import Sequence
from typing import Protocol

from messages.base import Event

Told = Event | list[Event]
"""What somebody is told at once: one event, or several in their order."""


class Wanted(Protocol):
    """What a reader wants to hear."""

    def pick_each(self, told: Sequence[Told]) -> tuple[Sequence[Told], Sequence[int]]:
        """Return what of minutes is for him, and for each how many of the minutes are over when he has it."""
        ...
