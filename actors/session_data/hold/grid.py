"""The grid: one session's base bars, minutes x fields x symbols, and who may write over what."""

import re
from collections.abc import Callable, Sequence
from struct import Struct

import msgspec
import numpy as np
import numpy.typing as npt

from actors.market.axis import SessionAxis
from actors.session_data.hold.kept import Kept
from actors.session_data.hold.reused import emptied
from messages.events import BarsWithdrawn
from messages.tables.columns import FIELDS, BarBatch, DayGrid, Floats, Indices, Mask, Verdicts, freeze
from messages.values import FIRST_WITH_BAR, Verdict

Revisions = npt.NDArray[np.int64]

_CORRECTION = 0x80  # set in the sources plane where a correction wrote last; the rest is the sender's number
_CORRECTED_RANK = 6
_RANK = np.array([0, 1, 2, 4, 5, 5, _CORRECTED_RANK, 3], dtype=np.uint8)  # by verdict: STREAMED and LATE are equal

_SENDER = 0x7F
_SOMETHING = re.compile(rb"[^\0]")  # a search in the bytes costs a third of any() on a short row
_SHORT = 200
CELL = 8
"""Bytes of a number."""


class Claim(msgspec.Struct, frozen=True):
    """On what ground somebody writes to a cell."""

    sender: int
    """The sender's number, below 128."""
    preference: npt.NDArray[np.uint8]
    """By sender's number: its place in the order of preference; lower is preferred."""
    is_correction: bool
    source: str = ""
    """The sender's name."""
    is_part: bool = False
    """Whether its bars are made of a part of their trades: they only change what such bars hold."""

    @property
    def mark(self) -> int:
        """What the sources plane holds."""
        return self.sender | _CORRECTION if self.is_correction else self.sender


class Written(msgspec.Struct):
    """What a write to one slot did, row by row."""

    changed: Mask | None
    """Rows whose cell changed; ``None``: all of them."""
    accepted: int
    duplicates: int
    outranked: int = 0
    revised: int = 0
    is_repair: bool = False
    """Whether a bar that was there changed."""


class Lifted(msgspec.Struct, frozen=True):
    """Minutes that were taken out of a grid: what they held."""

    values: Floats
    verdicts: Verdicts
    sources: Verdicts
    revisions: npt.NDArray[np.uint32]


class Grid:
    """A dense array with spare symbol columns, so that adding a symbol rarely copies.

    Forty-six bytes a minute and symbol: five fields of eight, the verdict, the sender, and the session's
    revision at which the cell last changed. Minute-major: a minute of the whole market is one run of memory.
    """

    def __init__(
        self, axis: SessionAxis, symbols: Sequence[str], *, has_extra: bool = False, spare: "Grid | None" = None
    ) -> None:
        """Make a grid without a bar, with the memory of one that is over where nobody looks at that any more."""
        self.axis = axis
        self.symbols: list[str] = list(symbols)
        self.columns: dict[str, int] = {symbol: column for column, symbol in enumerate(self.symbols)}
        capacity = _with_spare(len(self.symbols))
        fields = len(FIELDS) + 2 * has_extra
        self.values: Floats = emptied((axis.slots, fields, capacity), spare)
        self.verdicts: Verdicts = np.zeros((axis.slots, capacity), dtype=np.uint8)
        self.revisions: npt.NDArray[np.uint32] = np.zeros((axis.slots, capacity), dtype=np.uint32)
        self._lay_out(fields, capacity)
        self.kept = Kept()
        self._is_lent = False
        self._table: tuple[str, ...] | None = None
        self.sources: npt.NDArray[np.uint8] = np.zeros((axis.slots, capacity), dtype=np.uint8)

    @classmethod
    def thawed(cls, day: DayGrid, axis: SessionAxis, sources: Verdicts | None) -> "Grid":
        """Return a copy of a closed day that can be written to; ``sources`` says who wrote what, where it is known."""
        grid = cls(axis, day.symbols, has_extra=day.values.shape[1] > len(FIELDS))
        count = len(day.symbols)
        grid.values[:, :, :count] = day.values
        grid.verdicts[:, :count] = day.verdicts
        if sources is not None:
            grid.sources[:, :count] = sources[:, :count]
        return grid

    def frozen(self) -> DayGrid:
        """Give the grid away as a read-only day, without copying; it must not be written to any more."""
        count = len(self.symbols)
        return DayGrid(
            session=self.axis.session,
            symbols=tuple(self.symbols),
            values=freeze(self.values)[:, :, :count],
            verdicts=freeze(self.verdicts)[:, :count],
        )

    def lend(self) -> Floats:
        """Return the values, read-only, as they stand now: who writes to the grid next copies them first."""
        self._is_lent = True
        return freeze(self.values[:, :, : len(self.symbols)])

    def _own(self) -> None:
        if self._is_lent:
            self.values, self._is_lent = self.values.copy(), False

    @property
    def table(self) -> tuple[str, ...]:
        """The symbols in the order of their columns, the same object until one is added."""
        if self._table is None:
            self._table = tuple(self.symbols)
        return self._table

    def present(self) -> Mask:
        """Return slots x symbols: whether there is a bar."""
        mask: Mask = self.verdicts[:, : len(self.symbols)] >= FIRST_WITH_BAR
        return mask

    def minute(self, slot: int, columns: Indices) -> BarBatch:
        """Return the bars that some columns hold in one slot."""
        return BarBatch(
            symbols=self.table,
            symbol_index=freeze(columns),
            start_ns=freeze(np.full(len(columns), self.axis.start_of(slot), dtype=np.int64)),
            values=freeze(self.values[slot][:, columns]),
            interval=self.axis.interval,
        )

    def add(self, symbol: str) -> int:
        """Return the column of a symbol, giving it one if it has none."""
        column = self.columns.setdefault(symbol, len(self.symbols))
        if column == len(self.symbols):
            self.symbols.append(symbol)
            self._table = None
            if column >= self.values.shape[2]:
                self._grow(_with_spare(len(self.symbols)) - column)
        return column

    def write(
        self, slot: int, columns: Indices | slice, values: Floats, verdict: int | Verdicts, claim: Claim, revision: int
    ) -> Written:
        """Write bars into one slot where their rank allows it.

        Args:
            slot: the minute.
            columns: for each bar its column; no column twice.
            values: fields x bars.
            verdict: what a bar becomes in an empty cell, each or all.
            claim: who sends the bars, and as what.
            revision: what the changed cells are marked with.
        """
        self._own()
        self.kept.touch(slot)
        values = self._fitted(values)
        held = self.verdicts[slot]
        if not (held[columns].any() if len(held) > _SHORT else _SOMETHING.search(held[columns].tobytes())):
            self.values[slot][:, columns] = values
            held[columns] = verdict
            self.sources[slot][columns] = claim.mark
            self.revisions[slot][columns] = revision
            return Written(changed=None, accepted=values.shape[1], duplicates=0)
        if isinstance(columns, slice):
            columns = np.arange(columns.stop, dtype=np.int32)
        return self._contest(slot, columns, values, verdict, claim, revision)

    def write_minutes(
        self, slots: slice, values: Floats, present: Mask | None, verdict: int, claim: Claim, revisions: Revisions
    ) -> None:
        """Write bars of most symbols into every one of these slots, which are empty.

        Args:
            slots: consecutive minutes.
            values: fields x bars, minute by minute, in the order of the columns.
            present: minutes x columns: whose bars they are; ``None``: every symbol has one in every minute.
            verdict: what the bars become.
            claim: who sends the bars.
            revisions: by minute.
        """
        self._own()
        self.kept.touch(slots.start)
        values = self._fitted(values)
        count, minutes = len(self.symbols), slots.stop - slots.start
        if present is not None:  # beside a bar that is not there the one before it takes its place for a moment
            values = values.take(np.cumsum(present) - 1, axis=1, mode="clip")
        self.values[slots, :, :count] = values.reshape(len(values), minutes, count).transpose(1, 0, 2)
        self.verdicts[slots, :count] = verdict
        self.sources[slots, :count] = claim.mark
        self.revisions[slots, :count] = revisions[:, None]
        if present is not None:
            rows, columns = np.nonzero(~present)
            empty = rows + slots.start, columns
            self.values[empty[0], :, columns] = np.nan
            self.verdicts[empty] = self.sources[empty] = self.revisions[empty] = 0

    def scatter(
        self,
        slots: Indices,
        columns: Indices,
        values: Floats,
        verdict: int,
        claim: Claim,
        revisions: Revisions | int,
    ) -> None:
        """Write bars into cells that hold none, each its slot and column; no cell twice.

        ``revisions`` are by bar, or one for all.
        """
        self._own()
        self.kept.touch(int(slots.min(initial=self.axis.slots)))
        fields, capacity = self.values.shape[1:]
        rows = slots.astype(np.int64)
        cells, base = rows * capacity + columns, rows * (fields * capacity) + columns
        flat = self.values.reshape(-1)  # one index is half the cost of two
        for field, row in enumerate(self._fitted(values)):
            flat[base + field * capacity] = row
        self.verdicts.reshape(-1)[cells] = verdict
        self.sources.reshape(-1)[cells] = claim.mark
        self.revisions.reshape(-1)[cells] = revisions

    def lift(self, slots: slice) -> Lifted:
        """Take minutes out, all that they hold, as if they had not been written yet."""
        lifted = Lifted(
            values=self.values[slots].copy(),
            verdicts=self.verdicts[slots].copy(),
            sources=self.sources[slots].copy(),
            revisions=self.revisions[slots].copy(),
        )
        self.empty(slots)
        return lifted

    def empty(self, slots: slice) -> None:
        """Let minutes hold nothing."""
        self._own()
        self.kept.touch(slots.start)
        self.values[slots] = np.nan
        self.verdicts[slots] = self.sources[slots] = self.revisions[slots] = 0

    def lay(self, slots: slice, lifted: Lifted, rows: slice) -> None:
        """Put back minutes, those in these rows of what was lifted; nobody has joined since."""
        if self._is_lent:
            self._own()
        if slots.start < self.kept.until:
            self.kept.touch(slots.start)
        self.values[slots] = lifted.values[rows]
        self.verdicts[slots] = lifted.verdicts[rows]
        self.sources[slots] = lifted.sources[rows]
        self.revisions[slots] = lifted.revisions[rows]

    def withdraw(self, slot: int, columns: Indices, claim: Claim, revision: int) -> Indices:
        """Take the bars of one sender out of a slot: nothing was traded after all.

        Returns:
            The columns that had a bar of that sender.
        """
        self._own()
        self.kept.touch(slot)
        held, sources = self.verdicts[slot, columns], self.sources[slot, columns]
        has_bar = held >= FIRST_WITH_BAR
        is_own = has_bar & (sources & _SENDER == claim.sender)
        emptied = columns[is_own | ~has_bar]
        self.values[slot][:, emptied] = np.nan
        self.verdicts[slot, emptied] = Verdict.NO_TRADE
        self.sources[slot, emptied] = claim.sender
        self.revisions[slot, columns[is_own]] = revision
        gone: Indices = columns[is_own]
        return gone

    def withdrawn(self, slot: int, columns: Indices, revision: int) -> BarsWithdrawn:
        """Return how it is told that base bars are gone."""
        return BarsWithdrawn(
            interval=self.axis.interval,
            symbols=tuple(self.symbols[column] for column in columns.tolist()),
            start_ns=self.axis.start_of(slot),
            revision=revision,
        )

    def doubt(self, slot: int, columns: Indices, sender: int, revision: int) -> tuple[Indices, Indices]:
        """Let the bars of one sender in a slot be known to be parts, and minutes that it left empty to be missing.

        Returns:
            The columns of the bars, and those of the minutes.
        """
        self.kept.touch(slot)
        held, is_own = self.verdicts[slot, columns], self.sources[slot, columns] & _SENDER == sender
        bars, emptied = columns[is_own & (held >= FIRST_WITH_BAR)], columns[is_own & (held == Verdict.NO_TRADE)]
        self.verdicts[slot, bars], self.verdicts[slot, emptied] = Verdict.IN_PART, Verdict.MISSING
        self.sources[slot, bars] = sender
        self.revisions[slot, bars] = revision
        return bars, emptied

    def _contest(
        self, slot: int, columns: Indices, values: Floats, verdict: int | Verdicts, claim: Claim, revision: int
    ) -> Written:
        """Decide cell by cell between what is there and what comes."""
        held, sources = self.verdicts[slot, columns], self.sources[slot, columns]
        is_correction = claim.is_correction
        mark: int | Verdicts = claim.mark
        was_correction = sources >= _CORRECTION
        given = np.broadcast_to(np.asarray(verdict, dtype=np.uint8), held.shape)
        rank = np.uint8(_CORRECTED_RANK) if is_correction else _RANK[given]
        held_rank = np.where(was_correction, _CORRECTED_RANK, _RANK[held])
        has_bar = held >= FIRST_WITH_BAR
        equal = has_bar & _equal(self.values[slot][:, columns], values)
        is_preferred = claim.preference[claim.sender] <= claim.preference[sources & _SENDER]
        wins = (rank > held_rank) | ((rank == held_rank) & is_preferred)

        becomes = held.copy()
        if is_correction:
            repeated = was_correction & equal & (sources == mark)
            becomes[wins & has_bar & ~repeated] = Verdict.CORRECTED
            becomes = np.where(wins & ~has_bar, given, becomes)
        else:
            becomes = np.where(wins & (rank > held_rank), given, becomes)
            if not claim.is_part:  # who has all of the minute has the same: so it was whole, and stays the sender's
                is_confirmed = (held == Verdict.IN_PART) & equal
                becomes[is_confirmed], mark = Verdict.STREAMED, np.where(is_confirmed, sources, mark)
        # A correction that came before the bar it corrects shows as one when that bar arrives.
        becomes[~wins & was_correction] = Verdict.CORRECTED

        revalued = wins & ~equal
        changed = revalued | (becomes != held)
        accepted = int((wins & changed).sum())
        self._store(slot, columns, values, revalued)
        self.verdicts[slot, columns] = becomes
        self.sources[slot, columns[wins]] = np.broadcast_to(mark, wins.shape)[wins]
        self.revisions[slot, columns[changed]] = revision
        return Written(
            changed=changed,
            accepted=accepted,
            duplicates=len(columns) - accepted,
            outranked=int((~wins & ~equal).sum()),
            revised=0 if is_correction else int((revalued & has_bar & (rank == held_rank)).sum()),
            is_repair=bool((has_bar & changed).any()),
        )

    def _store(self, slot: int, columns: Indices, values: Floats, rows: Mask) -> None:
        self.values[slot][:, columns[rows]] = values[:, rows]

    def _fitted(self, values: Floats) -> Floats:
        """Return the values with exactly the grid's fields."""
        fields = self.values.shape[1]
        if len(values) >= fields:
            return values[:fields]
        return np.vstack([values, np.full((fields - len(values), values.shape[1]), np.nan)])

    def _lay_out(self, fields: int, capacity: int) -> None:
        self.stride = fields * capacity
        """So many numbers lie between a symbol's values in one slot and those in the next."""
        row = Struct(f"d{CELL * (capacity - 1)}x" * (fields - 1) + "d")
        self.unpacked: Callable[[Floats, int], tuple[float, ...]] = row.unpack_from  # type: ignore[assignment]  # an array is a buffer
        """Takes a symbol's values in one slot out of ``values``, at their place in bytes, as plain numbers."""

    def _grow(self, by: int) -> None:
        def wider(plane: npt.NDArray[np.generic], fill: float) -> npt.NDArray[np.generic]:
            spare = np.full((*plane.shape[:-1], by), fill, dtype=plane.dtype)
            return np.concatenate([plane, spare], axis=-1)

        self.values = wider(self.values, np.nan)  # type: ignore[assignment]  # same dtype in, same out
        self.verdicts = wider(self.verdicts, 0)  # type: ignore[assignment]
        self.revisions = wider(self.revisions, 0)  # type: ignore[assignment]
        self.sources = wider(self.sources, 0)  # type: ignore[assignment]
        self._lay_out(*self.values.shape[1:])


def _equal(held: Floats, values: Floats) -> Mask:
    """Compare bars by the column; an extra field that the new bar does not know does not count."""
    same = (held == values) | np.isnan(values) & (np.isnan(held) | (np.arange(len(values)) >= len(FIELDS))[:, None])
    mask: Mask = same.all(axis=0)
    return mask


def columns_where(columns: Indices | slice, keep: Mask) -> Indices:
    """Return the columns for which ``keep`` is true."""
    if isinstance(columns, slice):
        return np.flatnonzero(keep).astype(np.int32)
    return columns[keep]


def _with_spare(count: int) -> int:
    return count + max(count // 16, 4)
