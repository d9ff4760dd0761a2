"""A vendor as an upstream, where the contract does not reach: spans of today, days read whole, and what they cost."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from msgspec.structs import replace

from actors.vendors.history.asker import Persistence
from actors.vendors.history.clock import VendorClock
from actors.vendors.history.entry import HistoryEntry, Tape
from actors.vendors.history.pacer import Pacer
from actors.vendors.history.pages import (
    AskedTooMuch,
    HistoryRequest,
    NoAnswer,
    NotOutYet,
    OpenedHistory,
    Page,
    PageRequest,
    SymbolsRefused,
    VendorHistory,
)
from actors.vendors.history.source import VendorSource
from messages import Bar, BarBatch, BarKeys
from messages.errors import DataError
from messages.values import DAY_NS, MINUTE_NS, SECOND_NS, Nanos
from tests.builders import DAY, HALF_DAY, at, bars
from tests.vendors.history.test_pacer import ByHand

ENTRY = HistoryEntry(
    name="vendor",
    title="a vendor",
    opens="nowhere:nothing",
    tapes=(Tape(name="all", title="everything"), Tape(name="late", title="kept back", delay_s=900.0)),
    adjustments=("raw", "split"),
    is_silence_told=True,
    silent_after_s=60.0,
    most_symbols=2,
    cited={},
)


TODAY_NS = DAY.end_ns + 365 * 24 * 3600 * SECOND_NS


class Vendor:
    """A client in memory; what it raises is given by the number of the call."""

    def __init__(
        self, given: Sequence[Bar] = (), raises: Callable[[int], BaseException | None] = lambda _: None
    ) -> None:
        self.asked: list[PageRequest] = []
        self._bars = tuple(given)
        self._raises = raises
        self.clock = VendorClock()
        self.time_ns: Nanos = TODAY_NS
        self.closed = 0

    def page(self, request: PageRequest) -> Page:
        self.asked.append(request)
        self.clock.hear_ns(self.time_ns)
        error = self._raises(len(self.asked) - 1)
        if error is not None:
            raise error
        wanted = [bar for bar in self._bars if bar.symbol in request.symbols]
        return Page(bars=BarBatch.of(bar for bar in wanted if request.start_ns <= bar.start_ns < request.end_ns))

    def close(self) -> None:
        self.closed += 1


def source(
    vendor: VendorHistory,
    now: str | Nanos = "20:00",
    tape: str = "all",
    entry: HistoryEntry = ENTRY,
    adjustment: str = "raw",
) -> VendorSource:
    request = HistoryRequest(entry=entry, tape=tape, adjustment=adjustment, deadline_s=5.0)
    opened = OpenedHistory(client=vendor, account="x")
    time = ByHand()
    quick = Persistence(tries=3, backoff_s=1.0)
    return VendorSource(
        opened,
        request,
        now_ns=lambda: at(now) if isinstance(now, str) else now,
        persistence=quick,
        pacer=Pacer((), time),
    )


def keys(**minutes: Sequence[str]) -> BarKeys:
    """Bars by their symbols and minutes."""
    wanted = sorted((at(clock), symbol) for symbol, clocks in minutes.items() for clock in clocks)
    table = tuple(sorted(minutes))
    return BarKeys(
        symbols=table,
        symbol_index=np.array([table.index(symbol) for _, symbol in wanted], dtype=np.int32),
        start_ns=np.array([start for start, _ in wanted], dtype=np.int64),
    )


def spans(vendor: Vendor) -> list[tuple[str, int, int]]:
    """What was asked for, as minutes of the day."""
    return [
        ("".join(one.symbols), (one.start_ns - DAY.start_ns) // MINUTE_NS, (one.end_ns - DAY.start_ns) // MINUTE_NS)
        for one in vendor.asked
    ]


HOURS = [*bars("A", "09:30", *range(1, 391)), *bars("B", "09:30", *range(1, 391)), *bars("C", "09:30", 1, 2, 3)]


def test_its_name_says_which_tape_and_whether_prices_are_adjusted() -> None:
    assert source(Vendor()).name == "vendor:all"
    assert source(Vendor(), tape="late", adjustment="split").name == "vendor:late adjusted for split"
    assert (source(Vendor()).most_symbols, source(Vendor(), tape="late").delay_ns) == (2, 900 * SECOND_NS)


def test_of_a_session_at_hand_missing_minutes_are_asked_for_run_by_run_with_what_lies_around_them() -> None:
    vendor = Vendor(HOURS)
    answer = source(vendor, "13:00").pick(DAY, keys(A=("10:00", "10:05", "12:00"), B=("12:00",)))

    assert spans(vendor) == [("A", 20, 46), ("AB", 140, 161)]
    assert [(bar.symbol, bar.close) for bar in answer.bars] == [("A", 31), ("A", 36), ("A", 151), ("B", 151)]


def test_of_a_session_that_is_over_all_symbols_are_read_whole_in_chunks_and_once() -> None:
    vendor = Vendor(HOURS)
    asked = source(vendor)
    for _ in range(3):
        answer = asked.pick(DAY, keys(A=("10:00",), B=("15:00",), C=("09:31", "09:45")))

    assert spans(vendor) == [("AB", 0, 390), ("C", 0, 390)]
    assert [(bar.symbol, bar.close) for bar in answer.bars] == [("C", 2), ("A", 31), ("B", 331)]
    assert [gap.symbols for gap in answer.no_trade] == [("C",)]


def test_symbols_that_come_later_are_read_for_themselves() -> None:
    vendor = Vendor(HOURS)
    asked = source(vendor)
    asked.read_ahead(DAY, ("A",))
    asked.pick(DAY, keys(A=("10:00",), B=("10:00",)))

    assert spans(vendor) == [("A", 0, 390), ("B", 0, 390)]


def test_a_few_minutes_of_a_session_of_very_many_pages_are_asked_for_alone() -> None:
    vendor = Vendor(HOURS)
    asked = source(vendor, entry=replace(ENTRY, rows_a_page=5))
    asked.pick(DAY, keys(A=("10:00",)))

    assert spans(vendor) == [("A", 20, 41)]


def test_a_session_that_is_not_over_is_not_read_ahead() -> None:
    vendor = Vendor(HOURS)
    source(vendor, "16:00").read_ahead(DAY, ("A",))

    assert vendor.asked == []


def test_only_the_last_few_sessions_are_held() -> None:
    vendor = Vendor(HOURS)
    asked = source(vendor, HALF_DAY.end_ns + 10**15)
    days = [replace(DAY, calendar=f"X{number}") for number in range(5)]
    for day in days:
        asked.read_ahead(day, ("A",))

    assert [asked.holds(day, ("A",)) for day in days] == [False, True, True, True, True]


class Timeless:
    """The same, if it said nothing of the time."""

    def __init__(self, vendor: Vendor) -> None:
        self.page, self.close = vendor.page, vendor.close


def test_of_a_vendor_that_tells_no_time_only_what_lies_before_its_newest_minute_is_over() -> None:
    client = Timeless(Vendor([*bars("A", "09:30", *range(1, 31)), *bars("B", "09:30", 1, 2, 3)]))
    for now_ns, until_ns in ((at("16:30"), at("09:59")), (at("16:30") + 24 * 3600 * SECOND_NS, DAY.end_ns)):
        asked = source(client, now_ns)
        answer = asked.fetch(DAY, "AB", DAY.start_ns, DAY.end_ns)

        assert max(gap.end_ns for gap in answer.no_trade) == until_ns
        assert asked.clock_trouble == ""


def test_waits_between_tries_double_and_are_counted() -> None:
    asked = source(Vendor(HOURS, lambda number: OSError("reset") if number < 2 else None))
    asked.ask(DAY, ("A",), at("10:00"), at("10:01"))

    assert asked.requests == 3
    assert 3.0 <= asked.waited_s < 3.7


def test_who_was_there_once_is_waited_for_and_who_never_was_is_not() -> None:
    gone = ConnectionRefusedError("nobody listens")
    never, once = (Vendor(HOURS, lambda number, after=after: None if number < after else gone) for after in (0, 1))
    asked = [source(vendor) for vendor in (never, once)]
    asked[1].fetch(DAY, "A", at("09:30"), at("09:35"))
    for one, times in zip(asked, (2, 3), strict=True):
        with pytest.raises(NoAnswer, match=f"^vendor:all was asked {times} times: ConnectionRefusedError: nobody"):
            one.fetch(DAY, "A", at("09:30"), at("09:35"))

    assert (len(never.asked), len(once.asked)) == (2, 4)


def test_an_error_that_is_its_own_cause_is_an_error() -> None:
    error = NoAnswer("what came is no JSON")
    error.__cause__ = error
    with pytest.raises(NoAnswer, match="was asked 3 times: what came is no JSON"):
        source(Vendor(HOURS, lambda _: error)).fetch(DAY, "A", at("09:30"), at("09:35"))


def test_a_stranger_error_is_a_failure_that_names_it() -> None:
    with pytest.raises(NoAnswer, match="vendor:all was asked 3 times: OSError: reset"):
        source(Vendor(raises=lambda _: OSError("reset"))).ask(DAY, ("A",), at("10:00"), at("10:01"))


def test_a_rest_that_the_vendor_asks_for_is_taken_and_one_that_is_too_long_is_a_failure() -> None:
    asked = source(Vendor(HOURS, lambda number: None if number else AskedTooMuch("busy", 30.0)))
    asked.ask(DAY, ("A",), at("10:00"), at("10:01"))

    assert 30.0 <= asked.waited_s < 32.0
    with pytest.raises(AskedTooMuch):
        source(Vendor(raises=lambda _: AskedTooMuch("busy", 3600.0))).ask(DAY, ("A",), at("10:00"), at("10:01"))


def test_what_is_kept_back_longer_than_was_thought_is_asked_for_later() -> None:
    vendor = Vendor(HOURS, lambda number: None if number else NotOutYet("recent", 600.0))
    asked = source(vendor, "10:20")
    found = asked.ask(DAY, ("A",), at("10:00"), at("10:20"))

    assert spans(vendor) == [("A", 30, 50), ("A", 30, 40)]
    assert (len(found.bars), asked.delay_ns) == (10, 600 * SECOND_NS)


def test_a_vendor_that_keeps_back_what_it_says_it_has_is_a_failure() -> None:
    with pytest.raises(NotOutYet):
        source(Vendor(raises=lambda _: NotOutYet("recent", 600.0)), "10:20").ask(DAY, ("A",), at("10:00"), at("10:20"))


def test_a_refusal_of_symbols_that_were_not_asked_for_is_no_answer() -> None:
    with pytest.raises(DataError, match="Z is none"):
        source(Vendor(raises=lambda _: SymbolsRefused("Z is none", ("Z",)))).ask(DAY, ("A",), at("10:00"), at("10:01"))


def test_a_symbol_that_is_refused_in_a_span_may_have_bars_in_another() -> None:
    vendor = Vendor(
        HOURS, lambda number: SymbolsRefused("B is not yet", ("B",), is_of_span=True) if number == 0 else None
    )
    asked = source(vendor, at("20:00") + 30 * DAY_NS)
    first, again = (asked.ask(DAY, ("A", "B"), at("10:00"), at("10:01")) for _ in range(2))
    later = asked.ask(HALF_DAY, ("A", "B"), HALF_DAY.start_ns, HALF_DAY.end_ns)

    assert (first.refused, again.refused, later.refused) == (("B",), ("B",), ())
    assert asked.refused == {"B": "B is not yet"}


class Renames(Vendor):
    """One that answers for a symbol with another, as if that were what was asked for."""

    def page(self, request: PageRequest) -> Page:
        bars = super().page(replace(request, symbols=("A", "NEW"))).bars
        return Page(bars=bars)


@pytest.mark.parametrize("is_exact", [False, True])
def test_an_answer_under_another_name_is_told_and_is_no_silence(is_exact: bool) -> None:
    vendor = Renames([*bars("A", "09:30", *range(1, 391)), *bars("NEW", "09:30", *range(1, 391))])
    asked = source(vendor, entry=replace(ENTRY, is_silence_exact=is_exact))
    answer = asked.fetch(DAY, ("A", "OLD"), DAY.start_ns, DAY.end_ns)

    assert (len(answer.bars), answer.no_trade) == (390, ())
    assert asked.refused == {"OLD": "vendor:all answers for OLD with NEW"}


def test_a_vendor_that_refuses_everybody_has_nothing() -> None:
    vendor = Vendor(raises=lambda _: SymbolsRefused("none of these", ("A", "B")))
    asked = source(vendor)
    found = asked.ask(DAY, ("A", "B"), at("10:00"), at("10:01"))

    assert (len(found.bars), found.refused, len(vendor.asked)) == (0, ("A", "B"), 1)
    assert asked.refused == {"A": "none of these", "B": "none of these"}


def test_closing_it_leaves_the_vendor_twice_at_most() -> None:
    vendor = Vendor()
    asked = source(vendor)
    asked.close()
    asked.close()

    assert vendor.closed == 2
