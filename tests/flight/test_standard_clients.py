"""Any Flight client: tables as ``to_arrow`` makes them, JSON where there is no table, and a stream of bars."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import flight

from actors.flight.replies import as_json, bars_schema, told_bars
from actors.flight.tickets import QUERIES
from actors.system import System
from messages import BarBatch, BarsUpdated, Interval
from tests.builders import minute_of
from tests.patience import PATIENCE_S
from tests.system.worlds import memory, names_of, short

FIRST = names_of(memory())[0]


@pytest.fixture
def client(system: System) -> Iterator[flight.FlightClient]:
    """One that knows nothing of us, after twelve minutes of the first session."""
    assert sum(1 for _ in itertools.islice(system.minutes(), 12)) == 12
    with flight.connect(system.serve().address) as connected:
        yield connected


def ticket(**fields: Any) -> flight.Ticket:
    return flight.Ticket(json.dumps(fields).encode())


def told(chunk: Any) -> Any:
    return json.loads(chunk.app_metadata.to_pybytes())


def test_a_window_is_the_table_of_to_arrow_with_its_facts_beside_it(
    system: System, client: flight.FlightClient
) -> None:
    window = system.last_bars(FIRST, 3, "5m").get(timeout=PATIENCE_S)

    table = client.do_get(ticket(type="GetLastBars", symbol=FIRST, count=3, interval="5m")).read_all()

    assert table.replace_schema_metadata(None) == window.to_arrow()
    facts = json.loads(table.schema.metadata[b"barkeeper"])
    other = client.do_get(ticket(type="GetMatrix", count=1)).read_all()
    assert facts.pop("life") == json.loads(other.schema.metadata[b"barkeeper"])["life"] != ""
    assert facts == {
        "type": "BarWindow", "interval": "5m", "tz": "America/New_York", "now_ns": window.now_ns,
        "revision": window.revision, "empty_minutes": window.empty_minutes, "fill": None, "short": 1,
        "is_adjusted": False, "is_before_session": False,
    }  # fmt: skip


def test_a_matrix_and_a_plane_of_verdicts_have_a_column_a_symbol(system: System, client: flight.FlightClient) -> None:
    matrix = client.do_get(ticket(type="GetMatrix", count=5)).read_all()
    plane = client.do_get(ticket(type="GetVerdicts")).read_all()

    assert matrix.replace_schema_metadata(None) == system.matrix(5).get(timeout=PATIENCE_S).to_arrow()
    assert plane.replace_schema_metadata(None) == system.verdicts().get(timeout=PATIENCE_S).to_arrow()
    assert json.loads(plane.schema.metadata[b"barkeeper"])["closed"] == 12


def test_polars_and_duckdb_read_them_as_they_come(system: System, client: flight.FlightClient) -> None:
    bars = client.do_get(ticket(type="GetBars", symbol=FIRST)).read_all()
    window = system.bars(FIRST).get(timeout=PATIENCE_S)

    frame = pl.from_arrow(bars)
    (row,) = duckdb.sql("select count(*), max(high), any_value(verdict)::text from bars").fetchall()

    assert isinstance(frame, pl.DataFrame)
    assert frame["close"].to_list() == window.close.tolist()
    assert frame["verdict"].unique().to_list() == ["streamed"]
    assert row == (len(window), window.high.max(), "streamed")


def test_what_is_no_table_comes_as_json_beside_an_empty_one(system: System, client: flight.FlightClient) -> None:
    metrics = system.metrics(FIRST).get(timeout=PATIENCE_S)

    chunk = client.do_get(ticket(type="GetMetrics", symbol=FIRST)).read_chunk()

    assert (chunk.data.num_rows, told(chunk)["volume"]) == (0, metrics.volume)
    assert told(client.do_get(ticket(type="GetDigest")).read_chunk()) == system.digest().get(timeout=PATIENCE_S)
    assert told(client.do_get(ticket(type="GetRunSummary")).read_chunk()) == {
        "sessions": [], "is_finished": False, "failure": None, "without_session": [],
    }  # fmt: skip
    assert as_json(np.array([1.5, np.nan])) == b"[1.5,null]"


def test_a_client_that_begins_with_a_descriptor_is_given_its_ticket(client: flight.FlightClient) -> None:
    wish = json.dumps({"type": "GetActiveSymbols"})
    for descriptor in (flight.FlightDescriptor.for_command(wish), flight.FlightDescriptor.for_path(wish)):
        (endpoint,) = client.get_flight_info(descriptor).endpoints
        assert len(told(client.do_get(endpoint.ticket).read_chunk())) == 3


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"type": "GetLastBar"}, "SettingsError: there is no query 'GetLastBar'; nearest: GetLastBars"),
        ({"type": "GetMetrics", "symbol": "AAPLE"}, "UnknownSymbol: unknown symbol 'AAPLE'; nearest: "),
        ({"type": "GetLiveStatus"}, "NotReady: this is a backtest"),
        ({"type": "Subscribe", "policy": "block"}, "SettingsError: a ticket's policy is drop_oldest or disconnect"),
        ({"type": "Subscribe", "events": ["bar"]}, "SettingsError: unknown event 'bar'"),
    ],
)
def test_what_is_wrong_is_said_in_our_words(client: flight.FlightClient, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(flight.FlightServerError, match=words):
        client.do_get(ticket(**fields)).read_all()


def test_nothing_can_be_commanded(client: flight.FlightClient) -> None:
    assert not {kind.__name__ for kind in QUERIES if not kind.__name__.startswith("Get")}
    with pytest.raises(NotImplementedError):
        list(client.do_action(("PauseSystem", b"")))


def test_bars_come_as_they_are_told_other_events_as_json_between_them(system: System) -> None:
    with flight.connect(system.serve().address) as client:
        stream = client.do_get(ticket(type="Subscribe", events=["bars", "minutes"], intervals=["1m", "5m"]))
        assert stream.schema == bars_schema()
        assert stream.read_chunk().data.num_rows == 0  # it is heard from now on

        near = list(system.subscribe(["bars", "minutes"], intervals=["1m", "5m"]))
        wanted = sum(len(event.batch) for event in near if isinstance(event, BarsUpdated))
        batches, closed = [], []
        while sum(batch.num_rows for batch in batches) < wanted or len(closed) < 30:
            chunk = stream.read_chunk()
            batches.append(chunk.data)
            closed += [] if chunk.app_metadata is None else [told(chunk)]
        stream.cancel()

    table = pa.Table.from_batches(batches)
    assert [event["type"] for event in closed] == ["MinuteClosed"] * 30
    assert table == pa.Table.from_batches([told_bars([event for event in near if isinstance(event, BarsUpdated)])])
    assert set(table["interval"].to_pylist()) == {"1m", "5m"}


def test_a_bar_that_lacks_minutes_is_told_as_incomplete_and_what_is_not_known_is_null() -> None:
    batch = BarBatch.of(minute_of(("AAPL", "MSFT"), "10:00"))
    five = Interval(seconds=300)
    told = told_bars(
        [
            BarsUpdated(interval=five, batch=batch, revision=7, base_counts=(5, 4), base_expected=5, is_repair=True),
            BarsUpdated(interval=Interval(seconds=60), batch=batch, revision=8),
        ]
    ).to_pylist()

    assert [row["is_complete"] for row in told] == [True, False, True, True]
    assert [row["is_repair"] for row in told] == [True, True, False, False]
    assert [row["revision"] for row in told] == [7, 7, 8, 8]
    assert {row["vwap"] for row in told} == {None}


def test_a_stream_ends_with_what_ended_the_run() -> None:
    with short(memory(1)) as system, flight.connect(system.serve().address) as client:
        stream = client.do_get(ticket(type="Subscribe", events=["sessions"]))
        stream.read_chunk()
        system.run(timeout=PATIENCE_S)
        kinds = [json.loads(chunk.app_metadata.to_pybytes())["kind"] for chunk in stream]

    assert kinds == ["opened", "closed"]
