"""How far a sweep is, for whoever is told."""

import msgspec


class SweepProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a sweep is."""

    done: int
    """Tasks, those included that had been done before."""
    total: int
    failed: int
    at: str
    """The session that has just been played."""
