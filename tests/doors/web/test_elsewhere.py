"""The page of a session in another process: read over Arrow Flight, never commanded."""

import pytest

from actors.doors.web.serving import Served, serving_page
from actors.flight.client import connect
from tests.doors.conftest import Call
from tests.doors.web.conftest import PLAYED, Place, port_of, replay
from tests.doors.web.test_run import MS, at, first, heard

pytestmark = pytest.mark.slow


def test_a_session_that_another_process_serves_is_shown_as_ones_own() -> None:
    with (
        replay(Served(page=0)) as (system, own),
        system.serve(0) as service,
        connect(service.address) as session,
        serving_page(session, None, Served(page=0)) as (line,),
    ):
        place = Place(port_of(line))
        plane, vitals = first(place.port, "plane"), first(place.port, "vitals")
        here, there = first(own.port, "plane"), first(own.port, "vitals")
        bars = {"symbol": "BBB", "interval": "5m", "sessions": 1}
        minute = {"symbol": "AAA", "at": at("09:33") // MS}

        assert plane == here
        assert plane["closed"] == PLAYED
        assert vitals["verdicts"] == there["verdicts"]
        assert place.get("/run/bars", **bars).object == own.get("/run/bars", **bars).object
        assert place.get("/run/gaps").object == own.get("/run/gaps").object
        assert "by archive" in str(place.get("/run/cell", **minute).object["lines"])
        assert (there["commands"], vitals["commands"]) == (["pause", "resume", "step", "speed"], [])
        assert place.post("/run/step").status == 404


def test_a_session_that_is_gone_is_told_of_as_it_was_and_that_it_does_not_answer() -> None:
    with replay(Served(page=0)) as (system, _):
        service = system.serve(0)
        with (
            connect(service.address) as session,
            serving_page(session, None, Served(page=0)) as (line,),
            heard(port_of(line)) as news,
        ):
            before = next(told for kind, told in news if kind == "vitals")
            service.close()
            after = next(told for kind, told in news if kind == "vitals" and told["health"] == "error")

    assert before["health"] == "healthy"
    assert after["troubles"][0].startswith("the session does not answer: ")
    assert after["answers"] is False
    assert after["verdicts"] == before["verdicts"]


def test_where_nobody_serves_a_session_that_is_said(call: Call) -> None:
    answer = call("dashboard", "--connect", "127.0.0.1:9", "--web", "0")

    assert answer.code == 1
    assert "127.0.0.1:9" in answer.err


def test_something_has_to_be_shown(call: Call) -> None:
    answer = call("dashboard")

    assert answer.code == 2
    assert "--store DIR|URL, --connect ADDRESS, or both" in answer.err
