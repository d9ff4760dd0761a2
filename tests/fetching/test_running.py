"""A session that still runs is asked for nothing twice: what was found untraded of it is kept until it is certified."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from actors.fetching.report import FetchReport
from actors.kernel.ports import BarStore
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.store import Store
from actors.system import System
from messages import Bar, Verdict, VerdictRun
from messages.values import MINUTE_NS
from tests.builders import DAY, at, bar
from tests.contracts.stores import STORES
from tests.fetching.test_fetch import run, source, spans, sums, traded, vendor
from tests.storage.days import day as stored
from tests.storage.dying import killed_after
from tests.vendors.history.test_source import Vendor

HOLES = (20, 40, 41)
OTHERS = [*traded("A", without=HOLES), *traded("B", without=(60,))]


def fetched(
    store: BarStore, now: str, given: Sequence[Bar] = OTHERS, symbols: str = "AB", **how: bool
) -> tuple[Vendor, FetchReport]:
    client, asked = vendor(given, at(now))
    return client, run(store, asked, now_ns=at(now), symbols=tuple(symbols), **how)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[BarStore]:
    with request.param() as opened:
        yield opened


def test_what_was_found_untraded_of_a_day_that_runs_is_not_asked_for_again(store: BarStore) -> None:
    _, first = fetched(store, "11:00")
    same, again = fetched(store, "11:00")
    healer, healed = fetched(store, "11:00", is_abandoned_too=True, is_exact=True)
    later, more = fetched(store, "11:30")
    last, rest = fetched(store, "20:00")
    certificate = store.certificate("XNYS", DAY.date)

    assert sums(first) == (180, 176, 4, 0, 0)
    assert (sums(again), same.asked) == ((0, 0, 0, 0, 0), [])
    assert (sums(healed), healer.asked) == ((0, 0, 0, 0, 0), [])
    assert (sums(more), spans(later)) == ((60, 60, 0, 0, 0), [("AB", 90, 120)])
    assert (sums(rest), spans(last)) == ((540, 540, 0, 0, 0), [("AB", 120, 390)])
    assert certificate is not None
    assert certificate.bar_quality == 100.0
    assert certificate.runs == tuple(
        VerdictRun(
            symbol=symbol,
            verdict=Verdict.NO_TRADE,
            start_ns=DAY.start_ns + first * MINUTE_NS,
            end_ns=DAY.start_ns + end * MINUTE_NS,
            source="vendor:all",
        )
        for symbol, first, end in (("A", 20, 21), ("A", 40, 42), ("B", 60, 61))
    )


def test_a_day_that_runs_is_not_certified_for_that(store: BarStore) -> None:
    fetched(store, "11:00")

    assert (store.certificate("XNYS", DAY.date), store.certified("XNYS")) == (None, ())


def test_what_is_not_out_yet_is_not_kept_as_untraded() -> None:
    store = MemoryStore()
    client = Vendor([*traded("A", without=range(70, 90)), *traded("B")])
    late = source(client, at("11:00"), tape="late")
    run(store, late, now_ns=at("11:00"), is_complete=True)
    kept = store.untraded("XNYS", DAY.date)

    assert [(one.symbol, one.start_ns, one.end_ns) for one in kept] == [("A", at("10:40"), at("10:45"))]


def test_a_minute_that_is_not_over_by_the_vendors_own_clock_is_not_kept() -> None:
    store = MemoryStore()
    client, asked = vendor([*traded("A", without=range(70, 90)), *traded("B")], at("11:00"))
    client.time_ns = at("10:50")
    run(store, asked, now_ns=at("11:00"), is_complete=True)

    assert max(one.end_ns for one in store.untraded("XNYS", DAY.date)) <= at("10:50")


def test_what_is_only_doubtful_is_asked_for_again() -> None:
    store, busy = MemoryStore(), [*traded("A", without=(20,), trades=90.0), *traded("B", trades=90.0)]
    _, first = fetched(store, "11:00", busy)
    client, again = fetched(store, "11:00", busy)

    assert (sums(first), store.untraded("XNYS", DAY.date)) == ((180, 179, 0, 1, 0), ())
    assert (sums(again), spans(client)) == ((1, 0, 0, 1, 0), [("A", 20, 21)])


def test_a_bar_that_comes_later_goes_before_it() -> None:
    store = MemoryStore()
    fetched(store, "11:00")
    store.merge("XNYS", DAY.date, stored(bar("A", at("09:50"), 7.0)))
    fetched(store, "20:00")
    certificate, day = store.certificate("XNYS", DAY.date), store.read("XNYS", DAY.date, ("A",))

    assert certificate is not None
    assert [one.start_ns for one in certificate.runs] == [at("10:10"), at("10:30")]
    assert day is not None
    assert day.bars.values[3, day.bars.start_ns == at("09:50")].tolist() == [7.0]
    assert certificate.bar_quality == 100.0


def test_symbols_that_others_fetched_while_the_day_ran_are_not_asked_for_twice_either() -> None:
    store = MemoryStore()
    fetched(store, "11:00", symbols="A")
    fetched(store, "20:00", symbols="B")
    client, report = fetched(store, "20:00")
    certificate = store.certificate("XNYS", DAY.date)

    assert (sums(report), spans(client)) == ((300, 300, 0, 0, 0), [("A", 90, 390)])
    assert certificate is not None
    assert (certificate.names, certificate.bar_quality) == (("A", "B"), 100.0)


def test_a_certificate_that_says_less_is_made_anew_and_nobody_is_asked() -> None:
    store = MemoryStore()
    fetched(store, "20:00", traded("A", without=HOLES, trades=90.0), symbols="A")
    silent = VerdictRun(
        symbol="A", verdict=Verdict.NO_TRADE, start_ns=at("09:50"), end_ns=at("09:51"), source="vendor:all"
    )
    store.note_untraded("XNYS", DAY.date, [silent])
    client, healed = fetched(store, "20:00", traded("A"), symbols="A", is_abandoned_too=True, is_exact=True)
    certificate = store.certificate("XNYS", DAY.date)

    assert (sums(healed), spans(client)) == ((2, 2, 0, 0, 0), [("A", 40, 42)])
    assert certificate is not None
    assert (certificate.runs, certificate.bar_quality) == ((silent,), 100.0)


def test_who_is_killed_between_bars_and_what_is_untraded_asks_again_and_nothing_wrong_is_kept(tmp_path: Path) -> None:
    seen = set()
    for survived in range(30):
        root = tmp_path / f"{survived}"
        with closing(ParquetStore(root)) as store, killed_after(survived):
            fetched(store, "11:00")
        with closing(ParquetStore(root)) as store:
            held, kept = store.read("XNYS", DAY.date), store.untraded("XNYS", DAY.date)
            seen.add((0 if held is None else len(held.bars), len(kept)))
            fetched(store, "11:00")
            client, again = fetched(store, "11:00")

            assert (sums(again), client.asked) == ((0, 0, 0, 0, 0), [])

    assert seen == {(0, 0), (176, 0), (176, 3)}


# --- who reads the day


def test_who_fills_from_the_store_is_told_that_it_was_untraded() -> None:
    store = MemoryStore()
    fetched(store, "11:00")
    answer = StoreSource(store, "archive").fetch(DAY, ("A",), at("09:45"), at("10:11"))

    assert [(gap.symbols, gap.start_ns, gap.end_ns) for gap in answer.no_trade] == [
        (("A",), at("09:50"), at("09:51")),
        (("A",), at("10:10"), at("10:11")),
    ]


def test_who_plays_the_day_so_far_or_reads_it_sees_it_too(tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path)) as store:
        fetched(store, "11:00")
    with System.backtest(tmp_path, start=DAY.date) as system:
        system.run(timeout=30)
        verdicts = system.quality().get(timeout=10).quality.verdicts
    plane = Store(tmp_path).verdicts(DAY.date)

    assert (verdicts.no_trade, verdicts.missing + verdicts.abandoned) == (4, 600)
    assert int((plane.verdicts == Verdict.NO_TRADE).sum()) == 4
