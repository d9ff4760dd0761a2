"""A source that keeps failing is rested, probed, and rested for longer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.data_upkeep.health import LONGEST_REST, SourceHealth

REST = 60


def sick(failures: int = 3, now: int = 0) -> SourceHealth:
    """A source that has failed so many times in a row; after three it is rested."""
    health = SourceHealth(3, REST)
    for _ in range(failures):
        health.asked()
        health.failed(now)
    return health


def probe_fails(health: SourceHealth, now: int) -> None:
    health.asked()
    health.failed(now)


def test_a_source_may_be_asked_by_several_at_once_while_it_answers() -> None:
    health = SourceHealth(3, REST)
    health.asked()
    health.asked()

    assert health.may_ask(0)


def test_a_few_failures_are_forgiven() -> None:
    assert sick(2).may_ask(0)


def test_an_answer_between_failures_begins_the_count_anew() -> None:
    health = sick(2)
    health.answered()
    for _ in range(2):
        health.failed(0)

    assert health.may_ask(0)


@pytest.mark.parametrize(("now", "may"), [(5, False), (64, False), (65, True)])
def test_a_source_that_keeps_failing_is_left_alone_for_a_while(now: int, may: bool) -> None:
    assert sick(now=5).may_ask(now) is may


def test_after_its_rest_one_request_probes_it_and_the_others_wait() -> None:
    health = sick()
    health.asked()

    assert not health.may_ask(REST)


def test_a_probe_that_is_answered_ends_the_rest() -> None:
    health = sick()
    health.asked()
    health.answered()
    health.asked()

    assert health.may_ask(REST)


def test_every_failed_probe_doubles_the_rest_up_to_a_bound() -> None:
    health, now, rests = sick(), REST, []
    for _ in range(7):
        probe_fails(health, now)
        rest = next(seconds for seconds in range(1, 3000) if health.may_ask(now + seconds))
        rests.append(rest // REST)
        now += rest

    assert rests == [2, 4, 8, 16, 16, 16, 16]
    assert max(rests) == LONGEST_REST


def test_after_an_answer_the_first_rest_is_short_again() -> None:
    health = sick()
    probe_fails(health, REST)
    health.answered()
    for _ in range(3):
        health.failed(1000)

    assert (health.may_ask(1000 + REST - 1), health.may_ask(1000 + REST)) == (False, True)


@given(st.lists(st.booleans(), max_size=40))
def test_it_is_never_left_alone_for_longer_than_the_bound(answers: list[bool]) -> None:
    health, now = SourceHealth(2, REST), 0
    for answered in answers:
        now += LONGEST_REST * REST
        assert health.may_ask(now)
        health.asked()
        if answered:
            health.answered()
        else:
            health.failed(now)
