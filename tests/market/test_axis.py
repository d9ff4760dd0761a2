"""The axis of a session against slow, obvious walks through its minutes."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.market.axis import SessionAxis, SessionShape, axis_of
from messages.errors import SettingsError
from messages.values import MINUTE_NS, ONE_DAY, Interval, Segment, SegmentKind, TradingSession
from tests.builders import PRE, REGULAR, instant, segments, session_24_7, session_xhkg, session_xnys

M = MINUTE_NS


def futures() -> TradingSession:
    """Chicago: from 17:00 on the evening before to 16:00, with an hour at noon cut out."""
    evening = instant("2024-07-01", "17:00", "America/Chicago")
    noon, one, close = (instant("2024-07-02", clock, "America/Chicago") for clock in ("12:00", "13:00", "16:00"))
    parts = tuple(Segment(kind=REGULAR, start_ns=a, end_ns=b) for a, b in ((evening, noon), (one, close)))
    return TradingSession(calendar="CMES", date="2024-07-02", tz="America/Chicago", segments=parts)


SESSIONS = {
    "regular": session_xnys(),
    "extended half-day": session_xnys("2024-07-03", extended=True),
    "break": session_xhkg(),
    "24/7": session_24_7(),
    "futures": futures(),
}
each_session = pytest.mark.parametrize("session", SESSIONS.values(), ids=SESSIONS)


def walk(session: TradingSession, step_ns: int = M) -> list[tuple[int, Segment]]:
    return [(t, s) for s in session.segments for t in range(s.start_ns, s.end_ns - step_ns + 1, step_ns)]


def slow_starts(session: TradingSession, step_ns: int = M) -> list[int]:
    return [start for start, _ in walk(session, step_ns)]


def instants_around(session: TradingSession) -> list[int]:
    nudges = (-M, -1, 0, 1, M // 2, M - 1, M)
    edges = [edge for s in session.segments for edge in (s.start_ns, (s.start_ns + s.end_ns) // 2 // M * M, s.end_ns)]
    return [0, *(edge + nudge for edge in edges for nudge in nudges), 2**62]


@each_session
def test_slots_number_the_minutes_of_the_segments_and_nothing_else(session):
    axis, starts = SessionAxis(session), slow_starts(session)

    assert axis.slots == len(starts)
    assert axis.starts_ns.tolist() == starts
    assert [axis.start_of(slot) for slot in range(axis.slots)] == starts


@each_session
def test_starts_have_their_slots_in_any_order_and_any_number_of_times(session):
    axis, instants = SessionAxis(session), instants_around(session)
    starts = np.repeat([*instants, *reversed(instants)], 3)

    assert axis.slots_of(starts).tolist() == [
        -1 if (slot := axis.slot_of(at)) is None else slot for at in starts.tolist()
    ]
    assert axis.slots_of(starts[:0]).tolist() == []


@each_session
def test_an_instant_has_a_slot_only_if_a_minute_starts_there(session):
    axis, starts, instants = SessionAxis(session), slow_starts(session), instants_around(session)
    expected = [starts.index(at) if at in starts else None for at in instants]

    assert [axis.slot_of(at) for at in instants] == expected
    assert axis.slots_of(np.array(instants)).tolist() == [-1 if slot is None else slot for slot in expected]


@each_session
def test_minutes_before_an_instant_and_minutes_ended_are_counted_across_breaks(session):
    axis, starts, instants = SessionAxis(session), slow_starts(session), instants_around(session)

    assert [axis.slots_before(at) for at in instants] == [sum(s < at for s in starts) for at in instants]
    assert [axis.slots_ended(at) for at in instants] == [sum(s + M <= at for s in starts) for at in instants]


@each_session
def test_regular_slots_are_those_between_open_and_close(session):
    axis = SessionAxis(session)
    expected = [segment.kind is SegmentKind.REGULAR for _, segment in walk(session)]

    assert axis.is_regular.tolist() == expected
    assert np.flatnonzero(axis.is_regular).tolist() == list(range(axis.slots))[axis.regular]
    assert sum(expected) == session.expected_minutes


@each_session
@pytest.mark.parametrize("minutes", [1, 5, 7, 60, 90])
def test_bars_are_anchored_at_their_segment_and_clipped_at_its_end(session, minutes):
    begins = [slot for slot, (at, s) in enumerate(walk(session)) if (at - s.start_ns) % (minutes * M) == 0]

    edges = SessionAxis(session).edges(Interval(seconds=60 * minutes)).tolist()

    assert edges == [*begins, len(walk(session))]


def test_hourly_bars_stop_at_lunch_and_begin_again_after_it():
    # 01:30 02:30 03:30 | 04:00 lunch 05:00 | 05:00 06:00 07:00 | 08:00
    assert SessionAxis(session_xhkg()).edges(Interval.parse("1h")).tolist() == [0, 60, 120, 150, 210, 270, 330]


def test_the_daily_bar_spans_the_regular_slots_across_lunch_and_without_extended_hours():
    assert SessionAxis(session_xhkg()).edges(ONE_DAY).tolist() == [0, 330]
    assert SessionAxis(session_xnys("2024-07-03", extended=True)).edges(ONE_DAY).tolist() == [330, 540]


def test_an_interval_that_is_no_multiple_of_the_base_bars_is_refused():
    with pytest.raises(SettingsError, match="90s is no whole multiple of 1m"):
        SessionAxis(session_xnys()).edges(Interval(seconds=90))
    with pytest.raises(SettingsError, match="30s"):
        SessionAxis(session_xnys()).edges(Interval(seconds=30))


@pytest.mark.parametrize("slot", [-1, 390, 1000])
def test_there_is_no_start_of_a_slot_that_does_not_exist(slot):
    with pytest.raises(IndexError):
        SessionAxis(session_xnys()).start_of(slot)


def test_a_segment_shorter_than_the_step_has_no_slots():
    parts = segments("2024-07-02", "UTC", (PRE, "08:55", "09:00"), (REGULAR, "09:00", "10:25"))
    ten = Interval.parse("10m")
    axis = SessionAxis(TradingSession(calendar="X", date="2024-07-02", tz="UTC", segments=parts, base_interval=ten))

    assert axis.slots == 8
    assert axis.regular == slice(0, 8)
    assert axis.slot_of(instant("2024-07-02", "10:20")) is None


def test_the_shared_columns_cannot_be_written():
    axis = SessionAxis(session_xnys())

    assert not axis.starts_ns.flags.writeable
    assert not axis.is_regular.flags.writeable


@settings(deadline=None)
@given(
    parts=st.lists(st.tuples(st.integers(0, 90), st.integers(1, 90)), min_size=1, max_size=5),
    base=st.sampled_from([Interval(seconds=10), Interval(seconds=60), Interval(seconds=300)]),
    probes=st.lists(st.integers(-30, 4200), min_size=1, max_size=20),
    multiple=st.integers(1, 30),
)
def test_any_cut_of_a_day_maps_as_a_walk_through_it_does(parts, base, probes, multiple):
    at, made = 0, []
    for gap, length in parts:
        made.append(Segment(kind=REGULAR, start_ns=(at + gap) * M, end_ns=(at + gap + length) * M))
        at += gap + length
    session = TradingSession(calendar="X", date="1970-01-01", tz="UTC", segments=tuple(made), base_interval=base)
    step = base.span_ns
    steps, instants = walk(session, step), [probe * M // 6 for probe in probes]
    starts = [start for start, _ in steps]

    axis = SessionAxis(session)

    assert axis.starts_ns.tolist() == starts
    assert axis.slots_of(np.array(instants)).tolist() == [starts.index(i) if i in starts else -1 for i in instants]
    assert [axis.slots_before(i) for i in instants] == [sum(s < i for s in starts) for i in instants]
    assert [axis.slots_ended(i) for i in instants] == [sum(s + step <= i for s in starts) for i in instants]
    begins = [k for k, (start, s) in enumerate(steps) if (start - s.start_ns) % (multiple * step) == 0]
    assert axis.edges(Interval(seconds=base.seconds * multiple)).tolist() == [*begins, len(starts)]


def test_days_that_are_cut_alike_share_their_shape_and_others_do_not() -> None:
    day, next_day, half_day = (SessionAxis(session_xnys(date)) for date in ("2024-07-02", "2024-07-05", "2024-07-03"))

    assert day.shape is next_day.shape
    assert day.shape is not half_day.shape
    assert day.starts_ns[0] != next_day.starts_ns[0]


@pytest.mark.parametrize("interval", ["1s", "5m"])
def test_days_with_other_base_bars_have_another_shape(interval: str) -> None:
    plain = session_xnys()
    other = msgspec.structs.replace(plain, base_interval=Interval.parse(interval))

    assert SessionAxis(plain).shape is not SessionAxis(other).shape


def test_all_who_ask_for_the_axis_of_a_session_get_the_same() -> None:
    assert axis_of(session_xnys()) is axis_of(session_xnys())
    assert axis_of(session_xnys()) is not axis_of(session_xnys("2024-07-03"))


@each_session
def test_plain_starts_and_ends_are_those_of_the_slots(session: TradingSession) -> None:
    axis = SessionAxis(session)

    assert axis.plain_starts_ns == slow_starts(session)
    assert axis.plain_ends_ns == [start + M for start in slow_starts(session)]


@each_session
@given(data=st.data())
@settings(max_examples=20)
def test_whole_sessions_of_several_symbols_are_told_from_those_that_only_have_as_many_bars(
    session: TradingSession, data: st.DataObject
) -> None:
    axis = SessionAxis(session)
    starts = np.repeat(axis.starts_ns, data.draw(st.integers(1, 3)))
    moved = starts.copy()
    moved[data.draw(st.integers(0, len(starts) - 1))] += data.draw(st.sampled_from([-M, 1, M]))

    for given_starts in (starts, np.sort(moved)):
        expected = [-1 if (slot := axis.slot_of(start)) is None else slot for start in given_starts.tolist()]
        assert axis.slots_of(given_starts).tolist() == expected
    assert axis.slots_of(starts[:0]).tolist() == []


def test_windows_of_any_number_of_lengths_have_what_they_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.market.axis._MOST_WINDOWS", 3)
    shape = SessionShape(((0, 390, True),), Interval.parse("1m"))  # of its own: days share theirs
    for count in (*range(1, 9), 2):
        zeros, lengths, nowhere = shape.plain(count, 5)

        assert (zeros.tolist(), lengths.tolist(), nowhere.tolist()) == ([0] * count, [5] * count, [False] * count)
    assert len(shape._plain) <= 3
