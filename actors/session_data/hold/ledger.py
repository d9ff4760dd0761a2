"""What came in and what became of it."""

from collections import Counter
from collections.abc import Sequence

from actors.session_data.hold.grid import Written
from messages.events import BarRejected
from messages.feeds import Taken

_NOTHING = Taken()


class Ledger:
    """Counts of bars; ``accepted + rejected + duplicates = received`` after every message.

    A trade that was sent before counts as received, and as a duplicate.
    """

    def __init__(self) -> None:
        self.received = 0
        self.accepted = 0
        self.duplicates = 0
        self.outranked = 0
        self.revised = 0
        self.outside = 0
        self.gaps = 0
        self.corrections = 0
        self.reasons: Counter[str] = Counter()
        self.first_rejected: dict[str, BarRejected] = {}
        """By reason; it may be told before anybody listens."""
        self.ticks = 0
        self.quotes = 0
        self.bad_prints: Counter[str] = Counter()
        self._sealed: tuple[int, Counter[str]] = (0, Counter())

    @property
    def rejected(self) -> int:
        """Bars that could not be taken, whatever the reason."""
        return self.reasons.total()

    def take(self, written: Written) -> None:
        """Book what a write to the grid did."""
        self.accepted += written.accepted
        self.duplicates += written.duplicates
        self.outranked += written.outranked
        self.revised += written.revised

    def take_rejected(self, rejected: Sequence[BarRejected]) -> None:
        """Book bars that could not be taken."""
        for event in rejected:
            self.reasons[event.reason] += 1
            self.first_rejected.setdefault(event.reason, event)

    def take_prints(self, reasons: list[str], *, ticks: int = 0, quotes: int = 0) -> None:
        """Book trades or quotes that were taken, and why the others were not."""
        self.ticks += ticks
        self.quotes += quotes
        if ticks + quotes < len(reasons):
            self.bad_prints.update(filter(None, reasons))

    def take_again(self, trades: int) -> None:
        """Book trades that had been taken before."""
        self.received += trades
        self.duplicates += trades

    def taken(self, since: Taken | None = None) -> Taken:
        """Return what became of what was received; since an earlier answer, if one is given."""
        before = since or _NOTHING
        return Taken(
            received=self.received - before.received,
            accepted=self.accepted - before.accepted,
            rejected=self.rejected - before.rejected,
            duplicates=self.duplicates - before.duplicates,
        )

    def since_sealed(self) -> tuple[int, dict[str, int]]:
        """Return the corrections and the refusals by reason since this was asked last."""
        corrections, reasons = self._sealed
        self._sealed = (self.corrections, self.reasons.copy())
        return self.corrections - corrections, dict(self.reasons - reasons)

    def check(self) -> None:
        """Assert that nothing got lost."""
        assert self.accepted + self.rejected + self.duplicates == self.received, vars(self)
