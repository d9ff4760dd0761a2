"""What is drawn of an answer is what the answer says."""

import sys
from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from messages import (
    BarWindow,
    Interval,
    Quality,
    QualityReport,
    SettingsError,
    SymbolVerdicts,
    Verdict,
    VerdictCounts,
    VerdictPlane,
)
from messages.tables.columns import freeze
from messages.tables.pictures import COLOURS
from messages.values import MINUTE_NS
from tests.builders import BREAK_DAY, DAY, NEW_YORK, session_24_7, session_tiny
from tests.certificates import certificate

S, M, F = Verdict.STREAMED, Verdict.MISSING, Verdict.FILLED


@pytest.fixture(autouse=True)
def _on_paper() -> Iterator[None]:
    mpl.use("agg")
    yield
    plt.close("all")


def window(*closes: float, opens: float = 10.0, symbols: tuple[str, ...] = ("A",), step: int = 1) -> BarWindow:
    """Bars that all open at the same price, the last one still forming and the first one filled."""
    count = len(closes)
    values = np.array([[opens] * count, [12.0] * count, [8.0] * count, closes, range(1, count + 1)])
    starts = np.arange(count, dtype=np.int64) * step * MINUTE_NS + DAY.open_ns
    return BarWindow(
        symbols=symbols,
        symbol_index=np.zeros(count, dtype=np.int32),
        start_ns=starts,
        end_ns=starts + MINUTE_NS,
        values=freeze(values.reshape(5, count)),
        verdicts=np.array([F, *[S] * count][:count], dtype=np.uint8),
        base_counts=np.ones(count, dtype=np.int32),
        base_expected=np.ones(count, dtype=np.int32),
        revisions=np.ones(count, dtype=np.uint32),
        forming=np.arange(count) == count - 1,
        interval=Interval.parse("1m"),
        tz=NEW_YORK,
        now_ns=DAY.open_ns,
        revision=1,
    )


def ticks(axes: Axes) -> list[str]:
    return [tick.get_text() for tick in axes.get_xticklabels()]


def test_a_candle_is_hollow_where_the_price_rose_and_has_the_colour_of_its_verdict() -> None:
    axes = window(11.0, 9.0, 10.0).plot()
    bodies = axes.patches
    edges = [to_hex(body.get_edgecolor()) for body in bodies]

    assert [body.get_height() for body in bodies] == [1.0, 1.0, 0.0]
    assert [body.get_y() for body in bodies] == [10.0, 9.0, 10.0]
    assert edges[0] == COLOURS[F]
    assert edges[1] == edges[2] != COLOURS[F]
    assert [to_hex(body.get_facecolor()) == edge for body, edge in zip(bodies, edges, strict=True)] == [
        False, True, False,
    ]  # fmt: skip
    assert axes.get_title(loc="left") == "A 1m"
    assert [bar.get_height() for bar in axes.child_axes[0].patches] == pytest.approx([1 / 3, 2 / 3, 1.0])


def test_it_is_drawn_where_one_wants_it() -> None:
    axes = plt.figure().subplots()

    assert window(11.0).plot(axes) is axes


def test_a_window_without_bars_is_an_empty_picture_and_one_of_several_symbols_is_none() -> None:
    assert not window().plot().patches
    with pytest.raises(SettingsError, match="one symbol, and the window has 2"):
        window(11.0, symbols=("A", "B")).plot()


def test_times_are_round_and_of_several_days_they_are_dates() -> None:
    assert ticks(window(*[10.0] * 40).plot()) == [f"{at}" for at in ("09:30", "09:35", "09:40", "09:45")] + [
        "09:50", "09:55", "10:00", "10:05",
    ]  # fmt: skip
    assert ticks(window(*[10.0] * 4, step=24 * 60).plot()) == [
        "02 Jul 2024",
        "03 Jul 2024",
        "04 Jul 2024",
        "05 Jul 2024",
    ]
    assert len(ticks(window(*[10.0] * 40, step=24 * 60).plot())) <= 9


def plane(session: object = DAY, symbols: int = 3) -> VerdictPlane:
    from actors.market.axis import SessionAxis

    axis = SessionAxis(session)  # type: ignore[arg-type]
    verdicts = np.full((axis.slots, symbols), S, dtype=np.uint8)
    verdicts[2, 1] = M
    return VerdictPlane(
        session=session,  # type: ignore[arg-type]
        symbols=tuple(f"S{number}" for number in range(symbols)),
        start_ns=axis.starts_ns,
        verdicts=verdicts,
        closed=axis.slots,
        now_ns=DAY.close_ns,
        revision=1,
    )


def test_a_heat_map_has_a_cell_for_each_minute_of_each_symbol_in_the_colour_of_its_verdict() -> None:
    given = plane()
    axes = given.plot()
    (image,) = axes.get_images()
    legend = axes.get_legend()
    assert legend is not None

    assert np.array_equal(np.asarray(image.get_array()), given.verdicts.T)
    assert to_hex(image.cmap(image.norm(int(M)))) == COLOURS[M]
    assert [text.get_text() for text in legend.get_texts()] == ["missing", "streamed"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["S0", "S1", "S2"]
    assert axes.get_title(loc="left") == "XNYS 2024-07-02"


def test_of_many_symbols_no_name_stands_beside_the_map() -> None:
    assert not plane(symbols=50).plot().get_yticklabels()


@pytest.mark.parametrize("session", [BREAK_DAY, session_24_7(), session_tiny(4)], ids=lambda session: session.calendar)
def test_any_session_has_times_below_it(session: object) -> None:
    assert 1 <= len(ticks(plane(session).plot())) <= 9


def test_a_certificate_is_a_row_for_each_symbol_who_lacks_most_first() -> None:
    counts = (SymbolVerdicts(symbol="A", streamed=390), SymbolVerdicts(symbol="B", streamed=380, missing=10))
    told = certificate("A", "B", symbols=counts, bar_quality=98.789)
    axes = told.plot()
    widths = {(bar.get_y() + 0.4, bar.get_width()) for bar in axes.patches if bar.get_width()}

    assert [label.get_text() for label in axes.get_yticklabels()] == ["B", "A"]
    assert {(round(row), width) for row, width in widths} == {(0, 380.0), (0, 10.0), (1, 390.0)}
    assert axes.get_title(loc="left") == "XNYS 2024-07-02: quality 98.7 %"


def test_a_report_of_quality_is_a_row_for_the_regular_and_one_for_the_extended_hours() -> None:
    def quality(**counts: int) -> Quality:
        return Quality(completeness=None, bar_quality=None, closed=1, verdicts=VerdictCounts(**counts))

    def report(extended: Quality) -> QualityReport:
        sums = dict.fromkeys(("received", "accepted", "rejected", "duplicates", "outranked", "revised", "outside"), 0)
        return QualityReport(
            session_date="2024-07-02", quality=quality(streamed=3, missing=1), extended_quality=extended, worst=(),
            gaps=0, reasons=(), **sums,
        )  # fmt: skip

    both, one = report(quality(late=2)).plot(), report(quality()).plot()

    assert [label.get_text() for label in both.get_yticklabels()] == ["regular", "extended"]
    assert [label.get_text() for label in one.get_yticklabels()] == ["regular"]
    assert one.get_title(loc="left") == "2024-07-02"


def test_without_matplotlib_it_is_said_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(SettingsError, match=r"pip install 'barkeeper\[plot\]'"):
        window(11.0).plot()
