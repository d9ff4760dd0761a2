"""The memory of a grid whose session is over, for the next one: to clear it costs a third of what new pages cost."""

from sys import getrefcount
from types import SimpleNamespace
from typing import Protocol

import numpy as np

from messages.tables.columns import Floats

_HOLDER = SimpleNamespace(values=np.empty(0))
_ALONE = getrefcount(_HOLDER.values)
"""What is counted of an array that one object alone refers to."""


class Holder(Protocol):
    """Who has values."""

    values: Floats


def emptied(shape: tuple[int, int, int], spare: Holder | None) -> Floats:
    """Return values of which none is known: those of ``spare``, which then has none any more, if they can be had.

    That is if they have the shape, and nobody else looks at them: a window of a session that has closed shares their
    memory, and whoever has one holds the array.
    """
    if spare is None or spare.values.shape != shape or getrefcount(spare.values) > _ALONE:
        return np.full(shape, np.nan)
    values, spare.values = spare.values, np.empty((0, *shape[1:]))
    values.setflags(write=True)
    values.fill(np.nan)
    return values
