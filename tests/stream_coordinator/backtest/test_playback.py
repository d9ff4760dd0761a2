"""A tape being played: how many minutes go together, what is in them, and how far it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.market.faults import Faults
from actors.stream_coordinator.backtest.playback import Playback
from messages import BarBatch, BarsArrived, Tape, TimeAdvanced, TradingSession
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import minute_of, session_tiny
from tests.session_data.streams import minutes_of
from tests.stream_coordinator.backtest.playing import tape

FIVE = session_tiny(5)
BROKEN = session_tiny(2, 2)  # two minutes, a break of two, two more
OPEN = FIVE.start_ns
SYMBOLS = tuple(f"S{number:04}" for number in range(1500))


def crowded(session: TradingSession, *bars: int) -> Playback:
    """A tape with so many bars in each minute."""
    made = [
        bar
        for start, count in zip(minutes_of(session), bars, strict=True)
        for bar in minute_of(SYMBOLS[:count], start, session=session)
    ]
    return Playback(Tape(session=session, batch=BarBatch.of(made)), Faults())


@pytest.mark.parametrize(("most", "slots"), [(1, 1), (3, 3), (5, 5), (64, 5)])
def test_as_many_minutes_go_together_as_are_allowed_and_left(most: int, slots: int) -> None:
    assert Playback(tape(FIVE), Faults()).slots_until(None, most) == slots


def test_what_was_played_does_not_count() -> None:
    playback = Playback(tape(FIVE), Faults())
    playback.play(3, ticket=1)

    assert playback.slots_until(None, 64) == 2


@pytest.mark.parametrize(
    ("seconds", "slots"),
    [(-60, 1), (0, 1), (30, 1), (60, 1), (119, 1), (120, 2), (121, 2), (239, 3), (300, 5), (301, 5), (9999, 5)],
)
def test_none_but_the_first_goes_past_an_instant(seconds: int, slots: int) -> None:
    assert Playback(tape(FIVE), Faults()).slots_until(OPEN + seconds * SECOND_NS, 64) == slots


def test_an_instant_within_a_break_is_after_what_is_before_the_break() -> None:
    playback = Playback(tape(BROKEN), Faults())

    assert playback.slots_until(BROKEN.start_ns + 3 * MINUTE_NS, 64) == 2
    playback.play(2, ticket=1)
    assert playback.slots_until(BROKEN.start_ns + 5 * MINUTE_NS, 64) == 1


@pytest.mark.parametrize(
    ("bars", "slots"),
    [
        ((1400, 1400, 1296, 0, 1), 4),  # 4096, and an empty minute that costs nothing
        ((1400, 1400, 1297, 0, 1), 2),  # 4097
        ((0, 0, 1500, 1500, 1096), 5),
        ((1500, 1500, 1500, 1500, 1500), 2),
    ],
)
def test_so_many_go_together_that_they_have_a_few_thousand_bars_at_most(
    bars: tuple[int, ...], slots: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.stream_coordinator.backtest.playback._BARS_A_MINUTE", 64)

    assert crowded(FIVE, *bars).slots_until(None, 64) == slots


def test_a_minute_of_more_bars_than_that_goes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.stream_coordinator.backtest.playback._BARS_A_MINUTE", 1)

    assert crowded(FIVE, 11, 11, 2, 3, 5).slots_until(None, 10) == 1


@given(
    st.lists(st.integers(0, 9), min_size=4, max_size=4),
    st.lists(st.tuples(st.integers(1, 5), st.none() | st.integers(-1, 7)), max_size=9),
)
def test_however_it_is_cut_a_tape_is_played_whole_and_in_order(
    counts: list[int], cuts: list[tuple[int, int | None]]
) -> None:
    playback, slots = crowded(BROKEN, *counts), minutes_of(BROKEN)
    said: list[BarsArrived | TimeAdvanced] = []
    for most, minute in [*cuts, *[(1, None)] * 4]:
        if playback.is_over:
            break
        first = playback.position
        instant = None if minute is None else BROKEN.start_ns + minute * MINUTE_NS
        count = playback.slots_until(instant, most)
        due_ns = playback.due_ns
        said += playback.play(count, ticket=first + 1)
        end = slots[first + count - 1] + MINUTE_NS
        assert 1 <= count <= most
        assert count == 1 or instant is None or end <= instant
        assert (due_ns, said[-1].now_ns, said[-1].ticket) == (slots[first] + MINUTE_NS, end, first + 1)
        assert isinstance(said[-1], BarsArrived) == (sum(counts[first : first + count]) > 0)

    told = [start for message in said if isinstance(message, BarsArrived) for start in message.batch.start_ns.tolist()]
    assert told == [start for start, count in zip(slots, counts, strict=True) for _ in range(count)]
    assert all(message.is_whole for message in said if isinstance(message, BarsArrived))


@given(st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_how_many_bars_the_first_minutes_have_and_when_they_are_over(counts: list[int]) -> None:
    playback = crowded(BROKEN, *counts)
    playback.play(1, ticket=1)
    playback.play(1, ticket=2)
    half = [playback.bars_before(slot) for slot in range(3)]
    playback.play(2, ticket=3)

    assert half == [0, counts[0], counts[0] + counts[1]]
    assert [playback.bars_before(slot) for slot in (0, 1, 2, 4)] == [0, *half[1:], sum(counts)]
    assert [(playback.end_of(slot) - BROKEN.start_ns) // MINUTE_NS for slot in range(5)] == [0, 1, 2, 5, 6]


def test_a_tape_is_over_when_every_minute_was_played_with_bars_or_without() -> None:
    playback = crowded(FIVE, 1, 0, 0, 0, 0)
    playback.play(1, ticket=1)
    is_over = playback.is_over

    (said,) = playback.play(4, ticket=2)

    assert said == TimeAdvanced(now_ns=FIVE.end_ns, ticket=2)
    assert (is_over, playback.is_over, playback.position, playback.slots) == (False, True, 5, 5)
