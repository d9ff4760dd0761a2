"""Bars in the form of COPY."""

import numpy as np
import pytest

from actors.storage.postgres.rows import bar_columns, encoded
from messages.errors import DataError
from messages.tables.columns import BarBatch
from messages.values import SegmentKind, Verdict
from tests.storage.days import DATE, bar, day


def test_a_row_is_what_the_server_documents() -> None:
    given = day(bar("AÖ", 0, vwap=10.5))

    segments = np.full(1, SegmentKind.REGULAR, dtype=np.uint8)
    columns = bar_columns("XNYS", DATE, given.bars, given.verdicts, segments)
    head, row, tail = encoded(columns)

    assert head == b"PGCOPY\n\xff\r\n\0" + bytes(8)
    assert tail == b"\xff\xff"
    assert row[:2] == len(columns).to_bytes(2, "big")
    assert row[2:10] == b"\0\0\0\x04XNYS"
    assert b"\0\0\0\x03A\xc3\x96\0\0\0\x08" in row
    assert b"\xff\xff\xff\xff\0\0\0\x08streamed\0\0\0\x07regular" in row  # nobody knows how many trades


def test_an_instant_between_two_microseconds_cannot_be_kept() -> None:
    given = BarBatch.of([bar("A", 0)])
    odd = BarBatch(symbols=("A",), symbol_index=given.symbol_index, start_ns=given.start_ns + 1, values=given.values)
    kinds = np.full(1, Verdict.STREAMED, dtype=np.uint8)

    with pytest.raises(DataError, match="microseconds"):
        bar_columns("XNYS", DATE, odd, kinds, kinds)
