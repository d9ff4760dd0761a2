"""A served system, a client of ours, and nothing that is left of them."""

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from actors.flight.client import RemoteSession, connect
from actors.flight.server import _Server
from actors.system import System
from tests.system.conftest import _no_actor_is_left as _no_actor_is_left  # noqa: PLC0414  # a fixture here too
from tests.system.worlds import memory, short


@pytest.fixture
def system() -> Iterator[System]:
    """Two sessions of a quarter of an hour, three symbols; it stands at the first open."""
    with short(memory(quiet=0.2)) as started:
        yield started


@pytest.fixture
def session(system: System) -> Iterator[RemoteSession]:
    """A session over there: of this process, but over the wire."""
    with connect(system.serve().address) as connected:
        yield connected


@pytest.fixture(autouse=True)
def _calls_are_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have coverage see what runs in threads of gRPC's, which Python has not started."""
    trace = threading.gettrace()
    for name in ("do_get", "do_exchange", "get_flight_info") if trace is not None else ():
        call = getattr(_Server, name)

        def traced(*given: Any, call: Any = call) -> Any:
            sys.settrace(trace)
            return call(*given)

        monkeypatch.setattr(_Server, name, traced)
