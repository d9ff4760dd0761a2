"""The ``forward`` command: a bridge from a session that is served to a broker that others listen to, Redis."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from actors.doors.show import paper
from actors.flight.client import RemoteSession, connect
from actors.flight.replies import as_json
from actors.kernel.listen.subscription import Subscription
from messages.base import Event
from messages.errors import NotReady, SettingsError, Unreachable
from messages.events import BarsUpdated, BarsWithdrawn, BoundaryKind, SessionBoundary
from messages.tables.windows import BarWindow

if TYPE_CHECKING:
    from redis import Redis

_BETWEEN_TRIES_S = 0.5
_PATIENCE_S = 30.0


def forward(address: str, to: str, *, events: Sequence[str], stream: str, keep: int) -> None:
    """Forward what a session tells until it ends; where the connection is lost, what was missed comes when it is back.

    Each event is an entry of the stream: ``type``, and ``event`` as JSON. What was missed is one of type ``BarWindow``.

    Raises:
        SettingsError: that is no such broker, or its client is not installed.
        Unreachable: there is no session, or it does not come back.
        NotReady: the broker does not answer.
    """
    broker = _broker(to)
    bridge = _Bridge(broker, stream, keep)
    with connect(address) as session:
        heard = session.subscribe(events)
        paper.show(f"forwarding {', '.join(events)} from {address} to the stream {stream!r} at {_shown(to)}")
        is_back = False
        while True:
            try:
                if is_back:
                    bridge.catch_up(session)
                bridge.pass_on(heard)
                break
            except Unreachable:
                heard, is_back = _back(session, events), True
    paper.show(f"the session has ended: {bridge.count:,} events were forwarded")


class _Bridge:
    """Writes to the broker, and knows how far it has come.

    Args:
        broker: where.
        stream: what it is called there.
        keep: about so many entries are kept.
    """

    def __init__(self, broker: "Redis", stream: str, keep: int) -> None:
        self.count = 0
        """Events so far."""
        self._broker = broker
        self._stream = stream
        self._keep = keep
        self._date = ""
        self._revision = 0

    def pass_on(self, heard: Subscription) -> None:
        """Forward events until there are no more."""
        for event in _until_over(heard):
            if isinstance(event, SessionBoundary) and event.kind is BoundaryKind.OPENED:
                if event.session.date != self._date:
                    self._date, self._revision = event.session.date, 0
            elif isinstance(event, BarsUpdated | BarsWithdrawn):
                self._revision = max(self._revision, event.revision)
            self._write(event)

    def catch_up(self, session: RemoteSession) -> None:
        """Forward the bars that were missed; of another session all that it has."""
        opened = session.session().get(timeout=_PATIENCE_S)
        if opened is not None and opened.date != self._date:
            self._date, self._revision = opened.date, 0
        missed = session.changes_since(self._revision).get(timeout=_PATIENCE_S)
        self._revision = missed.revision
        if len(missed):
            self._write(missed)

    def _write(self, what: Event | BarWindow) -> None:
        from redis import RedisError

        entry = {"type": type(what).__name__, "event": as_json(what)}
        try:
            self._broker.xadd(self._stream, entry, maxlen=self._keep, approximate=True)  # type: ignore[arg-type]
        except RedisError as error:
            raise NotReady(f"Redis does not take what is forwarded: {error}") from error
        self.count += 1


def _until_over(heard: Subscription) -> Iterator[Event]:
    """Yield events; a session that was closed over there is at its end."""
    try:
        yield from heard
    except NotReady:
        return


def _back(session: RemoteSession, events: Sequence[str]) -> Subscription:
    """Subscribe again, as soon as that is possible."""
    last_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return session.subscribe(events)
        except Unreachable:
            if time.monotonic() > last_s:
                raise
        time.sleep(_BETWEEN_TRIES_S)


def _broker(to: str) -> "Redis":
    parts = urlsplit(to)
    if parts.scheme not in ("redis", "rediss"):
        raise SettingsError("--to is redis://HOST:PORT/NUMBER")
    try:
        from redis import Redis, RedisError
    except ImportError as error:
        raise SettingsError(f"forwarding needs redis: python -m pip install 'barkeeper[redis]' ({error})") from error
    broker = Redis.from_url(to)
    try:
        broker.ping()
    except (RedisError, ValueError):
        raise SettingsError(f"no Redis answers at {_shown(to)}, or it does not let us in") from None
    return broker


def _shown(to: str) -> str:
    """Return where a broker is, without passwords."""
    parts = urlsplit(to)
    return f"{parts.hostname}:{parts.port or 6379}"
