"""A bridge to Redis, with a real server."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from actors.doors.commands.forward import forward
from actors.flight.place import Place
from tests.doors.conftest import Call
from tests.patience import PATIENCE_S
from tests.system.worlds import memory, short

pytestmark = pytest.mark.slow


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[redis.Redis]:
    if shutil.which("redis-server") is None:
        pytest.skip("there is no redis-server here")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert any("Ready to accept connections" in line for line in server.stdout)
        with redis.Redis(port=port) as client:
            yield client
        server.terminate()
        server.stdout.read()


def url_of(broker: redis.Redis) -> str:
    return f"redis://127.0.0.1:{broker.connection_pool.connection_kwargs['port']}/0"


def entries(broker: redis.Redis) -> list[tuple[str, Any]]:
    return [(fields[b"type"].decode(), json.loads(fields[b"event"])) for _, fields in broker.xrange("day")]  # type: ignore[union-attr]


def forwarding(address: str, broker: redis.Redis) -> threading.Thread:
    """Forward in a thread, and wait until the first event has come."""
    options = {"events": ["sessions", "bars", "minutes"], "stream": "day", "keep": 10_000}
    thread = threading.Thread(target=forward, args=(address, url_of(broker)), kwargs=options)
    thread.start()
    assert broker.xread({"day": "0"}, block=20_000)
    return thread


def held(told: list[tuple[str, Any]]) -> set[tuple[str, int]]:
    """Of which minutes of which symbols there are bars in some entries."""
    found = set()
    for kind, event in told:
        bars = event["batch"] if kind == "BarsUpdated" and event["interval"]["seconds"] == 60 else event
        if "symbol_index" in bars:
            names = [bars["symbols"][place] for place in bars["symbol_index"]]
            found |= set(zip(names, bars["start_ns"], strict=True))
    return found


def wait_for_what_was_missed(broker: redis.Redis) -> None:
    """Wait for the entry of the bars that a lost connection cost."""
    until_s = time.monotonic() + PATIENCE_S
    while not any(kind == "BarWindow" for kind, _ in entries(broker)):
        assert time.monotonic() < until_s
        broker.xread({"day": "$"}, block=100)


def test_what_a_session_tells_is_a_stream_of_the_broker(broker: redis.Redis) -> None:
    with short(memory(2)) as system:
        thread = forwarding(system.serve().address, broker)
        near = list(system.subscribe(["sessions", "bars", "minutes"]))
        thread.join(20)

    told = entries(broker)
    assert [kind for kind, _ in told] == [type(event).__name__ for event in near]
    assert [event["end_ns"] for kind, event in told if kind == "MinuteClosed"] == [
        event.end_ns for event in near if type(event).__name__ == "MinuteClosed"
    ]


def test_what_was_missed_while_the_connection_was_lost_is_there_in_the_end(broker: redis.Redis) -> None:
    with short(memory(1)) as system:
        service = system.serve()
        thread = forwarding(service.address, broker)
        minutes = iter(system.minutes())
        for _ in range(5):
            next(minutes)
        service.close()
        for _ in range(5):
            next(minutes)
        system.serve(Place.parse(service.address).port)
        wait_for_what_was_missed(broker)
        list(minutes)
        everything = {(bar.symbol, bar.start_ns) for bar in system.changes_since(0).get(timeout=PATIENCE_S)}
        thread.join(20)

    assert held(entries(broker)) == everything


def test_of_a_session_that_was_started_anew_nothing_is_left_out(broker: redis.Redis) -> None:
    with short(memory(1)) as first:
        service = first.serve()
        thread = forwarding(service.address, broker)
        minutes = iter(first.minutes())
        for _ in range(5):
            next(minutes)
        service.close()
        before = len(entries(broker))
    with short(memory(1)) as second:
        again = iter(second.minutes())
        for _ in range(3):  # fewer than the first had come to, so that its revisions are lower
            next(again)
        second.serve(Place.parse(service.address).port)
        wait_for_what_was_missed(broker)
        list(again)
        everything = {(bar.symbol, bar.start_ns) for bar in second.changes_since(0).get(timeout=PATIENCE_S)}
        thread.join(20)

    assert held(entries(broker)[before:]) == everything


def test_a_broker_that_is_not_there_is_said_in_a_sentence_without_its_password(call: Call) -> None:
    wrong = call("forward", "--to", "kafka://there")
    nobody = call("forward", "--to", "redis://me:secret@127.0.0.1:1/0")

    assert (wrong.code, nobody.code) == (1, 1)
    assert "--to is redis://HOST:PORT/NUMBER" in wrong.err
    assert "no Redis answers at 127.0.0.1:1" in nobody.err
    assert "secret" not in nobody.err
