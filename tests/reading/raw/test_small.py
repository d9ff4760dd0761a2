"""Small files are read once, and anew when they are others."""

import os
import zipfile
from pathlib import Path

import pytest

from actors.reading.peek import Head, opened
from actors.reading.raw import small
from actors.reading.raw.small import small_file

OLD = (1_700_000_000, 1_700_000_000)


def rested(path: Path, content: bytes, times: tuple[int, int] = OLD) -> Path:
    path.write_bytes(content)
    os.utime(path, times)
    return path


def packed(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    os.utime(path, OLD)
    return path


def test_a_file_that_rests_is_read_once(tmp_path: Path) -> None:
    path = rested(tmp_path / "a.csv", b"1,2\n")

    assert small_file(path) is small_file(path)


def test_what_another_file_holds_is_read(tmp_path: Path) -> None:
    path = rested(tmp_path / "a.csv", b"1,2\n")
    first = small_file(path)
    rested(path, b"3,4\n", (OLD[0] + 1, OLD[1] + 1))
    second = small_file(path)

    assert first is not None
    assert second is not None
    assert (first.raw, second.raw) == (b"1,2\n", b"3,4\n")


def test_what_somebody_may_be_writing_and_what_is_large_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    young = tmp_path / "young.csv"
    young.write_bytes(b"1")
    monkeypatch.setattr(small, "_MOST_BYTES", 3)

    assert small_file(young) is None
    assert small_file(rested(tmp_path / "large.csv", b"1234")) is None
    with pytest.raises(FileNotFoundError):
        small_file(tmp_path / "none.csv")


def test_the_members_of_a_zip_are_had_one_by_one(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", one="first", two="second")
    for member, text in (("one", b"first"), ("two", b"second")):
        with opened(path, member) as (stream, share):
            assert (stream.read(), share()) == (text, 1.0)
    assert (Head(path).members, Head(path, "two").text) == (("one", "two"), "second")


def test_a_large_member_is_unpacked_as_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "_MOST_UNPACKED", 3)
    path = packed(tmp_path / "a.zip", one="first")
    found = small_file(path)

    assert found is not None
    assert found.member("one") is None
    with opened(path, "one") as (stream, _):
        assert stream.read() == b"first"


def test_a_member_that_is_broken_is_found_broken_by_who_reads_it(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", one="first " * 100)
    raw = bytearray(path.read_bytes())
    raw[40] ^= 255
    rested(path, bytes(raw))
    found = small_file(path)

    assert found is not None
    assert (found.names(), found.member("one"), found.member("none")) == (["one"], None, None)
