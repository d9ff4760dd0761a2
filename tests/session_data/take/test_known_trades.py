"""One id is one trade: however often, and on however many connections, it is sent."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from actors.session_data.take.known_trades import KnownTrades
from messages import AmendmentMissed, FeedConnected, FeedLost, GetQuality, GetTicks, Tick
from messages.values import DAY_NS, MINUTE_NS
from tests.builders import opened
from tests.session_data.streams import ask, play
from tests.session_data.telling import WEDNESDAY
from tests.session_data.trading import (
    FEED,
    after,
    came,
    cancelled,
    connected,
    corrected,
    rows,
    time,
    trade,
    trading,
)

HOUR_NS = 60 * MINUTE_NS
PAIR = came(trade(1, 101, 2), trade(2, 103, 3), ids=("x", "y"))


def again(second: float) -> tuple[FeedLost, FeedConnected]:
    """The connection is lost, and made again at once."""
    return FeedLost(feed=FEED, reason="gone", arrived_ns=after(second)), connected(second)


def received(core: SessionDataCore) -> tuple[int, int, int]:
    """What was received beside bars, what was a repeat, and the trades that were taken."""
    report = ask(core, GetQuality())
    return report.received - report.accepted - report.rejected, report.duplicates, report.ticks


def test_a_trade_that_is_sent_twice_counts_once() -> None:
    core = trading(PAIR, PAIR, came(trade(2, 103, 3), trade(3, 104, 4), ids=("y", "z")), time(65))

    assert rows(core) == [(101, 104, 101, 104, 9)]
    assert received(core) == (3, 3, 3)
    assert len(ask(core, GetTicks(symbol="A", count=9))) == 3


def test_a_snapshot_on_another_connection_changes_no_bar() -> None:
    core = trading(connected(), PAIR, time(65))

    play(core, [*again(70), came(trade(1, 101, 2), trade(2, 103, 3), now=75, ids=("x", "y")), time(76)])

    assert rows(core) == [(101, 103, 101, 103, 5)]
    assert received(core)[1] == 2


def test_a_symbol_whose_trades_are_repeated_from_one_that_was_known_lacks_nothing() -> None:
    core = trading(connected(), came(trade(1), trade(2, symbol="B"), ids=("x", "b")), symbols=("A", "B"))
    play(core, [came(trade(3), ids=("y",))])
    play(core, [*again(30), came(trade(3), trade(20), now=31, ids=("y", "z")), time(65)])
    assert (rows(core), rows(core, "B")) == ([(100, 100, 100, 100, 3)], [])

    play(core, [came(trade(2, symbol="B"), trade(50, symbol="B"), now=70, ids=("b", "c")), time(71)])
    assert rows(core, "B") == [(100, 100, 100, 100, 2)]  # as soon as that is known


def test_a_symbol_of_which_something_new_comes_first_may_lack_something() -> None:
    core = trading(connected(), came(trade(1), trade(2), ids=("w", "x")))
    play(core, [*again(30), came(trade(31), trade(2), now=32, ids=("z", "x")), time(65)])

    assert rows(core) == []


def test_a_feed_that_begins_anew_with_its_first_trade_lacks_nothing_of_anybody_however_far_behind_it_is() -> None:
    core = trading(connected(), came(trade(1), ids=("w",)), symbols=("A", "B"))
    later = [came(trade(second, symbol="B"), now=7200, ids=(f"{second}",)) for second in (50, 70, 110, 130)]
    play(core, [*again(3600), time(7200), came(trade(1), now=7200, ids=("w",))])
    for message in later:
        play(core, [message, time(7200)])

    assert rows(core, "B") == [(100, 100, 100, 100, volume) for volume in (1, 2, 1)]
    assert ask(core, GetQuality()).bad_prints == ()


def test_the_same_id_of_another_symbol_or_feed_is_another_trade() -> None:
    core = trading(
        PAIR, came(trade(1, 50, 1, "B"), ids=("x",)), came(trade(1, 51), ids=("x",), source="other"), time(65)
    )

    assert received(core)[1] == 0


def test_trades_without_an_id_all_count() -> None:
    core = trading(came(trade(1), trade(1), ids=("", "x")), came(trade(1)), came(trade(1)), time(65))

    assert rows(core) == [(100, 100, 100, 100, 4)]


def test_a_trade_that_was_refused_may_be_sent_again() -> None:
    core = trading(came(trade(3), now=1, ids=("x",)), came(trade(3), ids=("x",)), time(65))

    assert rows(core) == [(100, 100, 100, 100, 1)]


def test_a_cancelled_trade_does_not_come_back_and_is_cancelled_once() -> None:
    core = trading(PAIR, cancelled("y"), time(65))

    said = play(core, [PAIR, cancelled("y")])
    missed = [event for event in said if isinstance(event, AmendmentMissed)]

    assert missed == []
    assert rows(core) == [(101, 101, 101, 101, 2)]


def test_a_corrected_trade_is_known_by_both_its_names() -> None:
    core = trading(PAIR, corrected("y", price=102, corrected_id="z"))
    play(core, [PAIR, came(trade(2, 102, 3), ids=("z",)), time(65)])

    assert rows(core) == [(101, 102, 101, 102, 5)]


def test_an_amendment_that_came_before_its_trade_is_heard_when_it_comes_again() -> None:
    core = trading(cancelled("y"), PAIR, cancelled("y"), time(65))

    assert rows(core) == [(101, 101, 101, 101, 2)]


def test_an_id_is_given_anew_on_the_next_day() -> None:
    core = trading(PAIR, time(300))
    next_day = Tick(symbol="A", at_ns=WEDNESDAY.start_ns, price=100.0, size=1.0)
    play(core, [opened(WEDNESDAY, ("A",)), came(next_day, now=DAY_NS / 10**9, ids=("x",))])

    assert received(core)[1:] == (0, 1)


def test_an_id_is_given_anew_in_the_next_session_of_the_same_day() -> None:
    known = KnownTrades(10)
    first, second = (Tick(symbol="A", at_ns=hour * HOUR_NS, price=1.0, size=1.0) for hour in (20, 22))

    assert known.are_new([first], ["1"], [""]) == [True]
    known.open(22 * HOUR_NS)
    assert known.are_new([second, first, second], ["1"] * 3, [""] * 3) == [True, False, False]


@given(st.integers(1, 40), st.lists(st.integers(0, 60), max_size=200))
def test_at_least_so_many_ids_are_remembered_and_half_as_many_more_at_most(most: int, numbers: list[int]) -> None:
    known, seen = KnownTrades(most), list[int]()
    for number in numbers:
        (is_new,) = known.are_new([Tick(symbol="A", at_ns=0, price=1.0, size=1.0)], [str(number)], [""])
        recent = set(seen[-most:])
        assert number not in recent or not is_new
        assert number in seen or is_new
        seen.append(number)

    assert len(known) <= most + (most + 1) // 2 + 1


@given(
    st.integers(1, 20),
    st.lists(st.tuples(st.sampled_from(["", *"abcdefgh"]), st.integers(0, 40), st.booleans()), max_size=80),
    st.lists(st.integers(0, 80), max_size=6),
)
def test_many_at_once_are_remembered_as_one_after_the_other(
    most: int, sent: list[tuple[str, int, bool]], cuts: list[int]
) -> None:
    trades = [Tick(symbol="A", at_ns=hour * HOUR_NS, price=1.0, size=1.0) for _, hour, _ in sent]
    names, reasons = [name for name, _, _ in sent], ["too_late" if is_late else "" for _, _, is_late in sent]
    single, together = KnownTrades(most), KnownTrades(most)
    for known in (single, together):
        known.open(22 * HOUR_NS)

    alone = [single.are_new([trades[at]], [names[at]], [reasons[at]])[0] for at in range(len(sent))]
    edges = sorted({0, *(min(cut, len(sent)) for cut in cuts), len(sent)})
    many = [
        is_new
        for first, last in itertools.pairwise(edges)
        for is_new in together.are_new(trades[first:last], names[first:last], reasons[first:last])
    ]
    assert many == alone
    assert together._parts == single._parts


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40))
def test_any_repeats_and_reconnects_give_the_bars_of_the_trades_themselves(sent: list[tuple[int, bool]]) -> None:
    unique = [came(trade(1 + one, 100 + one % 7, 1 + one), now=61, ids=(f"V{one}",)) for one, _ in dict(sent).items()]
    repeated = [came(trade(1 + one, 100 + one % 7, 1 + one), now=61, ids=(f"V{one}",)) for one, _ in sent]

    assert rows(trading(*repeated, time(70))) == rows(trading(*unique, time(70)))


def test_the_closed_session_is_not_counted_into_again() -> None:
    core = trading(PAIR, time(65), opened(WEDNESDAY, ("A",)))
    play(core, [came(trade(1, 101, 2), trade(2, 103, 3), now=DAY_NS / 10**9, ids=("x", "y"))])

    assert received(core)[1] == 2
