"""Alpaca's history: what is its own, beside the contract of all histories."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

pytest.importorskip("alpaca")

from actors.vendors.history.pages import Fate, HistoryRefused, NoAnswer
from actors.vendors.history.source import VendorSource
from messages.values import MINUTE_NS, SECOND_NS
from tests.builders import DAY, at, bars
from tests.vendors.alpaca.history_server import AlpacaStocks, Reply


@pytest.fixture
def world() -> Iterator[AlpacaStocks]:
    made = AlpacaStocks(bars("AAPL", "09:30", *range(1, 31)))
    yield made
    made.stop()


def source(world: AlpacaStocks, tape: str = "iex", now: str = "15:00", delay_s: float | None = None) -> VendorSource:
    """Alpaca at some time of the day, by both clocks."""
    world.tape = tape
    world.server._now_ns = lambda: at(now)
    if delay_s is not None:
        tapes = tuple(msgspec.structs.replace(one, delay_s=delay_s) for one in world.entry.tapes)
        world.entry = msgspec.structs.replace(world.entry, tapes=tapes)
    return world.source(now_ns=lambda: at(now))


def count(asked: VendorSource, first: str = "09:30", end: str = "10:00") -> int:
    return len(asked.fetch(DAY, ("AAPL",), at(first), at(end)).bars)


def test_the_tape_and_the_adjustment_are_asked_for_by_name(world: AlpacaStocks) -> None:
    asked = source(world)
    count(asked)

    query = world.server.calls[0].query
    assert (asked.name, query["feed"], query["adjustment"]) == ("alpaca:iex", "iex", "raw")
    assert (query["timeframe"], query["limit"]) == ("1Min", "10000")


def test_names_are_followed_to_the_last_and_a_name_that_others_had_before_is_not(world: AlpacaStocks) -> None:
    changes = [("FB", "META", "2022-06-09"), ("META", "METV", "2022-01-31"), ("META", "M", "2024-01-02")]
    for change in changes:
        world.rename(*change)
    client: Any = source(world)._client

    assert client.fate("FB") == Fate(said="FB was renamed on 2022-06-09: ask for M", since="2022-06-09")
    assert client.fate("AAPL") is None


def test_who_may_not_see_changes_of_names_is_given_bars_all_the_same(world: AlpacaStocks) -> None:
    plain = world.server.answer
    no = Reply(b'{"message": "forbidden."}', 403)
    world.server.answer = lambda path, *more: no if "actions" in path else plain(path, *more)  # type: ignore[method-assign]
    asked = source(world)
    for _ in range(2):
        assert len(asked.fetch(DAY, ("AAPL", "FB"), at("09:30"), at("10:10")).bars) == 30

    assert (asked.requests, asked.refused) == (3, {})


def test_of_sip_the_last_quarter_of_an_hour_is_not_asked_for(world: AlpacaStocks) -> None:
    asked = source(world, "sip", "10:05")

    assert count(asked) == 20
    assert [call.status for call in world.server.calls] == [200]
    assert asked.delay_ns == 900 * SECOND_NS


def test_who_takes_a_free_plan_for_a_paid_one_waits_for_sip_and_is_not_refused(world: AlpacaStocks) -> None:
    asked = source(world, "sip", "10:05", delay_s=0.0)

    assert count(asked) == 20
    assert [call.status for call in world.server.calls] == [403, 200]


def test_an_answer_without_bars_that_is_no_answer_is_not_taken_for_nothing(world: AlpacaStocks) -> None:
    for body in (b'{"message": "ok"}', b"[]", b'{"bars": []}', b"null"):
        world.server.answer = lambda *_, body=body: Reply(body)  # type: ignore[method-assign,misc]
        with pytest.raises(NoAnswer):
            count(source(world))


def test_rows_that_make_no_sense_are_left_out_and_then_silence_says_nothing(world: AlpacaStocks) -> None:
    row = {"t": "2024-07-02T13:30:00Z", "o": 1, "h": 1, "l": 1, "c": 1, "v": 1, "n": 1, "vw": 1}
    wrong: list[dict[str, Any]] = [{**row, "t": "yesterday"}, {**row, "o": None}, {"t": row["t"]}, {**row, "n": "x"}]
    asked = source(world)
    for rows, quiet in ((wrong, 0), ([], 29)):
        body = msgspec.json.encode({"bars": {"AAPL": [row, *rows]}, "next_page_token": None})
        world.server.answer = lambda *_, body=body: Reply(body)  # type: ignore[method-assign,misc]
        answer = asked.fetch(DAY, ("AAPL",), at("09:30"), at("10:00"))

        assert len(answer.bars) == 1
        assert sum((gap.end_ns - gap.start_ns) // MINUTE_NS for gap in answer.no_trade) == quiet


def test_a_page_that_comes_again_and_again_ends(world: AlpacaStocks) -> None:
    body = msgspec.json.encode({"bars": {}, "next_page_token": "same"})
    world.server.answer = lambda *_: Reply(body)  # type: ignore[method-assign]
    with pytest.raises(NoAnswer, match="is that page again"):
        count(source(world))

    assert len(world.server.calls) == 2


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (401, "unauthorized.", HistoryRefused),
        (403, "forbidden.", HistoryRefused),
        (403, "subscription does not permit querying this feed", HistoryRefused),
        (400, "invalid timeframe", NoAnswer),
        (404, "endpoint not found.", NoAnswer),
    ],
)
def test_what_cannot_be_helped_is_told_in_the_vendors_words(
    world: AlpacaStocks, status: int, text: str, error: type[Exception]
) -> None:
    body = msgspec.json.encode({"message": text})
    world.server.answer = lambda *_: Reply(body, status)  # type: ignore[method-assign]
    with pytest.raises(error, match=rf"Alpaca: {text} \({status}\)"):
        count(source(world))


def test_a_vendor_that_wants_a_long_rest_has_failed_at_once(world: AlpacaStocks) -> None:
    world.server.answer = lambda *_: Reply(b"<html>", 503, {"Retry-After": "3600"})  # type: ignore[method-assign]
    with pytest.raises(Exception, match="a page of HTML"):
        count(source(world))

    assert len(world.server.calls) == 1


def test_a_key_that_the_vendor_echoes_is_not_passed_on(world: AlpacaStocks) -> None:
    secret = world.secrets[1]
    world.server.answer = lambda *_: Reply(f"no {secret}".encode(), 403)  # type: ignore[method-assign]
    with pytest.raises(HistoryRefused) as caught:
        count(source(world))

    assert secret not in str(caught.value)


def test_while_clocks_differ_by_a_minute_a_bar_that_is_not_there_yet_is_not_taken_for_none(
    world: AlpacaStocks,
) -> None:
    # The vendor, a minute and a half behind, has not made the bars of 09:58 and 09:59 at our 10:00.
    late = bars("AAPL", "09:30", *range(1, 29))
    world.stop()
    world.server = AlpacaStocks(late).server
    early, later = (
        source(world, now=now).fetch(DAY, ("AAPL",), at("09:30"), at("10:00")) for now in ("10:00", "10:02")
    )

    assert early.no_trade == ()
    assert sum((gap.end_ns - gap.start_ns) // MINUTE_NS for gap in later.no_trade) == 2
