"""Receipts and tickets: who waits for an answer gets one, with sums that add up."""

import pytest

from actors.session_data.core import SessionDataCore
from messages import (
    BarBatch,
    BarRejected,
    BarsArrived,
    BarsUpdated,
    FeedSettled,
    GetQuality,
    MinuteClosed,
    MinuteSettled,
    ReceiptSettled,
    RemoveSymbols,
)
from tests.builders import arrived, at, bar, closed, minute_of, opened, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import MONDAY, TUESDAY, WEDNESDAY, core_with, told

OPEN = opened(TUESDAY, ["A", "B"])


def settled(accepted: int = 0, rejected: int = 0, duplicates: int = 0, reasons: tuple[str, ...] = ()) -> ReceiptSettled:
    return ReceiptSettled(receipt=7, accepted=accepted, rejected=rejected, duplicates=duplicates, reasons=reasons)


def test_who_asks_for_no_receipt_gets_none() -> None:
    assert told(core_with(OPEN), ReceiptSettled, arrived(bar("A")), arrived(bar("A", high=1))) == []


def test_a_receipt_comes_after_all_that_it_stands_for() -> None:
    said = play(core_with(OPEN), [arrived(bar("A"), bar("B", high=1), receipt=7)])

    assert [type(one) for one in said] == [BarRejected, BarsUpdated, ReceiptSettled]


def test_a_receipt_counts_what_was_accepted_rejected_and_repeated() -> None:
    core = core_with(OPEN, arrived(bar("A")), RemoveSymbols(symbols=("B",)))
    sent = [*minute_of(["A", "B", "C"], "09:30"), bar("A", "09:31", volume=-1), bar("C", "09:31", low=999)]
    (receipt,) = told(core, ReceiptSettled, arrived(*sent, bar("A", "09:32"), now="09:33", receipt=7))

    assert receipt == settled(2, 3, 1, ("low_too_high", "symbol_removed", "volume_negative"))


def test_a_reason_is_named_once_however_many_bars_it_befell() -> None:
    sent = minute_of(["A", "B", "C"], "09:30", session=MONDAY)
    (receipt,) = told(core_with(OPEN), ReceiptSettled, arrived(*sent, receipt=7))

    assert receipt == settled(rejected=3, reasons=("not_a_session_minute",))


def test_the_first_bar_of_each_reason_is_named_for_who_listens_later() -> None:
    wrong = [bar("A", high=1), bar("B", high=1), bar("B", volume=-1)]
    report = ask(core_with(OPEN, arrived(*wrong, source="lines")), GetQuality())

    assert [(one.reason, one.source, one.bar.symbol) for one in report.first_rejected] == [
        ("high_too_low", "lines", "A"),
        ("volume_negative", "lines", "B"),
    ]


@pytest.mark.parametrize("count", [1, 2])
def test_without_a_session_a_receipt_says_so(count: int) -> None:
    sent = arrived(*minute_of(["A", "B"][:count], "09:30"), receipt=7)
    (receipt,) = told(core_with(), ReceiptSettled, sent)

    assert receipt == settled(rejected=count, reasons=("no_session",))


def test_an_outranked_bar_is_a_duplicate_on_its_receipt() -> None:
    core = core_with(OPEN, arrived(bar("A"), source="tape"))
    (receipt,) = told(core, ReceiptSettled, arrived(bar("A", close=7), source="desk", receipt=7))

    assert receipt == settled(duplicates=1)


def test_a_bar_kept_outside_of_the_grid_is_accepted_on_its_receipt() -> None:
    (receipt,) = told(core_with(OPEN), ReceiptSettled, arrived(bar("A", "08:00"), receipt=7))

    assert receipt == settled(accepted=1)


def test_a_repair_of_a_closed_day_is_on_the_receipt() -> None:
    core = core_with(OPEN, arrived(bar("A")), closed(TUESDAY), opened(WEDNESDAY, ["A"]))
    sent = arrived(bar("A"), bar("B"), bar("C"), receipt=7)
    (receipt,) = told(core, ReceiptSettled, sent)

    assert receipt == settled(accepted=1, rejected=1, duplicates=1, reasons=("unknown_symbol",))


def test_an_empty_batch_settles_its_receipt() -> None:
    empty = BarsArrived(batch=BarBatch.of(()), now_ns=at("09:31"), receipt=7)

    assert play(core_with(OPEN), [empty]) == [settled()]


def test_a_ticket_comes_home_after_the_minute_that_it_paid_for() -> None:
    said = play(core_with(OPEN), [time("09:31", ticket=3)])

    assert [type(one) for one in said][:1] == [MinuteClosed]
    assert said[-1] == MinuteSettled(ticket=3)


def test_without_a_ticket_nothing_comes_home() -> None:
    assert told(core_with(), MinuteSettled, OPEN, time("09:31"), closed(TUESDAY)) == []


def test_before_a_session_a_ticket_comes_home_at_once() -> None:
    assert play(core_with(), [time("09:31", ticket=3)]) == [MinuteSettled(ticket=3)]


def test_both_boundaries_send_their_ticket_home_last() -> None:
    core = core_with()
    opening = play(core, [opened(TUESDAY, ["A"], ticket=4)])
    closing = play(core, [closed(TUESDAY, ticket=5)])

    assert (opening[-1], closing[-1]) == (MinuteSettled(ticket=4), MinuteSettled(ticket=5))


def test_the_ticket_of_a_feed_goes_home_when_what_came_before_it_has_been_applied() -> None:
    core = SessionDataCore()

    assert core.handle(FeedSettled(feed="wire", ticket=3)).out == (FeedSettled(feed="wire", ticket=3),)
