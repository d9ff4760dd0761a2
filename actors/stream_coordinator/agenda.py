"""The moments between minutes that rooms have asked for."""

import heapq

from messages.values import Nanos


class Agenda:
    """Due times, in order. One that has gone by is forgotten: whoever asked for it has been told a later time."""

    def __init__(self) -> None:
        self._dues: list[Nanos] = []

    def add(self, due_ns: Nanos) -> None:
        """Remember a due time."""
        heapq.heappush(self._dues, due_ns)

    def next_due(self, now_ns: Nanos) -> Nanos | None:
        """Return the next due time after now."""
        while self._dues and self._dues[0] <= now_ns:
            heapq.heappop(self._dues)
        return self._dues[0] if self._dues else None
