"""Several sources, in order of preference; those that know, those that fail, those that rest."""

from collections.abc import Callable

import pytest

from actors.data_upkeep.health import SourceFacts
from messages import (
    AbandonGaps,
    BarsFilled,
    FetchBars,
    GapAbandoned,
    GapDetected,
    GapOutcome,
    Message,
    NoTradeConfirmed,
    SessionSettled,
)
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import DAY, at, bar, closed
from tests.data_upkeep.desk import KNOWS, TWO, Desk, gap, only, requests, shown, wakes


def test_the_first_source_is_asked_first_and_the_second_for_what_it_lacks() -> None:
    desk = Desk(TWO).lacks("AB", "09:30")
    (first,) = requests(desk.now("09:31", 30))
    (second,) = requests(desk.answer(first, bar("A", "09:30")))
    fills = only(desk.answer(second, bar("A", "09:30"), bar("B", "09:30")), BarsFilled)

    assert (first.source, first.symbols) == (0, ("A", "B"))
    assert (second.source, second.symbols) == (1, ("B",))
    assert (fills.source, fills.batch.names()) == ("second", ["B"])


def test_who_fails_is_asked_a_second_time_and_then_the_next() -> None:
    desk = Desk(TWO).lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    order = [request.source]
    while len(order) < 4:
        (request,) = requests(desk.fail(request))
        order.append(request.source)
    said = desk.fail(request)

    assert order == [0, 0, 1, 1]
    assert (requests(said), wakes(said)) == ([], [150])


def test_the_next_attempt_begins_with_the_first_source_again() -> None:
    desk = Desk(TWO).lacks("A", "09:30")
    (first,) = requests(desk.now("09:31", 30))
    (second,) = requests(desk.answer(first))
    desk.answer(second)

    assert [request.source for request in requests(desk.now("09:32", 30))] == [0]


def test_a_source_that_keeps_failing_is_rested_and_the_next_is_used_at_once() -> None:
    desk = Desk(TWO, rest_after=2, coalesce_s=0, rest_s=120)
    desk.lacks("A", "09:30")
    (request,) = requests(desk.now("09:31"))
    (request,) = requests(desk.fail(request))
    (request,) = requests(desk.fail(request))
    desk.serve(request)
    desk.lacks("A", "09:31")
    (next_minute,) = requests(desk.now("09:32"))

    assert (request.source, next_minute.source) == (1, 1)


def test_after_its_rest_one_request_probes_it_while_the_others_go_on_to_the_next() -> None:
    few = (SourceFacts(name="first", most_symbols=1), SourceFacts(name="second"))
    desk = Desk(few, rest_after=1, coalesce_s=0, rest_s=60).lacks("A", "09:30")
    (request,) = requests(desk.now("09:31"))
    (request,) = requests(desk.fail(request))
    desk.serve(request)
    desk.lacks("AB", "09:31")
    probe, other = requests(desk.now("09:32"))
    desk.serve(probe)
    desk.serve(other)
    desk.lacks("AB", "09:32")

    assert (probe.source, other.source) == (0, 1)
    assert [request.source for request in requests(desk.now("09:33"))] == [0, 0]


def test_a_source_that_fails_once_and_is_rested_is_not_asked_twice() -> None:
    desk = Desk(TWO, rest_after=1).lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))

    assert [other.source for other in requests(desk.fail(request))] == [1]


def test_silence_of_a_source_that_does_not_know_proves_nothing() -> None:
    desk = Desk(attempts=1).lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    said = desk.answer(request)

    assert desk.of(NoTradeConfirmed) == []
    assert [shown(one) for one in only(said, GapAbandoned).gaps] == [("A", 0, 1)]


def test_what_a_source_says_was_never_traded_is_confirmed() -> None:
    desk = Desk().lacks("AB", "09:30", "09:32")
    (request,) = requests(desk.now("09:32"))
    told = [gap("AZ", "09:30", "09:31"), gap("B", "09:00", "16:00")]
    confirmed = only(desk.answer(request, bar("A", "09:31"), no_trade=told), NoTradeConfirmed)

    assert sorted(shown(one) for one in confirmed.gaps) == [("A", 0, 1), ("B", 0, 2)]
    assert (confirmed.session_date, confirmed.source) == (DAY.date, "upstream")
    assert not desk.repairs.is_open(DAY.date)


def test_a_bar_outweighs_what_the_same_answer_says_of_its_minute() -> None:
    desk = Desk().lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    said = desk.answer(request, bar("A", "09:30"), no_trade=[gap("A", "09:30")])

    assert only(said, BarsFilled).batch.names() == ["A"]
    assert desk.of(NoTradeConfirmed) == []


def test_a_source_that_knows_confirms_what_it_lacks_when_its_delay_is_over() -> None:
    desk = Desk(KNOWS).lacks("AB", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    early = desk.answer(request, bar("A", "09:30"))
    (request,) = requests(desk.now("09:33"))
    late = desk.answer(request)

    assert [message for message in early if isinstance(message, NoTradeConfirmed)] == []
    assert [shown(one) for one in only(late, NoTradeConfirmed).gaps] == [("B", 0, 1)]


def test_of_a_request_only_the_minutes_whose_delay_is_over_are_confirmed() -> None:
    desk = Desk(KNOWS, coalesce_s=120).lacks("A", "09:30", "09:33")
    (request,) = requests(desk.now("09:33"))

    assert [shown(one) for one in only(desk.answer(request), NoTradeConfirmed).gaps] == [("A", 0, 1)]


def test_the_story_tells_how_a_gap_ended_and_how_often_somebody_was_asked() -> None:
    desk = Desk(attempts=2).lacks("AB", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    desk.answer(request, no_trade=[gap("A", "09:30")])
    (request,) = requests(desk.now("09:32", 30))
    desk.answer(request)
    stories = {story.symbols: story for story in desk.repairs.close(DAY.date)}

    assert {names: story.outcome for names, story in stories.items()} == {
        ("A",): GapOutcome.NO_TRADE,
        ("B",): GapOutcome.ABANDONED,
    }
    assert stories["B",].attempts == 2
    assert (stories["B",].detected_ns, stories["B",].settled_ns) == (at("09:31"), at("09:32") + 30 * 10**9)
    assert stories["B",].source == "upstream"


def test_stories_come_in_the_order_of_time() -> None:
    desk = Desk(coalesce_s=0)
    for start in ("09:30", "10:30", "09:50"):
        desk.lacks("B", start)
    desk.came("B", "10:30")
    for request in requests(desk.now("10:31")):
        desk.serve(request)

    assert [story.start_ns for story in desk.repairs.close(DAY.date)] == [at("09:30"), at("09:50"), at("10:30")]


def test_a_session_that_is_forgotten_has_no_story() -> None:
    desk = Desk().lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    desk.serve(request)

    assert len(desk.repairs.close(DAY.date)) == 1
    assert desk.repairs.close(DAY.date) == ()


def lived(desk: Desk, first: str | int, end: str | int, answers: Callable[[FetchBars], list[Message]]) -> Desk:
    """Session time goes on, half a minute at a time; every request is answered so."""
    for now_ns in range(at(first), at(end) + 1, MINUTE_NS // 2):
        heard = desk.now(now_ns)
        while found := requests(heard):
            heard = [said for one in found for said in answers(one)]
    return desk


@pytest.mark.parametrize("fails", [True, False])
def test_a_source_that_fails_always_or_has_nothing_ends_in_one_verdict(fails: bool) -> None:
    desk = Desk(TWO, jitter=0.2).lacks("ABC", "09:30", "09:34")
    answers = desk.fail if fails else desk.answer
    lived(desk, "09:34", "16:00", answers)
    early = len(desk.of(GapAbandoned))
    desk.tell(closed(DAY))
    lived(desk, "16:00", "17:00", answers)

    given_up = desk.of(GapAbandoned)[-1]
    assert early == (not fails)
    assert [shown(one) for one in given_up.gaps] == [("ABC", 0, 4)]
    assert desk.repairs.next_due() is None
    assert not desk.repairs.is_fetching
    assert len(desk.of(FetchBars)) <= (80 if fails else 12)


def test_a_bar_that_cannot_be_true_is_not_taken_for_a_minute_that_was_never_traded() -> None:
    desk = Desk((SourceFacts(name="exchange", is_authoritative=True),)).lacks("AB", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    said = desk.answer(request, bar("A", "09:30", low=200.0), no_trade=[gap("A", "09:30")])
    (again,) = requests(desk.now("09:32", 30))

    assert [shown(one) for one in only(said, NoTradeConfirmed).gaps] == [("B", 0, 1)]
    assert again.symbols == ("A",)


def test_while_every_source_rests_nothing_is_given_up_before_the_close() -> None:
    desk = Desk(rest_after=1, rest_s=9 * 3600).lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    desk.fail(request)
    desk.lacks("B", "10:30")
    lived(desk, "10:31", "16:00", desk.answer)
    early = desk.of(GapAbandoned)
    desk.tell(closed(DAY))
    lived(desk, "16:00", "16:30", desk.fail)

    assert early == []
    assert [shown(one) for message in desk.of(GapAbandoned) for one in message.gaps] == [("A", 0, 1), ("B", 60, 61)]
    assert not desk.repairs.is_open(DAY.date)


# --- outages


@pytest.mark.parametrize("minutes", [5, 16, 20, 30, 60, 120, 300])
@pytest.mark.parametrize("sources", [1, 2])
def test_an_outage_of_every_source_heals_when_one_answers_again_with_few_requests(minutes: int, sources: int) -> None:
    desk = Desk(TWO[:sources], jitter=0.2)
    back_ns = at("10:00") + minutes * MINUTE_NS
    for minute in range(30, 30 + minutes):
        desk.lacks("ABC", DAY.start_ns + minute * MINUTE_NS)
        lived(desk, DAY.start_ns + (minute + 1) * MINUTE_NS, DAY.start_ns + (minute + 1) * MINUTE_NS, desk.fail)
    failed = len(desk.of(FetchBars))
    # However often a probe has failed, its rest is at most sixteen times the first.
    lived(desk, back_ns, back_ns + 17 * MINUTE_NS, desk.serve)

    filled = sum(len(message.batch) for message in desk.of(BarsFilled))
    assert desk.of(GapAbandoned) == []
    assert filled == 3 * minutes
    assert not desk.repairs.is_open(DAY.date)
    assert len(desk.of(FetchBars)) - failed <= 6


def test_what_was_given_up_is_asked_for_in_one_request_when_a_source_is_back() -> None:
    desk = Desk(TWO, attempts=1, rest_after=1, coalesce_s=0, neighbours_min=1)
    for start in ("09:30", "10:00", "10:30"):  # the first fails and rests, the second answers and has nothing
        desk.lacks("A", start)
        lived(
            desk,
            at(start) + MINUTE_NS,
            at(start) + MINUTE_NS,
            lambda one: desk.answer(one) if one.source else desk.fail(one),
        )
    given_up = len(desk.of(GapAbandoned))
    desk.lacks("B", "11:00")
    lived(desk, "12:00", "12:00", desk.serve)
    probe, again = desk.of(FetchBars)[-2:]

    assert given_up == 3
    assert (probe.source, probe.symbols) == (0, ("B",))
    assert (again.symbols, again.start_ns, again.end_ns) == (("A",), at("09:30"), at("10:31"))
    assert [story.outcome for story in desk.repairs.close(DAY.date)] == [GapOutcome.CLOSED] * 4


@pytest.mark.parametrize("minutes", [5, 20, 60, 120])
@pytest.mark.parametrize("attempts", [1, 2, 5])
@pytest.mark.parametrize("half", [0, 1])
def test_what_one_source_lacks_is_asked_for_when_the_other_is_back_though_nothing_is_missing_any_more(
    half: int, attempts: int, minutes: int
) -> None:
    desk = Desk(TWO, jitter=0.2, attempts=attempts)
    is_back = False

    def answers(request: FetchBars) -> list[Message]:
        if request.source != half:
            return desk.serve(request) if is_back else desk.fail(request)
        starts = range(request.start_ns, request.end_ns, MINUTE_NS)
        return desk.answer(request, *(bar("A", start) for start in starts))

    for minute in range(30, 30 + minutes):
        desk.lacks("AB", DAY.start_ns + minute * MINUTE_NS)
        lived(desk, DAY.start_ns + (minute + 1) * MINUTE_NS, DAY.start_ns + (minute + 1) * MINUTE_NS, answers)
    lived(desk, "12:00", "14:00", answers)
    failed, is_back = len(desk.of(FetchBars)), True
    lived(desk, "14:00", "14:17", answers)

    assert sum(len(message.batch) for message in desk.of(BarsFilled)) == 2 * minutes
    assert not desk.repairs.is_open(DAY.date)
    assert desk.repairs.next_due() is None
    assert failed <= 40 + 6 * minutes
    assert len(desk.of(FetchBars)) - failed <= 6


def test_at_the_close_all_that_was_given_up_is_asked_for_once_more() -> None:
    desk = Desk(attempts=2, neighbours_min=1).lacks("A", "09:30")
    lived(desk, "09:31", "09:40", desk.answer)
    desk.lacks("B", "11:30")
    lived(desk, "11:31", "11:40", desk.answer)
    before = len(desk.of(FetchBars))
    desk.close()
    said = desk.said
    request = desk.of(FetchBars)[-1]
    desk.serve(request)

    assert len(desk.of(GapAbandoned)) == 2
    assert (request.symbols, len(desk.of(FetchBars)) - before) == (("A", "B"), 1)
    assert isinstance(said[-2], SessionSettled)
    assert [story.outcome for story in desk.repairs.close(DAY.date)] == [GapOutcome.CLOSED] * 2


def test_who_catches_up_is_not_made_to_wait_for_a_source_that_fails() -> None:
    desk = Desk(attempts=2)
    desk.tell(GapDetected(session_date=DAY.date, gap=gap("A", "09:30"), is_catch_up=True))
    lived(desk, "09:31", "09:40", desk.fail)

    assert len(desk.of(GapAbandoned)) == 1


def test_an_answer_that_nobody_waits_for_any_more_changes_nothing() -> None:
    desk = Desk().lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    desk.serve(request)

    assert [type(one) for one in desk.serve(request)] == []


def test_a_source_that_does_not_come_back_is_rested_at_once() -> None:
    desk = Desk(TWO, rest_after=5).lacks("A", "09:30")
    (request,) = requests(desk.now("09:31", 30))
    (second,) = requests(desk.fail(request, gave_no_answer=True))

    assert second.source == 1


def test_the_story_says_of_each_minute_who_gave_it_its_verdict_and_when() -> None:
    desk = Desk(TWO).lacks("A", "09:30").lacks("A", "09:33")
    (request,) = requests(desk.now("09:34", 30))
    (request,) = requests(desk.answer(request, bar("A", "09:30")))
    desk.answer(request)
    (request,) = requests(desk.now("09:36"))
    (request,) = requests(desk.answer(request))
    desk.answer(request, bar("A", "09:33"))
    first, second = desk.repairs.close(DAY.date)

    assert (first.source, first.settled_ns) == ("first", at("09:34") + 30 * SECOND_NS)
    assert (second.source, second.settled_ns) == ("second", at("09:36"))


# --- sources that know late

SLOW = SourceFacts(name="exchange", is_authoritative=True, delay_ns=20 * MINUTE_NS)


def silent_until(desk: Desk, minute: int) -> Desk:
    """Session time goes on, half a minute at a time; every answer is empty."""
    for half in range(3, 2 * minute + 1):
        heard = desk.now(DAY.start_ns + half * MINUTE_NS // 2)
        while found := requests(heard):
            heard = [said for one in found for said in desk.answer(one)]
    return desk


@pytest.mark.parametrize("attempts", [1, 5])
def test_a_source_that_knows_late_is_asked_when_it_knows(attempts: int) -> None:
    desk = silent_until(Desk((SLOW,), attempts=attempts).lacks("A", "09:30"), 60)

    assert [shown(one) for one in only(desk.said, NoTradeConfirmed).gaps] == [("A", 0, 1)]
    assert desk.of(GapAbandoned) == []
    assert wakes(desk.said)[-1] == 21 * 60


def test_it_is_waited_for_until_it_knows_of_the_last_minute() -> None:
    desk = silent_until(Desk((SLOW,), attempts=1, coalesce_s=120).lacks("A", "09:30").lacks("A", "09:35"), 25)
    early = [shown(one) for message in desk.of(NoTradeConfirmed) for one in message.gaps]
    silent_until(desk, 26)

    assert early in ([], [("A", 0, 1)])
    assert sorted(shown(one) for message in desk.of(NoTradeConfirmed) for one in message.gaps) == [
        ("A", 0, 1),
        ("A", 5, 6),
    ]
    assert wakes(desk.said)[-1] == 26 * 60


def test_of_several_that_know_the_slowest_is_waited_for() -> None:
    quick = SourceFacts(name="quick", is_authoritative=True, delay_ns=MINUTE_NS)
    other = SourceFacts(name="other", delay_ns=99 * MINUTE_NS)
    desk = Desk((quick, SLOW, other), attempts=1).lacks("A", "09:30")
    heard = desk.now("09:31", 30)
    while found := requests(heard):
        heard = [said for one in found for said in desk.answer(one)]

    assert wakes(heard) == [21 * 60]


def test_one_that_knows_late_and_fails_then_is_not_waited_for_twice() -> None:
    desk = silent_until(Desk((SLOW,), attempts=2, rest_after=99).lacks("A", "09:30"), 20)
    (request,) = requests(desk.now(DAY.start_ns + 21 * MINUTE_NS))
    (request,) = requests(desk.fail(request))
    desk.fail(request)
    lived(desk, "10:00", "16:00", desk.fail)
    desk.tell(closed(DAY))
    lived(desk, "16:00", "16:30", desk.fail)

    assert [shown(one) for one in only(desk.said, GapAbandoned).gaps] == [("A", 0, 1)]
    assert desk.repairs.next_due() is None


def test_nobody_waits_for_one_that_knows_late_when_the_next_session_opens() -> None:
    desk = Desk((SLOW,)).lacks("A", "09:30")
    (request,) = requests(desk.tell(AbandonGaps(session_date=DAY.date)))

    assert [shown(one) for one in only(desk.answer(request), GapAbandoned).gaps] == [("A", 0, 1)]


def test_nobody_waits_for_a_source_that_does_not_know() -> None:
    desk = silent_until(Desk((SourceFacts(name="slow", delay_ns=20 * MINUTE_NS),), attempts=1).lacks("A", "09:30"), 2)

    assert len(desk.of(GapAbandoned)) == 1


def test_a_source_that_keeps_minutes_back_is_asked_again_when_it_has_them_whoever_is_believed() -> None:
    keeps_back = (SourceFacts(name="vendor", delay_ns=20 * MINUTE_NS, comes_late=True),)
    desk = Desk(keeps_back, attempts=2, coalesce_s=0, backoff_s=60).lacks("A", "09:30")
    (request,) = requests(desk.now("09:31"))
    desk.answer(request)
    (request,) = requests(desk.now("09:32"))
    said = desk.answer(request)
    (request,) = requests(desk.now("09:51"))

    assert not only_abandoned(said)
    assert only_abandoned(desk.answer(request))


def only_abandoned(said: list[Message]) -> list[Message]:
    return [one for one in said if isinstance(one, GapAbandoned)]
