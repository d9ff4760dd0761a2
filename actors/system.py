"""System: the door for programs. Start it, read from it, publish into it, subscribe to it, close it."""

import asyncio
import contextlib
import os
import threading
import weakref
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from actors.feeds.port import Feed
from actors.flight.serves import Serves
from actors.kernel.address import elsewhere, has_event_loop
from actors.kernel.ask import arguments as take
from actors.kernel.ask import plugs
from actors.kernel.ask.controls import Controls
from actors.kernel.ask.membership import Membership
from actors.kernel.ask.options import check_names, of_lengths, section, store_of
from actors.kernel.ask.publishing import Publishing
from actors.kernel.ask.readers import Length, Readers
from actors.kernel.clock import Clock
from actors.kernel.future import Timeout
from actors.kernel.listen.minutes import Minutes
from actors.kernel.listen.seat import Filter
from actors.kernel.listen.subscription import Subscription
from actors.kernel.listen.topics import classes_of
from actors.kernel.ports import BarSource, BarStore
from actors.lived_day import Recalls
from actors.market.instants import Day
from actors.market.opening_hours import OpeningTimes
from actors.outside import fetch_past, look_after, named_sources
from actors.reading.spelling.addresses import shown
from actors.settings import SessionRules, Settings
from actors.wiring import House, Lobby, close_forgotten
from messages.commands import StartRun, StartSystem
from messages.errors import NotReady, SettingsError, SystemFailed, UnknownSymbol
from messages.history import Requirement
from messages.replies import RunSummary
from messages.values import SECOND_NS, Mode, Pace, Policy, Room

_DAYS = ("start", "end")
_PATIENCE_S = 10.0
"""How long a door waits for an answer that it needs to check what it was given."""


class System(Readers, Controls, Membership, Publishing, Recalls, Serves):
    """Four actors behind one door. Every reader returns a future: ``get(timeout=...)`` or ``await`` it.

    May be used from any thread. Leaving the ``with`` block, or ``close``, ends it cleanly in any state.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        store: BarStore | None = None,
        clock: Clock | None = None,
        sources: Sequence[BarSource] = (),
        feeds: Sequence[Feed] = (),
    ) -> None:
        """Put a system together; nothing runs before ``start``.

        Args:
            settings: what to play and how.
            store: a store, instead of the one that the settings name.
            clock: another clock than the computer's; who gives one closes it.
            sources: who is asked for missing minutes, before those that the settings name.
            feeds: where a live day's bars, quotes and trades come from.

        Raises:
            SettingsError: the settings contradict each other or the store.
            DataError: there is no store, or it is empty.
        """
        settings = section(Settings, settings, days=_DAYS)
        if clock is not None:
            take.parts((clock,), "clock", "now_ns", "call_at")
        asked, heard = plugs.sources(sources), plugs.feeds(feeds, settings.rules.base_interval)
        self._settings = settings
        self._lobby = lobby = Lobby()
        rooms, is_live = lobby.rooms, settings.mode is Mode.LIVE
        Readers.__init__(self, rooms[Room.SESSION_DATA], rooms[Room.DATA_UPKEEP], settings.rules.base_interval)
        Membership.__init__(self, rooms[Room.SESSION_DATA], lobby.strangers)
        three = rooms[Room.SYSTEM_MANAGER], rooms[Room.STREAM_COORDINATOR], rooms[Room.SESSION_DATA]
        Controls.__init__(self, *three, lobby.next_step, lobby.is_replay, is_live=is_live)
        Publishing.__init__(self, rooms[Room.STREAM_COORDINATOR], lobby.receipts)
        self._lock = threading.Lock()
        self._is_closed = False
        self._names = 0
        self._services = []
        self._forgotten: weakref.finalize[Any, Any] | None = None
        lobby.build = lambda: House(
            settings, store, clock, (*asked, *named_sources(settings, store, clock)), heard, lobby
        )
        if not has_event_loop():  # calendars take their time, for which a loop must not wait: ``async with`` does it
            lobby.house()

    @property
    def _house(self) -> House:
        return self._lobby.house()

    def __repr__(self) -> str:
        settings = self._settings
        state = "closed" if self._is_closed else "not started" if self._forgotten is None else "started"
        return f"<System {settings.mode} of {shown(settings.store)}: {state}>"

    @classmethod
    def backtest(
        cls,
        store: "str | os.PathLike[str] | BarStore",
        symbols: str | Iterable[str] = (),
        *,
        calendar: str | None = None,
        start: Day | None = None,
        end: Day | None = None,
        last: int | None = None,
        speed: float = 0.0,
        pace: str = "lockstep",
        extended_hours: bool = False,
        intervals: Length | Iterable[Length] | None = None,
        base_interval: Length | None = None,
        trailing_sessions: int = 5,
        daily_sessions: int = 0,
        clock: Clock | None = None,
        sources: Sequence[BarSource] = (),
        **more: Any,
    ) -> "System":
        """Put a backtest together.

        Args:
            store: folder of a Parquet store, the address of one, or a store.
            symbols: what to play; nothing named: everything.
            calendar: name of the exchange calendar; needed when the store has several.
            start: first session, a date.
            end: last session, itself included.
            last: only the last so many sessions.
            speed: 0 as fast as possible, 1 real time, N times as fast.
            pace: ``lockstep`` waits for every subscriber at every minute, ``free`` does not.
            extended_hours: whether pre- and post-market minutes are played too.
            intervals: derived bars that are published; any interval can be read.
            base_interval: the length of the store's bars, ``"1s"`` to ``"1m"``, which is the default.
            trailing_sessions: days of history held in memory with their minutes.
            daily_sessions: of how many there are daily bars; ``require`` adds to both.
            clock: another clock than the computer's; who gives one closes it.
            sources: who is asked for missing minutes, in order of preference; before those of ``fill_from``.
            **more: any further field of ``Settings``; ``rules``, ``upkeep``, ``faults`` and other sections as a mapping
                too: ``upkeep={"attempts": 3}``.
        """
        check_names(more, cls.backtest, Settings)
        name, given = store_of(store)
        rules = more.pop("rules", None)
        if rules is None:
            rules = {"trailing_sessions": trailing_sessions, "daily_sessions": daily_sessions}
        options: dict[str, Any] = {"store": name, "calendar": calendar, "symbols": symbols, "speed": speed}
        options |= {"start": start, "end": end, "last": last, "pace": pace, "extended": extended_hours}
        settings = section(
            Settings,
            {**options, "rules": of_lengths(SessionRules, rules, base_interval, intervals), **more},
            days=_DAYS,
        )
        return cls(settings, store=given, clock=clock, sources=sources)

    @classmethod
    def live(
        cls,
        store: "str | os.PathLike[str] | BarStore",
        feeds: Sequence[Feed],
        symbols: str | Iterable[str] = (),
        *,
        calendar: str,
        base_interval: Length | None = None,
        clock: Clock | None = None,
        sources: Sequence[BarSource] = (),
        **more: Any,
    ) -> "System":
        """Put a live system together: it records what comes, certifies it, and goes on to the next session.

        Args:
            store: folder of a Parquet store, made if it is not there, or a store; the day is written to it.
            feeds: where bars, quotes and trades come from.
            symbols: what is subscribed; nothing named: all that the feeds have.
            calendar: name of the exchange calendar.
            base_interval: the length of the bars that come, ``"1s"`` to ``"1m"``, which is the default.
            clock: another clock than the computer's, as for a simulated day; who gives one closes it.
            sources: who is asked for missing minutes, in order of preference; before those of ``fill_from``.
            **more: any further field of ``Settings``; ``rules``, ``upkeep``, ``faults`` and other sections as a mapping
                too: ``upkeep={"attempts": 3}``.
        """
        check_names(more, cls.live, Settings)
        name, given = store_of(store)
        rules = more.pop("rules", None)
        if rules is None:
            rules = SessionRules(grace_ns=5 * SECOND_NS)
        options = {"store": name, "calendar": calendar, "symbols": symbols, "mode": Mode.LIVE, "certify": True}
        settings = section(
            Settings, {**options, "rules": of_lengths(SessionRules, rules, base_interval), **more}, days=_DAYS
        )
        return cls(settings, store=given, clock=clock, sources=sources, feeds=feeds)

    # --- life

    def start(self, timeout: float | None = None) -> Self:
        """Start every room and load the first session; returns when it stands at its open.

        What a live day requires of sessions that the store lacks is fetched first from those who repair the day, for
        at most half of the time. A source that charges money is not asked for it.

        Raises:
            SystemFailed: something could not be started or loaded; what had been started is stopped.
        """
        house, asked = self._house, take.seconds(timeout)
        if house.system_manager.is_alive or self._is_closed:
            raise NotReady("a system is started once; make another one")
        self._forgotten = weakref.finalize(self, close_forgotten, house)
        house.start_room(Room.SYSTEM_MANAGER)
        limit = self._settings.start_timeout_s if asked is None else asked
        try:
            fetch_past(house, limit / 2, lambda: not self._is_closed)
            house.system_manager.ask(StartSystem()).get(timeout=limit)
            house.milestones.running.get(timeout=limit)
        except BaseException as error:
            self.close()
            if isinstance(error, Timeout):
                raise SystemFailed(f"the first session was not loaded within {limit:.0f} s") from error
            raise
        look_after(house)
        return self

    def close(self, timeout: float = 5.0) -> None:
        """Stop every room, last started first; every future is resolved or fails. May be called twice.

        Args:
            timeout: seconds to wait for the rooms to handle what is in their mailboxes.
        """
        limit = take.patience(timeout)
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        if self._forgotten is not None:
            self._forgotten.detach()
        self._lobby.shut(limit)
        self._unserve()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        """Start without holding up the event loop: settings are held against the store here, not when it is made."""
        starting = asyncio.ensure_future(asyncio.to_thread(self.start))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            with contextlib.suppress(BaseException):
                await starting
            await self.__aexit__(None, None, None)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(asyncio.to_thread(self.close))

    @property
    def is_replay(self) -> bool:
        """Whether its time can be held and paced: a backtest's, or a live day's whose feeds all go by one clock."""
        return self._lobby.is_replay()

    @property
    def calendar(self) -> OpeningTimes:
        """When the exchange trades: sessions and hours of days, next and previous, early closes, is it open."""
        return OpeningTimes(self._house.calendar)

    def play(self) -> None:
        """Let the tape run: until then it stands at the first open, or where the last one left that was reading.

        Asking a subscription for its first event does it too.
        """
        self._house.stream_coordinator.tell(StartRun())

    def run(self, timeout: float | None = None) -> RunSummary:
        """Play to the end and return what the run came to; it goes on, whoever ceases to listen meanwhile.

        Raises:
            Deadlock: a subscription of this thread holds the run up, which nobody reads while it waits here.
            SystemFailed: the run ended in an error.
            Timeout: it is not over after ``timeout`` seconds.
        """
        limit = take.seconds(timeout)
        self._check_started()
        with self._house.fanout.running() as over:
            self.play()
            self._house.milestones.finished.pass_on(over)
            over.get(timeout=limit)
        summary: RunSummary = self.summary().get(timeout=limit)
        return summary

    # --- history

    def require(self, symbol: str, interval: Length | None = None, bars: int = 200) -> None:
        """State how many bars of closed sessions are needed: they are loaded before a session opens.

        Before the start it holds from the first session on, later from the next one that has not been read yet.
        Every opening tells what came of it (``warm_up``); ``history`` and ``last_bars(with_history=True)`` read it.
        Bars of less than a day keep the minutes of as many sessions in memory, daily bars do not.

        Args:
            symbol: one that is played.
            interval: of the bars; none named: base bars.
            bars: how many; for ``1d`` that is sessions.

        Raises:
            SettingsError: no such interval can be made of base bars, or no bar is asked for.
        """
        base = self._settings.rules.base_interval
        wanted = base if interval is None else take.interval(interval)
        self._house.require(Requirement.of(take.symbol(symbol), wanted, take.count(bars, "bars"), base))

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
        """Listen: a bounded iterator of events, for ``for`` and ``async for``; the first ``next`` starts the tape.

        Args:
            events: of ``kernel.topics``: bars, minutes, sessions, gaps, rejected, feeds ...; nothing named: all.
            symbols: only bars of these.
            intervals: only bars of these, each of ``rules.intervals`` or of the base: ``"1m"``, or ``base_interval``.
            policy: when ``bound`` events wait: ``block`` holds up the run (a backtest's default; refused live),
                ``drop_oldest`` counts what it drops (the default live), ``disconnect`` ends it with an error; a
                backtest takes these two with ``pace="free"`` only: nobody is in lockstep who is not waited for.
            bound: events that may wait (unless ``block``, which waits with the minute).
            name: how the status calls it when it is late.

        Raises:
            SettingsError: an event, policy or interval that is not told, or that does not go with the mode and pace.
            UnknownSymbol: a backtest's session does not know a symbol, and the store never had it.
        """
        usual = Policy.DROP_OLDEST if self._is_live else Policy.BLOCK
        chosen = usual if policy is None else take.choice(Policy, policy, "policy")
        if self._is_live and chosen is Policy.BLOCK:
            raise SettingsError("nobody holds up a live day: the policy is drop_oldest or disconnect")
        if not self._is_live and chosen is not Policy.BLOCK and self._settings.pace is Pace.LOCKSTEP:
            raise SettingsError(
                f"with policy {str(chosen)!r} a backtest in lockstep would run ahead of the event in hand: "
                'leave the policy out, or make the system with pace="free"'
            )
        wanted = Filter(
            events=classes_of(take.texts(events, "events")),
            symbols=frozenset(take.symbols(symbols)),
            intervals=frozenset(take.told_intervals(intervals, self._settings.rules.told)),
        )
        most, called = take.count(bound, "bound"), None if name is None else take.text(name, "name")
        self._check_started()
        self._check_known(wanted.symbols)
        with self._lock:
            self._names += 1
            called = called or f"subscriber-{self._names}"
        subscription = self._house.fanout.subscribe(called, wanted, chosen, most)
        subscription.on_first = self.play
        return subscription

    def minutes(self, name: str | None = None) -> Minutes:
        """Go through the run minute by minute, with ``for`` or ``async for``: each a ``MinuteClosed``.

        In lockstep nothing past this minute exists yet while the loop's body runs. When a loop is left, and nobody
        else is reading, the tape stands still; the next loop goes on with the next minute. A loop that begins when
        the run is over raises an error that says how it ended.
        """
        called = "minutes()" if name is None else take.text(name, "name")
        self._check_started()
        return Minutes(lambda: self.subscribe(("minutes",), name=called))

    def _check_known(self, symbols: frozenset[str]) -> None:
        """Refuse to listen for what nobody will ever tell."""
        strangers = self._house.strangers(tuple(symbols))
        if strangers:
            known = self.active_symbols().get(timeout=_PATIENCE_S)
            for symbol in sorted(set(strangers).difference(known)):
                raise UnknownSymbol.among(symbol, known)

    def _check_started(self) -> None:
        """Refuse what would wait for ever: before the start nothing comes, and nothing could be given back."""
        if self._forgotten is None:
            raise NotReady("the system is not started; use `with`, or call start()")
        if self._house.process != os.getpid():
            raise NotReady(elsewhere(self._house.process))
