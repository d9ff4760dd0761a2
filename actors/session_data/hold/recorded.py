"""How a stored day's bars once came: FILLED stays FILLED when the day is played again, LATE stays LATE."""

import numpy as np

from actors.market.axis import SessionAxis
from actors.session_data.hold.grid import Claim, Grid
from messages.tables.columns import BarVerdicts, Indices, Verdicts
from messages.values import Verdict

_STREAMED = int(Verdict.STREAMED)
_PLAYED, _RESUMED = "tape", "recording"


class Recorded:
    """What the store says of the verdicts of its bars, by cell; 0 where a bar simply streamed in.

    It speaks of bars from the tape that come in time: what comes late in this run is late. And of all that this day
    had recorded before it was begun anew.
    """

    def __init__(self, axis: SessionAxis) -> None:
        self._axis = axis
        self._plane: Verdicts | None = None

    def remember(self, bars: BarVerdicts, grid: Grid) -> None:
        """Take what the store says, in addition to what it said before; symbols without a column are left out."""
        if self._plane is None:
            self._plane = np.zeros_like(grid.verdicts)
        columns = np.array([grid.columns.get(symbol, -1) for symbol in bars.symbols], dtype=np.int32)[bars.symbol_index]
        slots = self._axis.slots_of(bars.start_ns)
        inside = (slots >= 0) & (columns >= 0)
        self._plane[slots[inside], columns[inside]] = bars.verdicts[inside]

    def widen(self, capacity: int) -> None:
        """Make room for more symbols."""
        if self._plane is not None and self._plane.shape[1] < capacity:
            self._plane = np.pad(self._plane, ((0, 0), (0, capacity - self._plane.shape[1])))

    def verdicts(self, slot: int, columns: Indices | slice, claim: Claim, given: int) -> int | Verdicts:
        """Return the verdict of each of one minute's bars, or that of all.

        Args:
            slot: the minute.
            columns: for each bar its column.
            claim: who sends them.
            given: what they would have been without this.
        """
        speaks = claim.source == _RESUMED or (claim.source == _PLAYED and given == _STREAMED)
        if self._plane is None or not speaks:
            return given
        told = self._plane[slot, columns]
        return np.where(told == 0, np.uint8(_STREAMED), told)

    def retell(self, slots: slice, grid: Grid, claim: Claim) -> None:
        """Give the bars of whole minutes that were all just written the verdicts that they had."""
        if self._plane is None or claim.source not in (_PLAYED, _RESUMED):
            return
        told, held = self._plane[slots], grid.verdicts[slots]
        says_more = (told > 0) & (held == _STREAMED)
        held[says_more] = told[says_more]
