"""Everybody who looks on is told the same; who is too slow is let go, and told everything when he comes again."""

import asyncio

import pytest

from actors.doors.web import hub as hubs
from actors.doors.web.hub import Hub
from actors.storage.memory import MemoryStore
from actors.system import System
from tests.builders import DAY
from tests.doors.web.conftest import MARKET, PATIENCE_S


def system() -> System:
    store = MemoryStore()
    store.merge("XNYS", DAY.date, MARKET.day(DAY))
    return System.backtest(store)


async def heard(hub: Hub, events: int) -> list[bytes]:
    """Listen until so many events have come, the first line aside."""
    news = hub.told()
    try:
        return [await asyncio.wait_for(anext(news), PATIENCE_S) for _ in range(events + 1)][1:]
    finally:
        await news.aclose()  # type: ignore[attr-defined]  # an iterator made by a generator


def test_two_who_look_on_are_told_the_same() -> None:
    async def run() -> tuple[list[bytes], list[bytes]]:
        async with system() as started:
            hub = Hub(started)
            async with hub.running():
                return await heard(hub, 2), await heard(hub, 2)

    one, other = asyncio.run(run())

    assert [event.partition(b"\n")[0] for event in one] == [b"event: plane", b"event: vitals"]
    assert one == other


@pytest.mark.slow  # looks are half a second apart
def test_a_run_that_is_not_there_yet_is_waited_for() -> None:
    async def run() -> list[bytes]:
        made = system()
        hub = Hub(made)
        async with hub.running():
            listening = asyncio.create_task(heard(hub, 1))
            await asyncio.sleep(0)
            async with made:
                return await listening

    (event,) = asyncio.run(run())

    assert event.startswith((b"event: plane", b"event: vitals"))


def test_who_does_not_listen_is_let_go_and_nobody_waits_for_him() -> None:
    async def run() -> list[bytes]:
        async with system() as started:
            hub = Hub(started)
            async with hub.running():
                news = hub.told()
                for _ in range(3):
                    await anext(news)
                for _ in range(hubs._WAITING + 1):
                    hub._tell(hub._vitals)
                return [event async for event in news]

    assert asyncio.run(run()) == []


def test_while_nothing_happens_who_looks_on_is_told_that_we_are_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "_BEAT_S", 0.01)

    async def run() -> list[bytes]:
        async with system() as started:
            hub = Hub(started)
            async with hub.running():
                return await heard(hub, 5)

    assert b"event: beat\ndata: {}\n\n" in asyncio.run(run())


def test_it_ends_with_the_block_whoever_listens() -> None:
    async def run() -> list[bytes]:
        async with system() as started:
            hub = Hub(started)
            async with hub.running():
                news = hub.told()
                first = [await anext(news)]
            return first + [event async for event in news]

    assert asyncio.run(run())[0] == b"retry: 1000\n\n"
