"""The engine itself, cut at random: all readers and all events know nothing of what comes after an instant."""

from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from actors.proving.prover import Prover, Question
from actors.storage.parquet import ParquetStore
from actors.strategy import Strategy
from messages import MinuteClosed
from messages.errors import BarkeeperError
from messages.values import Seen
from tests.depth import also_slow
from tests.system.futures import ASKED
from tests.system.test_as_lived import stored
from tests.system.test_lived_day import CAME
from tests.system.worlds import fill

SHORT = ("09:36-16:00",)


def asks_everything(system: Any) -> dict[str, Any]:
    """Hear every event, and ask every reader at every third minute."""
    minutes = 0
    for event in system.subscribe():
        if not isinstance(event, MinuteClosed):
            continue
        minutes += 1
        if minutes % 3 == 0:
            ask_everything(system)
    return {"minutes": minutes}


def ask_everything(system: Any) -> None:
    date = system.session().get(timeout=20).date
    for symbol in (*system.active_symbols().get(timeout=20)[:2], "NOBODY"):
        for name in sorted(ASKED):
            for args, more in ASKED[name](symbol, date):
                with suppress(BarkeeperError):  # it is taken down all the same
                    getattr(system, name)(*args, **more).get(timeout=20)


def leaks(root: Path, cuts: int, seed: int, **more: Any) -> list[str]:
    question = Question(strategy="everything.py:everything", store=str(root), cuts=cuts, seed=seed, **more)
    proof = Prover(question, lambda: Strategy(asks_everything)).prove()
    assert len(proof.cuts) == cuts or proof.leaks
    return [f"{leak.minute} {leak.what}: {leak.here} {leak.there}" for leak in proof.leaks]


@pytest.mark.parametrize("case", also_slow([("all", 1)], [("all", 15), ("named", 15)]), ids=str)
def test_of_many_cuts_none_leaks(tmp_path: Path, case: tuple[str, int]) -> None:
    whose, cuts = case
    with closing(ParquetStore(tmp_path / "store")) as store:
        fill(store, sessions=3, symbols=3, quiet=0.4, closed=SHORT)
        names = store.symbols("XNYS", "2024-07-01") if whose == "named" else ()

    assert leaks(tmp_path / "store", cuts, 7, symbols=names, closed=SHORT) == []


def test_nor_does_a_day_that_is_played_as_it_was_lived(tmp_path: Path) -> None:
    memory = stored(CAME)
    day, prints = memory.read("XNYS", "2024-07-02"), memory.prints("XNYS", "2024-07-02")
    assert day is not None
    assert prints is not None
    with closing(ParquetStore(tmp_path / "store")) as store:
        store.merge("XNYS", "2024-07-02", day)
        store.keep_prints("XNYS", "2024-07-02", prints)

    assert leaks(tmp_path / "store", 1, 5, closed=SHORT, seen=Seen.AS_LIVED) == []
