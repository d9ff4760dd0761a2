"""A room's mailbox, which also says when the room has nothing to do."""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence, Sized
from threading import get_ident
from typing import Any, TypeVar

from actors.kernel.future import Answered
from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.told import Wanted
from actors.kernel.outcome import Refusal
from messages.base import Message, Query

R = TypeVar("R")

_PATIENCE_S = 0.0002
"""How long a hand-over waits for a room that is about to finish: two threads that just missed each other meet again."""


_WITHOUT_WAITING = (False,)
_NONE_LEFT: Sized = ()
_MOST_KEPT = 256
"""So many answers are kept for who asks the same again."""


class Inbox:
    """What Pykka puts envelopes into and takes them from; and a way to spare a hand-over between threads.

    Waking a thread costs more than most messages. Whoever waits for what comes of a message can ``hand`` it over:
    if the room is idle, it is handled at once in the caller's thread, while the room's own thread is kept out.
    One at a time and in order of arrival, as ever: with anything waiting, nothing is handed over. What the room is
    told meanwhile, by itself or others, is handled there too; what it is asked waits for the room's own thread. A
    question that changes nothing is answered likewise in the thread of who asks.

    Brief answers are kept until something is handled again. Only who has the turn adds to them, and lets go of them
    before it takes what waits; and while anything waits nobody is given one. So nobody is given what is no longer so.
    """

    def __init__(self) -> None:
        self.handler: Callable[[Any], object] | None = None
        self.answerer: Callable[[Any], object] | None = None
        self.promiser: Callable[[Sequence[Any], Wanted], Stretch | Refusal | None] | None = None
        self.waiting: deque[Any] = deque()
        """Envelopes that nobody has taken yet; to be looked at only."""
        self._signal: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._is_waiting = False
        self._own_thread = 0
        self._kept: dict[Any, Answered[Any]] = {}
        self._left: Sized = _NONE_LEFT
        """The minutes that are promised and not taken yet. With each that is taken it is later in the room."""
        self._kept_at = 0
        """How many those were when what is kept was answered."""
        self._turn = threading.Lock()
        self._take = self._turn.acquire
        self._take()  # the room's thread has it, but for when it waits

    def put(self, item: Any) -> None:
        """Add an envelope; never waits."""
        self.waiting.append(item)
        if self._is_waiting:
            self._is_waiting = False
            self._signal.put(None)

    def get(self) -> Any:
        """Take the next envelope, waiting for one. For the room's own thread."""
        self._own_thread = get_ident()
        while not self.waiting:
            self._is_waiting = True
            if self.waiting:
                self._is_waiting = False
                break
            self._turn.release()
            self._signal.get()
            self._turn.acquire()
        self._kept = {}
        return self.waiting.popleft()

    def hand(self, message: Any) -> bool:
        """Have a message handled now, in this thread, if the room is idle; an event loop does not wait until it is.

        Returns:
            Whether it was.
        """
        handler = self.handler
        if handler is None or self.waiting or get_ident() == self._own_thread:
            return False
        if not (self._turn.acquire(False) or (not _has_event_loop() and self._turn.acquire(timeout=_PATIENCE_S))):
            return False
        try:
            if self.waiting:
                return False
            self._is_waiting = False  # the room's own thread need not be woken
            if self._kept:
                self._kept = {}
            try:
                handler(message)
                while self.waiting and _is_told(self.waiting[0]):
                    handler(self.waiting.popleft().message)
            finally:  # an interrupt may strike the thread of an application here; the room must go on
                self._is_waiting = True
                if self.waiting:
                    self._signal.put(None)
            return True
        finally:
            self._turn.release()

    def promise(self, minutes: Sequence[Any], to: Wanted) -> Stretch | Refusal | None:
        """Have the room promise what follows from the next minutes, now, in this thread, if it is idle.

        Never waits. For who is in a ``Shelter``: an interrupt would leave the room half done.

        Returns:
            As many as it promises; ``None``: none.
        """
        promiser = self.promiser
        if promiser is None or self.waiting or not self._turn.acquire(False):
            return None
        try:
            if self.waiting:
                return None
            self._kept = {}
            found = promiser(minutes, to)
            self._left = found.left if isinstance(found, Stretch) else _NONE_LEFT
            return found
        finally:  # what was put meanwhile has woken the room's own thread, which waits for the turn
            self._turn.release()

    def answer(self, question: Query[R]) -> Answered[R] | None:
        """Return the room's answer to a question, asked in this thread if the room is idle; else ``None``.

        Never waits, so that an event loop may ask too. It may be interrupted (Ctrl-C) at any step: the turn is given
        back, for a loop takes it as it begins, and before its body none of the interpreter's checks lies.
        """
        answerer = self.answerer
        if answerer is None or self.waiting:
            return None
        for _ in filter(self._take, _WITHOUT_WAITING):  # once where the turn is to be had, else not at all
            try:
                if self.waiting:
                    return None
                is_brief = question.is_brief
                if is_brief and (left := len(self._left)) != self._kept_at:
                    self._kept, self._kept_at = {}, left
                found = answerer(question)
                if type(found) is Refusal:
                    return Answered(None, found.error)
                answered: Answered[R] = Answered(found)
                if is_brief and len(self._kept) < _MOST_KEPT:
                    self._kept[question] = answered
                return answered
            finally:  # what was put meanwhile has woken the room's own thread, which waits for the turn
                self._turn.release()
        return None

    def recall(self, question: Query[R]) -> Answered[R] | None:
        """Return the answer that the same question had, if nothing has been told since; else ``None``."""
        return None if self.waiting or len(self._left) != self._kept_at else self._kept.get(question)

    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self.waiting

    def first(self) -> int:
        """Return a number for the envelope that is next; 0: nothing waits."""
        try:
            return id(self.waiting[0])
        except IndexError:  # it has just been taken
            return 0

    def has_thread(self) -> bool:
        """Whether the thread lives that takes what waits, or has not come yet."""
        own = self._own_thread
        return not own or any(thread.ident == own for thread in threading.enumerate())

    def qsize(self) -> int:
        """Return how many envelopes wait."""
        return len(self.waiting)


def _has_event_loop() -> bool:
    return asyncio._get_running_loop() is not None  # noqa: SLF001  # public, and does not raise where there is none


def _is_told(envelope: Any) -> bool:
    """Whether nobody waits for an answer; Pykka's order to stop is none of our messages."""
    return getattr(envelope, "reply_to", envelope) is None and isinstance(envelope.message, Message)
