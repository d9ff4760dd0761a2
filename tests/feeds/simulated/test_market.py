"""What every reader of the simulated market may rely on."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.ports import StoredDay
from actors.market.axis import SessionAxis
from messages.errors import SettingsError
from messages.tables.columns import BarBatch, Floats
from messages.values import Segment, SegmentKind, TradingSession, Verdict
from tests.depth import examples


def segment(day: str, kind: SegmentKind, first: str, last: str) -> Segment:
    edges = [int(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC).timestamp()) for clock in (first, last)]
    return Segment(kind=kind, start_ns=edges[0] * 10**9, end_ns=edges[1] * 10**9)


def session(day: str = "2024-01-02", close: str = "21:00") -> TradingSession:
    return TradingSession(
        calendar="XNYS",
        date=day,
        tz="America/New_York",
        segments=(
            segment(day, SegmentKind.PRE_MARKET, "09:00", "14:30"),
            segment(day, SegmentKind.REGULAR, "14:30", close),
            segment(day, SegmentKind.POST_MARKET, close, "22:00"),
        ),
    )


def with_a_break(day: str = "2024-01-02") -> TradingSession:
    morning = segment(day, SegmentKind.REGULAR, "01:30", "04:00")
    afternoon = segment(day, SegmentKind.REGULAR, "05:00", "08:00")
    return TradingSession(calendar="XHKG", date=day, tz="Asia/Hong_Kong", segments=(morning, afternoon))


SESSIONS = st.sampled_from([session(), session(close="18:00"), with_a_break(), session("1969-07-21")])
MARKETS = st.builds(
    SimulatedMarket.of_size,
    st.integers(1, 40),
    seed=st.integers(0, 2**64),
    quiet=st.sampled_from([0.0, 1e-300, 0.01, 0.3, 0.9, 1.0]),
)


def volumes(day: StoredDay, symbols: int) -> Floats:
    return day.bars.volume.reshape(-1, symbols)


def share_traded(market: SimulatedMarket) -> list[float]:
    counts = np.bincount(market.day(session()).bars.symbol_index, minlength=len(market.symbols))
    return sorted((counts / 390).tolist())


@given(MARKETS, SESSIONS)
@examples(60)
def test_every_bar_is_sane_and_lies_in_a_regular_minute(market: SimulatedMarket, trading: TradingSession) -> None:
    bars = market.day(trading).bars
    axis = SessionAxis(trading)

    assert np.all(axis.is_regular[axis.slots_of(bars.start_ns)])
    assert np.all(np.isfinite(bars.values))
    assert np.all(bars.high >= np.maximum(bars.open, bars.close))
    assert np.all(bars.low <= np.minimum(bars.open, bars.close))
    assert np.all(bars.low >= 0.01)
    assert np.all(bars.volume >= 1)


@given(MARKETS, SESSIONS)
@examples(60)
def test_a_day_is_a_well_formed_batch_of_streamed_bars(market: SimulatedMarket, trading: TradingSession) -> None:
    day = market.day(trading)
    bars = day.bars

    assert bars == BarBatch.build(bars.symbols, bars.symbol_index, bars.start_ns, bars.values)
    assert not any(column.flags.writeable for column in (bars.symbol_index, bars.start_ns, bars.values, day.verdicts))
    assert day.verdicts.tolist() == [Verdict.STREAMED] * len(bars)
    assert day.tz == trading.tz


@given(MARKETS, st.lists(st.dates(date(1980, 1, 1), date(2060, 1, 1)), max_size=3))
@examples(30)
def test_the_same_day_is_the_same_whatever_was_made_before(market: SimulatedMarket, others: list[date]) -> None:
    first = market.day(session())
    for other in others:
        market.day(session(other.isoformat()))

    again = SimulatedMarket(symbols=market.symbols, seed=market.seed, quiet=market.quiet).day(session())

    assert again.bars == first.bars


def test_the_global_random_state_plays_no_part() -> None:
    np.random.seed(1)  # noqa: NPY002  # it is the legacy state that must not matter
    following = np.random.random()  # noqa: NPY002
    first = SimulatedMarket.of_size(3).day(session())
    np.random.seed(1)  # noqa: NPY002
    second = SimulatedMarket.of_size(3).day(session())

    assert second.bars == first.bars
    assert np.random.random() == following  # noqa: NPY002


def test_another_seed_or_date_is_another_day() -> None:
    market = SimulatedMarket.of_size(3)
    day = market.day(session()).bars.values

    assert not np.array_equal(day, SimulatedMarket.of_size(3, seed=8).day(session()).bars.values)
    assert not np.array_equal(day, market.day(session("2024-01-03")).bars.values)


def test_a_liquid_market_has_a_bar_in_every_regular_minute_of_every_symbol() -> None:
    for trading in (session(), session(close="18:00"), with_a_break()):
        bars = SimulatedMarket.of_size(20).day(trading).bars

        assert len(bars) == trading.expected_minutes * 20


def test_prices_are_whole_cents_and_volumes_whole_shares() -> None:
    bars = SimulatedMarket.of_size(20).day(session()).bars

    assert np.array_equal(bars.values[:4], np.round(bars.values[:4], 2))
    assert np.array_equal(bars.volume, np.round(bars.volume))


def test_a_bar_opens_where_the_last_one_closed_and_a_day_where_the_day_before_closed() -> None:
    market = SimulatedMarket.of_size(20)
    monday, tuesday = (market.day(session(day)).bars.values.reshape(5, 390, 20) for day in ("2024-01-08", "2024-01-09"))

    assert np.array_equal(monday[0, 1:], monday[3, :-1])
    assert np.allclose(monday[3, -1], tuesday[0, 0], atol=0.011)


def test_prices_wander_as_prices_do_over_years() -> None:
    market = SimulatedMarket.of_size(200)
    days = [(date(2019, 1, 1) + timedelta(weeks=week)).isoformat() for week in range(0, 312, 8)]
    closes = np.array([market.day(session(day, close="14:40")).bars.close[-200:] for day in days])
    swing = np.log(closes.max(axis=0) / closes.min(axis=0))

    assert 0.2 < np.median(swing) < 2.0
    assert closes.min() > 0.5
    assert closes.max() < 20_000


def test_a_day_is_neither_calm_nor_mad() -> None:
    values = SimulatedMarket.of_size(200).day(session()).bars.values.reshape(5, 390, 200)
    ranges = np.log(values[1].max(axis=0) / values[2].min(axis=0))

    assert 0.01 < np.median(ranges) < 0.05


def test_volume_is_high_at_the_edges_of_the_day_and_low_at_noon() -> None:
    minutes = volumes(SimulatedMarket.of_size(200).day(session()), 200).sum(axis=1)
    first, noon, last = minutes[:30].sum(), minutes[180:210].sum(), minutes[-30:].sum()

    assert min(first, last) > 2 * noon


@pytest.mark.parametrize("quiet", [0.02, 0.2, 0.6])
@pytest.mark.parametrize("count", [1, 50, 400])
def test_the_share_of_quiet_minutes_is_the_one_asked_for(count: int, quiet: float) -> None:
    bars = SimulatedMarket.of_size(count, quiet=quiet).day(session()).bars

    assert len(bars) / (390 * count) == pytest.approx(1 - quiet, abs=0.05)


def test_quiet_minutes_are_those_of_illiquid_symbols() -> None:
    market = SimulatedMarket.of_size(100, quiet=0.1)
    busy = volumes(SimulatedMarket.of_size(100).day(session()), 100).sum(axis=0)
    bars = np.bincount(market.day(session()).bars.symbol_index, minlength=100)

    assert np.all(bars[busy > np.median(busy)] > 380)
    assert bars[np.argmin(busy)] < 150


def test_a_market_that_is_all_quiet_has_no_bars_and_one_a_hair_from_loud_has_them_all() -> None:
    assert share_traded(SimulatedMarket.of_size(5, quiet=1.0)) == [0.0] * 5
    assert share_traded(SimulatedMarket.of_size(5, quiet=1e-300)) == [1.0] * 5


def test_minutes_that_are_traded_do_not_depend_on_how_many_are_quiet() -> None:
    loud = SimulatedMarket.of_size(10).day(session()).bars
    some = SimulatedMarket.of_size(10, quiet=0.3).day(session()).bars
    cells = np.searchsorted(loud.start_ns * 10 + loud.symbol_index, some.start_ns * 10 + some.symbol_index)

    assert np.array_equal(loud.values[:, cells], some.values)


@pytest.mark.parametrize("count", [1, 50, 1280, 1281, 5000, 6401])
def test_names_look_like_tickers_and_are_unique_and_sorted(count: int) -> None:
    symbols = SimulatedMarket.of_size(count).symbols

    assert len(symbols) == count
    assert list(symbols) == sorted(set(symbols))
    assert all(name.isupper() and name.isalpha() and 3 <= len(name) <= 5 for name in symbols)


def test_symbols_may_be_given_in_any_order() -> None:
    one, other = (SimulatedMarket(symbols=symbols).day(session()) for symbols in (("MSFT", "AAPL"), ("AAPL", "MSFT")))

    assert one.bars.symbols == ("AAPL", "MSFT")
    assert one.bars == other.bars


def test_days_far_from_each_other_join_without_a_jump_where_blocks_of_days_meet() -> None:
    market = SimulatedMarket.of_size(50)
    edge = date.fromordinal(8192 * 91)
    before, after = (market.day(session(day.isoformat(), close="14:40")).bars for day in (edge - timedelta(1), edge))

    assert np.allclose(before.close[-50:], after.open[:50], atol=0.011)


@pytest.mark.parametrize(
    ("settings_", "sentence"),
    [
        ({"symbols": ()}, "at least one symbol"),
        ({"symbols": ("A", "A")}, "none of them twice"),
        ({"symbols": ("A",), "quiet": 1.5}, "between 0 and 1, not 1.5"),
        ({"symbols": ("A",), "quiet": float("nan")}, "between 0 and 1, not nan"),
        ({"symbols": ("A",), "seed": -1}, "not -1"),
    ],
)
def test_a_market_that_makes_no_sense_is_refused_by_name(settings_: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        SimulatedMarket(**settings_)
