"""What came of days that were asked for, as the JSON of ``fetch`` and ``heal`` has it."""

import msgspec


class DayCounts(msgspec.Struct, kw_only=True):
    """What came of one session. Minutes are counted for each symbol."""

    calendar: str
    date: str
    asked: int = 0
    """Minutes that the store lacked, and that were over."""
    filled: int = 0
    no_trade: int = 0
    """Known by now never to have been traded."""
    abandoned: int = 0
    """Everybody who could be asked has answered, and nobody has them or says that there is none."""
    unanswered: int = 0
    """Nobody answered, or it is too early to know."""
    refused: int = 0
    """Bars that cannot be true, and were not taken."""
    bar_quality: float | None = None
    """Of its certificate."""
    certified: bool = False
    """Whether it has one."""
    error: str = ""
    """Why something was not answered or not written."""


class FetchReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of all."""

    sources: tuple[str, ...]
    days: tuple[DayCounts, ...]
    """Those that lacked something, in order."""
    whole: int
    """Sessions that lacked nothing, and of which nobody was asked."""
    left: int
    """Sessions that were not come to: interrupted, or nobody was left to ask."""
    requests: int
    """Pages that were asked of vendors, those that failed included."""
    waited_s: float
    """The time in which somebody waited for a vendor's limits, or to ask it again."""
    seconds: float
    refused_symbols: dict[str, str]
    """Symbols that a vendor will not have, and why."""
    silent_symbols: tuple[str, ...]
    """Symbols of which nobody has shown a bar, so that silence says nothing: unknown, renamed, or never traded."""
    clocks: tuple[str, ...] = ()
    """Sentences about clocks: ours is ahead of a vendor's, which then says what is over."""
    error: str | None = None
    is_interrupted: bool = False

    def sum_of(self, field: str) -> int:
        """Return a count of all days together."""
        return sum(int(getattr(day, field)) for day in self.days)


class FetchProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is."""

    done: int
    total: int
    at: str
    """The session that was finished last."""
    filled: int
    requests: int
    trouble: str = ""
    """Why a vendor was asked again, while it is."""
