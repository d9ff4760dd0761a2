"""What the page asks of a run, over HTTP, of a real replay."""

import base64
import contextlib
import http.client
import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from actors.system import System
from messages import Verdict
from tests.builders import at
from tests.doors.web.conftest import PATIENCE_S, PLAYED, Place, Served, replay

MS = 1_000_000


@pytest.fixture
def place(run_of_it: tuple[System, Place]) -> Place:
    return run_of_it[1]


@contextlib.contextmanager
def heard(port: int) -> Iterator[Iterator[tuple[str, Any]]]:
    """The news of a run as a browser hears them."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    line.request("GET", "/run/news")
    reply = line.getresponse()
    with contextlib.closing(line), contextlib.closing(reply):
        yield events(reply)


def events(reply: Iterable[bytes]) -> Iterator[tuple[str, Any]]:
    kind = ""
    for text in reply:
        name, _, said = text.decode().strip().partition(": ")
        if name == "event":
            kind = said
        elif name == "data":
            yield kind, json.loads(said)


def first(port: int, kind: str) -> Any:
    with heard(port) as news:
        return next(told for name, told in news if name == kind)


def test_who_comes_is_told_the_whole_plane(place: Place) -> None:
    told = first(place.port, "plane")
    plane = base64.b64decode(told["verdicts"])
    minutes = [list(plane[place : place + 3]) for place in range(0, len(plane), 3)]

    assert (told["calendar"], told["date"], told["zone"], told["closed"]) == ("XNYS", "2024-07-02", "EDT", PLAYED)
    assert told["symbols"] == ["AAA", "BBB", "CCC"]
    assert told["starts"][0] == at("09:30") // MS
    assert minutes[0] == [Verdict.STREAMED] * 3
    assert minutes[3] == minutes[4] == [Verdict.FILLED, Verdict.MISSING, Verdict.MISSING]
    assert minutes[PLAYED:] == [[Verdict.PENDING] * 3] * 380


def test_who_looks_on_is_told_how_it_is_and_what_may_be_commanded(place: Place) -> None:
    told = first(place.port, "vitals")

    assert (told["mode"], told["state"], told["health"]) == ("backtest", "paused", "healthy")
    assert told["commands"] == ["pause", "resume", "step", "speed"]
    assert told["verdicts"]["missing"] == 4
    assert told["feeds"] == []


@pytest.mark.slow  # looks are half a second apart
def test_a_minute_that_is_played_is_told_to_who_is_there() -> None:
    with replay(Served(page=0)) as (system, place), heard(place.port) as news:
        next(told for kind, told in news if kind == "plane")
        assert place.post("/run/step").object == {"state": "paused"}
        told = next(told for kind, told in news if kind == "cells" and told["closed"] == PLAYED + 1)

        assert [minute for minute, _ in told["columns"]] == [PLAYED]
        assert system.verdicts().get(timeout=PATIENCE_S).closed == PLAYED + 1


def test_bars_have_history_behind_and_go_on_from_the_last_one(place: Place) -> None:
    whole = place.get("/run/bars", symbol="BBB", interval="5m", sessions=1).object
    newer = place.get("/run/bars", symbol="BBB", interval="1m", since=at("09:38") // MS).object

    assert len(whole["start"]) == 78 + 2
    assert whole["start"] == sorted(whole["start"])
    assert whole["complete"][-2:] == [False, True]
    assert newer["start"] == [at(clock) // MS for clock in ("09:38", "09:39")]
    assert all(len(newer[name]) == 2 for name in ("open", "high", "low", "close", "volume", "verdict", "forming"))


def test_gaps_are_told_with_their_attempts(place: Place) -> None:
    gaps = place.get("/run/gaps").object["gaps"]
    closed = [gap for gap in gaps if gap["outcome"] == "closed"]
    still_open = [gap for gap in gaps if gap["outcome"] == "open"]

    assert [(gap["symbols"], gap["source"]) for gap in closed] == [(["AAA"], "archive")] * len(closed)
    assert sum(gap["end"] - gap["start"] for gap in closed) == 2 * 60_000
    assert {symbol for gap in still_open for symbol in gap["symbols"]} == {"BBB", "CCC"}
    assert min(gap["attempts"] for gap in gaps) >= 1


def test_a_bar_that_came_after_the_last_look_is_told_with_its_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.doors.web.hub._ALONE_PACE_S", 3600.0)
    with replay(Served(page=0)) as (_, place):
        assert first(place.port, "plane")["closed"] == PLAYED
        place.post("/run/step")
        told = place.get("/run/cell", symbol="BBB", at=at("09:30") // MS + 60_000 * PLAYED).object

        assert (told["verdict"], told["meaning"]) == (Verdict.STREAMED, "The bar came in time.")
        assert told["bar"]["close"] > 0


def test_a_minute_tells_its_story(place: Place) -> None:
    filled = place.get("/run/cell", symbol="AAA", at=at("09:33") // MS).object
    missing = place.get("/run/cell", symbol="BBB", at=at("09:33") // MS).object

    assert (filled["verdict"], missing["verdict"]) == (Verdict.FILLED, Verdict.MISSING)
    assert any("by archive" in line["text"] for line in filled["lines"])
    assert any("still open" in line["text"] for line in missing["lines"])
    assert filled["bar"]["volume"] > 0
    assert missing["bar"] is None


@pytest.mark.parametrize(
    ("path", "query", "status", "words"),
    [
        ("/run/bars", {}, 400, "say which symbol"),
        ("/run/bars", {"symbol": "NONE"}, 404, "NONE"),
        ("/run/bars", {"symbol": "AAA", "interval": "x"}, 400, "is no interval"),
        ("/run/bars", {"symbol": "AAA", "sessions": "many"}, 400, "sessions: expected a whole number"),
        ("/run/bars", {"symbol": "AAA", "since": "9" * 16}, 400, "since: expected a whole number"),
        ("/run/cell", {"symbol": "AAA", "at": 1}, 404, "no such minute"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_in_a_sentence(
    place: Place, path: str, query: dict[str, Any], status: int, words: str
) -> None:
    reply = place.get(path, **query)

    assert reply.status == status
    assert words in reply.object["error"]


def test_a_replay_can_be_paused_resumed_stepped_and_played_at_another_speed() -> None:
    with replay(Served(page=0)) as (system, place):
        fast = place.post("/run/speed", b'{"speed": 5.0}')
        states = [place.post(f"/run/{deed}").object["state"] for deed in ("step", "resume", "pause")]
        refused = place.post("/run/pause")

        assert fast.status == 200
        assert states == ["paused", "running", "paused"]
        assert refused.status == 409
        assert "cannot pause: the system is paused" in refused.object["error"]
        assert system.verdicts().get(timeout=PATIENCE_S).closed >= PLAYED + 1


@pytest.mark.parametrize("body", [b"", b"{}", b'{"speed": "fast"}', b'{"speed": -1}', b'{"speed": 1, "more": 2}'])
def test_a_speed_that_is_none_is_refused(place: Place, body: bytes) -> None:
    assert place.post("/run/speed", body).status == 400


def test_nothing_else_can_be_commanded(place: Place) -> None:
    assert place.post("/run/stop").status in (404, 405)
    assert place.get("/run/pause").status == 405


def test_who_looks_on_is_let_go_when_the_run_ends() -> None:
    with contextlib.ExitStack() as stack:
        with replay(Served(page=0)) as (_, place):
            news = stack.enter_context(heard(place.port))
            next(news)
            began = time.monotonic()
        ended = list(news)  # the server has hung up: this ends

    assert time.monotonic() - began < PATIENCE_S
    assert all(kind in ("vitals", "cells", "plane") for kind, _ in ended)


def test_health_is_served_beside_the_page(place: Place) -> None:
    assert place.get("/healthz").object == {"health": "healthy", "reasons": []}
    assert place.get("/metrics").status == 404
    assert place.get("/entrance").object == {"run": True, "store": False}
    assert place.get("/store").status == 404
