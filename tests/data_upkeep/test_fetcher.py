"""Asking an upstream: its answer is cut to the question, and whatever it raises is a failure and no more."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from msgspec.structs import replace

from actors.data_upkeep.fetcher import FetchDesk, Fetcher
from actors.data_upkeep.health import SourceFacts
from actors.kernel.ports import SourceAnswer
from actors.storage.source import StoreSource
from messages import BarBatch, FetchAnswered, FetchBars, FillFailed, Interval, ReadSession, TradingSession
from messages.values import Nanos
from tests.builders import DAY, at, bars
from tests.data_upkeep.desk import gap, keys
from tests.doubles import CountingStore, FailingStore, Outbox
from tests.storage.days import day as stored
from tests.strangers import ENDS
from tests.upstreams import Upstream, always


class Generous(Upstream):
    """Gives what it has, whatever it is asked for, and calls it sane."""

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        return SourceAnswer(bars=replace(BarBatch.of(self._bars.values()), is_sane=True), no_trade=self._no_trade)


class Broken(Upstream):
    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        return None  # type: ignore[return-value]  # on purpose


def fetched(
    *sources: Upstream, source: int = 0, start: str = "09:31", end: str = "09:33"
) -> FetchAnswered | FillFailed:
    told = Outbox()
    job = FetchBars(fetch=7, source=source, session=DAY, missing=keys("A", start, end))
    Fetcher(sources, told).fetch(job)
    (message,) = told.messages
    assert isinstance(message, FetchAnswered | FillFailed)
    return message


def test_an_answer_names_its_request() -> None:
    came = fetched(Upstream(bars("A", "09:31", 1, 2)))

    assert isinstance(came, FetchAnswered)
    assert (came.fetch, came.batch.names()) == (7, ["A", "A"])


def test_an_answer_is_cut_to_what_was_asked_for_and_is_judged_here() -> None:
    came = fetched(Generous(bars("A", "09:30", 1, 2, 3, 4)))

    assert isinstance(came, FetchAnswered)
    assert came.batch.start_ns.tolist() == [at("09:31"), at("09:32")]
    assert not came.batch.is_sane


def test_of_seconds_seconds_are_asked_for() -> None:
    session = replace(DAY, base_interval=Interval.parse("1s"))
    told = Outbox()
    job = FetchBars(fetch=7, source=0, session=session, missing=keys("A", "09:31", "09:33"))
    seconds = [replace(one, interval=session.base_interval) for one in bars("A", "09:31", 1, 2)]
    for given in (seconds, bars("A", "09:31", 1, 2)):
        Fetcher([Generous(given)], told).fetch(job)

    good, bad = told.messages
    assert len(good.batch) == 2
    assert "asked for bars of 1s, and answered with bars of 1m" in bad.reason


def test_an_answer_that_is_not_too_long_is_not_copied() -> None:
    came = fetched(Generous(bars("A", "09:31", 1, 2)), Upstream())

    assert isinstance(came, FetchAnswered)
    assert len(came.batch) == 2


def test_what_was_never_traded_is_passed_on() -> None:
    told = (gap("A", "09:31"),)
    came = fetched(Upstream(no_trade=told))

    assert isinstance(came, FetchAnswered)
    assert came.no_trade == told


def test_each_request_goes_to_the_source_that_it_names() -> None:
    first, second = Upstream(name="first"), Upstream(name="second", fails=always)
    came = fetched(first, second, source=1)

    assert isinstance(came, FillFailed)
    assert (came.fetch, came.source, first.asked) == (7, "second", [])
    assert "second does not answer" in came.reason


@pytest.mark.parametrize("source", [Broken(), Upstream(fails=always)])
def test_an_upstream_that_raises_or_talks_nonsense_has_failed(source: Upstream) -> None:
    assert isinstance(fetched(source), FillFailed)


class Says(Upstream):
    """An upstream that answers with just anything."""

    def __init__(self, answer: Any) -> None:
        super().__init__(name="mine")
        self.answer = answer

    def fetch(self, session: Any, symbols: Any, start_ns: Any, end_ns: Any) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "its fetch returned NoneType; a SourceAnswer is expected, whose bars are a BarBatch"),
        ([1.0], "its fetch returned list; a SourceAnswer is expected, whose bars are a BarBatch"),
        (pd.DataFrame(), "DataFrame; a SourceAnswer is expected, whose bars are a BarBatch"),
        (SourceAnswer(bars=pd.DataFrame()), "DataFrame; a SourceAnswer is expected"),  # type: ignore[arg-type]
        (KeyError("token"), "KeyError('token')"),
        *((kind(1), f"{kind.__name__}(1)") for kind in ENDS),
    ],
)
def test_who_answers_with_something_else_is_told_what_it_was_and_what_is_expected(answer: Any, reason: str) -> None:
    came = fetched(Says(answer))

    assert isinstance(came, FillFailed)
    assert reason in came.reason


class Holds(Upstream):
    """An upstream that cannot say what it has at hand."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(name="mine")
        self.error = error

    def holds(self, session: Any, symbols: Any) -> bool:
        raise self.error

    def pick(self, session: Any, missing: Any) -> SourceAnswer:
        raise self.error

    def read_ahead(self, session: Any, symbols: Any) -> None:
        raise self.error


def test_who_cannot_say_what_he_has_at_hand_is_asked_for_it_elsewhere() -> None:
    told, elsewhere = Outbox(), Outbox()
    job = FetchBars(fetch=7, source=0, session=DAY, missing=keys("A", "09:31", "09:32"))
    fetcher = Fetcher((Holds(KeyError("oops")),), told)

    FetchDesk(fetcher, [elsewhere]).tell(job)
    fetcher.fetch(job)

    assert elsewhere.messages == [job]
    assert [(type(one), one.reason) for one in told.messages] == [(FillFailed, "KeyError('oops')")]


def test_a_bug_of_ours_is_a_failure_of_the_request() -> None:
    told = Outbox()
    job = FetchBars(fetch=3, source=0, session=DAY, missing=keys("A", "09:31", "09:32"))
    Fetcher((Upstream(name="u"),), told).broke(job, RuntimeError("bug"))

    assert told.messages == [FillFailed(fetch=3, source="u", reason="RuntimeError('bug')")]


def test_the_facts_are_what_sources_say_about_themselves() -> None:
    known = Upstream(name="x", is_authoritative=True, delay_ns=5, most_symbols=3)

    assert Fetcher((known, Upstream()), Outbox()).facts == (
        SourceFacts(name="x", is_authoritative=True, delay_ns=5, most_symbols=3),
        SourceFacts(name="upstream"),
    )


def test_bars_of_another_length_than_asked_for_are_a_failure() -> None:
    five = Interval.parse("5m")

    class Coarse(Upstream):
        def fetch(
            self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos
        ) -> SourceAnswer:
            answer = super().fetch(session, symbols, start_ns, end_ns)
            return SourceAnswer(bars=replace(answer.bars, interval=five), no_trade=answer.no_trade)

    came, nothing = fetched(Coarse(bars("A", "09:31", 1))), fetched(Coarse())

    assert isinstance(came, FillFailed)
    assert "asked for bars of 1m, and answered with bars of 5m" in came.reason
    assert isinstance(nothing, FetchAnswered)


def test_sources_that_can_get_ready_for_a_session_are_let_and_what_fails_then_is_no_failure() -> None:
    store = CountingStore()
    told = Outbox()
    broken = StoreSource(FailingStore(CountingStore(), DAY.date, OSError("gone for now")), "broken")
    fetcher = Fetcher((Upstream(), broken, StoreSource(store, "upstream")), told)
    fetcher.read_ahead(ReadSession(session=DAY, symbols=None))

    assert store.reads == [(DAY.date, None)]
    assert told.messages == []


def test_a_source_that_holds_sessions_is_asked_for_just_what_is_missing() -> None:
    store, told = CountingStore(), Outbox()
    store.merge("XNYS", DAY.date, stored(*bars("A", "09:30", 1, 2, 3), *bars("B", "09:30", 4, 5, 6)))
    fetcher = Fetcher((StoreSource(store, "upstream"),), told)
    fetcher.fetch(FetchBars(fetch=1, source=0, session=DAY, missing=keys("A", "09:31", "09:33")))

    (answer,) = told.messages
    assert [(one.symbol, one.close) for one in answer.batch.bars()] == [("A", 2), ("A", 3)]
    assert [facts.holds_sessions for facts in fetcher.facts] == [True]


def test_what_is_in_memory_is_answered_at_once_and_all_else_elsewhere() -> None:
    told, elsewhere = Outbox(), Outbox()
    source = StoreSource(CountingStore(), "upstream")
    desk = FetchDesk(Fetcher((source, Upstream()), told), (elsewhere, elsewhere))
    jobs = [FetchBars(fetch=n, source=n // 2, session=DAY, missing=keys("A", "09:31", "09:33")) for n in range(3)]
    desk.tell(jobs[0])
    source.read_ahead(DAY, ("A",))
    for job in jobs[1:]:
        desk.tell(job)

    assert elsewhere.messages == [jobs[0], jobs[2]]
    assert [answer.fetch for answer in told.messages] == [1]


SOUND = BarBatch.of(bars("A", "09:31", 1, 2))
COLUMNS = SOUND.symbol_index, SOUND.start_ns, SOUND.values  # noqa: PD011  # no frame
MALFORMED = {
    "no silence": (SourceAnswer(bars=SOUND, no_trade=None), "no_trade of its answer is NoneType"),  # type: ignore[arg-type]
    "numbers for gaps": (SourceAnswer(bars=SOUND, no_trade=(1,)), "a tuple of Gaps is expected"),  # type: ignore[arg-type]
    "a gap of text": (
        SourceAnswer(bars=SOUND, no_trade=(replace(gap("A", "09:31", "09:32"), start_ns="09:31"),)),
        "Gaps",
    ),
    "too few starts": (SourceAnswer(bars=replace(SOUND, start_ns=SOUND.start_ns[:1])), "of one length"),
    "too few fields": (SourceAnswer(bars=replace(SOUND, values=COLUMNS[2][:3])), "5 or 7 rows"),
    "no such place": (
        SourceAnswer(bars=replace(SOUND, symbol_index=SOUND.symbol_index + 9)),
        "no place in their table",
    ),
    "starts as floats": (SourceAnswer(bars=replace(SOUND, start_ns=SOUND.start_ns.astype(float))), "whole numbers"),
    "lists": (SourceAnswer(bars=replace(SOUND, start_ns=SOUND.start_ns.tolist())), "numpy arrays"),
    "symbols as a list": (SourceAnswer(bars=replace(SOUND, symbols=[5])), "a tuple of texts"),
    "a minute twice": (SourceAnswer(bars=replace(SOUND, start_ns=SOUND.start_ns[[0, 0]])), "at most once"),
}


class Given(Upstream):
    """Answers what it is told to."""

    answer: SourceAnswer

    def fetch(self, session: TradingSession, symbols: Sequence[str], start_ns: Nanos, end_ns: Nanos) -> SourceAnswer:
        return self.answer


def given(answer: SourceAnswer) -> FetchAnswered | FillFailed:
    source = Given()
    source.answer = answer
    return fetched(source)


@pytest.mark.parametrize(("answer", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_an_answer_that_does_not_fit_together_is_a_failure_in_words(answer: SourceAnswer, reason: str) -> None:
    came = given(answer)

    assert isinstance(came, FillFailed)
    assert reason in came.reason


def test_bars_in_any_order_are_put_in_order() -> None:
    turned = [column[..., ::-1] for column in COLUMNS]
    came = given(SourceAnswer(bars=replace(SOUND, symbol_index=turned[0], start_ns=turned[1], values=turned[2])))

    assert isinstance(came, FetchAnswered)
    assert came.batch == SOUND
