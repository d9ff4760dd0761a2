"""What a notebook shows of an answer."""

import re
from typing import Any

import msgspec
import numpy as np
import pytest

from messages import (
    Bar,
    BarBatch,
    GapOutcome,
    GapStory,
    Health,
    Interval,
    Mode,
    Progress,
    Quality,
    RunSummary,
    SessionMetrics,
    SessionReport,
    Snapshot,
    SystemState,
    SystemStatus,
    Verdict,
    VerdictCounts,
    VerdictPlane,
)
from messages.tables.notebook import Reply, Rows, table
from messages.values import MINUTE_NS, ONE_MINUTE, SECOND_NS
from tests.builders import DAY, NEW_YORK, at, bar
from tests.certificates import certificate


def cells(reply: Any) -> dict[str, str]:
    """The rows of what is shown, by their names."""
    rows = re.findall(r"<tr><th>(.*?)</th><td>(.*?)</td></tr>", reply._repr_html_())
    return dict(rows)


def quality(**counts: int) -> Quality:
    return Quality(completeness=100.0, bar_quality=None, closed=0, verdicts=VerdictCounts(**counts))


def metrics(symbol: str) -> SessionMetrics:
    return SessionMetrics(
        symbol=symbol, open=1.0, high=2.5, low=0.5, last=1234.5, volume=1e6, vwap=None, bars=3,
        first_update_ns=None, last_update_ns=at("09:31"), quality=quality(streamed=3), extended_quality=quality(),
        extended_volume=0.0, revision=4,
    )  # fmt: skip


def gap_story(symbol: str, source: str = "") -> GapStory:
    return GapStory(
        symbols=(symbol,), start_ns=5 * SECOND_NS, end_ns=at("09:31"), detected_ns=0, settled_ns=0, attempts=1,
        source=source, outcome=GapOutcome.OPEN,
    )  # fmt: skip


def test_each_field_is_a_row_in_words() -> None:
    shown = cells(metrics("A"))

    assert shown["symbol"] == "A"
    assert shown["last"] == "1,234.5"
    assert shown["vwap"] == shown["first update"] == "-"
    assert shown["last update"] == "2024-07-02 13:31:00 UTC"
    assert shown["quality"] == "completeness 100.0, verdicts streamed 3"
    assert shown["is catching up"] == "no"


def test_times_are_those_of_the_exchange_where_it_is_known() -> None:
    given = msgspec.structs.replace(
        bar("A", "09:30"), tz=NEW_YORK, verdict=Verdict.NO_TRADE, interval=Interval.parse("5m")
    )
    shown = cells(given)

    assert isinstance(given, Bar)
    assert shown["start"] == "2024-07-02 09:30:00 EDT"
    assert (shown["verdict"], shown["interval"]) == ("no trade", "5m")


def test_of_many_things_it_is_said_how_many_and_of_many_words_the_first() -> None:
    told = certificate(
        *(f"S{number}" for number in range(12)), rejected={"negative_price": 2}, intervals=tuple("abcdefghij")
    )
    shown = cells(told)

    assert shown["symbols"] == "12"
    assert shown["intervals"] == "a, b, c, d, e, f, g, h and 2 more"
    assert shown["rejected"] == "negative_price 2"
    assert shown["gaps"] == "-"


def test_what_a_symbol_is_called_cannot_become_a_part_of_the_page() -> None:
    story = gap_story("<script>&")

    assert cells(story)["symbols"] == "&lt;script&gt;&amp;"
    assert cells(story)["start"] == "5.0 s"
    assert cells(story)["outcome"] == "open"


def test_a_snapshot_and_a_session_are_a_row_for_each_symbol_and_of_many_the_first() -> None:
    many = tuple(metrics(f"S{number}") for number in range(25))
    snapshot = Snapshot(
        now_ns=0, revision=0, session_date=DAY.date, metrics=many, latest=(None,) * 25, quotes=(), ticks=()
    )._repr_html_()
    whole = np.array([1.0])
    report = SessionReport(
        session=DAY, symbols=("A",), bars=np.array([3], dtype=np.int32), high=whole, low=whole, volume=whole, closed=3,
        intervals=(), derived=np.zeros((0, 1), dtype=np.int32),
    )  # fmt: skip

    assert snapshot.count("<tr>") == 1 + 20
    assert snapshot.endswith("<p>and 5 more</p>")
    assert "<th>A</th><td>3</td><td>1.0</td><td>1.0</td><td>1.0</td><td>100.0</td>" in report._repr_html_()


def test_what_is_not_there_is_counted_beside_what_is() -> None:
    class Answer(Reply, frozen=True, kw_only=True):
        bars: tuple[Bar | None, ...]
        progress: Progress | None = None

    shown = cells(Answer(bars=(bar("A"), None)))

    assert shown == {"bars": "1 of 2", "progress": "-"}


def test_an_answer_of_several_is_a_row_for_each_without_what_none_of_them_says() -> None:
    stories = (gap_story("A", source="alpaca"), None, gap_story("B", source="yahoo"))
    shown = Rows(stories)._repr_html_()

    assert Rows(stories) == stories
    assert re.findall("<th>(.*?)</th>", shown)[:3] == ["symbols", "start", "end"]
    assert "error" not in shown
    assert re.findall("<tr><th>(.*?)</th>", shown)[1:] == ["A", "-", "B"]
    assert Rows([stories[0]] * 25)._repr_html_().endswith("<p>and 5 more</p>")


def test_words_are_a_line_and_nothing_is_said_to_be_nothing() -> None:
    assert Rows(("A", "<B>"))._repr_html_() == "<p>A, &lt;B&gt;</p>"
    assert Rows()._repr_html_() == Rows((None,))._repr_html_() == "<p>-</p>"


@pytest.mark.parametrize(
    "reply",
    [
        RunSummary(sessions=(), is_finished=True),
        SystemStatus(state=SystemState.RUNNING, mode=Mode.LIVE, rooms=(), health=Health.HEALTHY),
        DAY,
    ],
    ids=lambda reply: type(reply).__name__,
)
def test_any_answer_is_shown(reply: Reply) -> None:
    assert set(cells(reply)) == {name.removesuffix("_ns").replace("_", " ") for name in reply.__struct_fields__}


def test_a_plane_is_shown_as_its_frame() -> None:
    plane = VerdictPlane(
        session=DAY, symbols=("A",), start_ns=np.array([DAY.open_ns]), verdicts=np.full((1, 1), 4, dtype=np.uint8),
        closed=1, now_ns=DAY.open_ns + MINUTE_NS, revision=1,
    )  # fmt: skip

    assert "streamed" in plane._repr_html_()


def test_a_table_without_rows_is_empty() -> None:
    assert table((), ()) == "<table><tbody></tbody></table>"
    assert str(ONE_MINUTE) == "1m"


def test_a_batch_is_shown_as_its_frame() -> None:
    assert "<td>10.0</td>" in BarBatch.of([bar("A", "09:30", 10.0)])._repr_html_()
