"""Trying the store: can it be written to, and how much room is there."""

from pathlib import Path

from actors.data_upkeep.probe import StoreProbe
from messages import CheckStore, StoreChecked
from tests.doubles import Outbox


def checked(folder: Path | None) -> StoreChecked:
    outbox = Outbox()
    StoreProbe(folder, outbox).check(CheckStore())
    (said,) = outbox.of(StoreChecked)
    return said


def test_a_folder_is_written_to_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    said = checked(tmp_path)

    assert (said.is_writable, said.reason) == (True, "")
    assert said.free_bytes is not None
    assert said.free_bytes > 0
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_not_there_yet_can_be_made_where_its_parent_can_be_written_to(tmp_path: Path) -> None:
    said = checked(tmp_path / "not" / "yet")

    assert said.is_writable
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_refuses_is_said_with_the_reason(tmp_path: Path) -> None:
    in_the_way = tmp_path / "store"
    in_the_way.write_text("a file, not a folder")

    said = checked(in_the_way / "XNYS")

    assert not said.is_writable
    assert said.reason


def test_what_is_no_folder_can_be_written_to() -> None:
    assert checked(None) == StoreChecked(is_writable=True)


def test_a_bug_in_here_is_said_as_well() -> None:
    outbox = Outbox()
    StoreProbe(None, outbox).broke(CheckStore(), ValueError("oops"))

    assert outbox.messages == [StoreChecked(is_writable=False, reason="a bug in the probe: ValueError('oops')")]
