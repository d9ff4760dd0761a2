"""What is given to a worker at once, and what comes back: sessions of one plan, in order."""

from typing import Any

import msgspec


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Some of a sweep's tasks: each date with each set of parameters."""

    number: int
    dates: tuple[str, ...]
    """In order; more than one only where each session needs what the one before left."""
    symbol: str | None
    parameters: tuple[int, ...]
    """Which sets; a single one where there is more than one date."""
    carried: bytes | None = None
    """What the session before the first left."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one task: a session, with one set of parameters."""

    date: str
    symbol: str | None
    parameters: int
    result: dict[str, Any] | None = None
    error: str | None = None
    """Why there is no result."""

    @property
    def key(self) -> tuple[str, str | None, int]:
        """Which task it is of."""
        return self.date, self.symbol, self.parameters


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a piece."""

    number: int
    rows: tuple[Row, ...]
    carried: bytes | None = None
    """What the last session that has a result left for the one after."""
    seconds: float = 0.0
    """How long it took its worker."""
