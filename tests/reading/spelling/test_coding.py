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


ALIGNED = "  Date   Time   Open  High   Low Close\r\n" + "2024-01-15 09:30 100.0 101.0  99.0 100.5 \r\n" * 5


@given(st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]), st.integers(1, 50), st.sampled_from(["\r\n", "\n", "\r"]))
def test_cells_that_blanks_divide_are_divided_by_tabs_however_the_file_is_cut(name: str, size: int, end: str) -> None:
    raw = ALIGNED.replace("\r\n", end).encode(name)
    coding = coding_of(raw)
    assert coding is not None
    stream, found = coding.utf8(io.BytesIO(raw)), b""

    while piece := stream.read(size):
        found += piece

    assert (
        found.decode()
        == coding.text_of(raw)
        == "Date\tTime\tOpen\tHigh\tLow\tClose\n" + ("2024-01-15\t09:30\t100.0\t101.0\t99.0\t100.5\n" * 5)
    )


@pytest.mark.parametrize(
    "text", ["a b c d e f, 1\n" * 3, "a few words\n" * 3, '{"a b c d e": 1}\n' * 3, "a;b c d e f\n"]
)
def test_blanks_divide_no_cells_where_something_else_may(text: str) -> None:
    coding = coding_of(text.encode())
    assert coding == PLAIN


def test_what_is_utf_8_already_is_left_alone() -> None:
    stream = io.BytesIO(b"x")

    assert PLAIN.utf8(stream) is stream
