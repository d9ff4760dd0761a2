"""The verdicts of a session as they were when they were last looked at, and what became of each minute when."""

from bisect import bisect_left
from typing import NamedTuple

import numpy as np

from actors.doors.web.told import CellsTold, ms, packed
from messages.tables.columns import Stamps
from messages.tables.windows import VerdictPlane
from messages.values import Nanos, Verdict


class Turn(NamedTuple):
    """What a minute was seen to become."""

    verdict: Verdict
    seen_ns: Nanos
    after_ns: Nanos
    """When it was last looked at before: it came in between."""


_MUCH = 8
"""A minute of which a symbol in so many has changed is told whole."""
_MOST_TURNS = 200_000


class Watched:
    """One session's plane; kept up to date by looking again.

    Args:
        plane: the first look: when its bars arrived is not known.
    """

    def __init__(self, plane: VerdictPlane) -> None:
        self.plane = plane
        self._since_ns: Stamps = np.zeros(plane.verdicts.shape, dtype=np.int64)
        self._looks: list[Nanos] = [plane.now_ns]
        self._turns: dict[tuple[int, int], list[tuple[Nanos, Verdict]]] = {}
        self._column = {symbol: column for column, symbol in enumerate(plane.symbols)}

    def is_of(self, plane: VerdictPlane) -> bool:
        """Whether a look is at the same session with the same symbols."""
        return plane.session == self.plane.session and plane.symbols == self.plane.symbols

    def look(self, plane: VerdictPlane) -> CellsTold | None:
        """Take a new look at the same session; return what has changed, if anything."""
        old, new = self.plane, plane
        self.plane = plane
        changed = old.verdicts != new.verdicts
        if old.closed == new.closed and not changed.any():
            return None
        self._looks.append(new.now_ns)
        minutes, symbols = np.nonzero(changed)
        self._since_ns[minutes, symbols] = new.now_ns
        self._remember(old, new, minutes, symbols)
        counts = np.bincount(minutes, minlength=len(new))
        whole = counts * _MUCH > len(new.symbols)
        few = ~whole[minutes]
        rows, columns = minutes[few], symbols[few]
        return CellsTold(
            closed=new.closed,
            now=ms(new.now_ns),
            columns=[(minute, packed(new.verdicts[minute])) for minute in np.flatnonzero(whole).tolist()],
            cells=list(zip(rows.tolist(), columns.tolist(), new.verdicts[rows, columns].tolist(), strict=True)),
        )

    def verdict(self, symbol: str, start_ns: Nanos) -> Verdict | None:
        """Return what is known of a minute; ``None``: there is no such minute or symbol."""
        minute, column = self._cell(symbol, start_ns)
        return None if minute is None or column is None else Verdict(int(self.plane.verdicts[minute, column]))

    def turns(self, symbol: str, start_ns: Nanos) -> list[Turn]:
        """Return what a minute was seen to become, oldest first; nothing of what it was at the first look."""
        minute, column = self._cell(symbol, start_ns)
        if minute is None or column is None:
            return []
        since_ns = int(self._since_ns[minute, column])
        plain = [(since_ns, Verdict(int(self.plane.verdicts[minute, column])))] if since_ns else []
        return [
            Turn(verdict, seen_ns, self._looks[max(bisect_left(self._looks, seen_ns) - 1, 0)])
            for seen_ns, verdict in self._turns.get((minute, column), plain)
        ]

    def _cell(self, symbol: str, start_ns: Nanos) -> tuple[int | None, int | None]:
        minute = int(np.searchsorted(self.plane.start_ns, start_ns))
        is_there = minute < len(self.plane) and int(self.plane.start_ns[minute]) == start_ns
        return (minute if is_there else None), self._column.get(symbol)

    def _remember(self, old: VerdictPlane, new: VerdictPlane, minutes: Stamps, symbols: Stamps) -> None:
        """Keep the turns of minutes that did not simply stream in: a time alone is enough for those."""
        was, now = old.verdicts[minutes, symbols], new.verdicts[minutes, symbols]
        plain = (was == Verdict.PENDING) & (now == Verdict.STREAMED)
        for minute, symbol, verdict in zip(
            minutes[~plain].tolist(), symbols[~plain].tolist(), now[~plain].tolist(), strict=True
        ):
            if len(self._turns) < _MOST_TURNS:
                turns = self._turns.setdefault((minute, symbol), [])
                turns.append((new.now_ns, Verdict(verdict)))
