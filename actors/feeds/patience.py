"""How long a feed may be silent before it is connected anew, and how long it is left alone after a loss."""

from random import Random

from actors.settings import FeedRules
from messages.values import SECOND_NS, Nanos

_LONGEST_S = 3600.0
_FAR_LONGER = 4
_USUAL = 20
"""Silences that must have been seen before it is known what is usual."""


class Patience:
    """Learns what silence is usual: a symbol that trades every four minutes is no dead connection.

    Where nothing but data shows that the far side is there, each silence that a new connection did not end doubles what
    is allowed, up to an hour, and so does twice the longest silence that data ended. Where the connection itself is
    known to stand, a ping answered or probes of the network, only a far side that is mute is to be feared (alpaca-py
    issue 740): an hour, or twenty times the longest of the usual silences, if that is less.

    Args:
        rules: how patient to be at first, and how long losses are waited out.
    """

    def __init__(self, rules: FeedRules) -> None:
        self._rules = rules
        self._jitter = Random(rules.seed)  # noqa: S311  # spreads reconnects, guards nothing
        self._least_ns = round(rules.stale_after_s * SECOND_NS)
        self._most_ns = max(self._least_ns, round(_LONGEST_S * SECOND_NS))
        self._allowed_ns = self._least_ns
        self._longest_ns: Nanos = 0
        self._silences = 0
        self._in_vain = 0
        """Connections made anew because of silence since something last came."""
        self._losses_in_a_row = 0
        self._connected_ns: Nanos = 0
        self._data_ns: Nanos = 0
        """When something last came, or was last not expected."""

    def connected(self, now_ns: Nanos) -> None:
        """A connection was made."""
        self._connected_ns = now_ns
        self._data_ns = self._data_ns or now_ns

    def excused(self, now_ns: Nanos) -> None:
        """Nothing was to be expected until now."""
        self._connected_ns = self._data_ns = now_ns

    def came(self, now_ns: Nanos) -> None:
        """Something came."""
        self._losses_in_a_row = 0
        silence_ns = now_ns - (self._data_ns or now_ns)
        # What comes at once on a new connection shows that the old one was dead, and not that silence is usual.
        if not self._in_vain or 4 * (now_ns - self._connected_ns) >= silence_ns:
            self._silences += 1
            self._longest_ns = max(self._longest_ns, silence_ns)
            self._allowed_ns = min(max(self._allowed_ns, 2 * self._longest_ns), self._most_ns)
        else:
            self._allowed_ns = min(max(self._least_ns, 2 * self._longest_ns), self._most_ns)
        self._in_vain = 0
        self._data_ns = now_ns

    def silent_ns(self, now_ns: Nanos) -> Nanos:
        """Return for how long nothing has come on this connection that should have."""
        return now_ns - max(self._data_ns, self._connected_ns)

    def is_unusual(self, now_ns: Nanos) -> bool:
        """Return whether nothing has come for far longer than ever before, and it is known what is usual."""
        return self._silences >= _USUAL and self.silent_ns(now_ns) >= _FAR_LONGER * self._longest_ns

    def is_over(self, now_ns: Nanos, *, is_probed: bool) -> bool:
        """Return whether the silence has lasted for too long."""
        return self.silent_ns(now_ns) >= (self._allowed_if_probed() if is_probed else self._allowed_ns)

    def _allowed_if_probed(self) -> Nanos:
        usual_ns = max(20 * self._longest_ns, self._least_ns) if self._silences >= _USUAL else self._most_ns
        return min(usual_ns, self._most_ns) << min(self._in_vain, 8)

    def silenced(self) -> None:
        """The connection is given up for nothing but silence: that is no loss, and it is made anew at once."""
        self._in_vain += 1
        self._allowed_ns = min(2 * self._allowed_ns, self._most_ns)

    def lost_ns(self) -> Nanos:
        """Return how long to wait after a loss, or an attempt that failed; what is silent until the next is no feed."""
        self._losses_in_a_row += 1
        self._data_ns = 0
        rules = self._rules
        doubled = rules.backoff_s * 2.0 ** min(self._losses_in_a_row - 1, 60)
        wait_s = min(doubled, rules.longest_backoff_s) * (1.0 + rules.jitter * self._jitter.random())
        return round(wait_s * SECOND_NS)
