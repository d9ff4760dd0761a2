"""A bar's own sanity."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.market.validate import Fault, faults, is_sane
from messages.tables.columns import Floats
from messages.values import MINUTE_NS, SECOND_NS

SOUND = (10.0, 12.0, 9.0, 11.0, 100.0)
NAN, INF = math.nan, math.inf
FEW_NUMBERS = st.sampled_from([1.0, 2.0, 2.0, 3.0, 3.0, 0.0, -0.0, -1.0, 5e-324, 1.7e308, NAN, INF, -INF])


def columns(*bars: tuple[float, ...]) -> Floats:
    return np.array(bars, dtype=np.float64).T


def first_fault(bar: tuple[float, ...], *, allow_negative: bool = False) -> Fault:
    found = faults(columns(bar), np.array([MINUTE_NS]), allow_negative=allow_negative)
    return Fault(int(found[0]))


def slow_fault(bar: tuple[float, ...], start_ns: int, *, allow_negative: bool) -> Fault:
    o, h, lo, c, v, *extra = bar
    if not all(math.isfinite(x) for x in (o, h, lo, c, v)) or any(math.isinf(x) for x in extra):
        return Fault.NOT_FINITE
    if min(o, h, lo, c) <= 0 and not allow_negative:
        return Fault.PRICE_NOT_POSITIVE
    if h < max(o, c):
        return Fault.HIGH_TOO_LOW
    if lo > min(o, c):
        return Fault.LOW_TOO_HIGH
    if v < 0 or (extra and extra[1] < 0):
        return Fault.VOLUME_NEGATIVE
    return Fault.SANE if start_ns % MINUTE_NS == 0 else Fault.OFF_THE_MINUTE


@pytest.mark.parametrize(
    ("bar", "fault"),
    [
        (SOUND, Fault.SANE),
        ((5.0, 5.0, 5.0, 5.0, 0.0), Fault.SANE),
        ((10.0, NAN, 9.0, 11.0, 1.0), Fault.NOT_FINITE),
        ((10.0, INF, 9.0, 11.0, 1.0), Fault.NOT_FINITE),
        ((10.0, 12.0, -INF, 11.0, 1.0), Fault.NOT_FINITE),
        ((10.0, 12.0, 9.0, 11.0, NAN), Fault.NOT_FINITE),
        ((10.0, 12.0, 0.0, 11.0, 1.0), Fault.PRICE_NOT_POSITIVE),
        ((10.0, 10.5, 9.0, 11.0, 1.0), Fault.HIGH_TOO_LOW),
        ((10.0, 12.0, 10.5, 11.0, 1.0), Fault.LOW_TOO_HIGH),
        ((10.0, 12.0, 9.0, 11.0, -1.0), Fault.VOLUME_NEGATIVE),
        ((*SOUND, NAN, NAN), Fault.SANE),
        ((*SOUND, 10.5, 3.0), Fault.SANE),
        ((*SOUND, INF, 3.0), Fault.NOT_FINITE),
        ((*SOUND, 10.5, INF), Fault.NOT_FINITE),
        ((*SOUND, 10.5, -3.0), Fault.VOLUME_NEGATIVE),
    ],
)
def test_each_fault_is_named_and_only_a_sound_bar_has_none(bar, fault):
    assert first_fault(bar) is fault
    assert is_sane(columns(bar)) is (fault is Fault.SANE)


def test_negative_prices_are_sane_where_they_are_allowed():
    bar = (-37.6, -30.0, -40.3, -37.0, 5.0)

    assert first_fault(bar) is Fault.PRICE_NOT_POSITIVE
    assert first_fault(bar, allow_negative=True) is Fault.SANE
    assert is_sane(columns(bar), allow_negative=True)


def test_of_several_faults_the_first_is_named():
    assert first_fault((10.0, 8.0, 12.0, 11.0, -1.0)) is Fault.HIGH_TOO_LOW
    assert first_fault((10.0, 8.0, 12.0, NAN, -1.0)) is Fault.NOT_FINITE


def test_a_start_between_the_minutes_is_a_fault_unless_the_step_is_finer():
    starts = np.array([MINUTE_NS, MINUTE_NS + 30 * SECOND_NS])

    assert faults(columns(SOUND, SOUND), starts).tolist() == [Fault.SANE, Fault.OFF_THE_MINUTE]
    assert faults(columns(SOUND, SOUND), starts, step_ns=30 * SECOND_NS).tolist() == [Fault.SANE, Fault.SANE]


def test_one_bad_bar_among_many_is_found_and_pointed_at():
    values = columns(*[SOUND] * 500)
    values[4, 321] = -1.0

    assert not is_sane(values)
    assert np.flatnonzero(faults(values, np.zeros(500, dtype=np.int64))).tolist() == [321]


@pytest.mark.parametrize("place", [0, (1 << 16) - 1, 1 << 16, (1 << 17) + 4])
def test_one_bad_bar_of_a_large_day_is_found_and_pointed_at(place):
    values = np.repeat(columns(SOUND), (1 << 17) + 5, axis=1)
    assert is_sane(values)
    values[4, place] = -1.0

    assert not is_sane(values)
    assert np.flatnonzero(faults(values, np.zeros(values.shape[1], dtype=np.int64))).tolist() == [place]


def test_no_bars_at_all_are_sane():
    assert is_sane(np.empty((5, 0)))
    assert len(faults(np.empty((5, 0)), np.empty(0, dtype=np.int64))) == 0


def test_reasons_are_the_names_that_counts_use():
    assert [fault.reason for fault in Fault][1:4] == ["not_finite", "price_not_positive", "high_too_low"]


@settings(deadline=None)
@given(data=st.data(), width=st.sampled_from([5, 7]), allow_negative=st.booleans())
def test_faults_agree_with_a_slow_look_at_each_bar_and_is_sane_with_faults(data, width, allow_negative):
    bars = data.draw(st.lists(st.tuples(*[FEW_NUMBERS] * width), min_size=1, max_size=4))
    starts = data.draw(st.lists(st.sampled_from([0, MINUTE_NS, SECOND_NS]), min_size=len(bars), max_size=len(bars)))

    found = faults(columns(*bars), np.array(starts), allow_negative=allow_negative)

    expected = [slow_fault(bar, at, allow_negative=allow_negative) for bar, at in zip(bars, starts, strict=True)]
    assert found.tolist() == expected
    on_the_minute = faults(columns(*bars), np.zeros(len(bars), dtype=np.int64), allow_negative=allow_negative)
    assert is_sane(columns(*bars), allow_negative=allow_negative) is not bool(on_the_minute.any())
