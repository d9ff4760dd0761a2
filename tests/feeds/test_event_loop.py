"""An event loop of a feed's own."""

import asyncio
import threading

import pytest

from actors.feeds.event_loop import OwnLoop
from messages.errors import ConnectionLost


async def nothing() -> None:
    pass


async def for_ever() -> None:
    await asyncio.Event().wait()


def test_what_connecting_raises_is_raised() -> None:
    async def refused() -> None:
        raise ConnectionLost("no")

    loop = OwnLoop()

    with pytest.raises(ConnectionLost, match="no"):
        loop.run_unless_stopped(refused(), threading.Event(), whom="X", within_s=20.0)
    loop.close(nothing())


@pytest.mark.parametrize(("is_stopped", "within_s", "why"), [(True, 20.0, "stopped"), (False, 0.0, "it took too long")])
def test_connecting_is_given_up_when_somebody_wants_to_stop_or_it_takes_too_long(
    is_stopped: bool, within_s: float, why: str
) -> None:
    loop, stopping = OwnLoop(), threading.Event()
    if is_stopped:
        stopping.set()

    with pytest.raises(ConnectionLost, match=f"^X did not let us in: {why}$"):
        loop.run_unless_stopped(for_ever(), stopping, whom="X", within_s=within_s)
    loop.close(nothing())


def test_a_callback_that_fails_is_told_and_what_still_runs_is_ended_with_the_loop() -> None:
    faults: list[str] = []
    loop = OwnLoop(faults.append)
    loop.raw.call_soon(lambda: {}["x"])
    left = loop.raw.create_task(for_ever())

    loop.run(asyncio.sleep(0))
    loop.raw.call_exception_handler({"message": "a task was left alone", "exception": ValueError()})
    loop.close(nothing())

    assert faults == ["KeyError: 'x'"]
    assert left.cancelled()
    assert loop.raw.is_closed()
