"""Whole minutes: bars that are all there is until now, a minute at a time or many of them in one message."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.session_data.core import SessionDataCore
from actors.session_data.hold.book import Book
from actors.settings import SessionRules
from messages import (
    BarsUpdated,
    GapDetected,
    GetBars,
    GetChangesSince,
    GetMetrics,
    HearingChanged,
    Interval,
    Message,
    MinuteClosed,
    MinuteSettled,
    RemoveSymbols,
    TradingSession,
    Verdict,
)
from messages.values import MINUTE_NS, ONE_DAY, ONE_MINUTE
from tests.builders import BREAK_DAY, DAY, HALF_DAY, arrived, bar, minute_of, opened, session_tiny
from tests.builders import bars as bars_of
from tests.certificates import run
from tests.depth import also_slow, examples
from tests.oracle import Oracle
from tests.session_data.stories import NAMES, RULES, Story, difference, heard, insides, stories, whole
from tests.session_data.streams import (
    SOUND,
    ask,
    bar_of,
    counts_of,
    expectations,
    expected_counts,
    minutes_of,
    oracle_with,
    play,
    readings,
)
from tests.session_data.telling import TUESDAY, TWO, core_with, counts, told, updates

SESSIONS = (session_tiny(5), session_tiny(3, 4), session_tiny(4, 2, pre=2, post=3), session_tiny(1))
OPEN_NS = TUESDAY.start_ns
OPEN = opened(TUESDAY, ["A", "B"])


# --- one minute


def test_a_whole_minute_is_over_with_its_bars() -> None:
    core = core_with(OPEN)
    said = play(core, [whole(minute_of("AB", "09:30"), ticket=7)])

    assert [type(message) for message in said] == [BarsUpdated, MinuteClosed, MinuteSettled]
    assert said[1] == MinuteClosed(start_ns=OPEN_NS, end_ns=OPEN_NS + MINUTE_NS, present=2, expected=2, tz=TUESDAY.tz)
    assert said[2] == MinuteSettled(ticket=7)


def test_a_whole_minute_without_a_ticket_settles_none() -> None:
    assert told(core_with(OPEN), MinuteSettled, whole(minute_of("AB", "09:30"))) == []


def test_who_has_no_bar_in_a_whole_minute_is_missing() -> None:
    core = core_with(OPEN)
    said = play(core, [whole([bar("A")], ticket=3)])

    assert [type(message) for message in said] == [BarsUpdated, MinuteClosed, GapDetected, MinuteSettled]
    (closed,) = (message for message in said if isinstance(message, MinuteClosed))
    assert (closed.present, closed.expected, closed.missing, closed.is_complete) == (1, 2, ("B",), False)


def test_a_bar_that_came_another_way_before_its_minute_is_a_duplicate_of_it() -> None:
    core = core_with(OPEN, arrived(bar("B"), source="desk"))
    (closed,) = told(core, MinuteClosed, whole(minute_of("AB", "09:30")))

    assert (closed.present, closed.missing) == (2, ())
    assert counts(core, "received", "accepted", "duplicates") == (3, 2, 1)


def test_the_bar_of_a_symbol_that_was_removed_is_turned_away_from_a_whole_minute() -> None:
    core = core_with(OPEN, RemoveSymbols(symbols=("B",)))
    (closed,) = told(core, MinuteClosed, whole(minute_of("AB", "09:30")))

    assert (closed.present, closed.expected, closed.missing) == (1, 1, ())
    assert counts(core, "accepted", "rejected") == (1, 1)


# --- several


def test_several_whole_minutes_are_told_one_by_one_and_settled_at_the_end() -> None:
    core = core_with(OPEN, intervals=(TWO,))
    made = [*minute_of("AB", "09:30"), *minute_of("AB", "09:31"), *minute_of("AB", "09:32")]
    said = play(core, [whole(made, ticket=9)])

    shapes = [str(m.interval) if isinstance(m, BarsUpdated) else type(m).__name__ for m in said]
    assert shapes == ["1m", "MinuteClosed", "1m", "2m", "MinuteClosed", "1m", "MinuteClosed", "MinuteSettled"]
    assert [m.revision for m in said if isinstance(m, BarsUpdated)] == [1, 2, 2, 3]


def test_a_bar_of_an_earlier_minute_is_not_late_for_travelling_with_later_ones() -> None:
    made = [*minute_of("AB", "09:30"), bar("B", "09:31"), *minute_of("AB", "09:32")]
    core = core_with(OPEN, whole(made))

    assert ask(core, GetBars(symbol="A")).verdicts.tolist() == [Verdict.STREAMED] * 2
    assert ask(core, GetBars(symbol="B")).verdicts.tolist() == [Verdict.STREAMED] * 3


@pytest.mark.parametrize("gap", [(), ("09:31",)], ids=["full", "holed"])
def test_bars_that_travel_together_are_stamped_with_the_ends_of_their_own_minutes(gap: tuple[str, ...]) -> None:
    clocks = [clock for clock in ("09:30", "09:31", "09:32") if clock not in gap]
    core = core_with(OPEN, whole([one for clock in clocks for one in minute_of("AB", clock)]))
    metrics = ask(core, GetMetrics(symbol="A"))

    assert (metrics.first_update_ns, metrics.last_update_ns) == (OPEN_NS + MINUTE_NS, OPEN_NS + 3 * MINUTE_NS)


def test_minutes_without_a_bar_close_in_their_turn() -> None:
    core = core_with(OPEN)
    said = play(core, [whole([*minute_of("AB", "09:31")], OPEN_NS + 3 * MINUTE_NS)])

    seen = [
        (type(m).__name__, (m.start_ns - OPEN_NS) // MINUTE_NS)
        for m in said
        if isinstance(m, BarsUpdated | MinuteClosed)
    ]
    assert seen == [("MinuteClosed", 0), ("BarsUpdated", 1), ("MinuteClosed", 1), ("MinuteClosed", 2)]


def test_whole_minutes_after_the_last_of_the_session_are_kept_apart() -> None:
    core = core_with(opened(session_tiny(2), ["A"]))
    said = play(core, [whole(bars_of("A", "09:30", 100, 101, 102))])

    assert len([m for m in said if isinstance(m, MinuteClosed)]) == 2
    assert counts(core, "accepted", "outside") == (3, 1)


def test_an_hour_bar_that_began_with_gaps_is_published_with_what_it_has_when_full_minutes_end_it() -> None:
    core = core_with(OPEN, whole([bar("A", "09:30")]), intervals=(TWO,))
    (update,) = updates(core, TWO, whole([*minute_of("AB", "09:31")]))

    assert (update.batch.names(), update.base_counts, update.base_expected) == (["A", "B"], (2, 1), 2)


def test_minutes_need_not_be_known_to_be_sane_to_be_taken() -> None:
    broken = bar("A", "09:31", close=100, high=99)
    made = [*minute_of("AB", "09:30"), broken, bar("B", "09:31")]
    core = core_with(OPEN, whole(made, is_sane=False))

    assert counts(core, "accepted", "rejected") == (3, 1)


# --- however they travel


@examples(80)
@given(
    data=st.data(),
    session=st.sampled_from(SESSIONS),
    rules=RULES,
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    is_sane=st.booleans(),
)
def test_however_minutes_travel_they_have_the_same_effect(
    data: st.DataObject, session: TradingSession, rules: SessionRules, lengths: list[int], is_sane: bool
) -> None:
    known, story = data.draw(stories(session))
    one_by_one, alone, together = (SessionDataCore(rules) for _ in range(3))
    opening = opened(session, known)

    events = heard(one_by_one, opening, story.minute_by_minute())
    for core, messages in [
        (alone, story.in_runs([1], is_sane=is_sane)),
        (together, story.in_runs(lengths, is_sane=is_sane)),
    ]:
        assert difference(heard(core, opening, messages), events) is None
        assert difference(insides(core), insides(one_by_one)) is None


@examples(80)
@given(
    data=st.data(),
    session=st.sampled_from(SESSIONS),
    rules=RULES,
    lengths=st.lists(st.integers(1, 6), min_size=1),
    hears_minutes=st.booleans(),
)
def test_what_nobody_hears_has_the_same_effect_and_what_is_missing_is_told_all_the_same(
    data: st.DataObject, session: TradingSession, rules: SessionRules, lengths: list[int], hears_minutes: bool
) -> None:
    known, story = data.draw(stories(session))
    opening, messages = opened(session, known), story.in_runs(lengths, is_sane=True)
    unheard, core = SessionDataCore(rules), SessionDataCore(rules)
    unheard.handle(HearingChanged(hears_minutes=hears_minutes, hears_bars=False))

    kinds = BarsUpdated if hears_minutes else BarsUpdated | MinuteClosed
    said, events = (
        [one for one in play(of, [opening, *messages]) if not isinstance(one, kinds)] for of in (unheard, core)
    )
    assert difference(said, events) is None
    assert difference(insides(unheard), insides(core)) is None
    assert difference(readings(unheard), readings(core)) is None


@examples(80)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES, is_from_tape=st.booleans())
def test_bars_that_nobody_heard_are_told_after_all_as_they_would_have_been(
    data: st.DataObject, session: TradingSession, rules: SessionRules, is_from_tape: bool
) -> None:
    known, story = data.draw(stories(session))
    opening, messages = story.from_tape(opened(session, known))
    core, bare = SessionDataCore(rules), SessionDataCore(rules)
    bare.handle(HearingChanged(hears_minutes=True, hears_bars=False))
    again = HearingChanged(hears_minutes=True, hears_bars=False, again=9)
    play(core, [opening]), play(bare, [opening if is_from_tape else replace(opening, tape=None)])

    for message in messages:
        events, said = heard(core, message, []), heard(bare, message, [])
        if said != events and data.draw(st.booleans()):  # else the minute went the long way, bars and all
            said = [*heard(bare, again, []), *said]
            assert MinuteSettled(ticket=9) in said
            said.remove(MinuteSettled(ticket=9))
            assert difference(said, events) is None


def test_before_the_first_minute_there_are_no_bars_to_tell_after_all() -> None:
    again = HearingChanged(hears_minutes=True, again=9)

    assert play(SessionDataCore(), [again]) == play(core_with(OPEN), [again]) == [MinuteSettled(ticket=9)]


def test_of_whole_minutes_whose_bars_nobody_hears_all_else_is_told() -> None:
    core = core_with(OPEN, HearingChanged(hears_minutes=True, hears_bars=False))

    told = play(core, [whole([*minute_of("AB", "09:30"), bar("A", "09:31")])])
    assert list(map(type, told)) == [MinuteClosed, MinuteClosed, GapDetected]


def test_of_whole_minutes_that_nobody_hears_only_what_is_missing_is_told_until_somebody_listens() -> None:
    core = core_with(OPEN, HearingChanged(hears_minutes=False))
    unheard = play(core, [whole([*minute_of("AB", "09:30"), bar("A", "09:31")])])
    heard_again = play(core, [HearingChanged(hears_minutes=True), whole(minute_of("AB", "09:32"))])

    assert list(map(type, unheard)) == [GapDetected]
    assert [type(one) for one in heard_again] == [BarsUpdated, MinuteClosed]


@examples(40)
@given(
    data=st.data(),
    session=st.sampled_from(SESSIONS),
    rules=RULES,
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=3),
)
def test_however_minutes_travel_readers_read_what_the_oracle_says(
    data: st.DataObject, session: TradingSession, rules: SessionRules, lengths: list[int]
) -> None:
    known, story = data.draw(stories(session))
    core, oracle = SessionDataCore(rules), oracle_with(rules)
    messages = [opened(session, known), *story.in_runs(lengths, is_sane=True)]
    said: list[Message] = []
    for message in messages:
        if not is_a_slip(message, oracle):
            oracle.handle(message)
            said += play(core, [message])

    closings = [told for told in said if isinstance(told, MinuteClosed)]
    assert difference(readings(core), expectations(oracle)) is None
    assert counts_of(core) == expected_counts(oracle)
    assert [told.start_ns for told in closings] == sorted(oracle.closings)
    assert [(told.start_ns, name) for told in closings for name in sorted(told.missing)] == sorted(oracle.missed)


def is_a_slip(message: Message, oracle: Oracle) -> bool:
    """Whether it is refused for naming a symbol that is not there."""
    return isinstance(message, RemoveSymbols) and not set(message.symbols) <= set(oracle.day.active())


@examples(4)
@pytest.mark.parametrize("session", also_slow([BREAK_DAY], [HALF_DAY]), ids=["with a lunch", "half-day"])
@given(quiet=st.sampled_from([0.0, 0.0, 0.02, 0.5]), length=st.sampled_from([1, 7, 64, 999]), seed=st.integers(0, 99))
def test_a_whole_day_is_the_same_however_it_travels(
    session: TradingSession, quiet: float, length: int, seed: int
) -> None:
    dice = random.Random(seed)
    tape = [
        bar_of(symbol, start, dice.choice(SOUND))
        for start in minutes_of(session)
        for symbol in NAMES[:3]
        if dice.random() >= quiet
    ]
    rules = SessionRules(intervals=(Interval.parse("5m"), Interval.parse("1h"), ONE_DAY))
    story, opening = Story(session, tape, NAMES[:3], {}), opened(session, NAMES[:3])
    one_by_one, together, oracle = SessionDataCore(rules), SessionDataCore(rules), oracle_with(rules)
    for message in [opening, *story.in_runs([length], is_sane=True)]:
        oracle.handle(message)

    events = heard(one_by_one, opening, story.minute_by_minute())
    assert difference(heard(together, opening, story.in_runs([length], is_sane=True)), events) is None
    assert difference(insides(together), insides(one_by_one)) is None
    assert difference(readings(together), expectations(oracle)) is None


@examples(30)
@given(
    quiet=st.sampled_from([0.0, 0.02, 0.5, 0.9]),
    length=st.sampled_from([2, 3, 7, 64]),
    late=st.sampled_from([0, 0, 1, 5]),
    seed=st.integers(0, 99),
)
def test_who_is_not_known_yet_joins_alike_however_minutes_travel(
    quiet: float, length: int, late: int, seed: int
) -> None:
    dice, session = random.Random(seed), session_tiny(9, 4)
    tape = [
        bar_of(symbol, start, dice.choice(SOUND))
        for slot, start in enumerate(minutes_of(session))
        for symbol in NAMES[:3]
        if dice.random() >= quiet and (symbol != NAMES[1] or slot >= late)
    ]
    rules = SessionRules(intervals=(Interval.parse("2m"), Interval.parse("5m"), ONE_DAY))
    story, opening = Story(session, tape, NAMES[:3], {}), opened(session, NAMES[:3])
    one_by_one, together = (SessionDataCore(rules, plays_all=True) for _ in range(2))

    events = heard(one_by_one, opening, story.minute_by_minute())
    assert difference(heard(together, opening, story.in_runs([length], is_sane=True)), events) is None
    assert difference(insides(together), insides(one_by_one)) is None


@examples(20)
@given(data=st.data(), session=st.sampled_from(SESSIONS), revision=st.integers(0, 12), length=st.integers(1, 6))
def test_changes_since_a_revision_are_the_same_however_minutes_travel(
    data: st.DataObject, session: TradingSession, revision: int, length: int
) -> None:
    known, story = data.draw(stories(session))
    changes = []
    for messages in (story.minute_by_minute(), story.in_runs([length], is_sane=True)):
        core = core_with(opened(session, known), *messages)
        window = ask(core, GetChangesSince(revision=revision))
        changes.append([(one.symbol, one.start_ns, one.revision) for one in window.bars()])

    assert changes[0] == changes[1]


def test_runs_of_full_minutes_take_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the properties above compare would be one and the same way if this were not so."""
    core = core_with(OPEN)
    assert core._book is not None
    monkeypatch.setattr(core._book, "write", None)
    play(core, [whole([*minute_of("AB", "09:30"), *minute_of("AB", "09:31")])])

    assert [len(ask(core, GetBars(symbol=symbol, interval=ONE_MINUTE))) for symbol in "AB"] == [2, 2]


def test_after_the_minute_with_which_all_join_the_others_take_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    alone: list[int] = []
    write = Book.write
    monkeypatch.setattr(Book, "write", lambda *given, **how: [alone.append(given[1]), write(*given, **how)])
    core = SessionDataCore(plays_all=True)
    clocks = ("09:30", "09:31", "09:32")
    play(core, [OPEN, whole([one for clock in clocks for one in minute_of("AB", clock)])])

    assert alone == [0]
    assert counts(core, "accepted") == (6,)


def test_of_many_minutes_at_once_a_longer_bar_that_nobody_has_is_not_published() -> None:
    core = core_with(opened(session_tiny(7), ["A"]), intervals=(TWO,))
    said = updates(core, TWO, whole([bar("A", "09:30"), bar("A", "09:34")], now=OPEN_NS + 6 * MINUTE_NS))

    assert [update.batch.start_ns.tolist() for update in said] == [[OPEN_NS], [OPEN_NS + 4 * MINUTE_NS]]


def test_of_many_minutes_at_once_one_that_is_known_to_have_no_trade_lacks_its_bar_and_is_no_gap() -> None:
    known = (run("A", "09:31", "09:32", session=TUESDAY),)
    core = core_with(replace(opened(TUESDAY, ["A"]), runs=known))
    said = play(core, [whole([bar("A", "09:30"), bar("A", "09:33")], now=OPEN_NS + 4 * MINUTE_NS)])

    assert [len(m.missing) for m in said if isinstance(m, MinuteClosed)] == [0, 1, 1, 0]
    assert [m.gap.start_ns for m in said if isinstance(m, GapDetected)] == [OPEN_NS + 2 * MINUTE_NS]


def test_a_correction_that_came_before_its_minute_came_whole_stays() -> None:
    early = arrived(bar("A", "09:30", 5.0), now=OPEN_NS + MINUTE_NS, source="desk", is_correction=True)
    core = core_with(opened(TUESDAY, ["A"]), early)
    play(core, [whole([bar("A", "09:30", 1.0), bar("A", "09:31", 2.0)])])

    assert ask(core, GetBars(symbol="A")).close.tolist() == [5.0, 2.0]


def test_a_whole_minute_that_comes_again_is_a_duplicate() -> None:
    core = core_with(opened(TUESDAY, ["A"]), whole([bar("A", "09:30", 1.0)]))
    play(core, [whole([bar("A", "09:30", 1.0), bar("A", "09:31", 2.0)])])

    assert counts(core, "accepted", "duplicates") == (2, 1)


def test_who_lacks_the_last_minute_of_a_bar_is_told_when_it_closes_however_minutes_come() -> None:
    """In how many pieces a bar is told may not depend on how minutes are taken: that hangs on what is still to come."""
    clocks = [f"09:{minute}" for minute in range(30, 36)]
    given = [minute_of("A" if clock == "09:34" else "AB", clock) for clock in clocks]

    def told(messages: list[Message]) -> list[tuple[str, list[str], object]]:
        said = play(SessionDataCore(), [opened(DAY, ["A", "B"]), *messages])
        return [(str(one.interval), one.batch.names(), one.base_counts) for one in said if isinstance(one, BarsUpdated)]

    one_by_one = told([whole(minute) for minute in given])
    together = told([whole([one for minute in given for one in minute])])

    assert one_by_one == together
    assert ("5m", ["A"], None) in together
    assert ("5m", ["B"], (4,)) in together
