"""A source, and whether it may be asked: one that keeps failing is rested, then probed with a single request."""

import msgspec

from messages.repairs import SourceStatus
from messages.values import Nanos

LONGEST_REST = 16
"""Times the first rest: however often a probe fails, a source is not left alone for longer."""


class SourceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a source says about itself."""

    name: str
    is_authoritative: bool = False
    """Whether a minute that it does not have, ``delay_ns`` after its end, was never traded."""
    delay_ns: Nanos = 0
    comes_late: bool = False
    """Whether it says itself what was never traded, and has minutes as late as that: none is given up before."""
    most_symbols: int | None = None
    """As many as one request may name; ``None``: any number."""
    holds_sessions: bool = False
    """Whether one request may be for any minutes of a session, however far apart."""


class SourceHealth:
    """A circuit breaker in session time.

    Args:
        rest_after: failures in a row after which the source is rested.
        rest_ns: how long, the first time; each failed probe doubles it.
    """

    def __init__(self, rest_after: int, rest_ns: Nanos) -> None:
        self._rest_after = rest_after
        self._rest_ns = rest_ns
        self._failures = 0
        self._rests = 0
        self._until_ns: Nanos | None = None
        self._asked = self._failed = 0
        self._last_error = ""
        self.is_failing = False
        """Whether the last request failed."""
        self._is_probing = False

    def may_ask(self, now_ns: Nanos) -> bool:
        """Return whether a request may go out now; after a rest only one, until its answer is there."""
        if self._until_ns is None:
            return True
        return now_ns >= self._until_ns and not self._is_probing

    def asked(self) -> None:
        """A request goes out."""
        self._asked += 1
        self._is_probing = self._until_ns is not None

    def forgotten(self) -> None:
        """What came of the last request is lost: it may be asked again."""
        self._is_probing = False

    def status(self, source: str) -> SourceStatus:
        """Return how it is."""
        return SourceStatus(
            source=source,
            asked=self._asked,
            failed=self._failed,
            last_error=self._last_error,
            is_failing=self.is_failing,
            rests_until_ns=self._until_ns,
        )

    @property
    def until_ns(self) -> Nanos | None:
        """Until when it rests, or rested before the probe that is out; ``None``: it does not rest."""
        return self._until_ns

    def rest(self, now_ns: Nanos) -> None:
        """If it fails, let it be probed after a rest: something was given up that it may have."""
        if self.is_failing and self._until_ns is None:
            self._begin_rest(now_ns)

    def is_due(self, now_ns: Nanos) -> bool:
        """Return whether its rest is over and nobody probes it."""
        return self._until_ns is not None and self.may_ask(now_ns)

    def wake(self, now_ns: Nanos) -> None:
        """End a rest: whoever is next to ask probes it."""
        self._until_ns = None if self._until_ns is None else min(self._until_ns, now_ns)

    def answered(self) -> bool:
        """It came back with an answer, whatever was in it; return whether that ends a rest."""
        is_back = self._until_ns is not None
        self.is_failing = False
        self._failures = self._rests = 0
        self._until_ns, self._is_probing = None, False
        return is_back

    def failed(self, now_ns: Nanos, error: str = "", *, is_out: bool = False) -> None:
        """It came back without one, or (``is_out``) did not come back: then it is rested at once."""
        self.is_failing, self._last_error = True, error
        self._failed += 1
        self._failures += 1
        if is_out or self._is_probing or self._failures >= self._rest_after:
            self._begin_rest(now_ns)

    def _begin_rest(self, now_ns: Nanos) -> None:
        rest_ns = self._rest_ns * min(1 << self._rests, LONGEST_REST)
        self._until_ns, self._is_probing = now_ns + rest_ns, False
        self._rests += 1
        self._failures = 0
