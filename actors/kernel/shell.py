"""The thin shell around a core: the only actor class, from which the four rooms are made."""

import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from time import perf_counter_ns
from typing import Any, ClassVar, Protocol, cast

import pykka

from actors.kernel.address import Address
from actors.kernel.future import Future
from actors.kernel.inbox import Inbox
from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.told import Wanted
from actors.kernel.outcome import Outcome, Refusal
from actors.kernel.telemetry import LatencyHistogram, Story, alarm
from messages.base import Control, Message, Query
from messages.commands import ReportHealth
from messages.errors import QueryFailed, SystemFailed
from messages.events import HealthReported, RoomStarted, RoomStopped
from messages.replies import RoomHealth
from messages.supervision import BugFound
from messages.values import SECOND_NS, Room

Routes = Mapping[type[Message], tuple[Address[Any], ...]]
"""For each class that a core can emit: who is told. A class without a route is a bug."""


class Core(Protocol):
    """The mind of a room: changes its own state and says what should be sent; no threads, no clocks."""

    def handle(self, message: Any) -> Outcome:
        """Take one message."""
        ...

    def check(self) -> None:
        """Raise ``AssertionError`` if the state contradicts itself."""
        ...


class Quarantines(Protocol):
    """Where messages are kept that nobody could handle."""

    def put(self, room: Room, message: Any, trace: str, story: Sequence[str]) -> None:
        """Keep one, with the traceback and what came before it. Never raises."""
        ...


class Shell(pykka.ThreadingActor):
    """A mailbox and a thread around a core.

    Everything runs one message after the other, in the actor's own thread or, where that is idle, in the thread of
    who hands a message over and waits for what comes of it. What a handler raises never
    leaves ``on_receive``: in Pykka an exception on a tell kills the actor for good. The message goes into
    quarantine (logged whole, counted, kept), the core is kept if its ``check`` passes, or made anew by a room that
    can, and ``boss`` is told. A question changes nothing, so a bug while it is answered fails its future and no more.
    """

    use_daemon_thread: ClassVar[bool] = True  # a program that forgets close() must still exit
    room: ClassVar[Room]

    def __init__(self, core: Core, routes: Routes, boss: Address[Any], quarantine: "Quarantines | None" = None) -> None:
        super().__init__()
        self._quarantines = quarantine
        self._core = core
        self._mailbox = cast("Inbox", self.actor_inbox)
        self._waiting = self._mailbox.waiting
        self._mailbox.handler = self.on_receive
        self._mailbox.answerer = self.on_question
        self._mailbox.promiser = self.on_promise
        self._routes = routes
        self._boss = boss
        self._handling = LatencyHistogram()
        self._story = Story()
        self._messages = 0
        self._stretch: Stretch | None = None
        """What was promised last; it counts as so many messages as it has passed."""
        self._high_water = 0
        self._quarantined = 0
        self._next_report_ns = 0

    @staticmethod
    def _create_actor_inbox() -> Any:
        return Inbox()

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return Future()

    def on_start(self) -> None:
        """Tell the boss; runs before the first message."""
        own = threading.current_thread()
        if own.name.startswith(type(self).__name__):  # as Pykka calls it; all threads of ours are called alike
            own.name = f"barkeeper-{self.room}"
        self._boss.tell(RoomStarted(room=self.room))

    def on_stop(self) -> None:
        """Tell the boss; runs after the last message."""
        self._report()
        self._boss.tell(RoomStopped(room=self.room))

    def on_receive(self, message: Any) -> Any:
        """Hand a message to the core, send what comes out, and return the answer. Never raises."""
        started_ns = perf_counter_ns()
        if self._waiting:
            self._high_water = max(self._high_water, len(self._waiting))
        if type(message) is ReportHealth:
            return self._report()
        self._story.add(message)
        try:
            outcome = self.handle(message)
            routes = self._routes
            for sent in outcome.out:
                for address in routes[type(sent)]:
                    address.tell(sent)
        except BaseException as error:  # noqa: BLE001  # whatever it is, the actor must live and the boss must know
            return self._quarantine(message, error)
        ended_ns = perf_counter_ns()
        self._messages += 1
        self._handling.add(ended_ns - started_ns)
        if ended_ns >= self._next_report_ns:
            self._report()
        return outcome.answer if outcome.error is None else Refusal(outcome.error)

    def on_question(self, question: Query[Any]) -> Any:
        """Return the core's answer; in the thread of who asks, so it is no part of the room's own time. Never raises.

        Not part of its story either: a question changes nothing, and readers ask a thousand times a second.
        """
        try:
            outcome = self._core.handle(question)
        except BaseException as error:  # noqa: BLE001  # as above
            return self._quarantine(question, error)
        self._messages += 1
        return outcome.answer if outcome.error is None else Refusal(outcome.error)

    def on_promise(self, minutes: Sequence[Any], to: Wanted) -> Stretch | Refusal | None:
        """Promise what follows from the next minutes, which then need not be told; ``None``: they are. Never raises."""
        started_ns = perf_counter_ns()
        try:
            stretch = self.promise(minutes, to)
        except BaseException as error:  # noqa: BLE001  # as above
            return self._quarantine(minutes[0], error)
        if stretch is None:
            return None
        self._story.add(stretch)
        self._messages += 0 if self._stretch is None else self._stretch.passed
        self._stretch = stretch
        ended_ns = perf_counter_ns()
        self._handling.add(ended_ns - started_ns)
        if ended_ns >= self._next_report_ns:
            self._report()
        return stretch

    def promise(self, minutes: Sequence[Any], to: Wanted) -> Stretch | None:
        """Promise somebody what follows from the next minutes; a room that knows such says of how many."""
        del minutes, to
        return None

    def handle(self, message: Any) -> Outcome:
        """Have the core take a message."""
        return self._core.handle(message)

    def health(self) -> RoomHealth:
        """Return the counters since the start."""
        return RoomHealth(
            room=self.room,
            messages=self._messages + (0 if self._stretch is None else self._stretch.passed),
            mailbox_depth=self._mailbox.qsize(),
            mailbox_high_water=self._high_water,
            handling_p50_us=self._handling.quantile_us(0.5),
            handling_p99_us=self._handling.quantile_us(0.99),
            quarantined=self._quarantined,
        )

    def _report(self) -> None:
        self._next_report_ns = perf_counter_ns() + SECOND_NS
        self._boss.tell(HealthReported(health=self.health()))

    def _quarantine(self, message: Any, error: BaseException) -> Refusal:
        is_query = isinstance(message, Query) and not isinstance(message, Control)
        if is_query and isinstance(error, KeyboardInterrupt):  # of who asks, in whose thread it is answered
            raise error
        self._quarantined += 1
        kind, sentence = type(message).__name__, f"{type(error).__name__}: {error}"
        trace, story = "".join(traceback.format_exception(error)), self._story.lines()
        alarm("quarantined", room=self.room, message=repr(message), traceback=trace, story=story)
        is_sound = self._is_sound() if is_query else self.renew(message)
        if self._quarantines is not None and not is_query:
            self._quarantines.put(self.room, message, trace, story)
        receipt = getattr(message, "receipt", 0)
        self._boss.tell(
            BugFound(
                room=self.room,
                message=kind,
                error=sentence,
                is_sound=is_sound,
                is_query=is_query,
                receipt=receipt,
                at_s=time.monotonic(),
            )
        )
        failed = QueryFailed if is_query else SystemFailed
        return Refusal(failed(f"a bug in {self.room} on {kind}: {sentence}"))

    def renew(self, message: Any) -> bool:
        """Have a core that is sound, after a bug on a message; return whether there is one."""
        del message
        return self._is_sound()

    def _is_sound(self) -> bool:
        try:
            self._core.check()
        except Exception:  # noqa: BLE001  # a check that fails in any way is a core that is not sound
            return False
        return True
