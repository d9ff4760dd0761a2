"""One session's missing minutes: those that nobody has asked for yet, the plans for the others, and their stories."""

from collections.abc import Sequence

import numpy as np

from actors.data_upkeep.plan import Plan
from actors.market.axis import SessionAxis
from messages.certificates import GapOutcome, GapStory
from messages.values import Gap, Nanos, TradingSession


class DayGaps:
    """One session's missing minutes that nobody has asked for yet, and what has become of the others."""

    def __init__(self, session: TradingSession) -> None:
        self.axis = SessionAxis(session)
        self.step_ns = self.axis.step_ns
        self.fresh: dict[Nanos, list[str]] = {}
        self.fresh_due_ns: Nanos = 0
        self.is_urgent = False
        """Whether somebody waits for the verdicts of what is fresh."""
        self.plans: list[Plan] = []
        """Those with a minute that has no verdict."""
        self.over: list[Plan] = []
        self.stories: list[GapStory] = []

    @property
    def is_open(self) -> bool:
        """Whether a minute of it still has no verdict."""
        return bool(self.fresh or self.plans)

    def told(self, now_ns: Nanos | None = None) -> tuple[GapStory, ...]:
        """Return what became of its gaps, in order of time; with a time as well what is open at that time."""
        told = [*self.stories, *(story for plan in self.over for story in plan.stories())]
        if now_ns is not None:
            told += [story for plan in self.plans for story in plan.stories(now_ns)]
            told += [self._open(start_ns, symbols, now_ns) for start_ns, symbols in self.fresh.items()]
        return tuple(sorted(told, key=lambda story: (story.start_ns, story.symbols)))

    def handed_over(self) -> tuple[GapStory, ...]:
        """Return what became of its gaps, and have nothing more to tell of those."""
        told = self.told()
        self.over, self.stories = [], []
        return told

    def _open(self, start_ns: Nanos, symbols: list[str], now_ns: Nanos) -> GapStory:
        """Return what is known of a minute that nobody has asked for yet."""
        end_ns = start_ns + self.step_ns
        return GapStory(
            symbols=tuple(sorted(symbols)),
            start_ns=start_ns,
            end_ns=end_ns,
            detected_ns=end_ns,
            settled_ns=max(now_ns, end_ns),
            attempts=0,
            source="",
            outcome=GapOutcome.OPEN,
        )

    def known(self, start_ns: Nanos) -> set[str]:
        """Return who is known to lack this minute."""
        lacking = set(self.fresh.get(start_ns, ()))
        for plan in self.plans:
            row = int(np.searchsorted(plan.starts_ns, start_ns))
            if row < len(plan.starts_ns) and plan.starts_ns[row] == start_ns:
                lacking.update(plan.symbols[column] for column in np.flatnonzero(plan.open[row]).tolist())
        return lacking

    def sweep(self) -> None:
        """Put aside the plans that are over."""
        if any(plan.is_over for plan in self.plans):
            self.over += [plan for plan in self.plans if plan.is_over]
            self.plans = [plan for plan in self.plans if not plan.is_over]

    def no_longer_fresh(self, gap: Gap) -> list[str]:
        """Take out of what is fresh what came by itself; return whose bars these are."""
        came: set[str] = set()
        for start_ns in range(gap.start_ns, gap.end_ns, self.step_ns):
            lacking = self.fresh.get(start_ns)
            if lacking is not None:
                came.update(symbol for symbol in lacking if symbol in gap.symbols)
                self.fresh[start_ns] = [symbol for symbol in lacking if symbol not in gap.symbols]
                if not self.fresh[start_ns]:
                    del self.fresh[start_ns]
        return sorted(came)

    def recalled(self, plans: Sequence[Plan]) -> tuple[dict[Nanos, list[str]], str]:
        """Take back what was given up of some plans, or waits to be asked for again: by its minutes, and why."""
        missing: dict[Nanos, list[str]] = {}
        error = ""
        for plan in plans:
            cells = plan.recalled()
            error = plan.error or error if cells.any() else error
            for row, column in np.argwhere(cells).tolist():
                missing.setdefault(int(plan.starts_ns[row]), []).append(plan.symbols[column])
        self.sweep()
        return missing, error
