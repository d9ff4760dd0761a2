"""Sums over a symbol's session: prices, volume, and how complete it is."""

import math

import numpy as np

from actors.market.aggregate import vwap
from messages.columns import CLOSE, FIELDS, HIGH, LOW, OPEN, VOLUME, VWAP, Floats, Mask, Verdicts
from messages.replies import Quality, VerdictCounts
from messages.values import FIRST_WITH_BAR, Verdict


def percent(part: int, whole: int) -> float | None:
    """Return ``part`` of ``whole`` in percent; ``None`` of nothing."""
    return 100.0 * part / whole if whole else None


def quality_of(verdicts: Verdicts, closed: int) -> Quality:
    """Return the quality of minutes in order of time, for one symbol or several.

    Args:
        verdicts: slots, or slots x symbols; as stored, so never PENDING.
        closed: the first so many slots are closed.
    """
    over, open_ = verdicts[:closed], verdicts[closed:]
    counts = np.bincount(verdicts[verdicts != Verdict.MISSING], minlength=Verdict.PENDING).tolist()
    missing = int((over == Verdict.MISSING).sum())
    bars = int((over >= FIRST_WITH_BAR).sum())
    no_trade = int((over == Verdict.NO_TRADE).sum())
    return Quality(
        completeness=percent(bars, over.size),
        bar_quality=percent(bars + no_trade, over.size),
        closed=int(over.size),
        verdicts=VerdictCounts(
            pending=int((open_ == Verdict.MISSING).sum()),
            missing=missing,
            streamed=counts[Verdict.STREAMED],
            late=counts[Verdict.LATE],
            filled=counts[Verdict.FILLED],
            corrected=counts[Verdict.CORRECTED],
            no_trade=counts[Verdict.NO_TRADE],
            abandoned=counts[Verdict.ABANDONED],
        ),
    )


def prices_of(values: Floats, present: Mask) -> tuple[float | None, ...]:
    """Return open, high, low, last and vwap of one symbol's slots (slots x fields); ``None`` without a bar."""
    bars = values[present]
    if len(bars) == 0:
        return (None,) * 5
    price = (bars[:, HIGH] + bars[:, LOW] + bars[:, CLOSE]) / 3
    if bars.shape[1] > len(FIELDS) and bool(np.isfinite(bars[:, VWAP]).all()):
        price = bars[:, VWAP]
    mean = float(vwap(bars[:, VOLUME], price))
    return (
        float(bars[0, OPEN]),
        float(bars[:, HIGH].max()),
        float(bars[:, LOW].min()),
        float(bars[-1, CLOSE]),
        None if math.isnan(mean) else mean,
    )
