"""The whole market at the same minutes, against the oracle's bars laid out by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    AddSymbols,
    Bar,
    BarBatch,
    BarField,
    BarMatrix,
    BarsFilled,
    Fill,
    GetLastBars,
    GetMatrix,
    Interval,
    RemoveSymbols,
    TradingSession,
    Verdict,
)
from messages.values import MINUTE_NS, ONE_DAY, SECOND_NS
from tests.builders import DAY, arrived, bar, bars, closed, day_grid, minute_of, opened, session_tiny, time
from tests.depth import examples
from tests.oracle_day import Day
from tests.session_data.earlier import SEEDS, Past
from tests.session_data.streams import (
    INTERVALS,
    RULES,
    SESSIONS,
    SYMBOLS,
    ask,
    intervals_of,
    oracle_with,
    wild_messages,
)
from tests.session_data.telling import core_with, refusal

FIVE_FIELDS = tuple(BarField)[:5]
FILLS = st.sampled_from([None, Fill.FORWARD])
NAN = float("nan")


def laid_out(days: list[Day], bars_of: dict[str, list[Bar]], count: int, interval: Interval) -> dict[str, Any]:
    """The last rows of a matrix: of every closed block a row, in it each symbol's bar that starts with the block."""
    blocks = [(day, block) for day in days for block in day.blocks(interval) if set(block) <= day.closed][-count:]
    found = {(symbol, one.start_ns): one for symbol, given in bars_of.items() for one in given}
    cells = [[found.get((symbol, block[0])) for symbol in bars_of] for _, block in blocks]
    told = [
        [
            max(day.verdict(symbol, one) if symbol in day.symbols else Verdict.MISSING for one in block)
            for symbol in bars_of
        ]
        for day, block in blocks
    ]
    return {
        "start": [block[0] for _, block in blocks],
        "end": [block[-1] + day.step for day, block in blocks],
        "values": [[[_number(one, name) for one in row] for row in cells] for name in FIVE_FIELDS],
        "verdicts": told,
        "complete": [[one is not None and one.base_count == one.base_expected for one in row] for row in cells],
        "filled": [[one is not None and one.base_count == 0 for one in row] for row in cells],
        "short": count - len(blocks),
    }


def _best(day: Day, symbol: str, block: list[int]) -> Verdict:
    return max(day.verdict(symbol, start) for start in block) if symbol in day.symbols else Verdict.MISSING


def _number(one: Bar | None, name: str) -> float:
    return NAN if one is None else float(getattr(one, name))


def as_dict(matrix: BarMatrix) -> dict[str, Any]:
    return {
        "start": matrix.start_ns.tolist(),
        "end": matrix.end_ns.tolist(),
        "values": [matrix[name].tolist() for name in FIVE_FIELDS],
        "verdicts": matrix.verdicts.tolist(),
        "complete": matrix.is_complete.tolist(),
        "filled": matrix.is_filled.tolist(),
        "short": matrix.short,
    }


def assert_same(matrix: BarMatrix, expected: dict[str, Any], *, rounding: float = 0.0) -> None:
    """Assert that a matrix is what was laid out; NaN equals NaN."""
    got = as_dict(matrix)
    np.testing.assert_allclose(
        np.array(got.pop("values")), np.array(expected.pop("values")), rtol=rounding, atol=0, equal_nan=True
    )
    assert got == expected


@examples(100)
@given(
    data=st.data(), session=st.sampled_from(SESSIONS), rules=RULES, count=st.integers(1, 12), backwards=st.booleans()
)
def test_a_matrix_is_each_symbol_s_bars_at_the_minutes_that_all_share(
    data: st.DataObject, session: TradingSession, rules: SessionRules, count: int, backwards: bool
) -> None:
    core, oracle = SessionDataCore(rules), oracle_with(rules)
    for message in [opened(session, SYMBOLS), *data.draw(wild_messages(session))]:
        core.handle(message)
        oracle.handle(message)
    active = tuple(oracle.day.active())
    named = active[::-1] if backwards else ()
    for interval in intervals_of(session):
        matrix = ask(core, GetMatrix(count=count, interval=interval, fields=(), symbols=named))
        of_each = {symbol: oracle.bars(symbol, interval) for symbol in named or active}

        assert matrix.symbols == (named or active)
        assert_same(matrix, laid_out([oracle.day], of_each, count, interval))


@examples(150)
@given(
    seed=SEEDS,
    count=st.integers(1, 25),
    interval=st.sampled_from(INTERVALS),
    fill=FILLS,
    with_history=st.booleans(),
    is_adjusted=st.booleans(),
)
def test_with_history_filled_and_adjusted_it_equals_the_oracle(
    seed: int, count: int, interval: Interval, fill: Fill | None, with_history: bool, is_adjusted: bool
) -> None:
    past = Past(seed)
    days = [*(past.before(interval, 9) if with_history else []), past.today]
    how = {"fill": fill is not None, "is_across": True, "is_adjusted": is_adjusted}
    of_each = {symbol: past.expected(days, symbol, interval, **how) for symbol in ("A", "B")}

    matrix = ask(
        past.core,
        GetMatrix(
            count=count,
            interval=interval,
            fields=FIVE_FIELDS,
            fill=fill,
            with_history=with_history,
            is_adjusted=is_adjusted,
        ),
    )

    assert_same(matrix, laid_out(days, of_each, count, interval), rounding=1e-12)
    assert (matrix.fill, matrix.is_adjusted) == (fill, is_adjusted)


@examples(60)
@given(
    seed=SEEDS,
    count=st.integers(1, 5),
    text=st.sampled_from(["2d", "3d", "1w"]),
    fill=FILLS,
    with_history=st.booleans(),
    is_adjusted=st.booleans(),
)
def test_of_bars_of_several_sessions_it_has_what_each_symbol_s_window_has(
    seed: int, count: int, text: str, fill: Fill | None, with_history: bool, is_adjusted: bool
) -> None:
    past, interval = Past(seed), Interval.parse(text)
    how: dict[str, Any] = {"interval": interval, "fill": fill, "with_history": with_history, "is_adjusted": is_adjusted}
    matrix = ask(past.core, GetMatrix(count=count, fields=FIVE_FIELDS, **how))
    spans = list(zip(matrix.start_ns.tolist(), matrix.end_ns.tolist(), strict=True))
    found: dict[tuple[int, int], list[float]] = {}
    for column, symbol in enumerate(matrix.symbols):
        window = ask(past.core, GetLastBars(symbol=symbol, count=99, **how))
        for one in window.bars():
            rows = [row for row, (start, end) in enumerate(spans) if start <= one.start_ns < end]
            found |= {(row, column): [*numbers(one), one.base_count == 0] for row in rows}
            # On this Saturday, which a weekday's bar takes in, a symbol without a bar today has its last bar already.
            assert rows or len(matrix) == count or one.start_ns == window.start_ns[-1]
            # Without blanks a window's bar expects the minutes of those days only on which there was one.
            assert all(matrix.is_complete[row, column] == one.is_complete for row in rows if fill is not None)

    there = np.argwhere(~np.isnan(matrix["close"])).tolist()
    assert found == {
        (row, column): [*matrix.values[:, row, column].tolist(), matrix.is_filled[row, column]] for row, column in there
    }


def numbers(one: Bar) -> list[float]:
    return [_number(one, name) for name in FIVE_FIELDS]


# --- told one by one


def closes(matrix: BarMatrix) -> list[list[float | None]]:
    return [[None if np.isnan(value) else value for value in row] for row in matrix["close"].tolist()]


def test_a_hole_stays_where_it_is_and_moves_nobody_into_another_minute() -> None:
    core = core_with(opened(symbols=["A", "B"]), arrived(*bars("A", "09:30", 1, 2, 3), *bars("B", "09:30", 7, None, 9)))
    core.handle(time("09:33"))

    assert closes(ask(core, GetMatrix(count=2))) == [[2, None], [3, 9]]
    assert closes(ask(core, GetMatrix(count=2, fill=Fill.FORWARD))) == [[2, 7], [3, 9]]
    assert ask(core, GetMatrix(count=2)).verdicts[0].tolist() == [Verdict.STREAMED, Verdict.MISSING]


def test_what_is_carried_has_the_close_before_it_for_every_price_and_no_volume() -> None:
    made = bar("A", "09:30", 8, open=7, high=9, low=6, volume=5)
    core = core_with(opened(symbols=["A", "B"]), arrived(made), time("09:32"))
    fields = (BarField.VOLUME, BarField.HIGH)
    matrix = ask(core, GetMatrix(count=2, fields=fields, fill=Fill.FORWARD))

    assert matrix.fields == fields
    assert matrix["volume"].tolist()[1][0] == 0
    assert matrix["high"].tolist()[1][0] == 8
    assert matrix.is_filled.tolist() == [[False, False], [True, False]]
    assert bool(np.isnan(matrix.values[:, :, 1]).all())


def test_daily_rows_go_back_no_further_than_was_asked() -> None:
    days = [session_tiny(2, day=f"2024-07-0{number}") for number in range(1, 5)]
    history = [day_grid(day, bars("A", "09:30", 1, number, session=day)) for number, day in enumerate(days[:3])]
    core = core_with(opened(days[3], ["A"], history))

    assert closes(ask(core, GetMatrix(count=2, interval=ONE_DAY, with_history=True))) == [[1], [2]]
    assert closes(ask(core, GetMatrix(count=9, interval=Interval.parse("1w"), with_history=True))) == []


def test_who_joins_has_a_column_and_who_leaves_has_none() -> None:
    core = core_with(opened(symbols=["B"]), arrived(bar("B", close=2)), time("09:31"), AddSymbols(symbols=("A",)))
    core.handle(arrived(*minute_of("AB", "09:31", 3.0)))
    core.handle(time("09:32"))
    both = ask(core, GetMatrix(count=2))
    core.handle(RemoveSymbols(symbols=("B",)))

    assert (both.symbols, closes(both)) == (("A", "B"), [[None, 2], [3, 3]])
    assert ask(core, GetMatrix(count=2)).symbols == ("A",)
    assert refusal(core, GetMatrix(count=2, symbols=("A", "B"))).startswith("UnknownSymbol: unknown symbol 'B'")


def test_a_minute_within_its_grace_is_no_row_yet() -> None:
    core = core_with(opened(symbols=["A", "B"]), arrived(bar("A")), grace_ns=5 * SECOND_NS)
    core.handle(time("09:31"))
    before = ask(core, GetMatrix(count=1))
    core.handle(arrived(bar("B")))

    assert (len(before), before.short) == (0, 1)
    assert closes(ask(core, GetMatrix(count=1))) == [[100, 100]]


def test_a_late_bar_and_a_correction_are_in_their_rows() -> None:
    core = core_with(opened(symbols=["A", "B"]), arrived(*minute_of("A", "09:30")), time("09:32"))
    core.handle(arrived(bar("B", close=5), now="09:32"))
    core.handle(arrived(bar("A", close=6), now="09:32", is_correction=True))
    matrix = ask(core, GetMatrix(count=2))

    assert closes(matrix) == [[6, 5], [None, None]]
    assert matrix.verdicts[0].tolist() == [Verdict.CORRECTED, Verdict.LATE]


def test_a_bar_that_was_fetched_afterwards_is_in_its_row_and_in_those_of_longer_bars() -> None:
    core = core_with(
        opened(symbols=["A", "B"]), arrived(*bars("A", "09:30", 1, 2), bar("B", "09:31", 9)), time("09:32")
    )
    two = GetMatrix(count=1, interval=Interval(seconds=120), fields=(BarField.OPEN,))
    before = ask(core, two)
    core.handle(BarsFilled(session_date=DAY.date, batch=BarBatch.of([bar("B", "09:30", 8)]), source="archive"))
    after, minutes = ask(core, two), ask(core, GetMatrix(count=2))

    assert (before["open"].tolist(), before.is_complete.tolist()) == ([[1, 9]], [[True, False]])
    assert (after["open"].tolist(), after.is_complete.tolist()) == ([[1, 8]], [[True, True]])
    assert (closes(minutes), minutes.verdicts[0].tolist()) == ([[1, 8], [2, 9]], [Verdict.STREAMED, Verdict.FILLED])


def test_history_of_another_set_of_symbols_has_nothing_for_who_was_not_there() -> None:
    monday, tuesday = session_tiny(2, day="2024-07-01"), session_tiny(2, day="2024-07-02")
    wednesday = session_tiny(2, day="2024-07-03")
    history = [day_grid(monday, []), day_grid(tuesday, bars("C", "09:30", 4, 5, session=tuesday), ["C", "B"])]
    core = core_with(opened(wednesday, ["A", "C"], history), arrived(*bars("A", "09:30", 8, session=wednesday)))
    core.handle(time("09:31", session=wednesday))
    matrix = ask(core, GetMatrix(count=9, with_history=True))

    assert closes(matrix) == [[None, None], [None, None], [None, 4], [None, 5], [8, None]]
    assert matrix.short == 4
    assert closes(ask(core, GetMatrix(count=1, with_history=True, fill=Fill.FORWARD))) == [[8, 5]]


def test_a_day_is_a_row_when_its_regular_minutes_are_over() -> None:
    session = session_tiny(2, post=2)
    core = core_with(opened(session, ["A"]), arrived(*bars("A", "09:30", 1, session=session)), time("09:31"))
    before = ask(core, GetMatrix(count=1, interval=ONE_DAY))
    core.handle(arrived(*bars("A", "09:31", 2, 3, session=session)))
    core.handle(time("09:33"))

    assert len(before) == 0
    assert closes(ask(core, GetMatrix(count=1, interval=ONE_DAY))) == [[2]]


def test_after_the_close_it_is_still_there() -> None:
    session = session_tiny(2)
    core = core_with(opened(session, ["A"]), arrived(*bars("A", "09:30", 1, 2, session=session)), closed(session))

    assert closes(ask(core, GetMatrix(count=2))) == [[1], [2]]


@pytest.mark.parametrize("count", [1, 3])
def test_vwap_and_trades_are_there_where_they_are_kept(count: int) -> None:
    made = bar("A", "09:30", vwap=99.5, trades=3.0), bar("A", "09:31")
    fields = (BarField.TRADES, BarField.VWAP)
    core = core_with(opened(symbols=["A"]), arrived(*made), time("09:32"), keep_extra=True)
    matrix = ask(core, GetMatrix(count=count + 1, fields=fields))

    assert matrix["vwap"][0, 0] == 99.5
    assert matrix["trades"][0, 0] == 3.0
    assert np.isnan(matrix["vwap"][1, 0])
    plain = core_with(opened(symbols=["A"]), arrived(*made), time("09:32"))
    assert refusal(plain, GetMatrix(count=1, fields=fields)) == (
        "SettingsError: fields: trades is not kept: name it with rules={'keep_extra': True}"
    )


def test_days_that_were_stored_without_vwap_have_none() -> None:
    monday, tuesday = session_tiny(2, day="2024-07-01"), session_tiny(2, day="2024-07-02")
    history = [day_grid(monday, bars("A", "09:30", 4, 5, session=monday))]
    core = core_with(opened(tuesday, ["A"], history), keep_extra=True)
    for interval in (Interval(seconds=60), Interval(seconds=120), ONE_DAY):
        matrix = ask(
            core, GetMatrix(count=1, interval=interval, fields=(BarField.VWAP, BarField.CLOSE), with_history=True)
        )

        assert (matrix["close"].tolist(), bool(np.isnan(matrix["vwap"]).all())) == ([[5]], True)


def test_what_cannot_be_meant_is_refused() -> None:
    core = core_with(opened(symbols=["A"]))

    assert refusal(core, GetMatrix(count=0)) == "SettingsError: the number of rows is 1 or more, not 0"
    assert "no whole multiple" in refusal(core, GetMatrix(count=1, interval=Interval(seconds=90)))
    assert refusal(SessionDataCore(), GetMatrix(count=1)) == "NotReady: no session has been opened yet"


def test_what_was_answered_does_not_change_afterwards() -> None:
    core = core_with(opened(symbols=["A"]), arrived(bar("A", close=5)), time("09:31"))
    matrix = ask(core, GetMatrix(count=1))
    core.handle(arrived(bar("A", close=6), now="09:31", is_correction=True))

    assert closes(matrix) == [[5]]
    assert matrix.end_ns[0] - matrix.start_ns[0] == MINUTE_NS
    with pytest.raises(ValueError, match="read-only"):
        matrix["close"][0, 0] = 1
