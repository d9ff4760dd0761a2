"""The axis of a session: which slot of the grid each expected minute is, and where derived bars begin and end."""

from functools import cached_property, lru_cache

import numpy as np

from messages.errors import SettingsError
from messages.tables.columns import Indices, Mask, Stamps, freeze
from messages.values import Interval, Nanos, Segment, SegmentKind, TradingSession


class SessionAxis:
    """Maps between instants and slots of one session: slot ``i`` is the i-th expected base bar.

    Slots number the segments' base bars in order of time without holes, so a lunch break or the hours
    outside the session take no room. Everything here is arithmetic on the session's segments.
    """

    def __init__(self, session: TradingSession) -> None:
        self.session = session
        self.interval = session.base_interval
        self.step_ns: Nanos = self.interval.span_ns
        self._edges: dict[Interval, tuple[Indices, tuple[int, ...]]] = {}
        self._plain: dict[tuple[int, int], tuple[Indices, Indices, Mask]] = {}
        self._spans: list[tuple[Nanos, Nanos, int, Segment]] = []
        slot = 0
        for segment in session.segments:
            count = (segment.end_ns - segment.start_ns) // self.step_ns
            self._spans.append((segment.start_ns, segment.start_ns + count * self.step_ns, slot, segment))
            slot += count
        self.slots = slot

    @cached_property
    def starts_ns(self) -> Stamps:
        """The start of every slot."""
        runs = [np.arange(first, end, self.step_ns, dtype=np.int64) for first, end, _, _ in self._spans]
        return freeze(np.concatenate(runs))

    @cached_property
    def ends_ns(self) -> Stamps:
        """The end of every slot."""
        return freeze(self.starts_ns + self.step_ns)

    @cached_property
    def zeros(self) -> Indices:
        """As many zeros as there are slots: what windows share that say the same of every bar."""
        return freeze(np.zeros(self.slots, dtype=np.int32))

    @cached_property
    def ones(self) -> Indices:
        """As many ones."""
        return freeze(np.ones(self.slots, dtype=np.int32))

    @cached_property
    def nowhere(self) -> Mask:
        """For every slot, that something is not so."""
        return freeze(np.zeros(self.slots, dtype=np.bool_))

    def plain(self, count: int, length: int) -> tuple[Indices, Indices, Mask]:
        """Return what windows of ``count`` bars of ``length`` base bars each share.

        That is zeros, the lengths, and that nothing is so of any bar.
        """
        found = self._plain.get((count, length))
        if found is None:
            lengths = self.ones[:count] if length == 1 else freeze(np.full(count, length, dtype=np.int32))
            found = self._plain[count, length] = (self.zeros[:count], lengths, self.nowhere[:count])
        return found

    @cached_property
    def segment_numbers(self) -> Indices:
        """For every slot, the place of its segment in the session."""
        lengths = [(end - first) // self.step_ns for first, end, _, _ in self._spans]
        numbers: Indices = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        return numbers

    @cached_property
    def is_regular(self) -> Mask:
        """For every slot, whether it lies between open and close."""
        mask = np.zeros(self.slots, dtype=np.bool_)
        mask[self.regular] = True
        return freeze(mask)

    @cached_property
    def regular(self) -> slice:
        """The slots between open and close (one run: a break has no slots)."""
        inside = [
            (slot, slot + (end - first) // self.step_ns)
            for first, end, slot, segment in self._spans
            if segment.kind is SegmentKind.REGULAR
        ]
        return slice(inside[0][0], inside[-1][1])

    def slot_of(self, start_ns: Nanos) -> int | None:
        """Return the slot of the base bar that starts at ``start_ns``, or ``None``: not an expected minute."""
        for first, end, slot, _ in self._spans:
            if first <= start_ns < end:
                offset, rest = divmod(start_ns - first, self.step_ns)
                return slot + offset if rest == 0 else None
        return None

    def slots_of(self, starts_ns: Stamps) -> Indices:
        """Return the slot of each start, -1 where it is not an expected minute."""
        # Bars come sorted by start, many to a minute: what is found for one start serves all of a run of equal ones.
        is_head = np.ones(len(starts_ns), dtype=np.bool_)
        np.not_equal(starts_ns[1:], starts_ns[:-1], out=is_head[1:])
        if is_head.all():
            return self._slots_of_each(starts_ns)
        heads = np.flatnonzero(is_head)
        slots: Indices = np.repeat(self._slots_of_each(starts_ns[heads]), np.diff(heads, append=len(starts_ns)))
        return slots

    def _slots_of_each(self, starts_ns: Stamps) -> Indices:
        slots = np.full(len(starts_ns), -1, dtype=np.int32)
        for first, end, slot, _ in self._spans:
            inside = np.flatnonzero((starts_ns >= first) & (starts_ns < end))
            since = starts_ns[inside] - first
            offset = since // self.step_ns
            is_start = offset * self.step_ns == since  # a remainder takes thrice as long
            slots[inside] = np.where(is_start, slot + offset, -1)
        return slots

    def slots_ended(self, now_ns: Nanos) -> int:
        """Return how many slots have ended at ``now_ns``: slots ``[0, n)`` end at or before it."""
        return self.slots_before(now_ns - self.step_ns + 1)

    def slots_before(self, instant_ns: Nanos) -> int:
        """Return how many slots start before an instant."""
        count = 0
        for first, end, slot, _ in self._spans:
            if instant_ns <= first:
                break
            count = slot + -((first - min(instant_ns, end)) // self.step_ns)
        return count

    def start_of(self, slot: int) -> Nanos:
        """Return the start of a slot.

        Raises:
            IndexError: there is no such slot.
        """
        for first, end, base, _ in self._spans:
            if base <= slot < base + (end - first) // self.step_ns:
                return first + (slot - base) * self.step_ns
        raise IndexError(slot)

    def length_of(self, interval: Interval) -> int:
        """Return how many base bars an intraday bar has that no segment's end clips."""
        return interval.span_ns // self.step_ns

    def edges(self, interval: Interval) -> Indices:
        """Return where the bars of an interval begin, as slots, with the number of slots last.

        Bar ``k`` is made of slots ``[edges[k], edges[k + 1])``. Intraday bars are anchored at the start of
        their segment, clipped at its end, and never cross it. ``1d`` is one bar over the regular slots, so
        its edges are the regular run's.

        Raises:
            SettingsError: the interval is no whole multiple of the base bars', or longer than a session.
        """
        return self._cut(interval)[0]

    def plain_edges(self, interval: Interval) -> tuple[int, ...]:
        """Return ``edges`` as plain numbers, which a few look-ups are faster in; the same for sessions of one shape."""
        return self._cut(interval)[1]

    def _cut(self, interval: Interval) -> tuple[Indices, tuple[int, ...]]:
        found = self._edges.get(interval)
        if found is not None:
            return found
        if interval.is_long:
            raise SettingsError(f"interval {interval} is longer than one session; here 1d is the longest")
        per_bar, rest = divmod(interval.span_ns, self.step_ns)
        runs = tuple((slot, slot + (end - first) // self.step_ns) for first, end, slot, _ in self._spans)
        if interval.is_daily:
            runs = ((self.regular.start, self.regular.stop),)
            per_bar = self.slots
        elif rest:
            raise SettingsError(f"interval {interval} is no whole multiple of {self.interval}, the base bars'")
        found = self._edges[interval] = _edges(runs, per_bar)
        return found


@lru_cache(maxsize=64)
def _edges(runs: tuple[tuple[int, int], ...], per_bar: int) -> tuple[Indices, tuple[int, ...]]:
    """Return where runs of slots are cut, each from its first slot on, with the end of the last one."""
    cuts = [*(cut for first, end in runs for cut in range(first, end, per_bar)), runs[-1][1]]
    return freeze(np.array(cuts, dtype=np.int32)), tuple(cuts)
