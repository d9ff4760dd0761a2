"""How a room or a door reaches another room: by an address that says what may be told."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar, cast

import pykka

from actors.kernel.future import Answered, Future
from actors.kernel.inbox import Inbox
from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.told import Wanted
from actors.kernel.outcome import Refusal
from actors.kernel.shelter import Shelter, is_exposed
from messages.base import Message, Query
from messages.errors import NotReady

M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")


class Address(Protocol[M_contra]):
    """Where messages of some kinds may be told; an ``Address`` of more may be handed out as one of fewer."""

    def tell(self, message: M_contra) -> None:
        """Put a message into the mailbox; never waits. Silently dropped when the room is gone."""
        ...


class Here:
    """Which process this is, without asking the system at every question: that costs more than many an answer."""

    process = os.getpid()

    @classmethod
    def renew(cls) -> None:
        """Look again, in a child of a fork."""
        cls.process = os.getpid()


if hasattr(os, "register_at_fork"):  # there are no forks on Windows
    os.register_at_fork(after_in_child=Here.renew)


class RoomAddress:
    """The address of a started room: rooms only ``tell``; only doors ``ask``."""

    def __init__(self) -> None:
        self._ref: pykka.ActorRef[Any] | None = None
        self._inbox = Inbox()
        self._home = 0

    def attach(self, ref: "pykka.ActorRef[Any] | None") -> None:
        """Bind to a started actor, or to none."""
        if ref is not None:
            self._inbox = cast("Inbox", ref.actor_inbox)
        self._ref = ref
        self._home = Here.process

    def tell(self, message: object) -> None:
        """Put a message into the mailbox; never waits. Dropped when the room is gone: it is too late."""
        ref = self._ref
        if ref is None:
            return
        try:
            ref.tell(message)
        except pykka.ActorDeadError:
            return

    def hand(self, message: object) -> None:
        """Tell, and have it handled in this thread if the room is idle; an event loop does not wait until it is."""
        if self._ref is None or not self._inbox.hand(message):
            self.tell(message)

    def promise(self, minutes: Sequence[object], to: Wanted) -> Stretch | Refusal | None:
        """Have the room promise what follows from the next minutes, if it is idle; ``None``: of none of them."""
        return self._inbox.promise(minutes, to)

    def ask(self, query: Query[R]) -> Future[R]:
        """Ask, and get a future; it fails with ``NotReady`` when the room is gone.

        A question that finds the room idle is answered at once, in this thread.
        """
        ref = self._ref
        if ref is None:
            return Answered(None, NotReady("the system is not started, or is closed"))
        if self._home != Here.process:  # threads do not come along: nobody would ever answer
            return Answered(None, NotReady(elsewhere(self._home)))
        inbox = self._inbox
        if query.is_brief and (kept := inbox.recall(query)) is not None:
            return kept
        if query.is_question:
            if is_exposed():
                with Shelter():
                    found = inbox.answer(query)
            else:
                found = inbox.answer(query)
            if found is not None:
                return found
        asked = cast("Future[R]", ref.ask(query, block=False))
        if not ref.is_alive():  # it may have stopped between Pykka's look and the mailbox
            asked.set_exception(NotReady("the system is closed"))
        return asked

    def again(self, message: Message) -> "Future[None]":
        """Tell a message that met a bug before, and get a future; it fails if it meets a bug once more."""
        ref = self._ref
        if ref is None or not ref.is_alive():
            return Answered(None, NotReady("the system is not started, or is closed"))
        return cast("Future[None]", ref.ask(message, block=False))

    @property
    def waiting(self) -> int:
        """How many messages are in the mailbox."""
        return self._inbox.qsize()

    @property
    def first(self) -> int:
        """Which message is next, as a number; 0: nothing waits."""
        return self._inbox.first()

    @property
    def has_thread(self) -> bool:
        """Whether the thread of the room is there, of a room that is alive."""
        return self._inbox.has_thread()

    @property
    def is_alive(self) -> bool:
        """Whether a room listens here."""
        return self._ref is not None and self._home == Here.process and self._ref.is_alive()

    def stop(self) -> None:
        """Let the room handle what is in its mailbox, then stop; never waits."""
        ref = self._ref
        if ref is not None:
            ref.stop(block=False)


class ByHand:
    """The address of a room whose answer the teller waits for in any case: it is told by hand."""

    def __init__(self, room: RoomAddress) -> None:
        self._room = room

    def tell(self, message: object) -> None:
        """Have a message handled here and now if the room is idle."""
        self._room.hand(message)


def elsewhere(home: int) -> str:
    """Return what a child of a fork is told that uses the system of its parent."""
    return f"the system runs in process {home}, of which this one is a fork: make a System here"


def has_event_loop() -> bool:
    """Return whether an event loop runs in this thread, which must not wait."""
    return asyncio._get_running_loop() is not None  # noqa: SLF001  # public, and does not raise where there is none
