"""What one task has read the next need not, and nobody writes through it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actors.storage.parquet import ParquetStore
from actors.strategy import Strategy
from actors.sweep.kept_days import KeptDays
from actors.sweep.pieces import Piece
from actors.sweep.plan import planned
from actors.sweep.player import Player
from messages.errors import DataError
from messages.tables.columns import BarBatch
from tests.sweep import strategies
from tests.sweep.conftest import OPTIONS
from tests.system.worlds import DATES, memory


def test_what_was_made_once_is_given_again_until_there_is_too_much() -> None:
    kept = KeptDays(memory(), most_bytes=1000)
    made: list[str] = []

    def make(name: str, size: int) -> Any:
        made.append(name)
        return np.zeros(size, dtype=np.uint8)

    for name in ("a", "b", "a", "c", "a", "b"):
        kept.kept(name, lambda name=name: make(name, 400))  # type: ignore[misc]  # one for each name
    kept.kept("huge", lambda: make("huge", 2000))
    kept.kept("a", lambda: make("a", 400))

    assert made == ["a", "b", "c", "b", "huge"]


class Counting(ParquetStore):
    """A store that says what was read of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, read_only=True)
        self.reads: list[str] = []

    def read(self, calendar: str, date: str, *more: Any, **named: Any) -> Any:
        self.reads.append(date)
        return super().read(calendar, date, *more, **named)


def test_a_player_reads_each_day_once_however_many_tasks_need_it(store: Path) -> None:
    files = Counting(store)
    options = {key: value for key, value in OPTIONS.items() if key != "progress"}
    plan = planned(
        Strategy(strategies.watch), files, name=str(store), symbols=(), grid={"length": [2, 3]},
        warm_up={"1d": 4, "5m": 6}, options={**options, "last": 2, "trailing_sessions": 2},
    )  # fmt: skip
    player = Player(plan, Strategy(strategies.watch), files, together=False)

    for date in DATES[4:6]:
        outcome = player.play(Piece(number=1, dates=(date,), symbol=None, parameters=(0, 1)))
        assert all(row.error is None for row in outcome.rows)

    assert sorted(set(files.reads)) == sorted(DATES[:6])
    assert len(files.reads) <= len(set(files.reads)) + 3  # a day is a tape, minutes of history and a daily bar in turn


@pytest.mark.parametrize("name", ["merge", "merge_stretches", "merge_days", "withdraw", "certify"])
def test_nothing_is_written_through_it(name: str) -> None:
    given = {"merge_stretches": ("XNYS", "d", (), ()), "merge_days": ("XNYS", None)}.get(name, ("XNYS", "d", None))

    with pytest.raises(DataError, match="writes nothing"):
        getattr(KeptDays(memory()), name)(*given)


def test_it_tells_what_the_store_tells() -> None:
    store = memory()
    kept = KeptDays(store)

    assert kept.calendars() == store.calendars()
    assert kept.dates("XNYS") == store.dates("XNYS")
    assert kept.symbols("XNYS", DATES[0]) == store.symbols("XNYS", DATES[0])
    assert kept.base_interval() == store.base_interval()
    assert kept.certificate("XNYS", DATES[0]) is None
    assert (kept.certified_calendars(), kept.certified("XNYS"), kept.earlier("XNYS", DATES[0])) == ((), (), ())
    assert kept.is_as_issued("XNYS", DATES[0]) is store.is_as_issued("XNYS", DATES[0])
    assert kept.adjustments() == ()
    assert kept.own_hours() == store.own_hours()
    day = kept.read("XNYS", DATES[0])
    assert day is not None
    assert isinstance(day.bars, BarBatch)
    kept.close()
