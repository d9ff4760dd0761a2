"""Calendars kept on disk: the same as computed, and computed anew when what is kept is of no use."""

import os
from pathlib import Path

import msgspec
import numpy as np
import pytest
from exchange_calendars import calendar_utils

from actors.market.hours import exchanges
from actors.market.hours.kept import KEPT_DAYS, kept


class Found(msgspec.Struct, frozen=True, kw_only=True):
    answer: int


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BARKEEPER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def found(answer: int) -> int:
    return kept(Found, "answers", lambda: Found(answer=answer)).answer


def test_what_was_computed_once_is_not_computed_again() -> None:
    assert (found(1), found(2)) == (1, 1)


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"\x91\x01", b"\x81\xa6answer\xa1x"])
def test_what_is_damaged_is_computed_anew(folder: Path, damage: bytes) -> None:
    found(1)
    (folder / "answers.msgpack").write_bytes(damage)

    assert (found(2), found(3)) == (2, 2)


@pytest.mark.parametrize("days", [-1, KEPT_DAYS + 1])
def test_what_is_old_or_of_tomorrow_is_computed_anew(folder: Path, days: int) -> None:
    found(1)
    path = folder / "answers.msgpack"
    written = path.stat().st_mtime - days * 86_400
    os.utime(path, (written, written))

    assert found(2) == 2


def test_where_nothing_can_be_kept_it_is_computed_each_time(folder: Path) -> None:
    folder.write_text("a file where a folder should be", encoding="utf-8")

    assert (found(1), found(2)) == (1, 2)


def test_a_calendar_that_is_kept_is_the_one_that_was_computed() -> None:
    computed, again = exchanges.schedule("24/5"), exchanges.schedule("24/5")

    assert computed is not again
    for name in computed.__struct_fields__:
        assert np.array_equal(getattr(computed, name), getattr(again, name))


def test_every_name_and_alias_is_kept_too() -> None:
    first = exchanges.names()

    assert first == exchanges.names()
    assert (exchanges.canonical("NYSE"), exchanges.canonical("24/7")) == ("XNYS", "24/7")


def test_a_calendar_that_the_application_registers_is_seen_at_once() -> None:
    exchanges.names()
    kind = calendar_utils.get_calendar("24/5").__class__
    calendar_utils.register_calendar_type("OURS", kind)
    try:
        assert "OURS" in exchanges.names()
        assert len(exchanges.schedule("OURS").labels) == len(exchanges.schedule("24/5").labels)
    finally:
        calendar_utils.deregister_calendar("OURS")

    assert "OURS" not in exchanges.names()
