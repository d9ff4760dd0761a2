"""That prices were adjusted before they came is kept by both kinds of store that keep it, and read by nobody else."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from actors.kernel.adjusted import AdjustedRun, KeepsAdjusted
from actors.kernel.ports import BarStore
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from messages.errors import DataError
from tests.storage.days import DATE, all_regular, bar, day, made_narrow

MADE: dict[str, Callable[[Path], BarStore]] = {
    "memory": lambda _: MemoryStore(),
    "parquet": lambda folder: ParquetStore(folder, segment_of=all_regular),
    "narrow": lambda folder: ParquetStore(made_narrow(folder) or folder, segment_of=all_regular),
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_it_is_kept_by_symbol_and_taken_back(made: Callable[[Path], BarStore], tmp_path: Path) -> None:
    with closing(made(tmp_path / "store")) as store:
        assert isinstance(store, KeepsAdjusted)
        store.merge("24/7", DATE, day(bar("BRK/B", 0), bar("a@b", 0)))
        before = store.adjusted("24/7")
        store.note_adjusted("24/7", {"BRK/B": (DATE,), "a@b": (DATE,)}, "2026-11-30")
        kept = store.adjusted("24/7")
        store.note_adjusted("24/7", {"a@b": (DATE,)}, None)

        assert (before, store.adjusted("XNYS")) == ((), ())
        assert kept == tuple(AdjustedRun(symbol, DATE, DATE, "2026-11-30") for symbol in ("BRK/B", "a@b"))
        assert store.adjusted("24/7") == kept[:1]
        assert store.dates("24/7") == (DATE,)


def test_what_is_said_of_raw_prices_alone_leaves_no_trace(tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path, segment_of=all_regular)) as store:
        store.merge("XNYS", DATE, day(bar("A", 0)))
        store.note_adjusted("XNYS", {"A": (DATE,)}, None)

    assert not list(tmp_path.glob("*/_adjusted"))


def test_names_that_say_nothing_are_left_alone(tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path, segment_of=all_regular)) as store:
        store.merge("XNYS", DATE, day(bar("A", 0)))
        store.note_adjusted("XNYS", {"A": (DATE,)}, DATE)
        for name in ("README", "A@x@y@z", f"A@{DATE}@{DATE}"):
            (tmp_path / "calendar=XNYS/_adjusted" / name).touch()

        assert store.adjusted("XNYS") == (AdjustedRun("A", DATE, DATE, DATE),)


def test_who_may_only_read_keeps_nothing(tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path, read_only=True)) as store, pytest.raises(DataError, match="for reading only"):
        store.note_adjusted("XNYS", {"A": (DATE,)}, DATE)
