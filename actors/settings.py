"""Everything that can be set, with its defaults: frozen structs, checked when they are made."""

import math
import os
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from actors.market.calendar import ExtendedHours
from actors.market.faults import Faults
from actors.market.hours.own import OwnCalendar, OwnHours, Special
from actors.market.sale_conditions import OF_THE_FEED, sale_rules
from actors.market.validate import may_be_negative
from actors.reading.spelling import written
from actors.reading.spelling.addresses import check_place
from messages.errors import UNREADABLE, SettingsError, shown
from messages.values import ONE_MINUTE, Durability, Interval, Mode, Pace, Seen

E = TypeVar("E", bound=StrEnum)

_MOST = 1e9
"""In seconds thirty years: nobody waits longer, and the computer's locks cannot."""
_LISTS = ("symbols", "fill_from", "closed")
DEFAULT_INTERVALS = tuple(Interval.parse(text) for text in ("5m", "15m", "30m", "1h", "1d"))


def _length(given: object) -> Interval:
    if isinstance(given, Interval) and type(given.seconds) is int:
        return given
    return Interval.parse(given)


def _lengths(given: object) -> tuple[Interval, ...]:
    """Return lengths of bars: several, or one."""
    if isinstance(given, (str, bytes, Interval)) or not isinstance(given, Iterable):
        return (_length(given),)
    return tuple(map(_length, given))


def _check_numbers(part: msgspec.Struct, section: str, *names: str, least: str = "0") -> None:
    """Refuse numbers that are below 0, or 0 where that is too little, or that no clock can count."""
    for name in names:
        number = getattr(part, name)
        if not 0 <= number <= _MOST or (least == ">0" and not number):
            most = " and 1e9 at most" if _MOST < number < math.inf else ""
            raise SettingsError(
                f"{section}{name} is {'0 or more' if least == '0' else 'more than 0'}{most}, not {number}"
            )


class SessionRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How SessionData treats what it is told."""

    intervals: tuple[Interval, ...] = DEFAULT_INTERVALS
    """Derived bars that are published and counted; any interval can be read."""
    grace_ns: int = 0
    """How long after its end a minute stays open. Live 5 s, backtest 0."""
    sources: tuple[str, ...] = ("tape",)
    """Order of preference between senders of equal rank; others follow in the order of their names."""
    unknown_symbols: str = "add"
    """``add`` on first sight, or ``reject``."""
    allow_negative: bool | None = None
    """Whether prices may be zero or below (spreads, power, rates). It holds wherever bars come in: live, from a store,
    a file, or somebody who is asked for what is missing. ``None``: on calendars of futures, not on others; a backtest
    takes what its store holds, which was judged when it came in."""
    keep_extra: bool = False
    """Whether the grid has planes for vwap and trades."""
    trailing_sessions: int = 5
    """Closed sessions that are kept in memory with their minutes."""
    keeps_minutes: bool = True
    """Whether anybody may ask for those; else of the sessions before nothing is kept but who traded in them."""
    daily_sessions: int = 0
    """Closed sessions of which daily bars are kept, those with their minutes included; ``require`` adds to it."""
    quote_window: int = 1000
    """Quotes and ticks kept per symbol."""
    sale_conditions: str = OF_THE_FEED
    """By whose rules of sale conditions trades set prices and count for the volume where bars are folded from them:
    ``none``, ``sip`` (CTA and UTP), ``alpaca``, ``massive`` or ``lean``; ``feed``: by those that the feed names; a feed
    that is no vendor of US stocks names none."""
    zero_sizes_set_prices: bool = False
    """Whether a trade of size 0 sets prices, as the values of an index do."""
    trade_ids: int = 1 << 20
    """Of how many trades of each feed the ids are remembered at least, so that one that is sent again, on another
    connection or from a file that is read anew, counts once; about 100 bytes each."""
    base_interval: Interval = ONE_MINUTE
    """The length of the bars that the session is made of, 1 s to 1 m. A session of New York has 23,400 seconds, and
    takes as many times 52 bytes for each symbol: 1.2 MB, and nearly as much for every trailing session. A store
    holds bars of one length."""

    @property
    def told(self) -> tuple[Interval, ...]:
        """The lengths of bars that events tell of."""
        return (self.base_interval, *self.intervals)

    def on(self, calendar: str, mode: Mode) -> "SessionRules":
        """Return the rules with what a calendar, or what is stored, decides where nobody else does."""
        if self.allow_negative is not None:
            return self
        return msgspec.structs.replace(self, allow_negative=mode is Mode.BACKTEST or may_be_negative(calendar))

    def __post_init__(self) -> None:
        base = _length(self.base_interval)
        msgspec.structs.force_setattr(self, "base_interval", base)
        if self.intervals is not DEFAULT_INTERVALS:
            msgspec.structs.force_setattr(self, "intervals", _lengths(self.intervals))
        if not 0 < base.seconds <= ONE_MINUTE.seconds or ONE_MINUTE.seconds % base.seconds:
            raise SettingsError(f"a minute is no whole multiple of base_interval {base}; 1s, 5s, 15s or 1m are usual")
        if self.intervals is DEFAULT_INTERVALS and base < ONE_MINUTE:  # nobody has said which
            msgspec.structs.force_setattr(self, "intervals", (ONE_MINUTE, *DEFAULT_INTERVALS))
        for interval in self.intervals:
            if interval.is_long:
                raise SettingsError(f"interval {interval} is longer than one session: it can be read, but is not told")
            if interval <= base or interval.seconds % base.seconds:
                raise SettingsError(f"interval {interval} is no whole multiple of {base}, whose bars are told anyway")
        if len(set(self.intervals)) != len(self.intervals):
            raise SettingsError("an interval is named twice")
        if self.unknown_symbols not in ("add", "reject"):
            raise SettingsError(f"unknown_symbols is 'add' or 'reject', not {self.unknown_symbols!r}")
        if self.trailing_sessions < 0 or self.daily_sessions < 0:
            raise SettingsError("trailing_sessions and daily_sessions must be 0 or more")
        if self.sale_conditions != OF_THE_FEED:
            sale_rules(self.sale_conditions)
        if self.quote_window < 1 or self.trade_ids < 1:
            raise SettingsError("quote_window and trade_ids must be 1 or more")


class UpkeepRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How DataUpkeep goes after missing minutes. All times are session time, but for those within which is answered."""

    coalesce_s: float = 30.0
    """How long after a minute closed without its bars they are asked for; what is missing by then goes along."""
    neighbours_min: int = 10
    """Gaps less than so many minutes apart are one request."""
    attempts: int = 5
    """How often a missing minute is asked for before it is abandoned; each time every source may be asked.

    A time counts at which one of them has answered. Until a source does, minutes stay missing; when one is back, all
    that is missing or was abandoned is asked for at once, and once more after the close, where every time counts.
    """
    backoff_s: float = 60.0
    """From the first attempt to the second; doubles with each one after."""
    jitter: float = 0.2
    """The share by which a wait may be longer, at random."""
    seed: int = 0
    max_concurrent_fetches: int = 4
    rest_after: int = 5
    """Failures in a row after which a source is rested."""
    rest_s: float = 60.0
    """How long; each failed probe doubles it."""
    answer_within_s: float = 30.0
    """Of real time: a source that has not answered by then has failed and is rested; its thread is replaced."""
    store_within_s: float = 300.0
    """Of real time: reading a session from the store, or writing it down, has failed when it takes longer."""

    def __post_init__(self) -> None:
        _check_numbers(self, "upkeep ", "coalesce_s", "neighbours_min", "jitter")
        positive = "attempts", "backoff_s", "max_concurrent_fetches", "rest_after", "rest_s"
        _check_numbers(self, "upkeep ", *positive, "answer_within_s", "store_within_s", least=">0")


class LiveRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a live day runs."""

    session_timeout_s: float = 300.0
    """Expected time without anything from the feed after which an active session times out."""
    post_market_delay_min: float = 30.0
    """How long after its close it is the turn of the next session; readers see the closed one until that opens."""
    prefetch_window_min: float = 60.0
    """How long before its hours a session's history is read, its readiness is told and it is opened for readers."""
    auto_roll: bool = True
    """Whether the next session follows; else the run ends when the first one has its certificate."""
    max_lag_s: float = 5.0
    """An arrival so long after what it tells of is news."""
    max_clock_skew_s: float = 10.0
    """A trade, a quote or a bar that comes so long before its time waits for it; what comes earlier still is refused,
    but for bars that are over by the feed's word. Bars that are not finished do not wait."""
    record_every_min: float = 5.0
    """How often the day is written to the store."""
    durability: Durability = Durability.COMMIT
    """How safe what comes is before it counts as taken; days that are not written to a store have no journal."""
    keep_journals_days: float = 7.0
    """For so long the journal of a day stays that is safely in the store: it is a recording too."""
    max_restarts: int = 5
    """A day that meets more bugs than that within a minute ends as an error."""

    def __post_init__(self) -> None:
        _check_numbers(self, "live ", "session_timeout_s", "record_every_min", least=">0")
        around = "post_market_delay_min", "prefetch_window_min", "keep_journals_days"
        _check_numbers(self, "live ", *around, "max_lag_s", "max_clock_skew_s", "max_restarts")


class FeedRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How patient the runner of a feed is, and how far it may run ahead; by the clock, unless it says otherwise.

    Raises:
        SettingsError: a number makes no sense.
    """

    stale_after_s: float = 90.0
    """A remote feed that gives nothing for so long, while data is expected, is connected anew; what is allowed grows
    when that changes nothing. One whose pings are answered is believed to be there."""
    answer_within_s: float = 30.0
    """Of real time: a feed that does not come back from a call for so long is lost, and its thread is replaced."""
    backoff_s: float = 1.0
    """From the first loss to the next try; doubles with each loss after, until something comes in."""
    longest_backoff_s: float = 60.0
    jitter: float = 0.2
    """The share by which a wait may be longer, at random."""
    seed: int = 0
    credit: int = 64
    """Events with data that the coordinator may be behind by."""
    most_waiting: int = 200_000
    """Bars, trades and quotes that may wait for credit; with more, the feed is not read from until some are gone."""
    report_every_s: float = 1.0
    """Of real time."""

    def __post_init__(self) -> None:
        positive = "stale_after_s", "answer_within_s", "backoff_s", "longest_backoff_s", "credit", "most_waiting"
        _check_numbers(self, "feed ", *positive, least=">0")
        _check_numbers(self, "feed ", "jitter", "report_every_s")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a system needs to know before it starts."""

    store: str
    """Folder of the Parquet store, or the address of one: ``postgresql://host/database``."""
    calendar: str | None = None
    """Name of an exchange calendar; ``None``: the store's only one."""
    symbols: tuple[str, ...] = ()
    """Empty: all that the store has, day by day."""
    start: str | None = None
    """First session (ISO date); ``None``: the store's first."""
    end: str | None = None
    """Last session (ISO date), itself included."""
    last: int | None = None
    """Only the last so many sessions."""
    mode: Mode = Mode.BACKTEST
    speed: float = 0.0
    """0: as fast as possible; 1: real time; N: N times as fast."""
    pace: Pace = Pace.LOCKSTEP
    seen: Seen = Seen.AS_KNOWN
    """Of recorded live days: every bar at its minute's end as it is known today, or what came, when it came."""
    extended: bool = False
    """Whether the grid has the extended hours too."""
    extended_hours: ExtendedHours | None = None
    """Needed for calendars whose extended hours are not known."""
    closed: tuple[str, ...] = ()
    """Exchange-local times that the calendar wrongly holds open: ``("16:00-17:00",)``."""
    special_sessions: dict[str, dict[str, Special]] = {}
    """Days of which you know better: by calendar and date, ``"10:00-16:30"``, ``"closed"``, several ranges, or open,
    close and breaks. They go before ``special_sessions.toml`` beside the store, and that before the calendars."""
    calendars: dict[str, OwnCalendar] = {}
    """Calendars of your own, by name."""
    rules: SessionRules = SessionRules()
    faults: Faults = Faults()
    """What the feed of a backtest does wrong to the tape, so that its repair can be watched and tested."""
    upkeep: UpkeepRules = UpkeepRules()
    live: LiveRules = LiveRules()
    feed: FeedRules = FeedRules()
    """Of every feed."""
    fill_from: tuple[str, ...] = ()
    """Where missing minutes are asked for, in order of preference: vendors' histories by their names, stores, or
    folders of vendors' files. A folder that is called as a vendor is named ``./alpaca``."""
    vendors: dict[str, dict[str, Any]] = {}
    """What is set for vendors' histories, by name: tape, adjustment, per_minute, delay_s, deadline_s, keys, and what a
    vendor alone understands."""
    certify: bool = False
    """Whether what was filled is kept in the store, with a certificate beside each day."""
    credit: int = 1
    """Tickets out at once when running free."""
    minutes_per_ticket: int = 64
    """Minutes that travel on one ticket when running free at full speed."""
    end_of_data_timeout_s: float = 60.0
    """Session time after the tape's last bar, when the tape stops before the close, until a backtest's session ends."""
    late_after_s: float = 10.0
    """A subscriber that holds up the run for so long is named in the status."""
    lockstep_timeout_s: float | None = 30.0
    """A subscriber that holds up the run for so long ends it; ``None``: never."""
    start_timeout_s: float = 120.0
    """How long the first session may take to load."""

    def __post_init__(self) -> None:
        for name in _LISTS:
            given = getattr(self, name)
            if isinstance(given, (bytes, Mapping)) or not isinstance(given, Iterable):
                raise SettingsError(f"{name} is a text or several, not {shown(given)}")
            one_or_several = (given,) if isinstance(given, str) else tuple(given)  # one, not its letters
            msgspec.structs.force_setattr(self, name, one_or_several)
        msgspec.structs.force_setattr(self, "mode", _known(Mode, self.mode))
        msgspec.structs.force_setattr(self, "pace", _known(Pace, self.pace))
        msgspec.structs.force_setattr(self, "seen", _known(Seen, self.seen))
        if not 0 <= self.speed < math.inf:
            raise SettingsError(f"speed is 0 (as fast as possible) or more, not {self.speed}")
        for name, folders in (("store", (self.store,)), ("fill_from", self.fill_from)):
            for folder in folders:
                check_place(folder, name)
        _check_dates(self.start, self.end)
        _check_numbers(self, "", "end_of_data_timeout_s", "late_after_s", "start_timeout_s", least=">0")
        if self.lockstep_timeout_s is not None and not self.lockstep_timeout_s > 0:
            raise SettingsError(f"lockstep_timeout_s is more than 0, or None, not {self.lockstep_timeout_s}")
        if self.last is not None and self.last < 1:
            raise SettingsError(f"last is the number of sessions to play, 1 or more, not {self.last}")
        if self.credit < 1 or self.minutes_per_ticket < 1:
            raise SettingsError("credit and minutes_per_ticket are 1 or more")
        if len(set(self.symbols)) != len(self.symbols):
            raise SettingsError("a symbol is named twice")
        own = OwnHours.read(_by_calendar(self.special_sessions, self.calendar), self.calendars)
        msgspec.structs.force_setattr(self, "special_sessions", own.special_sessions)
        msgspec.structs.force_setattr(self, "calendars", own.calendars)

    @property
    def own_hours(self) -> OwnHours:
        """What goes before the calendars."""
        return OwnHours(special_sessions=self.special_sessions, calendars=self.calendars)

    @classmethod
    def load(cls, path: "str | os.PathLike[str]", *, store: str | None = None) -> "Settings":
        """Read settings from a TOML file; ``BARKEEPER_STORE`` in the environment overrides its store.

        Args:
            path: the file.
            store: goes before both.

        Raises:
            SettingsError: the file cannot be read, or a key or value in it is not understood.
        """
        try:
            raw = written.table_of(path)
            if named := store or os.environ.get("BARKEEPER_STORE"):
                raw["store"] = named
            written.spell_out(raw, _LISTS)
            special = _by_calendar(raw.get("special_sessions", {}), raw.get("calendar"))
            own = OwnHours.read(special, raw.get("calendars", {}))
            raw |= {"special_sessions": own.special_sessions, "calendars": own.calendars}
            return msgspec.convert(raw, cls, strict=True)
        except OSError as error:
            raise SettingsError(f"{path} cannot be read: {error.strerror or error}") from error
        except (ValueError, *UNREADABLE, SettingsError) as error:
            why = "it is no text in UTF-8" if isinstance(error, UnicodeDecodeError) else error
            raise SettingsError(f"{path}: {why}") from error


def _known(kind: type[E], text: str) -> E:
    """Return the member that a text names; a string that only looks like one would be taken for none of them."""
    try:
        return kind(text)
    except ValueError:
        raise SettingsError(f"{kind.__name__.lower()} is one of {', '.join(kind)}, not {text!r}") from None


def _by_calendar(special: Any, calendar: str | None) -> Any:
    """Put days that stand without a calendar under that of the settings."""
    if not isinstance(special, dict) or not any(isinstance(name, date) or _is_date(name) for name in special):
        return special
    if calendar is None:
        raise SettingsError("special_sessions: say of which calendar, as in [special_sessions.XKRX]")
    loose = {name: hours for name, hours in special.items() if isinstance(name, date) or _is_date(name)}
    named = {name: days for name, days in special.items() if name not in loose}
    return named | {calendar: named.get(calendar, {}) | loose}


def _check_dates(start: str | None, end: str | None) -> None:
    """Refuse what is no ISO date: dates are compared as text."""
    for text in (start, end):
        if text is not None and not _is_date(text):
            raise SettingsError(f"{text!r} is no date; write it as 2024-05-31")
    if start is not None and end is not None and start > end:
        raise SettingsError(f"the range ends on {end}, before it starts on {start}")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except (TypeError, ValueError):
        return False
