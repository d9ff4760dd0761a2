"""Who waits for whom: a thread or task that waits for what it holds up itself is told so instead.

In lockstep the tape stands until everybody who was given something asks for more. A thread that waits for one
subscription while another one of its own has events that it will never take, because it waits, waits for ever.
"""

import asyncio
import threading
import warnings
import weakref
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from actors.kernel.future import Future
from actors.kernel.telemetry import note
from messages.errors import Deadlock

_OURS = "barkeeper-"
_POOLED = ("ThreadPoolExecutor", "asyncio_")
"""Threads of a pool stand in for one another: which of them will read is not known."""


class Owner(NamedTuple):
    """A thread, or a task in its event loop."""

    thread: int
    task: "weakref.ref[asyncio.Task[Any]] | None" = None

    def is_kept_from(self, seat: "Owner") -> bool:
        """Whether nobody reads a seat of that owner while this one waits: a thread that waits stops all its tasks."""
        return self.thread == seat.thread if self.task is None else self.task == seat.task


def whoami(*, is_thread: bool = False) -> Owner:
    """Return the task that is running, or else the thread; ``is_thread``: the thread in any case."""
    thread = threading.get_ident()
    if not is_thread:
        try:
            task = asyncio.current_task()
        except RuntimeError:
            task = None
        if task is not None:
            return Owner(thread, weakref.ref(task))
    return Owner(thread)


class Holder(Protocol):
    """A seat that has events."""

    name: str
    owner: Owner
    has_asked: bool
    is_left: bool


class Wait:
    """Somebody who waits, and what for."""

    def __init__(self, name: str, owner: Owner, woken: Future[None]) -> None:
        self.name = name
        self._owner = owner
        self._woken = woken
        self._is_alone = False

    def look_around(self) -> None:
        """Find out whether anybody is there who may be about to read what this one has made for them."""
        here = threading.current_thread()
        others = (thread for thread in threading.enumerate() if thread is not here)
        is_alone = all(thread.name.startswith(_OURS) for thread in others)
        self._is_alone = is_alone and (self._owner.task is None or len(asyncio.all_tasks()) == 1)

    def culprit(self, holders: Iterable[Holder], *, is_patience_over: bool = False) -> Holder | None:
        """Return which of those who hold up the tape will not be read because of this wait.

        One that was never read may be meant for somebody who is only about to begin.
        """
        for holder in holders:
            is_sure = holder.has_asked or self._is_alone or is_patience_over
            if is_sure and not holder.is_left and self._owner.is_kept_from(holder.owner):
                return holder
        return None

    def fail(self, culprit: Holder) -> None:
        """Wake who waits, with an error that says why it would wait for ever."""
        self._woken.set_exception(self.error(culprit))

    def error(self, culprit: Holder) -> Deadlock:
        """Return that error."""
        return Deadlock(
            f"{self.name} would wait for ever: subscription {culprit.name!r}, which is read (or was made) here too, "
            "has events that nobody takes, and in lockstep the tape stands until they are. Take both in one "
            f"subscription, or each in a thread or task of its own; or close {culprit.name!r}, or give it "
            'policy="drop_oldest" in a system with pace="free"'
        )


def is_pooled() -> bool:
    """Whether this thread is one of a pool."""
    return threading.current_thread().name.startswith(_POOLED)


def warn_of_late(names: tuple[str, ...], seconds: float) -> None:
    """Say it once where everybody sees it: the library is silent else, and a run that stands looks like a slow one."""
    note("subscriber_late", names=",".join(names), seconds=round(seconds))
    with suppress(RuntimeWarning):  # where warnings are errors: nobody stands behind this thread
        warnings.warn(
            f"the run has waited {seconds:.0f} s for subscriber {', '.join(names)}, which asks for no other event: "
            "read it on, or close it",
            RuntimeWarning,
            stacklevel=2,
        )
