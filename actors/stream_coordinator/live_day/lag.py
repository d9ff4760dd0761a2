"""How far a feed's arrivals are behind the events that they tell of."""

from collections import deque

import numpy as np

from messages.lifecycle import LagChanged
from messages.values import Nanos

_KEPT = 1000


class LagMeter:
    """Measures event time against arrival over the last thousand reads of a feed.

    Args:
        feed: whose.
        most_ns: a lag that passes this is told, and that it has come back below.
    """

    def __init__(self, feed: str, most_ns: Nanos) -> None:
        self._feed = feed
        self.most_ns = most_ns
        self._lags: deque[Nanos] = deque(maxlen=_KEPT)
        self._is_late = False

    def add(self, event_ns: Nanos, arrived_ns: Nanos) -> list[LagChanged]:
        """Count one arrival; return the news, if it is one."""
        lag_ns = max(arrived_ns - event_ns, 0)
        self._lags.append(lag_ns)
        if (lag_ns > self.most_ns) is self._is_late:
            return []
        self._is_late = not self._is_late
        return [LagChanged(feed=self._feed, lag_ns=lag_ns, is_late=self._is_late, now_ns=arrived_ns)]

    @property
    def longest_ns(self) -> Nanos:
        """The longest of them; 0 before the first."""
        return max(self._lags, default=0)

    def quantile_ms(self, share: float) -> float | None:
        """Return the lag below which ``share`` (0..1) of them lie, in milliseconds; ``None`` before the first."""
        return float(np.quantile(list(self._lags), share)) / 1e6 if self._lags else None
