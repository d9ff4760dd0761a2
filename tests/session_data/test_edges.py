"""What the properties found, each told as the one case that matters."""

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    BarsUpdated,
    GetBars,
    GetLatestBar,
    GetQuality,
    Interval,
    RemoveSymbols,
    SessionReported,
    Verdict,
)
from messages.values import ONE_MINUTE, SECOND_NS
from tests.builders import arrived, at, bar, closed, opened, time
from tests.session_data.streams import ask, play


def test_a_correction_that_comes_first_is_published_with_its_own_values() -> None:
    core = SessionDataCore()
    play(core, [opened(symbols=["A"]), arrived(bar("A", "09:30", 105), source="desk", is_correction=True)])
    (update,) = core.handle(arrived(bar("A", "09:30", 100))).out

    assert isinstance(update, BarsUpdated)
    assert [one.close for one in update.batch.bars()] == [105]
    assert ask(core, GetLatestBar(symbol="A")).verdict is Verdict.CORRECTED


def test_a_minute_that_is_still_open_is_not_empty() -> None:
    core = SessionDataCore()
    play(core, [opened(symbols=["A"]), arrived(bar("A", "09:30"), bar("A", "09:32"))])

    assert ask(core, GetBars(symbol="A")).empty_minutes == 0


def test_what_is_wrong_with_a_bar_itself_is_its_reason_whatever_comes_with_it() -> None:
    core = SessionDataCore()
    off = bar("A", at("09:30") + 30 * SECOND_NS)
    play(core, [opened(symbols=["A"]), arrived(bar("A", "09:30"), off, now="09:31")])

    assert ask(core, GetQuality()).reasons == (("off_the_minute", 1),)


def test_bars_outside_the_session_pass_the_same_gate_of_symbols() -> None:
    core = SessionDataCore(SessionRules(unknown_symbols="reject"))
    play(core, [opened(symbols=["A"]), RemoveSymbols(symbols=("A",))])
    play(core, [arrived(bar("A", "09:00")), arrived(bar("B", "09:00"))])

    assert ask(core, GetQuality()).reasons == (("symbol_removed", 1), ("unknown_symbol", 1))


def test_a_session_that_every_symbol_left_closes() -> None:
    core = SessionDataCore()
    said = play(core, [opened(symbols=["A"]), RemoveSymbols(symbols=("A",)), closed()])

    assert [told.report.symbols for told in said if isinstance(told, SessionReported)] == [()]


def test_a_late_bar_publishes_no_block_whose_last_minute_is_still_open() -> None:
    core = SessionDataCore(SessionRules(intervals=(Interval.parse("2m"),)))
    play(core, [opened(symbols=["A", "B"]), time("09:31"), arrived(bar("B", "09:31"))])
    said = play(core, [arrived(bar("A", "09:30"), now="09:32")])

    assert [update.interval for update in said if isinstance(update, BarsUpdated)] == [ONE_MINUTE]


def test_a_block_whose_last_bar_is_there_is_published_when_its_middle_closes() -> None:
    core = SessionDataCore(SessionRules(intervals=(Interval.parse("2m"),), grace_ns=90 * SECOND_NS))
    play(core, [opened(symbols=["A"]), arrived(bar("A", "09:31"))])
    said = play(core, [time(at("09:32") + 30 * SECOND_NS)])

    assert [str(update.interval) for update in said if isinstance(update, BarsUpdated)] == ["2m"]
