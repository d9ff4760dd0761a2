"""How long a feed may be silent, and how long it is left alone."""

import pytest

from actors.feeds.patience import Patience
from actors.settings import FeedRules
from messages.values import SECOND_NS

RULES = FeedRules(stale_after_s=90.0, backoff_s=1.0, longest_backoff_s=8.0, jitter=0.0)


def after(seconds: float) -> int:
    return round((1_000 + seconds) * SECOND_NS)


def patience(*came_s: float) -> Patience:
    """Connected at 0, and what came since."""
    made = Patience(RULES)
    made.connected(after(0))
    for second in came_s:
        made.came(after(second))
    return made


def allowed_s(made: Patience, since_s: float, *, is_probed: bool = False) -> int:
    """For how many seconds of silence it is patient."""
    return next(s for s in range(1, 20_000) if made.is_over(after(since_s + s), is_probed=is_probed))


@pytest.mark.parametrize(("longest_s", "allowed"), [(10, 90), (45, 90), (60, 120), (89, 178), (3000, 3600)])
def test_twice_the_longest_silence_that_was_ended_by_data_is_allowed(longest_s: int, allowed: int) -> None:
    assert allowed_s(patience(1, 1 + longest_s), 1 + longest_s) == allowed


def test_a_silence_that_a_new_connection_does_not_end_doubles_what_is_allowed() -> None:
    made = patience()
    made.silenced()
    made.connected(after(90))
    made.came(after(170))  # after 170 s, on a connection of 80 s

    assert allowed_s(made, 170) == 340


def test_what_comes_at_once_on_a_new_connection_shows_that_the_old_one_was_dead() -> None:
    made = patience(1)
    made.silenced()
    made.connected(after(91))
    made.came(after(92))

    assert allowed_s(made, 92) == 90


def test_the_time_without_a_connection_is_no_silence() -> None:
    made = patience(1)
    made.lost_ns()
    made.connected(after(400))
    made.came(after(410))

    assert allowed_s(made, 410) == 90


def test_a_silence_is_unusual_when_it_is_four_times_as_long_as_any_of_twenty() -> None:
    made = patience(*range(5, 105, 5))

    assert [made.is_unusual(after(100 + second)) for second in (19, 20)] == [False, True]
    assert not patience(*range(5, 100, 5)).is_unusual(after(1000))


def test_time_in_which_nothing_is_expected_is_no_silence() -> None:
    made = patience(1)
    made.excused(after(3000))
    made.came(after(3010))

    assert allowed_s(made, 3010) == 90


def test_a_connection_that_is_probed_is_given_an_hour_until_it_is_known_what_is_usual() -> None:
    assert allowed_s(patience(1, 5), 5, is_probed=True) == 3600
    assert allowed_s(patience(*range(5, 105, 5)), 100, is_probed=True) == 100
    assert allowed_s(patience(*range(60, 1260, 60)), 1200, is_probed=True) == 1200


def test_losses_in_a_row_are_waited_out_longer_and_silence_is_none() -> None:
    made = patience()
    waits = [made.lost_ns() // SECOND_NS for _ in range(5)]
    made.silenced()
    still = made.lost_ns() // SECOND_NS
    made.came(after(1))

    assert (waits, still, made.lost_ns() // SECOND_NS) == ([1, 2, 4, 8, 8], 8, 1)
