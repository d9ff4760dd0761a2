"""When each symbol of a session had something written first and last."""

import numpy as np

from messages.tables.columns import Indices, Stamps
from messages.values import Nanos


class Updates:
    """Instants by column, 0 where there was none yet; of the last ones too that all have in common."""

    def __init__(self, capacity: int) -> None:
        self.first_ns: Stamps = np.zeros(capacity, dtype=np.int64)
        self._last_ns: Stamps = np.zeros(capacity, dtype=np.int64)
        self._all = 0, 0
        """The first so many columns were written to last at this instant, which is not in the array yet."""
        self._is_all_stamped = False

    @property
    def last_ns(self) -> Stamps:
        """When each was written to last."""
        count, now_ns = self._all
        if count:
            self._last_ns[:count], self._all = now_ns, (0, 0)
        return self._last_ns

    def stamp_all(self, count: int, now_ns: Nanos) -> None:
        """Remember that all symbols changed, which have the first so many columns."""
        if self._is_all_stamped:
            self._all = count, now_ns
        else:
            self.stamp(slice(0, count), count, now_ns)

    def stamp(self, columns: Indices | slice, count: int, now_ns: Nanos) -> None:
        """Remember when some of so many symbols changed."""
        self.last_ns[columns] = now_ns
        if not self._is_all_stamped:
            first = self.first_ns[columns]
            self.first_ns[columns] = np.where(first == 0, now_ns, first)
            self._is_all_stamped = bool(self.first_ns[:count].all())

    def stamp_many(self, columns: Indices, ends_ns: Stamps, count: int) -> None:
        """Remember when symbols changed that have bars in minutes in order of time, which end then."""
        everybody, last = np.arange(count), slice(max(len(columns) - count, 0), None)
        if not self._is_all_stamped and np.array_equal(columns[:count], everybody):
            first = self.first_ns[:count]
            self.first_ns[:count] = np.where(first == 0, ends_ns[:count], first)
            self._is_all_stamped = bool(first.all())
        if self._is_all_stamped and np.array_equal(columns[last], everybody):  # then no other matters
            columns, ends_ns = columns[last], ends_ns[last]
        self.last_ns[columns] = ends_ns  # of several the last one stays
        if not self._is_all_stamped:
            first = self.first_ns.copy()
            first[columns[::-1]] = ends_ns[::-1]
            self.first_ns = np.where(self.first_ns == 0, first, self.first_ns)
            self._is_all_stamped = bool(self.first_ns[:count].all())

    def widen(self, capacity: int) -> None:
        """Make room for more symbols; who joins has not changed yet."""
        self._is_all_stamped = False
        if capacity > len(self.first_ns):
            spare = np.zeros(capacity - len(self.first_ns), dtype=np.int64)
            self.first_ns, self._last_ns = np.concatenate([self.first_ns, spare]), np.concatenate([self.last_ns, spare])
