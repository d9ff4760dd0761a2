"""Minutes of the tape that are made ready ahead of time: nobody can tell, but by the clock."""

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.kernel.listen.stretch import Stretch
from actors.kernel.listen.told import Told
from actors.session_data.core import SessionDataCore
from actors.session_data.take import ahead
from actors.settings import SessionRules
from messages import (
    BarsArrived,
    Event,
    Fill,
    GetBarCount,
    GetBars,
    GetDigest,
    GetLastBars,
    GetLatestBar,
    GetMatrix,
    GetMetrics,
    GetQuality,
    GetSnapshot,
    GetVerdicts,
    HearingChanged,
    Message,
    MinuteClosed,
    Query,
    SessionBoundary,
    TimeAdvanced,
    TradingSession,
    UnknownSymbol,
)
from messages.values import MINUTE_NS, Interval
from tests.builders import HALF_DAY, arrived, bar, opened, session_tiny
from tests.depth import examples
from tests.session_data.stories import NAMES, RULES, Story, difference, heard, insides, keys_of, stories, whole
from tests.session_data.streams import SOUND, ask, bar_of, minutes_of, play, readings

SESSIONS = (session_tiny(5), session_tiny(3, 4), session_tiny(4, 2, pre=2, post=3), session_tiny(12))
FULL = session_tiny(12)
TWO = Interval.parse("2m")


def full(session: TradingSession = FULL) -> Story:
    """Every symbol has a bar in every minute."""
    tape = [bar_of(name, start, SOUND[0]) for start in minutes_of(session) for name in NAMES[:2]]
    return Story(session, tape, NAMES[:2], {})


def opening_of(session: TradingSession = FULL) -> SessionBoundary:
    return opened(session, NAMES[:2])


def is_clean(core: SessionDataCore) -> bool:
    """Whether the book holds nothing of minutes that have not closed."""
    book = core._book
    if book is None:
        return True
    grid, later = book.grid, slice(book.closed, None)
    planes = (grid.verdicts, grid.sources, grid.revisions)
    return bool(np.isnan(grid.values[later]).all()) and not any(plane[later].any() for plane in planes)


@examples(120)
@given(
    data=st.data(),
    session=st.sampled_from(SESSIONS),
    rules=RULES,
    limits=st.tuples(st.integers(0, 9), st.integers(1, 64), st.integers(1, 40)),
)
def test_made_ready_or_not_minutes_have_the_same_effect_and_nothing_ahead_is_held(
    data: st.DataObject, session: TradingSession, rules: SessionRules, limits: tuple[int, int, int]
) -> None:
    known, story = data.draw(stories(session))
    plain, core = SessionDataCore(rules), SessionDataCore(rules)
    opening, minutes = story.from_tape(opened(session, known))
    events = heard(plain, opened(session, known), story.minute_by_minute())
    with pytest.MonkeyPatch.context() as patch:
        for name, limit in zip(("_CALM", "_AT_ONCE", "_BARS_AT_ONCE"), limits, strict=True):
            patch.setattr(ahead, name, limit)
        said: list[Any] = []
        watched = Watched(core, is_watched=not rules.grace_ns)
        said = heard(watched, opening, minutes)  # type: ignore[arg-type]  # a core that is looked at

    assert difference(said, events) is None
    assert difference(insides(core), insides(plain)) is None
    assert difference(readings(core), readings(plain)) is None


class Watched:
    """A core that is looked at after every message."""

    def __init__(self, core: SessionDataCore, *, is_watched: bool) -> None:
        self._core = core
        self._is_watched = is_watched

    def handle(self, message: Message) -> Any:
        outcome = self._core.handle(message)  # type: ignore[arg-type]  # what a story tells
        self._core.check()
        assert is_clean(self._core) or not self._is_watched
        return outcome

    def check(self) -> None:
        self._core.check()


class Promised(Watched):
    """One that promises its minutes where it can, to a reader who takes them; it is asked now and then."""

    def __init__(self, core: SessionDataCore, choose: Callable[[int], int]) -> None:
        super().__init__(core, is_watched=True)
        self._choose = choose
        self.promised = 0

    def play(self, minutes: Sequence[Message]) -> list[Any]:
        """Take minutes as they come, and as they are promised; return what is said, and what is read between."""
        said: list[Any] = []
        left = list(minutes)
        while left:
            minutes = [*takewhile(lambda message: isinstance(message, BarsArrived | TimeAdvanced), left)]
            if not (told := self._core.plain(minutes)):  # type: ignore[arg-type]  # minutes of a tape
                said += heard(self, left.pop(0), [])  # type: ignore[arg-type]  # a core that is looked at
                continue
            stretch = Stretch(told, range(len(told)))
            self._core.ahead.promised(stretch)
            said += self._taken(stretch)
            self.promised += stretch.passed
            del left[: stretch.recall()]
        return said

    def _taken(self, stretch: Stretch) -> list[Any]:
        events = list(events_of(stretch.first))
        for _ in range(self._choose(len(stretch.left))):
            events += events_of(stretch.left.popleft())
            if self._choose(1):
                latest = ask(self._core, GetSnapshot())
                assert latest.now_ns == stretch.told[-1].end_ns  # type: ignore[attr-defined]  # that it closed comes last
                assert is_clean(self._core)
        return keys_of(events)


def events_of(told: Told) -> list[Event]:
    return told if isinstance(told, list) else [told]


@examples(120)
@given(data=st.data(), session=st.sampled_from(SESSIONS), limits=st.tuples(st.integers(0, 5), st.integers(1, 64)))
def test_promised_and_taken_in_pieces_minutes_have_the_effect_and_say_just_what_handling_them_does(
    data: st.DataObject, session: TradingSession, limits: tuple[int, int]
) -> None:
    known, story = data.draw(stories(session))
    handled, core = SessionDataCore(), SessionDataCore()
    opening, minutes = story.from_tape(opened(session, known))
    hearing = HearingChanged(hears_minutes=True, hears_bars=data.draw(st.booleans()))
    with pytest.MonkeyPatch.context() as patch:
        for name, limit in zip(("_CALM", "_AT_ONCE"), limits, strict=True):
            patch.setattr(ahead, name, limit)
        events = heard(handled, hearing, [opening, *minutes])
        reader = Promised(core, lambda most: data.draw(st.integers(0, most)))
        said = [*heard(core, hearing, [opening]), *reader.play(minutes)]

    assert difference(said, events) is None
    ask(core, GetSnapshot())  # which moves it up
    assert difference(insides(core), insides(handled)) is None
    assert difference(readings(core), readings(handled)) is None


BRIEF: tuple[Callable[[str], Query[Any]], ...] = (
    lambda name: GetLatestBar(symbol=name),
    lambda name: GetLatestBar(symbol=name, interval=TWO),
    lambda name: GetLastBars(symbol=name, count=3),
    lambda name: GetLastBars(symbol=name, count=2, interval=TWO),
    lambda name: GetLastBars(symbol=name, count=2, with_history=True),
    lambda name: GetMetrics(symbol=name),
    lambda name: GetBarCount(symbol=name),
    lambda name: GetBarCount(symbol=name, interval=TWO),
)
LONG: tuple[Callable[[str], Query[Any]], ...] = (
    lambda name: GetLatestBar(symbol=name, include_partial=True),
    lambda name: GetLastBars(symbol=name, count=3, fill=Fill.FORWARD),
    lambda name: GetBars(symbol=name),
    lambda _: GetVerdicts(),
    lambda _: GetQuality(),
    lambda _: GetMatrix(count=3),
    lambda _: GetSnapshot(),
    lambda _: GetDigest(),
)


def answer_of(core: SessionDataCore, query: Query[Any]) -> Any:
    """What is answered between the messages."""
    if core.ahead.promise is not None:
        core.glance()
    try:
        return core.reader.answer(query, core.now_ns)  # type: ignore[arg-type]  # one of the session's
    except UnknownSymbol as error:
        return str(error)


@examples(150)
@given(data=st.data(), session=st.sampled_from(SESSIONS), limits=st.tuples(st.integers(0, 5), st.integers(1, 64)))
def test_who_takes_promised_minutes_is_answered_as_if_each_had_been_handled(
    data: st.DataObject, session: TradingSession, limits: tuple[int, int]
) -> None:
    known, story = data.draw(stories(session))
    handled, core = SessionDataCore(), SessionDataCore()
    opening, minutes = story.from_tape(opened(session, known))
    hearing = HearingChanged(hears_minutes=True, hears_bars=data.draw(st.booleans()))
    for one in (handled, core):
        play(one, [hearing, opening])
    with pytest.MonkeyPatch.context() as patch:
        for name, limit in zip(("_CALM", "_AT_ONCE"), limits, strict=True):
            patch.setattr(ahead, name, limit)
        left = list(minutes)
        while left:
            coming = [*takewhile(lambda message: isinstance(message, BarsArrived | TimeAdvanced), left)]
            if not (told := core.plain(coming)):  # type: ignore[arg-type]  # minutes of a tape
                for one in (handled, core):
                    play(one, [left[0]])
                del left[0]
                continue
            stretch = Stretch(told, range(len(told)))
            core.ahead.promised(stretch)
            for taken in range(1, data.draw(st.integers(1, len(told))) + 1):
                play(handled, [coming[taken - 1]])
                if taken > 1:
                    stretch.left.popleft()
                for kind in data.draw(st.lists(st.sampled_from([*BRIEF * 3, *LONG]), max_size=3)):
                    query = kind(data.draw(st.sampled_from(NAMES[:3])))

                    assert answer_of(core, query) == answer_of(handled, query)
                    assert kind in BRIEF or is_clean(core)
            del left[: stretch.recall()]

    ask(core, GetSnapshot())
    assert is_clean(core)
    assert difference(insides(core), insides(handled)) is None
    assert difference(readings(core), readings(handled)) is None


@pytest.mark.parametrize("query", [GetSnapshot(), GetLastBars(symbol="A", count=3, fill=Fill.FORWARD)], ids=repr)
def test_minutes_that_are_taken_while_a_question_is_answered_are_over_by_the_time_that_it_states(
    query: GetSnapshot | GetLastBars,
) -> None:
    opening, minutes = full().from_tape(opening_of())
    core, handled = SessionDataCore(), SessionDataCore()
    hearing = HearingChanged(hears_minutes=True, hears_bars=True)
    play(core, [hearing, opening, minutes[0]])
    play(handled, [hearing, opening, *minutes[:3]])
    stretch = Stretch(core.plain(minutes[1:]), range(11))  # type: ignore[arg-type]
    core.ahead.promised(stretch)
    core.glance()
    stretch.left.popleft()  # by the reader, in another thread

    assert core.reader.answer(query, core.now_ns) == answer_of(handled, query)


def test_a_short_question_leaves_the_minutes_that_are_promised_to_be_taken_later() -> None:
    """What the property above compares would be one and the same way if this were not so."""
    opening, minutes = full().from_tape(opening_of())
    core = SessionDataCore()
    play(core, [HearingChanged(hears_minutes=True, hears_bars=False), opening, minutes[0]])
    stretch = Stretch(core.plain(minutes[1:]), range(11))  # type: ignore[arg-type]
    core.ahead.promised(stretch)
    stretch.left.popleft()
    found = [answer_of(core, query("A")) for query in BRIEF]

    assert core._book is not None
    core.check()
    assert (core._book.closed, core._book.ledger.received, found[-2], is_clean(core)) == (3, 2, 3, False)
    ask(core, GetSnapshot())
    assert (core._book.closed, core._book.ledger.received, is_clean(core)) == (3, 6, True)


@pytest.mark.parametrize("hears_bars", [False, True])
def test_minutes_that_all_have_their_bars_are_promised(hears_bars: bool) -> None:
    opening, minutes = full().from_tape(opening_of())
    core = SessionDataCore()
    play(core, [HearingChanged(hears_minutes=True, hears_bars=hears_bars), opening])
    reader = Promised(core, lambda most: most)
    reader.play(minutes)

    assert reader.promised == 11  # with the first the others are made ready


def test_a_minute_that_is_not_the_one_foreseen_is_not_promised_nor_what_comes_after_it() -> None:
    opening, minutes = full().from_tape(opening_of())
    core = SessionDataCore()
    play(core, [HearingChanged(hears_minutes=True, hears_bars=False), opening, minutes[0]])
    silent = TimeAdvanced(now_ns=FULL.start_ns + 3 * MINUTE_NS)

    assert [len(core.plain([*minutes[1:2], other, *minutes[3:]])) for other in (silent, minutes[3])] == [1, 1]  # type: ignore[list-item]
    assert len(core.plain(minutes[2:])) == 0  # type: ignore[arg-type]
    assert len(core.plain(minutes[1:])) == 11  # type: ignore[arg-type]


def test_what_comes_between_ends_a_promise_and_what_was_not_taken_has_not_been() -> None:
    opening, minutes = full().from_tape(opening_of())
    core = SessionDataCore()
    play(core, [HearingChanged(hears_minutes=True, hears_bars=False), opening, minutes[0]])
    stretch = Stretch(core.plain(minutes[1:]), range(11))  # type: ignore[arg-type]
    core.ahead.promised(stretch)
    stretch.left.popleft()
    mine = arrived(bar("MINE", "09:30"), now=FULL.start_ns + 3 * MINUTE_NS, source="desk")
    play(core, [mine])

    assert (stretch.passed, list(stretch.left)) == (2, [])
    assert [len(ask(core, GetBars(symbol=name))) for name in ("A", "MINE")] == [3, 1]
    play(core, minutes[3:])
    assert len(ask(core, GetBars(symbol="A"))) == 12


@pytest.mark.parametrize("length", ["1m", "2m"])
def test_bars_that_were_cut_of_promised_minutes_are_cut_anew_where_something_else_comes(length: str) -> None:
    opening, minutes = full().from_tape(opening_of())
    last = GetLastBars(symbol="A", count=3, interval=Interval.parse(length))
    handled, core = SessionDataCore(), SessionDataCore()
    for one in (handled, core):
        play(one, [HearingChanged(hears_minutes=True, hears_bars=False), opening, minutes[0]])
    stretch = Stretch(core.plain(minutes[1:]), range(11))  # type: ignore[arg-type]
    core.ahead.promised(stretch)
    for taken in range(1, 5):
        play(handled, [minutes[taken]])
        if taken > 1:
            stretch.left.popleft()
        assert answer_of(core, last) == answer_of(handled, last)
    sooner = arrived(bar("A", FULL.start_ns + 7 * MINUTE_NS, close=99.0), now=FULL.start_ns + 5 * MINUTE_NS)
    for message in (sooner, *minutes[5:]):
        for one in (handled, core):
            play(one, [message])
        assert ask(core, last) == ask(handled, last)


def test_minutes_of_the_tape_take_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the property above compares would be one and the same way if this were not so."""
    core = SessionDataCore(SessionRules())
    opening, minutes = full().from_tape(opening_of())
    play(core, [opening])
    assert core._book is not None
    monkeypatch.setattr(core._book, "write", None)

    said = play(core, minutes)

    assert len([one for one in said if isinstance(one, MinuteClosed)]) == len(minutes)


def test_where_something_comes_at_every_minute_nothing_is_made_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    core = SessionDataCore(SessionRules())
    opening, minutes = full().from_tape(opening_of())
    play(core, [opening, arrived(bar("A", "09:29"), now=FULL.start_ns)])
    monkeypatch.setattr(ahead, "_Ready", None)  # would be called

    for number, minute in enumerate(minutes):
        now_ns = FULL.start_ns + (number + 1) * MINUTE_NS
        play(core, [minute, arrived(bar("MINE", "09:30"), now=now_ns, source="desk")])

    assert core._book is not None
    assert core._book.closed == len(minutes)


def test_a_minute_that_is_not_the_one_foreseen_is_taken_as_it_comes() -> None:
    core = SessionDataCore(SessionRules())
    opening, minutes = full().from_tape(opening_of())
    late = TimeAdvanced(now_ns=FULL.start_ns + 5 * MINUTE_NS)  # three of the tape's minutes never come
    said = play(core, [opening, *minutes[:2], late, *minutes[5:]])

    closed = [(one.present, one.is_complete) for one in said if isinstance(one, MinuteClosed)]
    assert closed == [(2, True)] * 2 + [(0, False)] * 3 + [(2, True)] * 7


def test_a_minute_of_another_place_on_the_tape_is_taken_as_it_comes() -> None:
    core = SessionDataCore(SessionRules())
    opening, minutes = full().from_tape(opening_of())
    other = [bar(name, "09:31", 77.0) for name in NAMES[:2]]
    play(core, [opening, minutes[0], replace(whole(other), first_row=0), *minutes[2:]])

    closes = [one.close for one in ask(core, GetBars(symbol="A")).bars()]
    assert closes == [SOUND[0][3], 77.0, *[SOUND[0][3]] * 10]


def test_a_day_with_more_minutes_than_are_made_ready_at_once_is_the_same() -> None:
    story, plain, core = full(HALF_DAY), SessionDataCore(SessionRules()), SessionDataCore(SessionRules())
    opening, minutes = story.from_tape(opening_of(HALF_DAY))
    events = heard(plain, opening_of(HALF_DAY), story.minute_by_minute())

    assert difference(heard(core, opening, minutes), events) is None
    assert difference(insides(core), insides(plain)) is None
