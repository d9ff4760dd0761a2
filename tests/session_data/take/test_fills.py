"""Bars that were fetched for missing minutes: they land in their cells, and what follows from them is repaired."""

import pytest
from msgspec.structs import replace

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    BarBatch,
    BarRejected,
    BarsFilled,
    BarsUpdated,
    Gap,
    GapAbandoned,
    GapDetected,
    GapNarrowed,
    GetBars,
    GetLatestBar,
    GetMetrics,
    GetQuality,
    Message,
    MinuteApplied,
    MinuteClosed,
    MinuteSettled,
    NoTradeConfirmed,
    PassTicket,
    SymbolsChanged,
    Verdict,
)
from messages.values import MINUTE_NS, ONE_DAY, ONE_MINUTE, SECOND_NS, Bar
from tests.builders import arrived, at, bar, bars, opened, session_tiny, time
from tests.certificates import run
from tests.session_data.streams import ask, play
from tests.session_data.telling import FIVE, TWO, counts, digest

DAY = session_tiny(10)
RULES = {"intervals": (TWO, FIVE, ONE_DAY)}


def core_with(*messages: Message, **rules: object) -> SessionDataCore:
    core = SessionDataCore(SessionRules(**{**RULES, **rules}), has_upkeep=True)
    play(core, list(messages))
    return core


def filled(*given: Bar, source: str = "upstream", is_sane: bool = False, date: str = DAY.date) -> BarsFilled:
    return BarsFilled(session_date=date, batch=replace(BarBatch.of(given), is_sane=is_sane), source=source)


def marked(kind: type[NoTradeConfirmed] | type[GapAbandoned], symbols: str, first: int, end: int) -> Message:
    start_ns = DAY.start_ns
    gap = Gap(symbols=tuple(symbols), start_ns=start_ns + first * MINUTE_NS, end_ns=start_ns + end * MINUTE_NS)
    return kind(session_date=DAY.date, gaps=(gap,), source="upstream")


def verdicts(core: SessionDataCore, symbol: str = "A") -> str:
    """A letter for each minute of the day: what is known about it."""
    book = core._book
    assert book is not None
    letters = {Verdict(number): letter for number, letter in enumerate("-anfslc")}
    plane = book.grid.verdicts[:, book.grid.columns[symbol]]
    return "".join(letters[Verdict(number)] for number in plane.tolist())


def holed(**rules: object) -> SessionDataCore:
    """Half past nine to 09:40; A lacks 09:31 and 09:36, B has everything."""
    a = bars("A", "09:30", 1, None, 3, 4, 5, 6, None, 8, 9, 10)
    b = bars("B", "09:30", *range(1, 11))
    return core_with(opened(DAY, ["A", "B"]), arrived(*a, *b, now="09:40"), time("09:40"), **rules)


def test_a_fill_lands_in_its_cell_and_is_marked() -> None:
    core = holed()
    play(core, [filled(bar("A", "09:31", 2)), filled(bar("A", "09:36", 7))])

    assert verdicts(core) == "sfssssfsss"
    assert ask(core, GetBars(symbol="A", interval=ONE_MINUTE)).close.tolist() == list(range(1, 11))
    assert counts(core, "received", "accepted", "rejected") == (20, 20, 0)


@pytest.mark.parametrize("is_sane", [True, False])
def test_exactly_the_derived_bars_that_a_fill_belongs_to_are_published_again(is_sane: bool) -> None:
    core = holed()
    said = play(core, [filled(bar("A", "09:36", 77), is_sane=is_sane)])

    assert [
        (str(m.interval), m.start_ns, m.batch.names(), m.batch.high.tolist())
        for m in said
        if isinstance(m, BarsUpdated)
    ] == [
        ("1m", at("09:36"), ["A"], [77]),
        ("2m", at("09:36"), ["A"], [77]),
        ("5m", at("09:35"), ["A"], [77]),
        ("1d", at("09:30"), ["A"], [77]),
    ]


@pytest.mark.parametrize("is_sane", [True, False])
def test_they_have_a_higher_revision_and_are_marked_as_repairs(is_sane: bool) -> None:
    core = core_with(opened(DAY, ["A"]))
    before = play(core, [arrived(*bars("A", "09:30", 1, None, 3, 4, 5), now="09:40"), time("09:40")])
    after = play(core, [filled(bar("A", "09:31", 2), is_sane=is_sane)])
    first = max(m.revision for m in before if isinstance(m, BarsUpdated))
    derived = [m for m in after if isinstance(m, BarsUpdated) and m.interval != ONE_MINUTE]

    assert all(m.is_repair and m.revision > first for m in derived)
    assert [m.base_counts for m in derived] == [None, None, (5,)]


def test_derived_bars_after_a_fill_are_what_they_would_have_been_without_the_gap() -> None:
    whole = core_with(opened(DAY, ["A"]), arrived(*bars("A", "09:30", *range(1, 11)), now="09:40"), time("09:40"))
    core = core_with(
        opened(DAY, ["A"]), arrived(*bars("A", "09:30", None, 2, 3, None, None, 6), now="09:40"), time("09:40")
    )
    play(core, [filled(*bars("A", "09:30", 1, None, None, 4, 5, None, 7, 8, 9, 10))])

    assert digest(core) == digest(whole)


def test_minutes_of_a_fill_are_told_one_by_one() -> None:
    core = holed()
    said = play(core, [filled(bar("A", "09:31", 2), bar("A", "09:36", 7), is_sane=True)])

    assert [m.start_ns for m in said if isinstance(m, BarsUpdated) and m.interval == ONE_MINUTE] == [
        at("09:31"),
        at("09:36"),
    ]


def test_a_block_that_had_no_bar_at_all_is_published_for_the_first_time() -> None:
    core = core_with(opened(DAY, ["A"]), time("09:40"))
    said = play(core, [filled(*bars("A", "09:30", 1, 2), is_sane=True)])

    assert [str(m.interval) for m in said if isinstance(m, BarsUpdated)] == ["1m", "1m", "2m", "5m", "1d"]


def test_of_a_block_that_is_not_over_nothing_is_published_yet() -> None:
    core = core_with(opened(DAY, ["A"]), time("09:32"))
    early = play(core, [filled(bar("A", "09:30", 9), is_sane=True)])
    late = play(core, [time("09:35")])

    assert [str(m.interval) for m in early if isinstance(m, BarsUpdated)] == ["1m", "2m"]
    assert [str(m.interval) for m in late if isinstance(m, BarsUpdated)] == ["5m"]


def test_a_fill_is_never_newer_than_now() -> None:
    core = core_with(opened(DAY, ["A"]), time("09:32"))
    said = play(core, [filled(bar("A", "09:31", 2), bar("A", "09:32", 3))])

    assert [m.reason for m in said if isinstance(m, BarRejected)] == ["in_the_future"]
    assert verdicts(core) == "-f--------"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (bar("A", "09:31", low=500.0), "low_too_high"),
        (bar("A", "09:31", float("nan"), high=1, low=1), "not_finite"),
        (bar("A", at("09:31") + SECOND_NS), "off_the_minute"),
        (bar("A", "12:00"), "in_the_future"),
    ],
)
def test_fills_are_judged_like_any_bar(given: Bar, reason: str) -> None:
    core = holed()
    said = play(core, [filled(given, bar("A", "09:36", 7))])

    assert [(m.reason, m.source) for m in said if isinstance(m, BarRejected)] == [(reason, "upstream")]
    assert verdicts(core)[6] == "f"
    assert counts(core, "received", "accepted", "rejected") == (20, 19, 1)


def test_longer_bars_are_refused() -> None:
    core = holed()
    batch = replace(BarBatch.of([bar("A", "09:31", 2)]), interval=FIVE)
    said = play(core, [BarsFilled(session_date=DAY.date, batch=batch, source="upstream")])

    assert [m.reason for m in said if isinstance(m, BarRejected)] == ["not_one_minute"]


def test_a_bar_that_streamed_outranks_a_fill_whichever_comes_first() -> None:
    core = holed()
    play(core, [filled(bar("A", "09:30", 99), is_sane=True)])
    play(core, [filled(bar("A", "09:31", 99)), arrived(bar("A", "09:31", 2), now="09:40")])

    assert verdicts(core) == "slssss-sss"
    assert ask(core, GetBars(symbol="A", interval=ONE_MINUTE)).close.tolist()[:2] == [1, 2]
    assert counts(core, "outranked") == (1,)


def test_a_correction_of_a_fill_is_one() -> None:
    core = holed()
    play(core, [filled(bar("A", "09:31", 99)), arrived(bar("A", "09:31", 2), now="09:40", is_correction=True)])

    assert verdicts(core)[1] == "c"


def test_a_fill_twice_changes_nothing() -> None:
    core = holed()
    play(core, [filled(bar("A", "09:31", 2))])

    assert play(core, [filled(bar("A", "09:31", 2))]) == []
    assert counts(core, "duplicates") == (1,)


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
def test_between_two_sources_the_order_in_the_settings_decides(order: tuple[str, str]) -> None:
    core = holed(sources=("first", "second"))
    prices = {"first": 1.0, "second": 2.0}
    play(core, [filled(bar("A", "09:31", prices[source]), source=source) for source in order])

    assert ask(core, GetBars(symbol="A", interval=ONE_MINUTE)).close.tolist()[1] == 1.0


def test_a_fill_tells_nobody_that_its_own_gap_got_smaller_and_a_late_bar_does() -> None:
    core = holed()
    by_fill = play(core, [filled(bar("A", "09:31", 2))])
    by_itself = play(core, [arrived(bar("A", "09:36", 7), now="09:40", source="desk")])
    (narrowed,) = [m for m in by_itself if isinstance(m, GapNarrowed)]

    assert [m for m in by_fill if isinstance(m, GapNarrowed)] == []
    assert (narrowed.gap.symbols, narrowed.gap.start_ns, narrowed.source) == (("A",), at("09:36"), "desk")


def test_a_late_bar_for_a_minute_that_has_one_narrows_no_gap() -> None:
    core = holed()

    assert [m for m in play(core, [arrived(bar("B", "09:36", 50), now="09:40")]) if isinstance(m, GapNarrowed)] == []


def test_metrics_are_those_of_the_bars_with_the_fill() -> None:
    core = holed()
    play(core, [filled(bar("A", "09:36", 700, volume=5.0))])
    metrics = ask(core, GetMetrics(symbol="A"))

    assert (metrics.high, metrics.volume, metrics.bars) == (700, 805.0, 9)
    assert metrics.quality.verdicts.filled == 1
    assert ask(core, GetLatestBar(symbol="A")).close == 10


# --- verdicts without a bar


def test_no_trade_is_as_good_as_a_bar_and_no_bar() -> None:
    core = holed()
    play(core, [marked(NoTradeConfirmed, "A", 1, 2)])
    quality = ask(core, GetMetrics(symbol="A")).quality

    assert verdicts(core) == "snssss-sss"
    assert (quality.completeness, quality.bar_quality) == (80.0, 90.0)


def test_what_is_given_up_is_neither() -> None:
    core = holed()
    play(core, [marked(GapAbandoned, "A", 0, 10)])
    quality = ask(core, GetMetrics(symbol="A")).quality

    assert verdicts(core) == "sassssasss"
    assert (quality.completeness, quality.bar_quality, quality.verdicts.abandoned) == (80.0, 80.0, 2)


def test_a_verdict_changes_only_what_says_less() -> None:
    core = holed()
    play(core, [marked(NoTradeConfirmed, "AB", 0, 2), marked(GapAbandoned, "AB", 0, 10)])

    assert (verdicts(core, "A"), verdicts(core, "B")) == ("snssssasss", "s" * 10)


def test_a_verdict_can_still_be_replaced_by_a_fill_or_a_bar() -> None:
    core = holed()
    play(core, [marked(NoTradeConfirmed, "A", 1, 2), marked(GapAbandoned, "A", 6, 7)])
    play(core, [filled(bar("A", "09:31", 2), is_sane=True), arrived(bar("A", "09:36", 7), now="09:40")])

    assert verdicts(core) == "sfsssslsss"


def test_verdicts_are_passed_on_to_who_listens() -> None:
    core, told = holed(), marked(NoTradeConfirmed, "A", 1, 2)

    assert play(core, [told]) == [told]


def test_verdicts_of_strangers_and_of_sessions_that_are_gone_change_nothing() -> None:
    core = holed()
    before = (digest(core), verdicts(core))
    play(
        core,
        [marked(NoTradeConfirmed, "Z", 0, 10), replace(marked(GapAbandoned, "A", 0, 10), session_date="1999-01-04")],
    )

    assert (digest(core), verdicts(core)) == before


# --- what is remembered of an earlier run


def recalling(*runs: object) -> Message:
    return replace(opened(DAY, ["A", "B"]), runs=runs)


def test_no_trade_of_an_earlier_run_is_no_gap_and_what_was_given_up_is() -> None:
    known = (
        run("A", "09:31", "09:33", session=DAY),
        run("B", "09:30", "09:40", Verdict.ABANDONED, session=DAY),
    )
    core = core_with(recalling(*known))
    said = play(core, [time(f"09:{minute}") for minute in range(31, 41)])
    gaps = {(symbol, m.gap.start_ns) for m in said if isinstance(m, GapDetected) for symbol in m.gap.symbols}
    missing = {m.start_ns: m.missing for m in said if isinstance(m, MinuteClosed)}

    assert ("A", at("09:30")) in gaps
    assert ("A", at("09:31")) not in gaps
    assert {start for symbol, start in gaps if symbol == "B"} == set(missing)
    assert verdicts(core) == "-nn-------"
    assert verdicts(core, "B") == "aaaaaaaaaa"
    assert missing[at("09:31")] == ("A", "B")


def test_of_a_minute_that_is_not_over_nothing_is_known_yet() -> None:
    core = core_with(recalling(run("A", "09:30", "09:40", session=DAY)), time("09:32"))

    assert verdicts(core) == "nn--------"
    assert ask(core, GetMetrics(symbol="A")).quality.verdicts.pending == 8


def test_a_bar_that_comes_all_the_same_is_taken() -> None:
    core = core_with(recalling(run("A", "09:30", "09:40", session=DAY)), arrived(bar("A", "09:30"), now="09:31"))
    play(core, [time("09:32"), arrived(bar("A", "09:31"), now="09:32")])

    assert verdicts(core)[:3] == "sl-"


def test_a_symbol_that_joins_later_has_nothing_to_recall() -> None:
    core = core_with(recalling(run("A", "09:30", "09:40", session=DAY)), arrived(bar("C", "09:30"), now="09:31"))
    said = play(core, [time("09:33")])

    assert verdicts(core, "C") == "s---------"
    assert not [m for m in said if isinstance(m, SymbolsChanged)]


# --- tickets and grace


def test_tickets_go_to_upkeep_and_home_from_there() -> None:
    core = core_with(opened(DAY, ["A"]))

    assert play(core, [time("09:31", ticket=7)])[-1] == MinuteApplied(now_ns=at("09:31"), ticket=7)
    assert play(core, [PassTicket(ticket=7)]) == [MinuteSettled(ticket=7)]


def test_upkeep_hears_of_a_minute_after_its_gaps() -> None:
    core = core_with(opened(DAY, ["A"]))

    assert [type(m).__name__ for m in play(core, [time("09:31", ticket=1)])] == [
        "MinuteClosed",
        "GapDetected",
        "MinuteApplied",
    ]


def test_with_grace_a_minute_closes_when_it_is_complete_and_else_when_its_grace_is_over() -> None:
    core = core_with(opened(DAY, ["A", "B"]), grace_ns=5 * SECOND_NS)
    first = play(core, [arrived(bar("A", "09:30"), bar("B", "09:30"), now="09:31")])
    second = play(core, [arrived(bar("A", "09:31"), now="09:32"), time("09:32")])
    third = play(core, [time(at("09:32") + 5 * SECOND_NS)])

    assert [(m.start_ns, m.is_complete) for m in first if isinstance(m, MinuteClosed)] == [(at("09:30"), True)]
    assert [m for m in second if isinstance(m, MinuteClosed)] == []
    assert [(m.start_ns, m.missing) for m in third if isinstance(m, MinuteClosed)] == [(at("09:31"), ("B",))]
    assert [m.gap.symbols for m in third if isinstance(m, GapDetected)] == [("B",)]


def test_quality_of_the_session_counts_gaps_and_verdicts() -> None:
    core = holed()
    play(core, [filled(bar("A", "09:31", 2)), marked(NoTradeConfirmed, "A", 6, 7)])
    report = ask(core, GetQuality())

    assert (report.gaps, report.quality.bar_quality, report.quality.completeness) == (2, 100.0, 95.0)
