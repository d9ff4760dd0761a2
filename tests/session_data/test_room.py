"""The room around the core, in the test's own thread: messages in, routed messages and answers out."""

from actors.kernel.outcome import Refusal
from actors.session_data.actor import SessionData
from actors.session_data.core import SessionDataCore
from messages import BarsUpdated, GapDetected, GetLatestBar, HealthReported, MinuteClosed, ReportHealth, Room
from tests.builders import arrived, bar, opened, time
from tests.doubles import Outbox
from tests.session_data.telling import TUESDAY


def test_the_room_sends_what_the_core_says_to_those_on_its_routes() -> None:
    subscribers, upkeep, everybody = Outbox(), Outbox(), Outbox()
    routes = {MinuteClosed: (subscribers,), GapDetected: (upkeep,), BarsUpdated: (subscribers,)}
    core = SessionDataCore()
    core.handle(opened(TUESDAY, ["A", "B"]))
    room = SessionData(core, routes, everybody)
    for message in (arrived(bar("A")), time("09:31"), ReportHealth()):
        room.on_receive(message)

    assert [type(said) for said in subscribers.messages] == [BarsUpdated, MinuteClosed]
    assert [said.gap.symbols for said in upkeep.of(GapDetected)] == [("B",)]
    assert [said.health.room for said in everybody.of(HealthReported)][-1:] == [Room.SESSION_DATA]
    assert room.on_receive(GetLatestBar(symbol="A")).close == 100
    assert isinstance(room.on_receive(GetLatestBar(symbol="X")), Refusal)
