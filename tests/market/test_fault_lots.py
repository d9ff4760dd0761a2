"""Which bars chance strikes: the same ones for the same seed, and as many as were asked for."""

import math

import numpy as np
import pytest

from actors.market.axis import SessionAxis
from actors.market.faults import Arrivals, Faults, damage
from tests.builders import DAY, session_tiny, session_xnys
from tests.market.tapes import cell, missing, tape_of, told

COUNTS = {"drop": "dropped", "delay": "delayed", "duplicate": "duplicated", "corrupt": "corrupted"}
"""What a fault's bars are counted as."""
MANY = tuple(f"S{number:03}" for number in range(100))


def test_another_seed_or_another_day_strikes_other_bars() -> None:
    struck = [
        damage(tape_of(session), Faults(drop=0.5, seed=seed)).prompt.rows.tolist()
        for session, seed in ((DAY, 0), (DAY, 1), (session_xnys("2024-07-05"), 0))
    ]

    assert len(set(map(tuple, struck))) == 3


def test_a_seed_strikes_the_same_bars_on_every_machine() -> None:
    damaged = damage(tape_of(session_tiny(5)), Faults(drop=0.3, delay=0.3, duplicate=0.3, corrupt=0.3, seed=2))

    assert damaged.prompt.rows.tolist() == [0, 1, 4, 6, 7, 8, 12, 13, 14]
    assert damaged.late.rows.tolist() == [2, 9, 10, 11]
    assert damaged.again.rows.tolist() == [7, 11, 12]
    assert damaged.corruption.tolist() == [0, 0, 0, 0, 3, 0, 0, 0, 0, 2, 0, 0, 0, 4, 0]


def test_a_cell_has_the_same_lot_whichever_other_bars_the_tape_holds() -> None:
    wanted = Faults(drop=0.3, outages=("10:00-10:07",))
    full, sparse = damage(tape_of(), wanted), damage(tape_of(quiet=0.4), wanted)

    assert missing(sparse) == missing(full) & {cell(bar) for bar in sparse.tape.batch.bars()}


def test_one_fault_does_not_move_the_others() -> None:
    tape = tape_of()
    alone, among = damage(tape, Faults(drop=0.2)), damage(tape, Faults(drop=0.2, delay=0.5, duplicate=0.5, corrupt=0.5))

    assert missing(alone) == missing(among)


def test_more_of_a_fault_strikes_what_less_of_it_strikes_and_more() -> None:
    tape = tape_of()

    assert missing(damage(tape, Faults(drop=0.1))) < missing(damage(tape, Faults(drop=0.2)))


@pytest.mark.parametrize("share", [0.005, 0.02, 0.3])
def test_each_fault_strikes_as_often_as_was_asked(share: float) -> None:
    tape = tape_of(symbols=MANY)
    bars = len(tape.batch)
    bound = 5 * math.sqrt(bars * share * (1 - share))

    for name, counted in COUNTS.items():
        struck = getattr(damage(tape, Faults(**{name: share})), counted)

        # A delay does not show in the last minute.
        assert abs(struck - bars * share) < bound + (100 * share if name == "delay" else 0)


@pytest.mark.parametrize(("fault", "way", "least"), [("delay", "late", 1), ("duplicate", "again", 0)])
def test_delays_and_distances_of_duplicates_are_spread_evenly(fault: str, way: str, least: int) -> None:
    tape = tape_of(symbols=MANY)
    own = SessionAxis(DAY).slots_of(tape.batch.start_ns)

    arrivals: Arrivals = getattr(damage(tape, Faults(**{fault: 1.0})), way)

    distances = np.repeat(np.arange(390), np.diff(arrivals.edges)) - own[arrivals.rows]
    shares = np.bincount(distances[own[arrivals.rows] < 380]) / 38_000
    assert shares == pytest.approx([0.0] * least + [1 / (6 - least)] * (6 - least), abs=0.01)


def test_a_certain_loss_leaves_nothing() -> None:
    damaged = damage(tape_of(), Faults(drop=1.0, duplicate=1.0, delay=1.0, corrupt=1.0))

    assert list(told(damaged)) == []
    assert damaged.dropped == 390 * 3
