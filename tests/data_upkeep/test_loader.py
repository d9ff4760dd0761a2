"""Reading from a store: a tape cut to the session's minutes, and days of history as grids."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from actors.data_upkeep.loader import Loader
from actors.kernel.ports import StoredDay
from actors.market.calendar import Calendar
from actors.settings import SessionRules
from messages import (
    Bar,
    BarBatch,
    DataError,
    Interval,
    ReadFailed,
    ReadSession,
    SessionCertificate,
    SessionRead,
    Verdict,
)
from messages.values import SECOND_NS
from tests.builders import DAY, at, bar, session_xnys
from tests.certificates import certificate, run
from tests.doubles import CountingStore, FailingStore, Outbox

MONDAY = session_xnys("2024-07-01")


@cache
def xnys() -> Calendar:
    return Calendar("XNYS")


def store_with(*given: Bar, date: str = DAY.date) -> CountingStore:
    return also(CountingStore(), *given, date=date)


def also(store: CountingStore, *given: Bar, date: str, verdict: Verdict = Verdict.STREAMED) -> CountingStore:
    batch = BarBatch.of(given)
    store.merge("XNYS", date, StoredDay(bars=batch, verdicts=np.full(len(batch), verdict, np.uint8)))
    return store


def read(store: Any, rules: SessionRules | None = None, **job: Any) -> SessionRead:
    said = told(store, rules, **job)
    assert isinstance(said, SessionRead)
    return said


def told(store: Any, rules: SessionRules | None = None, **job: Any) -> object:
    outbox = Outbox()
    Loader(store, xnys(), outbox, rules=rules or SessionRules()).read(ReadSession(**{"session": DAY, **job}))
    (said,) = outbox.messages
    return said


def test_a_tape_holds_the_session_s_bars() -> None:
    given = [bar("AAPL", "09:30"), bar("MSFT", "15:59")]

    tape = read(store_with(*given)).tape

    assert (tape.session, list(tape.batch.bars()), tape.outside) == (DAY, given, 0)


def test_who_joins_is_named_with_what_was_read_for_it() -> None:
    said = read(store_with(bar("AAPL"), bar("MSFT")), symbols=("MSFT",), joining=("MSFT",))

    assert (said.joining, said.tape.batch.symbols) == (("MSFT",), ("MSFT",))


def test_bars_outside_the_session_s_minutes_are_counted_and_not_played() -> None:
    early, late, inside = bar("AAPL", "09:29"), bar("AAPL", "16:00"), bar("AAPL", "09:30")

    tape = read(store_with(early, inside, late)).tape

    assert (list(tape.batch.bars()), tape.outside) == ([inside], 2)


def test_extended_minutes_are_played_when_the_session_has_them() -> None:
    early = bar("AAPL", "09:29")

    tape = read(store_with(early), session=session_xnys(extended=True)).tape

    assert (list(tape.batch.bars()), tape.outside) == ([early], 0)


def test_a_day_of_bars_of_another_length_is_not_read() -> None:
    seconds = replace(DAY, base_interval=Interval.parse("1s"))

    failed = told(store_with(bar("AAPL")), session=seconds)

    assert isinstance(failed, ReadFailed)
    assert failed.reason == f"XNYS on {DAY.date}: the store holds bars of 1m; this system's base interval is 1s"


def test_a_tape_of_seconds_says_so_even_where_a_symbol_of_it_has_none() -> None:
    seconds = replace(DAY, base_interval=Interval.parse("1s"))
    given = [replace(bar("AAPL", at("09:30") + i * SECOND_NS), interval=seconds.base_interval) for i in (0, 1, 59)]

    tape = read(store_with(*given), session=seconds, symbols=("AAPL", "MSFT")).tape

    assert (list(tape.batch.bars()), tape.batch.symbols, tape.batch.is_sane) == (given, ("AAPL", "MSFT"), True)


def test_only_the_symbols_that_are_named_are_read() -> None:
    store = store_with(bar("AAPL"), bar("MSFT"))

    assert read(store, symbols=("MSFT",)).tape.batch.names() == ["MSFT"]
    assert store.reads == [(DAY.date, ("MSFT",))]


def test_a_symbol_that_is_named_but_absent_is_known() -> None:
    batch = read(store_with(bar("MSFT"), bar("NVDA")), symbols=("ZM", "MSFT", "AAPL")).tape.batch

    assert (batch.symbols, batch.names()) == (("AAPL", "MSFT", "ZM"), ["MSFT"])


def test_a_session_that_the_store_does_not_have_is_empty_but_knows_its_symbols() -> None:
    tape = read(store_with(bar("AAPL")), session=MONDAY, symbols=("MSFT", "AAPL")).tape

    assert (len(tape.batch), tape.batch.symbols) == (0, ("AAPL", "MSFT"))


def test_a_session_that_the_store_does_not_have_is_empty() -> None:
    assert read(store_with(bar("AAPL")), session=MONDAY).tape.batch.symbols == ()


def test_when_every_symbol_has_left_nothing_is_read() -> None:
    store = store_with(bar("AAPL"))

    tape = read(store, symbols=(), history=(DAY.date,))

    assert (len(tape.tape.batch), tape.history, store.reads) == (0, (), [])


def test_a_day_of_history_is_a_dense_grid_of_bars_and_verdicts() -> None:
    store = store_with(bar("AAPL", "09:31", 10.0, volume=5.0), bar("MSFT", "15:59", 20.0))

    (day,) = read(store, session=MONDAY, history=(DAY.date,)).history

    assert (day.session, day.symbols, day.values.shape) == (DAY, ("AAPL", "MSFT"), (390, 5, 2))
    assert day.values[1, :, 0].tolist() == [10.0, 10.0, 10.0, 10.0, 5.0]
    assert day.values[389, 3, 1] == 20.0
    assert np.isfinite(day.values[:, 3]).sum() == 2
    assert (day.verdicts == Verdict.STREAMED).sum() == 2
    assert [day.values.flags.writeable, day.verdicts.flags.writeable] == [False, False]


def test_history_keeps_the_verdicts_of_the_store() -> None:
    store = also(store_with(bar("AAPL", "09:30")), bar("AAPL", "09:31"), date=DAY.date, verdict=Verdict.FILLED)

    (day,) = read(store, session=MONDAY, history=(DAY.date,)).history

    assert day.verdicts[:3, 0].tolist() == [Verdict.STREAMED, Verdict.FILLED, Verdict.MISSING]


def test_bars_outside_a_day_of_history_are_left_out() -> None:
    (day,) = read(store_with(bar("AAPL", "09:29"), bar("AAPL")), session=MONDAY, history=(DAY.date,)).history

    assert (day.verdicts > 0).sum() == 1


@pytest.mark.parametrize(("has_extra", "fields"), [(False, 5), (True, 7)])
def test_vwap_and_trades_are_kept_by_setting(has_extra: bool, fields: int) -> None:
    store = store_with(bar("AAPL", vwap=99.5, trades=3.0))

    rules = SessionRules(keep_extra=has_extra)
    (day,) = read(store, rules, session=MONDAY, history=(DAY.date,)).history

    assert day.values.shape[1] == fields
    assert day.values[0, 5:, 0].tolist() == [99.5, 3.0][: fields - 5]


def test_planes_that_no_bar_fills_stay_unknown() -> None:
    rules = SessionRules(keep_extra=True)
    (day,) = read(store_with(bar("AAPL")), rules, session=MONDAY, history=(DAY.date,)).history

    assert np.isnan(day.values[0, 5:, 0]).all()


def test_a_date_that_is_no_session_or_not_in_the_store_is_no_history() -> None:
    store = store_with(bar("AAPL"))

    assert read(store, history=("2024-07-04", "2024-06-28", DAY.date)).history[0].session == DAY


@pytest.mark.parametrize("error", [DataError("day.parquet is torn"), OSError("the disk is gone")])
@pytest.mark.parametrize("date", [DAY.date, MONDAY.date])
def test_a_day_that_cannot_be_read_is_told_with_its_reason(error: Exception, date: str) -> None:
    store = FailingStore(also(store_with(bar("AAPL")), bar("AAPL", session=MONDAY), date=MONDAY.date), date, error)

    assert told(store, history=(MONDAY.date,)) == ReadFailed(session=DAY, reason=str(error))


class TornCertificates(CountingStore):
    def certificate(self, calendar: str, date: str) -> SessionCertificate | None:
        raise DataError(f"{date}.certificate.json is torn")


def test_a_certificate_that_cannot_be_read_is_told_with_its_reason() -> None:
    store = also(TornCertificates(), bar("AAPL"), date=DAY.date)

    assert told(store) == ReadFailed(session=DAY, reason=f"{DAY.date}.certificate.json is torn")


def test_a_tape_brings_what_the_certificate_knows_of_minutes_without_a_bar() -> None:
    store = store_with(bar("AAPL", "09:31"), bar("MSFT", "09:30"))
    runs = (run("AAPL", "09:30", "09:33"), run("MSFT", "15:59", "17:00", Verdict.ABANDONED))
    store.certify("XNYS", DAY.date, certificate("AAPL", "MSFT", runs=runs))

    tape = read(store).tape

    assert tape.runs == (
        run("AAPL", "09:30", "09:31"),
        run("AAPL", "09:32", "09:33"),
        run("MSFT", "15:59", "16:00", Verdict.ABANDONED),
    )


def test_a_tape_of_some_symbols_brings_only_their_runs() -> None:
    store = store_with(bar("AAPL"), bar("MSFT"))
    store.certify("XNYS", DAY.date, certificate("AAPL", "MSFT", runs=(run("AAPL", "10:00", "10:01"),)))

    assert read(store, symbols=("MSFT",)).tape.runs == ()
    assert read(store, symbols=("AAPL",)).tape.runs == (run("AAPL", "10:00", "10:01"),)


def test_a_certified_symbol_without_a_bar_is_part_of_the_session_again() -> None:
    store = store_with(bar("AAPL"))
    store.certify("XNYS", DAY.date, certificate("AAPL", "ZZZ", runs=(run("ZZZ", "09:30", "16:00"),)))

    tape = read(store).tape

    assert (tape.batch.symbols, tape.batch.names()) == (("AAPL", "ZZZ"), ["AAPL"])
    assert tape.runs == (run("ZZZ", "09:30", "16:00"),)
    assert read(store, symbols=("AAPL",)).tape.batch.symbols == ("AAPL",)


def test_a_certified_session_without_any_bar_is_known() -> None:
    store = CountingStore()
    store.certify("XNYS", DAY.date, certificate("ZZZ", runs=(run("ZZZ", "09:30", "16:00"),)))

    tape = read(store).tape

    assert (len(tape.batch), tape.batch.symbols, len(tape.runs)) == (0, ("ZZZ",), 1)


def test_a_day_of_history_has_the_verdicts_of_its_certificate_where_there_is_no_bar() -> None:
    store = store_with(bar("AAPL", "09:31"), bar("MSFT"))
    runs = (run("AAPL", "09:30", "09:32"), run("MSFT", "15:59", "16:00", Verdict.ABANDONED))
    store.certify("XNYS", DAY.date, certificate("AAPL", "MSFT", "ZZZ", runs=runs))

    (day,) = read(store, session=MONDAY, history=(DAY.date,)).history

    assert day.symbols == ("AAPL", "MSFT", "ZZZ")
    assert day.verdicts[:3, 0].tolist() == [Verdict.NO_TRADE, Verdict.STREAMED, Verdict.MISSING]
    assert day.verdicts[389, 1] == Verdict.ABANDONED
    assert not day.verdicts.flags.writeable


def test_a_certificate_that_knows_no_runs_changes_nothing() -> None:
    store = store_with(bar("AAPL"))
    store.certify("XNYS", DAY.date, certificate("AAPL"))

    assert read(store).tape.runs == ()
    (day,) = read(store, session=MONDAY, history=(DAY.date,)).history

    assert np.count_nonzero(day.verdicts) == 1
