"""What is made of a store's days, where several systems of a process make the same of them."""

from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar, runtime_checkable

R = TypeVar("R")


@runtime_checkable
class KeepsReadings(Protocol):
    """A store that one system after the other reads in a process, and that keeps what they make of its days."""

    def kept(self, key: Hashable, make: Callable[[], R]) -> R:
        """Return what was made for a key before, or make it; nobody changes it. Any thread."""
        ...
