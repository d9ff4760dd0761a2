"""Numbers and times as people read them: thousands apart, as many decimals as mean something, exchange time."""

import math
from collections.abc import Iterable
from datetime import date

from messages.values import Nanos, moment

NOTHING = "-"
"""What stands where there is no number."""

_FEWEST, _MOST = 2, 8
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def count(number: int) -> str:
    """Return ``1,234,567``."""
    return f"{number:,}"


def decimals_of(prices: Iterable[float | None]) -> int:
    """Return how many decimals show all of these prices as they were quoted: 2 to 8."""
    written = (f"{price:.{_MOST}f}".rstrip("0") for price in prices if price is not None)
    return max(_FEWEST, *(len(text.partition(".")[2]) for text in written), 0)


def price(value: float | None, decimals: int = _FEWEST) -> str:
    """Return a price with so many decimals."""
    return NOTHING if value is None else f"{value:,.{decimals}f}"


def volume(value: float) -> str:
    """Return whole units where they are whole, else three decimals."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.3f}"


def percent(share: float | None) -> str:
    """Return a number in percent as ``99.9 %``; never rounded up, so that 100.0 means that nothing is missing."""
    return NOTHING if share is None else f"{math.floor(10.0 * share) / 10.0:.1f} %"


def change(first: float | None, last: float | None) -> str:
    """Return how far a price has come, in percent, with its sign."""
    return NOTHING if first is None or last is None or first == 0.0 else f"{100.0 * (last - first) / abs(first):+.2f} %"


def milliseconds(value: float | None) -> str:
    """Return ``2.4 ms``."""
    return NOTHING if value is None else f"{value:,.1f} ms"


def duration(seconds: float | None) -> str:
    """Return ``30 s``, ``2.5 min``, ``1.2 h`` or ``881 days``."""
    if seconds is None:
        return NOTHING
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    if seconds < 7200.0:
        return f"{seconds / 60.0:.1f} min"
    return f"{seconds / 3600.0:.1f} h" if seconds < 172_800.0 else f"{seconds / 86_400.0:,.0f} days"


def rate(items: int, seconds: float | None) -> str:
    """Return how many a second, to about three figures: more would only be noise."""
    if not seconds:
        return NOTHING
    speed = items / seconds
    return f"{round(speed, min(2 - len(str(int(speed))) + 1, 0)):,.0f}"


def clock(instant_ns: Nanos, tz: str) -> str:
    """Return the time of day in a zone: ``09:30``."""
    return f"{moment(instant_ns, tz):%H:%M}"


def iso(instant_ns: Nanos, tz: str) -> str:
    """Return an instant in a zone with its offset: ``2024-07-02T09:30:00-04:00``."""
    return moment(instant_ns, tz).isoformat()


def zone(instant_ns: Nanos, tz: str) -> str:
    """Return what a zone is called at an instant: ``EDT``."""
    return moment(instant_ns, tz).tzname() or tz


def span(start_ns: Nanos, end_ns: Nanos, tz: str) -> str:
    """Return a half-open span in a zone: ``09:30-16:00``; midnight at its end is ``24:00``."""
    end = clock(end_ns, tz)
    return f"{clock(start_ns, tz)}-{'24:00' if end == '00:00' else end}"


def weekday(day: str) -> str:
    """Return ``Tue 2024-07-02``."""
    return f"{_WEEKDAYS[date.fromisoformat(day).weekday()]} {day}"
