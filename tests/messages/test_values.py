"""Bars, intervals, moments, sessions and errors: what their own rules say."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages import Bar, Interval, MinuteClosed, Quote, SettingsError, SourceStatus, UnknownSymbol, Verdict
from messages.values import MINUTE_NS, ONE_DAY, ONE_MINUTE, moment
from tests.builders import BREAK_DAY, DAY, EXTENDED_DAY, HALF_DAY, NEW_YORK, at, bar

FIVE = Interval.parse("5m")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1m", 60),
        ("5min", 300),
        ("1Min", 60),
        (" 90m ", 5400),
        ("1H", 3600),
        ("30s", 30),
        ("1d", 86_400),
        ("24h", 86_400),
        ("2d", 172_800),
        ("5d", 432_000),
        ("1w", 604_800),
        ("1W", 604_800),
        ("7d", 604_800),
        ("4w", 2_419_200),
    ],
)
def test_an_interval_is_read_as_people_write_it(text: str, seconds: int) -> None:
    assert Interval.parse(text) == Interval(seconds=seconds)


@pytest.mark.parametrize("text", ["", "0m", "5", "m5", "-5m", "5 weeks", "1.5h"])
def test_what_is_no_interval_is_refused_with_examples(text: str) -> None:
    with pytest.raises(SettingsError, match="write it as 1m, 5m, 1h or 1d"):
        Interval.parse(text)


@pytest.mark.parametrize("text", ["8d", "25h", "10d", "53w", "86401s"])
def test_of_more_than_a_day_only_some_days_and_weeks_are_intervals(text: str) -> None:
    with pytest.raises(SettingsError, match="more than one day are 2d to 6d, and 1w to 52w"):
        Interval.parse(text)


@pytest.mark.parametrize(
    ("text", "weeks", "sessions"), [("2d", 0, 2), ("1w", 1, 7), ("4w", 4, 28), ("1d", 0, 1), ("5m", 0, 1)]
)
def test_a_long_interval_knows_how_many_weeks_and_at_most_how_many_sessions_it_spans(
    text: str, weeks: int, sessions: int
) -> None:
    interval = Interval.parse(text)

    assert (interval.weeks, interval.sessions, str(interval)) == (weeks, sessions, text)
    assert interval.is_long is (interval > ONE_DAY)


@given(st.integers(1, 86_400))
def test_an_interval_reads_back_what_it_writes(seconds: int) -> None:
    interval = Interval(seconds=seconds)

    assert Interval.parse(str(interval)) == interval
    assert Interval.parse(interval) is interval


@pytest.mark.parametrize(("seconds", "text"), [(90, "90s"), (60, "1m"), (5400, "90m"), (7200, "2h"), (86_400, "1d")])
def test_an_interval_is_written_in_its_largest_whole_unit(seconds: int, text: str) -> None:
    assert str(Interval(seconds=seconds)) == text


def test_only_a_day_is_daily_and_intervals_are_ordered_by_length() -> None:
    assert (ONE_DAY.is_daily, FIVE.is_daily) == (True, False)
    assert sorted([ONE_DAY, FIVE, ONE_MINUTE]) == [ONE_MINUTE, FIVE, ONE_DAY]
    assert FIVE.span_ns == 5 * MINUTE_NS


def test_a_bar_is_labelled_by_its_start_and_known_at_its_end() -> None:
    first = bar("AAPL", "09:30")

    assert first.known_ns == at("09:31")
    assert (first.start, first.end) == (
        datetime(2024, 7, 2, 13, 30, tzinfo=UTC),
        datetime(2024, 7, 2, 13, 31, tzinfo=UTC),
    )


def test_a_bar_that_says_where_it_ends_is_known_there() -> None:
    clipped = derived(end_ns=at("16:00"))

    assert clipped.known_ns == at("16:00")
    assert clipped.end == datetime(2024, 7, 2, 16, 0, tzinfo=ZoneInfo(NEW_YORK))
    assert str(clipped.end.tzinfo) == NEW_YORK


@pytest.mark.parametrize(
    ("base_count", "is_partial", "is_complete"), [(30, False, True), (29, False, False), (30, True, False)]
)
def test_a_bar_is_complete_when_it_has_all_its_minutes_and_forms_no_more(
    base_count: int, is_partial: bool, is_complete: bool
) -> None:
    assert derived(base_count=base_count, is_partial=is_partial).is_complete is is_complete


def derived(base_count: int = 30, is_partial: bool = False, end_ns: int = 0) -> Bar:
    return Bar(
        symbol="AAPL",
        start_ns=at("15:30"),
        end_ns=end_ns,
        open=1.0,
        high=1.0,
        low=1.0,
        close=1.0,
        volume=1.0,
        interval=Interval.parse("1h"),
        base_count=base_count,
        base_expected=30,
        is_partial=is_partial,
        tz=NEW_YORK,
    )


@given(st.integers(-(2**61), 2**61), st.sampled_from(["UTC", NEW_YORK, "Asia/Hong_Kong", "Australia/Lord_Howe"]))
def test_a_moment_is_the_same_instant_in_every_zone_cut_to_microseconds(instant_ns: int, tz: str) -> None:
    shown = moment(instant_ns, tz)
    seconds, nanos = divmod(instant_ns, 10**9)

    assert shown.utcoffset() is not None
    assert (int((shown - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() // 1), shown.microsecond) == (
        seconds,
        nanos // 1000,
    )


def test_a_session_knows_its_edges_and_counts_its_regular_minutes() -> None:
    assert (DAY.open_ns, DAY.close_ns) == (at("09:30"), at("16:00"))
    assert (EXTENDED_DAY.start_ns, EXTENDED_DAY.end_ns) == (at("04:00"), at("20:00"))
    assert (EXTENDED_DAY.open_ns, EXTENDED_DAY.close_ns) == (DAY.open_ns, DAY.close_ns)
    assert [s.expected_minutes for s in (DAY, HALF_DAY, EXTENDED_DAY, BREAK_DAY)] == [390, 210, 390, 330]
    assert len(BREAK_DAY.regular) == 2


def test_ranks_are_ordered_by_number_and_pending_is_never_a_rank() -> None:
    assert Verdict.MISSING < Verdict.ABANDONED < Verdict.NO_TRADE < Verdict.FILLED < Verdict.STREAMED
    assert Verdict.STREAMED < Verdict.LATE < Verdict.CORRECTED < Verdict.IN_PART < Verdict.PENDING


def test_an_unknown_symbol_names_the_nearest() -> None:
    error = UnknownSymbol.among("appl", iter(["AAPL", "MSFT", "GOOG"]))

    assert str(error) == "unknown symbol 'appl'; nearest: AAPL"


@pytest.mark.parametrize("given", ["AAPL,MSFT", "AAPL MSFT", "AAPL, MSFT", "AAPLMSFT"])
def test_symbols_that_ran_into_one_are_told_apart(given: str) -> None:
    error = UnknownSymbol.among(given, ["AAPL", "MSFT"])

    assert str(error) == f"unknown symbol {given!r}; if AAPL and MSFT are meant, name each by itself"


def test_letters_that_happen_to_be_symbols_are_no_list() -> None:
    assert "meant" not in str(UnknownSymbol.among("AB", ["A", "B"]))
    assert "meant" not in str(UnknownSymbol.among("XXXX", ["XX"]))


def test_an_unknown_symbol_like_no_other_says_how_many_there_are() -> None:
    assert str(UnknownSymbol.among("ZZZZ", ["AAPL", "MSFT"])) == "unknown symbol 'ZZZZ'; 2 symbols are known"


@pytest.mark.parametrize(("known", "such"), [(["MSFT"], "'MSFT'"), ([], "'AAPL'")])
def test_what_is_no_text_is_no_symbol(known: list[str], such: str) -> None:
    assert str(UnknownSymbol.among(5, known)) == f"unknown symbol 5; a symbol is a text, such as {such}"


def test_a_minute_that_closed_says_when_in_exchange_time() -> None:
    closed = MinuteClosed(start_ns=at("09:30"), end_ns=at("09:31"), present=1, expected=1, tz=NEW_YORK)

    assert [f"{instant:%H:%M %Z}" for instant in (closed.start, closed.end)] == ["09:30 EDT", "09:31 EDT"]


def test_a_source_says_how_it_is_in_a_sentence() -> None:
    failed = SourceStatus(source="archive", failed=1, last_error="no route")

    assert str(failed) == "source archive answers, and failed before: no route"
    assert str(msgspec.structs.replace(failed, is_failing=True)) == "source archive fails: no route"
    assert str(msgspec.structs.replace(failed, is_failing=True, rests_until_ns=1)) == (
        "source archive fails and rests: no route"
    )


@pytest.mark.parametrize(("bid", "ask", "is_crossed"), [(10.2, 10.1, True), (10.1, 10.1, False), (10.0, 10.1, False)])
def test_a_quote_says_whether_it_is_crossed(bid: float, ask: float, *, is_crossed: bool) -> None:
    assert Quote(symbol="A", at_ns=0, bid=bid, ask=ask).is_crossed is is_crossed
