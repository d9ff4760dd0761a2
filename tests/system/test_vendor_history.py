"""Days repaired from a vendor's history, through its real client, at a server of ours that fails and keeps its pace."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("alpaca")

from actors.feeds.simulated.market import SimulatedMarket
from actors.market.faults import Faults
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.system import System
from messages import BarBatch, GapOutcome
from messages.errors import BarkeeperError
from messages.values import MINUTE_NS
from tests.storage.days import all_regular
from tests.system.test_live import digest_of
from tests.system.worlds import DATES, QUARTER, short, xnys
from tests.vendors.alpaca.history_server import AlpacaHistoryServer
from tests.vendors.alpaca.server import KEYS


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APCA_API_KEY_ID", KEYS.key)
    monkeypatch.setenv("APCA_API_SECRET_KEY", KEYS.secret)


def days_of(market: SimulatedMarket, closed: tuple[str, ...], *dates: str) -> dict[str, BarBatch]:
    sessions = {date: xnys(closed).session(date) for date in dates}
    return {date: market.day(session).bars for date, session in sessions.items() if session is not None}


def all_of(days: dict[str, BarBatch]) -> list[Any]:
    return [bar for batch in days.values() for bar in batch.bars()]


def store_of(market: SimulatedMarket, closed: tuple[str, ...], *dates: str) -> MemoryStore:
    store = MemoryStore()
    for date in dates:
        session = xnys(closed).session(date)
        assert session is not None
        store.merge("XNYS", date, market.day(session))
    return store


@pytest.fixture
def market() -> SimulatedMarket:
    return SimulatedMarket.of_size(6, quiet=0.02)


def served(bars: list[Any], **how: Any) -> Iterator[AlpacaHistoryServer]:
    server = AlpacaHistoryServer(bars, **how)
    yield server
    server.stop()


def table(server: AlpacaHistoryServer, **more: Any) -> dict[str, dict[str, Any]]:
    return {"alpaca": {"url": server.url, **more}}


def test_a_backtest_of_past_days_is_repaired_with_a_few_pages(market: SimulatedMarket) -> None:
    dates = DATES[:2]
    for server in served(all_of(days_of(market, QUARTER, *dates))):
        faults = Faults(drop=0.1, outages=("09:35-09:38",), seed=1)
        how = {"symbols": market.symbols, "faults": faults, "fill_from": "alpaca", "vendors": table(server)}
        with short(store_of(market, QUARTER, *dates), **how) as system:
            system.run(timeout=60)
            healed = [system.certificate(date).get(timeout=5) for date in dates]
        with short(store_of(market, QUARTER, *dates), symbols=market.symbols) as undisturbed:
            undisturbed.run(timeout=60)
            digest = digest_of(undisturbed)

        assert [one.bar_quality for one in healed if one] == [100.0, 100.0]
        assert healed[-1] is not None
        assert healed[-1].digest == digest
        assert {story.source for one in healed if one for story in one.gaps} <= {"alpaca:iex", "tape"}
        assert len(server.calls) == 2


def test_what_a_vendor_should_have_and_has_not_is_asked_of_the_next(tmp_path: Path) -> None:
    market, date = SimulatedMarket.of_size(6), DATES[0]
    (batch,) = days_of(market, QUARTER, date).values()
    busy = [(bar, 80.0) for bar in batch.bars()]
    lost = batch.start_ns[0] + 7 * MINUTE_NS
    bars = [type(bar)(**{**_fields(bar), "trades": trades}) for bar, trades in busy if bar.start_ns != lost]
    archive = ParquetStore(tmp_path / "archive", segment_of=all_regular)
    session = xnys(QUARTER).session(date)
    assert session is not None
    archive.merge("XNYS", date, market.day(session))
    archive.close()
    for server in served(bars):
        faults = Faults(outages=("09:35-09:40",), seed=1)
        how = {"symbols": market.symbols, "faults": faults, "vendors": table(server), "last": 1}
        certificates = []
        for fill_from in (["alpaca"], ["alpaca", str(tmp_path / "archive")]):
            with short(store_of(market, QUARTER, date), fill_from=fill_from, **how) as system:
                system.run(timeout=60)
                certificates.append(system.certificate().get(timeout=5))
        alone, both = certificates

        assert alone is not None
        assert both is not None
        given_up = [gap for gap in alone.gaps if gap.outcome is GapOutcome.ABANDONED]
        assert {gap.start_ns for gap in given_up} == {lost}
        assert {gap.error.partition(": ")[0] for gap in given_up} == {"alpaca:iex"}
        assert all("around which there was trading" in gap.error for gap in given_up)
        assert both.bar_quality == 100.0


def test_a_system_is_closed_within_a_second_while_the_vendor_is_silent(market: SimulatedMarket) -> None:
    for server in served([], faults=dict.fromkeys(range(9), "mute")):
        how = {"symbols": market.symbols, "faults": Faults(drop=0.2, seed=1), "fill_from": "alpaca"}
        with short(store_of(market, QUARTER, DATES[0]), vendors=table(server, deadline_s=60), **how) as system:
            running = threading.Thread(target=_run, args=(system,))
            running.start()
            server.wait_for_calls(1)
            began_s = time.monotonic()
            system.close()
            took_s = time.monotonic() - began_s
        running.join(10)

        assert took_s < 1.0


def _run(system: System) -> None:
    with contextlib.suppress(BarkeeperError):
        system.run(timeout=60)


def _fields(bar: Any) -> dict[str, Any]:
    names = ("symbol", "start_ns", "open", "high", "low", "close", "volume", "vwap", "trades")
    return {name: getattr(bar, name) for name in names}
