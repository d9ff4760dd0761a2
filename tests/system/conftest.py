"""After every test of whole systems: no room and no worker is left running."""

import threading
from collections.abc import Iterator

import pytest

from tests.system.live import GIVEN


@pytest.fixture(autouse=True)
def _no_actor_is_left() -> Iterator[None]:
    before = set(threading.enumerate())  # of another test, which has to answer for it
    yield
    while GIVEN:
        GIVEN.pop().close()
    for thread in _actors() - before:
        thread.join(5)
    assert _actors() - before == set()


def _actors() -> set[threading.Thread]:
    rooms = ("SessionData", "StreamCoordinator", "DataUpkeep", "SystemManager", "barkeeper")
    return {thread for thread in threading.enumerate() if thread.name.startswith(rooms)}
