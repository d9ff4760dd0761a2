"""Numbers and times as people read them."""

import pytest

from actors.doors.show import figures
from tests.builders import DAY, ROUND_THE_CLOCK, at


def test_prices_have_the_decimals_they_were_quoted_with() -> None:
    assert figures.decimals_of([100.0, 99.5, None]) == 2
    assert figures.decimals_of([1.08734, 1.1]) == 5
    assert figures.decimals_of([0.00001234]) == 8
    assert figures.decimals_of([0.1 + 0.2]) == 2
    assert figures.decimals_of([]) == 2


def test_prices_and_volumes_have_thousands_apart() -> None:
    assert figures.price(63120.5) == "63,120.50"
    assert figures.price(0.00001234, 8) == "0.00001234"
    assert figures.price(None) == "-"
    assert figures.volume(1234567.0) == "1,234,567"
    assert figures.volume(1234.5678) == "1,234.568"
    assert figures.count(1234567) == "1,234,567"


def test_a_percentage_is_never_rounded_up() -> None:
    assert figures.percent(100.0) == "100.0 %"
    assert figures.percent(99.9999) == "99.9 %"
    assert figures.percent(0.0) == "0.0 %"
    assert figures.percent(None) == "-"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.0, "0 s"),
        (119.4, "119 s"),
        (120.0, "2.0 min"),
        (7190.0, "119.8 min"),
        (7200.0, "2.0 h"),
        (76_129_920.0, "881 days"),
    ],
)
def test_a_duration_is_shown_in_the_unit_that_fits(seconds: float | None, text: str) -> None:
    assert figures.duration(seconds) == text


def test_a_change_has_its_sign_also_from_below_zero() -> None:
    assert figures.change(100.0, 101.5) == "+1.50 %"
    assert figures.change(-10.0, -12.0) == "-20.00 %"
    assert figures.change(None, 1.0) == figures.change(1.0, None) == figures.change(0.0, 1.0) == "-"


@pytest.mark.parametrize(
    ("items", "seconds", "text"),
    [(48535, 0.2, "243,000"), (12345, 1.0, "12,300"), (987, 1.0, "987"), (0, 1.0, "0"), (5, None, "-"), (5, 0.0, "-")],
)
def test_a_rate_has_three_figures(items: int, seconds: float | None, text: str) -> None:
    assert figures.rate(items, seconds) == text


def test_times_are_those_of_the_exchange() -> None:
    assert figures.span(DAY.open_ns, DAY.close_ns, DAY.tz) == "09:30-16:00"
    assert figures.span(ROUND_THE_CLOCK.open_ns, ROUND_THE_CLOCK.close_ns, "UTC") == "00:00-24:00"
    assert figures.iso(at("09:30"), DAY.tz) == "2024-07-02T09:30:00-04:00"
    assert figures.zone(at("09:30"), DAY.tz) == "EDT"
    assert figures.weekday("2024-07-02") == "Tue 2024-07-02"


def test_milliseconds_may_be_absent() -> None:
    assert figures.milliseconds(2.4444) == "2.4 ms"
    assert figures.milliseconds(None) == "-"
