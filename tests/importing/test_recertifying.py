"""A correction that comes after a session has settled: its day is certified again, and nothing of it is forgotten."""

from typing import Any

import pytest

from actors.market.faults import Faults
from actors.storage.memory import MemoryStore
from actors.verifying import Standing, verify_store
from messages import PublishBar, SessionCertificate
from tests.builders import bar
from tests.system.test_upkeep import bars_of
from tests.system.worlds import DATES, QUARTER, memory, xnys
from tests.upkept import Upkept
from tests.upstreams import Upstream


def house(store: MemoryStore, **more: Any) -> Upkept:
    return Upkept(store, [Upstream(bars_of(store))], **{"closed": QUARTER, "certify": True, "pace": "free", **more})


def correct(played: Upkept, store: MemoryStore, date: str, price: float) -> None:
    """The first bar of a day was another one."""
    session = xnys(QUARTER).session(date)
    assert session is not None
    one = bar(store.symbols("XNYS", date)[0], session.start_ns, price)
    played.stream_coordinator.tell(PublishBar(bar=one, source="desk", receipt=1, is_correction=True))
    played.settle()


def issued(played: Upkept, date: str) -> SessionCertificate:
    found = played.certificate(date)
    assert found is not None
    return found


@pytest.mark.parametrize("date", DATES[:2])
def test_a_correction_after_the_run_is_over_is_certified_and_kept(date: str) -> None:
    store = memory(2, 3)
    played = house(store).play()
    first = issued(played, date)
    correct(played, store, date, 5000.0)
    again = issued(played, date)

    assert (again.digest != first.digest, again.corrections, again.issued_by) == (True, 1, "fill")
    assert (again.replaces, store.certificate("XNYS", date)) == (first.digest, again)
    assert {day.standing for day in verify_store(store).days} == {Standing.MATCH}


def test_every_correction_is_counted_once() -> None:
    store = memory(1, 3)
    played = house(store).play()
    for price in (5000.0, 5001.0, 5001.0, 5002.0):
        correct(played, store, DATES[0], price)

    assert issued(played, DATES[0]).corrections == 3
    assert store.certificate("XNYS", DATES[0]) == issued(played, DATES[0])


def test_a_certificate_after_a_late_correction_keeps_the_story_of_its_day() -> None:
    store = memory(2, 3, quiet=0.0)
    faults = Faults(drop=0.2, corrupt=0.05, seed=1)
    played = house(store, pace="lockstep", faults=faults).up()
    listener = played.listen("minutes")
    for _ in range(20):
        next(listener)
    first = store.certificate("XNYS", DATES[0])  # readers see it later
    correct(played, store, DATES[0], 5000.0)
    list(listener)
    kept = store.certificate("XNYS", DATES[0])

    assert first is not None
    assert first.gaps
    assert first.rejected
    assert kept is not None
    assert (kept.replaces, kept.issued_by, kept.corrections) == (first.digest, "fill", first.corrections + 1)
    assert (kept.gaps, kept.rejected) == (first.gaps, first.rejected)
    assert (kept.is_prefetched, kept.transition_ms) == (first.is_prefetched, first.transition_ms)


@pytest.mark.parametrize("date", DATES[:2])
def test_every_certificate_says_how_its_session_was_opened(date: str) -> None:
    assert issued(house(memory(2, 3, quiet=0.0)).play(), date).is_prefetched is (date == DATES[1])
