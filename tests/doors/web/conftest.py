"""A replay that stands at its tenth minute, served in this process: two minutes were lost, and some came back."""

import contextlib
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from actors.doors.web.serving import Served, serving, serving_page
from actors.feeds.simulated.market import SimulatedMarket
from actors.kernel.ports import StoredDay
from actors.market.calendar import Calendar
from actors.market.faults import Faults
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.system import System
from messages import BarBatch, GapOutcome, GapStory, Verdict
from tests.builders import DAY, at, bar
from tests.certificates import certificate, run
from tests.doors.web.visitor import Reply, ask
from tests.patience import PATIENCE_S

MARKET = SimulatedMarket(symbols=("AAA", "BBB", "CCC"))
OUTAGE = "09:33-09:35"
PLAYED = 10


class Place(NamedTuple):
    """Where something is served."""

    port: int

    def get(self, path: str, **query: Any) -> Reply:
        return ask(self.port, f"{path}?{urllib.parse.urlencode(query)}")

    def post(self, path: str, body: bytes | None = None) -> Reply:
        return ask(self.port, path, method="POST", body=body)


def port_of(line: str) -> int:
    return urllib.parse.urlsplit(line.split()[2]).port or 0


@contextlib.contextmanager
def replay(served: Served) -> Iterator[tuple[System, Place]]:
    """Two days of three symbols of which the second is replayed; the first symbol's outage can be filled."""
    store, archive = MemoryStore(), MemoryStore()
    for session in Calendar("XNYS").sessions("2024-07-01", "2024-07-02"):
        store.merge("XNYS", session.date, MARKET.day(session))
    whole = MARKET.day(DAY)
    alone = whole.bars.only(frozenset({"AAA"}))
    archive.merge("XNYS", DAY.date, StoredDay(bars=alone, verdicts=np.full(len(alone), Verdict.STREAMED, np.uint8)))
    system = System.backtest(
        store, last=1, sources=[StoreSource(archive, name="archive")], faults=Faults(outages=(OUTAGE,))
    )
    with system, serving(system, served) as lines:
        with contextlib.closing(iter(system.minutes())) as minutes:
            for _ in range(PLAYED):
                next(minutes)
            system.pause().get(timeout=PATIENCE_S)
        yield system, Place(port_of(lines[0]))


@pytest.fixture(scope="module")
def run_of_it() -> Iterator[tuple[System, Place]]:
    """The replay, and its page."""
    with replay(Served(page=0)) as served:
        yield served


@pytest.fixture(scope="session")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store: a day that is certified, of which one minute was filled and one never traded, and one that is not."""
    folder = tmp_path_factory.mktemp("web") / "store"
    given = [bar("AAA", minute, 10.0) for minute in ("09:30", "09:31")] + [bar("BBB", "09:31", 5.0)]
    verdicts = np.array([Verdict.STREAMED, Verdict.FILLED, Verdict.STREAMED], dtype=np.uint8)
    with contextlib.closing(ParquetStore(folder)) as files:
        files.merge("XNYS", DAY.date, StoredDay(bars=BarBatch.of(given), verdicts=verdicts))
        gap = GapStory(
            symbols=("AAA",),
            start_ns=at("09:31"),
            end_ns=at("09:32"),
            detected_ns=at("09:32"),
            settled_ns=at("09:34"),
            attempts=2,
            source="archive",
            outcome=GapOutcome.CLOSED,
            error="archive: it was away",
        )
        told = certificate("AAA", "BBB", gaps=(gap,), runs=(run("BBB", "09:30", "09:31", source="exchange"),))
        files.certify("XNYS", DAY.date, told)
        (other,) = Calendar("XNYS").sessions("2024-07-03", "2024-07-03")
        files.merge("XNYS", other.date, MARKET.day(other))
    return folder


@pytest.fixture(scope="module")
def dashboard(days: Path) -> Iterator[Place]:
    """The page of that store."""
    with serving_page(None, days, Served(page=0)) as (line,):
        yield Place(port_of(line))
