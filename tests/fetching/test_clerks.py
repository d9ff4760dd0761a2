"""Days that several processes read and write say and come to what they would in one, in the vendor's pace."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("alpaca")

from actors.feeds.simulated.market import SimulatedMarket
from actors.fetching.clerks import desk_of
from actors.fetching.desk import OwnDesk
from actors.fetching.fetch import FetchOptions, Wanted, fetch
from actors.fetching.report import FetchProgress, FetchReport
from actors.kernel.ports import StoredDay
from actors.market.calendar import Calendar
from actors.storage.memory import MemoryStore
from actors.storage.own_hours import Calendars
from actors.storage.parquet import ParquetStore
from actors.vendors.history.entry import Pace
from actors.vendors.history.source import VendorSource
from actors.verifying import verify_store
from messages.errors import SystemFailed
from messages.values import MINUTE_NS
from tests.children import children
from tests.fetching.test_costs import all_days
from tests.vendors.alpaca.history_server import AlpacaHistoryServer, AlpacaStocks

SESSIONS = Calendar("XNYS").sessions("2024-06-03", "2024-06-07")
MARKET = SimulatedMarket.of_size(3, quiet=0.0)
LATE_NS = SESSIONS[-1].end_ns + 24 * 60 * MINUTE_NS
HOLES = (100, 101, 500, 900)
PACE = (10, 0.3)


@pytest.fixture
def world() -> Iterator[AlpacaStocks]:
    made = AlpacaStocks((), server=AlpacaHistoryServer(all_days(MARKET, SESSIONS), pace=PACE))
    yield made
    made.stop()


def holed(root: Path) -> Path:
    """A store that lacks the same minutes of every day."""
    with closing(ParquetStore(root)) as store:
        for session in SESSIONS:
            day = MARKET.day(session)
            keep = np.ones(len(day.bars), dtype=np.bool_)
            keep[list(HOLES)] = False
            store.merge("XNYS", session.date, StoredDay(bars=day.bars.where(keep), verdicts=day.verdicts[keep]))
    return root


def _source(world: AlpacaStocks) -> VendorSource:
    return world.source(now_ns=lambda: LATE_NS, pace=(Pace(requests=PACE[0], seconds=PACE[1]),))


def healed(
    root: Path, world: AlpacaStocks, workers: int, on_progress: Callable[[FetchProgress], None] = lambda _: None
) -> FetchReport:
    wanted = [Wanted(session=session, symbols=MARKET.symbols) for session in SESSIONS]
    options = FetchOptions(is_abandoned_too=True, is_exact=True)
    with closing(ParquetStore(root)) as store, closing(_source(world)) as source:
        store.claim()
        with desk_of(store, Calendars.of(store), workers) as desk:
            return fetch(
                store, [source], wanted, options, now_ns=lambda: LATE_NS, desk=desk, on_progress=on_progress
            )  # fmt: skip


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def plain(report: FetchReport) -> object:
    return msgspec.to_builtins(msgspec.structs.replace(report, seconds=0.0, waited_s=0.0))


@pytest.mark.slow
def test_several_processes_heal_what_one_does_as_one_account_in_one_pace(world: AlpacaStocks, tmp_path: Path) -> None:
    one = healed(holed(tmp_path / "one"), world, 1)
    asked = len(world.server.calls)
    two = healed(holed(tmp_path / "two"), world, 3)

    assert (two.sum_of("asked"), two.sum_of("filled")) == (4 * len(SESSIONS), 4 * len(SESSIONS))
    assert plain(two) == plain(one)
    assert files(tmp_path / "two") == files(tmp_path / "one")
    assert len(world.server.calls) == 2 * asked
    assert world.server.refused_for_pace == 0
    with closing(ParquetStore(tmp_path / "two", read_only=True)) as store:
        assert not verify_store(store).faults


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_process_that_is_killed_is_replaced_and_its_days_are_not_asked_for_again(
    world: AlpacaStocks, tmp_path: Path
) -> None:
    before, killed = children(os.getpid()), set[int]()

    def kill(progress: FetchProgress) -> None:
        if progress.done and not killed:
            killed.update(children(os.getpid()) - before)
            for child in killed:
                os.kill(child, signal.SIGKILL)

    world.server.is_noting = True
    report = healed(holed(tmp_path / "store"), world, 2, kill)

    assert killed
    assert report.sum_of("filled") == 4 * len(SESSIONS)
    assert len(world.server.minutes) == len(set(world.server.minutes)) == 4 * len(SESSIONS)
    with closing(ParquetStore(tmp_path / "store", read_only=True)) as store:
        assert {day.standing for day in verify_store(store).days} == {"match"}


@pytest.mark.slow
def test_days_of_which_every_process_dies_end_it(
    world: AlpacaStocks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.fetching.clerks._WORK", "no.such:work")

    with pytest.raises(SystemFailed, match="a process that writes days ended with exit code 1, 3 times"):
        healed(holed(tmp_path / "store"), world, 2)


def test_a_store_that_processes_cannot_write_together_is_written_by_this_one(tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path / "store")) as store:
        store.merge("XNYS", SESSIONS[0].date, MARKET.day(SESSIONS[0]))
        for one, workers in ((MemoryStore(), 2), (store, 1)):
            with desk_of(one, Calendars.of(one), workers) as desk:
                assert isinstance(desk, OwnDesk)
