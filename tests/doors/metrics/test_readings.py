"""Every metric means one thing, and every number is one that a room told."""

import msgspec
import pytest

from actors.doors.metrics.families import FAMILIES, Kind
from actors.doors.metrics.readings import Reading, readings
from actors.doors.metrics.vitals import Vitals
from messages import (
    FeedHealth,
    FeedStatus,
    Health,
    LiveStatus,
    Mode,
    Progress,
    Quality,
    QualityReport,
    ReadinessReport,
    Room,
    RoomHealth,
    SessionPhase,
    SourceStatus,
    StoreChecked,
    SystemState,
    SystemStatus,
    VerdictCounts,
)
from messages.readiness import Hours
from messages.supervision import JournalHealth
from messages.values import SECOND_NS

NOW_NS = 1_000 * SECOND_NS
STATUS = SystemStatus(
    state=SystemState.RUNNING,
    mode=Mode.LIVE,
    rooms=(RoomHealth(room=Room.SESSION_DATA, messages=7, mailbox_depth=2, handling_p99_us=500.0),),
    sources=(SourceStatus(source="archive", asked=5, failed=2, is_failing=True),),
    health=Health.DEGRADED,
    reasons=("source archive fails",),
    journal=JournalHealth(messages=500, waiting=12, held_up_s=0.5),
)
FEED = FeedStatus(
    health=FeedHealth(
        feed="wire",
        is_connected=True,
        last_life_ns=NOW_NS - 3 * SECOND_NS,
        bars=40,
        losses=1,
        received=39,
        accepted=35,
        rejected=3,
        duplicates=1,
    ),
    lag_p50_ms=20.0,
    lag_p99_ms=250.0,
)
LIVE = LiveStatus(
    session=None,
    phase=SessionPhase.ACTIVE,
    is_session_active=True,
    timer_expired=False,
    now_ns=NOW_NS,
    feeds=(FEED,),
    early=0,
    skewed=0,
)
QUALITY = QualityReport(
    session_date="2024-07-02",
    quality=Quality(completeness=90.0, bar_quality=95.0, closed=20, verdicts=VerdictCounts(streamed=18, no_trade=1)),
    extended_quality=Quality(completeness=None, bar_quality=None, closed=0, verdicts=VerdictCounts()),
    worst=(),
    received=22,
    accepted=18,
    rejected=3,
    duplicates=1,
    outranked=0,
    revised=0,
    outside=0,
    gaps=2,
    reasons=(("negative_price", 3),),
)
STORE = ReadinessReport(
    session=None,
    hours=Hours.USUAL,
    now_ns=NOW_NS,
    skewed=0,
    warm=(),
    short=(),
    feeds=(),
    store=StoreChecked(is_writable=True, free_bytes=5_000),
    problems=(),
)
PROGRESS = Progress(
    session_date="2024-07-02",
    sessions_done=1,
    sessions_total=3,
    minutes_done=10,
    minutes_total=390,
    bars=18,
    now_ns=NOW_NS,
    is_finished=False,
)
WHOLE = Vitals(status=STATUS, progress=PROGRESS, live=LIVE, readiness=STORE, quality=QUALITY, symbols=2, gaps=1)
PLAYED = msgspec.structs.replace(STATUS, journal=None)
BACKTEST = Vitals(status=PLAYED, progress=PROGRESS, live=None, readiness=None, quality=None, symbols=0, gaps=0)


def told(vitals: Vitals) -> dict[tuple[str, ...], float]:
    return {(name, *labels): value for name, labels, value in readings(vitals)}


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (("healthy",), 0),
        (("troubles",), 1),
        (("state", "running"), 1),
        (("state", "error"), 0),
        (("session_phase", "active"), 1),
        (("clock_timestamp_seconds",), 1000),
        (("minutes", "regular", "streamed"), 18),
        (("minutes", "extended", "streamed"), 0),
        (("completeness_ratio",), 0.9),
        (("quality_ratio",), 0.95),
        (("gaps_open",), 1),
        (("gaps",), 2),
        (("received", "duplicates"), 1),
        (("rejected", "negative_price"), 3),
        (("feed_connected", "wire"), 1),
        (("feed_last_heard_seconds", "wire"), 3),
        (("feed_lag_seconds", "wire", "0.99"), 0.25),
        (("feed_items", "wire", "bars"), 40),
        (("feed_received", "wire", "accepted"), 35),
        (("feed_received", "wire", "rejected"), 3),
        (("feed_received", "wire", "duplicates"), 1),
        (("feed_losses", "wire"), 1),
        (("source_requests", "archive", "answered"), 3),
        (("source_requests", "archive", "failed"), 2),
        (("source_failing", "archive"), 1),
        (("mailbox_depth", "session_data"), 2),
        (("handling_seconds", "session_data", "0.99"), 0.0005),
        (("journal_messages",), 500),
        (("journal_waiting",), 12),
        (("journal_held_up_seconds",), 0.5),
        (("store_free_bytes",), 5000),
    ],
)
def test_a_number_is_that_of_the_reader_in_the_metrics_unit(metric: tuple[str, ...], value: float) -> None:
    assert told(WHOLE)[metric] == pytest.approx(value)


def test_what_is_not_known_has_no_number() -> None:
    names = {name for name, *_ in told(BACKTEST)}

    assert names.isdisjoint(
        {"session_phase", "quality_ratio", "minutes", "feed_connected", "store_writable", "journal_waiting"}
    )
    assert {"up", "healthy", "state", "bars"} <= names


def test_every_reading_is_of_a_metric_and_has_its_labels_and_none_comes_twice() -> None:
    by_name = {family.name: family for family in FAMILIES}
    values = list(readings(WHOLE))

    assert len({(name, labels) for name, labels, _ in values}) == len(values)
    assert all(len(labels) == len(by_name[f"barkeeper_{name}"].labels) for name, labels, _ in values)
    offset = Reading("feed_clock_offset_seconds", ("wire",), 0)  # this feed's is not known yet
    assert {f"barkeeper_{name}" for name, _, _ in (*values, offset)} == set(by_name)


def test_a_metric_is_called_by_its_unit_and_a_counter_by_its_kind() -> None:
    for family in FAMILIES:
        assert family.name.startswith("barkeeper_")
        assert not family.name.endswith("_total")
        assert family.exposed.endswith("_total") == (family.kind is Kind.COUNTER)
        assert "symbol" not in family.labels
