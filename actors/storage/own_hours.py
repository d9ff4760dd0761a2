"""Hours and days that a store's owner knows better than any calendar: ``special_sessions.toml``.

It lies beside the store's folder, or in it as ``_special_sessions.toml``; what is in the store goes before. A table for
each calendar, a line for each date, and calendars of one's own under ``calendars``::

    [XKRX]
    2024-11-14 = "10:00-16:30"
    2024-11-15 = "closed"

    [XKRX.2024-11-18]
    open = "10:00"
    close = "16:30"
    breaks = ["12:00-13:00"]

    [calendars.MINE]
    tz = "Asia/Shanghai"
    days = "XSHG"
    segments = ["09:00-10:15", "10:30-11:30", "13:30-15:00"]
    night = ["21:00-23:00"]
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from actors.kernel.ports import KnowsHours
from actors.market.calendar import Calendar
from actors.market.hours.own import NOTHING_OWN, OwnHours
from messages.errors import UNREADABLE, SettingsError

FILE = "special_sessions.toml"


def read_own_hours(root: Path) -> OwnHours:
    """Return what lies in and beside a store's folder; nothing where there is no file.

    Raises:
        SettingsError: a file cannot be read, or something in it makes no sense; names the file.
    """
    found = NOTHING_OWN
    for path in (root / f"_{FILE}", root / FILE, root.absolute().parent / FILE):
        found = found.over(_read(path))
    return found


def _read(path: Path) -> OwnHours:
    try:
        raw = msgspec.toml.decode(path.read_bytes().decode("utf-8-sig"))  # some editors begin it with a mark
        calendars, as_in_settings = raw.pop("calendars", {}), _tables(raw.pop("special_sessions", {}))
        return OwnHours.read(_tables(raw) | as_in_settings, calendars)
    except (FileNotFoundError, NotADirectoryError):
        return NOTHING_OWN
    except (OSError, *UNREADABLE, SettingsError) as error:
        raise SettingsError(f"{path}: {error}") from error


def _tables(raw: Any) -> dict[str, Any]:
    tables: dict[str, Any] = raw if isinstance(raw, dict) else {"special_sessions": raw}
    for name, days in tables.items():
        if not isinstance(days, dict):
            raise SettingsError(f"{name} stands alone: a day stands under the calendar that it is of, as [XKRX]")
    return tables


class Calendars:
    """Calendars by their names, each made once, from any thread.

    Args:
        own: what goes before them; asked when the first one is made.
        made: those that are made already, in other hours than usual.
    """

    def __init__(
        self, own: Callable[[], OwnHours] = lambda: NOTHING_OWN, made: Mapping[str, Calendar] | None = None
    ) -> None:
        self._own = own
        self._made = dict(made or {})
        self._making = Lock()

    @classmethod
    def of(cls, store: object) -> "Calendars":
        """Return those of a store, with the hours that it knows."""
        return cls(store.own_hours) if isinstance(store, KnowsHours) else cls()

    def __reduce__(self) -> tuple[Any, ...]:
        with self._making:
            return _rebuilt, (self._own(), dict(self._made))

    def __call__(self, name: str) -> Calendar:
        """Return a calendar.

        Raises:
            SettingsError: nobody knows it, or the hours of one's own make no sense.
        """
        with self._making:
            if name not in self._made:
                self._made[name] = Calendar(name, own=self._own())
            return self._made[name]


def _rebuilt(own: OwnHours, made: Mapping[str, Calendar]) -> Calendars:
    return Calendars(lambda: own, made)
