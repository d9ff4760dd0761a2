"""Characters as bytes: which coding a file is in, and that every block of it is turned into the same text."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.reading.spelling.coding import PLAIN, coding_of

TEXT = "日期,开盘\n2024,1\n"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"time,open\n1,2\n", "utf-8"),
        ("größe,1\n".encode(), "utf-8"),
        ("größe,1\n".encode("latin-1"), "latin-1"),
        (TEXT.encode("gbk"), "gbk"),
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        ("a,b\n".encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_a_coding_is_known_by_its_mark_or_by_what_only_it_shows(raw: bytes, name: str) -> None:
    coding = coding_of(raw)

    assert coding is not None
    assert (coding.name, bool(coding.remark)) == (name, name != "utf-8")


@pytest.mark.parametrize("raw", [b"\x00\x01\x02", b"\x01abc", b"\x00" * 40])
def test_what_is_no_text_has_no_coding(raw: bytes) -> None:
    assert coding_of(raw) is None


@given(st.sampled_from(["utf-16", "gbk", "utf-8-sig"]), st.integers(1, 9), st.sampled_from(["\n", "\r"]))
def test_a_file_reads_as_utf_8_however_it_is_cut(name: str, size: int, end: str) -> None:
    raw = TEXT.replace("\n", end).encode(name)
    coding = coding_of(raw)
    assert coding is not None
    stream, found = coding.utf8(io.BytesIO(raw)), b""

    while piece := stream.read(size):
        found += piece

    assert found.decode() == TEXT


def test_what_is_utf_8_already_is_left_alone() -> None:
    stream = io.BytesIO(b"x")

    assert PLAIN.utf8(stream) is stream
