"""The nouns that messages are made of. Times are nanoseconds since the epoch, UTC; spans are half-open."""

import enum
import re
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from messages.errors import SettingsError, shown
from messages.tables.notebook import Reply

Nanos: TypeAlias = int
"""An instant in nanoseconds since the epoch, UTC; or a duration in nanoseconds."""

SECOND_NS: Nanos = 1_000_000_000
MINUTE_NS: Nanos = 60 * SECOND_NS
DAY_NS: Nanos = 86_400 * SECOND_NS


def moment(instant_ns: Nanos, tz: str) -> datetime:
    """Return the aware datetime of an instant in a zone (microseconds: nanoseconds below that are cut)."""
    seconds, nanos = divmod(instant_ns, SECOND_NS)
    whole = datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanos // 1000)
    return whole.astimezone(ZoneInfo(tz))


class Verdict(enum.IntEnum):
    """What is known about one expected minute of one symbol. The numbers are what planes and files hold."""

    MISSING = 0
    """Closed, and nothing came."""
    ABANDONED = 1
    """Asked for until the retries ran out."""
    NO_TRADE = 2
    """The upstream confirmed that there is no bar, or a feed that its symbol was halted."""
    FILLED = 3
    """Fetched afterwards."""
    STREAMED = 4
    """Arrived in time."""
    LATE = 5
    """Arrived by the stream after its minute was closed."""
    CORRECTED = 6
    """Replaced by a message that says it is a correction."""
    IN_PART = 7
    """Folded from a part of its trades: the feed was not connected throughout, and nobody has said what is right."""
    PENDING = 8
    """Not closed yet, and nothing came; only ever read, never stored."""


FIRST_WITH_BAR = int(Verdict.FILLED)
"""A cell holds a bar exactly when its stored verdict is at least this."""


_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MOST_DAYS, _MOST_WEEKS = 6, 52


class Interval(msgspec.Struct, frozen=True, kw_only=True, order=True, gc=False):
    """The length of a bar. ``1d`` is not 24 hours but the regular hours of one session.

    Longer ones are made of daily bars. ``1w`` is a calendar week from Monday on, ``4w`` four of them; ``2d`` to ``6d``
    are so many weekdays, in a market round the clock (``24/7``) so many days. All are counted from Monday 1970-01-05,
    holidays included, so that bars do not depend on how much was loaded (as pandas' ``origin="epoch"`` does it).
    """

    seconds: int

    @classmethod
    def parse(cls, given: object) -> "Interval":
        """Read ``"5m"``, ``"90m"``, ``"1h"``, ``"1d"``, ``"1w"``, or a ``timedelta``, pandas' or NumPy's too.

        Raises:
            SettingsError: what is given is no interval, or one of more than a day that is none of those above.
        """
        seconds = _seconds_of(given)
        if isinstance(given, str) and given.strip().endswith("M"):
            raise SettingsError(f"{shown(given)} is so many months to others; minutes are written 1m, 5m")
        if seconds is None or seconds <= 0:
            raise SettingsError(f"{shown(given)} is no interval; write it as 1m, 5m, 1h or 1d")
        if seconds > _UNIT_SECONDS["d"] and not _is_long(seconds):
            raise SettingsError(f"interval {shown(given)} is none: more than one day are 2d to 6d, and 1w to 52w")
        return given if isinstance(given, Interval) else cls(seconds=seconds)

    @property
    def is_daily(self) -> bool:
        """Whether one bar spans the whole session."""
        return self.seconds == _UNIT_SECONDS["d"]

    @property
    def is_long(self) -> bool:
        """Whether one bar spans several sessions."""
        return self.seconds > _UNIT_SECONDS["d"]

    @property
    def weeks(self) -> int:
        """How many calendar weeks it is; 0 where it is counted in days or less."""
        return 0 if self.seconds % _UNIT_SECONDS["w"] else self.seconds // _UNIT_SECONDS["w"]

    @property
    def sessions(self) -> int:
        """How many sessions a bar spans at most: 7 a week; 1 where it is no longer than a session."""
        return max(1, self.seconds // _UNIT_SECONDS["d"])

    @property
    def span_ns(self) -> Nanos:
        """The length in nanoseconds (nominal for ``1d`` and longer)."""
        return self.seconds * SECOND_NS

    def __str__(self) -> str:
        for unit in "wdhm":
            if self.seconds % _UNIT_SECONDS[unit] == 0:
                return f"{self.seconds // _UNIT_SECONDS[unit]}{unit}"
        return f"{self.seconds}s"


def _is_long(seconds: int) -> bool:
    days, rest = divmod(seconds, _UNIT_SECONDS["d"])
    return not rest and (days <= _MOST_DAYS or (days % 7 == 0 and days // 7 <= _MOST_WEEKS))


def _seconds_of(given: object) -> int | None:
    """Return a length in whole seconds; ``None``: it is none."""
    if isinstance(given, str):
        found = re.fullmatch(r"\s*(\d{1,9})\s*(s|m|min|h|d|w)\s*", given.lower())
        return None if found is None else int(found[1]) * _UNIT_SECONDS[found[2][0]]
    if isinstance(given, Interval):
        return given.seconds if type(given.seconds) is int else None
    if isinstance(given, np.timedelta64) and not np.isnat(given):
        try:
            short = given.astype("timedelta64[us]")
            given = short.item() if bool(short == given) else None
        except TypeError:  # months and years are of no length
            return None
    if isinstance(given, timedelta):
        return None if given % timedelta(seconds=1) else given // timedelta(seconds=1)
    return None


ONE_MINUTE = Interval(seconds=60)
ONE_DAY = Interval(seconds=86_400)


class SegmentKind(enum.IntEnum):
    """Which part of the day; a lunch break makes two ``REGULAR`` segments, morning and afternoon."""

    PRE_MARKET = 0
    REGULAR = 1
    POST_MARKET = 2
    OUTSIDE = 3
    """In no segment: stored, marked, never in the grid."""


class Segment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An unbroken run of expected minutes, ``[start_ns, end_ns)``; intervals are anchored at its start."""

    kind: SegmentKind
    start_ns: Nanos
    end_ns: Nanos


class TradingSession(Reply, frozen=True, kw_only=True, gc=False):
    """One session of one calendar: its label and its segments in order of time.

    Where the house speaks of a session's minutes it means its base bars: a second is one where they are of ``1s``.
    """

    calendar: str
    date: str
    """The calendar's label, ISO: the UTC day for 24/7, the trade date for futures."""
    tz: str
    """The exchange's zone (IANA)."""
    segments: tuple[Segment, ...]
    base_interval: Interval = ONE_MINUTE
    """The length of its base bars: whole seconds, of which a minute is a multiple."""

    @property
    def start_ns(self) -> Nanos:
        """Start of the first segment, extended hours included."""
        return self.segments[0].start_ns

    @property
    def end_ns(self) -> Nanos:
        """End of the last segment, extended hours included."""
        return self.segments[-1].end_ns

    @property
    def regular(self) -> tuple[Segment, ...]:
        """The segments between open and close."""
        return tuple(s for s in self.segments if s.kind is SegmentKind.REGULAR)

    @property
    def open_ns(self) -> Nanos:
        """The regular open."""
        return self.regular[0].start_ns

    @property
    def close_ns(self) -> Nanos:
        """The regular close."""
        return self.regular[-1].end_ns

    @property
    def expected_minutes(self) -> int:
        """Regular minutes of the session: one for each base bar."""
        return sum(s.end_ns - s.start_ns for s in self.regular) // self.base_interval.span_ns


class Bar(Reply, frozen=True, kw_only=True, gc=False):
    """One bar. It is labelled by the start of its interval and becomes known at its end."""

    symbol: str
    start_ns: Nanos
    open: float
    high: float
    low: float
    close: float
    volume: float
    vwap: float | None = None
    trades: float | None = None
    interval: Interval = ONE_MINUTE
    end_ns: Nanos = 0
    """Filled in by replies (a clipped or daily bar ends where its session says); 0 means start + interval."""
    verdict: Verdict = Verdict.STREAMED
    base_count: int = 1
    """How many base bars it is made of, of ``base_expected``."""
    base_expected: int = 1
    is_partial: bool = False
    """Still forming when it was read."""
    revision: int = 0
    tz: str = "UTC"

    @property
    def is_complete(self) -> bool:
        """Whether every base minute is in it."""
        return not self.is_partial and self.base_count == self.base_expected

    @property
    def known_ns(self) -> Nanos:
        """When the bar becomes known: its end."""
        return self.end_ns or self.start_ns + self.interval.span_ns

    @property
    def start(self) -> datetime:
        """The start as an aware datetime in exchange time."""
        return moment(self.start_ns, self.tz)

    @property
    def end(self) -> datetime:
        """The end as an aware datetime in exchange time."""
        return moment(self.known_ns, self.tz)


class Quote(Reply, frozen=True, kw_only=True, gc=False):
    """The best bid and offer at an instant; sizes in units of the instrument."""

    symbol: str
    at_ns: Nanos
    bid: float
    ask: float
    bid_size: float = 0.0
    ask_size: float = 0.0

    @property
    def is_crossed(self) -> bool:
        """Whether the bid is above the ask: venues that have not met, or a quote in error; it is kept as it came."""
        return self.bid > self.ask


class Tick(Reply, frozen=True, kw_only=True, gc=False):
    """One trade."""

    symbol: str
    at_ns: Nanos
    price: float
    size: float
    conditions: str = ""
    """Sale conditions in the feed's own codes, separated by spaces."""
    tape: str = ""
    """Of US stocks, on which codes depend: ``A`` and ``B`` are CTA's, ``C`` is UTP's; empty: not told."""


class Gap(Reply, frozen=True, kw_only=True, gc=False):
    """A run of missing minutes ``[start_ns, end_ns)`` that these symbols have in common."""

    symbols: tuple[str, ...]
    start_ns: Nanos
    end_ns: Nanos


class VerdictRun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run of minutes ``[start_ns, end_ns)`` of one symbol that are NO_TRADE or ABANDONED; it may span a break."""

    symbol: str
    verdict: Verdict
    start_ns: Nanos
    end_ns: Nanos
    source: str
    """Who said so, or who was asked in vain."""


class BarField(enum.StrEnum):
    """A number that bars have; in the order in which their columns stand."""

    OPEN = "open"
    HIGH = "high"
    LOW = "low"
    CLOSE = "close"
    VOLUME = "volume"
    VWAP = "vwap"
    """Kept where ``rules.keep_extra`` says so."""
    TRADES = "trades"
    """Likewise."""


class Fill(enum.StrEnum):
    """What stands in a window for a minute without a bar; nothing is ever filled in the session itself."""

    FORWARD = "forward"
    """The close before it, with volume 0."""


class SystemState(enum.StrEnum):
    """What the whole system is doing."""

    STOPPED = "stopped"
    RUNNING = "running"
    PAUSED = "paused"
    ERROR = "error"


class Health(enum.StrEnum):
    """How the whole system is, in one word."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """It goes on, and something is wrong."""
    ERROR = "error"
    """It has failed."""


class Mode(enum.StrEnum):
    """Whose clock: the tape's or the world's."""

    BACKTEST = "backtest"
    LIVE = "live"


class Pace(enum.StrEnum):
    """Whether a backtest waits for its subscribers minute by minute."""

    LOCKSTEP = "lockstep"
    FREE = "free"


class Seen(enum.StrEnum):
    """What a backtest shows of a recorded day."""

    AS_KNOWN = "as-known"
    """Every bar at the end of its minute, as it is known today."""
    AS_LIVED = "as-lived"
    """What came, when it came: late bars late, first prints first, fills and corrections when they came."""


class Durability(enum.StrEnum):
    """How safe what comes on a live day is before it counts as taken."""

    COMMIT = "commit"
    """Written to its journal: it survives the end of the process, at any moment."""
    FSYNC = "fsync"
    """On the disk: it survives a power cut."""
    OFF = "off"
    """There is no journal: what came since the day was last written to the store is lost with the process."""


class Policy(enum.StrEnum):
    """What happens when a subscriber's bounded queue is full."""

    BLOCK = "block"
    DROP_OLDEST = "drop_oldest"
    DISCONNECT = "disconnect"


class Room(enum.StrEnum):
    """The rooms, and the stores that are opened before them; in start order."""

    STORES = "stores"
    SESSION_DATA = "session_data"
    DATA_UPKEEP = "data_upkeep"
    STREAM_COORDINATOR = "stream_coordinator"
    SYSTEM_MANAGER = "system_manager"
