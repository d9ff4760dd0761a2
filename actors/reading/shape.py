"""What the columns of rows without a header are, where their cells show it.

Recognised are, after an optional symbol (and the period of a minute) or count of the rows, a stamp or a date and a
clock's time, then open, high, low and close, and perhaps a volume and one more: MetaTrader 4's history, what
``to_csv(header=False)`` writes, Kraken's OHLCVT, Indian vendors' files with the symbol first. The prices must stand to
each other as those four do.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import isnan

from actors.reading import stamps
from actors.reading.spelling import moments
from actors.reading.spelling.header import CLOCK, DATE, STAMP, SYMBOL
from actors.reading.spelling.numerals import numerals_of, value_of
from actors.reading.stamps import StampForm

_DATE = re.compile(
    r"(?:19|20)\d{6}|\d{4}(?P<one>[-/.])\d{1,2}(?P=one)\d{1,2}|\d{1,2}(?P<two>[-/.])\d{1,2}(?P=two)(?:\d{4}|\d\d)"
    r"|\d{1,2}[- ][A-Za-z]{3}[- ]\d{2,4}"
)
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d([.,]\d+)?)?( ?[AaPp][Mm])?")
_DIGITS_CLOCK = re.compile(r"\d{1,6}")
_STAMP = re.compile(rf"({_DATE.pattern})( +|T)({_CLOCK.pattern}|\d{{4}}|\d{{6}})|(19|20)\d{{10}}(\d\d)?")
_ONE_MINUTE = re.compile(r"M?1|1 ?m(in)?", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z\d._:/^=&!+ -]*[A-Za-z][A-Za-z\d._:/^=&!+ -]*|\d{3,6}")
_PRICES = ("open", "high", "low", "close")
_MOST_TRAILING = 2
_SOUND_SHARE = 0.9
_SEEN = 200
_ROUNDED = 1.001
_FEW_STEPS, _MUCH = 5, 3.0
_LETTER = re.compile(r"[A-Za-z]")
_SINCE_1970 = (StampForm.EPOCH, StampForm.EPOCH_FRACTION)


def columns_of(rows: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """Return the role of each column, empty where it is none, or ``None`` where the rows do not show it."""
    if not rows:
        return None
    width = Counter(map(len, rows[:_SEEN])).most_common(1)[0][0]
    even = [row for row in rows[:_SEEN] if len(row) == width]
    if len(rows[0]) != width:
        return None
    columns = list(zip(*even, strict=True))
    if not columns:
        return None
    filled = width - 1 if not any(columns[-1]) else width
    begins = _beginning(columns[:filled]) if filled else ()
    trailing = filled - len(begins) - len(_PRICES)
    if not begins or not 0 <= trailing <= _MOST_TRAILING:
        return None
    prices = columns[len(begins) : len(begins) + len(_PRICES)]
    others = columns[len(begins) + len(_PRICES) : filled]
    if not _are_prices(prices, others) or _are_turned_round(columns[: len(begins)], prices):
        return None
    is_epoch = begins[-1] == STAMP and stamps.form_of(columns[len(begins) - 1][0]) in _SINCE_1970
    tail = ("volume", "trades" if is_epoch else "")[:trailing]
    if trailing == _MOST_TRAILING:
        tail = _of_money(prices, others) or tail
    return (*begins, *_PRICES, *tail, *("",) * (width - filled))


def told(columns: Sequence[str]) -> str:
    """Return the roles of columns as a user would name them."""
    return ", ".join({CLOCK: "time", "": "-"}.get(role, role) for role in columns)


def _beginning(columns: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the roles of what comes before the prices, ending with the time; nothing where there is none."""
    leads: list[tuple[str, ...]] = [()]
    if _counts_up(columns[0]):
        leads.append(("",))
    if all(map(_WORD.fullmatch, columns[0])):
        is_period = len(columns) > 1 and all(map(_ONE_MINUTE.fullmatch, columns[1]))
        leads += [(SYMBOL,), (SYMBOL, "")] if is_period else [(SYMBOL,)]
    return next(((*lead, *times) for lead in leads if (times := _times(columns[len(lead) :]))), ())


def _times(columns: Sequence[Sequence[str]]) -> tuple[str, ...]:
    if columns and all(map(_is_stamp, columns[0])):
        return (STAMP,)
    is_split = len(columns) > 1 and all(map(_is_date, columns[0])) and _is_clock(columns[1])
    return (DATE, CLOCK) if is_split else ()


def _counts_up(cells: Sequence[str]) -> bool:
    """Return whether cells are the numbers of the rows, from 0 or 1: an index that was written along."""
    return cells[0] in ("0", "1") and list(cells) == [str(int(cells[0]) + place) for place in range(len(cells))]


def _is_stamp(cell: str) -> bool:
    return stamps.form_of(cell) is not StampForm.TEXT or _STAMP.fullmatch(moments.plain(cell)) is not None


def _is_date(cell: str) -> bool:
    return _DATE.fullmatch(moments.plain(cell)) is not None


def _is_clock(cells: Sequence[str]) -> bool:
    if all(map(_CLOCK.fullmatch, cells)):
        return True
    return all(map(_DIGITS_CLOCK.fullmatch, cells)) and all(
        int(cell.zfill(4)[-2:]) < 60 and int(cell.zfill(6)[:2]) < 24 for cell in cells
    )


def _are_prices(prices: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> bool:
    marks = numerals_of((cell for column in (*prices, *others) for cell in column), divided_by_commas=False)
    numbers = [[value_of(cell, marks) for cell in column] for column in (*prices, *others)]
    bars = [bar for bar in zip(*numbers, strict=True) if not any(map(isnan, bar[: len(_PRICES)]))]
    if not bars or len(bars) < _SOUND_SHARE * len(prices[0]):
        return False
    sound = sum(bar[2] <= min(bar[0], bar[3]) and bar[1] >= max(bar[0], bar[3]) for bar in bars)
    return sound >= _SOUND_SHARE * len(bars) and not _is_a_price(bars)


def _of_money(prices: Sequence[Sequence[str]], others: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the roles of two columns of which one is what the other comes to."""
    _, highs, lows, _ = prices
    if is_money_of(highs, lows, others[0], others[1]):
        return ("volume", "")
    return ("", "volume") if is_money_of(highs, lows, others[1], others[0]) else ()


def is_money_of(
    highs: Sequence[str], lows: Sequence[str], volumes: Sequence[str], money: Sequence[str], comma: str = ""
) -> bool:
    """Return whether a column is what the volume in another comes to: more than at the low, less than at the high.

    Args:
        highs: the cells of the bars' highs.
        lows: those of their lows.
        volumes: those of what may be the volume.
        money: those of what it may come to.
        comma: what divides the cells of a line, if that is known.
    """
    columns = (highs, lows, volumes, money)
    marks = numerals_of((cell for column in columns for cell in column), divided_by_commas=comma == ",")
    rows = zip(*([value_of(cell, marks) for cell in column] for column in columns), strict=True)
    traded = [row for row in rows if row[2] > 0 and row[3] > 0]
    within = [low * volume <= paid * _ROUNDED <= high * volume * _ROUNDED**2 for high, low, volume, paid in traded]
    return len(traded) > 1 and sum(within) >= _SOUND_SHARE * len(traded)


def _are_turned_round(times: Sequence[Sequence[str]], prices: Sequence[Sequence[str]]) -> bool:
    """Return whether close and open stand in each other's place: a minute opens near the close of the one before."""
    marks = numerals_of((cell for column in prices for cell in column), divided_by_commas=False)
    opens, closes = ([value_of(cell, marks) for cell in prices[place]] for place in (0, 3))
    stamps_of = [" ".join(cells) for cells in zip(*times[-2:], strict=True)]
    later = sum((two > one) - (two < one) for one, two in pairwise(stamps_of))
    lines = list(zip(times[0] if len(times) > 1 else opens, opens, closes, strict=True))[:: 1 if later > 0 else -1]
    is_of_symbols = len(times) > 1 and any(map(_LETTER.search, times[0]))
    steps = [
        (abs(opened - last), abs(closed - first))
        for (who, first, last), (whose, opened, closed) in pairwise(lines)
        if who == whose or not is_of_symbols
    ]
    steps = [step for step in steps if not any(map(isnan, step))]
    onward, turned = (sum(step[place] for step in steps) for place in (0, 1))
    return later != 0 and len(steps) >= _FEW_STEPS and onward > _MUCH * turned


def _is_a_price(bars: Sequence[Sequence[float]]) -> bool:
    """Return whether what should be the volume always lies within the bar, as an adjusted close or a vwap does."""
    has_volume = len(bars[0]) > len(_PRICES)
    return has_volume and len(bars) > 1 and all(bar[2] <= bar[4] <= bar[1] for bar in bars)
