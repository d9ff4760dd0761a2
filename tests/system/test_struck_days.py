"""A bug anywhere on a live day: it ends by itself with its bars recorded, or as an error that says why."""

from typing import Any

import pytest

from actors.data_upkeep.core import DataUpkeepCore
from actors.session_data.core import SessionDataCore
from actors.stream_coordinator.live import LiveCore
from actors.system_manager.core import SystemManagerCore
from messages import (
    BarsArrived,
    FetchAnswered,
    RoomStarted,
    SessionBoundary,
    SessionSettled,
    StopSystem,
    TimerFired,
)
from tests.system.struck_day import BARS, Place, struck

pytestmark = pytest.mark.slow

NAMED: tuple[tuple[type[Any], type[Any], bool], ...] = (
    (LiveCore, TimerFired, True),
    (SessionDataCore, SessionBoundary, True),
    (DataUpkeepCore, SessionBoundary, False),
    (SessionDataCore, SessionSettled, True),
    (DataUpkeepCore, FetchAnswered, False),
    (SystemManagerCore, StopSystem, False),
)
"""Where a day stood still, or lost bars, or left rooms behind; all places: ``python -m tests.benchmarks.struck``."""


@pytest.mark.parametrize("place", [Place(*named) for named in NAMED], ids=str)
def test_one_bug_ends_no_live_day_before_its_time(place: Place) -> None:
    fate = struck(place, patience_s=60.0)

    assert fate.is_struck
    assert fate.is_well, fate
    assert (fate.failure, fate.stored) == ("", BARS)


def test_a_bug_in_who_starts_the_rooms_ends_the_start_with_a_sentence() -> None:
    fate = struck(Place(SystemManagerCore, RoomStarted, is_handled=False), patience_s=60.0)

    assert fate.is_well, fate
    assert fate.failure.startswith("a bug in system_manager on RoomStarted: ")


def test_a_bug_that_comes_back_with_every_message_ends_the_day_with_what_there_is_recorded() -> None:
    place = Place(SessionDataCore, BarsArrived, is_handled=True)
    fate = struck(place, patience_s=60.0, once=False, nth=2, max_restarts=1, deaths=0)

    assert fate.is_well, fate
    assert fate.failure.endswith("it is bug 2 within 60 s, too many to go on")
    assert fate.stored > 0
