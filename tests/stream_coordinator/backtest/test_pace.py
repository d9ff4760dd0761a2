"""Speed, pause, resume and steps, on a clock that is moved by hand."""

import pytest
from msgspec.structs import replace

from actors.kernel.listen.tape_minutes import TapeMinutes
from actors.settings import Settings
from actors.stream_coordinator.backtest.pacing import Pacer
from actors.stream_coordinator.core import StreamCoordinatorCore
from messages import (
    AllowMinutes,
    BarArrived,
    BarsArrived,
    GetProgress,
    ListenFrom,
    Message,
    MinuteSettled,
    MinutesRecalled,
    MinutesStaged,
    Pause,
    PublishBar,
    PublishBars,
    PublishQuote,
    PublishTick,
    Quote,
    QuoteArrived,
    RecallMinutes,
    Resume,
    SetSpeed,
    SetTimer,
    Step,
    SubscribersChanged,
    Tick,
    TickArrived,
)
from messages.tables.columns import BarBatch
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import bar, session_tiny
from tests.stream_coordinator.backtest.playing import FREE, LOCKSTEP, MONDAY, Hand, ends, prefetched, shape

LONG = session_tiny(30, day="2024-07-01")
OPEN = LONG.start_ns


def timed(speed: float) -> Hand:
    """A run that has been started, whose clock shows 100 s at the open."""
    hand = Hand(replace(LOCKSTEP, speed=speed), LONG).opened()
    hand.play()
    hand.clock(100)
    return hand


def timer(messages: list[Message]) -> list[float]:
    """When the clock was asked to call back, in seconds."""
    return [message.due_ns / 1e9 for message in messages if isinstance(message, SetTimer)]


def settle(hand: Hand) -> None:
    for ticket in sorted(hand.tickets):
        hand.tell(MinuteSettled(ticket=ticket))


def test_the_clock_is_read_before_the_first_minute() -> None:
    hand = Hand(replace(LOCKSTEP, speed=60.0), LONG).opened()

    assert timer(hand.play()) == [0]
    assert timer(hand.clock(100)) == [101]


def test_at_speed_sixty_a_minute_takes_a_second() -> None:
    hand = timed(60.0)

    said = [hand.clock(second) for second in (101, 102, 103)]

    assert [shape(some) for some in said] == [["BarsArrived", "SetTimer"]] * 3
    assert [timer(some) for some in said] == [[102], [103], [104]]


def test_at_speed_one_a_minute_takes_a_minute() -> None:
    assert timer(timed(1.0).clock(160)) == [220]


def test_a_clock_that_is_late_is_caught_up_with() -> None:
    hand = timed(60.0)

    assert len(ends(hand.clock(104.5))) == 4


def test_a_timer_that_fires_early_plays_nothing_and_sets_no_second_one() -> None:
    assert timed(60.0).clock(100.5) == []


def test_faster_while_running() -> None:
    hand = timed(60.0)
    hand.clock(101)

    assert timer(hand.tell(SetSpeed(speed=600.0))) == [0]
    assert timer(hand.clock(101.5)) == [101.6]


def test_as_fast_as_possible_while_running() -> None:
    hand = timed(1.0)

    assert len(ends(hand.tell(SetSpeed(speed=0.0)))) > 1


def test_in_lockstep_as_fast_as_possible_is_still_one_minute_after_the_other() -> None:
    hand = Hand(replace(LOCKSTEP, speed=60.0), LONG).opened().lockstep()
    hand.play()
    hand.clock(100)
    hand.clock(101)

    told = [hand.tell(SetSpeed(speed=0.0)), hand.home(), hand.home()]

    assert [ends(said) for said in told] == [[], [OPEN + 2 * MINUTE_NS], [OPEN + 3 * MINUTE_NS]]


def test_in_lockstep_what_waits_when_the_clock_begins_to_count_is_taken_back_and_waits_for_the_clock() -> None:
    hand = Hand(LOCKSTEP, LONG).opened().lockstep()
    hand.play()
    hand.home()
    told = hand.tell(SetSpeed(speed=60.0))
    told += [*hand.clock(200), *hand.home(), *hand.clock(200.5)]
    assert ends(told) == []
    assert hand.ask(GetProgress()).minutes_done == 2

    told += [*hand.clock(201), *hand.home(), *hand.clock(202)]

    assert [(end - OPEN) // MINUTE_NS for end in ends(told)] == [3, 4]
    hand.core.check()


def test_the_clock_may_begin_to_count_while_it_is_paused_after_a_minute_that_was_dealt_with() -> None:
    hand = Hand(LOCKSTEP, LONG).opened().lockstep()
    hand.play()
    hand.tell(Pause())
    hand.home()
    hand.tell(SetSpeed(speed=60.0))

    assert ends(hand.tell(Step())) == [OPEN + 2 * MINUTE_NS]
    hand.tell(Resume())
    hand.home()
    assert [ends(hand.clock(second)) for second in (200, 201)] == [[], [OPEN + 3 * MINUTE_NS]]


def test_until_it_is_known_which_minutes_were_taken_back_no_others_pass() -> None:
    hand = Hand(LOCKSTEP, LONG).opened().lockstep()
    hand.play()
    core = hand.core
    first = core.handle(SetSpeed(speed=60.0)).out
    then = core.handle(SetSpeed(speed=0.0)).out

    assert (first, then) == ((RecallMinutes(),), ())
    (staged,) = core.handle(MinutesRecalled(let_in=hand._door._let_in)).out
    assert isinstance(staged, MinutesStaged)
    assert TapeMinutes.of(staged)[0].now_ns == OPEN + 2 * MINUTE_NS


def test_minutes_that_are_said_to_be_taken_back_when_no_session_is_open_are_nobodys() -> None:
    core = StreamCoordinatorCore(Settings(store="unused"))

    assert core.handle(MinutesRecalled(let_in=3)).out == ()


def test_what_waits_passes_as_ever_when_the_speed_that_is_set_is_none() -> None:
    hand = Hand(LOCKSTEP, LONG).opened().lockstep()
    hand.play()
    hand.tell(SetSpeed(speed=0.0))

    assert [ends(hand.home()) for _ in range(3)] == [[OPEN + count * MINUTE_NS] for count in (2, 3, 4)]


def test_slower_from_as_fast_as_possible() -> None:
    hand = Hand(replace(LOCKSTEP, credit=1, minutes_per_ticket=1), LONG).opened()
    hand.play()
    hand.tell(SetSpeed(speed=60.0))
    settle(hand)

    assert timer(hand.clock(200)) == [201]


def test_however_often_the_speed_changes_one_timer_drives_the_run() -> None:
    hand = timed(60.0)
    pending = [101.0]
    for _ in range(5):
        pending += timer(hand.tell(SetSpeed(speed=60.0)))
    for _ in range(20):
        pending.sort()
        pending += timer(hand.clock(max(pending.pop(0), 100.0)))
        settle(hand)

    assert len(pending) == 1


def test_a_session_begins_on_a_clock_of_its_own() -> None:
    day, next_day = session_tiny(1, day="2024-07-01"), session_tiny(1, day="2024-07-02")
    hand = Hand(replace(LOCKSTEP, speed=60.0), day, next_day).opened()
    hand.tell(prefetched(next_day))
    hand.play()
    hand.clock(100)
    hand.clock(101)
    for _ in range(3):
        said = hand.home()

    assert timer(said) == [0]
    assert timer(hand.clock(150)) == [151]


def test_paused_no_minute_is_told() -> None:
    hand = timed(60.0)
    hand.tell(Pause())

    assert hand.clock(500) == []


def test_resumed_the_run_goes_on_from_where_it_stood() -> None:
    hand = timed(60.0)
    hand.tell(Pause())
    hand.clock(500)

    assert timer(hand.tell(Resume())) == [0]
    assert timer(hand.clock(1000)) == [1001]


def test_a_pause_at_full_speed_holds_back_what_has_not_been_sent() -> None:
    hand = Hand(replace(LOCKSTEP, credit=1, minutes_per_ticket=1), LONG).opened()
    hand.play()
    hand.tell(Pause())

    assert hand.home() == []
    assert len(ends(hand.tell(Resume()))) == 1


@pytest.mark.parametrize("passed", [0, 1, 6])
def test_a_pause_in_lockstep_takes_effect_at_once_though_minutes_wait_at_the_door(passed: int) -> None:
    hand = Hand(LOCKSTEP, LONG).opened().lockstep()
    hand.play()
    for _ in range(passed):
        hand.home()
    hand.tell(Pause())

    assert hand.home() == []
    assert ends(hand.tell(Resume())) == [OPEN + (passed + 2) * MINUTE_NS]
    assert ends(hand.home()) == [OPEN + (passed + 3) * MINUTE_NS]


def test_a_step_in_lockstep_lets_exactly_one_of_the_minutes_that_wait_in() -> None:
    hand = Hand(LOCKSTEP, LONG).opened().lockstep()
    hand.play()
    hand.tell(Pause())
    hand.home()

    for minute in range(2, 20):
        assert ends(hand.tell(Step())) == [OPEN + minute * MINUTE_NS]
        assert hand.home() == []


def test_who_pauses_on_the_clock_steps_through_the_minutes_that_wait_all_the_same() -> None:
    hand = Hand(LOCKSTEP, LONG).opened().lockstep()
    hand.play()
    hand.tell(Pause(), SetSpeed(speed=60.0))
    hand.home()

    for minute in range(2, 12):
        assert ends(hand.tell(Step())) == [OPEN + minute * MINUTE_NS]
        assert ends(hand.home()) == []


@pytest.mark.parametrize(
    ("message", "count"), [(Pause(), 0), (Resume(), None), (Step(), 1)], ids=["pause", "resume", "step"]
)
def test_whoever_pauses_resumes_or_steps_the_door_of_session_data_is_told(message: Message, count: int | None) -> None:
    hand = Hand(LOCKSTEP, LONG).opened().lockstep()
    hand.play()

    assert hand.core.handle(message).out[0] == AllowMinutes(count=count)


def test_a_step_where_no_minutes_wait_is_nothing_to_the_door() -> None:
    hand = Hand(LOCKSTEP, LONG).opened()

    assert shape(hand.core.handle(Step()).out)[0] == "BarsArrived"


def test_paused_minutes_that_run_free_are_stepped_one_by_one() -> None:
    hand = Hand(FREE, LONG).opened()
    hand.tell(Pause())
    stepped = [ends(hand.tell(Step())) for _ in range(2)]

    assert stepped == [[OPEN + MINUTE_NS], [OPEN + 2 * MINUTE_NS]]
    assert hand.tell(Resume()) == []  # a step is no start
    assert ends(hand.play())[0] == OPEN + 10 * MINUTE_NS


def test_a_step_plays_one_minute() -> None:
    hand = Hand(LOCKSTEP, LONG).opened()
    hand.tell(Pause())

    assert [ends(hand.tell(Step())) for _ in range(2)] == [[OPEN + MINUTE_NS], [OPEN + 2 * MINUTE_NS]]


def test_a_step_does_not_wait_for_the_clock() -> None:
    hand = timed(1.0)
    hand.tell(Pause())

    assert ends(hand.tell(Step())) == [OPEN + MINUTE_NS]


def test_a_step_waits_for_the_minute_before_it_in_lockstep() -> None:
    hand = Hand(LOCKSTEP, LONG).opened().lockstep()
    hand.tell(Pause(), Step())

    assert hand.tell(Step()) == []
    assert ends(hand.home()) == [OPEN + 2 * MINUTE_NS]


def test_steps_that_were_not_taken_are_forgotten_on_resume() -> None:
    hand = Hand(LOCKSTEP, LONG).opened().lockstep()
    hand.tell(Pause(), Step(), Step(), Resume(), Pause())

    assert hand.home() == []


def test_one_step_at_the_close_opens_the_next_session_but_plays_none_of_it() -> None:
    hand = Hand(LOCKSTEP, MONDAY).opened()
    hand.tell(Pause(), Step(), Step(), Step())

    assert len(ends(hand.said)) == 3
    settle(hand)
    assert shape(hand.said)[-2:] == ["StartStopwatch", "closed"]


@pytest.mark.parametrize(
    ("settings", "now_ns"),
    [
        (replace(LOCKSTEP, speed=60.0), OPEN + MINUTE_NS),
        (replace(FREE, credit=1), OPEN + 8 * MINUTE_NS),
        (LOCKSTEP, 0),  # whatever time SessionData has come to: it is behind this room
    ],
    ids=["on the clock", "free", "in lockstep"],
)
def test_what_is_published_arrives_at_the_time_of_the_stream_with_its_receipt(settings: Settings, now_ns: int) -> None:
    hand = Hand(settings, LONG).opened().lockstep()
    hand.play()
    hand.clock(100)
    hand.clock(101)
    own = bar("A", OPEN)
    batch, quote = BarBatch.of([own]), Quote(symbol="A", at_ns=OPEN, bid=1.0, ask=2.0)
    tick = Tick(symbol="A", at_ns=OPEN, price=1.0, size=1.0)

    said = hand.tell(
        PublishBar(bar=own, source="desk", receipt=1),
        PublishBars(batch=batch, source="desk", receipt=2, is_correction=True),
        PublishQuote(quote=quote, receipt=3),
        PublishTick(tick=tick, receipt=4),
    )

    assert said == [
        BarArrived(bar=own, now_ns=now_ns, source="desk", receipt=1),
        BarsArrived(batch=batch, now_ns=now_ns, source="desk", receipt=2, is_correction=True),
        QuoteArrived(quote=quote, now_ns=now_ns, receipt=3),
        TickArrived(tick=tick, now_ns=now_ns, receipt=4),
    ]


@pytest.mark.parametrize("change", [SetSpeed(speed=60.0), SubscribersChanged(count=0)], ids=["clock", "left"])
def test_what_is_published_never_knows_more_than_the_minutes_that_were_let_in(change: Message) -> None:
    hand = Hand(LOCKSTEP, LONG).opened().lockstep()
    hand.play()
    hand.tell(change)

    (arrival,) = hand.tell(PublishBar(bar=bar("A", OPEN), source="desk", receipt=1))

    assert isinstance(arrival, BarArrived)
    assert arrival.now_ns <= max(ends(hand.said))


def test_a_pacer_keeps_its_first_anchor_until_it_is_released() -> None:
    pacer = Pacer(60.0)
    pacer.fired(0, 0)
    pacer.fired(SECOND_NS - 1, 0)
    before = pacer.is_due(MINUTE_NS)
    pacer.fired(SECOND_NS, 0)

    assert (before, pacer.is_due(MINUTE_NS)) == (False, True)
    pacer.release()
    assert not pacer.is_due(MINUTE_NS)
    assert pacer.timer(MINUTE_NS) == SetTimer(due_ns=0)


def test_as_fast_as_possible_nothing_is_timed() -> None:
    assert [Pacer(speed).is_timed for speed in (0.0, 60.0)] == [False, True]


@pytest.mark.parametrize(("has_upkeep", "first"), [(False, 8), (True, 1)], ids=["plain", "with gaps to fill"])
def test_who_wants_only_sessions_makes_no_minute_wait_but_where_gaps_are_filled(has_upkeep: bool, first: int) -> None:
    session = session_tiny(9)
    hand = Hand(LOCKSTEP, session, has_upkeep=has_upkeep).opened()
    hand.tell(SubscribersChanged(count=1, of_sessions=1))

    assert ends(hand.play())[0] == session.start_ns + first * MINUTE_NS


@pytest.mark.parametrize("of_sessions", [0, 1])
def test_who_comes_at_an_open_has_heard_of_it_before_the_first_minute_passes(of_sessions: int) -> None:
    hand = Hand(LOCKSTEP, LONG).opened()
    hand.keeps_openings = True
    come = SubscribersChanged(count=1, of_sessions=of_sessions)
    heard = [said for _ in range(2) for said in hand.tell(come)]
    before = hand.play()

    first, second = (said.ticket for said in heard if isinstance(said, ListenFrom))
    kept = hand.tell(MinuteSettled(ticket=first))
    after = hand.tell(MinuteSettled(ticket=second))

    assert (ends(before), ends(kept)) == ([], [])
    assert ends(after)


def test_who_comes_to_listen_hears_from_the_next_ticket_on() -> None:
    core = StreamCoordinatorCore(Settings(store="unused"))

    outcome = core.handle(SubscribersChanged(count=1))

    assert outcome.out == (ListenFrom(ticket=1),)
