"""What the page asks of a store, over HTTP."""

import base64
from pathlib import Path

import pytest

from actors.doors.web.serving import Served, serving_page
from messages import Verdict
from tests.builders import DAY, at
from tests.doors.web.conftest import MARKET, Place, port_of

MS = 1_000_000
XNYS = {"calendar": "XNYS", "date": DAY.date}


def test_a_store_tells_its_calendars_and_days(dashboard: Place) -> None:
    told = dashboard.get("/store").object

    assert told == {"name": "store", "calendars": [{"name": "XNYS", "dates": ["2024-07-02", "2024-07-03"]}]}
    assert dashboard.get("/entrance").object == {"run": False, "store": True}
    assert dashboard.get("/run/news").status == 404


def test_days_are_told_by_their_certificates_or_else_by_their_bars(dashboard: Place) -> None:
    certified, other = dashboard.get("/store/days", calendar="XNYS", month="2024-07").object["days"]

    assert (certified["certified"], certified["quality"], certified["symbols"]) == (True, 100.0, 2)
    assert (other["certified"], other["quality"], other["bars"]) == (False, 100.0, 3 * 210)
    assert dashboard.get("/store/days", calendar="XNYS", month="2023-01").object == {"days": []}


def test_a_days_plane_has_what_its_certificate_knows(dashboard: Place) -> None:
    told = dashboard.get("/store/plane", **XNYS).object
    plane = base64.b64decode(told["verdicts"])

    assert (told["symbols"], told["closed"], len(plane)) == (["AAA", "BBB"], 390, 780)
    assert list(plane[:6]) == [Verdict.STREAMED, Verdict.NO_TRADE, Verdict.FILLED, Verdict.STREAMED, 0, 0]


def test_a_minute_of_a_stored_day_tells_its_story(dashboard: Place) -> None:
    filled = dashboard.get("/store/cell", **XNYS, symbol="AAA", at=at("09:31") // MS).object
    quiet = dashboard.get("/store/cell", **XNYS, symbol="BBB", at=at("09:30") // MS).object

    assert [line["text"] for line in filled["lines"]] == [
        "found missing: a gap of 1 minute",
        "asked for 2 times; its bars came by archive after 2.0 min",
        "a request failed: archive: it was away",
    ]
    assert filled["bar"]["close"] == 10.0
    assert [line["text"] for line in quiet["lines"]] == ["no trade, says exchange"]
    assert quiet["bar"] is None


def test_gaps_are_those_of_the_certificate_or_else_what_is_missing(dashboard: Place) -> None:
    (gap,) = dashboard.get("/store/gaps", **XNYS).object["gaps"]
    whole = dashboard.get("/store/gaps", calendar="XNYS", date="2024-07-03").object

    assert (gap["attempts"], gap["source"], gap["outcome"]) == (2, "archive", "closed")
    assert whole == {"gaps": []}


def test_a_certificate_is_told_and_that_there_is_none(dashboard: Place) -> None:
    told = dashboard.get("/store/certificate", **XNYS).object
    none = dashboard.get("/store/certificate", calendar="XNYS", date="2024-07-03").object

    assert (told["digest"], told["issued_by"], told["outcomes"]) == ("d1", "session", {"closed": 1})
    assert [row["symbol"] for row in told["symbols"]] == ["AAA", "BBB"]
    assert none == {"calendar": "XNYS", "date": "2024-07-03", "digest": None}


def test_bars_of_a_stored_day_have_the_days_before_behind(dashboard: Place) -> None:
    asked = {"calendar": "XNYS", "date": "2024-07-03", "interval": "5m"}
    alone = dashboard.get("/store/bars", **asked, symbol=MARKET.symbols[0]).object
    with_days = dashboard.get("/store/bars", **asked, symbol=MARKET.symbols[0], sessions=3).object

    assert len(alone["start"]) == 42
    assert len(with_days["start"]) == 43


@pytest.mark.parametrize(
    ("path", "query", "status", "words"),
    [
        ("/store/plane", {"date": DAY.date}, 400, "say which calendar"),
        ("/store/plane", {"calendar": "XNYS"}, 400, "say which date"),
        ("/store/plane", {"calendar": "XNYS", "date": "1999-01-04"}, 404, "no day 1999-01-04"),
        ("/store/plane", {"calendar": "XLON", "date": DAY.date}, 404, "no day of XLON"),
        ("/store/plane", {"calendar": "../x", "date": DAY.date}, 400, "calendar"),
        ("/store/cell", {**XNYS, "symbol": "AAA", "at": 5}, 404, "no such minute"),
        ("/store/cell", {**XNYS, "symbol": "ZZZ", "at": 5}, 404, "ZZZ"),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_in_a_sentence(
    dashboard: Place, path: str, query: dict[str, str], status: int, words: str
) -> None:
    reply = dashboard.get(path, **query)

    assert reply.status == status
    assert words in reply.object["error"]


def test_a_store_that_is_not_there_yet_has_no_days(tmp_path: Path) -> None:
    with serving_page(None, tmp_path / "soon", Served(page=0)) as (line,):
        assert Place(port_of(line)).get("/store").object == {"name": "soon", "calendars": []}
