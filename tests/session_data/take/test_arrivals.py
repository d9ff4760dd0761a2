"""What becomes of a bar that arrives: its cell, its rank, or the reason why it is turned away."""

import itertools

import msgspec
import numpy as np
import pytest

from messages import (
    Bar,
    BarBatch,
    BarRejected,
    BarsArrived,
    BarsUpdated,
    FeedSettled,
    GetBarCount,
    GetBars,
    GetLatestBar,
    GetMetrics,
    GetQuality,
    Interval,
    Quote,
    QuotesArrived,
    RemoveSymbols,
    Taken,
    Tick,
    TicksArrived,
    Verdict,
)
from messages.values import SECOND_NS
from tests.builders import arrived, at, bar, bars, closed, minute_of, opened, session_tiny, time
from tests.session_data.streams import ask, play
from tests.session_data.telling import MONDAY, TUESDAY, core_with, counts, digest, latest, told

NAN = float("nan")
OPEN = opened(TUESDAY, ["A", "B"])


def test_a_bar_is_read_as_it_came() -> None:
    given = bar("A", "09:31", 101, open=99, high=103, low=98, volume=7)
    core = core_with(OPEN, arrived(given))
    read = ask(core, GetLatestBar(symbol="A"))

    assert read == msgspec.structs.replace(given, end_ns=at("09:32"), revision=1, tz="America/New_York")


def test_a_bar_that_comes_in_time_is_streamed_and_one_after_its_minute_is_late() -> None:
    core = core_with(OPEN, time("09:31"), arrived(bar("A", "09:30")), arrived(bar("A", "09:31")))

    assert ask(core, GetBars(symbol="A")).verdicts.tolist() == [Verdict.LATE, Verdict.STREAMED]


def test_the_same_bar_twice_changes_nothing() -> None:
    core = core_with(OPEN, arrived(bar("A")))
    before = digest(core), ask(core, GetMetrics(symbol="A"))

    assert told(core, BarsUpdated, arrived(bar("A"))) == []
    assert (digest(core), ask(core, GetMetrics(symbol="A"))) == before
    assert counts(core, "received", "accepted", "duplicates", "outranked", "revised") == (2, 1, 1, 0, 0)


def test_a_changed_plain_bar_stays_streamed_and_counts_as_revised() -> None:
    core = core_with(OPEN, arrived(bar("A", close=100)))
    (update,) = told(core, BarsUpdated, arrived(bar("A", close=101)))

    assert latest(core) == (101, Verdict.STREAMED)
    assert update.is_repair
    assert counts(core, "accepted", "duplicates", "revised") == (2, 0, 1)


def test_a_correction_replaces_a_bar_and_corrects_the_volume() -> None:
    core = core_with(OPEN, arrived(bar("A", volume=100)), arrived(bar("A", "09:31", volume=5)))
    play(core, [arrived(bar("A", volume=60), now="09:32", is_correction=True)])

    assert ask(core, GetBars(symbol="A")).verdicts.tolist() == [Verdict.CORRECTED, Verdict.STREAMED]
    assert ask(core, GetMetrics(symbol="A")).volume == 65
    assert counts(core, "accepted", "revised") == (3, 0)


def test_a_correction_for_an_empty_cell_is_a_bar_and_stays_one_when_repeated() -> None:
    first = arrived(bar("A"), is_correction=True)
    core = core_with(OPEN, first, first)

    assert latest(core) == (100, Verdict.STREAMED)
    assert counts(core, "accepted", "duplicates") == (1, 1)


def test_a_plain_bar_never_replaces_a_correction() -> None:
    core = core_with(OPEN, arrived(bar("A")), arrived(bar("A", close=102), is_correction=True))
    play(core, [arrived(bar("A", close=103))])

    assert latest(core) == (102, Verdict.CORRECTED)
    assert counts(core, "accepted", "duplicates", "outranked") == (2, 1, 1)


def test_a_bar_that_says_what_a_better_one_says_is_a_duplicate_and_not_outranked() -> None:
    core = core_with(OPEN, arrived(bar("A"), source="tape"), arrived(bar("A"), source="desk"))

    assert counts(core, "accepted", "duplicates", "outranked") == (1, 1, 0)


def test_of_one_sender_the_later_correction_wins() -> None:
    sent = [arrived(bar("A", close=price), is_correction=True) for price in (101, 102)]

    assert latest(core_with(OPEN, *sent)) == (102, Verdict.CORRECTED)


@pytest.mark.parametrize("order", [*itertools.permutations(["tape", "patch", "adept"])])
def test_of_several_senders_the_order_in_the_settings_decides_whoever_comes_first(order: tuple[str, ...]) -> None:
    prices = {"tape": 101, "patch": 102, "adept": 103}
    sent = [arrived(bar("A", close=prices[name]), source=name) for name in order]

    assert latest(core_with(OPEN, *sent, sources=("tape", "patch"))) == (101, Verdict.STREAMED)
    assert latest(core_with(OPEN, *sent, sources=("patch",))) == (102, Verdict.STREAMED)
    assert latest(core_with(OPEN, *sent, sources=())) == (103, Verdict.STREAMED)


def test_a_preferred_sender_keeps_its_rank_however_many_came_before_it() -> None:
    crowd = [arrived(bar("B", close=1 + number), source=f"desk{number:03}") for number in range(200)]
    core = core_with(OPEN, *crowd, arrived(bar("A", close=9), source="desk150"), sources=("tape",))
    play(core, [arrived(bar("A", close=5), source="tape"), arrived(bar("A", close=9), source="desk000")])

    assert latest(core) == (5, Verdict.STREAMED)


def test_beyond_the_127th_sender_all_share_one_rank_behind_the_others() -> None:
    crowd = [arrived(bar("B", close=1 + number), source=f"desk{number:03}") for number in range(127)]
    core = core_with(OPEN, *crowd, sources=("tape",))
    prices = []
    for name, price in (("early", 1), ("aaa", 2), ("desk001", 3), ("zzz", 4)):
        play(core, [arrived(bar("A", close=price), source=name)])
        prices.append(latest(core)[0])

    assert prices == [1, 2, 3, 3]


def test_bars_in_any_order_land_in_their_minutes() -> None:
    given = bars("A", "09:30", 1, 2, 3, 4)
    core = core_with(OPEN, *(arrived(given[i], now="09:34") for i in (2, 0, 3, 1)))

    assert ask(core, GetBars(symbol="A")).close.tolist() == [1, 2, 3, 4]


def test_single_bars_and_a_batch_end_in_the_same_session() -> None:
    given = [*bars("A", "09:30", 1, 2, None, 4), *bars("B", "09:30", 5, None, 7)]
    together = core_with(OPEN, arrived(*given))
    one_by_one = core_with(OPEN, *(arrived(one, now="09:34") for one in given))

    assert digest(together) == digest(one_by_one)
    assert counts(together, "received", "accepted") == counts(one_by_one, "received", "accepted") == (5, 5)


def test_an_empty_batch_changes_nothing() -> None:
    empty = BarsArrived(batch=BarBatch.of(()), now_ns=at("09:31"))

    assert play(core_with(OPEN), [empty]) == []


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (bar("A", close=NAN), "not_finite"),
        (bar("A", low=0), "price_not_positive"),
        (bar("A", high=99), "high_too_low"),
        (bar("A", low=101), "low_too_high"),
        (bar("A", volume=-1), "volume_negative"),
        (bar("A", at("09:30") + SECOND_NS), "off_the_minute"),
        (bar("A", "09:30", session=MONDAY), "not_a_session_minute"),
        (msgspec.structs.replace(bar("A"), interval=Interval.parse("5m")), "not_one_minute"),
    ],
)
def test_a_bad_bar_is_turned_away_with_its_reason(given: Bar, reason: str) -> None:
    core = core_with(OPEN)
    (rejected,) = play(core, [arrived(given, source="desk")])

    assert isinstance(rejected, BarRejected)
    assert (rejected.source, rejected.reason, rejected.bar.start_ns) == ("desk", reason, given.start_ns)
    assert ask(core, GetQuality()).reasons == ((reason, 1),)
    assert ask(core, GetBarCount(symbol="A")) == 0


def test_bad_bars_do_not_hold_up_the_good_ones_beside_them() -> None:
    core = core_with(OPEN)
    (rejected,) = told(core, BarRejected, arrived(bar("A", close=NAN), bar("B"), bar("A", "09:31")))

    assert np.isnan(rejected.bar.close)
    assert counts(core, "received", "accepted", "rejected") == (3, 2, 1)


def test_a_bar_whose_end_is_not_reached_is_turned_away() -> None:
    core = core_with(OPEN)
    (rejected,) = told(core, BarRejected, arrived(bar("A"), bar("A", "09:31"), now="09:31"))

    assert (rejected.bar.start_ns, rejected.reason) == (at("09:31"), "in_the_future")
    assert ask(core, GetBarCount(symbol="A")) == 1


def test_time_never_goes_back() -> None:
    core = core_with(OPEN, time("09:33"), time("09:31"))

    assert told(core, BarRejected, arrived(bar("A", "09:32"), now="09:31")) == []


def test_negative_prices_are_a_matter_of_the_settings() -> None:
    core = core_with(OPEN, arrived(bar("A", close=-37.63)), allow_negative=True)

    assert latest(core) == (-37.63, Verdict.STREAMED)


def test_a_bar_in_no_segment_is_kept_and_counted_but_never_in_the_grid() -> None:
    lunch = session_tiny(2, 2)
    core = core_with(opened(lunch, ["A"]), arrived(bar("A", "09:30")))
    before = digest(core), ask(core, GetMetrics(symbol="A"))
    play(core, [arrived(bar("A", "09:32")), arrived(bar("A", "09:00"))])

    assert (digest(core), ask(core, GetMetrics(symbol="A"))) == before
    assert counts(core, "received", "accepted", "outside") == (3, 3, 2)


@pytest.mark.parametrize("keep_extra", [True, False])
def test_a_bar_in_no_segment_that_says_no_more_than_the_one_before_is_a_duplicate(keep_extra: bool) -> None:
    known, unknown = bar("A", "09:00", vwap=99.5, trades=3), bar("A", "09:00")
    core = core_with(OPEN, arrived(known), arrived(unknown), arrived(known), keep_extra=keep_extra)

    assert counts(core, "accepted", "duplicates", "outside") == (1, 2, 1)


@pytest.mark.parametrize(("keep_extra", "accepted"), [(True, 3), (False, 2)])
def test_a_bar_in_no_segment_that_says_more_or_else_is_taken(keep_extra: bool, accepted: int) -> None:
    sent = [bar("A", "09:00"), bar("A", "09:00", vwap=99.5), bar("A", "09:00", 101, vwap=99.5)]
    core = core_with(OPEN, *map(arrived, sent), keep_extra=keep_extra)

    assert counts(core, "accepted", "duplicates", "outside") == (accepted, 3 - accepted, accepted)


def test_a_duplicate_that_does_not_know_the_vwap_does_not_erase_it() -> None:
    core = core_with(OPEN, arrived(bar("A", vwap=99.5, trades=3)), arrived(bar("A")), keep_extra=True)
    read = ask(core, GetLatestBar(symbol="A"))

    assert (read.vwap, read.trades) == (99.5, 3)
    assert counts(core, "accepted", "duplicates", "revised") == (1, 1, 0)


def test_without_a_session_every_bar_is_turned_away() -> None:
    rejected = told(core_with(), BarRejected, arrived(*minute_of(["A", "B"], "09:30")))

    assert [(one.bar.symbol, one.reason) for one in rejected] == [("A", "no_session"), ("B", "no_session")]


def test_what_is_accepted_rejected_and_repeated_adds_up_to_what_was_received() -> None:
    core = core_with(
        OPEN,
        arrived(*minute_of(["A", "B"], "09:30")),
        RemoveSymbols(symbols=("B",)),
        arrived(bar("A", "09:30"), bar("A", "09:31", high=1), bar("B", "09:31"), bar("A", "09:32")),
        arrived(bar("A", "09:32", 50), source="desk"),
        arrived(bar("A", "09:32", 60)),
        arrived(bar("A", "09:00")),
        closed(TUESDAY),
    )

    names = ("received", "accepted", "rejected", "duplicates", "outranked", "revised", "outside")
    assert counts(core, *names) == (9, 5, 2, 2, 1, 1, 1)
    assert ask(core, GetQuality()).reasons == (("high_too_low", 1), ("symbol_removed", 1))


def test_a_ticket_says_what_has_become_of_all_that_its_feed_sent() -> None:
    core = core_with(OPEN)
    play(core, [arrived(bar("A", "09:31", low=200.0), bar("B", "09:31"), source="wire", now="09:32")])
    play(core, [arrived(bar("A", "03:31"), source="other", now="09:32")])
    first, none = (told(core, FeedSettled, FeedSettled(feed=feed, ticket=1)) for feed in ("wire", "away"))
    play(core, [arrived(bar("B", "09:31"), source="wire", now="09:32")])
    ticks = tuple(Tick(symbol="A", at_ns=at("09:31"), price=price, size=1.0) for price in (1.0, 1.0, -1.0))
    play(core, [TicksArrived(ticks=ticks, ids=("x", "x", "y"), now_ns=at("09:32"), source="wire")])
    quotes = tuple(Quote(symbol="A", at_ns=at("09:31"), bid=bid, ask=2.0, bid_size=1, ask_size=1) for bid in (1, -1))
    play(core, [QuotesArrived(quotes=quotes, now_ns=at("09:32"), source="wire")])
    later = told(core, FeedSettled, FeedSettled(feed="wire", ticket=2))

    assert first == [FeedSettled(feed="wire", ticket=1, taken=Taken(received=2, accepted=1, rejected=1))]
    assert none == [FeedSettled(feed="away", ticket=1)]
    assert later == [FeedSettled(feed="wire", ticket=2, taken=Taken(received=8, accepted=3, rejected=3, duplicates=2))]
    assert core.troubles() == ()


def test_counts_that_do_not_add_up_are_named() -> None:
    assert core_with().troubles() == ()

    core = core_with(OPEN)
    play(core, [arrived(bar("A", "09:31"), source="wire", now="09:32")])
    core.senders.book("wire", Taken(received=1))
    (said,) = core.troubles()

    assert said == "the counts of wire do not add up: 1 accepted + 0 rejected + 0 duplicates are not 2 received"
