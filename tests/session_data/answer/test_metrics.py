"""A symbol's metrics, the session's quality, and the digest of what it holds."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.session_data.answer.metrics import metrics_of
from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    Bar,
    BarsUpdated,
    GetActiveSymbols,
    GetBars,
    GetLatestBar,
    GetLatestBars,
    GetMetrics,
    GetQuality,
    GetSnapshot,
    Quality,
    SessionMetrics,
    TradingSession,
    VerdictCounts,
)
from messages.values import ONE_DAY
from tests.builders import arrived, at, bar, bars, day_grid, opened, session_tiny, time
from tests.depth import examples
from tests.session_data.streams import RULES, SESSIONS, SYMBOLS, ask, play, wild_messages
from tests.session_data.telling import FIVE, MONDAY, TUESDAY, TWO, core_with, digest, told

OPEN = opened(TUESDAY, ["A", "B"])
EXTENDED = session_tiny(3, pre=2, post=2)


def metrics(core: SessionDataCore, symbol: str = "A") -> SessionMetrics:
    found: SessionMetrics = ask(core, GetMetrics(symbol=symbol))
    return found


def test_the_metrics_of_a_symbol_are_the_sums_over_its_session() -> None:
    core = core_with(
        OPEN,
        arrived(bar("A", "09:30", 10, open=9, high=12, low=8, volume=100)),
        arrived(bar("A", "09:32", 11, open=10, high=11, low=5, volume=50)),
        time("09:34"),
    )

    assert metrics(core) == SessionMetrics(
        symbol="A",
        open=9,
        high=12,
        low=5,
        last=11,
        volume=150,
        vwap=(10 * 100 + 9 * 50) / 150,
        bars=2,
        first_update_ns=at("09:31"),
        last_update_ns=at("09:33"),
        quality=Quality(completeness=50.0, bar_quality=50.0, closed=4, verdicts=VerdictCounts(streamed=2, missing=2)),
        extended_quality=Quality(completeness=None, bar_quality=None, closed=0, verdicts=VerdictCounts()),
        extended_volume=0,
        revision=2,
    )


def test_before_its_first_bar_a_symbol_has_no_prices() -> None:
    found = metrics(core_with(OPEN, time("09:31")))

    assert (found.open, found.high, found.low, found.last, found.vwap) == (None,) * 5
    assert (found.volume, found.bars, found.revision, found.completeness) == (0, 0, 0, 0)
    assert found.first_update_ns is found.last_update_ns is None


def test_before_its_first_closed_minute_a_session_has_no_quality() -> None:
    found = metrics(core_with(OPEN, arrived(bar("A"))))

    assert (found.quality.completeness, found.quality.bar_quality, found.quality.closed) == (None, None, 0)
    assert found.quality.verdicts == VerdictCounts(streamed=1, pending=3)


def test_an_update_time_is_of_the_symbol_that_changed() -> None:
    core = core_with(OPEN, arrived(bar("A")), arrived(bar("B"), now="09:32"), arrived(bar("A"), now="09:33"))
    play(core, [arrived(bar("B", close=7), now="09:34")])

    assert (metrics(core).first_update_ns, metrics(core).last_update_ns) == (at("09:31"), at("09:31"))
    assert (metrics(core, "B").first_update_ns, metrics(core, "B").last_update_ns) == (at("09:32"), at("09:34"))


def test_a_symbol_that_joins_when_all_have_bars_has_its_own_first_update() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(bar("A")), arrived(bar("C"), now="09:32"))

    assert (metrics(core).first_update_ns, metrics(core, "C").first_update_ns) == (at("09:31"), at("09:32"))


def test_a_revised_bar_counts_once_in_every_sum() -> None:
    core = core_with(OPEN, arrived(bar("A", high=999, volume=1000)), arrived(bar("A", high=101, volume=10)))
    found = metrics(core)

    assert (found.high, found.volume, found.bars, found.revision) == (101, 10, 1, 2)


def test_without_volume_there_is_no_vwap() -> None:
    assert metrics(core_with(OPEN, arrived(bar("A", volume=0)))).vwap is None


def test_the_vwap_is_made_of_the_bars_own_where_all_have_one() -> None:
    given = [bar("A", "09:30", volume=100, vwap=10), bar("A", "09:31", volume=300, vwap=20)]

    assert metrics(core_with(OPEN, arrived(*given), keep_extra=True)).vwap == 17.5


def test_the_vwap_is_made_of_typical_prices_where_one_bar_has_none() -> None:
    given = [bar("A", "09:30", 12, volume=100, vwap=10), bar("A", "09:31", 24, low=18, high=30, volume=300)]
    core = core_with(OPEN, arrived(*given), keep_extra=True)

    assert metrics(core).vwap == (12 * 100 + 24 * 300) / 400


def test_planes_for_vwap_and_trades_are_a_matter_of_the_settings() -> None:
    given = arrived(*(bar("A", f"09:3{i}", vwap=10 + i, trades=i, volume=100) for i in range(2)))
    kept, plain = core_with(OPEN, given, keep_extra=True), core_with(OPEN, given)
    two = ask(kept, GetBars(symbol="A", interval=TWO)).bar(0)

    assert [(one.vwap, one.trades) for one in ask(kept, GetBars(symbol="A")).bars()] == [(10, 0), (11, 1)]
    assert (two.vwap, two.trades) == (10.5, 1)
    assert ask(plain, GetBars(symbol="A")).vwap is ask(plain, GetLatestBar(symbol="A")).vwap is None
    assert digest(kept) == digest(plain)


def test_published_derived_bars_have_their_vwap_and_their_trades() -> None:
    core = core_with(OPEN, keep_extra=True, intervals=(TWO,))
    given = [bar("A", "09:30", vwap=10, trades=4), bar("A", "09:31")]
    said = told(core, BarsUpdated, arrived(*given))

    assert [(one.vwap, one.trades) for one in said[-1].batch.bars()] == [(10, 4)]


def test_extended_hours_have_numbers_of_their_own() -> None:
    given = [bar("A", "09:28", 999, volume=5), *bars("A", "09:30", 10, 11), bar("A", "09:33", 1, volume=6)]
    core = core_with(opened(EXTENDED, ["A"]), arrived(*given), time("09:34"))
    found = metrics(core)

    assert (found.open, found.high, found.low, found.last, found.volume, found.bars) == (10, 11, 10, 11, 200, 2)
    assert found.extended_volume == 11
    assert (found.quality.closed, found.quality.completeness) == (3, pytest.approx(200 / 3))
    assert (found.extended_quality.closed, found.extended_quality.completeness) == (3, pytest.approx(200 / 3))
    assert found.extended_quality.verdicts == VerdictCounts(streamed=2, missing=1, pending=1)


def test_the_quality_of_a_session_is_the_mean_over_its_symbols() -> None:
    given = [*bars("A", "09:30", 1, 2, 3, 4), bar("C", "09:30")]
    core = core_with(opened(TUESDAY, ["A", "B", "C"]), arrived(*given), time("09:34"))
    report = ask(core, GetQuality())

    assert report.session_date == "2024-07-02"
    assert report.quality == Quality(
        completeness=pytest.approx(500 / 12),
        bar_quality=pytest.approx(500 / 12),
        closed=12,
        verdicts=VerdictCounts(streamed=5, missing=7),
    )
    assert report.worst == (("B", 0.0), ("C", 25.0))


def test_the_ten_worst_symbols_are_named() -> None:
    symbols = [f"S{number:02}" for number in range(12)]
    core = core_with(opened(TUESDAY, symbols), arrived(bar("S00")), time("09:31"))

    assert ask(core, GetQuality()).worst == tuple((symbol, 0.0) for symbol in symbols[1:11])


def test_nobody_is_worst_before_a_minute_is_closed() -> None:
    assert ask(core_with(OPEN), GetQuality()).worst == ()


def test_a_confirmed_minute_without_trades_is_of_full_quality_but_not_complete() -> None:
    core = core_with(OPEN, arrived(*bars("A", "09:30", 1, 2, 3)), time("09:34"))
    book = core._book
    assert book is not None
    book.grid.verdicts[3, 0] = 2  # no message confirms it yet
    quality = metrics(core).quality

    assert (quality.completeness, quality.bar_quality) == (75, 100)


def test_the_words_of_quality_hold_no_nan() -> None:
    core = core_with(OPEN, arrived(bar("A", volume=0)))
    written = msgspec.json.encode(
        [ask(core, GetQuality()), metrics(core), metrics(core, "B"), ask(core, GetSnapshot())]
    )

    assert b"NaN" not in written
    assert math.isfinite(msgspec.json.decode(written)[0]["received"])


def test_a_snapshot_of_many_symbols_says_what_each_says_by_itself() -> None:
    names = [f"S{number:02}" for number in range(70)]
    given = [
        bar(name, f"09:{30 + number % 3}", 10.0 + number, high=20.0 + number, volume=0.1 * number)
        for number, name in enumerate(names)
        if number % 7
    ]
    core = core_with(opened(EXTENDED, names), time("09:33"), *(arrived(one, now="09:33") for one in given))

    snapshot = ask(core, GetSnapshot(symbols=tuple(reversed(names))))

    assert snapshot.metrics == tuple(metrics(core, name) for name in reversed(names))
    assert snapshot.latest == tuple(ask(core, GetLatestBar(symbol=name)) for name in reversed(names))
    assert ask(core, GetLatestBars()) == snapshot.latest[::-1]
    assert [one is None for one in snapshot.latest[::-1]] == [number % 7 == 0 for number in range(70)]


@examples(60)
@given(data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES)
def test_numbers_that_are_carried_on_are_those_that_are_summed_up_at_once_whatever_comes_between(
    data: st.DataObject, session: TradingSession, rules: SessionRules
) -> None:
    core = SessionDataCore(rules)
    for message in [opened(session, SYMBOLS), *data.draw(wild_messages(session))]:
        core.handle(message)
        carried = [metrics(core, name) for name in ask(core, GetActiveSymbols())]
        assert core._book is not None

        assert carried == metrics_of(core._book, core._book.symbols, core._book.everybody)


SAME: list[list[list[Bar]]] = [
    [[bar("A", close=1), bar("B", close=2)], [bar("B", close=2), bar("A", close=1)]],
    [[bar("A", volume=0.0)], [bar("A", volume=-0.0)]],
    [[bar("A", vwap=9, trades=1)], [bar("A")]],
    [[bar("A", close=9), bar("A", close=1)], [bar("A", close=1)]],
]
DIFFERENT: list[list[list[Bar]]] = [
    [[bar("A", close=1)], [bar("A", close=2)]],
    [[bar("A")], [bar("A", "09:31")]],
    [[bar("A")], [bar("B")]],
    [[bar("A")], [bar("A"), bar("B")]],
    [[bar("A", volume=1)], [bar("A", volume=2)]],
    [[bar("A")], []],
]


def session_of(given: list[Bar], **rules: object) -> SessionDataCore:
    return core_with(OPEN, *(arrived(one, now="09:34") for one in given), **rules)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_content_has_an_equal_digest(one: list[Bar], other: list[Bar]) -> None:
    assert digest(session_of(one)) == digest(session_of(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_content_has_a_different_digest(one: list[Bar], other: list[Bar]) -> None:
    assert digest(session_of(one)) != digest(session_of(other))


def test_negative_zero_is_zero_in_every_field() -> None:
    zero = Bar(symbol="A", start_ns=at("09:30"), open=0.0, high=0.0, low=0.0, close=0.0, volume=0.0)
    negative = msgspec.structs.replace(zero, open=-0.0, high=-0.0, low=-0.0, close=-0.0, volume=-0.0)
    plus, minus = (session_of([one], allow_negative=True) for one in (zero, negative))

    assert digest(plus) == digest(minus)
    assert told(plus, BarsUpdated, arrived(negative)) == []


def test_every_nan_is_the_same_in_the_digest() -> None:
    plain, odd = session_of([bar("A")]), session_of([bar("A")])
    book = odd._book
    assert book is not None
    cells = book.grid.values.view("i8")
    cells[1, :, 0] = -(2**51) + 5  # another NaN, in an empty cell

    assert math.isnan(book.grid.values[1, 0, 0])
    assert digest(plain) == digest(odd)


def test_the_digest_leaves_out_how_the_content_came_to_be() -> None:
    streamed = core_with(OPEN, arrived(*bars("A", "09:30", 1, 2)), time("09:32"))
    late = core_with(OPEN, time("09:32"), arrived(bar("A", "09:31", 3)), arrived(bar("A", "09:30", 1)))
    play(late, [arrived(bar("A", "09:31", 2), is_correction=True), arrived(bar("A", high=1))])

    assert digest(streamed) == digest(late)


def test_the_digest_knows_the_session_and_the_derived_intervals() -> None:
    monday = core_with(opened(MONDAY, ["A"]), arrived(bar("A", session=MONDAY)))
    tuesday = core_with(OPEN, arrived(bar("A")))
    fewer = core_with(OPEN, arrived(bar("A")), intervals=(FIVE, ONE_DAY))

    assert len({digest(monday), digest(tuesday), digest(fewer)}) == 3


def test_history_is_no_part_of_the_digest() -> None:
    grid = day_grid(MONDAY, [bar("A", session=MONDAY)])
    alone, followed = (core_with(opened(TUESDAY, ["A"], days), arrived(bar("A"))) for days in ([], [grid]))

    assert digest(alone) == digest(followed)
