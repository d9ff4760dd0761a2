"""A connection that dies while trades of a minute are under way: the bar that was told is in doubt, and asked for."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.session_data.core import SessionDataCore
from actors.settings import SessionRules
from messages import (
    Bar,
    BarsFilled,
    BarsUpdated,
    FeedLost,
    GapDetected,
    GetBars,
    GetDigest,
    GetQuality,
    GetVerdicts,
    Message,
    NoTradeConfirmed,
    Tick,
    Verdict,
)
from messages.repairs import GapNarrowed, SessionSealed, SessionSettled
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS, SECOND_NS, Gap, Nanos
from tests.builders import arrived, bar, closed, opened
from tests.depth import examples
from tests.session_data.streams import ask, play
from tests.session_data.telling import TUESDAY, WEDNESDAY, core_with, told, updates
from tests.session_data.trading import (
    FEED,
    GRACE_NS,
    START,
    after,
    came,
    cancelled,
    connected,
    corrected,
    rows,
    shape,
    time,
    trade,
    trading,
)

ONE_CELL = Gap(symbols=("A",), start_ns=START, end_ns=START + MINUTE_NS)


def lost(second: float, heard_until: float | None = None, **more: bool) -> FeedLost:
    """Found lost at this second; it last showed life at another, as far as anybody knows."""
    heard_ns = 0 if heard_until is None else after(heard_until)
    return FeedLost(feed=FEED, reason="reset", arrived_ns=after(second), heard_until_ns=heard_ns, **more)


def fill(price: float, volume: float = 1.0) -> BarsFilled:
    made = Bar(symbol="A", start_ns=START, open=price, high=price, low=price, close=price, volume=volume)
    return BarsFilled(session_date=TUESDAY.date, batch=BarBatch.of((made,)), source="archive")


def verdicts(core: SessionDataCore, symbol: str = "A") -> list[str]:
    return [Verdict(cell).name for cell in ask(core, GetVerdicts()).of(symbol)]


def in_doubt() -> SessionDataCore:
    """A core with a bar of the first minute, told by the grace, of a feed that had died ten seconds before."""
    return trading(connected(), came(trade(50)), time(65), lost(70))


def test_a_bar_that_the_grace_told_of_a_connection_that_had_died_before_stands_and_is_asked_for() -> None:
    core = trading(connected(), came(trade(50)), time(65))

    said = play(core, [lost(70)])

    assert [one.gap for one in said if isinstance(one, GapDetected)] == [ONE_CELL]
    assert [one.is_repair for one in said if isinstance(one, BarsUpdated)] == [True]
    assert (rows(core), verdicts(core)[0]) == ([(100, 100, 100, 100, 1)], "IN_PART")
    quality = ask(core, GetQuality()).quality
    assert (quality.completeness, quality.bar_quality, quality.verdicts.in_part) == (100.0, 0.0, 1)


@pytest.mark.parametrize(
    ("heard", "until", "is_doubted"),
    [
        ((50,), None, True),
        ((50, 61), None, False),  # it told of something later
        ((50, 61, 58), None, True),  # but this shows that it tells things late, by up to three seconds
        ((50, 61, 58, 63.5), None, False),
        ((50,), 59.9, True),
        ((50,), 60, False),  # it showed life
    ],
)
def test_a_minute_is_in_doubt_up_to_its_end_and_what_the_feed_is_late(
    heard: Sequence[float], until: float | None, is_doubted: bool
) -> None:
    core = trading(connected(), *(came(trade(second), now=max(heard)) for second in heard), time(65))

    assert bool(told(core, GapDetected, lost(70, until))) is is_doubted


def test_what_the_upstream_has_takes_the_place_of_a_part() -> None:
    core = in_doubt()

    (said,) = [one for one in play(core, [fill(103, 9)]) if isinstance(one, BarsUpdated)]

    assert (rows(core), verdicts(core)[0], said.is_repair) == ([(103, 103, 103, 103, 9)], "FILLED", True)


def test_what_the_upstream_has_confirms_a_bar_that_was_whole_after_all() -> None:
    core = in_doubt()

    play(core, [fill(100)])

    assert verdicts(core)[0] == "STREAMED"
    assert ask(core, GetQuality()).quality.bar_quality == 100.0


def test_a_source_that_knows_of_no_bar_makes_no_part_whole() -> None:
    core = in_doubt()

    play(core, [NoTradeConfirmed(session_date=TUESDAY.date, gaps=(ONE_CELL,), source="archive")])

    assert verdicts(core)[0] == "IN_PART"


def test_what_comes_of_a_part_later_is_told_as_a_part_until_somebody_has_all() -> None:
    core = in_doubt()
    (late,) = updates(core, TUESDAY.base_interval, connected(75), came(trade(58, 90), now=80), time(80))
    assert (rows(core), verdicts(core)[0], late.is_repair) == ([(100, 100, 90, 90, 2)], "IN_PART", True)

    play(core, [fill(103, 9), came(trade(59, 80), now=90), time(90)])
    assert (rows(core), verdicts(core)[0]) == ([(103, 103, 103, 103, 9)], "FILLED")


def test_a_trade_of_a_part_is_amended() -> None:
    core = trading(connected(), came(trade(1), trade(50), ids=("x", "y")), time(65), lost(70))
    play(core, [corrected("x", price=95.0), time(75)])
    assert (rows(core), verdicts(core)[0]) == ([(95, 100, 95, 100, 2)], "IN_PART")

    play(core, [cancelled("y"), time(76)])
    assert (rows(core), verdicts(core)[0]) == ([(95, 95, 95, 95, 1)], "IN_PART")


def test_what_the_feed_repeats_makes_up_for_what_was_in_doubt_and_nobody_is_asked_any_more() -> None:
    core = trading(connected(), came(trade(1), trade(50), ids=("x", "y")), time(65), lost(70))

    again = came(trade(1), trade(50), trade(55, 101), ids=("x", "y", "z"), now=76)
    said = play(core, [connected(75), again, time(77)])

    assert [one.gap for one in said if isinstance(one, GapNarrowed)] == [ONE_CELL]
    assert (rows(core), verdicts(core)[0]) == ([(100, 101, 100, 101, 3)], "LATE")


def test_a_whole_bar_of_another_feed_takes_the_place_of_a_part_even_if_it_is_preferred_less() -> None:
    core = trading(connected(), came(trade(50)), time(65), lost(70), sources=(FEED, "other"))

    said = told(core, GapNarrowed, arrived(bar("A", close=7, session=TUESDAY), now=after(80), source="other"))

    assert [one.source for one in said] == ["other"]
    assert verdicts(core)[0] == "LATE"


def test_a_minute_whose_trades_made_no_bar_is_missing_again() -> None:
    core = trading(connected(), came(trade(50, size=0)), time(65))
    assert verdicts(core)[0] == "NO_TRADE"

    assert [one.gap for one in told(core, GapDetected, lost(70))] == [ONE_CELL]
    assert verdicts(core)[0] == "MISSING"


def test_the_bar_of_another_feed_is_not_in_doubt() -> None:
    other = arrived(bar("A", close=7, session=TUESDAY), now=after(60), source="bars")
    core = trading(connected(), came(trade(50)), other, time(65), sources=("bars", FEED))

    assert told(core, GapDetected, lost(70)) == []


def test_many_symbols_are_one_gap_and_a_second_loss_doubts_nothing_anew() -> None:
    names = tuple(f"S{number:03}" for number in range(300))
    trades = tuple(trade(50 + number / 100, symbol=name) for number, name in enumerate(names))
    core = trading(connected(), came(*trades), time(65), symbols=names)

    (one,) = told(core, GapDetected, lost(70))
    assert one.gap.symbols == names
    assert told(core, GapDetected, lost(71), connected(80), lost(81)) == []


def test_a_silence_that_was_usual_doubts_nothing_and_one_that_was_not_does() -> None:
    for is_unusual in (False, True):
        core = trading(connected(), came(trade(50)), time(65))
        quiet = lost(110, 50.5, is_stale=True, is_unusual=is_unusual)
        assert bool(told(core, GapDetected, quiet, connected(111))) is is_unusual
        play(core, [came(trade(119)), time(185)])
        assert [Verdict[name] for name in verdicts(core)[:2]] == [
            Verdict.IN_PART if is_unusual else Verdict.STREAMED,
            Verdict.MISSING if is_unusual else Verdict.STREAMED,
        ]


def test_that_it_is_connected_may_be_told_twice() -> None:
    core = trading(connected(), came(trade(50)), time(65))

    assert told(core, GapDetected, connected()) == []
    play(core, [came(trade(70)), connected(), time(125)])
    assert verdicts(core)[:2] == ["STREAMED", "STREAMED"]


def test_a_certificate_says_what_was_heard_in_part_also_if_it_turns_out_after_it_was_issued() -> None:
    core = SessionDataCore(SessionRules(grace_ns=GRACE_NS), has_upkeep=True)
    play(core, [opened(TUESDAY, ("A",)), connected(), came(trade(230)), time(300)])
    (before,) = told(core, SessionSealed, closed(TUESDAY), SessionSettled(session_date=TUESDAY.date))

    (sealed,) = told(core, SessionSealed, lost(310))

    assert [Verdict(one.day.verdicts[3, 0]) for one in (before, sealed)] == [Verdict.STREAMED, Verdict.IN_PART]
    assert sealed.issued_by == "fill"


def test_a_session_that_is_over_and_gone_is_not_doubted() -> None:
    core = trading(connected(), came(trade(230)), time(300), opened(WEDNESDAY, ("A",)))

    assert told(core, GapDetected, lost(310)) == []


# --- against an oracle that knows what was traded, and when the wire was cut

NAMES = ("A", "B")


class Wire(NamedTuple):
    """Trades of four minutes, a lag, and a connection that is dead for a while before it is found lost."""

    trades: tuple[Tick, ...]
    lag_ns: Nanos
    died_ns: Nanos
    lost_ns: Nanos
    again_ns: Nanos
    shows_life: bool

    def messages(self) -> list[Message]:
        """What is heard, in order of time, while the clock goes on."""
        heard = [one for one in self.trades if not self.died_ns < one.at_ns + self.lag_ns <= self.again_ns]
        told_ns = self.died_ns - self.lag_ns if self.shows_life else 0
        gone = FeedLost(feed=FEED, reason="reset", arrived_ns=self.lost_ns, heard_until_ns=told_ns)
        events: list[tuple[Nanos, int, Message]] = [
            *((one.at_ns + self.lag_ns, 1, came(one, now=self.second(one.at_ns + self.lag_ns))) for one in heard),
            (self.lost_ns, 2, gone),
            (self.again_ns, 3, connected(self.second(self.again_ns))),
            *((after(second), 4, time(second)) for second in range(320)),
        ]
        return [connected(-60), *(message for _, _, message in sorted(events, key=lambda event: event[:2]))]

    @staticmethod
    def second(at_ns: Nanos) -> float:
        return (at_ns - START) / SECOND_NS

    def truth(self) -> dict[tuple[str, Nanos], Bar]:
        """The bars of all that was traded."""
        minutes: dict[tuple[str, Nanos], list[Tick]] = defaultdict(list)
        for one in self.trades:
            minutes[one.symbol, one.at_ns // MINUTE_NS * MINUTE_NS].append(one)
        return {
            (symbol, start): Bar(
                symbol=symbol,
                start_ns=start,
                open=some[0].price,
                high=max(one.price for one in some),
                low=min(one.price for one in some),
                close=some[-1].price,
                volume=float(len(some)),
            )
            for (symbol, start), some in minutes.items()
        }


@st.composite
def wires(draw: st.DrawFn) -> Wire:
    instants = sorted(draw(st.lists(st.integers(0, 2399), min_size=1, max_size=40, unique=True)))
    trades = tuple(
        trade(tenth / 10, draw(st.integers(90, 110)), symbol=draw(st.sampled_from(NAMES))) for tenth in instants
    )
    died = draw(st.integers(0, 2600))
    gone = died + draw(st.integers(0, 300))
    again = gone + draw(st.integers(1, 300))
    lag = draw(st.integers(0, 40))
    return Wire(
        trades, after(lag / 10) - START, *(after(tenth / 10) for tenth in (died, gone, again)), draw(st.booleans())
    )


@examples(150)
@given(wires())
def test_no_part_counts_as_good_whole_minutes_are_not_doubted_and_what_is_asked_for_makes_the_day_true(
    wire: Wire,
) -> None:
    core, truth = core_with(opened(TUESDAY, NAMES), grace_ns=GRACE_NS), wire.truth()
    asked = {
        (symbol, start)
        for said in play(core, wire.messages())
        if isinstance(said, GapDetected)
        for symbol in said.gap.symbols
        for start in range(said.gap.start_ns, said.gap.end_ns, MINUTE_NS)
    }
    held = {(one.symbol, one.start_ns): one for name in NAMES for one in ask(core, GetBars(symbol=name)).bars()}
    plane = ask(core, GetVerdicts())
    parts = {
        (name, START + place * MINUTE_NS)
        for name in NAMES
        for place, cell in enumerate(plane.of(name))
        if cell == Verdict.IN_PART
    }

    assert parts <= asked
    assert {cell for cell, one in held.items() if shape(one) != shape(truth[cell])} <= parts
    heard_ns = max((one.at_ns for one in wire.trades if one.at_ns + wire.lag_ns <= wire.died_ns), default=START)
    sure_ns = max(heard_ns, wire.died_ns - wire.lag_ns if wire.shows_life else 0)
    assert all(start + MINUTE_NS > sure_ns for _, start in parts)

    bars = [truth[cell] for cell in sorted(asked & truth.keys(), key=lambda cell: cell[::-1])]
    play(core, [BarsFilled(session_date=TUESDAY.date, batch=BarBatch.of((one,)), source="archive") for one in bars])
    true = core_with(opened(TUESDAY, NAMES), arrived(*truth.values(), now=TUESDAY.end_ns), grace_ns=GRACE_NS)
    assert ask(core, GetDigest()) == ask(true, GetDigest())
    assert ask(core, GetQuality()).quality.verdicts.in_part == 0
