"""A session in another process: the same readers, futures and subscriptions as a system's."""

import asyncio
import contextlib
import os
import weakref
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

from actors.flight.place import Place, token_of
from actors.flight.tickets import Subscribe, Welcome
from actors.kernel.address import RoomAddress, has_event_loop
from actors.kernel.ask import arguments as take
from actors.kernel.ask.readers import Length, Readers
from actors.kernel.future import Answered, Future, Timeout
from actors.kernel.listen.minutes import Minutes
from actors.kernel.listen.subscription import Subscription
from messages.base import Query, R
from messages.errors import BarkeeperError, NotReady, Unreachable
from messages.lifecycle import GetLiveStatus, LiveStatus
from messages.queries import GetChangesSince, GetProgress, GetRunSummary, GetStatus
from messages.readiness import GetReadiness, ReadinessReport
from messages.replies import Progress, RunSummary, SystemStatus
from messages.tables.windows import BarWindow
from messages.values import Interval, Policy

if TYPE_CHECKING:
    from actors.flight.wire import Line, Wire


def connect(address: str | int, *, token: str | None = None, timeout: float = 5.0) -> "RemoteSession":
    """Return a session that another process serves (``live --serve``, ``system.serve``): use it with ``with``.

    Args:
        address: where it is served: a port, ``host:port``, ``unix:PATH``, or what was printed there.
        token: the one that was printed there; without one that of ``BARKEEPER_TOKEN``. On loopback none is needed.
        timeout: seconds to wait for the first answer.

    Raises:
        SettingsError: that is no address, or the token is not the one.
        Unreachable: nobody serves a session there.
    """
    session = RemoteSession(Place.parse(address), token_of(token), take.number(timeout, "timeout"))
    return session if has_event_loop() else session.open()


class RemoteSession(Readers):
    """The readers of a session in another process; every answer is a future, ``get(timeout=...)`` or ``await`` it.

    May be used from any thread. Questions go over one connection and are answered in their order. When it is lost they
    fail with ``Unreachable``, those that come later open it anew; what was missed meanwhile is in ``changes_since``.
    Another process may serve there by then: ``changes_since`` has all the bars of its session at first.
    """

    def __init__(self, place: Place, token: str, timeout: float) -> None:
        from actors.flight.wire import Wire

        self._far = _Far(Wire(place, token))
        self._place = place
        self._timeout = timeout
        self._welcome: Welcome | None = None
        self._life = ""
        """Whose revisions ours are."""
        self._end = weakref.finalize(self, self._far.wire.close)
        address = cast("RoomAddress", self._far)
        super().__init__(address, address)

    def __repr__(self) -> str:
        return f"<RemoteSession at {self._place}: {'open' if self._end.alive else 'closed'}>"

    def open(self) -> Self:
        """See who is there, and wait for the answer.

        Raises:
            SettingsError: the token is not the one.
            Unreachable: nobody answers.
        """
        try:
            self._welcome = self._far.line().welcome.get(timeout=self._timeout)
            self._life = self._welcome.life
        except BaseException as error:
            self.close()
            if isinstance(error, Timeout):
                raise Unreachable(f"nobody answered at {self._place} within {self._timeout:g} s") from None
            raise
        return self

    def close(self) -> None:
        """Leave; whoever still waits is told so. The session over there goes on. May be called twice."""
        self._end()

    def __enter__(self) -> Self:
        return self if self._welcome is not None else self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    @property
    def is_live(self) -> bool:
        """Whether it is a live day; else it is a backtest."""
        return self._known.is_live

    @property
    def base_interval(self) -> Interval:
        """The length of its base bars."""
        return self._known.base_interval

    @property
    def _known(self) -> Welcome:
        if self._welcome is None:
            raise NotReady("the session is not open yet: use `with` or `async with`")
        return self._welcome

    @property
    def _base(self) -> Interval:
        """What is asked for where no interval is named: known once the session is open."""
        return self.base_interval

    @_base.setter
    def _base(self, _: Interval) -> None:
        """Leave it: it is that of the session over there."""

    def changes_since(self, revision: int) -> Future[BarWindow]:
        """The base bars that changed after a revision; the reply's ``revision`` is where to go on.

        A session that was started anew over there counts anew: what is asked first then is answered with all its bars.
        """
        wanted = GetChangesSince(revision=take.revision(revision))
        try:
            line = self._far.line()
        except BarkeeperError as error:
            return Answered(None, error)

        def ask(welcome: Welcome) -> Future[BarWindow]:
            if welcome.life == self._life:
                return line.ask(wanted)
            everything = line.ask(GetChangesSince(revision=0))
            everything.when_done(lambda: self._follow(welcome, everything))
            return everything

        return line.welcome.then(ask)

    def _follow(self, welcome: Welcome, answered: Future[BarWindow]) -> None:
        with contextlib.suppress(BarkeeperError):
            answered.get(timeout=0)
            self._life = welcome.life

    # --- how it is

    def status(self) -> Future[SystemStatus]:
        """State, mode, and the counters of every room, from their last health reports."""
        return self._far.ask(GetStatus())

    def progress(self) -> Future[Progress]:
        """How far the run is: as far as readers see, whatever has been read ahead."""
        return self._far.ask(GetProgress())

    def summary(self) -> Future[RunSummary]:
        """What the run has come to so far, session by session."""
        return self._far.ask(GetRunSummary())

    def live_status(self) -> Future[LiveStatus]:
        """Where the live day is, and how its feeds are; fails with ``NotReady`` of a backtest."""
        return self._far.ask(GetLiveStatus())

    def readiness(self) -> Future[ReadinessReport]:
        """How ready everything is for the live session at hand; fails with ``NotReady`` of a backtest."""
        return self._far.ask(GetReadiness())

    # --- listening

    def subscribe(
        self,
        events: str | Iterable[str] = (),
        symbols: str | Iterable[str] = (),
        *,
        intervals: Length | Iterable[Length] = (),
        policy: str | None = None,
        bound: int = 10_000,
        name: str | None = None,
    ) -> Subscription:
        """Listen: a bounded iterator of events, for ``for`` and ``async for``, from the next minute on.

        Args:
            events: of ``kernel.topics``: bars, minutes, sessions, gaps, rejected, feeds ...; nothing named: all.
            symbols: only bars of these.
            intervals: only bars of these.
            policy: when ``bound`` events wait over there: ``drop_oldest`` (the default) counts what it drops,
                ``disconnect`` ends it with an error. ``block``, of a backtest only, has it wait for every event to be
                dealt with here, as for a subscriber of its own, and starts the tape; without it a backtest goes on, in
                lockstep too, and readers may be ahead of the event in hand.
            bound: events that may wait over there; some hundreds more may be on their way.
            name: how the status there calls it when it is late.

        Raises:
            SettingsError: an event, policy or interval that is not told, or does not go with the mode.
            UnknownSymbol: nobody will ever tell of a symbol.
            Unreachable: the connection is lost; so ends the iterator, too, when it is lost later.
        """
        from actors.flight.hearing import listen

        wish = Subscribe(
            events=take.texts(events, "events"),
            symbols=take.symbols(symbols),
            intervals=take.intervals(intervals),
            policy=Policy.DROP_OLDEST if policy is None else take.choice(Policy, policy, "policy"),
            bound=take.count(bound, "bound"),
            name="" if name is None else take.text(name, "name"),
        )
        try:
            return listen(self._far.wire, wish, self._timeout)
        except Timeout:
            raise Unreachable(f"nobody answered at {self._place} within {self._timeout:g} s") from None

    def minutes(self, name: str | None = None, *, policy: str | None = None) -> Minutes:
        """Go through the minutes as they close, with ``for`` or ``async for``; ``policy`` as in ``subscribe``."""
        called = "minutes()" if name is None else take.text(name, "name")
        return Minutes(lambda: self.subscribe(("minutes",), policy=policy, name=called))


class _Far:
    """The address of rooms in another process."""

    def __init__(self, wire: "Wire") -> None:
        self.wire = wire
        self._home = os.getpid()

    def ask(self, query: Query[R]) -> Future[R]:
        """Ask over there."""
        try:
            return self.line().ask(query)
        except BarkeeperError as error:
            return Answered(None, error)

    def line(self) -> "Line":
        """Return the way to them, over which one asks.

        Raises:
            NotReady: it is that of another process.
            Unreachable: nobody answers there, or it is closed.
        """
        if self._home != os.getpid():  # threads do not come along: nobody would ever answer
            raise NotReady(f"this connection is of process {self._home}, of which this one is a fork: connect here")
        return self.wire.line()
