"""What has been made of slots that are over, until one of them changes."""

from typing import Any

_MOST = 4096


class Kept:
    """Things by key that follow from the first so many slots of a grid; a write to any of these throws all away.

    Made when somebody asks, so that who never asks pays nothing; who writes compares one number.
    """

    def __init__(self) -> None:
        self.until = 0
        """What is kept follows from slots before this one."""
        self.made: dict[Any, Any] = {}
        """What was put here and still holds, by its key."""

    def get(self, key: Any) -> Any:
        """Return what was put there, if it still holds; else ``None``."""
        return self.made.get(key)

    def put(self, key: Any, made: Any, until: int) -> None:
        """Keep something that follows from slots ``[0, until)``."""
        if len(self.made) >= _MOST:
            self.made = {}
        if until > self.until:  # noqa: PLR1730  # a quarter of the cost of max()
            self.until = until
        self.made[key] = made

    def touch(self, slot: int) -> None:
        """A slot changes, and perhaps others after it."""
        if slot < self.until:
            self.until, self.made = 0, {}
