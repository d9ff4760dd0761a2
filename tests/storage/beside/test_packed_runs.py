"""Runs come back from their packing as they were, whatever they are."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from actors.storage.beside.packed_runs import FEW, PackedRuns, packed, unpacked
from messages.tables.runs import Runs
from messages.values import MINUTE_NS, Verdict, VerdictRun
from tests.builders import DAY

minutes = st.integers(-50, 1000).map(lambda number: DAY.start_ns + number * MINUTE_NS)
a_run = st.builds(
    VerdictRun,
    symbol=st.sampled_from(["A", "BRK.B", "É"]),
    verdict=st.sampled_from([Verdict.NO_TRADE, Verdict.ABANDONED]),
    start_ns=minutes,
    end_ns=minutes,
    source=st.sampled_from(["", "vendor"]),
)


@given(st.lists(a_run, min_size=1, max_size=30))
def test_any_runs_in_any_order_come_back(runs: list[VerdictRun]) -> None:
    packs = packed(runs, DAY.start_ns, MINUTE_NS, few=0)

    assert packs is not None
    assert unpacked(msgspec.json.decode(msgspec.json.encode(packs), type=PackedRuns)) == tuple(runs)


def test_few_runs_and_those_that_are_no_whole_bars_are_not_packed() -> None:
    run = VerdictRun(
        symbol="A", verdict=Verdict.NO_TRADE, start_ns=DAY.start_ns, end_ns=DAY.start_ns + MINUTE_NS, source=""
    )
    odd = msgspec.structs.replace(run, end_ns=run.end_ns + 1)

    assert packed([run] * FEW, DAY.start_ns, MINUTE_NS) is None
    assert packed([run] * (FEW + 1), DAY.start_ns, MINUTE_NS) is not None
    assert packed([run] * FEW + [odd], DAY.start_ns, MINUTE_NS) is None


def test_the_instants_of_many_runs_are_few_numbers() -> None:
    runs = [
        VerdictRun(symbol=f"S{number % 50}", verdict=Verdict.NO_TRADE, start_ns=at, end_ns=at + MINUTE_NS, source="")
        for number in range(3000)
        for at in (DAY.start_ns + number // 50 * MINUTE_NS,)
    ]

    found = Runs.of(runs).each()

    assert found == tuple(runs)
    assert len({id(instant) for run in found for instant in (run.start_ns, run.end_ns)}) == 61
