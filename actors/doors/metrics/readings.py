"""What one look at a run comes to, metric by metric; nothing is counted here that the rooms do not count."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from actors.doors.metrics.vitals import Vitals
from messages.lifecycle import FeedStatus, LiveStatus, SessionPhase
from messages.readiness import ReadinessReport
from messages.repairs import SourceStatus
from messages.replies import Quality, QualityReport, RoomHealth
from messages.supervision import JournalHealth
from messages.values import SECOND_NS, Health, SystemState

OUTCOMES = ("accepted", "rejected", "duplicates")
"""What becomes of all that is received; their sum is what was."""


class Reading(NamedTuple):
    """A value of a metric of ``families``."""

    name: str
    """Without the ``barkeeper_`` before it."""
    labels: tuple[str, ...]
    value: float


def readings(vitals: Vitals) -> Iterator[Reading]:
    """Yield every value there is."""
    status, progress = vitals.status, vitals.progress
    yield Reading("up", (), 1)
    yield Reading("healthy", (), status.health is Health.HEALTHY)
    yield Reading("troubles", (), len(status.reasons))
    yield from (Reading("state", (state,), state is status.state) for state in SystemState)
    yield Reading("clock_timestamp_seconds", (), progress.now_ns / SECOND_NS)
    yield Reading("sessions", (), progress.sessions_done)
    yield Reading("bars", (), progress.bars)
    yield Reading("symbols", (), vitals.symbols)
    yield Reading("session_minutes_done", (), progress.minutes_done)
    yield Reading("session_minutes_expected", (), progress.minutes_total)
    yield Reading("gaps_open", (), vitals.gaps)
    yield Reading("late_subscribers", (), len(status.late_subscribers))
    yield from () if vitals.quality is None else _of_session(vitals.quality)
    yield from () if vitals.live is None else _of_live_day(vitals.live)
    yield from () if vitals.readiness is None else _of_store(vitals.readiness)
    yield from _of_sources(status.sources)
    yield from _of_rooms(status.rooms)
    yield from () if status.journal is None else _of_journal(status.journal)


def _of_session(report: QualityReport) -> Iterator[Reading]:
    for hours, quality in (("regular", report.quality), ("extended", report.extended_quality)):
        counts = quality.verdicts
        for verdict in counts.__struct_fields__:
            yield Reading("minutes", (hours, verdict), getattr(counts, verdict))
    yield from _shares(report.quality)
    yield Reading("gaps", (), report.gaps)
    for outcome in OUTCOMES:
        yield Reading("received", (outcome,), getattr(report, outcome))
    yield from (Reading("rejected", (reason,), number) for reason, number in report.reasons)
    yield Reading("prints", ("ticks",), report.ticks)
    yield Reading("prints", ("quotes",), report.quotes)


def _shares(quality: Quality) -> Iterator[Reading]:
    if quality.completeness is not None:
        yield Reading("completeness_ratio", (), quality.completeness / 100.0)
    if quality.bar_quality is not None:
        yield Reading("quality_ratio", (), quality.bar_quality / 100.0)


def _of_live_day(live: LiveStatus) -> Iterator[Reading]:
    yield from (Reading("session_phase", (phase,), phase is live.phase) for phase in SessionPhase)
    for feed in live.feeds:
        yield from _of_feed(feed, live.now_ns)


def _of_feed(feed: FeedStatus, now_ns: int) -> Iterator[Reading]:
    health, name = feed.health, feed.health.feed
    yield Reading("feed_connected", (name,), health.is_connected)
    if health.last_life_ns is not None:
        yield Reading("feed_last_heard_seconds", (name,), max(now_ns - health.last_life_ns, 0) / SECOND_NS)
    for quantile, lag_ms in (("0.5", feed.lag_p50_ms), ("0.99", feed.lag_p99_ms)):
        if lag_ms is not None:
            yield Reading("feed_lag_seconds", (name, quantile), lag_ms / 1000.0)
    if feed.clock_offset_ms is not None:
        yield Reading("feed_clock_offset_seconds", (name,), feed.clock_offset_ms / 1000.0)
    yield Reading("feed_waiting", (name,), health.waiting)
    for kind in ("bars", "ticks", "quotes"):
        yield Reading("feed_items", (name, kind), getattr(health, kind))
    for outcome in OUTCOMES:
        yield Reading("feed_received", (name, outcome), getattr(health, outcome))
    yield Reading("feed_rejected", (name,), health.rejected)
    yield Reading("feed_connections", (name,), health.connections)
    yield Reading("feed_losses", (name,), health.losses)


def _of_store(readiness: ReadinessReport) -> Iterator[Reading]:
    store = readiness.store
    if store is not None:
        yield Reading("store_writable", (), store.is_writable)
        if store.free_bytes is not None:
            yield Reading("store_free_bytes", (), store.free_bytes)


def _of_sources(sources: Iterable[SourceStatus]) -> Iterator[Reading]:
    for source in sources:
        yield Reading("source_requests", (source.source, "answered"), source.asked - source.failed)
        yield Reading("source_requests", (source.source, "failed"), source.failed)
        yield Reading("source_failing", (source.source,), source.is_failing)


def _of_journal(journal: JournalHealth) -> Iterator[Reading]:
    yield Reading("journal_messages", (), journal.messages)
    yield Reading("journal_waiting", (), journal.waiting)
    yield Reading("journal_held_up_seconds", (), journal.held_up_s)


def _of_rooms(rooms: Iterable[RoomHealth]) -> Iterator[Reading]:
    for room in rooms:
        yield Reading("mailbox_depth", (room.room,), room.mailbox_depth)
        yield Reading("mailbox_high_water", (room.room,), room.mailbox_high_water)
        yield Reading("messages", (room.room,), room.messages)
        yield Reading("handling_seconds", (room.room, "0.5"), room.handling_p50_us / 1e6)
        yield Reading("handling_seconds", (room.room, "0.99"), room.handling_p99_us / 1e6)
        yield Reading("quarantined", (room.room,), room.quarantined)
