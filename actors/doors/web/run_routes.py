"""What the page asks of a run: news of its session, bars, gaps, the story of a minute, and commands to a replay."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from actors.doors.metrics.vitals import Run
from actors.doors.web.answers import asked, instant, number, text
from actors.doors.web.cells import CellTold, story
from actors.doors.web.gaps_told import GapsTold, gaps_told
from actors.doors.web.hub import Hub
from actors.doors.web.told import BarsTold, bars_told
from actors.kernel.future import Future
from actors.system import System
from messages.errors import UNREADABLE, BarkeeperError, SettingsError, UnknownSymbol
from messages.values import Interval

_PATIENCE_S = 10.0
_MOST_SESSIONS = 60


class SpeedAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Play a replay so fast: 0 as fast as possible, 1 real time."""

    speed: float


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A command was taken."""

    state: str


class RunRoutes:
    """The routes of one run.

    Args:
        system: asked and commanded.
        hub: watches it.
    """

    def __init__(self, system: Run, hub: Hub) -> None:
        self._system = system
        self._hub = hub

    def routes(self) -> list[Route]:
        """Return them; a session in another process is only read."""
        routes = [
            Route("/run/news", self._news),
            asked("/run/bars", self._bars),
            asked("/run/gaps", self._gaps),
            asked("/run/cell", self._cell),
        ]
        return routes + (_Commands(self._system).routes() if isinstance(self._system, System) else [])

    async def _news(self, _: Request) -> StreamingResponse:
        news: AsyncIterator[bytes] = self._hub.told()
        return StreamingResponse(news, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def _bars(self, request: Request) -> BarsTold:
        symbol, interval = text(request, "symbol"), Interval.parse(text(request, "interval", "1m"))
        sessions = number(request, "sessions", "0")
        since = instant(request, "since") if "since" in request.query_params else None
        today = self._system.bars(symbol, since, None, interval, include_partial=True)
        if since is not None or not sessions:
            return bars_told(symbol, str(interval), await _in_time(today))
        before = self._system.history(symbol, min(max(sessions, 1), _MOST_SESSIONS), interval)
        return bars_told(symbol, str(interval), await _in_time(before), await _in_time(today))

    async def _gaps(self, _: Request) -> GapsTold:
        stories, missing = await _in_time(self._system.gap_stories()), await _in_time(self._system.gaps())
        watched = self._hub.watched
        return gaps_told(stories, missing, 0 if watched is None else watched.plane.now_ns)

    async def _cell(self, request: Request) -> CellTold:
        symbol, start_ns, watched = text(request, "symbol"), instant(request, "at"), self._hub.watched
        verdict = None if watched is None else watched.verdict(symbol, start_ns)
        if watched is None or verdict is None:
            raise UnknownSymbol(f"the session has no such minute of {symbol}")
        session = watched.plane.session
        step_ns = session.base_interval.span_ns
        window = await _in_time(self._system.bars(symbol, start_ns, start_ns + step_ns, session.base_interval))
        bar = window.bar(0) if len(window) else None
        certificate = await _in_time(self._system.certificate(session.date))
        return story(
            symbol,
            start_ns,
            verdict if bar is None else bar.verdict,  # which may have come since the plane was looked at
            turns=watched.turns(symbol, start_ns),
            gaps=await _in_time(self._system.gap_stories(session.date)),
            runs=() if certificate is None else certificate.runs,
            feeds=await self._feeds(),
            bar=bar,
        )

    async def _feeds(self) -> list[str]:
        try:
            live = await _in_time(self._system.live_status())
        except BarkeeperError:  # a backtest: all comes from the store
            return []
        return [feed.health.feed for feed in live.feeds]


class _Commands:
    """What may be commanded of a replay."""

    def __init__(self, system: System) -> None:
        self._system = system

    def routes(self) -> list[Route]:
        return [
            asked("/run/pause", lambda _: self._done(self._system.pause()), "POST"),
            asked("/run/resume", lambda _: self._done(self._system.resume()), "POST"),
            asked("/run/step", lambda _: self._done(self._system.step()), "POST"),
            asked("/run/speed", self._speed, "POST"),
        ]

    async def _speed(self, request: Request) -> Done:
        try:
            asked_for = msgspec.json.decode(await request.body(), type=SpeedAsked)
        except UNREADABLE as error:
            raise SettingsError(f"speed: {error}") from error
        self._system.set_speed(asked_for.speed)
        return await self._done(self._system.status())

    async def _done(self, told: "Future[Any]") -> Done:
        return Done(state=str((await _in_time(told)).state))


async def _in_time(answer: "Future[Any]") -> Any:
    return await asyncio.wait_for(answer, _PATIENCE_S)
