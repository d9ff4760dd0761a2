"""Massive's flat files: days of the whole market in place of requests for each ticker."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from actors.feeds.simulated.market import SimulatedMarket
from actors.fetching.fetch import Wanted, fetch
from actors.storage.memory import MemoryStore
from actors.vendors.history.joining import joined
from actors.vendors.history.pages import HistoryRefused, NoAnswer, NotOutYet, PageRequest
from actors.vendors.history.source import VendorSource
from actors.vendors.massive.flat import FlatFiles
from actors.vendors.massive.history import MOST_TICKERS, MassiveHistory
from messages import Bar
from messages.values import MINUTE_NS
from tests.builders import DAY
from tests.vendors.massive.flat_store import file_of, put
from tests.vendors.massive.history_server import MassiveServer, MassiveStocks
from tests.vendors.massive.server import KEY

MANY = SimulatedMarket(symbols=tuple(f"T{number:02}" for number in range(MOST_TICKERS + 1)))
BARS = [bar for bar in MANY.day(DAY).bars.bars() if bar.start_ns < DAY.start_ns + 20 * MINUTE_NS]
EARLY = Bar(symbol="EARLY", start_ns=DAY.start_ns - MINUTE_NS, open=1, high=1, low=1, close=1, volume=5, trades=2.0)
ALL = PageRequest.of(DAY, MANY.symbols)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, DAY.date, file_of([*BARS, EARLY]))
    return tmp_path


@pytest.fixture
def server() -> Iterator[MassiveServer]:
    made = MassiveServer(BARS)
    yield made
    made.stop()


def files_in(folder: Path, **more: Any) -> FlatFiles:
    return FlatFiles(SubTreeFileSystem(str(folder), LocalFileSystem()), **more)


def client(server: MassiveServer, files: FlatFiles | str, **more: Any) -> MassiveHistory:
    return MassiveHistory(KEY, base=server.url, files=files, **more)


def source(server: MassiveServer, files: FlatFiles | str, **more: Any) -> VendorSource:
    class Flat(MassiveStocks):
        def open(self, request: Any, *, wrong_keys: bool = False) -> Any:
            opened = super().open(request, wrong_keys=wrong_keys)
            opened.client._files = files
            return opened

    return Flat((), server=server).source(**more)


def test_a_day_of_many_tickers_is_one_file_and_has_what_their_aggregates_have(
    folder: Path, server: MassiveServer
) -> None:
    page = client(server, files_in(folder)).page(ALL)
    bars, unread = joined([page], ALL)

    assert [(bar.symbol, bar.start_ns, bar.close, bar.volume) for bar in bars.bars()] == [
        (bar.symbol, bar.start_ns, bar.close, bar.volume) for bar in BARS
    ]
    assert (page.next_token, unread, server.calls) == (None, 0, [])


def test_a_day_of_few_tickers_is_asked_for_ticker_by_ticker(folder: Path, server: MassiveServer) -> None:
    few = PageRequest.of(DAY, MANY.symbols[:MOST_TICKERS])
    bars = client(server, files_in(folder)).page(few).bars

    assert set(bars.names()) == {MANY.symbols[0]}
    assert len(server.calls) == 1


def test_a_day_that_is_not_there_yet_is_asked_for_ticker_by_ticker_and_looked_for_again(
    tmp_path: Path, server: MassiveServer
) -> None:
    now = [0.0]
    asked = client(server, files_in(tmp_path, now_s=lambda: now[0]))
    for now[0] in (0.0, 1000.0):
        assert len(asked.page(ALL).bars) == 20
        put(tmp_path, DAY.date, file_of(BARS))
    calls = len(server.calls)
    now[0] = 2000.0

    assert calls == 2
    assert len(asked.page(ALL).bars) == len(BARS)
    assert len(server.calls) == calls


def test_a_file_that_is_cut_short_is_no_answer_and_read_again(folder: Path) -> None:
    files, whole = files_in(folder), file_of(BARS)
    put(folder, DAY.date, whole[:-40])
    with pytest.raises(NoAnswer, match="flat file of 2024-07-02 cannot be read"):
        files.day(DAY.date)
    put(folder, DAY.date, b"<html>We will be back soon.</html>")
    with pytest.raises(NoAnswer, match="flat file of 2024-07-02 cannot be read"):
        files.day(DAY.date)
    put(folder, DAY.date, whole)

    assert len(files.day(DAY.date).bars) == len(BARS)


def test_rows_that_make_no_sense_are_counted(folder: Path) -> None:
    body = gzip.decompress(file_of(BARS[:40])).decode().replace(",10", ",ten", 1)
    put(folder, DAY.date, gzip.compress(body.encode()))

    assert files_in(folder).day(DAY.date).unread == 1


@pytest.mark.parametrize(
    ("files", "how", "said"),
    [
        ("the keys are not there: set X", {}, "^the keys are not there: set X$"),
        (None, {"adjustment": "split"}, "prices as they were paid"),
    ],
)
def test_who_cannot_have_the_files_is_told_why_when_he_wants_the_whole_market(
    folder: Path, server: MassiveServer, files: str | None, how: dict[str, str], said: str
) -> None:
    with pytest.raises(HistoryRefused, match=said):
        client(server, files or files_in(folder), **how).symbols(ALL)


def test_the_whole_market_is_fetched_once_whatever_was_there(folder: Path, server: MassiveServer) -> None:
    store, files = MemoryStore(), files_in(folder)
    some, market = (Wanted(session=DAY, symbols=symbols) for symbols in (MANY.symbols[:3], ()))
    first = fetch(store, [source(server, files)], [some])
    whole = fetch(store, [source(server, files)], [market])
    calls = len(server.calls)
    again = fetch(store, [source(server, files_in(folder / "gone"))], [market, some])
    certificate = store.certificate("XNYS", DAY.date)

    assert certificate is not None
    assert (first.sum_of("filled"), whole.sum_of("filled")) == (60, len(BARS) - 60)
    assert set(certificate.names) == set(MANY.symbols)  # the early one has no bar in these hours
    assert (again.whole, again.requests, len(server.calls)) == (2, 0, calls)
    assert [gap.symbols for gap in certificate.gaps] == [MANY.symbols[:3], ()]


def test_a_market_that_is_not_there_yet_is_said_and_nothing_certified(tmp_path: Path, server: MassiveServer) -> None:
    store = MemoryStore()
    report = fetch(store, [source(server, files_in(tmp_path))], [Wanted(session=DAY, symbols=())])
    early = source(server, files_in(tmp_path), now_ns=lambda: DAY.end_ns)

    assert [day.error for day in report.days] == ["Massive has no flat file of 2024-07-02"]
    assert store.certificate("XNYS", DAY.date) is None
    with pytest.raises(NotOutYet, match="does not have all of 2024-07-02 yet"):
        early.symbols(DAY)
