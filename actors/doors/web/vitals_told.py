"""How a run is, in the page's words."""

import msgspec

from actors.doors.metrics.vitals import Vitals
from actors.doors.web.told import ms
from messages.lifecycle import FeedStatus
from messages.values import Health, Mode, SystemState


class FeedTold(msgspec.Struct, frozen=True, kw_only=True):
    """How a feed is."""

    name: str
    connected: bool
    over: bool
    lag_ms: float | None
    lag99_ms: float | None
    heard_s: float | None
    """How long ago it gave anything."""
    error: str
    bars: int
    ticks: int
    quotes: int
    received: int
    """``accepted + rejected + duplicates``; the rest is on its way."""
    accepted: int
    rejected: int
    duplicates: int
    losses: int


class VitalsTold(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is; percentages are ``None`` before the first minute is closed."""

    mode: Mode
    state: SystemState
    health: Health
    troubles: list[str]
    """A sentence each; empty: nothing is wrong."""
    phase: str
    """Of the live session; in a backtest empty."""
    now: int
    sessions_done: int
    sessions_total: int
    minutes_done: int
    minutes_total: int
    finished: bool
    symbols: int
    completeness: float | None
    quality: float | None
    verdicts: dict[str, int]
    gaps: int
    """Runs of minutes of which nothing is known."""
    received: int
    accepted: int
    rejected: dict[str, int]
    duplicates: int
    feeds: list[FeedTold]
    commands: list[str]
    """What may be commanded of it: a replay can be paused, resumed, stepped, and played at another speed.

    One that runs live cannot be played as fast as possible: it goes by a clock.
    """
    answers: bool = True
    """Whether the run answers; if not, this is how it was when it last did."""


def silent(last: VitalsTold, why: str) -> VitalsTold:
    """Return what was last told of a run that does not answer any more."""
    troubles = [f"the session does not answer: {why}"]
    return msgspec.structs.replace(last, health=Health.ERROR, troubles=troubles, commands=[], answers=False)


def vitals_told(vitals: Vitals, *, can_be_held: bool) -> VitalsTold:
    """Return a look in the page's words; a replay in another process is not commanded from here."""
    status, progress, report = vitals.status, vitals.progress, vitals.quality
    troubles = [*status.reasons, *(() if vitals.live is None else vitals.live.troubles)]
    return VitalsTold(
        mode=status.mode,
        state=status.state,
        health=status.health,
        troubles=list(dict.fromkeys(troubles)),
        phase="" if vitals.live is None else vitals.live.phase,
        now=ms(progress.now_ns if vitals.live is None else vitals.live.now_ns),
        sessions_done=progress.sessions_done,
        sessions_total=progress.sessions_total,
        minutes_done=progress.minutes_done,
        minutes_total=progress.minutes_total,
        finished=progress.is_finished,
        symbols=vitals.symbols,
        completeness=None if report is None else report.quality.completeness,
        quality=None if report is None else report.quality.bar_quality,
        verdicts={} if report is None else msgspec.structs.asdict(report.quality.verdicts),
        gaps=vitals.gaps,
        received=0 if report is None else report.received,
        accepted=0 if report is None else report.accepted,
        rejected={} if report is None else dict(report.reasons),
        duplicates=0 if report is None else report.duplicates,
        feeds=[] if vitals.live is None else [_feed(feed, vitals.live.now_ns) for feed in vitals.live.feeds],
        commands=["pause", "resume", "step", "speed"] if can_be_held and not progress.is_finished else [],
    )


def _feed(feed: FeedStatus, now_ns: int) -> FeedTold:
    health = feed.health
    return FeedTold(
        name=health.feed,
        connected=health.is_connected,
        over=health.is_over,
        lag_ms=feed.lag_p50_ms,
        lag99_ms=feed.lag_p99_ms,
        heard_s=None if health.last_life_ns is None else max(now_ns - health.last_life_ns, 0) / 1e9,
        error=health.last_error,
        bars=health.bars,
        ticks=health.ticks,
        quotes=health.quotes,
        received=health.received,
        accepted=health.accepted,
        rejected=health.rejected,
        duplicates=health.duplicates,
        losses=health.losses,
    )
