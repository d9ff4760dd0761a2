"""What is missing is asked for once, together, soon; and again, later and later, until it is given up."""

from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from actors.data_upkeep.health import SourceFacts
from messages import (
    BarBatch,
    BarsFilled,
    FetchAnswered,
    FetchBars,
    FillFailed,
    Gap,
    GapAbandoned,
    GapDetected,
    GapNarrowed,
    GapOutcome,
    Interval,
    Message,
    NoTradeConfirmed,
)
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import DAY, at, bar
from tests.data_upkeep.desk import KNOWS, Desk, gap, only, repairs, requests, shown, wakes


def asked(request: FetchBars) -> tuple[str, int, int]:
    return shown(gap("".join(request.symbols), request.start_ns, request.end_ns))


def half_minutes(
    desk: Desk, first: int, last: int, answers: Callable[[FetchBars], list[Message]] | None = None
) -> list[Message]:
    """Session time goes on, half a minute at a time, from minute to minute of the day; every request fails, or so."""
    said: list[Message] = []
    for half in range(2 * first, 2 * last + 1):
        heard = desk.now(DAY.start_ns + half * MINUTE_NS // 2)
        said += heard
        while found := requests(heard):
            heard = [message for request in found for message in (answers or desk.fail)(request)]
            said += heard
    return said


def test_a_gap_is_asked_for_half_a_minute_after_its_minute_closed() -> None:
    desk = Desk().lacks("A", "09:30")
    early = desk.now("09:31")
    late = desk.now("09:31", 30)

    assert (requests(early), wakes(early)) == ([], [90])
    assert [asked(request) for request in requests(late)] == [("A", 0, 1)]


def test_what_is_missing_by_then_goes_along() -> None:
    desk = Desk(coalesce_s=90).lacks("AB", "09:30")
    desk.now("09:31")
    desk.lacks("C", "09:31")
    desk.now("09:32")

    assert [asked(request) for request in requests(desk.now("09:32", 30))] == [("ABC", 0, 2)]


def test_without_delay_a_gap_is_asked_for_at_once() -> None:
    desk = Desk(coalesce_s=0).lacks("A", "09:30")

    assert [asked(request) for request in requests(desk.now("09:31"))] == [("A", 0, 1)]


def test_a_correlated_outage_is_one_request() -> None:
    desk = Desk(coalesce_s=7 * 60).lacks("ABCDEFGH", "10:00", "10:07")

    assert [asked(request) for request in requests(desk.now("10:08"))] == [("ABCDEFGH", 30, 37)]


def test_a_source_that_takes_few_symbols_is_asked_several_times() -> None:
    desk = Desk((SourceFacts(name="all"), SourceFacts(name="few", most_symbols=2))).lacks("ABCDE", "10:00")

    assert [request.symbols for request in requests(desk.now("10:01", 30))] == [("A", "B"), ("C", "D"), ("E",)]


def test_no_more_requests_are_out_than_are_allowed_and_the_next_follows_an_answer() -> None:
    desk = Desk((SourceFacts(name="few", most_symbols=1),), max_concurrent_fetches=2).lacks("ABCD", "10:00")
    first, second = requests(desk.now("10:01", 30))
    then = [desk.serve(first), desk.serve(second)]

    assert [request.symbols for request in (first, second)] == [("A",), ("B",)]
    assert [request.symbols for said in then for request in requests(said)] == [("C",), ("D",)]


def test_what_was_fetched_is_told_and_closes_the_gap() -> None:
    desk = Desk().lacks("AB", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    fills = only(desk.serve(request), BarsFilled)

    assert (fills.session_date, fills.source, fills.batch.names()) == (DAY.date, "upstream", ["A", "B"])
    assert not desk.repairs.is_open(DAY.date)
    assert [story.outcome for story in desk.repairs.close(DAY.date)] == [GapOutcome.CLOSED]


def test_an_answer_that_has_a_part_shrinks_the_gap() -> None:
    desk = Desk().lacks("AB", "09:30").lacks("A", "09:31")
    (request,) = requests(desk.now("09:32"))
    said = desk.answer(request, bar("A", "09:30"), bar("A", "09:31"), bar("B", "09:31"), bar("Z", "09:30"))
    (again,) = requests(desk.now("09:33"))

    assert only(said, BarsFilled).batch.names() == ["A", "A"]
    assert asked(again) == ("B", 0, 1)


def test_waits_double_from_a_minute_until_it_is_given_up() -> None:
    desk = Desk().lacks("A", "09:30")
    half_minutes(desk, 1, 30, desk.answer)
    calls = desk.of(FetchBars)
    dues = wakes(desk.said)
    (given_up,) = desk.of(GapAbandoned)

    assert dues == [90, 150, 270, 510, 990]
    assert {call.start_ns for call in calls} == {DAY.start_ns}
    assert [shown(one) for one in given_up.gaps] == [("A", 0, 1)]
    assert given_up.source == "upstream"
    assert not desk.repairs.is_open(DAY.date)


def test_every_failure_is_told() -> None:
    desk = Desk(attempts=1).lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))

    assert only(desk.fail(request), FillFailed).reason == "no answer"


@pytest.mark.parametrize("attempts", [1, 2, 4])
def test_as_many_attempts_are_made_as_the_settings_say(attempts: int) -> None:
    desk = Desk(attempts=attempts, rest_after=100).lacks("A", "09:30")
    for half in range(60):
        for request in requests(desk.now(DAY.start_ns + half * MINUTE_NS // 2)):
            desk.answer(request)

    assert (len(desk.of(FetchBars)), len(desk.of(GapAbandoned))) == (attempts, 1)


def test_jitter_makes_waits_longer_by_chance_and_the_same_chance_with_the_same_seed() -> None:
    def waits(seed: int) -> list[float]:
        desk = Desk((SourceFacts(name="few", most_symbols=1),), jitter=0.5, seed=seed, coalesce_s=0).lacks(
            "ABCD", "09:30"
        )
        for request in requests(desk.now("09:31")):
            desk.answer(request)
        return [plan.due_ns / 1e9 - at("09:31") / 1e9 for plan in desk.repairs._days[DAY.date].plans]

    assert waits(1) == waits(1)
    assert waits(1) != waits(2)
    assert all(60 <= wait <= 90 for wait in waits(1))
    assert len(set(waits(1))) == 4


def test_answers_are_dealt_with_in_the_order_of_their_requests() -> None:
    desk = Desk((SourceFacts(name="few", most_symbols=1),)).lacks("ABC", "10:00")
    a, b, c = requests(desk.now("10:01", 30))
    silent = [*desk.serve(c), *desk.serve(b)]
    said = desk.serve(a)

    assert [message for message in silent if isinstance(message, BarsFilled)] == []
    assert [m.batch.symbols for m in said if isinstance(m, BarsFilled)] == [("A",), ("B",), ("C",)]


def test_live_an_answer_waits_for_no_other() -> None:
    desk = Desk((SourceFacts(name="few", most_symbols=1),), is_ordered=False).lacks("AB", "10:00")
    _, b = requests(desk.now("10:01", 30))

    assert only(desk.serve(b), BarsFilled).batch.symbols == ("B",)


def test_bars_that_cannot_be_true_go_along_to_be_counted_and_leave_their_minutes_open() -> None:
    desk = Desk().lacks("AB", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    fills = only(desk.answer(request, bar("A", "09:30", low=200.0), bar("B", "09:30")), BarsFilled)
    (again,) = requests(desk.now("09:32", 30))

    assert fills.batch.names() == ["A", "B"]
    assert not fills.batch.is_sane
    assert asked(again) == ("A", 0, 1)
    assert [plan.error for plan in desk.repairs._days[DAY.date].plans] == [
        "upstream: its bars of these minutes cannot be true"
    ]


def test_negative_prices_close_a_gap_where_they_are_allowed() -> None:
    made = repairs()
    made._allow_negative = True
    desk = Desk()
    desk.core._repairs = desk.repairs = made
    made.open(DAY)
    desk.lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    desk.answer(request, bar("A", "09:30", -37.6, high=-37.6, low=-37.6))

    assert not made.is_open(DAY.date)


def test_a_bar_that_comes_by_itself_before_anybody_asks_is_not_asked_for() -> None:
    desk = Desk().lacks("AB", "09:30")
    desk.now("09:31")
    desk.came("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))

    assert request.symbols == ("B",)


def test_if_all_bars_come_by_themselves_nobody_is_asked_and_the_story_says_so() -> None:
    desk = Desk().lacks("AB", "09:30")
    desk.now("09:31")
    desk.came("AB", "09:30", "desk")
    said = desk.now("09:31", 30)
    (story,) = desk.repairs.close(DAY.date)

    assert requests(said) == []
    assert (story.symbols, story.attempts, story.source) == (("A", "B"), 0, "desk")
    assert (story.detected_ns, story.took_ns) == (at("09:31"), 0)


def test_the_next_gap_after_that_has_a_delay_of_its_own() -> None:
    desk = Desk().lacks("A", "09:30")
    desk.came("A", "09:30")
    desk.lacks("A", "09:31")

    assert requests(desk.now("09:31", 30)) == []
    assert len(requests(desk.now("09:32", 30))) == 1


def test_a_bar_that_comes_by_itself_while_it_is_asked_for_is_not_told_again() -> None:
    desk = Desk().lacks("AB", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    desk.came("A", "09:30")
    fills = only(desk.serve(request), BarsFilled)
    told = {story.symbols: story.source for story in desk.repairs.close(DAY.date)}

    assert fills.batch.names() == ["B"]
    assert set(told) in ({("A",), ("B",)}, {("A", "B")})


def test_a_request_that_waits_for_its_turn_is_not_sent_when_its_bars_have_come() -> None:
    desk = Desk((SourceFacts(name="few", most_symbols=1),), max_concurrent_fetches=1).lacks("AB", "10:00")
    (a,) = requests(desk.now("10:01", 30))
    desk.came("B", "10:00")

    assert requests(desk.serve(a)) == []
    assert not desk.repairs.is_fetching


def test_bars_that_nobody_waits_for_change_nothing() -> None:
    desk = Desk()
    desk.came("A", "09:30")
    desk.tell(GapNarrowed(session_date="1999-01-04", gap=gap("A", "09:30"), source="x"))
    desk.lacks("A", "09:31")
    desk.came("B", "09:31")
    desk.came("A", "09:35")

    assert [request.symbols for request in requests(desk.now("09:32", 30))] == [("A",)]


def test_without_an_upstream_nothing_is_asked_for_and_nothing_is_open() -> None:
    desk = Desk(()).lacks("A", "09:30")

    assert requests(desk.now("09:35")) == []
    assert not desk.repairs.is_open(DAY.date)
    assert desk.core.gaps == 1


def test_a_gap_of_a_session_that_is_over_is_nobody_s() -> None:
    desk = Desk()
    desk.tell(GapDetected(session_date="1999-01-04", gap=gap("A", "09:30")))

    assert requests(desk.now("09:35")) == []
    assert not desk.repairs.is_open("1999-01-04")


def test_bars_that_come_while_the_last_attempt_is_out_are_not_given_up() -> None:
    desk = Desk(attempts=1, rest_after=1).lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    desk.came("A", "09:30", "desk")
    desk.fail(request)
    (story,) = desk.repairs.close(DAY.date)

    assert desk.of(GapAbandoned) == []
    assert (story.outcome, story.source) == (GapOutcome.CLOSED, "desk")


def test_without_a_neighbourhood_minutes_that_touch_are_still_one_request() -> None:
    desk = Desk(neighbours_min=0, coalesce_s=120).lacks("A", "09:30", "09:32").lacks("A", "09:33")

    assert [asked(request) for request in requests(desk.now("09:35"))] == [("A", 0, 2), ("A", 3, 4)]


def test_missing_seconds_are_asked_for_together_and_filled_one_by_one() -> None:
    seconds = replace(DAY, base_interval=Interval.parse("1s"))
    first, last = at("09:30"), at("09:31")
    desk = Desk(KNOWS, session=seconds).lacks("AB", first, first + 3 * SECOND_NS).lacks("A", last, last + SECOND_NS)
    (request,) = requests(desk.now("09:30", 33))
    given = [replace(bar("A", start), interval=seconds.base_interval) for start in (first, last)]
    wrong = replace(given[0], symbol="B", start_ns=first + SECOND_NS, low=200.0)
    filled = only(desk.answer(request, *given, wrong), BarsFilled)
    (early,) = requests(desk.now("09:31", 33))
    desk.answer(early)
    (again,) = requests(desk.now("09:33", 33))
    confirmed = only(desk.answer(again), NoTradeConfirmed)

    assert (request.start_ns, request.end_ns, request.symbols) == (first, last + SECOND_NS, ("A", "B"))
    assert filled.batch.interval == seconds.base_interval
    assert sorted(filled.batch.start_ns.tolist()) == [first, first + SECOND_NS, last]
    assert sum(len(gap.symbols) * (gap.end_ns - gap.start_ns) for gap in confirmed.gaps) == 5 * SECOND_NS
    assert not desk.repairs.is_open(DAY.date)


def test_seconds_that_come_by_themselves_are_not_asked_for() -> None:
    seconds = replace(DAY, base_interval=Interval.parse("1s"))
    first = at("09:30")
    desk = Desk(session=seconds).lacks("A", first, first + 3 * SECOND_NS)
    came = Gap(symbols=("A",), start_ns=first, end_ns=first + 2 * SECOND_NS)
    desk.tell(GapNarrowed(session_date=DAY.date, gap=came, source="tape"))
    (request,) = requests(desk.now("09:30", 33))

    assert (request.start_ns, request.end_ns) == (first + 2 * SECOND_NS, first + 3 * SECOND_NS)


def test_bars_of_another_length_close_no_gap() -> None:
    desk = Desk().lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    batch = replace(BarBatch.of([bar("A", "09:30")]), interval=Interval.parse("5m"))
    desk.tell(FetchAnswered(fetch=request.fetch, batch=batch))

    assert desk.of(BarsFilled) == []
    assert desk.repairs.is_open(DAY.date)


def test_of_sources_that_hold_sessions_gaps_any_distance_apart_are_one_request() -> None:
    holding = (SourceFacts(name="a", holds_sessions=True), SourceFacts(name="b", holds_sessions=True))
    mixed = (*holding, SourceFacts(name="vendor"))

    def asked(sources: Sequence[SourceFacts]) -> list[str]:
        desk = Desk(sources).lacks("A", "09:30").lacks("B", "12:00")
        return ["".join(request.symbols) for request in requests(desk.now("12:01", 30))]

    assert (asked(holding), asked(mixed)) == (["AB"], ["A", "B"])
