"""A faulty feed: what arrives of a session's tape when bars are lost, late, doubled or corrupted on their way.

Every cell of a session draws a lot of its own for every kind of fault. So the same seed does the same to a minute of
a symbol whichever other bars the tape holds, and whatever other faults are asked for.
"""

import enum
import hashlib
import re
from collections.abc import Iterable
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from actors.market.axis import SessionAxis
from actors.market.instants import whole_number
from actors.market.timetable import LocalClock
from messages.errors import SettingsError, shown
from messages.tables.columns import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    VOLUME,
    BarBatch,
    Columnar,
    Floats,
    Indices,
    Mask,
    Tape,
    freeze,
)
from messages.values import DAY_NS, Nanos

LONGEST_DELAY = 5
"""Minutes by which a bar is late at most, and a duplicate behind its first."""

_CLOCK_RANGE = re.compile(r"\s*(\d{1,2}):([0-5]\d)\s*-\s*(\d{1,2}):([0-5]\d)\s*")
_MIDNIGHT = 24 * 60

Codes: TypeAlias = npt.NDArray[np.uint8]
"""Small numbers, one a bar."""


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a feed does wrong: probabilities, 0 to 1, that hold for every bar by itself.

    A bar that is lost is nothing else as well; one that is corrupted may be late, but is not doubled.

    Raises:
        SettingsError: a probability is outside 0 to 1, an outage is no range of clock times, or the seed is negative.
    """

    drop: float = 0.0
    """The bar never comes."""
    delay: float = 0.0
    """It comes 1 to 5 minutes late, within its session."""
    duplicate: float = 0.0
    """It comes again, in the same minute or up to 5 minutes later."""
    corrupt: float = 0.0
    """It comes with numbers that cannot be true, and is no use to anybody."""
    outages: tuple[str, ...] = ()
    """Exchange-local times at which the feed is silent in every session: ``("10:00-10:07",)`` takes seven minutes."""
    seed: int = 0
    """Another seed strikes other bars."""

    def __post_init__(self) -> None:
        for name in ("drop", "delay", "duplicate", "corrupt"):
            probability = getattr(self, name)
            if not _is_number(probability) or not 0.0 <= probability <= 1.0:
                raise SettingsError(f"{name} is the probability for a bar, between 0 and 1, not {shown(probability)}")
        seed = whole_number(self.seed)
        if seed is None or seed < 0:
            raise SettingsError(f"a seed is a whole number from 0 upwards, not {shown(self.seed)}")
        outages: object = self.outages
        if isinstance(outages, bytes) or not isinstance(outages, Iterable):
            raise SettingsError(f"outages are ranges of clock times such as 10:00-10:07, not {shown(outages)}")
        several = (outages,) if isinstance(outages, str) else tuple(outages)
        msgspec.structs.force_setattr(self, "outages", several)
        for outage in several:
            _clock_range(outage)

    @property
    def is_none(self) -> bool:
        """Whether the feed does nothing wrong."""
        return not (self.drop or self.delay or self.duplicate or self.corrupt or self.outages)


class Corruption(enum.IntEnum):
    """What was done to a bar's numbers; each is a reason to reject it, even where negative prices are allowed."""

    NONE = 0
    """Nothing."""
    LOW_ABOVE_HIGH = 1
    """The low is above the high."""
    OPEN_NOT_A_NUMBER = 2
    """The open is NaN."""
    CLOSE_NEGATIVE = 3
    """The close is negative, and below the low."""
    VOLUME_NEGATIVE = 4
    """The volume is negative."""


class Arrivals(Columnar, frozen=True, kw_only=True, eq=False):
    """Bars of a tape in the order in which they arrive, each at most once."""

    rows: Indices
    """Their places on the tape; within a slot ascending, and so sorted by start and symbol."""
    edges: Indices
    """Slot ``s`` brings ``rows[edges[s]:edges[s + 1]]``."""

    def of(self, first: int, last: int) -> Indices:
        """Return the rows that arrive with slots ``[first, last)``."""
        return self.rows[self.edges[first] : self.edges[last]]


class DamagedTape(Columnar, frozen=True, kw_only=True, eq=False):
    """A session's tape as a faulty feed delivers it. Made by ``damage``."""

    tape: Tape
    prompt: Arrivals
    """Bars that come with their own slot."""
    late: Arrivals
    """Bars that come with a later one."""
    again: Arrivals
    """Bars that come a second time."""
    corruption: Codes
    """For each bar of the tape, its ``Corruption`` number."""
    run_ends: Indices
    """Slots before which more comes than the bars of the one that is over; the last is the session's end."""

    def run(self, slot: int) -> int:
        """Return how many slots from this one on may be delivered at once without loss of order.

        Nothing but their own bars comes with all but the last of them.
        """
        return int(self.run_ends[np.searchsorted(self.run_ends, slot, side="right")]) - slot

    def deliveries(self, slot: int, slots: int = 1) -> tuple[BarBatch, ...]:
        """Return what arrives when a slot ends, in order: its own bars, then late ones, then duplicates.

        There are at most these three batches, and no empty one. Where nothing happened to a slot, its batch is a
        slice of the tape, uncopied. A batch with corrupted bars is not ``is_sane``; any other is if the tape's is.

        Args:
            slot: the slot, or the first one.
            slots: how many of them at once, at most ``run(slot)``.
        """
        arriving = (arrivals.of(slot, slot + slots) for arrivals in (self.prompt, self.late, self.again))
        return tuple(self._batch(rows) for rows in arriving if len(rows))

    def _batch(self, rows: Indices) -> BarBatch:
        first, last = int(rows[0]), int(rows[-1]) + 1
        batch = self.tape.batch
        batch = batch.rows(first, last) if last - first == len(rows) else _taken(batch, rows)
        if not self.corruption[first:last].any():
            return batch
        corruption = self.corruption[rows]
        if corruption.any():
            values = freeze(_corrupted(batch.values, corruption))
            batch = msgspec.structs.replace(batch, values=values, is_sane=False)
        return batch

    @property
    def dropped(self) -> int:
        """Bars that never come, those that an outage takes included."""
        return len(self.tape.batch) - len(self.prompt.rows) - len(self.late.rows)

    @property
    def delayed(self) -> int:
        """Bars that come late."""
        return len(self.late.rows)

    @property
    def duplicated(self) -> int:
        """Bars that come twice."""
        return len(self.again.rows)

    @property
    def corrupted(self) -> int:
        """Bars that come with numbers that cannot be true."""
        return int(np.count_nonzero(self.corruption))

    @property
    def cells(self) -> frozenset[tuple[str, Nanos]]:
        """Symbol and start of every bar that anything happened to."""
        is_damaged = self.corruption != Corruption.NONE
        is_damaged[self.again.rows] = True
        is_prompt = np.zeros_like(is_damaged)
        is_prompt[self.prompt.rows] = True
        damaged = self.tape.batch.where(is_damaged | ~is_prompt)
        return frozenset(zip(damaged.names(), damaged.start_ns.tolist(), strict=True))


def damage(tape: Tape, faults: Faults) -> DamagedTape:
    """Let a faulty feed deliver a session; the same seed, date and symbols always give the same.

    Whatever would arrive during an outage is lost, and so is every bar of its minutes. What is delayed beyond the
    session's last minute arrives with that one; into a lunch break, with the first minute after it.

    Args:
        tape: a session whose bars all lie in its minutes.
        faults: what the feed does wrong.
    """
    axis = SessionAxis(tape.session)
    edges = np.append(np.searchsorted(tape.batch.start_ns, axis.starts_ns), len(tape.batch))
    slots = np.repeat(np.arange(axis.slots, dtype=np.int32), np.diff(edges))
    lots = _Lots(faults.seed, tape, slots, axis.slots)
    is_silent = _silent_slots(axis, faults.outages)

    # What strikes few bars is looked at for these only: a session may have hundreds of thousands.
    arrival = _later(axis, slots, lots.draw("delay", faults.delay, LONGEST_DELAY))
    is_lost = lots.draw("drop", faults.drop) > 0
    if is_silent.any():
        is_lost |= is_silent[slots] | is_silent[arrival]
    corruption = lots.draw("corrupt", faults.corrupt, max(Corruption))
    corruption[is_lost] = Corruption.NONE
    distance = lots.draw("duplicate", faults.duplicate, LONGEST_DELAY + 1)  # 1 is the same minute
    doubled = np.flatnonzero((distance > 0) & ~is_lost & (corruption == Corruption.NONE))
    repeat = _later(axis, arrival[doubled], distance[doubled] - 1)
    is_heard = ~is_silent[repeat]
    is_late = arrival > slots
    delayed = np.flatnonzero(~is_lost & is_late)
    prompt = np.flatnonzero(~is_lost & ~is_late).astype(np.int32)
    late = _arrivals(delayed, arrival[delayed], axis.slots)
    again = _arrivals(doubled[is_heard], repeat[is_heard], axis.slots)
    eventful = np.flatnonzero(np.diff(late.edges) + np.diff(again.edges))
    return DamagedTape(
        tape=tape,
        prompt=Arrivals(rows=freeze(prompt), edges=freeze(np.searchsorted(prompt, edges).astype(np.int32))),
        late=late,
        again=again,
        corruption=freeze(corruption),
        run_ends=freeze(np.append(eventful + 1, axis.slots).astype(np.int32)),
    )


class _Lots:
    """What chance has in store for each bar of a tape, drawn for every cell of its session."""

    def __init__(self, seed: int, tape: Tape, slots: Indices, slot_count: int) -> None:
        self._seed = seed
        self._date = tape.session.date
        symbols = len(tape.batch.symbols)
        self._cells = slots * symbols + tape.batch.symbol_index
        self._count = slot_count * symbols

    def draw(self, purpose: str, probability: float, most: int = 1) -> Codes:
        """Return a number from 1 to ``most`` for each bar that is struck, 0 for the others."""
        if probability == 0.0:
            return np.zeros(len(self._cells), dtype=np.uint8)
        stream = self._stream(purpose)
        numbers: Codes = (stream.random(self._count) < probability).view(np.uint8)
        if most > 1:
            numbers *= stream.integers(1, most + 1, self._count, dtype=np.uint8)
        return numbers if len(self._cells) == self._count else numbers.take(self._cells)

    def _stream(self, purpose: str) -> "np.random.Generator":  # in quotes: NumPy imports it when it is named
        key = hashlib.blake2b(f"{self._seed} {self._date} {purpose}".encode(), digest_size=16)
        return np.random.default_rng(int.from_bytes(key.digest(), "big"))


def _arrivals(rows: npt.NDArray[np.intp], slots: Indices, slot_count: int) -> Arrivals:
    """Return bars of the tape, ascending, in the order of the slots that they come with."""
    order = np.argsort(slots, kind="stable")
    edges = np.zeros(slot_count + 1, dtype=np.int32)
    np.cumsum(np.bincount(slots, minlength=slot_count), out=edges[1:])
    return Arrivals(rows=freeze(rows[order].astype(np.int32)), edges=freeze(edges))


def _later(axis: SessionAxis, slots: Indices, minutes: Codes) -> Indices:
    """Return, for each slot, the first one that ends so many minutes later, or else the last one."""
    struck = np.flatnonzero(minutes)
    if not len(struck):
        return slots
    due_ns = axis.starts_ns[:, np.newaxis] + np.arange(LONGEST_DELAY + 1) * axis.step_ns
    table = np.minimum(np.searchsorted(axis.starts_ns, due_ns), axis.slots - 1).astype(np.int32)
    later = slots.copy()
    later[struck] = table[slots[struck], minutes[struck]]
    return later


def _silent_slots(axis: SessionAxis, outages: tuple[str, ...]) -> Mask:
    """Return for every slot whether it begins in an outage."""
    is_silent = np.zeros(axis.slots, dtype=np.bool_)
    if not outages:
        return is_silent
    session = axis.session
    clock = LocalClock(session.tz, session.start_ns // DAY_NS - 2, session.end_ns // DAY_NS + 1)
    for outage in outages:
        begin, end = _clock_range(outage)
        begins, ends = clock.instants(clock.days, begin), clock.instants(clock.days + (end <= begin), end)
        starts_ns = axis.starts_ns[:, np.newaxis]
        is_silent |= ((begins <= starts_ns) & (starts_ns < ends)).any(axis=1)
    return is_silent


def _is_number(given: object) -> bool:
    return isinstance(given, (int, float, np.integer, np.floating)) and not isinstance(given, bool)


def _clock_range(text: object) -> tuple[int, int]:
    """Return the ends of a range in minutes after midnight; one that ends before it begins wraps midnight."""
    found = _CLOCK_RANGE.fullmatch(text) if isinstance(text, str) else None
    hours, minutes, end_hours, end_minutes = map(int, found.groups()) if found else (0, 0, 0, 0)
    begin, end = hours * 60 + minutes, end_hours * 60 + end_minutes
    if begin == end or begin >= _MIDNIGHT or end > _MIDNIGHT:
        raise SettingsError(f"an outage is a range of clock times such as 10:00-10:07, not {shown(text)}")
    return begin, end


def _taken(batch: BarBatch, rows: Indices) -> BarBatch:
    """Return some bars of a batch."""
    return msgspec.structs.replace(
        batch,
        symbol_index=freeze(batch.symbol_index.take(rows)),
        start_ns=freeze(batch.start_ns.take(rows)),
        values=freeze(batch.values.take(rows, axis=1)),  # twice as fast as by a mask
    )


def _corrupted(values: Floats, corruption: Codes) -> Floats:
    """Return a copy with the numbers of some bars made impossible, whatever they were before."""
    damaged = values.copy()
    high, low, close, volume = (np.abs(values[field]) for field in (HIGH, LOW, CLOSE, VOLUME))
    np.copyto(damaged[LOW], 2.0 * high + 1.0, where=corruption == Corruption.LOW_ABOVE_HIGH)
    np.copyto(damaged[OPEN], np.nan, where=corruption == Corruption.OPEN_NOT_A_NUMBER)
    np.copyto(damaged[CLOSE], -(low + close) - 1.0, where=corruption == Corruption.CLOSE_NEGATIVE)
    np.copyto(damaged[VOLUME], -volume - 1.0, where=corruption == Corruption.VOLUME_NEGATIVE)
    return damaged
