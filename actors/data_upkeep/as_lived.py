"""What the store knows of how a day was lived, for who plays it: so, or as it is known today."""

from collections.abc import Sequence

import numpy as np

from actors.kernel.prints import KeepsPrints
from actors.market.axis import SessionAxis, axis_of
from messages.tables.columns import FIELDS, BarBatch, Mask, Prints, Stamps, Verdicts
from messages.values import FIRST_WITH_BAR, TradingSession, Verdict


def prints_of(store: KeepsPrints, session: TradingSession, symbols: Sequence[str] | None) -> Prints | None:
    """Return how a session was lived, in its minutes; only these symbols if any are named. ``None``: nobody knows.

    Raises:
        DataError: what the store has of it cannot be read.
    """
    prints = store.prints(session.calendar, session.date)
    if prints is None or prints.interval != session.base_interval:
        return None
    prints = prints if symbols is None else prints.only(symbols)
    inside: Mask = axis_of(session).slots_of(prints.start_ns) >= 0
    return prints if bool(inside.all()) else prints.where(inside)


def early(axis: SessionAxis, bars: BarBatch, verdicts: Verdicts, prints: Prints | None) -> Mask:
    """Return for each bar whether nobody had it, as it is, when its minute closed: late, fetched, or corrected since.

    Args:
        axis: of the session.
        bars: that lie in it.
        verdicts: theirs.
        prints: how the day was lived; without it their verdicts say.
    """
    told: Mask = verdicts != int(Verdict.STREAMED)  # numpy takes its time over an enum member
    if prints is None or not len(prints) or not len(bars):  # of who came later nobody wrote anything down
        return told
    place = {symbol: column for column, symbol in enumerate(bars.symbols)}
    columns = np.array([place.get(symbol, -1) for symbol in prints.symbols], dtype=np.int64)[prints.symbol_index]
    rows = np.flatnonzero((columns >= 0) & (prints.verdicts >= FIRST_WITH_BAR))
    last = np.full(axis.slots * len(bars.symbols), -1)  # by cell the row of what was known last
    last[axis.slots_of(prints.start_ns[rows]) * len(bars.symbols) + columns[rows]] = rows
    found = last[axis.slots_of(bars.start_ns) * len(bars.symbols) + bars.symbol_index]
    is_known = found >= 0
    closed_ns: Stamps = bars.start_ns + axis.step_ns + prints.grace_ns
    then, now = prints.values[: len(FIELDS), found], bars.values[: len(FIELDS)]
    is_other = ~((then == now) | (np.isnan(then) & np.isnan(now))).all(axis=0)
    mask: Mask = np.where(is_known, (prints.known_ns[found] > closed_ns) | is_other, told)
    return mask
