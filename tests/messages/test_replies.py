"""Answers of several parts: windows as frames and tables, reports spelled out."""

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from messages import (
    Bar,
    BarBatch,
    BarWindow,
    Fill,
    Interval,
    Quality,
    RunSummary,
    Segment,
    SegmentKind,
    SessionMetrics,
    SessionReport,
    TradingSession,
    UnknownSymbol,
    Verdict,
    VerdictCounts,
    VerdictPlane,
)
from messages.tables.columns import freeze
from messages.values import MINUTE_NS, ONE_MINUTE
from tests.builders import DAY, NEW_YORK, at
from tests.messages.equality import assert_different, assert_equal


def window(*rows: tuple[str, str, float], counts: int = 1, partial: bool = False, extra: bool = False) -> BarWindow:
    """A window of bars (symbol, start, close), made of one base bar of ``counts`` expected ones each."""
    table = tuple(dict.fromkeys(name for name, _, _ in rows))
    closes = np.array([close for _, _, close in rows])
    starts = np.array([at(start) for _, start, _ in rows], dtype=np.int64)
    fields = [closes, closes + 1, closes - 1, closes, closes * 10] + [closes, np.full(len(rows), np.nan)] * extra
    ones = np.ones(len(rows), dtype=np.int32)
    return BarWindow(
        symbols=table,
        symbol_index=freeze(np.array([table.index(name) for name, _, _ in rows], dtype=np.int32)),
        interval=ONE_MINUTE,
        start_ns=freeze(starts),
        end_ns=freeze(starts + MINUTE_NS),
        values=freeze(np.array(fields)),
        verdicts=freeze(np.full(len(rows), Verdict.LATE, dtype=np.uint8)),
        base_counts=freeze(ones),
        base_expected=freeze(ones * counts),
        revisions=freeze(np.arange(len(rows), dtype=np.uint32)),
        tz=NEW_YORK,
        now_ns=at("09:40"),
        revision=9,
        forming=freeze(np.arange(len(rows)) >= len(rows) - partial),
    )


ONE = window(("AAPL", "09:30", 100.0), ("AAPL", "09:31", 101.0))
TWO = window(("AAPL", "09:30", 100.0), ("AAPL", "09:31", 101.0), ("MSFT", "09:30", 400.0))
NONE = window()


def test_a_frame_of_one_symbol_is_indexed_by_bar_start_in_exchange_time() -> None:
    frame = ONE.to_pandas()

    assert isinstance(frame.index, pd.DatetimeIndex)
    assert list(frame.index) == [
        pd.Timestamp("2024-07-02 09:30", tz=NEW_YORK),
        pd.Timestamp("2024-07-02 09:31", tz=NEW_YORK),
    ]
    assert frame.index.name == "start"
    assert list(frame.columns) == ["open", "high", "low", "close", "volume", "is_complete", "verdict", "revision"]
    assert frame["close"].tolist() == [100.0, 101.0]


def test_a_frame_can_be_had_in_another_zone() -> None:
    frame = ONE.to_pandas(tz="Asia/Tokyo")

    assert frame.index[0] == ONE.to_pandas().index[0]
    assert str(frame.index[0]) == "2024-07-02 22:30:00+09:00"


def test_a_frame_of_several_symbols_is_indexed_by_symbol_and_start() -> None:
    frame = TWO.to_pandas()

    assert frame.index.names == ["symbol", "start"]
    assert frame.loc["MSFT"]["close"].tolist() == [400.0]
    assert frame.loc[("AAPL", pd.Timestamp("2024-07-02 09:31", tz=NEW_YORK)), "high"] == 102.0


def test_an_array_has_a_row_a_bar_and_belongs_to_who_asked() -> None:
    array = ONE.to_numpy()
    array[0, 0] = -1.0

    assert array.tolist() == [[-1.0, 101.0, 99.0, 100.0, 1000.0], [101.0, 102.0, 100.0, 101.0, 1010.0]]
    assert ONE.open[0] == 100.0


def test_a_table_names_the_symbol_and_says_utc() -> None:
    table = window(("AAPL", "09:30", 100.0), extra=True).to_arrow()

    assert table.schema.field("start").type == pa.timestamp("ns", tz="UTC")
    assert table.to_pylist() == [
        {
            "symbol": "AAPL",
            "start": pd.Timestamp("2024-07-02 13:30", tz="UTC"),
            "open": 100.0,
            "high": 101.0,
            "low": 99.0,
            "close": 100.0,
            "volume": 1000.0,
            "vwap": 100.0,
            "trades": pytest.approx(float("nan"), nan_ok=True),
            "is_complete": True,
            "verdict": "late",
            "revision": 0,
        }
    ]


def test_an_empty_window_gives_an_empty_frame_array_and_table() -> None:
    assert len(NONE) == 0
    assert NONE.to_pandas().empty
    assert NONE.to_numpy().shape == (0, 5)
    assert NONE.to_arrow().num_rows == 0
    assert NONE.bars() == []
    assert NONE.is_complete.tolist() == []


def test_one_bar_of_a_window_counts_from_either_end() -> None:
    assert ONE.bar(-1) == ONE.bar(1) == ONE.bars()[-1]
    assert ONE.bar(-1) == Bar(
        symbol="AAPL",
        start_ns=at("09:31"),
        end_ns=at("09:32"),
        open=101.0,
        high=102.0,
        low=100.0,
        close=101.0,
        volume=1010.0,
        verdict=Verdict.LATE,
        revision=1,
        tz=NEW_YORK,
    )


def test_a_bar_that_a_window_does_not_have_is_an_index_error() -> None:
    with pytest.raises(IndexError, match="there is no bar 2 in <BarWindow AAPL 1m: 2 bars"):
        ONE.bar(2)
    with pytest.raises(IndexError, match="there is no bar -3 in"):
        ONE.bar(-3)


def test_who_asks_a_window_for_a_column_as_of_a_frame_is_told_where_it_is() -> None:
    with pytest.raises(TypeError, match=r"its columns are attributes: window\.close, not \['close'\]"):
        ONE["close"]  # type: ignore[index]  # on purpose


def test_an_extra_field_that_is_not_known_is_none_in_a_bar() -> None:
    last = window(("AAPL", "09:30", 100.0), extra=True).bar(-1)

    assert (last.vwap, last.trades) == (100.0, None)


def test_a_bar_with_holes_is_not_complete_and_neither_is_one_that_still_forms() -> None:
    assert ONE.is_complete.tolist() == [True, True]
    assert window(("AAPL", "09:30", 1.0), counts=5).is_complete.tolist() == [False]
    forming = window(("AAPL", "09:30", 1.0), ("AAPL", "09:31", 1.0), partial=True)
    assert forming.is_complete.tolist() == [True, False]
    assert [bar.is_partial for bar in forming.bars()] == [False, True]
    assert window(partial=True).is_complete.tolist() == []


def test_every_bar_that_still_forms_is_marked() -> None:
    both = msgspec.structs.replace(ONE, forming=freeze(np.array([True, True])))

    assert (both.partial, both.is_complete.tolist()) == (True, [False, False])
    assert [bar.is_partial for bar in both.bars()] == [True, True]
    assert not ONE.partial


def test_a_bar_that_was_carried_forward_is_marked_in_frames_and_tables_that_were_filled() -> None:
    verdicts = freeze(np.array([Verdict.STREAMED, Verdict.NO_TRADE], dtype=np.uint8))
    filled = msgspec.structs.replace(ONE, verdicts=verdicts, fill=Fill.FORWARD)

    assert filled.is_filled.tolist() == [False, True]
    assert filled.to_pandas()["is_filled"].tolist() == filled.to_arrow()["is_filled"].to_pylist() == [False, True]
    assert "is_filled" not in [*ONE.to_pandas().columns, *ONE.to_arrow().column_names]


def test_windows_are_equal_by_value_and_never_keys() -> None:
    assert_equal(window(("AAPL", "09:30", 100.0)), window(("AAPL", "09:30", 100.0)))
    assert_different(ONE, TWO)
    with pytest.raises(TypeError, match="unhashable"):
        hash(ONE)


QUALITY = Quality(completeness=97.5, bar_quality=None, closed=40, verdicts=VerdictCounts(streamed=39, missing=1))


def test_metrics_give_the_completeness_of_the_regular_minutes() -> None:
    metrics = SessionMetrics(
        symbol="AAPL",
        open=None,
        high=None,
        low=None,
        last=None,
        volume=0.0,
        vwap=None,
        bars=39,
        first_update_ns=None,
        last_update_ns=None,
        quality=QUALITY,
        extended_quality=Quality(completeness=None, bar_quality=None, closed=0, verdicts=VerdictCounts()),
        extended_volume=0.0,
        revision=1,
    )

    assert metrics.completeness == 97.5


def report(closed: int = 2, bars: int = 1) -> SessionReport:
    """AAPL with ``bars`` bars, MSFT with none."""
    return SessionReport(
        session=DAY,
        symbols=("AAPL", "MSFT"),
        bars=freeze(np.array([bars, 0], dtype=np.int32)),
        high=freeze(np.array([101.0, np.nan])),
        low=freeze(np.array([99.0, np.nan])),
        volume=freeze(np.array([1000.0, 0.0])),
        closed=closed,
        intervals=(Interval.parse("5m"), Interval.parse("1d")),
        derived=freeze(np.array([[3, 0], [1, 0]], dtype=np.int32)),
    )


def test_a_report_spells_out_every_symbol_and_has_no_price_where_there_is_no_bar() -> None:
    aapl, msft = report().symbol_reports()

    assert (aapl.symbol, aapl.bars, aapl.high, aapl.low, aapl.volume) == ("AAPL", 1, 101.0, 99.0, 1000.0)
    assert (aapl.completeness, msft.completeness) == (50.0, 0.0)
    assert aapl.derived == {"5m": 3, "1d": 1}
    assert (msft.high, msft.low) == (None, None)


def test_before_its_first_minute_is_closed_a_report_has_no_completeness() -> None:
    assert [symbol.completeness for symbol in report(closed=0, bars=0).symbol_reports()] == [None, None]


def test_reports_are_equal_by_value_and_never_keys() -> None:
    assert_equal(report(), report())
    assert_different(report(), report(bars=2))
    with pytest.raises(TypeError, match="unhashable"):
        hash(report())


# --- looking at a window


def test_a_window_gives_bars_by_number_and_one_after_the_other() -> None:
    assert (ONE[-1], ONE[0], ONE[np.int64(1)]) == (ONE.bar(1), ONE.bar(0), ONE.bar(1))
    assert list(ONE) == ONE.bars() == [ONE.bar(0), ONE.bar(1)]
    with pytest.raises(IndexError):
        ONE[2]


@pytest.mark.parametrize(
    ("chosen", "rows"),
    [
        (slice(-2, None), [1, 2]),
        (slice(None, None, -1), [2, 1, 0]),
        (slice(5, None), []),
        (np.array([True, False, True]), [0, 2]),
        ([2, 0], [2, 0]),
    ],
)
def test_a_part_of_a_window_is_a_window_of_the_same_bars(chosen: object, rows: list[int]) -> None:
    part = TWO[chosen]  # type: ignore[index]  # of every kind at once

    assert part.bars() == [TWO.bar(row) for row in rows]
    assert (part.symbols, part.now_ns, part.close.flags.writeable) == (TWO.symbols, TWO.now_ns, False)


def test_frames_and_tables_say_of_each_bar_how_it_came_and_when_it_changed() -> None:
    frame, table = TWO.to_pandas(), TWO.to_arrow()

    assert frame["verdict"].tolist() == table["verdict"].to_pylist() == ["late", "late", "late"]
    assert frame["revision"].tolist() == table["revision"].to_pylist() == [0, 1, 2]
    assert (frame["verdict"] == "late").all()


def test_a_window_is_shown_in_one_line_and_in_a_notebook_as_a_table() -> None:
    assert repr(ONE) == "<BarWindow AAPL 1m: 2 bars, 2024-07-02 09:30 to 2024-07-02 09:31 America/New_York>"
    assert repr(TWO).startswith("<BarWindow 2 symbols 1m: 3 bars, ")
    assert repr(NONE) == "<BarWindow 0 symbols 1m: no bars>"
    assert "<table" in ONE._repr_html_()


def test_a_batch_is_a_frame_a_table_and_bars_one_after_the_other() -> None:
    batch = BarBatch.of([*ONE.bars(), TWO.bar(2)])
    frame = batch.to_pandas(tz=NEW_YORK)

    assert frame.loc[("MSFT", pd.Timestamp("2024-07-02 09:30", tz=NEW_YORK)), "close"] == 400.0
    assert batch.to_arrow()["close"].to_pylist() == frame["close"].tolist() == [100.0, 400.0, 101.0]
    assert BarBatch.of(ONE.bars()).to_pandas().index.equals(ONE.to_pandas(tz="UTC").index)
    assert [(bar.symbol, bar.close) for bar in batch] == [("AAPL", 100.0), ("MSFT", 400.0), ("AAPL", 101.0)]


def plane() -> VerdictPlane:
    session = TradingSession(
        calendar="XNYS",
        date=DAY.date,
        tz=NEW_YORK,
        segments=(Segment(kind=SegmentKind.REGULAR, start_ns=at("09:30"), end_ns=at("09:33")),),
    )
    cells = [[Verdict.STREAMED, Verdict.NO_TRADE], [Verdict.LATE, Verdict.MISSING], [Verdict.PENDING] * 2]
    return VerdictPlane(
        session=session,
        symbols=("A", "B"),
        start_ns=np.array([at("09:30"), at("09:31"), at("09:32")]),
        verdicts=np.array(cells, dtype=np.uint8),
        closed=2,
        now_ns=at("09:32"),
        revision=3,
    )


def test_the_plane_of_verdicts_is_a_frame_of_words_with_every_minute() -> None:
    frame, table = plane().to_pandas(), plane().to_arrow()

    assert frame["A"].tolist() == table["A"].to_pylist() == ["streamed", "late", "pending"]
    assert frame["B"].tolist() == table["B"].to_pylist() == ["no_trade", "missing", "pending"]
    assert frame.index[0] == pd.Timestamp("2024-07-02 09:30", tz=NEW_YORK)
    assert table["start"].to_pylist()[0] == pd.Timestamp("2024-07-02 13:30", tz="UTC")
    assert (frame == "missing").sum().to_dict() == {"A": 0, "B": 1}


def test_one_symbol_of_the_plane_is_its_column() -> None:
    assert plane().of("B").tolist() == [Verdict.NO_TRADE, Verdict.MISSING, Verdict.PENDING]
    assert repr(plane()) == "<VerdictPlane 2 symbols, session 2024-07-02: 2 of 3 minutes closed>"
    with pytest.raises(UnknownSymbol, match="unknown symbol 'C'"):
        plane().of("C")


def test_a_report_and_a_summary_are_shown_in_one_line() -> None:
    numbers = np.array([2, 3], dtype=np.int32)
    report = SessionReport(
        session=plane().session,
        symbols=("A", "B"),
        bars=numbers,
        high=np.ones(2),
        low=np.ones(2),
        volume=np.ones(2),
        closed=3,
        intervals=(),
        derived=np.zeros((0, 2), dtype=np.int32),
    )

    assert repr(report) == "<SessionReport 2024-07-02: 2 symbols, 5 bars>"
    assert (
        repr(RunSummary(sessions=(report, report), is_finished=True))
        == "<RunSummary 2 sessions, 2024-07-02 to 2024-07-02: 10 bars, finished>"
    )
    assert repr(RunSummary(sessions=(), is_finished=False)) == "<RunSummary no session yet: 0 bars, not finished>"
    assert repr(RunSummary(sessions=(), is_finished=True, failure="torn")).endswith("failed: torn>")
