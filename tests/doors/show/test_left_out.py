"""What came and could not be taken, in words."""

from actors.doors.show.left_out import LeftOut
from messages import BarRejected, FeedEnded, FeedHealth, MessagesRejected, PrintsRejected, Rejection
from messages.replies import FirstRejected
from messages.values import DAY_NS
from tests.builders import NEW_YORK, at, bar

OTHER_DAY = "not_a_session_minute"


def heard(*events: BarRejected | MessagesRejected | PrintsRejected | FeedEnded) -> LeftOut:
    made = LeftOut(NEW_YORK)
    for event in events:
        made.hear(event)
    return made


def test_bars_of_another_day_are_told_by_how_many_of_which_day_and_the_first() -> None:
    given = [BarRejected(bar=bar(symbol, "09:30"), source="lines", reason=OTHER_DAY) for symbol in "BA"]

    assert heard(*given).lines(["2026-11-30"], {}) == [
        "lines: 2 bars left out: not minutes of 2026-11-30 (they are of 2024-07-02); the first is B 2024-07-02 09:30:00"
    ]


def test_of_many_days_a_few_are_named() -> None:
    given = [
        BarRejected(bar=bar("A", at("09:30") + day * DAY_NS), source="lines", reason=OTHER_DAY) for day in range(9)
    ]
    (line,) = heard(*given).lines([], {})

    assert "9 bars left out: not minutes of any session (they are of 2024-07-02, 2024-07-03, 2024-07-04 ...)" in line


def test_every_reason_has_its_line_and_prints_too() -> None:
    left = heard(
        BarRejected(bar=bar("A", "09:30"), source="lines", reason="high_too_low"),
        PrintsRejected(source="lines", reasons=(("in_the_future", 2),)),
        MessagesRejected(feed="lines", count=3, first=()),
        FeedEnded(feed="lines"),
    )

    assert left.lines([], {}) == [
        "lines: 1 bar left out: high too low; the first is A 2024-07-02 09:30:00",
        "lines: 2 trades or quotes left out: in the future",
    ]
    assert left.by_feed == {"lines": 6}


def test_messages_that_were_not_understood_are_told_even_if_they_came_before_anybody_listened() -> None:
    first = Rejection(number=3, field="open", expected="`float`, got `str`", seen='{"open": "1"}')
    feeds = [FeedHealth(feed="lines", rejected=5, misread=2, first_misread=first), FeedHealth(feed="other")]

    (line,) = heard().lines([], {}, feeds)

    assert line == (
        "lines: 2 messages not understood; the first is "
        'number 3: open: expected `float`, got `str`, seen \'{"open": "1"}\''
    )


def test_bars_that_came_before_anybody_listened_are_told_too() -> None:
    given = BarRejected(bar=bar("A", "09:30"), source="lines", reason=OTHER_DAY)

    assert heard().lines(["2026-11-30"], {OTHER_DAY: 2}) == ["2 bars left out: not minutes of 2026-11-30"]
    assert heard(given).lines(["2026-11-30"], {OTHER_DAY: 3})[0] == "2 bars left out: not minutes of 2026-11-30"
    assert len(heard(given).lines(["2026-11-30"], {OTHER_DAY: 1})) == 1


def test_bars_that_were_refused_before_anybody_listened_are_named_too() -> None:
    first = FirstRejected(reason="high_too_low", source="lines", bar=bar("B", "09:31"))

    (line,) = heard().lines(["2024-07-02"], {"high_too_low": 3}, first=[first])

    assert line == "lines: 3 bars left out: high too low; the first is B 2024-07-02 09:31:00"


def test_bars_of_other_days_are_told_where_to_go() -> None:
    left, minute = heard(BarRejected(bar=bar("A", "09:30"), source="lines", reason=OTHER_DAY)), bar("A", "09:30")
    unheard = FirstRejected(reason=OTHER_DAY, source="lines", bar=minute)

    assert "run.py import" in left.advice(["2026-11-30"])[0]
    assert "run.py import" in heard().advice(["2026-11-30"], [unheard])[0]
    assert left.advice(["2024-07-02"]) == heard().advice(["2024-07-02"], [unheard]) == []
