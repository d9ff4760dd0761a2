"""A feed's clock beside ours: how far its stamps are ahead, and which bars are over by its word."""

import enum
from collections import deque
from statistics import median

from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS, SECOND_NS, Nanos

TELLING_NS = SECOND_NS * 3 // 2
"""Clocks that differ by so much are worth a sentence; freqtrade warns from there on (its pull request 13528)."""

_SAMPLES = 31
_ENOUGH = 5
_JITTER_NS = SECOND_NS // 4
"""By how much the way from the feed to us may differ from one message to the next."""
_CONTRADICTION_NS = SECOND_NS
"""A minute that by the feed's other stamps has more than this left is not over."""
_FARTHEST_NS = 5 * MINUTE_NS
"""A bar that is over by the feed's word waits for our clock no longer than that."""
_REMEMBERED_NS = 15 * SECOND_NS
_SUSPECTED_NS = 10 * MINUTE_NS


class Belief(enum.Enum):
    """What a bar is whose minute is not over by our clock."""

    OVER = "over"
    """By the feed's word its minute is over: our clock is behind."""
    IN_DOUBT = "in doubt"
    """Over as far as is known."""
    PART = "part"
    """A bar in the making, or the bar of another time."""


class FeedClock:
    """Judges bars whose minute is not over by our clock: ours may be behind, or they are not finished.

    A bar is over by the feed's word if it says so, or if its other stamps (trades, quotes) have come to the end of the
    bar's minute. Where there are none, a bar that is early by a little is believed, until the feed is seen to send a
    minute again with other numbers, as senders of forming bars do.

    Args:
        most_ahead_ns: how early a bar may be of which nothing else is known.
        usual_lag_ns: by how much what it tells is late by contract, which is no trouble.
    """

    def __init__(self, most_ahead_ns: Nanos, usual_lag_ns: Nanos = 0) -> None:
        self._most_ahead_ns = most_ahead_ns
        self._least_told_ns = max(TELLING_NS, usual_lag_ns)
        self._stamps: deque[Nanos] = deque(maxlen=_SAMPLES)
        self._ends: deque[Nanos] = deque(maxlen=_SAMPLES)
        self._early: dict[tuple[str, Nanos], tuple[float, ...]] = {}
        self._forget_ns: Nanos = 0
        self._suspected_ns: Nanos | None = None
        self.refused = 0
        """Bars, trades and quotes that came too early to be believed."""

    @property
    def offset_ns(self) -> Nanos | None:
        """How far the feed's stamps are ahead of our clock when they arrive; ``None``: not known."""
        samples = self._stamps or (() if self.sends_parts else self._ends)
        return round(median(samples)) if samples else None

    @property
    def believed_ns(self) -> Nanos:
        """How far ahead of our clock a trade or a quote may be: a little more than its feed always is."""
        always_ns = max(round(median(self._stamps)), 0) if len(self._stamps) >= _ENOUGH else 0
        return max(self._most_ahead_ns, min(always_ns + self._most_ahead_ns, _FARTHEST_NS))

    @property
    def sends_parts(self) -> bool:
        """Whether it was seen lately to send bars of minutes that were not over."""
        return self._suspected_ns is not None

    def stamped(self, at_ns: Nanos, arrived_ns: Nanos) -> None:
        """Note the time of a trade or a quote, and when it arrived."""
        self._stamps.append(at_ns - arrived_ns)

    def in_time(self, batch: BarBatch, arrived_ns: Nanos) -> None:
        """Note bars whose minutes are over by our clock too."""
        late_ns = arrived_ns - _end_of(batch)
        if late_ns < MINUTE_NS:
            self._ends.append(-late_ns)
        self._compare(batch, arrived_ns)

    def early(self, batch: BarBatch, arrived_ns: Nanos, *, is_final: bool) -> Belief:
        """Judge bars of one minute that is not over by our clock."""
        early_ns = _end_of(batch) - arrived_ns
        if is_final:
            self._stamps.append(early_ns)
            return Belief.OVER if early_ns <= _FARTHEST_NS else Belief.PART
        self._compare(batch, arrived_ns)
        self._remember(batch, arrived_ns)
        ahead_ns = median(self._stamps) if self._stamps else None
        if ahead_ns is not None and early_ns <= ahead_ns + (0 if self.sends_parts else _JITTER_NS):
            return Belief.OVER if early_ns <= _FARTHEST_NS else Belief.PART
        is_contradicted = ahead_ns is not None and early_ns > ahead_ns + _CONTRADICTION_NS
        if self.sends_parts or is_contradicted or early_ns > self._most_ahead_ns:
            if early_ns <= batch.interval.span_ns:  # else it has not even begun: it is of another time
                self._suspected_ns = arrived_ns
            return Belief.PART
        self._ends.append(early_ns)
        return Belief.IN_DOUBT

    def troubles(self, feed: str) -> list[str]:
        """Return a sentence for each thing that is wrong with its times, or ours."""
        out: list[str] = []
        offset_ns = self.offset_ns
        if offset_ns is not None and offset_ns >= TELLING_NS:
            out.append(f"this computer's clock is about {_spoken(offset_ns)} behind feed {feed}")
        least_ns = -max(self._stamps, default=0)
        if least_ns >= self._least_told_ns:
            said = f"what feed {feed} tells is at least {_spoken(least_ns)} old when it comes"
            out.append(f"{said}: it is late, or this computer's clock is ahead")
        if self.sends_parts:
            said = f"feed {feed} sends bars whose minute is not over"
            out.append(f"{said}: they are refused, unless they say that they are final")
        if self.refused:
            out.append(f"feed {feed}: {self.refused:,} bars, trades or quotes came too early and were refused")
        return out

    def _compare(self, batch: BarBatch, arrived_ns: Nanos) -> None:
        """Look whether another state of one of these bars came before its minute was over."""
        if self._suspected_ns is not None and arrived_ns > self._suspected_ns + _SUSPECTED_NS:
            self._suspected_ns = None
        if self._early and arrived_ns > self._forget_ns:
            self._early.clear()
        if self._early and any(self._early.get(cell, state) != state for cell, state in _states(batch).items()):
            self._suspected_ns = arrived_ns
            self._ends.clear()

    def _remember(self, batch: BarBatch, arrived_ns: Nanos) -> None:
        self._early |= _states(batch)
        self._forget_ns = max(min(_end_of(batch), arrived_ns + MINUTE_NS) + _REMEMBERED_NS, self._forget_ns)


def _spoken(span_ns: Nanos) -> str:
    """Return a length of time in the unit that suits it."""
    for unit, least, seconds in (("days", 2, 86_400), ("h", 2, 3600), ("min", 2, 60)):
        if span_ns >= least * seconds * SECOND_NS:
            return f"{span_ns / seconds / SECOND_NS:.0f} {unit}"
    return f"{span_ns / SECOND_NS:.1f} s"


def _end_of(batch: BarBatch) -> Nanos:
    return int(batch.start_ns[-1]) + batch.interval.span_ns


def _states(batch: BarBatch) -> dict[tuple[str, Nanos], tuple[float, ...]]:
    cells = zip(batch.names(), batch.start_ns.tolist(), strict=True)
    return dict(zip(cells, map(tuple, batch.values[:5].T.tolist()), strict=True))
