"""Sums over symbols' sessions: prices, volume, and how complete they are."""

import numpy as np

from actors.market.aggregate import sum_of_slots
from messages.columns import CLOSE, FIELDS, HIGH, LOW, OPEN, VOLUME, VWAP, Floats, Mask, Verdicts
from messages.replies import Quality, VerdictCounts
from messages.values import FIRST_WITH_BAR, Verdict


def percent(part: int, whole: int) -> float | None:
    """Return ``part`` of ``whole`` in percent; ``None`` of nothing."""
    return 100.0 * part / whole if whole else None


def qualities_of(verdicts: Verdicts, closed: int) -> list[Quality]:
    """Return the quality of each symbol's minutes.

    Args:
        verdicts: slots x symbols, in order of time; as stored, so never PENDING.
        closed: the first so many slots are closed.
    """
    over = _counted(verdicts[:closed])
    still_open = _counted(verdicts[closed:])
    return [_quality(*counts, closed) for counts in zip(over, still_open, strict=True)]


def _counted(verdicts: Verdicts) -> list[list[int]]:
    """Return for each symbol how many slots have each verdict."""
    counts: list[list[int]] = np.array(
        [np.count_nonzero(verdicts == verdict, axis=0) for verdict in range(Verdict.PENDING)]
    ).T.tolist()
    return counts


def _quality(over: list[int], still_open: list[int], closed: int) -> Quality:
    bars = sum(over[FIRST_WITH_BAR:])
    return Quality(
        completeness=percent(bars, closed),
        bar_quality=percent(bars + over[Verdict.NO_TRADE], closed),
        closed=closed,
        verdicts=VerdictCounts(
            pending=still_open[Verdict.MISSING],
            missing=over[Verdict.MISSING],
            streamed=over[Verdict.STREAMED] + still_open[Verdict.STREAMED],
            late=over[Verdict.LATE] + still_open[Verdict.LATE],
            filled=over[Verdict.FILLED] + still_open[Verdict.FILLED],
            corrected=over[Verdict.CORRECTED] + still_open[Verdict.CORRECTED],
            no_trade=over[Verdict.NO_TRADE] + still_open[Verdict.NO_TRADE],
            abandoned=over[Verdict.ABANDONED] + still_open[Verdict.ABANDONED],
        ),
    )


def sums_of(values: Floats, present: Mask) -> Floats:
    """Return open, high, low, last, vwap and volume of each symbol; without a bar NaN, and a volume of 0.

    The vwap is of the bars' own vwaps where all of them have one, else of their typical prices.

    Args:
        values: slots x fields x symbols, at least one slot; NaN where there is no bar.
        present: slots x symbols; whether there is a bar.

    Returns:
        six x symbols.
    """
    symbols = np.arange(present.shape[1])
    first, last = present.argmax(axis=0), len(present) - 1 - present[::-1].argmax(axis=0)
    price: Floats = (values[:, HIGH] + values[:, LOW] + values[:, CLOSE]) / 3
    if values.shape[1] > len(FIELDS):
        has_own = (np.isfinite(values[:, VWAP]) | ~present).all(axis=0)
        price = np.where(has_own, values[:, VWAP], price)
    volume = _total(values[:, VOLUME], present)
    traded = _total(values[:, VOLUME] * price, present)
    return np.stack(
        [
            values[first, OPEN, symbols],
            np.fmax.reduce(values[:, HIGH]),
            np.fmin.reduce(values[:, LOW]),
            values[last, CLOSE, symbols],
            np.divide(traded, volume, out=np.full_like(volume, np.nan), where=volume > 0),
            volume,
        ]
    )


def _total(column: Floats, present: Mask) -> Floats:
    total: Floats = sum_of_slots(np.where(present, column, 0.0)[np.newaxis])[0]
    return total
