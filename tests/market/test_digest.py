"""Sessions of equal content have equal digests; what differs is seen."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.market.axis import SessionAxis
from actors.market.digest import digest
from messages import Interval
from messages.tables.columns import Floats, Mask
from tests.builders import session_tiny
from tests.depth import examples

SESSION = session_tiny(7, 5)
AXIS = SessionAxis(SESSION)
INTERVALS = tuple(map(Interval.parse, ("2m", "5m", "1d")))
NAN = np.nan


def plane(*columns: dict[int, float], fields: int = 5) -> Floats:
    """Return values in which each column has bars at these slots, all prices and the volume being the number."""
    values = np.full((AXIS.slots, fields, len(columns)), NAN)
    for column, bars in enumerate(columns):
        for slot, price in bars.items():
            values[slot, :, column] = price
    return values


def of(symbols: str, values: Floats, present: Mask | None = None, **changed: Any) -> str:
    has_bar = np.isfinite(values[:, 3]) if present is None else present
    given = {"date": SESSION.date, "axis": AXIS, "intervals": INTERVALS, **changed}
    return digest(symbols=tuple(symbols), values=values, present=has_bar, **given)


ONE, TWO = {0: 1.5, 3: 2.5, 11: 0.1}, {3: 7.0}
KNOWN = of("AB", plane(ONE, TWO))


def test_it_is_short_and_the_same_each_time() -> None:
    assert len(KNOWN) == 32
    assert of("AB", plane(ONE, TWO)) == KNOWN


def test_it_never_changes_for_certificates_are_kept() -> None:
    assert KNOWN == "141eb6abc6d4e89a54ba413396286379"


def test_the_order_of_symbols_does_not_matter() -> None:
    assert of("BA", plane(TWO, ONE)) == KNOWN


def test_symbols_without_a_bar_and_spare_columns_are_left_out() -> None:
    assert of("CAXB", plane({}, ONE, {}, TWO, {}, {})) == KNOWN


def test_vwap_and_trades_are_left_out() -> None:
    assert of("AB", plane(ONE, TWO, fields=7)) == KNOWN


def test_how_numbers_lie_in_memory_does_not_matter() -> None:
    random = np.random.default_rng(1).random((AXIS.slots, 5, 2)) * 1e6
    layouts = [random, np.asfortranarray(random), np.ascontiguousarray(random.transpose(2, 0, 1)).transpose(1, 2, 0)]

    assert len({of("AB", values) for values in layouts}) == 1


def test_there_is_one_nan_and_one_zero() -> None:
    odd_nan = np.uint64(0xFFF8000000000123).view(np.float64)
    zeros, negative = plane({0: 0.0}), plane({0: -0.0})
    negative[np.isnan(negative)] = odd_nan

    assert of("A", negative) == of("A", zeros)


@pytest.mark.parametrize(
    "other",
    [
        of("AC", plane(ONE, TWO)),
        of("AB", plane(TWO, ONE)),
        of("AB", plane(ONE, {3: 7.5})),
        of("AB", plane(ONE, {4: 7.0})),
        of("A", plane(ONE)),
        of("AB", plane(ONE, TWO), date="2024-07-03"),
        of("AB", plane(ONE, TWO), intervals=INTERVALS[:2]),
        of("AB", plane(ONE, TWO), axis=SessionAxis(session_tiny(6, 6))),
    ],
)
def test_what_differs_is_seen(other: str) -> None:
    assert other != KNOWN


def test_a_session_without_a_bar_has_a_digest() -> None:
    assert of("", plane()) == of("AB", plane({}, {})) != of("A", plane({0: 1.0}))


cells = st.dictionaries(st.integers(0, AXIS.slots - 1), st.floats(0.001, 1e6), max_size=AXIS.slots)


@given(columns=st.lists(cells, min_size=1, max_size=4), order=st.randoms(use_true_random=False))
@examples(50)
def test_any_order_of_columns_gives_the_same_digest(columns: list[dict[int, float]], order: Any) -> None:
    names = "ABCD"[: len(columns)]
    shuffled = list(range(len(columns)))
    order.shuffle(shuffled)

    mixed = of("".join(names[i] for i in shuffled), plane(*(columns[i] for i in shuffled)))

    assert mixed == of(names, plane(*columns))
