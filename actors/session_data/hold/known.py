"""What an earlier run of this day found out about minutes without a bar; told when they close."""

from collections.abc import Sequence

import numpy as np

from actors.market.planes import told
from actors.session_data.hold.grid import Grid
from actors.session_data.hold.senders import Senders
from messages.tables.columns import Verdicts
from messages.values import VerdictRun


class Known:
    """A verdict, and who told it, for each cell of a grid; of what is told twice that which says more."""

    def __init__(self) -> None:
        self._verdicts: Verdicts | None = None
        self._by: Verdicts | None = None

    def remember(self, runs: Sequence[VerdictRun], grid: Grid, senders: Senders) -> None:
        """Learn of runs; of symbols that have a column."""
        known, known_by = told(grid.axis, grid.symbols, runs, senders.number)
        if self._verdicts is not None and self._by is not None:
            width = self._verdicts.shape[1]
            is_news = known[:, :width] > self._verdicts
            known[:, :width] = np.maximum(known[:, :width], self._verdicts)
            known_by[:, :width] = np.where(is_news, known_by[:, :width], self._by)
        self._verdicts, self._by = known, known_by

    def tell(self, grid: Grid, slots: slice) -> bool:
        """Give cells of these slots what is known of them, where it says more; return whether it does anywhere."""
        if self._verdicts is None or self._by is None:
            return False
        width = self._verdicts.shape[1]
        verdicts, known = grid.verdicts[slots, :width], self._verdicts[slots]
        says_more = known > verdicts
        grid.kept.touch(slots.start)
        verdicts[says_more] = known[says_more]
        grid.sources[slots, :width][says_more] = self._by[slots][says_more]
        return bool(says_more.any())
