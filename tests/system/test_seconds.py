"""Systems whose base bars are of one second: from a store, from a faulty feed, and live; and who is refused."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.feeds.jsonlines.feed import JsonLinesFeed
from actors.feeds.jsonlines.line_source import FileSource
from actors.feeds.port import Feed
from actors.feeds.simulated.market import SimulatedMarket
from actors.importing.into_store import ImportOptions, import_paths
from actors.inspecting import inspect_store
from actors.kernel.clock import SystemClock
from actors.market.faults import Faults
from actors.settings import SessionRules
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.storage.source import StoreSource
from actors.system import System
from actors.verifying import Standing, verify_store
from messages import DataError, Interval, Requirement, SettingsError, TradingSession
from messages.values import MINUTE_NS, SECOND_NS
from tests.feeds.worlds import lines_of
from tests.system.live import DATE, EIGHT, clock_before, live, lived, market_feed, session_of
from tests.system.worlds import frame, memory

ONE_SECOND = Interval.parse("1s")
SESSION = replace(session_of(), base_interval=ONE_SECOND)
SECONDS = 8 * 60
MARKET = SimulatedMarket.of_size(3, quiet=0.1)


def stored(session: TradingSession = SESSION) -> MemoryStore:
    store = MemoryStore()
    store.merge("XNYS", session.date, MARKET.day(session))
    return store


def backtest(store: "MemoryStore | str", **more: Any) -> System:
    return System.backtest(store, base_interval="1s", closed=EIGHT, **more)


def digest_of(store: "MemoryStore | str", **more: Any) -> str:
    with backtest(store, **more) as system:
        system.run(timeout=60)
        digest: str = system.digest().get(timeout=5)
        return digest


def test_a_backtest_goes_second_by_second_and_bars_are_of_a_second_where_nothing_is_named() -> None:
    store, symbol = stored(), MARKET.symbols[0]
    with backtest(store) as system:
        closings = list(system.minutes())
        base = system.bars(symbol).get(timeout=5)
        minutes = system.bars(symbol, interval="1m").get(timeout=5)
        latest = system.latest_bar(symbol).get(timeout=5)
        quality = system.quality().get(timeout=5).quality

    of_symbol = frame(store, DATE).query("symbol == @symbol")
    assert [closing.end_ns for closing in closings] == [SESSION.open_ns + (i + 1) * SECOND_NS for i in range(SECONDS)]
    assert (base.interval, base.start_ns.tolist()) == (ONE_SECOND, of_symbol["start"].tolist())
    assert base.close.tolist() == of_symbol["close"].tolist()
    assert latest is not None
    assert (latest.interval, latest.start_ns) == (ONE_SECOND, of_symbol["start"].iloc[-1])
    assert minutes.volume.tolist() == of_symbol.groupby(of_symbol["start"] // MINUTE_NS)["volume"].sum().tolist()
    assert (minutes.base_expected == 60).all()
    assert quality.closed == 3 * SECONDS


def test_warm_up_is_counted_in_seconds_too() -> None:
    store = stored()
    tuesday = replace(session_of("2024-07-03"), base_interval=ONE_SECOND)
    store.merge("XNYS", tuesday.date, MARKET.day(tuesday))
    system = backtest(store, start=tuesday.date, trailing_sessions=0)
    system.require(MARKET.symbols[0], bars=100)
    system.require(MARKET.symbols[0], "1m", 3)
    with system:
        needs = system.warm_up().get(timeout=5)

    assert [(need.requirement.interval, need.is_warm) for need in needs] == [
        (ONE_SECOND, True),
        (Interval.parse("1m"), True),
    ]
    with pytest.raises(SettingsError, match="interval 15s is no whole multiple of 10s, of which bars are made"):
        Requirement.of("A", "15s", 1, Interval.parse("10s"))


def test_a_feed_that_loses_seconds_is_healed_and_the_day_s_certificate_says_of_which_length_it_is(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "store"
    store = ParquetStore(folder)
    store.merge("XNYS", DATE, MARKET.day(SESSION))
    store.close()
    undisturbed = digest_of(str(folder))
    faults = Faults(drop=0.1, delay=0.1, duplicate=0.1, outages=("09:32-09:33",), seed=3)
    with backtest(str(folder), faults=faults, sources=[StoreSource(stored(), "upstream")], certify=True) as system:
        system.run(timeout=60)
        certificate = system.certificate().get(timeout=5)

    assert certificate is not None
    assert certificate.base_interval == "1s"
    assert certificate.digest == undisturbed
    assert sum(counts.filled for counts in certificate.symbols) > 100
    kept = ParquetStore(folder, read_only=True)
    assert [day.standing for day in verify_store(kept).days] == [Standing.MATCH]
    days = inspect_store(kept).days
    assert {(day.base_interval, day.expected_minutes, day.bars + day.missing_minutes) for day in days} == {
        ("1s", 23_400, 23_400)
    }


def test_an_upstream_of_minutes_is_asked_in_vain() -> None:
    upstream = MemoryStore()
    upstream.merge("XNYS", DATE, MARKET.day(session_of()))
    faults = Faults(drop=0.05, seed=3)
    with backtest(stored(), faults=faults, sources=[StoreSource(upstream, "minutes")]) as system:
        system.run(timeout=60)
        certificate = system.certificate().get(timeout=5)

    assert certificate is not None
    assert sum(counts.filled for counts in certificate.symbols) == 0
    assert sum(counts.abandoned for counts in certificate.symbols) > 0


@pytest.mark.parametrize(
    ("store", "base", "says"),
    [
        (memory, "1s", "holds bars of 1m; this system's base interval is 1s"),
        (stored, "7s", "a minute is no whole multiple of base_interval 7s"),
    ],
)
def test_a_store_of_another_length_is_refused_at_once(store: Callable[[], MemoryStore], base: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        System.backtest(store(), base_interval=base)
    with pytest.raises(SettingsError, match=says):
        System.live(store(), [], base_interval=base, calendar="XNYS")


def test_who_writes_into_a_store_has_bars_of_its_length() -> None:
    says = "holds bars of 1s; this system's base interval is 1m"

    with pytest.raises(SettingsError, match=says):
        System.live(stored(), [], calendar="XNYS")
    with pytest.raises(SettingsError, match=says):
        System.backtest(stored(), certify=True)


def test_a_backtest_of_minutes_makes_them_of_the_seconds_that_are_stored() -> None:
    symbol, store = MARKET.symbols[0], stored()
    tuesday = replace(session_of("2024-07-03"), base_interval=ONE_SECOND)
    store.merge("XNYS", tuesday.date, MARKET.day(tuesday))
    with backtest(store) as system:
        system.run(timeout=60)
        seconds = system.last_bars(symbol, 500, "1m", with_history=True).get(timeout=5)
    with System.backtest(store, closed=EIGHT) as system:
        closings = list(system.minutes())
        minutes = system.last_bars(symbol, 500, with_history=True).get(timeout=5)

    assert len(closings) == 2 * 8
    assert (minutes.start_ns.tolist(), minutes.values.tolist()) == (seconds.start_ns.tolist(), seconds.values.tolist())


def test_an_upstream_of_seconds_fills_minutes() -> None:
    minutes = MemoryStore()
    minutes.merge("XNYS", DATE, MARKET.day(session_of()))
    lost = Faults(drop=0.2, seed=3)
    with System.backtest(minutes, closed=EIGHT, faults=lost, sources=[StoreSource(stored(), "seconds")]) as system:
        system.run(timeout=60)
        verdicts = system.quality().get(timeout=5).quality.verdicts

    assert verdicts.filled > 0


def test_rules_keep_what_else_they_say() -> None:
    rules = SessionRules(keep_extra=True, trailing_sessions=1)
    with backtest(stored(), rules=rules, intervals=("10s", "1m")) as system:
        system.run(timeout=60)
        held = system._settings.rules
        window = system.last_bars(MARKET.symbols[0], 1).get(timeout=5)

    assert (held.trailing_sessions, held.base_interval) == (1, ONE_SECOND)
    assert held.intervals == (Interval.parse("10s"), Interval.parse("1m"))
    assert window.vwap is not None


def test_minutes_cannot_be_imported_into_a_store_of_seconds(tmp_path: Path) -> None:
    path = tmp_path / "AAPL.csv"
    path.write_text("timestamp,open,high,low,close,volume\n2024-07-02 09:30:00,1,1,1,1,1\n")
    store = stored()

    with pytest.raises(DataError, match="the store holds bars of 1s; what is imported are bars of 1m"):
        import_paths([path], store, ImportOptions(calendar="XNYS", tz="America/New_York"))


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


class Lines(threading.Thread):
    """Writes each second's bars when it is over."""

    def __init__(self, clock: SystemClock, path: Path) -> None:
        super().__init__(name="lines-writer")
        self._clock = clock
        self._path = path
        path.touch()

    def run(self) -> None:
        bars = MARKET.day(SESSION).bars
        place = 0
        for number in range(0, SECONDS, 20):
            due_ns = SESSION.open_ns + (number + 20) * SECOND_NS
            reached = threading.Event()
            self._clock.call_at(due_ns, lambda _, reached=reached: reached.set())  # type: ignore[misc]  # bound early
            assert reached.wait(30)
            end = int(bars.start_ns.searchsorted(due_ns))
            append(self._path, lines_of([*bars.rows(place, end).bars()]))
            place = end


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["simulated", "jsonlines", "published"])
def test_a_live_day_of_seconds_is_recorded_and_replays_to_the_same_digest(kind: str, tmp_path: Path) -> None:
    clock, folder = clock_before(SESSION, 300), str(tmp_path / "store")
    lines = Lines(clock, tmp_path / "lines.jsonl")
    feeds: dict[str, Feed] = {
        "simulated": market_feed(MARKET, SESSION, clock),
        "jsonlines": JsonLinesFeed(FileSource(tmp_path / "lines.jsonl"), interval=ONE_SECOND),
    }
    # Published bars come beside a feed that sends nothing of its own.
    feed = feeds.get(kind) or JsonLinesFeed(FileSource(tmp_path / "lines.jsonl"), interval=ONE_SECOND)
    with live(folder, [feed], clock, symbols=MARKET.symbols, base_interval="1s") as system:
        if kind == "jsonlines":
            lines.start()
        if kind == "published":
            publish_all(system, clock)
        lived(system, "minutes")
        certificate = system.certificate().get(timeout=5)
        digest = system.digest().get(timeout=5)

    assert certificate is not None
    assert certificate.base_interval == "1s"
    assert certificate.digest == digest == digest_of(stored(), intervals=("5m", "1d"))
    assert digest_of(folder, intervals=("5m", "1d")) == digest


def publish_all(system: System, clock: SystemClock) -> None:
    """Publish the whole day, minute by minute, each when it has been over for ten seconds."""
    bars = MARKET.day(SESSION).bars
    place = 0
    for number in range(8):
        due_ns = SESSION.open_ns + (number + 1) * MINUTE_NS
        reached = threading.Event()
        clock.call_at(due_ns + 10 * SECOND_NS, lambda _, reached=reached: reached.set())  # type: ignore[misc]  # bound early
        assert reached.wait(30)
        end = int(bars.start_ns.searchsorted(due_ns))
        assert system.publish(bars.rows(place, end)).get(timeout=10).accepted == end - place
        place = end
