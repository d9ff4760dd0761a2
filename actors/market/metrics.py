"""Sums over symbols' sessions: prices, volume, and how complete they are."""

from operator import add
from typing import TypeAlias

import msgspec
import numpy as np

from actors.market.aggregate import sum_of_slots
from messages.replies import Quality, VerdictCounts
from messages.tables.columns import CLOSE, FIELDS, HIGH, LOW, OPEN, VOLUME, VWAP, Floats, Indices, Mask, Verdicts
from messages.values import Verdict

Counts: TypeAlias = tuple[int, ...]
"""How many minutes have each verdict, by its number."""
_KINDS = int(Verdict.PENDING)
_STREAMED = int(Verdict.STREAMED)


def percent(part: int, whole: int) -> float | None:
    """Return ``part`` of ``whole`` in percent; ``None`` of nothing."""
    return 100.0 * part / whole if whole else None


def qualities_of(verdicts: Verdicts, closed: int) -> list[Quality]:
    """Return the quality of each symbol's minutes.

    Args:
        verdicts: slots x symbols, in order of time; as stored, so never PENDING.
        closed: the first so many slots are closed.
    """
    symbols = verdicts.shape[1]
    if not len(verdicts):
        return [NO_MINUTES] * symbols
    coming = verdicts[closed:]
    untouched = (len(coming), *[0] * (_KINDS - 1)) if not coming.any() else None
    over_bytes, coming_bytes = verdicts[:closed].T.tobytes(), coming.T.tobytes() if untouched is None else b""
    made: dict[tuple[Counts, Counts], Quality] = {}
    qualities = []
    for place in range(symbols):
        over = counted(over_bytes, place * closed, closed)
        still_open = untouched or counted(coming_bytes, place * len(coming), len(coming))
        quality = made.get((over, still_open))
        if quality is None:
            quality = made[over, still_open] = quality_of(over, still_open, closed)
        qualities.append(quality)
    return qualities


def counted(raw: bytes, first: int, length: int) -> Counts:
    """Return how many of a run of slots have each verdict; as a rule all bars came in time."""
    end = first + length
    streamed = raw.count(_STREAMED, first, end)
    if streamed == length:
        return (0, 0, 0, 0, streamed, 0, 0, 0)
    return tuple([raw.count(verdict, first, end) for verdict in range(_KINDS)])


def quality_of(over: Counts, still_open: Counts, closed: int) -> Quality:
    """Return the quality of minutes of which ``closed`` are over, as counted; those that are not are counted apart."""
    pending, *held = still_open
    return quality_so_far(over, (over[0], *map(add, over[1:], held)), pending, closed)


def quality_so_far(over: Counts, counts: Counts, pending: int, closed: int) -> Quality:
    """Return the quality of minutes of which ``closed`` are over.

    Args:
        over: those that are, as counted.
        counts: all of them, but for those that are pending.
        pending: how many these are.
        closed: how many are over.
    """
    # By position, in the order of the verdicts' numbers: to look up what each is called costs more than all the rest.
    _, _, no_trade, filled, streamed, late, corrected, in_part = over
    good = filled + streamed + late + corrected
    missing, abandoned, all_no_trade, filled, streamed, late, corrected, all_in_part = counts
    return Quality(
        completeness=percent(good + in_part, closed),
        bar_quality=percent(good + no_trade, closed),
        closed=closed,
        verdicts=VerdictCounts(
            pending=pending,
            missing=missing,
            streamed=streamed,
            late=late,
            filled=filled,
            corrected=corrected,
            in_part=all_in_part,
            no_trade=all_no_trade,
            abandoned=abandoned,
        ),
    )


NO_MINUTES = quality_of((0,) * _KINDS, (0,) * _KINDS, 0)


class Sums(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the bars of some symbols come to, minute after minute; prices are NaN before a symbol's first bar."""

    open: Floats
    high: Floats
    low: Floats
    last: Floats
    volume: Floats
    typical: Floats
    """Volume times the typical price of each bar, (high + low + close) / 3."""
    own: Floats
    """Volume times the vwap of each bar that has one."""
    has_own: Mask
    """Whether every bar has one."""
    bars: Indices

    @classmethod
    def none(cls, symbols: int) -> "Sums":
        """Return those of no bar."""
        nan, zero = np.full(symbols, np.nan), np.zeros(symbols)
        has_own, bars = np.ones(symbols, dtype=np.bool_), np.zeros(symbols, dtype=np.int32)
        prices = {"open": nan, "high": nan, "low": nan, "last": nan}
        return cls(**prices, volume=zero, typical=zero, own=zero, has_own=has_own, bars=bars)

    def plus(self, values: Floats, present: Mask) -> "Sums":
        """Return the sums with the minutes that follow; in whatever pieces these come, to the last bit.

        Args:
            values: slots x fields x symbols, at least one slot; NaN where there is no bar.
            present: slots x symbols; whether there is a bar.
        """
        count = len(present)
        bars = np.add.reduce(present, axis=0, dtype=np.int32)
        first, last = values[0, OPEN], values[-1, CLOSE].copy()
        has_holes = bool((bars < count).any())
        if has_holes:
            symbols = np.arange(present.shape[1])
            first = values[present.argmax(axis=0), OPEN, symbols]
            last = values[count - 1 - present[::-1].argmax(axis=0), CLOSE, symbols]
            last = np.where(bars > 0, last, self.last)

        def total(before: Floats, column: Floats) -> Floats:
            given = np.where(present, column, 0.0) if has_holes else column
            sums: Floats = before + given[0]
            if count > 1:
                rows = np.concatenate([sums[np.newaxis], given[1:]])
                sums = sum_of_slots(rows[np.newaxis])[0]
            return sums

        volumes = values[:, VOLUME]
        own, has_own = self.own, self.has_own
        if values.shape[1] > len(FIELDS):
            knows = np.isfinite(values[:, VWAP])
            own = total(own, np.where(knows, volumes * values[:, VWAP], 0.0))
            has_own = has_own & (knows | ~present).all(axis=0)
        return Sums(
            open=np.where(self.bars > 0, self.open, first),
            high=np.fmax(self.high, values[0, HIGH] if count == 1 else np.fmax.reduce(values[:, HIGH])),
            low=np.fmin(self.low, values[0, LOW] if count == 1 else np.fmin.reduce(values[:, LOW])),
            last=last,
            volume=total(self.volume, volumes),
            typical=total(self.typical, volumes * ((values[:, HIGH] + values[:, LOW] + values[:, CLOSE]) / 3)),
            own=own,
            has_own=has_own,
            bars=self.bars + bars,
        )

    def vwap(self, *, has_own: bool) -> Floats:
        """Return the mean prices by volume: of the bars' own where all have one, else typical ones.

        Args:
            has_own: whether bars' own are kept at all.
        """
        traded = np.where(self.has_own, self.own, self.typical) if has_own else self.typical
        mean: Floats = np.divide(traded, self.volume, out=np.full_like(traded, np.nan), where=self.volume > 0)
        return mean
