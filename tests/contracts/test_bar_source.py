"""What every upstream promises; the same suite runs over each of them."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from actors.kernel.ports import BarSource, HoldsSessions, SourceAnswer
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.upstream import FileSource, sources_at
from messages.tables.columns import BarKeys
from messages.values import MINUTE_NS
from tests.builders import DAY, HALF_DAY, at, bar, bars
from tests.storage.days import all_regular
from tests.storage.days import day as stored
from tests.upstreams import Upstream

GIVEN = [*bars("A", "09:30", 1, 2, None, 4), *bars("B", "09:31", 5, 6), bar("A", HALF_DAY.start_ns, 9)]
"""Two symbols on one day, and a bar of the day after."""


def _filled(store: MemoryStore | ParquetStore) -> None:
    for session in (DAY, HALF_DAY):
        ours = [one for one in GIVEN if session.start_ns <= one.start_ns < session.end_ns]
        store.merge("XNYS", session.date, stored(*ours))


def _in_memory(folder: Path) -> BarSource:
    store = MemoryStore()
    _filled(store)
    return StoreSource(store, "memory")


def _of_parquet(folder: Path) -> BarSource:
    store = ParquetStore(folder / "store", segment_of=all_regular)
    _filled(store)
    store.close()
    (source,) = sources_at([str(folder / "store")])
    return source


def _of_files(folder: Path) -> BarSource:
    lines = ["symbol,timestamp,open,high,low,close,volume"]
    lines += [f"{b.symbol},{b.start_ns // 10**9},{b.open},{b.high},{b.low},{b.close},{b.volume}" for b in GIVEN]
    (folder / "bars.csv").write_text("\n".join(lines), encoding="utf-8")
    (source,) = sources_at([str(folder / "bars.csv")], "XNYS")
    return source


def _double(folder: Path) -> BarSource:
    return Upstream(GIVEN)


@pytest.fixture(params=[_in_memory, _of_parquet, _of_files, _double])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BarSource]:
    make: Callable[[Path], BarSource] = request.param
    made = make(tmp_path)
    yield made
    made.close()


def ask(source: BarSource, symbols: str, start: str, end: str) -> SourceAnswer:
    return source.fetch(DAY, tuple(symbols), at(start), at(end))


def told(answer: SourceAnswer) -> list[tuple[str, int, float]]:
    return [(one.symbol, (one.start_ns - DAY.start_ns) // MINUTE_NS, one.close) for one in answer.bars.bars()]


def test_a_source_has_a_name_and_says_what_it_is(source: BarSource) -> None:
    assert source.name
    assert source.is_authoritative is False
    assert source.delay_ns == 0
    assert source.most_symbols is None


def test_it_gives_the_bars_that_were_asked_for(source: BarSource) -> None:
    assert told(ask(source, "AB", "09:30", "09:40")) == [
        ("A", 0, 1),
        ("A", 1, 2),
        ("B", 1, 5),
        ("B", 2, 6),
        ("A", 3, 4),
    ]


def test_only_of_the_symbols_that_were_asked_for(source: BarSource) -> None:
    assert told(ask(source, "B", "09:30", "09:40")) == [("B", 1, 5), ("B", 2, 6)]


def test_only_of_the_minutes_that_were_asked_for_the_last_one_not_included(source: BarSource) -> None:
    assert told(ask(source, "AB", "09:31", "09:32")) == [("A", 1, 2), ("B", 1, 5)]
    assert told(ask(source, "A", "09:32", "09:33")) == []


@pytest.mark.parametrize("symbols", ["Z", "AZ"])
def test_an_unknown_symbol_has_no_bars_and_is_no_error(source: BarSource, symbols: str) -> None:
    assert {symbol for symbol, _, _ in told(ask(source, symbols, "09:30", "09:31"))} <= {"A"}


def test_silence_says_nothing(source: BarSource) -> None:
    assert ask(source, "AB", "09:30", "16:00").no_trade == ()


def test_a_day_that_it_does_not_have_is_silence(source: BarSource) -> None:
    day = HALF_DAY.start_ns + 40 * 24 * 60 * MINUTE_NS
    later = type(HALF_DAY)(calendar="XNYS", date="2024-08-12", tz=HALF_DAY.tz, segments=HALF_DAY.segments)

    assert len(source.fetch(later, ("A",), day, day + MINUTE_NS).bars) == 0


def test_each_session_is_asked_for_by_itself(source: BarSource) -> None:
    start = HALF_DAY.start_ns

    assert [one.close for one in source.fetch(HALF_DAY, ("A",), start, start + MINUTE_NS).bars.bars()] == [9]


def test_the_same_question_gets_the_same_answer_from_several_threads(source: BarSource) -> None:
    answers: list[list[tuple[str, int, float]]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(told(ask(source, "AB", "09:30", "16:00")))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(answers) == 4
    assert all(answer == answers[0] and len(answer) == 5 for answer in answers)


def test_it_may_be_closed_twice(source: BarSource) -> None:
    ask(source, "A", "09:30", "09:31")
    source.close()
    source.close()


def test_a_source_that_nobody_asked_may_be_closed(tmp_path: Path) -> None:
    FileSource(tmp_path / "nothing.csv", None).close()


def test_who_holds_sessions_picks_what_it_would_give_when_asked_for_all(source: BarSource) -> None:
    if not isinstance(source, HoldsSessions):
        pytest.skip("asked for one run of minutes at a time")
    minutes = [at("09:30"), at("09:31"), at("09:32")]
    missing = BarKeys(
        symbols=("A", "B"),
        symbol_index=np.array([0, 0, 1, 0], dtype=np.int32),
        start_ns=np.array([minutes[0], minutes[1], minutes[1], minutes[2]], dtype=np.int64),
    )
    held_before = source.holds(DAY, ("A", "B"))
    source.read_ahead(DAY, ("A", "B"))

    assert told(source.pick(DAY, missing)) == told(ask(source, "AB", "09:30", "09:32"))
    assert (held_before, source.holds(DAY, ("A", "B"))) == (False, True)
