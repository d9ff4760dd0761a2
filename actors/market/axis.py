"""The axis of a session: which slot of the grid each expected minute is, and where derived bars begin and end."""

from functools import cached_property, lru_cache

import numpy as np

from messages.errors import SettingsError
from messages.tables.columns import Indices, Mask, Stamps, freeze
from messages.values import Interval, Nanos, Segment, SegmentKind, TradingSession

_FEW_BARS = 1 << 15
"""Of more it takes as long to look whether they are all of a session as to look where each is."""

_MOST_WINDOWS = 1024
"""So many lengths of windows are remembered."""

Run = tuple[int, int, bool]
"""A segment's slots, the first and the one after the last, and whether it is regular."""


class SessionShape:
    """Which slots lie together, and where bars begin and end; ``SessionAxis`` says what it means. Days share it."""

    def __init__(self, runs: tuple[Run, ...], interval: Interval) -> None:
        self._runs = runs
        self._interval = interval
        self.slots = runs[-1][1] if runs else 0
        self._edges: dict[Interval, tuple[Indices, tuple[int, ...]]] = {}
        self._plain: dict[tuple[int, int], tuple[Indices, Indices, Mask]] = {}

    @cached_property
    def regular(self) -> slice:
        """The slots between open and close."""
        inside = [(first, end) for first, end, is_regular in self._runs if is_regular]
        return slice(inside[0][0], inside[-1][1])

    @cached_property
    def is_regular(self) -> Mask:
        """For every slot, whether it lies between open and close."""
        mask = np.zeros(self.slots, dtype=np.bool_)
        mask[self.regular] = True
        return freeze(mask)

    @cached_property
    def segment_numbers(self) -> Indices:
        """For every slot, the place of its segment in the session."""
        numbers = np.arange(len(self._runs), dtype=np.int32)
        return freeze(np.repeat(numbers, [end - first for first, end, _ in self._runs]))

    @cached_property
    def _zeros(self) -> Indices:
        return freeze(np.zeros(self.slots, dtype=np.int32))

    @cached_property
    def _nowhere(self) -> Mask:
        return freeze(np.zeros(self.slots, dtype=np.bool_))

    def plain(self, count: int, length: int) -> tuple[Indices, Indices, Mask]:
        """Return what windows of ``count`` bars of ``length`` base bars each share: see ``SessionAxis.plain``."""
        found = self._plain.get((count, length))
        if found is None:
            if len(self._plain) >= _MOST_WINDOWS:
                self._plain.clear()
            lengths = freeze(np.full(count, length, dtype=np.int32))
            found = self._plain[count, length] = self._zeros[:count], lengths, self._nowhere[:count]
        return found

    def cut(self, interval: Interval) -> tuple[Indices, tuple[int, ...]]:
        """Return where the bars of an interval begin, with the number of slots last; and as plain numbers.

        Raises:
            SettingsError: the interval is no whole multiple of the base bars', or longer than a session.
        """
        found = self._edges.get(interval)
        if found is not None:
            return found
        if interval.is_long:
            raise SettingsError(f"interval {interval} is longer than one session; here 1d is the longest")
        per_bar, rest = divmod(interval.span_ns, self._interval.span_ns)
        runs = [(first, end) for first, end, _ in self._runs]
        if interval.is_daily:
            runs, per_bar = [(self.regular.start, self.regular.stop)], self.slots
        elif rest:
            raise SettingsError(f"interval {interval} is no whole multiple of {self._interval}, the base bars'")
        cuts = (*(cut for first, end in runs for cut in range(first, end, per_bar)), runs[-1][1])
        found = self._edges[interval] = freeze(np.array(cuts, dtype=np.int32)), cuts
        return found


@lru_cache(maxsize=16)
def shape_of(runs: tuple[Run, ...], interval: Interval) -> SessionShape:
    """Return the shape of sessions with these runs of slots, of base bars of this length."""
    return SessionShape(runs, interval)


class SessionAxis:
    """Maps between instants and slots of one session: slot ``i`` is the i-th expected base bar.

    Slots number the segments' base bars in order of time without holes, so a lunch break or the hours
    outside the session take no room. Everything here is arithmetic on the session's segments.
    """

    def __init__(self, session: TradingSession) -> None:
        self.session = session
        self.interval = session.base_interval
        self.step_ns: Nanos = self.interval.span_ns
        self._spans: list[tuple[Nanos, Nanos, int, Segment]] = []
        runs: list[Run] = []
        slot = 0
        for segment in session.segments:
            count = (segment.end_ns - segment.start_ns) // self.step_ns
            self._spans.append((segment.start_ns, segment.start_ns + count * self.step_ns, slot, segment))
            runs.append((slot, slot + count, segment.kind is SegmentKind.REGULAR))
            slot += count
        self.shape = shape_of(tuple(runs), session.base_interval)
        """What it shares with sessions that are cut alike."""
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
    def plain_starts_ns(self) -> list[Nanos]:
        """The start of every slot as plain numbers; not to be changed."""
        starts: list[Nanos] = self.starts_ns.tolist()
        return starts

    @cached_property
    def plain_ends_ns(self) -> list[Nanos]:
        """The end of every slot as plain numbers; not to be changed."""
        ends: list[Nanos] = self.ends_ns.tolist()
        return ends

    def plain(self, count: int, length: int) -> tuple[Indices, Indices, Mask]:
        """Return what windows of ``count`` bars of ``length`` base bars each share.

        That is zeros, the lengths, and that nothing is so of any bar.
        """
        return self.shape.plain(count, length)

    @property
    def segment_numbers(self) -> Indices:
        """For every slot, the place of its segment in the session."""
        return self.shape.segment_numbers

    @property
    def is_regular(self) -> Mask:
        """For every slot, whether it lies between open and close."""
        return self.shape.is_regular

    @property
    def regular(self) -> slice:
        """The slots between open and close (one run: a break has no slots)."""
        return self.shape.regular

    def slot_of(self, start_ns: Nanos) -> int | None:
        """Return the slot of the base bar that starts at ``start_ns``, or ``None``: not an expected minute."""
        for first, end, slot, _ in self._spans:
            if first <= start_ns < end:
                offset, rest = divmod(start_ns - first, self.step_ns)
                return slot + offset if rest == 0 else None
        return None

    def slots_of(self, starts_ns: Stamps) -> Indices:
        """Return the slot of each start, -1 where it is not an expected minute."""
        if self.slots and 0 < len(starts_ns) <= _FEW_BARS and len(starts_ns) % self.slots == 0:
            by_slot = starts_ns.reshape(self.slots, -1)
            if bool((by_slot == self.starts_ns[:, np.newaxis]).all()):  # a whole session of so many symbols
                whole: Indices = np.repeat(np.arange(self.slots, dtype=np.int32), by_slot.shape[1])
                return whole
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
        return self.shape.cut(interval)[0]

    def plain_edges(self, interval: Interval) -> tuple[int, ...]:
        """Return ``edges`` as plain numbers, which a few look-ups are faster in; the same for sessions of one shape."""
        return self.shape.cut(interval)[1]


@lru_cache(maxsize=4)
def axis_of(session: TradingSession) -> SessionAxis:
    """Return the axis of a session, the same to all who work on it at about the same time."""
    return SessionAxis(session)
