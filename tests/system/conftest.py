"""After every test of whole systems: no room and no worker is left running."""

import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _no_actor_is_left() -> Iterator[None]:
    yield
    for thread in _actors():
        thread.join(5)
    assert _actors() == []


def _actors() -> list[threading.Thread]:
    rooms = ("SessionData", "StreamCoordinator", "DataUpkeep", "SystemManager", "barkeeper")
    return [thread for thread in threading.enumerate() if thread.name.startswith(rooms)]
