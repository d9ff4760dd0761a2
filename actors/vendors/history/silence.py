"""Whether a vendor's silence about a minute can be believed: only where what lies around it makes it plausible.

Vendors lose minutes: a name with a hundred trades a minute lacks one, and another name the same one (massive-com
client-python issue 1028). So a minute without a row was not traded only if its symbol trades thinly around it, and if
no more symbols are silent with it than would be by chance. What is not believed is left open, for others to fill.
"""

import numpy as np

from messages.tables.columns import Floats, Indices, Mask

REACH = 10
"""Minutes to either side that are looked at."""
_NEAR = 5
_THIN = 10.0
"""Trades a minute on average: with fewer around it a minute without any is no wonder."""
_ENOUGH = 10
"""Neighbours that must be in view before all of them having bars tells something."""
_SIGMAS = 6.0


def believed(has_bar: Mask, trades: Floats, is_in_view: Mask) -> Mask:
    """Return which minutes without a row were not traded.

    Args:
        has_bar: minutes x symbols; whether there is a row.
        trades: how many trades each row is made of, NaN where that is not told.
        is_in_view: the minutes that were asked for, one after the other; of the others nothing is known.
    """
    view = is_in_view[:, np.newaxis]
    has_bar = has_bar & view
    silent: Mask = ~has_bar & view & has_bar.any(axis=0)  # one that never shows may be unknown to the vendor
    plausible = silent & _is_thin(has_bar, trades, is_in_view)
    return plausible & ~_are_too_many(has_bar, silent, is_in_view)[:, np.newaxis]


def _is_thin(has_bar: Mask, trades: Floats, is_in_view: Mask) -> Mask:
    """Return where few trades around a minute make one without any plausible."""
    is_counted = has_bar & ~np.isnan(trades)
    near = np.maximum(_around(is_in_view[:, np.newaxis], _NEAR), 1)
    mean = _around(np.where(is_counted, trades, 0.0), _NEAR) / near
    wide = _around(is_in_view[:, np.newaxis], REACH)
    is_gapless = (_around(has_bar, REACH) == wide) & (wide >= _ENOUGH)
    is_uncounted = ~is_counted.any(axis=0)
    thin: Mask = np.where(is_uncounted, ~is_gapless, mean < _THIN)
    return thin & (near > 0)


def _are_too_many(has_bar: Mask, silent: Mask, is_in_view: Mask) -> Mask:
    """Return the minutes at which more symbols are silent together than by chance."""
    shown = has_bar.any(axis=0)
    views = _around(is_in_view[:, np.newaxis], REACH)
    chance = (_around(silent, REACH) + 0.5) / (views + 1)
    expected = (chance * shown).sum(axis=1)
    together = silent.sum(axis=1)
    too_many: Mask = (together > 1) & (together > expected + _SIGMAS * np.sqrt(expected))
    return too_many


def _around(plane: Mask | Floats | Indices, reach: int) -> Floats:
    """Return the sum over so many minutes to either side, without the minute itself."""
    total = np.cumsum(plane, axis=0, dtype=np.float64)
    total = np.concatenate([np.zeros((1, plane.shape[1])), total])
    rows = np.arange(len(plane))
    first, end = np.maximum(rows - reach, 0), np.minimum(rows + reach + 1, len(plane))
    around: Floats = total[end] - total[first] - plane
    return around
