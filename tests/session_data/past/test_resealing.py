"""A settled session that changes is sealed again, with what has happened since; and one that must end is closed."""

import pytest
from msgspec.structs import replace

from actors.session_data.core import SessionDataCore
from actors.session_data.hold.ledger import Ledger
from messages import (
    AbandonGaps,
    BarRejected,
    BarsUpdated,
    Event,
    GapDetected,
    Message,
    MinuteClosed,
    SessionSealed,
    SessionSettled,
)
from messages.commands import RecordSession
from messages.feeds import MessagesRejected
from messages.lifecycle import PhaseChanged, SessionPhase
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import arrived, at, bar, bars, closed, opened, time
from tests.session_data.past.test_sealing import core_with, filled, lived, settled
from tests.session_data.streams import play
from tests.session_data.telling import TUESDAY, WEDNESDAY, digest, told

FIVE_S = 5 * SECOND_NS
CORRECTION = arrived(bar("A", "09:30", 7), now="09:34", source="desk", is_correction=True)


def sealed_by(core: SessionDataCore, *said: object) -> list[tuple[str, str, int, dict[str, int]]]:
    """What is sealed when the core is told these: of which day, why, corrections and refusals."""
    return [
        (sealed.day.session.date, sealed.issued_by, sealed.corrections, sealed.rejected)
        for sealed in told(core, SessionSealed, *said)  # type: ignore[arg-type]  # messages
    ]


# --- the session at hand


def test_a_correction_of_a_settled_session_seals_it_again() -> None:
    core = lived()
    first = settled(core)
    (again,) = told(core, SessionSealed, CORRECTION)

    assert (first.issued_by, first.corrections) == ("session", 0)
    assert (again.issued_by, again.corrections) == ("fill", 1)
    assert (first.day.values[0, 3, 0], again.day.values[0, 3, 0]) == (1, 7)


def test_before_it_has_settled_it_does_not() -> None:
    core = lived()

    assert sealed_by(core, CORRECTION) == []
    assert settled(core).corrections == 1


def test_so_does_a_late_bar_or_a_fill_of_a_minute_that_was_given_up() -> None:
    core = lived()
    settled(core)

    assert sealed_by(core, arrived(bar("A", "09:31", 2), now="09:34")) == [(TUESDAY.date, "fill", 0, {})]
    assert sealed_by(core, filled(bar("B", "09:32", 2))) == [(TUESDAY.date, "fill", 0, {})]


def test_what_changes_nothing_seals_nothing_and_what_was_refused_is_said_the_next_time() -> None:
    core = lived()
    settled(core)
    unsound = arrived(bar("A", "09:31", low=500.0), now="09:34")
    silent = sealed_by(core, unsound, arrived(bar("A", "09:30", 1), now="09:34"), time("09:35"))

    assert silent == []
    assert sealed_by(core, CORRECTION, CORRECTION, unsound) == [(TUESDAY.date, "fill", 1, {"low_too_high": 1})]
    assert sealed_by(core, replace(CORRECTION, bar=bar("A", "09:30", 8))) == [
        (TUESDAY.date, "fill", 1, {"low_too_high": 1})
    ]


def test_without_upkeep_nothing_is_sealed_again() -> None:
    core = core_with(opened(TUESDAY, ["A"]), arrived(bar("A")), closed(TUESDAY), has_upkeep=False)

    assert sealed_by(core, SessionSettled(session_date=TUESDAY.date), CORRECTION) == []


@pytest.mark.parametrize("is_correction", [True, False])
def test_a_settled_session_that_is_the_day_before_is_sealed_with_the_corrections_of_that_message(
    is_correction: bool,
) -> None:
    core = lived()
    settled(core)
    play(core, [CORRECTION, opened(WEDNESDAY, ["A", "B"])])
    late = [bar("A", "09:31", 2), bar("B", "09:32", 3)]
    sealed = sealed_by(core, arrived(*late, now=WEDNESDAY.start_ns, is_correction=is_correction))

    assert sealed == [(TUESDAY.date, "fill", 2 if is_correction else 0, {})]


def test_the_session_after_a_settled_one_is_not_sealed_by_its_own_bars() -> None:
    core = lived()
    settled(core)

    assert sealed_by(core, opened(WEDNESDAY, ["A"]), arrived(bar("A", "09:30", session=WEDNESDAY))) == []


def test_a_ledger_says_what_happened_since_it_was_asked_last() -> None:
    ledger = Ledger()
    ledger.corrections += 2
    ledger.reasons.update(["x", "x", "y"])
    first = ledger.since_sealed()
    ledger.corrections += 1
    ledger.reasons["x"] += 1
    second = ledger.since_sealed()

    assert first == (2, {"x": 2, "y": 1})
    assert second == (1, {"x": 1})
    assert ledger.since_sealed() == (0, {})
    assert (ledger.corrections, ledger.rejected) == (3, 4)


# --- a session that must end


def test_when_the_next_session_opens_what_is_open_closes_before_upkeep_hears_of_it() -> None:
    lived = (opened(TUESDAY, ["A"]), arrived(*bars("A", "09:30", 1, 2, 3)), closed(TUESDAY))
    core = core_with(*lived, grace_ns=FIVE_S, intervals=())
    said = play(core, [AbandonGaps(session_date=TUESDAY.date)])

    assert [type(message) for message in said] == [MinuteClosed, GapDetected, AbandonGaps]
    assert [(m.gap.start_ns, m.gap.end_ns) for m in said if isinstance(m, GapDetected)] == [(at("09:33"), at("09:34"))]


def test_without_grace_there_is_nothing_left_to_close() -> None:
    message = AbandonGaps(session_date=TUESDAY.date)

    assert play(lived(), [message]) == [message]


@pytest.mark.parametrize("core", [core_with(), core_with(opened(WEDNESDAY, ["A"]), grace_ns=FIVE_S)])
def test_of_a_session_that_is_not_at_hand_it_is_passed_on_and_closes_nothing(core: SessionDataCore) -> None:
    play(core, [time(WEDNESDAY.start_ns + MINUTE_NS)])
    message = AbandonGaps(session_date=TUESDAY.date)

    assert play(core, [message]) == [message]


def test_a_bar_that_comes_within_the_grace_of_a_session_that_had_to_end_is_late() -> None:
    core = core_with(opened(TUESDAY, ["A"]), closed(TUESDAY), AbandonGaps(session_date=TUESDAY.date), grace_ns=FIVE_S)
    said = play(core, [arrived(bar("A", "09:33"), now=TUESDAY.end_ns + SECOND_NS)])

    assert [message for message in said if isinstance(message, BarRejected)] == []
    assert [message.batch.names() for message in said if isinstance(message, BarsUpdated)][:1] == [["A"]]


# --- a session that is written down while it lasts


def test_a_session_is_recorded_as_it_stands_and_what_happened_is_counted_only_when_it_settles() -> None:
    core = lived()
    play(core, [CORRECTION])
    (recorded,) = told(core, SessionSealed, RecordSession())
    sealed = settled(core)

    assert (recorded.issued_by, recorded.corrections, recorded.rejected) == ("recording", 0, {})
    assert recorded.day.values[0, 3, 0] == 7
    assert (sealed.issued_by, sealed.corrections) == ("session", 1)


def test_a_session_that_has_settled_or_is_not_there_is_not_recorded() -> None:
    core = lived()
    settled(core)

    assert told(core, SessionSealed, RecordSession()) == told(core_with(), SessionSealed, RecordSession()) == []


@pytest.mark.parametrize(
    "news",
    [
        PhaseChanged(
            session_date=TUESDAY.date,
            before=SessionPhase.NOT_STARTED,
            after=SessionPhase.ACTIVE,
            now_ns=TUESDAY.start_ns,
        ),
        MessagesRejected(feed="lines", count=2, first=()),
    ],
    ids=lambda news: type(news).__name__,
)
def test_news_of_a_live_day_pass_through_in_the_order_of_the_bars(news: Event) -> None:
    core = lived()
    before = digest(core)

    assert play(core, [news]) == [news]
    assert digest(core) == before


# --- on a live day, where corrections come one by one

EIGHT = arrived(bar("A", "09:32", 8), now="09:34", source="desk", is_correction=True)


@pytest.mark.parametrize(
    "then", [time("09:35"), opened(WEDNESDAY, ["A"]), RecordSession()], ids=["time", "opening", "close"]
)
def test_on_a_live_day_a_settled_session_is_sealed_again_once_however_many_messages_change_it(then: Message) -> None:
    core = lived(keeps_prints=True)
    first = settled(core)

    assert sealed_by(core, CORRECTION, EIGHT) == []
    (sealed,) = told(core, SessionSealed, then)
    assert (sealed.issued_by, sealed.corrections) == ("fill", 2)
    assert sealed.day.values[[0, 2], 3, 0].tolist() == [7, 8]
    assert first.prints is not None
    assert sealed.prints is not None
    assert len(sealed.prints) == len(first.prints) + 2
    assert sealed_by(core, time("09:36"), RecordSession())[1:] == []


def test_and_so_is_a_day_of_history() -> None:
    core = lived(keeps_prints=True)
    settled(core)
    play(core, [opened(WEDNESDAY, ["A"])])

    assert sealed_by(core, CORRECTION, EIGHT) == []
    assert sealed_by(core, time("09:36")) == [(TUESDAY.date, "fill", 2, {})]
    assert sealed_by(core, time("09:37")) == []
