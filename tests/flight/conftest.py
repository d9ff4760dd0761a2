"""A served system, a client of ours, and nothing that is left of them."""

from collections.abc import Iterator

import pytest

from actors.flight.client import RemoteSession, connect
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
