"""A faulty feed against a slow count of what it delivers."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.market.axis import SessionAxis
from actors.market.faults import LONGEST_DELAY, Faults, damage
from actors.market.validate import Fault
from messages.errors import SettingsError
from messages.tables.columns import BarBatch, Floats, Tape
from messages.values import MINUTE_NS
from tests.builders import DAY, session_tiny
from tests.market.tapes import SYMBOLS, Cell, cell, is_sound, reason, slots_of, tape_of, told

CHANCES = ("drop", "delay", "duplicate", "corrupt")
SEVEN = "10:00-10:07"

chances = st.sampled_from([0.0, 0.0, 0.1, 0.5, 1.0])
sessions = st.sampled_from(
    [session_tiny(12), session_tiny(4, 3, lunch=8), session_tiny(3, 2, pre=2, post=3), session_tiny(1)]
)


@st.composite
def damages(draw: st.DrawFn) -> tuple[Tape, Faults]:
    made = Faults(
        drop=draw(chances),
        delay=draw(chances),
        duplicate=draw(chances),
        corrupt=draw(chances),
        outages=tuple(draw(st.lists(st.sampled_from(["09:31-09:33", "09:36-09:50", "09:00-09:30"]), max_size=2))),
        seed=draw(st.integers(0, 5)),
    )
    symbols = draw(st.sampled_from([SYMBOLS, SYMBOLS[:1]]))
    return tape_of(draw(sessions), symbols, quiet=draw(st.sampled_from([0.0, 0.3, 1.0]))), made


# --- every bar is accounted for


@given(damages())
def test_every_bar_comes_whole_or_corrupted_or_not_at_all_and_none_is_invented(given: tuple[Tape, Faults]) -> None:
    tape, wanted = given
    on_tape = {cell(bar): bar for bar in tape.batch.bars()}

    damaged = damage(tape, wanted)

    whole = [bar for _, _, bar in told(damaged) if is_sound(bar)]
    broken = [bar for _, _, bar in told(damaged) if not is_sound(bar)]
    times = Counter(map(cell, whole))
    assert all(on_tape[cell(bar)] == bar for bar in whole)
    assert set(map(cell, broken)) <= set(on_tape) - set(times)
    assert len(set(map(cell, broken))) == len(broken) == damaged.corrupted
    assert len(on_tape) - len(times) - len(broken) == damaged.dropped
    assert Counter(times.values()) == +Counter({1: len(times) - damaged.duplicated, 2: damaged.duplicated})


@given(damages())
def test_nothing_comes_before_its_minute_is_over_or_much_later(given: tuple[Tape, Faults]) -> None:
    tape, wanted = given
    axis = SessionAxis(tape.session)
    ends = (axis.starts_ns + axis.step_ns).tolist()

    damaged = damage(tape, wanted)

    late = set()
    first: dict[Cell, int] = {}
    for slot, _, bar in told(damaged):
        own = axis.slot_of(bar.start_ns)
        assert own is not None
        is_again = cell(bar) in first
        since = first[cell(bar)] if is_again else own
        first.setdefault(cell(bar), slot)
        assert since <= slot
        # It might have come with the slot before, had that been late enough.
        assert slot == since or ends[slot - 1] < ends[since] + LONGEST_DELAY * MINUTE_NS
        late |= {cell(bar)} if slot > own and not is_again else set()
    assert len(late) == damaged.delayed


@given(damages())
def test_every_batch_is_in_order_and_says_truly_whether_it_is_sane(given: tuple[Tape, Faults]) -> None:
    tape, wanted = given

    for slot in slots_of(tape):
        for batch in damage(tape, wanted).deliveries(slot):
            keys = list(zip(batch.start_ns.tolist(), batch.names(), strict=True))
            assert keys == sorted(set(keys))
            assert len(keys) > 0
            assert batch.is_sane == all(map(is_sound, batch.bars()))
            assert not any(column.flags.writeable for column in (batch.values, batch.start_ns, batch.symbol_index))


@given(damages())
def test_a_run_of_slots_brings_what_they_bring_one_by_one(given: tuple[Tape, Faults]) -> None:
    damaged = damage(*given)
    slot, slots = 0, len(slots_of(damaged.tape))

    together: list[str] = []
    while slot < slots:
        run = damaged.run(slot)
        together += [repr(bar) for batch in damaged.deliveries(slot, run) for bar in batch.bars()]
        slot += run

    assert slot == slots
    assert together == [repr(bar) for _, _, bar in told(damaged)]


@given(damages())
def test_the_damaged_cells_are_those_that_do_not_simply_come_in_time(given: tuple[Tape, Faults]) -> None:
    tape, wanted = given
    axis = SessionAxis(tape.session)

    damaged = damage(tape, wanted)

    times = Counter(cell(bar) for _, _, bar in told(damaged))
    plain = {
        cell(bar)
        for slot, _, bar in told(damaged)
        if times[cell(bar)] == 1 and is_sound(bar) and axis.slot_of(bar.start_ns) == slot
    }
    assert damaged.cells == {cell(bar) for bar in tape.batch.bars()} - plain


@given(damages())
def test_the_same_seed_does_the_same(given: tuple[Tape, Faults]) -> None:
    assert damage(*given) == damage(*given)


# --- without faults


@pytest.mark.parametrize("wanted", [Faults(), Faults(seed=5), Faults(outages=("03:00-04:00",))])
def test_without_faults_each_slot_is_its_slice_of_the_tape(wanted: Faults) -> None:
    tape = tape_of(quiet=0.1)
    damaged = damage(tape, wanted)

    batches = [damaged.deliveries(slot) for slot in slots_of(tape)]

    edges = np.searchsorted(tape.batch.start_ns, SessionAxis(tape.session).starts_ns).tolist()
    for delivered, first, last in zip(batches, edges, [*edges[1:], len(tape.batch)], strict=True):
        assert delivered == ((tape.batch.rows(first, last),) if last > first else ())
        assert all(_memory(batch.values) == _memory(tape.batch.values[:, first:last]) for batch in delivered)
    assert damaged.cells == frozenset()
    assert (damaged.dropped, damaged.delayed, damaged.duplicated, damaged.corrupted) == (0, 0, 0, 0)
    assert damaged.run(0) == len(batches)


def _memory(values: Floats) -> int:
    return int(values.__array_interface__["data"][0])


def test_a_slot_that_nothing_happened_to_is_uncopied_among_others() -> None:
    tape = tape_of()
    damaged = damage(tape, Faults(drop=0.02, corrupt=0.02))

    whole = [batch for slot in slots_of(tape) for batch in damaged.deliveries(slot) if len(batch) == len(SYMBOLS)]

    assert len(whole) > 300
    assert all(np.shares_memory(batch.values, tape.batch.values) for batch in whole if batch.is_sane)


def test_a_tape_without_bars_brings_nothing() -> None:
    damaged = damage(Tape(session=DAY, batch=BarBatch.of(())), Faults(drop=0.5, duplicate=0.5, outages=(SEVEN,)))

    assert all(damaged.deliveries(slot) == () for slot in range(390))


# --- what is corrupted


@pytest.mark.parametrize("fields", [5, 7])
@pytest.mark.parametrize("allow_negative", [False, True])
def test_corrupted_bars_are_rejected_in_every_way_even_where_negative_prices_are_allowed(
    fields: int, *, allow_negative: bool
) -> None:
    damaged = damage(tape_of(fields=fields), Faults(corrupt=1.0))

    reasons = Counter(reason(bar, allow_negative=allow_negative) for _, _, bar in told(damaged))

    is_negative = Fault.LOW_TOO_HIGH if allow_negative else Fault.PRICE_NOT_POSITIVE
    assert set(reasons) == {Fault.NOT_FINITE, Fault.LOW_TOO_HIGH, Fault.VOLUME_NEGATIVE, is_negative}
    assert reasons.total() == damaged.corrupted == len(damaged.tape.batch)


numbers = st.floats(-1e9, 1e9) | st.just(math.nan)


@given(st.lists(st.tuples(*[numbers] * 5), min_size=1, max_size=12))
def test_whatever_a_bar_was_before_it_is_rejected_after(rows: list[tuple[float, ...]]) -> None:
    session = session_tiny(len(rows))
    starts = SessionAxis(session).starts_ns
    batch = BarBatch.build(("AAA",), np.zeros(len(rows), dtype=np.int32), starts, np.array(rows).T)

    damaged = damage(Tape(session=session, batch=batch), Faults(corrupt=1.0))

    assert not any(is_sound(bar, allow_negative=True) for _, _, bar in told(damaged))


def test_the_tape_itself_stays_whole() -> None:
    tape = tape_of()

    list(told(damage(tape, Faults(corrupt=1.0))))

    assert tape == tape_of()


def test_a_corrupted_bar_may_be_late_but_is_not_doubled() -> None:
    damaged = damage(tape_of(), Faults(corrupt=1.0, delay=1.0, duplicate=1.0))

    assert (damaged.corrupted, damaged.duplicated) == (390 * 3, 0)
    assert damaged.delayed == 389 * 3  # there is no later minute for the last one's


# --- what can be asked for


@pytest.mark.parametrize("name", CHANCES)
@pytest.mark.parametrize("wrong", [-0.1, 1.01, math.nan, math.inf])
def test_a_probability_lies_between_0_and_1(name: str, wrong: float) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is the probability for a bar, between 0 and 1, not"):
        Faults(**{name: wrong})


@pytest.mark.parametrize(
    "wrong", ["", "10:00", "10:00-", "10:00-10:00", "10:00-10:60", "24:00-10:00", "10:00-24:01", "10-11", "a-b"]
)
def test_an_outage_is_a_range_of_clock_times(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"^an outage is a range of clock times such as 10:00-10:07, not '"):
        Faults(outages=("09:30-09:31", wrong))


def test_a_seed_is_not_negative() -> None:
    with pytest.raises(SettingsError, match="seed is a whole number from 0 upwards, not -1"):
        Faults(seed=-1)


@pytest.mark.parametrize("some", [Faults(outages=(SEVEN,)), *(Faults(**{name: 0.01}) for name in CHANCES)], ids=str)
def test_there_are_no_faults_only_if_none_is_asked_for(some: Faults) -> None:
    assert Faults().is_none
    assert Faults(seed=9).is_none
    assert not some.is_none
