"""How patient the runner of a feed is, and how far it may run ahead."""

import math

import msgspec

from messages.errors import SettingsError


class FeedRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All times are the clock's, unless they say otherwise.

    Raises:
        SettingsError: a number makes no sense.
    """

    stale_after_s: float = 90.0
    """A remote feed that gives nothing for so long, while data is expected, is taken for dead and connected anew."""
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
        for name in ("stale_after_s", "backoff_s", "longest_backoff_s", "credit", "most_waiting"):
            if not 0 < getattr(self, name) < math.inf:
                raise SettingsError(f"feed {name} is more than 0, not {getattr(self, name)}")
        for name in ("jitter", "report_every_s"):
            if not 0 <= getattr(self, name) < math.inf:
                raise SettingsError(f"feed {name} is 0 or more, not {getattr(self, name)}")
