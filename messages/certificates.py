"""The certificate of a session: what came of every expected minute, how its gaps ended, and the digest of its bars."""

import enum
import math
from typing import TYPE_CHECKING

import msgspec

from messages.tables import pictures
from messages.tables.notebook import Reply
from messages.values import Interval, Nanos, Segment, TradingSession, VerdictRun

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CERTIFICATE_VERSION = 1
_MOST_ROWS = 30


class GapOutcome(enum.StrEnum):
    """How a gap ended."""

    CLOSED = "closed"
    """Every minute of it has its bar."""
    NO_TRADE = "no_trade"
    """The upstream confirmed that what is not there was never traded."""
    ABANDONED = "abandoned"
    """Asked for until the retries ran out, or until the next session opened."""
    OPEN = "open"
    """Nothing is known of it yet; only ever read, never certified."""


class GapStory(Reply, frozen=True, kw_only=True):
    """What became of one gap: minutes ``[start_ns, end_ns)`` that these symbols lacked. All times are session time."""

    symbols: tuple[str, ...]
    """Empty: all that the source had, which was asked for the whole market."""
    start_ns: Nanos
    end_ns: Nanos
    detected_ns: Nanos
    settled_ns: Nanos
    """When its last minute got its verdict; of a gap that is open, when this was told."""
    attempts: int
    """How often a source was asked; 0: the bars came by themselves."""
    source: str
    """Who gave the last answer; empty where nobody did."""
    outcome: GapOutcome
    error: str = ""
    """How the last request failed, if one did; names the source."""

    @property
    def took_ns(self) -> Nanos:
        """How long it was open."""
        return self.settled_ns - self.detected_ns


class SymbolVerdicts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many minutes of one symbol ended with which verdict; their sum is the minutes that were expected."""

    symbol: str
    streamed: int = 0
    late: int = 0
    filled: int = 0
    corrected: int = 0
    in_part: int = 0
    no_trade: int = 0
    abandoned: int = 0
    missing: int = 0

    @property
    def bars(self) -> int:
        """Minutes that have a bar."""
        return self.streamed + self.late + self.filled + self.corrected + self.in_part

    @property
    def minutes(self) -> int:
        """Minutes that were expected."""
        return self.bars + self.no_trade + self.abandoned + self.missing


class SessionCertificate(Reply, frozen=True, kw_only=True):
    """What a settled session came to; rests as one JSON file beside the day's bars.

    It covers the symbols that it names, in the hours that it names; the digest is that of their bars.
    """

    version: int = CERTIFICATE_VERSION
    calendar: str
    date: str
    """The session's label, ISO."""
    tz: str
    segments: tuple[Segment, ...]
    """The hours used."""
    base_interval: str = "1m"
    """The length of the bars that are certified; where it is shorter, minutes are bars of this length here."""
    intervals: tuple[str, ...]
    """The derived bars that are in the digest, such as ``5m``."""
    symbols: tuple[SymbolVerdicts, ...]
    """Regular minutes, by symbol, sorted."""
    extended: tuple[SymbolVerdicts, ...] = ()
    """Extended minutes, by symbol, sorted; empty where the hours have none."""
    gaps: tuple[GapStory, ...] = ()
    runs: tuple[VerdictRun, ...] = ()
    """Every minute without a bar that is known to be NO_TRADE or ABANDONED, in runs."""
    corrections: int = 0
    """Corrections applied, several to one minute counted each."""
    rejected: dict[str, int] = {}  # noqa: RUF012  # each gets one of its own
    """Bars that were refused, by reason."""
    is_prefetched: bool | None = None
    """Whether the tape was ready when its boundary came; ``None``: it was never played."""
    transition_ms: float | None = None
    """From the last settled minute of the session before to the acknowledged opening of this one."""
    completeness: float | None
    """Minutes with a bar / minutes expected, in percent, regular minutes; ``None`` without a symbol."""
    bar_quality: float | None
    """(Minutes with a bar that is not IN_PART + NO_TRADE) / minutes expected, in percent, regular minutes."""
    digest: str
    replaces: str | None = None
    """The digest of the certificate that this one replaces; the store fills it in, and keeps that of a live day."""
    issued_by: str
    """``session`` at settlement, ``fill`` after a late repair, ``import`` after files were read."""
    settled_ns: Nanos
    """Session time at which every gap had its verdict."""
    is_live: bool | None = None
    """Whether a live day issued it, and not a replay or an import; ``None``: it is older than this field."""
    verdict_digest: str | None = None
    """Of the verdicts of its bars, in the store's column too; ``None``: it is older than this field."""

    @property
    def session(self) -> TradingSession:
        """The session with the hours used."""
        return TradingSession(
            calendar=self.calendar,
            date=self.date,
            tz=self.tz,
            segments=self.segments,
            base_interval=Interval.parse(self.base_interval),
        )

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw minutes by verdict, a row a symbol, the 30 that lack most; by matplotlib.

        Args:
            ax: where; by default on a figure of its own.

        Raises:
            SettingsError: matplotlib is not installed.
        """
        worst = sorted(self.symbols, key=lambda counts: (counts.bars + counts.no_trade - counts.minutes, counts.symbol))
        shown = worst[:_MOST_ROWS]
        counted = [msgspec.structs.asdict(counts) for counts in shown]
        quality = "" if self.bar_quality is None else f": quality {math.floor(10 * self.bar_quality) / 10} %"
        axes = pictures.axes_or_new(ax, (10.0, 1.5 + 0.25 * len(shown)))
        title = f"{self.calendar} {self.date}{quality}"
        pictures.stacked(axes, [counts.symbol for counts in shown], counted, title)
        return axes

    def __repr__(self) -> str:
        shares = [
            f"{name} {'-' if share is None else f'{math.floor(10 * share) / 10} %'}"
            for name, share in (("complete", self.completeness), ("quality", self.bar_quality))
        ]
        shares += [f"symbols {len(self.symbols):,}", f"gaps {len(self.gaps):,}", f"by {self.issued_by}"]
        return f"<SessionCertificate {self.calendar} {self.date}: {', '.join(shares)}, {self.digest}>"

    @property
    def names(self) -> tuple[str, ...]:
        """The symbols that it covers, sorted."""
        return tuple(counts.symbol for counts in self.symbols)
