"""Which bars a program asks a store for that is read without a system."""

from copy import copy
from datetime import date, timedelta

from actors.kernel.ask import arguments as take
from messages.errors import SettingsError, shown
from messages.tables.columns import Mask, Stamps
from messages.values import Nanos, moment

_NEVER = "9999-12-31"


class AskedSpan:
    """From where to where bars are wanted: sessions by their dates, and instants at which bars start.

    Args:
        start: a date, whose session is the first, or an instant at which the first bar may start; ``None``: any.
        end: a date, whose session is the last, or an instant before which bars start; ``None``: any.

    Raises:
        SettingsError: these are no moments, or the range ends before it starts.
    """

    def __init__(self, start: object, end: object) -> None:
        self.first, self.start_ns = _bound(start, "start", -1, ("", -(1 << 63)))
        self.last, self.end_ns = _bound(end, "end", 1, (_NEVER, (1 << 63) - 1))
        if self.first > self.last or self.start_ns > self.end_ns:
            raise SettingsError(f"the range ends at {shown(end)}, before it starts at {shown(start)}")

    def widened(self, sessions: int) -> "AskedSpan":
        """Return the span with room for a bar of so many sessions before and after it."""
        days = timedelta(days=2 * sessions + 7)
        wide = copy(self)
        wide.first = (date.fromisoformat(self.first) - days).isoformat() if self.first else ""
        wide.last = (date.fromisoformat(self.last) + days).isoformat() if self.last < _NEVER else _NEVER
        wide.start_ns, wide.end_ns = -(1 << 63), (1 << 63) - 1
        return wide

    def holds(self, starts_ns: Stamps) -> Mask:
        """Return which bars start inside."""
        inside: Mask = (starts_ns >= self.start_ns) & (starts_ns < self.end_ns)
        return inside


def _bound(given: object, name: str, days: int, default: tuple[str, Nanos]) -> tuple[str, Nanos]:
    """Return the first or last date whose session may be meant, and the instant that bounds the bars."""
    if given is None:
        return default
    found = take.moment(given, name)
    if isinstance(found, str):
        if ":" in found:
            raise SettingsError(f"{name}: {found} is of no day; give a date, or an instant with its zone")
        return found, default[1]
    # A session's date may be the day after that of its first minute.
    return (moment(found, "UTC").date() + timedelta(days=2 * days)).isoformat(), found
