"""The same bars, written in any of the ways that people write: whatever is combined, they are read alike."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.depth import examples
from tests.vendors.files import blocks

FIRST = datetime(2024, 1, 15, 9, 58, tzinfo=UTC)
BARS = [(1234.25, 1236.5, 1230.0, 1235.75, 10.0), (1235.75, 1240.0, 1235.5, 1236.0, 1200.0),
        (1236.0, 1236.0, 999.5, 1000.0, 7.0)]  # fmt: skip

STAMPS = {
    "iso": "%Y-%m-%d %H:%M:%S", "iso with a T": "%Y-%m-%dT%H:%M:%SZ", "basic": "%Y%m%dT%H%M%SZ", "run": "%Y%m%d%H%M%S",
    "german": "%d.%m.%Y %H:%M", "month in letters": "%d-%b-%Y %H:%M:%S", "words": "%Y/%m/%d %H:%M UTC",
    "offset": "%Y.%m.%d %H:%M:%S GMT+0000", "epoch": "%s", "twelve hours": "%Y-%m-%d %I:%M:%S %p",
}  # fmt: skip
SPLIT = {
    "iso": "%Y-%m-%d|%H:%M",
    "digits": "%Y%m%d|%H%M%S",
    "weekday": "%a %Y-%m-%d|%H:%M",
    "noon": "%d.%m.%Y|%I:%M %p",
}
NAMES = {
    "english": ("Time", "Date", "Open", "High", "Low", "Close", "Volume"),
    "spanish": ("Fecha y hora", "Fecha", "Apertura", "Máximo", "Mínimo", "Cierre", "Volumen"),
    "chinese": ("日期时间", "日期", "开盘", "最高", "最低", "收盘", "成交量"),
    "units": ("timestamp (UTC)", "date", "open (USD)", "high (USD)", "low (USD)", "close (USD)", "volume"),
}


class Spelling:
    """One of the many ways to write a table."""

    def __init__(self, draw: Callable[..., Any]) -> None:
        self.mark = draw(st.sampled_from([",", ";", "\t", "|"]), "delimiter")
        self.point = draw(st.sampled_from([".", ","]), "decimal point")
        self.grouping = draw(st.sampled_from(["", "." if self.point == "," else ","]), "thousands")
        self.names = draw(st.sampled_from([None, *NAMES.values()]), "header")
        self.is_split = draw(st.booleans(), "date and time apart")
        self.stamp = draw(st.sampled_from(sorted((SPLIT if self.is_split else STAMPS).values())), "stamp")
        self.end = draw(st.sampled_from(["\n", "\r\n", "\r"]), "line end")
        self.coding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be-mark", "gbk"]), "coding")
        self.title = draw(st.sampled_from(["", "Prices of ABC\n"]), "title")
        self.is_quoted = draw(st.booleans(), "quotes")
        self.trailing = draw(st.booleans(), "a delimiter at the end of rows")

    def table(self) -> bytes:
        rows = [self._row(FIRST + timedelta(minutes=place), bar) for place, bar in enumerate(BARS)]
        text = self.title + "".join(f"{row}\n" for row in (*self._header(), *rows))
        text = text.replace("\n", self.end)
        return b"\xfe\xff" + text.encode("utf-16-be") if self.coding == "utf-16-be-mark" else text.encode(self.coding)

    def _header(self) -> tuple[str, ...]:
        if self.names is None:
            return ()
        stamp, date, *others = self.names
        return (self.mark.join(self._cell(name) for name in ([date, "Time"] if self.is_split else [stamp]) + others),)

    def _row(self, at: datetime, bar: tuple[float, ...]) -> str:
        stamp = str(int(at.timestamp())) if self.stamp == "%s" else at.strftime(self.stamp)
        cells = [*stamp.split("|"), *map(self._number, bar[:4]), str(int(bar[4])), *([""] if self.trailing else [])]
        return self.mark.join(map(self._cell, cells))

    def _number(self, number: float) -> str:
        return f"{number:,.2f}".replace(",", "x").replace(".", self.point).replace("x", self.grouping)

    def _cell(self, text: str) -> str:
        return f'"{text}"' if text and (self.is_quoted or self.mark in text) else text


@examples(200)
@given(st.data())
def test_bars_are_the_same_however_they_are_written(data: st.DataObject) -> None:
    spelling = Spelling(data.draw)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ABC.csv"
        path.write_bytes(spelling.table())

        (raw,) = blocks(path, tz="UTC")

    assert (raw.symbols, raw.broken.count, raw.broken.blank) == (("ABC",), 0, 0)
    assert raw.start_ns.tolist() == [int((FIRST + timedelta(minutes=place)).timestamp()) * 10**9 for place in range(3)]
    assert np.array_equal(raw.values[:5].T, np.array(BARS))
