"""Gaps, against a walk minute by minute."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from actors.market.axis import SessionAxis
from actors.market.gaps import find_gaps
from messages import Gap, TradingSession
from messages.tables.columns import Mask
from messages.values import MINUTE_NS
from tests.builders import session_tiny
from tests.depth import examples

NAMES = ("A", "B", "C")
SESSIONS = st.sampled_from([session_tiny(6), session_tiny(4, 3), session_tiny(3, 2, pre=2, post=2)])


def slow_gaps(missing: Mask, session: TradingSession) -> tuple[Gap, ...]:
    """Walk every symbol's minutes, segment by segment."""
    runs: dict[tuple[int, int], list[str]] = {}
    for column, symbol in enumerate(NAMES[: missing.shape[1]]):
        slot = 0
        for segment in session.segments:
            begun = None
            for start in range(segment.start_ns, segment.end_ns, MINUTE_NS):
                if missing[slot, column] and begun is None:
                    begun = start
                if not missing[slot, column] and begun is not None:
                    runs.setdefault((begun, start), []).append(symbol)
                    begun = None
                slot += 1
            if begun is not None:
                runs.setdefault((begun, segment.end_ns), []).append(symbol)
    return tuple(Gap(symbols=tuple(runs[span]), start_ns=span[0], end_ns=span[1]) for span in sorted(runs))


@examples(60)
@given(st.data())
def test_gaps_are_those_of_a_walk_over_the_minutes(data: st.DataObject) -> None:
    session = data.draw(SESSIONS)
    axis = SessionAxis(session)
    missing = data.draw(npst.arrays(np.bool_, (axis.slots, data.draw(st.integers(0, 3)))))

    assert find_gaps(missing, axis, NAMES[: missing.shape[1]]) == slow_gaps(missing, session)


def gaps_of(session: TradingSession, *rows: str) -> list[tuple[str, int, int]]:
    """The gaps of a drawing, one row a symbol, ``.`` a missing minute: symbols, first minute, minutes."""
    missing = np.array([[cell == "." for cell in row] for row in rows]).T
    found = find_gaps(missing, SessionAxis(session), NAMES[: len(rows)])
    return [
        (
            "".join(gap.symbols),
            (gap.start_ns - session.open_ns) // MINUTE_NS,
            (gap.end_ns - gap.start_ns) // MINUTE_NS,
        )
        for gap in found
    ]


def test_minutes_that_symbols_miss_together_are_one_gap() -> None:
    assert gaps_of(session_tiny(6), "x..xxx", "x..xxx", "x.xxxx") == [("C", 1, 1), ("AB", 1, 2)]


def test_a_gap_ends_at_the_lunch_break() -> None:
    assert gaps_of(session_tiny(3, 3), "x....x") == [("A", 1, 2), ("A", 5, 2)]


def test_a_gap_ends_at_the_open() -> None:
    assert gaps_of(session_tiny(2, pre=2), "x..x") == [("A", -1, 1), ("A", 0, 1)]


def test_nothing_missing_is_no_gap() -> None:
    assert gaps_of(session_tiny(3), "xxx", "xxx") == []
