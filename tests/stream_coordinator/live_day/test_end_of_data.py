"""A tape that stops before the close: nobody waits for what will not come, and the session says so."""

import pytest

from actors.settings import SessionRules, Settings
from messages import BoundaryKind, Pace, SessionBoundary, TimeAdvanced
from messages.errors import SettingsError
from messages.queries import GetProgress
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import session_tiny
from tests.stream_coordinator.backtest.playing import FREE, Hand, ends

DAY = session_tiny(6)
START = DAY.start_ns
TIMED = Settings(store="none", pace=Pace.FREE, credit=1, minutes_per_ticket=1, speed=60.0)


def played(hand: Hand) -> SessionBoundary:
    """The close, when every ticket has come home."""
    hand.play()
    while hand.tickets and not closes(hand):
        hand.home()
    (close,) = closes(hand)
    return close


def closes(hand: Hand) -> list[SessionBoundary]:
    return [told for told in hand.of(SessionBoundary) if told.kind is BoundaryKind.CLOSED]


@pytest.mark.parametrize(
    ("skip", "has_expired"),
    [((), False), ((1, 2), False), ((5,), False), ((4, 5), True), (range(6), True)],
    ids=["whole", "a hole", "its last minute", "two minutes", "no bar at all"],
)
def test_a_session_whose_tape_stops_a_minute_or_more_before_the_close_has_expired(
    skip: tuple[int, ...], has_expired: bool
) -> None:
    hand = Hand(FREE, DAY).opened(skip=skip)
    close = played(hand)

    assert (close.timer_expired, close.now_ns) == (has_expired, DAY.end_ns)
    assert ends(hand.said)[-1] == DAY.end_ns  # what is left of the day closes as missing


def test_patience_is_a_setting() -> None:
    hand = Hand(Settings(store="none", pace=Pace.FREE, end_of_data_timeout_s=120.0), DAY).opened(skip=(4, 5))

    assert not played(hand).timer_expired


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf")])
def test_patience_without_end_or_beginning_is_refused(seconds: float) -> None:
    with pytest.raises(SettingsError, match="end_of_data_timeout_s is more than 0"):
        Settings(store="none", end_of_data_timeout_s=seconds)


def test_at_a_pace_nobody_waits_for_the_rest_of_a_day_whose_tape_has_stopped() -> None:
    hand = Hand(TIMED, DAY).opened(skip=(2, 3, 4, 5))
    hand.play()
    hand.clock(0)
    waited = []
    for second in (1, 2, 3):
        hand.clock(second)
        waited.append(hand.core.handle(GetProgress()).answer)
        while hand.tickets and not closes(hand):
            hand.home()
    (close,) = closes(hand)

    assert [(progress.now_ns - START) // MINUTE_NS for progress in waited] == [1, 2, 3]
    assert [progress.timer_expired for progress in waited] == [False, False, True]
    assert (close.timer_expired, close.now_ns) == (True, DAY.end_ns)


def test_whoever_hears_of_the_close_has_heard_of_every_minute_when_minutes_have_a_grace() -> None:
    rules = SessionRules(grace_ns=5 * SECOND_NS)
    hand = Hand(Settings(store="none", pace=Pace.FREE, credit=8, rules=rules), DAY).opened()
    close = played(hand)
    before = hand.of(TimeAdvanced)[-1]

    assert close.now_ns == before.now_ns == DAY.end_ns + 5 * SECOND_NS
    assert before.ticket < close.ticket
