"""Minutes in which a symbol was halted: nobody could trade in them, so nothing of them is lost."""

from typing import Any

import msgspec
import pytest

from actors.session_data.core import SessionDataCore
from messages import (
    FeedConnected,
    FeedLost,
    Gap,
    GapDetected,
    GetGaps,
    GetQuality,
    NoTradeConfirmed,
    TradingStatusChanged,
    Verdict,
)
from messages.values import MINUTE_NS, Bar
from tests.builders import arrived, bar, opened, session_tiny
from tests.session_data.streams import ask, play
from tests.session_data.telling import core_with
from tests.session_data.trading import GRACE_NS, time

DAY = session_tiny(8)
START = DAY.start_ns
HALT_S, RESUME_S = 60.4, 4 * 60 + 0.4


def status(second: float, *, is_halted: bool | None, symbol: str = "A") -> TradingStatusChanged:
    at_ns = START + round(second * 1e9)
    return TradingStatusChanged(feed="exchange", symbol=symbol, at_ns=at_ns, code="P", message="", is_halted=is_halted)


def minute(number: int, symbols: str = "AB") -> list[Bar]:
    return [bar(symbol, START + number * MINUTE_NS) for symbol in symbols]


def lived(*extra: tuple[float, Any], without: dict[str, range], **rules: Any) -> SessionDataCore:
    """A day of two symbols minute by minute, and what else is told at some second; bars come when they are over."""
    core = core_with(opened(DAY, ("A", "B")), **{"grace_ns": GRACE_NS, **rules})
    due: list[tuple[float, Any]] = [*extra]
    for number in range(8):
        given = [one for one in minute(number) if number not in without.get(one.symbol, range(0))]
        end_s = (number + 1) * 60
        due += [(end_s + 0.1, arrived(*given, now=START + end_s * 10**9 + 10**8)), (end_s + 6, time(end_s + 6))]
    for _, message in sorted(due, key=lambda one: one[0]):
        play(core, [message])
    return core


def verdicts(core: SessionDataCore, symbol: str = "A") -> list[Verdict]:
    assert core._book is not None
    return [Verdict(int(one)) for one in core._book.grid.verdicts[:8, core._book.grid.columns[symbol]]]


S, M, N = Verdict.STREAMED, Verdict.MISSING, Verdict.NO_TRADE


def test_the_minutes_of_a_halt_are_no_trade_by_the_word_of_the_feed() -> None:
    halted = (HALT_S, status(HALT_S, is_halted=True)), (RESUME_S, status(RESUME_S, is_halted=False))
    core = lived(*halted, without={"A": range(1, 4)})

    assert verdicts(core) == [S, N, N, N, S, S, S, S]
    assert ask(core, GetQuality(symbols=("A",))).quality.bar_quality == 100.0
    assert ask(core, GetGaps()) == ()


def test_without_a_halt_they_are_missing_and_another_symbols_halt_changes_nothing() -> None:
    halted = (HALT_S, status(HALT_S, is_halted=True, symbol="B"))
    core = lived(halted, without={"A": range(1, 4)})

    assert verdicts(core) == [S, M, M, M, S, S, S, S]


@pytest.mark.parametrize(("halt_s", "first"), [(61, N), (89, N), (91, M), (119, M)])
def test_a_minute_counts_for_halted_when_it_was_for_the_greater_part(halt_s: float, first: Verdict) -> None:
    core = lived((halt_s, status(halt_s, is_halted=True)), without={"A": range(1, 8)})

    assert verdicts(core) == [S, first, *[N] * 6]


def test_a_minute_that_was_halted_in_part_is_asked_for_all_the_same() -> None:
    core = core_with(opened(DAY, ("A",)), grace_ns=GRACE_NS)
    play(core, [status(70, is_halted=True)])
    said = [one for number in range(1, 5) for one in play(core, [time(number * 60 + 6)])]

    gaps = [one.gap.start_ns - START for one in said if isinstance(one, GapDetected)]
    assert gaps == [0, MINUTE_NS]
    assert verdicts(core)[:4] == [M, N, N, N]


def test_a_halt_that_is_told_late_counts_for_minutes_that_have_closed() -> None:
    core = lived(
        (200, status(HALT_S, is_halted=True)), (RESUME_S, status(RESUME_S, is_halted=False)), without={"A": range(1, 4)}
    )

    assert verdicts(core) == [S, N, N, N, S, S, S, S]


def test_a_bar_shows_that_a_halt_is_over_although_nobody_said_so() -> None:
    core = lived((HALT_S, status(HALT_S, is_halted=True)), without={"A": range(1, 4)})
    again = lived((HALT_S, status(HALT_S, is_halted=True)), without={"A": range(1, 8)})

    assert verdicts(core) == [S, N, N, N, S, S, S, S]
    assert verdicts(again) == [S, *[N] * 7]


def test_what_comes_after_a_bar_that_ended_a_halt_is_missing_again() -> None:
    core = core_with(opened(DAY, ("A",)), grace_ns=GRACE_NS)
    play(core, [status(10, is_halted=True), time(66), time(126)])
    play(core, [arrived(bar("A", START + 2 * MINUTE_NS), now=START + 3 * MINUTE_NS)])
    play(core, [time(246), time(306)])

    assert verdicts(core)[:5] == [N, N, S, M, M]


def test_a_bar_of_a_halted_minute_takes_its_place() -> None:
    core = lived((HALT_S, status(HALT_S, is_halted=True)), without={"A": range(1, 8)})
    play(core, [arrived(bar("A", START + 2 * MINUTE_NS), now=START + 8 * MINUTE_NS)])

    assert verdicts(core)[1:4] == [N, Verdict.LATE, N]


def test_a_word_that_says_neither_changes_nothing() -> None:
    core = lived((HALT_S, status(HALT_S, is_halted=None)), without={"A": range(1, 4)})

    assert verdicts(core) == [S, M, M, M, S, S, S, S]


def test_a_halt_lasts_into_the_next_session() -> None:
    tomorrow = session_tiny(8, day="2024-07-03")
    core = lived((HALT_S, status(HALT_S, is_halted=True)), without={"A": range(1, 8)})
    play(core, [opened(tomorrow, ("A", "B")), time((tomorrow.start_ns - START) / 1e9 + 66)])

    assert verdicts(core)[0] is N


def lost(second: float, *, is_stale: bool = False) -> FeedLost:
    return FeedLost(feed="exchange", reason="gone", is_stale=is_stale, arrived_ns=START + round(second * 1e9))


def there(second: float) -> FeedConnected:
    return FeedConnected(feed="exchange", attempt=1, arrived_ns=START + round(second * 1e9))


HALTED = (HALT_S, status(HALT_S, is_halted=True))
AWAY = (150, lost(150)), (250, there(250))


def test_who_is_away_cannot_say_that_a_halt_is_over() -> None:
    core = lived(HALTED, *AWAY, without={"A": range(1, 8)})

    assert verdicts(core) == [S, N, N, M, M, M, M, M]  # halted until 150 s, for all that is known


def test_a_resumption_that_is_heard_says_that_it_was_halted_since_the_feed_was_back() -> None:
    resumed = 400, status(400, is_halted=False)
    core = lived(HALTED, *AWAY, resumed, without={"A": range(1, 7)})

    assert verdicts(core) == [S, N, N, M, N, N, N, S]  # away for 50 s of the fourth minute, and 10 s of the fifth


def test_a_bar_of_the_time_after_says_that_it_was_not() -> None:
    resumed = 400, status(400, is_halted=False)
    core = lived(HALTED, *AWAY, resumed, without={"A": range(1, 5)})

    assert verdicts(core) == [S, N, N, M, M, S, S, S]


def test_the_word_of_another_feed_stays_good() -> None:
    other = msgspec.structs.replace(status(HALT_S, is_halted=True), feed="other")
    core = lived(HALTED, (HALT_S, other), *AWAY, without={"A": range(1, 8)})

    assert verdicts(core) == [S, *[N] * 7]


@pytest.mark.parametrize(("back_s", "then"), [(152, N), (200, M)])
def test_silence_is_no_loss_where_the_connection_is_there_again_at_once(back_s: float, then: Verdict) -> None:
    core = lived(HALTED, (150, lost(150, is_stale=True)), (back_s, there(back_s)), without={"A": range(1, 8)})

    assert verdicts(core) == [S, N, N, *[then] * 5]


# --- what turns out later


def asked(core: SessionDataCore, *messages: Any) -> list[tuple[int, str]]:
    """The minutes that are asked for by these messages, and of whom."""
    gaps = [one.gap for one in play(core, [*messages]) if isinstance(one, GapDetected)]
    return [((gap.start_ns - START) // MINUTE_NS, "".join(gap.symbols)) for gap in gaps]


def test_a_resumption_that_is_told_late_has_the_minutes_after_it_asked_for() -> None:
    """
    seconds  60.4 halt       130 resumption          260 it is told
    minute   1: halted       2: for ten seconds      3: not at all
    """
    core = core_with(opened(DAY, ("A", "B")), grace_ns=GRACE_NS)
    play(core, [arrived(*minute(0), now=START + MINUTE_NS), status(HALT_S, is_halted=True)])
    for number in range(1, 4):
        play(core, [arrived(*minute(number, "B"), now=START + (number + 1) * MINUTE_NS), time(number * 60 + 66)])
    before = verdicts(core)[:4]
    late = asked(core, time(260), status(130, is_halted=False))

    assert before == [S, N, N, N]
    assert late == [(2, "A"), (3, "A")]
    assert verdicts(core)[:4] == [S, N, M, M]


@pytest.mark.parametrize(("heard_s", "found"), [(0, [N, N, N]), (100, [M, M, M]), (170, [N, M, M]), (239, [N, N, M])])
def test_a_connection_that_is_found_dead_says_nothing_of_a_halt_since_it_surely_stood(
    heard_s: int, found: list[Verdict]
) -> None:
    core = core_with(opened(DAY, ("A",)), grace_ns=GRACE_NS)
    play(core, [there(1), arrived(*minute(0, "A"), now=START + MINUTE_NS), status(HALT_S, is_halted=True)])
    play(core, [time(number * 60 + 66) for number in range(1, 4)])
    before = verdicts(core)[1:4]
    dead = FeedLost(
        feed="exchange",
        reason="gone",
        heard_until_ns=heard_s and START + heard_s * 10**9,
        arrived_ns=START + 250 * 10**9,
    )
    gone = asked(core, time(250), dead)

    assert before == [N, N, N]
    assert verdicts(core)[1:4] == found
    assert [number for number, _ in gone] == [number + 1 for number, one in enumerate(found) if one is M]


def test_what_was_found_untraded_by_somebody_else_stays_so() -> None:
    core = core_with(opened(DAY, ("A",)), grace_ns=GRACE_NS)
    play(core, [arrived(*minute(0, "A"), now=START + MINUTE_NS), time(66)])
    gap = Gap(symbols=("A",), start_ns=START + MINUTE_NS, end_ns=START + 2 * MINUTE_NS)
    confirmed = NoTradeConfirmed(session_date=DAY.date, gaps=(gap,), source="archive")
    play(core, [time(126), confirmed, status(HALT_S, is_halted=True), time(186)])

    assert asked(core, time(200), status(70, is_halted=False)) == [(2, "A")]
    assert verdicts(core)[:3] == [S, N, M]
