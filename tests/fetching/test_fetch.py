"""Days of a store filled from those who have them, session by session."""

import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from actors.fetching.fetch import FetchOptions, Wanted, fetch
from actors.fetching.report import FetchProgress, FetchReport
from actors.kernel.ports import BarSource, BarStore, SourceAnswer, StoredDay
from actors.market.axis import SessionAxis
from actors.market.certificate import certificate_of, stored_digest
from actors.market.planes import spread
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.vendors.history.pages import HistoryRefused, SymbolsRefused
from actors.vendors.history.source import VendorSource
from messages import Bar, Gap, GapOutcome, TradingSession, Verdict
from messages.tables.columns import BarBatch, BarKeys
from messages.values import MINUTE_NS
from tests.builders import DAY, HALF_DAY, at, bar
from tests.storage.days import all_regular, made_narrow
from tests.storage.days import day as stored
from tests.strangers import ENDS, IN_MAIN_THREAD
from tests.upstreams import Upstream
from tests.vendors.history.test_source import ENTRY, Vendor, source, spans

MINUTES = 390
AB = ("A", "B")


def traded(symbol: str, session: TradingSession = DAY, without: Sequence[int] = (), trades: float = 3.0) -> list[Bar]:
    """A day of a symbol, without some minutes."""
    count = (session.end_ns - session.start_ns) // MINUTE_NS
    return [
        bar(symbol, session.start_ns + number * MINUTE_NS, 100.0 + number, trades=trades, vwap=100.0)
        for number in range(count)
        if number not in without
    ]


def vendor(given: Sequence[Bar], now: str | int = HALF_DAY.end_ns + 10**15, **how: Any) -> tuple[Vendor, VendorSource]:
    client = Vendor(given, **how)
    return client, source(client, now)


def run(store: BarStore, *sources: BarSource, days: Sequence[TradingSession] = (DAY,), **options: Any) -> FetchReport:
    symbols = options.pop("symbols", AB)
    now_ns = options.pop("now_ns", HALF_DAY.end_ns + 10**15)
    wanted = [Wanted(session=day, symbols=tuple(symbols)) for day in days]
    return fetch(store, sources, wanted, FetchOptions(**options), now_ns=lambda: now_ns)


def sums(report: FetchReport) -> tuple[int, ...]:
    """Asked, filled, no trade, abandoned, unanswered."""
    return tuple(report.sum_of(name) for name in ("asked", "filled", "no_trade", "abandoned", "unanswered"))


# --- what a day comes to


def test_an_empty_store_gets_the_day_with_a_certificate_that_says_from_where() -> None:
    store = MemoryStore()
    client, asked = vendor([*traded("A", without=(7,)), *traded("B")])
    report = run(store, asked)
    certificate, day = store.certificate("XNYS", DAY.date), store.read("XNYS", DAY.date)

    assert sums(report) == (780, 779, 1, 0, 0)
    assert spans(client) == [("AB", 0, 390)]
    assert day is not None
    assert set(day.verdicts.tolist()) == {Verdict.FILLED}
    assert certificate is not None
    assert (certificate.bar_quality, certificate.issued_by) == (100.0, "fill")
    assert stored_digest(certificate, day.bars) == certificate.digest
    assert [(gap.source, gap.outcome) for gap in certificate.gaps] == [("vendor:all", GapOutcome.CLOSED)]
    assert [(run.symbol, run.verdict, run.source) for run in certificate.runs] == [
        ("A", Verdict.NO_TRADE, "vendor:all")
    ]


def test_what_was_fetched_is_never_asked_for_again_whatever_came_of_it() -> None:
    store = MemoryStore()
    client, asked = vendor([*traded("A", without=(7,), trades=90.0), *traded("B", without=(9,))])
    first, again = run(store, asked), run(store, asked)

    assert sums(first) == (780, 778, 1, 1, 0)
    assert (sums(again), again.whole) == ((0, 0, 0, 0, 0), 1)
    assert len(client.asked) == 1


@pytest.mark.parametrize("is_certified", [True, False])
def test_what_was_heard_in_part_is_asked_for_and_replaced_or_confirmed(is_certified: bool) -> None:
    store, bars = MemoryStore(), [*traded("A"), *traded("B")]
    held = BarBatch.of([*bars[:7], replace(bars[7], volume=1.0), *bars[8:]])
    is_part = (held.start_ns >= bars[7].start_ns) & (held.start_ns <= bars[8].start_ns) & (held.symbol_index == 0)
    verdicts = np.where(is_part, Verdict.IN_PART, Verdict.STREAMED).astype(np.uint8)
    store.merge("XNYS", DAY.date, StoredDay(bars=held, verdicts=verdicts, tz=DAY.tz))
    if is_certified:
        plane = spread(SessionAxis(DAY), AB, held, verdicts, 5)
        store.certify("XNYS", DAY.date, certificate_of(DAY, AB, *plane, (), issued_by="session", settled_ns=1))
    _, asked = vendor(bars)
    report = run(store, asked, is_abandoned_too=True, is_exact=True)
    certificate, day = store.certificate("XNYS", DAY.date), store.read("XNYS", DAY.date)

    assert sums(report) == (2, 2, 0, 0, 0)
    assert day is not None
    assert day.bars == BarBatch.of(bars)
    assert [int((day.verdicts == verdict).sum()) for verdict in (Verdict.FILLED, Verdict.IN_PART)] == [2, 0]
    assert certificate is not None
    assert certificate.bar_quality == 100.0
    assert sums(run(store, asked, is_abandoned_too=True, is_exact=True)) == (0, 0, 0, 0, 0)


def test_a_day_that_is_over_by_our_clock_alone_is_not_certified_to_be_untraded() -> None:
    store = MemoryStore()
    client, asked = vendor(
        [*traded("A", without=range(200, 390)), *traded("B", without=range(195, 390))], DAY.end_ns + 10**12
    )
    client.time_ns = at("12:50")
    report = run(store, asked, now_ns=DAY.end_ns + 10**12, is_complete=True)
    certificate = store.certificate("XNYS", DAY.date)

    assert sums(report) == (780, 395, 4, 0, 381)
    assert [said[:28] for said in report.clocks] == ["this computer's clock is abo"]
    assert certificate is None or max(run.end_ns for run in certificate.runs if run.verdict is Verdict.NO_TRADE) <= at(
        "12:50"
    )


def test_a_day_that_cannot_be_read_is_named_and_left_and_the_others_are_asked_for(tmp_path: Path) -> None:
    with closing(ParquetStore(made_narrow(tmp_path), segment_of=all_regular)) as store:
        store.merge(DAY.calendar, "2023-07-03", stored(bar("A", at("10:00"))))
        broken = tmp_path / f"calendar={DAY.calendar}" / "2023.parquet"
        broken.write_bytes(b"PAR1 and nothing more")
        early = replace(DAY, date="2023-07-03")
        report = run(store, vendor([*traded("A"), *traded("B")])[1], days=(early, DAY))

        assert [(day.date, day.filled, bool(day.error)) for day in report.days] == [
            ("2023-07-03", 0, True), (DAY.date, 2 * MINUTES, False),
        ]  # fmt: skip
        assert "2023.parquet cannot be read" in report.days[0].error
        assert broken.read_bytes() == b"PAR1 and nothing more"


def test_only_what_the_store_lacks_is_asked_for() -> None:
    store = MemoryStore()
    store.merge("XNYS", DAY.date, stored(*traded("A", without=(10, 11, 12, 40)), *traded("B", without=(10, 11, 12))))
    client, asked = vendor([*traded("A"), *traded("B")])
    report = run(store, asked)

    assert sums(report) == (7, 7, 0, 0, 0)
    assert sorted(spans(client)) == [("A", 40, 41), ("AB", 10, 13)]


def test_of_a_vendor_whose_answers_hold_so_many_trades_holes_within_one_are_one_question() -> None:
    """Found with Kraken's trades: the minutes of today without one were asked for one by one, and learnt nothing of."""
    thin = traded("A", without=range(5, 300, 7))
    store = MemoryStore()
    store.merge("XNYS", DAY.date, stored(*thin))
    client = Vendor(thin)
    asked = source(client, "16:30", entry=replace(ENTRY, rows_a_page=25, trades_a_page=1000, is_silence_exact=False))
    report = run(store, asked, symbols=("A",), is_exact=True, now_ns=at("16:30"))

    assert sums(report) == (43, 0, 43, 0, 0)
    assert spans(client) == [("A", 5, 300)]


def test_many_holes_are_one_question_where_that_costs_not_half_as_much() -> None:
    store = MemoryStore()
    store.merge("XNYS", DAY.date, stored(*traded("A", without=range(10, 40, 2))))
    client, asked = vendor(traded("A"))
    report = run(store, asked, symbols=("A",))

    assert sums(report) == (15, 15, 0, 0, 0)
    assert spans(client) == [("A", 10, 39)]


@pytest.mark.parametrize(("now", "questions"), [("11:00", 1), ("16:00", 15)])
def test_heal_asks_for_exactly_what_lacks_of_a_session_that_is_over(now: str, questions: int) -> None:
    store = MemoryStore()
    store.merge("XNYS", DAY.date, stored(*traded("A", without=range(10, 40, 2))))
    client, asked = vendor(traded("A"), now)
    report = run(store, asked, symbols=("A",), is_abandoned_too=True, is_exact=True, now_ns=at(now))

    assert sums(report) == (15, 15, 0, 0, 0)
    assert len(client.asked) == questions


def test_symbols_that_are_new_to_a_day_are_added_to_what_it_certifies() -> None:
    store = MemoryStore()
    _, asked = vendor([*traded("A"), *traded("B")])
    run(store, asked, symbols=("A",))
    run(store, asked, symbols=("B",))
    certificate = store.certificate("XNYS", DAY.date)

    assert certificate is not None
    assert (certificate.names, certificate.bar_quality) == (("A", "B"), 100.0)


def test_a_day_that_has_every_bar_and_no_certificate_gets_one_and_nobody_is_asked() -> None:
    store = MemoryStore()
    store.merge("XNYS", DAY.date, stored(*traded("A"), *traded("B")))
    client, asked = vendor(())
    reports = [run(store, asked, symbols=symbols) for symbols in ("A", "AB", "AB")]
    certificate = store.certificate("XNYS", DAY.date)

    assert [report.whole for report in reports] == [0, 0, 1]
    assert client.asked == []
    assert certificate is not None
    assert (certificate.names, certificate.bar_quality) == (("A", "B"), 100.0)


def test_a_day_that_still_runs_is_fetched_up_to_its_last_finished_minute_and_not_certified() -> None:
    store, now_ns = MemoryStore(), at("11:00") + MINUTE_NS // 2
    _, asked = vendor([*traded("A"), *traded("B")], now_ns)
    report = run(store, asked, now_ns=now_ns)
    day = store.read("XNYS", DAY.date)

    assert sums(report) == (180, 180, 0, 0, 0)
    assert day is not None
    assert int(day.bars.start_ns[-1]) == at("10:59")
    assert store.certificate("XNYS", DAY.date) is None


def test_bars_that_cannot_be_true_are_not_taken() -> None:
    store = MemoryStore()
    wrong = [replace(one, high=1.0) if one.start_ns == at("10:00") else one for one in traded("A")]
    _, asked = vendor(wrong)
    report = run(store, asked, symbols=("A",))

    assert sums(report) == (390, 389, 0, 1, 0)
    assert report.sum_of("refused") == 1


def test_a_symbol_that_nobody_has_is_left_open_and_named() -> None:
    store = MemoryStore()
    _, asked = vendor(traded("A"))
    report = run(store, asked)

    assert sums(report) == (780, 390, 0, 390, 0)
    assert report.silent_symbols == ("B",)


def test_a_symbol_that_is_refused_is_named_with_the_reason_and_stays_missing() -> None:
    store = MemoryStore()

    def raises(number: int) -> Exception | None:
        return SymbolsRefused("B is none", ("B",)) if number == 0 else None

    _, asked = vendor(traded("A"), raises=raises)
    report = run(store, asked)

    assert sums(report) == (780, 390, 0, 0, 390)
    assert (report.refused_symbols, report.silent_symbols) == ({"B": "B is none"}, ())


def test_who_says_that_all_is_complete_takes_silence_as_it_is() -> None:
    store = MemoryStore()
    _, asked = vendor([*traded("A", without=(7,), trades=90.0)])

    assert sums(run(store, asked, is_complete=True)) == (780, 389, 391, 0, 0)


# --- several sources, and those that fail


def test_what_one_source_has_not_the_next_is_asked_for() -> None:
    store = MemoryStore()
    _, asked = vendor([*traded("A", without=(7,), trades=90.0), *traded("B", trades=90.0)])
    other = Upstream([bar("A", at("09:37"), 5.0)], "archive", no_trade=())
    report = run(store, asked, other)
    certificate = store.certificate("XNYS", DAY.date)

    assert sums(report) == (780, 780, 0, 0, 0)
    assert other.asked == [(("A",), at("09:37"), at("09:38"))]
    assert certificate is not None
    assert {gap.source for gap in certificate.gaps} == {"vendor:all", "archive"}


def test_what_a_source_knows_to_be_untraded_is_believed() -> None:
    store = MemoryStore()
    store.merge("XNYS", DAY.date, stored(*traded("A", without=(7, 8, 9))))
    silent = Gap(symbols=("A",), start_ns=at("09:37"), end_ns=at("09:39"))
    report = run(store, Upstream(name="archive", no_trade=(silent,)), symbols=("A",))

    assert sums(report) == (3, 0, 2, 1, 0)


def test_who_holds_sessions_is_asked_once_for_all_that_is_open() -> None:
    store, archive = MemoryStore(), MemoryStore()
    store.merge("XNYS", DAY.date, stored(*traded("A", without=range(0, 300, 3)), *traded("B", without=(1, 2, 5))))
    run(archive, Upstream([*traded("A", without=(3, 7)), *traded("B", without=(5,))], is_authoritative=True))
    archive.merge("XNYS", DAY.date, stored(*traded("C")))

    class Picked(StoreSource):
        asked = 0

        def pick(self, session: TradingSession, missing: BarKeys) -> SourceAnswer:
            Picked.asked += 1
            return super().pick(session, missing)

    report = run(store, Picked(archive, "archive"), is_exact=True)

    assert (sums(report), Picked.asked) == ((103, 101, 2, 0, 0), 1)


def test_a_source_that_knows_all_need_not_say_what_it_has_not() -> None:
    store = MemoryStore()
    report = run(store, Upstream(traded("A", without=(7,)), "exchange", is_authoritative=True), symbols=("A",))

    assert sums(report) == (390, 389, 1, 0, 0)


def test_what_was_not_answered_stays_missing_and_is_asked_for_again() -> None:
    store = MemoryStore()
    _, asked = vendor([*traded("A"), *traded("B")], raises=lambda number: OSError("reset") if number < 3 else None)
    first, certificate, again = run(store, asked), store.certificate("XNYS", DAY.date), run(store, asked)

    assert certificate is None
    assert (sums(first), first.error) == ((780, 0, 0, 0, 780), None)
    assert "OSError: reset" in first.days[0].error
    assert (first.days[0].certified, first.days[0].bar_quality) == (False, None)
    assert sums(again) == (780, 780, 0, 0, 0)


class Panics(Upstream):
    def __init__(self, kind: type[BaseException]) -> None:
        super().__init__()
        self.kind = kind

    def fetch(self, session: Any, symbols: Any, start_ns: Any, end_ns: Any) -> SourceAnswer:
        raise self.kind("oops")


@pytest.mark.parametrize("kind", ENDS)
def test_a_vendor_whose_library_panics_or_exits_has_not_answered_and_others_are_asked(
    kind: type[BaseException],
) -> None:
    _, asked = vendor((), raises=lambda _: kind("oops"))
    report = run(MemoryStore(), asked, Upstream([*traded("A"), *traded("B")], is_authoritative=True))

    assert (sums(report), report.error) == ((780, 780, 0, 0, 0), None)
    assert f"the request ended with {kind.__name__}('oops')" in report.days[0].error


@pytest.mark.parametrize("kind", IN_MAIN_THREAD)
def test_a_source_of_ones_own_that_panics_or_exits_has_not_answered_and_others_are_asked(
    kind: type[BaseException],
) -> None:
    report = run(MemoryStore(), Panics(kind), Upstream([*traded("A"), *traded("B")], is_authoritative=True))

    assert (sums(report), report.days[0].error) == ((780, 780, 0, 0, 0), "oops")


def test_wrong_keys_end_it_at_once_and_the_rest_is_left() -> None:
    store = MemoryStore()
    client, asked = vendor((), raises=lambda _: HistoryRefused("forbidden"))
    report = run(store, asked, days=[replace(DAY, calendar=f"X{number}") for number in range(20)])

    assert report.error == "forbidden"
    assert 1 <= len(client.asked) <= ENTRY.at_once
    assert report.left >= 12


def test_a_source_that_fails_day_after_day_is_asked_no_more() -> None:
    store = MemoryStore()
    days = [replace(DAY, calendar=f"X{number}") for number in range(9)]
    broken = Upstream(fails=lambda _: True)
    report = run(store, broken, days=days)

    assert report.error == "upstream does not answer"
    assert (len(broken.asked), report.left) == (3, 6)


def test_a_store_that_cannot_be_written_ends_it() -> None:
    class Full(MemoryStore):
        def merge(self, calendar: str, date: str, day: Any) -> Any:
            raise OSError("no space left")

    _, asked = vendor(traded("A"))
    report = run(Full(), asked, symbols=("A",))

    assert report.error == "no space left"


# --- healing


def test_healing_asks_for_exactly_what_is_missing_or_was_abandoned() -> None:
    store, holes = MemoryStore(), (7, 8, 30, 31, 90)
    _, lossy = vendor([*traded("A", without=holes, trades=90.0), *traded("B", without=(200,), trades=90.0)])
    run(store, lossy)
    client, asked = vendor([*traded("A", trades=90.0), *traded("B", trades=90.0)])
    report = run(store, asked, is_abandoned_too=True, is_exact=True)
    certificate = store.certificate("XNYS", DAY.date)

    assert sums(report) == (6, 6, 0, 0, 0)
    assert sorted(spans(client)) == [("A", 7, 9), ("A", 30, 32), ("A", 90, 91), ("B", 200, 201)]
    assert certificate is not None
    assert (certificate.bar_quality, certificate.issued_by) == (100.0, "fill")
    assert certificate.runs == ()


# --- cut short


def test_who_interrupts_keeps_what_is_done_and_goes_on_with_the_rest() -> None:
    store, reached, over = MemoryStore(), threading.Event(), threading.Event()
    days = [replace(DAY, calendar=f"X{number}") for number in range(3)]

    class Slow(Upstream):
        def fetch(self, session: TradingSession, *more: Any) -> Any:
            if session.calendar != "X0":
                reached.set()
                over.wait(20)
                raise_if(over)
            return super().fetch(session, *more)

        def interrupt(self) -> None:
            over.set()

    wanted = [Wanted(session=day, symbols=("A",)) for day in days]
    late = HALF_DAY.end_ns + 10**15
    slow = Slow(traded("A"), is_authoritative=True)
    first = fetch(store, [slow], wanted, is_wanted=lambda: not reached.is_set(), now_ns=lambda: late)
    again = fetch(store, [Upstream(traded("A"), is_authoritative=True)], wanted, now_ns=lambda: late)

    assert (first.is_interrupted, len(first.days), first.left) == (True, 1, 2)
    assert (again.whole, len(again.days)) == (1, 2)


def raise_if(over: threading.Event) -> None:
    from messages.errors import NotReady

    if over.is_set():
        raise NotReady("closed")


def test_progress_is_told_from_the_first_to_the_last() -> None:
    told = []
    _, asked = vendor([*traded("A"), *traded("A", HALF_DAY)])
    wanted = [Wanted(session=day, symbols=("A",)) for day in (DAY, HALF_DAY)]
    fetch(MemoryStore(), [asked], wanted, on_progress=told.append, now_ns=lambda: HALF_DAY.end_ns + 10**15)

    assert (told[-1].done, told[-1].total, told[-1].filled) == (2, 2, 600)


def test_while_a_vendor_is_asked_again_progress_says_why() -> None:
    told: list[FetchProgress] = []
    over = threading.Event()

    def raises(number: int) -> Exception | None:
        if number == 0:
            return OSError("reset")
        over.wait(5)
        return None

    def listen(progress: FetchProgress) -> None:
        told.append(progress)
        if progress.trouble:
            over.set()

    _, asked = vendor(traded("A"), raises=raises)
    wanted = [Wanted(session=DAY, symbols=("A",))]
    fetch(MemoryStore(), [asked], wanted, on_progress=listen, now_ns=lambda: HALF_DAY.end_ns + 10**15)

    assert "OSError: reset" in [one.trouble for one in told]
    assert told[-1].trouble == ""
