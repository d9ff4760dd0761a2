"""How each session was opened is told while it lasts, so that its certificate can say it."""

from messages import Message, StopwatchRead, TransitionMeasured
from tests.stream_coordinator.backtest.playing import FREE, MONDAY, TUESDAY, Hand
from tests.stream_coordinator.backtest.test_settling import at_the_close, settled


def measured(said: list[Message]) -> list[tuple[str, bool | None, float | None]]:
    return [(m.session_date, m.is_prefetched, m.transition_ms) for m in said if isinstance(m, TransitionMeasured)]


def test_how_the_first_session_was_opened_is_told_before_a_minute_of_it_is_played() -> None:
    hand = Hand(FREE, MONDAY, has_upkeep=True).opened()
    opening = measured(hand.said)
    hand.play()

    assert [date for date, _, _ in opening] == [MONDAY.date]
    assert measured(hand.said) == opening


def test_how_the_next_was_opened_is_told_when_it_was_measured() -> None:
    hand = at_the_close(MONDAY, TUESDAY)
    hand.home()
    hand.tell(settled())
    hand.home()
    early = len(measured(hand.said))
    said = hand.tell(StopwatchRead(elapsed_ns=1_500_000))

    assert (early, measured(said)) == (1, [(TUESDAY.date, True, 1.5)])


def test_a_stopwatch_that_is_read_between_sessions_measures_nothing() -> None:
    hand = at_the_close(MONDAY)
    hand.home()

    assert hand.tell(StopwatchRead(elapsed_ns=1)) == []


def test_without_upkeep_nobody_is_told() -> None:
    hand = Hand(FREE, MONDAY).opened()

    assert measured(hand.said + hand.tell(StopwatchRead(elapsed_ns=1))) == []
