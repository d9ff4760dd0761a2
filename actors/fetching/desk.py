"""Where days are looked up before somebody is asked for what they lack, and written when it came."""

from threading import Lock
from typing import Protocol

import msgspec

from actors.fetching.came import Came
from actors.fetching.lacking import Day, day_of
from actors.fetching.writing import write
from actors.kernel.ports import BarStore
from messages.certificates import SessionCertificate
from messages.values import Nanos, TradingSession


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known of a session."""

    session: TradingSession
    symbols: tuple[str, ...]
    is_abandoned_too: bool
    """Whether minutes count as lacking that were abandoned before."""
    is_market: bool
    """Whether the symbols are all that there are bars of, which is news even where nothing is lacking."""
    now_ns: Nanos


class Stands(msgspec.Struct, frozen=True):
    """What a day's certificate says of it."""

    bar_quality: float | None


class Desk(Protocol):
    """Reads and writes days; several threads may come to it, each with a day of its own."""

    hands: int
    """How many days it works on at the same time."""

    def look(self, look: Look) -> Day | None:
        """Return what there is; ``None``: nothing is lacking, and that is certified.

        Raises:
            DataError: it cannot be read.
        """
        ...

    def write(self, came: Came, now_ns: Nanos) -> Stands | None:
        """Write what came of a session; return how it is certified by now.

        Raises:
            StoreLocked: another process is writing to the store.
            DataError: the store cannot be read or written, or holds bars of another length.
        """
        ...


class OwnDesk:
    """That of this process: one day is written after the other.

    Args:
        store: where days lie.
    """

    hands = 1

    def __init__(self, store: BarStore) -> None:
        self._store = store
        self._writing = Lock()
        self._certificates: dict[tuple[str, str], SessionCertificate | None] = {}
        """Of days that were looked up and are not written yet."""

    def look(self, look: Look) -> Day | None:
        """As ``Desk`` says."""
        day, certificate = day_of(self._store, look.session, look.symbols)
        if (
            not look.is_market
            and day.is_certified
            and not day.is_untold
            and not day.lacks(look.now_ns, is_abandoned_too=look.is_abandoned_too)
        ):
            return None
        self._certificates[look.session.calendar, look.session.date] = certificate
        return day

    def write(self, came: Came, now_ns: Nanos) -> Stands | None:
        """As ``Desk`` says; of a day that was looked up elsewhere too."""
        calendar, date = came.session.calendar, came.session.date
        if (calendar, date) not in self._certificates:
            self._certificates[calendar, date] = self._store.certificate(calendar, date)
        old = self._certificates.pop((calendar, date))
        with self._writing:
            stands = write(self._store, came, old, now_ns) or old
        return None if stands is None else Stands(stands.bar_quality)
