"""Looks at a run about twice a second and tells everybody who looks on what has changed: one look for all of them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec

from actors.doors.metrics.vitals import Run, vitals_of
from actors.doors.web.told import CellsTold, PlaneTold, plane_told
from actors.doors.web.vitals_told import VitalsTold, silent, vitals_told
from actors.doors.web.watch import Watched
from actors.kernel.future import Timeout
from actors.system import System
from messages.errors import BarkeeperError

_PACE_S = 0.5
_ALONE_PACE_S = 1.0
"""Where nobody looks on it is looked all the same, so that whoever comes later is told when things came."""
_MOST_SHARE = 0.02
"""Of the time: a look that takes long is taken less often."""
_PATIENCE_S = 5.0
_WAITING = 32
_BEAT_S = 2.0
"""Who looks on is told so often that we are still here; what says nothing for longer is not there any more."""
_BEAT = b"event: beat\ndata: {}\n\n"

_News = PlaneTold | CellsTold | VitalsTold | None


class Hub:
    """Watches one system; lives in the server's event loop.

    Args:
        system: may be started later, and may end meanwhile.
    """

    def __init__(self, system: Run) -> None:
        self.watched: Watched | None = None
        """The session as it was last seen."""
        self._system = system
        self._vitals: VitalsTold | None = None
        self._listeners: set[asyncio.Queue[bytes | None]] = set()
        self._is_over = False
        self._stir = asyncio.Event()
        """Ends the pause between two looks."""
        self._looking = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch while the block runs."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self.end()
            await task

    def end(self) -> None:
        """Let everybody go."""
        self._is_over = True
        self._stir.set()
        for listener in self._listeners:
            _put(listener, None)

    async def told(self) -> AsyncIterator[bytes]:
        """Yield events as a browser's EventSource reads them: what is known, then what changes."""
        yield b"retry: 1000\n\n"
        await self._look(is_seen=True)  # what was known may be a second old
        listener: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING)
        first = self._known()  # nothing may come between this and what is told from now on
        self._listeners.add(listener)
        self._stir.set()
        try:
            for known in first:
                yield known
            while not self._is_over:
                try:
                    said = await asyncio.wait_for(listener.get(), _BEAT_S)
                except TimeoutError:
                    yield _BEAT
                    continue
                if said is None:  # too far behind, or over: the browser comes again and is told everything
                    return
                yield said
        finally:
            self._listeners.discard(listener)

    def _known(self) -> list[bytes]:
        plane = None if self.watched is None else plane_told(self.watched.plane)
        return [_event(news) for news in (plane, self._vitals) if news is not None]

    async def _watch(self) -> None:
        while not self._is_over:
            self._stir.clear()
            began = time.thread_time()
            await self._look()
            spent = time.thread_time() - began
            pace = _PACE_S if self._listeners else _ALONE_PACE_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stir.wait(), max(pace, spent / _MOST_SHARE))

    async def _look(self, *, is_seen: bool = False) -> None:
        """Look once, and tell everybody what is new; a run that does not answer is looked at again later."""
        async with self._looking:
            try:
                await self._look_at_plane()
            except (Timeout, TimeoutError):
                self._say(self._silent())
                return
            except BarkeeperError:
                pass  # there is no session yet, or it is out of reach: the vitals say which
            if is_seen or self._listeners:
                await self._look_at_vitals()

    async def _look_at_plane(self) -> None:
        plane = await asyncio.wait_for(self._system.verdicts(), _PATIENCE_S)
        if self.watched is None or not self.watched.is_of(plane):
            self.watched = Watched(plane)
            self._tell(plane_told(plane) if self._listeners else None)
        else:
            self._tell(self.watched.look(plane))

    async def _look_at_vitals(self) -> None:
        vitals: VitalsTold | None
        try:
            looked = await asyncio.to_thread(vitals_of, self._system, _PATIENCE_S)
            vitals = vitals_told(looked, can_be_held=isinstance(self._system, System) and self._system.is_replay)
        except Timeout:
            vitals = self._silent()
        except BarkeeperError as error:
            vitals = self._silent(str(error))
        self._say(vitals)

    def _silent(self, why: str = "") -> VitalsTold | None:
        """Return what was last told, and that there is no answer any more."""
        return self._vitals and silent(self._vitals, why or f"nothing within {_PATIENCE_S:g} s")

    def _say(self, vitals: VitalsTold | None) -> None:
        if vitals != self._vitals:
            self._vitals = vitals
            self._tell(vitals)

    def _tell(self, news: _News) -> None:
        if news is None or not self._listeners:
            return
        event = _event(news)
        for listener in self._listeners:
            _put(listener, event)


def _put(listener: "asyncio.Queue[bytes | None]", event: bytes | None) -> None:
    if listener.full():
        while not listener.empty():
            listener.get_nowait()
        event = None
    listener.put_nowait(event)


def _event(news: PlaneTold | CellsTold | VitalsTold) -> bytes:
    name = {PlaneTold: "plane", CellsTold: "cells", VitalsTold: "vitals"}[type(news)]
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(news) + b"\n\n"
