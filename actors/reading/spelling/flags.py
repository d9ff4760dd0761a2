"""The column in which a file says which bars are over: the others are still in the making, and no bars.

OANDA calls it ``complete`` (https://developer.oanda.com/rest-live-v20/instrument-df/), OKX and Bybit ``confirm``
(https://www.okx.com/docs-v5/en/), others ``is_final`` or ``closed``.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from messages.tables.columns import Mask

_YES = {"true", "1", "1.0", "yes", "y", "t", ""}
_NO = {"false", "0", "0.0", "no", "n", "f"}
LEFT_OUT = "bars that were still in the making, as the file says itself, are left out"


def are_flags(cells: Iterable[str]) -> bool:
    """Return whether cells say yes or no, and nothing else."""
    return {cell.strip().lower() for cell in cells} <= _YES | _NO


def are_over(cells: Iterable[Any]) -> Mask:
    """Return which bars are over."""
    return np.array([str(cell).strip().lower() not in _NO for cell in cells], dtype=np.bool_)
