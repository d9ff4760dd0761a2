"""A program that embeds a system: it reads, feeds its own data, and changes the symbols."""

import contextlib
import pickle
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from actors.kernel.listen.topics import EVENTS
from actors.storage.memory import MemoryStore
from actors.storage.parquet import ParquetStore
from actors.system import System
from messages import (
    Bar,
    BarBatch,
    BarRejected,
    BarsUpdated,
    NotReady,
    Quote,
    SettingsError,
    SymbolsChanged,
    Tick,
    UnknownSymbol,
    Verdict,
)
from messages.values import MINUTE_NS
from tests.certificates import certificate
from tests.system.worlds import DATES, fill, frame, memory, short


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return memory(2, 3, quiet=0.0)


@pytest.fixture
def system(store: MemoryStore) -> Iterator[System]:
    """A system whose first session stands at its open."""
    with short(store) as system:
        yield system


def first_symbol(system: System) -> str:
    return system.active_symbols().get(timeout=5)[0]


def minute(system: System) -> int:
    """Let one minute pass; returns its start."""
    with contextlib.closing(iter(system.minutes())) as minutes:
        return next(minutes).start_ns


def own_bar(symbol: str, start_ns: int, close: float = 50.0) -> Bar:
    return Bar(symbol=symbol, start_ns=start_ns, open=close, high=close, low=close, close=close, volume=1.0)


def test_the_example_of_the_readme_works_on_a_store_on_disk(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    fill(store, 1, 2, quiet=0.0)
    store.close()
    above = []

    with System.backtest(store=tmp_path, symbols=store.symbols("XNYS", DATES[0])) as system:
        symbol = first_symbol(system)
        for _ in system.minutes():
            window = system.last_bars(symbol, 2, "5m").get(timeout=1)
            if len(window) == 2 and window.close[-1] > window.close.mean():
                above.append(window.now_ns)

    closes = frame(store, DATES[0]).query("symbol == @symbol").close.to_numpy()[4::5]
    assert len(above) == 5 * (closes[1] > closes[0]) + (closes[2] > closes[1])


def test_two_minutes_may_be_looked_at_one_loop_after_the_other(system: System) -> None:
    first = minute(system)

    assert minute(system) > first


def test_what_is_published_can_be_read_when_its_future_resolves(system: System) -> None:
    symbol, start_ns = first_symbol(system), 0
    for event in system.minutes():
        start_ns = event.start_ns
        receipt = system.publish(own_bar(symbol, start_ns, 77.0), is_correction=True).get(timeout=5)
        latest = system.latest_bar(symbol).get(timeout=5)
        break

    assert (receipt.accepted, receipt.rejected, receipt.duplicates) == (1, 0, 0)
    assert latest is not None
    assert (latest.close, latest.start_ns, latest.verdict) == (77.0, start_ns, Verdict.CORRECTED)


def test_a_batch_a_quote_and_a_trade_of_one_s_own_can_be_read(system: System) -> None:
    symbol = first_symbol(system)
    now_ns = system.progress().get(timeout=5).now_ns
    quote = Quote(symbol=symbol, at_ns=now_ns, bid=1.0, ask=2.0)
    tick = Tick(symbol=symbol, at_ns=now_ns, price=1.5, size=10.0)

    receipts = [system.publish(item).get(timeout=5).accepted for item in (quote, tick)]
    (known,) = [system.publish(BarBatch.of([own_bar("NEW", now_ns - MINUTE_NS)])).get(timeout=5)]

    assert receipts == [1, 1]
    assert system.latest_quote(symbol).get(timeout=5) == quote
    assert system.quotes(symbol, 5).get(timeout=5) == (quote,)
    assert system.latest_tick(symbol).get(timeout=5) == tick
    assert system.ticks(symbol, 5).get(timeout=5) == (tick,)
    assert known.accepted + known.rejected + known.duplicates == 1


def test_a_bar_of_the_future_is_refused_with_its_reason_and_told_to_listeners(store: MemoryStore) -> None:
    with short(store, pace="free") as system:
        rejected = system.subscribe(["rejected"], policy="drop_oldest")
        future = own_bar(first_symbol(system), system.progress().get(timeout=5).now_ns)
        receipt = system.publish(future).get(timeout=5)
        system.run(timeout=20)
        reasons = [event.reason for event in rejected if isinstance(event, BarRejected)]

    assert (receipt.accepted, receipt.reasons) == (0, ("in_the_future",))
    assert reasons == ["in_the_future"]


def test_readers_in_other_threads_read_while_the_run_goes_on(store: MemoryStore) -> None:
    with short(store) as system:
        symbol, answers = first_symbol(system), []
        go_on = threading.Event()

        def read() -> None:
            go_on.wait(5)
            answers.extend(system.bar_count(symbol).get(timeout=5) for _ in range(50))

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        go_on.set()
        system.run(timeout=20)
        for reader in readers:
            reader.join(5)

    assert len(answers) == 200
    assert set(answers) <= set(range(16))


def test_symbols_come_and_go_while_the_session_runs(store: MemoryStore) -> None:
    with short(store, pace="free") as system:
        told = system.subscribe(["symbols"], policy="drop_oldest")
        gone = first_symbol(system)
        left = system.remove_symbols(gone).get(timeout=5)
        with pytest.raises(UnknownSymbol):
            system.latest_bar(gone).get(timeout=5)
        with pytest.raises(UnknownSymbol, match="unknown symbol 'NEW'"):  # it is not in the store
            system.add_symbols("NEW", gone).get(timeout=5)
        joined = system.add_symbols(gone).get(timeout=5)
        system.run(timeout=20)
        changes = [event for event in told if isinstance(event, SymbolsChanged)]

    assert gone not in left
    assert gone in joined
    assert changes[:2] == [SymbolsChanged(removed=(gone,)), SymbolsChanged(added=(gone,))]


def test_a_run_goes_on_when_the_only_symbol_has_left() -> None:
    store = memory(4, 1, quiet=0.0)
    name = store.symbols("XNYS", DATES[0])[0]

    with short(store, symbols=[name]) as system:
        for number, _ in enumerate(system.minutes()):
            if number == 0:
                system.remove_symbols(name).get(timeout=5)
        bars = [int(report.bars.sum()) for report in system.summary().get(timeout=5).sessions]

    assert len(bars) == 4
    assert bars[-1] == 0


def test_a_typing_error_in_a_symbol_names_the_nearest(system: System) -> None:
    symbol = first_symbol(system)

    with pytest.raises(UnknownSymbol, match=symbol):
        system.latest_bar(symbol + "X").get(timeout=5)


def test_a_moment_may_be_said_in_three_ways(system: System) -> None:
    system.run(timeout=20)
    symbol = first_symbol(system)
    at = datetime(2024, 7, 2, 13, 35, tzinfo=UTC)

    windows = [
        system.bars(symbol, "09:35").get(timeout=5),
        system.bars(symbol, at).get(timeout=5),
        system.bars_since(symbol, int(at.timestamp()) * 10**9).get(timeout=5),
    ]

    assert [len(window) for window in windows] == [10, 10, 10]
    np.testing.assert_array_equal(windows[0].start_ns, windows[2].start_ns)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"events": ["prices"]}, "unknown event 'prices'; there are bars, minutes"),
        ({"policy": "hope"}, "policy is 'block', 'drop_oldest' or 'disconnect', not 'hope'"),
        ({"intervals": ["soon"]}, "'soon' is no interval"),
    ],
)
def test_a_subscription_that_means_nothing_is_refused(store: MemoryStore, wrong: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        short(store).subscribe(**wrong)  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize("policy", ["drop_oldest", "disconnect"])
def test_whoever_is_not_waited_for_is_refused_in_lockstep_and_both_ways_out_are_named(
    store: MemoryStore, policy: str
) -> None:
    with pytest.raises(SettingsError, match=rf"policy '{policy}' .* leave the policy out, or .* pace=\"free\""):
        short(store).subscribe(policy=policy)


def test_a_pace_that_does_not_exist_is_refused(store: MemoryStore) -> None:
    with pytest.raises(SettingsError, match="pace is 'lockstep' or 'free'"):
        System.backtest(store, pace="slow")


def test_before_the_start_every_question_is_answered_by_an_error(store: MemoryStore) -> None:
    system = short(store)

    for question in (system.latest_bars(), system.status(), system.progress()):
        with pytest.raises(NotReady, match="not started"):
            question.get(timeout=5)
    system.close()


def test_a_subscriber_gets_each_kind_of_event_that_it_names(store: MemoryStore) -> None:
    kinds: dict[str, set[str]] = {}
    for name in EVENTS:
        with short(memory(2, 3, quiet=0.4)) as system:
            kinds[name] = {type(event).__name__ for event in system.subscribe([name])}

    assert {name: told for name, told in kinds.items() if told} == {
        "bars": {"BarsUpdated"},
        "minutes": {"MinuteClosed"},
        "sessions": {"SessionBoundary"},
        "gaps": {"GapDetected"},
    }


def test_events_carry_their_own_bars(system: System, store: MemoryStore) -> None:
    bars = [bar for event in system.subscribe(["bars"], intervals=["1m"]) for bar in _bars(event)]

    assert len(bars) == sum(len(frame(store, date)) for date in DATES[:2])


def _bars(event: object) -> list[Bar]:
    assert isinstance(event, BarsUpdated)
    return list(event.batch.bars())


def test_whatever_is_answered_shows_itself_in_a_line(system: System) -> None:
    minutes = system.minutes()
    next(iter(minutes))
    symbol = first_symbol(system)
    asked = (system.status(), system.snapshot(), system.metrics(symbol), system.quality(), system.latest_bar(symbol))
    status, snapshot, *others = (repr(future.get(timeout=5)) for future in asked)
    plane = system.verdicts().get(timeout=5)
    issued = repr(certificate("A"))

    assert status == "<SystemStatus backtest, running: healthy>"
    assert snapshot.startswith("<Snapshot 3 symbols at 2024-07-01 13:31:00 UTC: session 2024-07-01")
    assert all(len(text) < 500 for text in others)
    assert len(others[-1]) < 200
    assert repr(minutes).startswith("<Minutes ")
    assert issued.startswith("<SessionCertificate XNYS 2024-07-02: complete 100.0 %, quality 100.0 %, symbols 1, ")
    assert np.array_equal(plane[symbol], plane.of(symbol))


def test_it_says_that_it_stays_in_its_process(system: System) -> None:
    with pytest.raises(TypeError, match="a system stays in its process: make one in each"):
        pickle.dumps(system)
