"""However a session is cut into slices, its digest is the one that it has as a whole."""

import io
from typing import IO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.market import sliced_digest
from actors.market.axis import SessionAxis
from actors.market.calendar import Calendar
from actors.market.digest import digest
from actors.market.sliced_digest import SlicedDigest
from messages import Interval
from messages.tables.columns import Floats, Mask
from messages.values import TradingSession
from tests.builders import session_tiny
from tests.depth import examples

INTERVALS = tuple(map(Interval.parse, ("2m", "3m", "5m", "1d")))
TINY = session_tiny(7, 5)
HALF_DAY = Calendar("XNYS", extended=True).session("2024-07-03")
LUNCH = Calendar("XHKG").session("2024-07-02")


def market(session: TradingSession, symbols: int, share: float, seed: int, fields: int = 5) -> tuple[Floats, Mask]:
    """Return bars with odd numbers among them: sums that round, zeros with a sign."""
    rng = np.random.default_rng(seed)
    slots = SessionAxis(session).slots
    present = rng.random((slots, symbols)) < share
    values = np.round(rng.lognormal(2.0, 3.0, (slots, fields, symbols)), 3)
    values[rng.random(values.shape) < 0.05] = -0.0
    values[~np.broadcast_to(present[:, np.newaxis], values.shape)] = np.nan
    return values, present


def in_slices(session: TradingSession, symbols: tuple[str, ...], values: Floats, present: Mask, cuts: list[int]) -> str:
    sliced = SlicedDigest(session.date, symbols, present, SessionAxis(session), INTERVALS)
    for part in np.split(values, sorted(cuts)):
        sliced.take(part)
    found = sliced.digest()
    sliced.close()
    sliced.close()
    return found


@examples(60)
@given(
    st.integers(0, 4), st.sampled_from([0.0, 0.2, 0.9, 1.0]), st.integers(0, 999), st.lists(st.integers(0, 12)),
    st.sampled_from([5, 7]),
)  # fmt: skip
def test_it_is_the_digest_of_the_whole(count: int, share: float, seed: int, cuts: list[int], fields: int) -> None:
    symbols = ("C", "A", "D", "B")[:count]
    values, present = market(TINY, count, share, seed, fields)

    expected = digest(TINY.date, symbols, values, present, SessionAxis(TINY), INTERVALS)
    assert in_slices(TINY, symbols, values, present, cuts) == expected


@pytest.mark.parametrize("session", [HALF_DAY, LUNCH])
@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_sums_are_the_same_to_the_last_bit(session: TradingSession, count: int, share: float) -> None:
    symbols = tuple(f"S{number:02}" for number in range(count))
    values, present = market(session, count, share, count)

    expected = digest(session.date, symbols, values, present, SessionAxis(session), INTERVALS)
    for step in (1, 7, 60, 1000):
        cuts = list(range(step, len(values), step))
        assert in_slices(session, symbols, values, present, cuts) == expected


def test_what_is_hashed_last_may_be_kept_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sliced_digest, "_READ_BYTES", 5)
    kept: list[IO[bytes]] = []

    def keep() -> IO[bytes]:
        kept.append(io.BytesIO())
        return kept[-1]

    values, present = market(TINY, 2, 0.8, 3)
    sliced = SlicedDigest(TINY.date, ("A", "B"), present, SessionAxis(TINY), INTERVALS, keep)
    sliced.take(values)

    assert sliced.digest() == digest(TINY.date, ("A", "B"), values, present, SessionAxis(TINY), INTERVALS)
    sliced.close()
    assert [one.closed for one in kept] == [True] * 2 * len(INTERVALS)
