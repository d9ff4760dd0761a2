"""How far arrivals are behind, and when that is news."""

import pytest

from actors.stream_coordinator.live_day.lag import LagMeter
from messages import LagChanged
from messages.values import SECOND_NS, Nanos

MOST = 5 * SECOND_NS


def meter_with(*lags_ns: Nanos) -> LagMeter:
    meter = LagMeter("feed", MOST)
    for lag_ns in lags_ns:
        meter.add(0, lag_ns)
    return meter


def test_before_the_first_arrival_there_is_no_lag() -> None:
    assert meter_with().quantile_ms(0.5) is None


def test_a_lag_that_passes_the_most_is_news_once_and_so_is_its_end() -> None:
    meter = LagMeter("feed", MOST)
    news = [meter.add(100 * SECOND_NS, 100 * SECOND_NS + lag_ns) for lag_ns in (MOST, MOST + 1, MOST + 2, MOST, 0)]

    assert news == [
        [],
        [LagChanged(feed="feed", lag_ns=MOST + 1, is_late=True, now_ns=105 * SECOND_NS + 1)],
        [],
        [LagChanged(feed="feed", lag_ns=MOST, is_late=False, now_ns=105 * SECOND_NS)],
        [],
    ]


def test_what_arrives_ahead_of_its_time_has_no_lag() -> None:
    meter = LagMeter("feed", MOST)

    assert meter.add(10 * SECOND_NS, 9 * SECOND_NS) == []
    assert meter.quantile_ms(1.0) == 0.0


def test_quantiles_are_in_milliseconds() -> None:
    meter = meter_with(*(milliseconds * 1_000_000 for milliseconds in range(101)))

    assert meter.quantile_ms(0.5) == pytest.approx(50)
    assert meter.quantile_ms(0.99) == pytest.approx(99)


def test_only_the_last_thousand_arrivals_count() -> None:
    assert meter_with(*[SECOND_NS] * 1000, *[0] * 1000).quantile_ms(1.0) == 0.0
