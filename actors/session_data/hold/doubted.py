"""What was told of minutes and turns out not to have been known."""

from typing import NamedTuple

from messages.values import Nanos


class Doubted(NamedTuple):
    """What a sender told of a minute: bars that are parts, as it turns out, or that there was nothing to be told."""

    source: str
    """Who told it."""
    start_ns: Nanos
    symbols: tuple[str, ...]
    """Sorted; at least one."""
