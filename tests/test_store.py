"""The door for those that only read what is stored."""

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from actors.kernel.ports import StoredDay
from actors.storage.parquet import ParquetStore
from actors.store import Store
from actors.system import System
from messages import Bar, BarBatch, BarWindow, DataError, Gap, SettingsError, UnknownSymbol, Verdict
from messages.values import SECOND_NS, Interval
from tests.builders import at, session_xnys
from tests.certificates import certificate, run
from tests.storage.days import all_regular, made_narrow
from tests.system.worlds import DATES, fill, xnys

FIVE, DAILY = "5m", "1d"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days of three symbols that do not trade in every minute, the third a half-day."""
    root = tmp_path_factory.mktemp("read") / "store"
    with closing(ParquetStore(root)) as files:
        fill(files, 4, symbols=3, quiet=0.2, closed=())
    return root


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store(folder) as opened:
        yield opened


def names(store: Store) -> tuple[str, str, str]:
    one, two, three = store.symbols()
    return one, two, three


def stored(*given: Bar) -> StoredDay:
    batch = BarBatch.of(given)
    return StoredDay(bars=batch, verdicts=np.full(len(batch), Verdict.STREAMED, dtype=np.uint8))


def bar(symbol: str, start: str, price: float, day: str) -> Bar:
    prices = dict.fromkeys(("open", "high", "low", "close"), price)
    return Bar(symbol=symbol, start_ns=at(start, session_xnys(day)), **prices, volume=1.0)


def second(number: int, price: float, day: str) -> Bar:
    """A bar of the so-manieth second after the open."""
    whole = bar("A", "09:30", price, day)
    return msgspec.structs.replace(whole, start_ns=whole.start_ns + number * SECOND_NS, interval=Interval.parse("1s"))


def folded(frame: pd.DataFrame, rule: str) -> pd.DataFrame:
    """What pandas makes of minutes."""
    rules: Any = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    found = frame.resample(rule, origin="start_day").agg(rules)
    return found[found["open"].notna()]


def test_of_a_day_that_is_no_session_there_is_a_warning_and_the_others_are_read(tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path)) as files:
        for day in ("2024-07-03", "2024-07-05"):
            files.merge("XNYS", day, stored(bar("A", "09:30", 5.0, day)))
        start = pd.Timestamp("2024-07-04 09:30", tz="America/New_York").value
        files.merge(
            "XNYS", "2024-07-04", stored(msgspec.structs.replace(bar("A", "09:30", 6.0, "2024-07-03"), start_ns=start))
        )
    with Store(tmp_path) as opened:
        with pytest.warns(
            UserWarning, match="^XNYS has no session on 2024-07-04; what the store has of it is left out$"
        ):
            read = opened.bars("A")

        assert read.close.tolist() == [5.0, 5.0]
        assert len(opened.bars("A")) == 2  # it is said once
        assert len(opened.missing("A", start="2024-07-05")) == 1


def test_it_says_what_is_there(store: Store) -> None:
    assert store.calendars() == ("XNYS",)
    assert store.dates() == store.dates(names(store)[0]) == DATES[:4]
    assert store.symbols() == store.symbols(DATES[1]) == store.symbols(date.fromisoformat(DATES[1]))
    assert store.symbols("2024-07-04") == ()


def test_bars_are_the_stored_ones(store: Store, folder: Path) -> None:
    symbol = names(store)[0]
    frame = store.bars(symbol, DATES[1], DATES[2]).to_pandas()

    raw = pd.read_parquet(folder)
    raw = raw[(raw["symbol"] == symbol) & raw["date"].astype(str).isin(DATES[1:3]) & (raw["segment"] == "regular")]
    assert frame.index.tz_convert("UTC").tolist() == raw["start"].tolist()
    assert frame["close"].tolist() == raw["close"].tolist()


@pytest.mark.parametrize("rule", ["5min", "15min", "30min"])
def test_derived_bars_are_what_pandas_makes_of_minutes(store: Store, rule: str) -> None:
    symbol = names(store)[1]
    found = store.bars(symbol, interval=rule.removesuffix("in")).to_pandas()
    expected = folded(store.bars(symbol).to_pandas(), rule)

    for name in ("open", "high", "low", "close", "volume"):
        assert found[name].tolist() == pytest.approx(expected[name].tolist(), rel=1e-12)
    assert found.index.tolist() == expected.index.tolist()


def unrevised(window: BarWindow) -> pd.DataFrame:
    """A window's frame without revisions, which a stored day has none of."""
    return window.to_pandas().drop(columns="revision")


@pytest.mark.parametrize("interval", [FIVE, "1h", DAILY])
def test_they_are_the_bars_of_a_session(store: Store, folder: Path, interval: str) -> None:
    symbol = names(store)[2]
    with System.backtest(str(folder), [symbol], last=1) as system:
        system.run(timeout=30)
        window = system.last_bars(symbol, 500, interval).get(timeout=5)

    ours = store.bars(symbol, DATES[3], interval=interval)
    assert unrevised(ours).equals(unrevised(window))
    assert ours.verdicts.tolist() == window.verdicts.tolist()


def test_a_day_has_one_daily_bar_in_exchange_time(store: Store) -> None:
    window = store.bars(names(store)[0], interval=DAILY)

    assert len(window) == 4
    assert [str(start) for start in window.to_pandas().index[:1]] == ["2024-07-01 09:30:00-04:00"]
    assert window.base_expected.tolist() == [390, 390, 210, 390]


@pytest.mark.parametrize("interval", ["1w", "2d"])
def test_bars_of_several_sessions_are_whole_whatever_is_asked_for(tmp_path: Path, interval: str) -> None:
    sessions = xnys().sessions("2024-07-01", "2024-08-02")
    with closing(ParquetStore(tmp_path)) as files:
        for price, session in enumerate(sessions, 1):
            files.merge("XNYS", session.date, stored(bar("A", "09:30", float(price), session.date)))
    with System.backtest(str(tmp_path), ["A"], last=1, daily_sessions=40) as system:
        system.run(timeout=30)
        expected = system.last_bars("A", 50, interval, with_history=True).get(timeout=5)

    with Store(tmp_path) as opened:
        found = opened.bars("A", interval=interval)
        some = opened.bars("A", "2024-07-10", "2024-07-16", interval)

    assert unrevised(found).equals(unrevised(expected))
    within = (expected.start_ns >= at("09:30", session_xnys("2024-07-10"))) & (
        expected.start_ns <= at("09:30", session_xnys("2024-07-16"))
    )
    assert some.close.tolist() == expected.close[within].tolist()
    assert some.volume.tolist() == expected.volume[within].tolist()
    assert len(some) > 0


def test_several_symbols_stand_one_after_the_other(store: Store) -> None:
    one, _, three = names(store)
    frame = store.bars([three, one], DATES[0], DATES[0]).to_pandas()

    assert list(dict.fromkeys(frame.index.get_level_values("symbol"))) == [three, one]


def test_instants_bound_the_starts_of_bars(store: Store) -> None:
    symbol = names(store)[0]
    first, end = datetime(2024, 7, 1, 14, 0, tzinfo=UTC), pd.Timestamp("2024-07-02 10:00", tz="America/New_York")

    window = store.bars(symbol, first, end)

    assert window.start_ns.min() >= pd.Timestamp(first).value
    assert window.start_ns.max() < end.value
    whole = store.bars(symbol)
    assert len(window) == int(((whole.start_ns >= pd.Timestamp(first).value) & (whole.start_ns < end.value)).sum())


def test_a_span_without_bars_is_empty(store: Store) -> None:
    assert len(store.bars(names(store)[0], "2025-01-01")) == 0


def test_extended_minutes_are_there_when_they_are_asked_for(tmp_path: Path) -> None:
    day = DATES[0]
    with closing(ParquetStore(tmp_path)) as files:
        files.merge("XNYS", day, stored(bar("A", "08:00", 1.0, day), bar("A", "09:30", 2.0, day)))

    with Store(tmp_path) as opened:
        found = [opened.bars("A", extended=extended).close.tolist() for extended in (False, True)]
        daily = opened.bars("A", interval="1d", extended=True).close.tolist()

    assert (found, daily) == ([[2.0], [1.0, 2.0]], [2.0])


def test_vwap_and_trades_are_there_where_they_are_known(tmp_path: Path) -> None:
    day = DATES[0]
    known = bar("A", "09:30", 1.0, day)
    with closing(ParquetStore(tmp_path)) as files:
        files.merge("XNYS", day, stored(known, bar("B", "09:30", 1.0, day)))
        files.merge("XNYS", DATES[1], stored(_with_extra(bar("B", "09:30", 2.0, DATES[1]))))

    with Store(tmp_path) as opened:
        assert "vwap" not in opened.bars("A").to_pandas()
        assert opened.bars("B").to_pandas()["vwap"].tolist()[1:] == [2.0]


def _with_extra(one: Bar) -> Bar:
    return Bar(symbol=one.symbol, start_ns=one.start_ns, open=2.0, high=2.0, low=2.0, close=2.0, volume=1.0, vwap=2.0)


def test_seconds_are_read_as_they_are_and_as_minutes(tmp_path: Path) -> None:
    day = DATES[0]
    with closing(ParquetStore(tmp_path)) as files:
        files.merge("XNYS", day, stored(*(second(s, 1.0 + s, day) for s in (0, 7, 59))))

    with Store(tmp_path) as opened:
        seconds, minutes = opened.bars("A"), opened.bars("A", interval="1m")

    assert (seconds.close.tolist(), str(seconds.interval)) == ([1.0, 8.0, 60.0], "1s")
    assert [(one.open, one.high, one.close, one.base_count) for one in minutes.bars()] == [(1.0, 60.0, 60.0, 3)]


# --- what is missing


def test_missing_minutes_are_those_without_a_bar(store: Store) -> None:
    for symbol in names(store):
        starts = {int(start) for start in store.bars(symbol).start_ns}
        gone = {start for gap in store.missing(symbol) for start in range(gap.start_ns, gap.end_ns, 60 * 10**9)}
        expected = {
            start
            for day in DATES[:4]
            for part in _session(day).segments
            for start in range(part.start_ns, part.end_ns, 60 * 10**9)
        }

        assert (gone & starts, gone | starts) == (set(), expected)


def _session(day: str) -> Any:
    session = xnys().session(day)
    assert session is not None
    return session


def test_days_that_the_store_lacks_are_missing_and_what_was_never_traded_is_not(tmp_path: Path) -> None:
    first, second, third = (session_xnys(day) for day in ("2024-07-01", "2024-07-02", "2024-07-05"))
    with closing(ParquetStore(tmp_path)) as files:
        for session in (first, third):
            files.merge("XNYS", session.date, stored(bar("A", "09:30", 1.0, session.date)))
            runs = (run("A", "09:31", "15:59", session=session),)
            files.certify("XNYS", session.date, certificate("A", session=session, runs=runs))
        files.merge("XNYS", third.date, stored(bar("B", "09:30", 1.0, third.date)))

    with Store(tmp_path) as opened:
        gaps = opened.missing("A", end="2024-07-02")
        everybody = opened.missing()

    assert gaps == (
        Gap(symbols=("A",), start_ns=at("15:59", first), end_ns=at("16:00", first)),
        Gap(symbols=("A",), start_ns=second.open_ns, end_ns=second.close_ns),
    )
    assert [gap.symbols for gap in everybody] == [("A",)] * 3 + [("B",), ("A",)]


# --- what is refused


def test_the_verdicts_of_a_day_are_those_of_its_bars_and_of_its_certificate(tmp_path: Path) -> None:
    day = DATES[0]
    with closing(ParquetStore(tmp_path / "store")) as files:
        files.merge("XNYS", day, stored(bar("A", "09:30", 10.0, day), bar("B", "09:31", 10.0, day)))
        issued = certificate(
            "A", "B", session=session_xnys(day), runs=(run("B", "09:30", "09:31", session=session_xnys(day)),)
        )
        files.certify("XNYS", day, issued)
    with Store(tmp_path / "store") as store:
        plane, narrow, wide = store.verdicts(day), store.verdicts(day, "B"), store.verdicts(day, extended=True)

        assert store.certificate(day) == issued
    assert plane.symbols == ("A", "B")
    assert plane.verdicts[:3].tolist() == [[Verdict.STREAMED, Verdict.NO_TRADE], [0, Verdict.STREAMED], [0, 0]]
    assert (len(plane), plane.closed, len(wide)) == (390, 390, 960)
    assert narrow.of("B")[:2].tolist() == [Verdict.NO_TRADE, Verdict.STREAMED]
    assert wide.of("A")[330] == Verdict.STREAMED


def test_a_day_that_is_not_there_has_no_verdicts_and_no_certificate(store: Store) -> None:
    for read in (store.verdicts, store.certificate):
        with pytest.raises(DataError, match="has no day 1999-01-04"):
            read("1999-01-04")
        with pytest.raises(SettingsError, match="say which day"):
            read(None)  # type: ignore[arg-type]
    with pytest.raises(UnknownSymbol, match="NONE"):
        store.verdicts(DATES[0], "NONE")
    assert store.certificate(DATES[0]) is None


_LOST = "2023-07-03"


def test_a_damaged_file_of_several_days_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    with closing(ParquetStore(made_narrow(tmp_path), segment_of=all_regular)) as files:
        for date in (_LOST, "2024-07-02"):
            files.merge("XNYS", date, stored(bar("A", "10:00", 7.0, date)))
    broken = tmp_path / "calendar=XNYS" / "2023.parquet"
    broken.write_bytes(b"PAR1 and nothing more")

    with warnings.catch_warnings(record=True) as told, Store(tmp_path) as opened:
        warnings.simplefilter("always")
        assert opened.dates() == opened.dates("A") == ("2024-07-02",)
        assert opened.symbols() == ("A",)
        assert opened.bars("A", "2024-07-01").close.tolist() == [7.0]
        for asked in (lambda: opened.bars("A"), lambda: opened.bars("A", "2023-12-31"), lambda: opened.verdicts(_LOST)):
            with pytest.raises(DataError, match=r"2023\.parquet cannot be read"):
                asked()
    only = [warning for warning in told if "2023.parquet cannot be read" in str(warning.message)]
    assert len(only) == len(told) == 1, "it is said once"
    assert only[0].filename == __file__, "and of the line that asked"


def test_a_date_of_several_calendars_is_asked_for_one_calendar_at_a_time(tmp_path: Path) -> None:
    day = DATES[0]
    with closing(ParquetStore(tmp_path / "store")) as files:
        for name in ("XNYS", "XNAS"):
            files.merge(name, day, stored(bar("A", "09:30", 10.0, day)))

    with Store(tmp_path / "store") as store, pytest.raises(SettingsError, match=r"of several calendars \(XNAS, XNYS\)"):
        store.verdicts(day)
    with Store(tmp_path / "store", calendar="XNYS") as store:
        assert store.verdicts(day).session.calendar == "XNYS"


def test_a_symbol_that_nobody_stored_is_refused_with_the_nearest(store: Store) -> None:
    symbol = names(store)[0]

    for call in (store.bars, store.missing, store.dates):
        with pytest.raises(UnknownSymbol, match=rf"'{symbol}X'; nearest: .*{symbol}"):
            call(f"{symbol}X")


def test_symbols_of_several_calendars_are_asked_for_one_calendar_at_a_time(tmp_path: Path) -> None:
    day = DATES[0]
    with closing(ParquetStore(tmp_path)) as files:
        files.merge("XNYS", day, stored(bar("A", "09:30", 1.0, day)))
        files.merge("24/7", day, stored(bar("BTC", "09:30", 2.0, day)))

    with Store(tmp_path) as opened, Store(tmp_path, calendar="nyse") as stocks:
        assert (opened.bars("BTC").tz, opened.bars("A").tz) == ("UTC", "America/New_York")
        assert (opened.symbols(), stocks.symbols()) == (("A", "BTC"), ("A",))
        with pytest.raises(SettingsError, match="several calendars"):
            opened.bars(["A", "BTC"])
        with pytest.raises(UnknownSymbol):
            stocks.bars("BTC")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"start": "10:30"}, "start: 10:30 is of no day"),
        ({"end": "sometime"}, "end: 'sometime'"),
        ({"start": 1.5}, "start: 1.5"),
        ({"interval": "7x"}, "interval: '7x' is no interval"),
        ({"interval": "30s"}, "no whole multiple of 1m"),
        ({"extended": "yes"}, "extended"),
        ({"start": "2024-07-05", "end": "2024-07-01"}, "ends at '2024-07-01', before it starts at '2024-07-05'"),
    ],
)
def test_an_argument_that_makes_no_sense_is_named(store: Store, arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        store.bars(names(store)[0], **arguments)


def test_what_is_no_store_is_said(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        Store(tmp_path / "none")
    with pytest.raises(DataError, match="has no day of XLON; it has: XNYS"):
        Store(folder, calendar="XLON")
    with pytest.raises(DataError, match="is one calendar of a store; the store is "):
        Store(folder / "calendar=XNYS")
    with pytest.raises(SettingsError, match="path: expected the folder or the address of a store"):
        Store(None)  # type: ignore[arg-type]  # on purpose


def test_it_says_which_store_it_is(store: Store, folder: Path) -> None:
    assert repr(store) == f"Store({str(folder)!r})"


@pytest.mark.slow
def test_to_import_it_costs_no_pandas() -> None:
    code = "import sys, actors.store; print('pyarrow' in sys.modules or 'pandas' in sys.modules)"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"


def test_the_heads_of_files_are_read_once_and_again_when_they_change(tmp_path: Path) -> None:
    with closing(ParquetStore(tmp_path)) as files, Store(tmp_path) as opened:
        files.merge("XNYS", DATES[0], stored(bar("A", "09:30", 1.0, DATES[0])))
        (path,) = tmp_path.glob("*/*/bars.parquet")
        os.utime(path, (0, 0))  # not just written
        before, was = opened.symbols(), path.read_bytes()
        path.write_bytes(b"?" * len(was))
        os.utime(path, (0, 0))
        unread = opened.symbols(), opened.dates("A")
        path.write_bytes(was)
        files.merge("XNYS", DATES[0], stored(bar("B", "09:30", 1.0, DATES[0])))

        assert (before, unread) == (("A",), (("A",), (DATES[0],)))
        assert opened.symbols() == ("A", "B")


def test_a_week_that_lacks_a_day_of_a_symbol_is_not_complete(tmp_path: Path) -> None:
    sessions = xnys().sessions("2024-07-08", "2024-07-12")
    with closing(ParquetStore(tmp_path)) as files:
        for session in sessions:
            held = [bar(name, "09:30", 1.0, session.date) for name in ("A", "B")]
            files.merge("XNYS", session.date, stored(*held[: 1 if session is sessions[2] else 2]))

    with Store(tmp_path) as opened:
        windows = [opened.bars(name, interval="1w") for name in ("A", "B")]

    assert [window.base_expected.tolist() for window in windows] == [[5 * 390]] * 2
    assert [window.base_counts.tolist() for window in windows] == [[5], [4]]


def test_it_may_stand_wherever_a_store_is_named(folder: Path) -> None:
    store = Store(folder)

    assert repr(Store(store)) == repr(store)
    with pytest.raises(SettingsError, match="stores, files and vendors are named in fill_from"):
        System.backtest(store, sources=[store])
    with System.backtest(store, last=1, fill_from=[store]) as system:
        assert system.run(timeout=30).sessions
