"""That prices were adjusted before they came, as a folder keeps it: in names, which nobody else reads."""

from contextlib import closing
from pathlib import Path

import pytest

from actors.kernel.adjusted import AdjustedRun
from actors.storage.parquet import ParquetStore
from messages.errors import DataError
from tests.storage.days import DATE, all_regular, bar, day


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
