"""Databento's historical API as its documentation describes it: TLS, a key by basic authentication, DBN in zstandard.

https://databento.com/docs/api-historical: ``end`` is exclusive; a minute without a trade has no record; an error has a
case and a message; symbols that cannot be found are named in the metadata.
"""

import base64
import json
import os
import ssl
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import databento_dbn as dbn
import trustme
import zstandard

from actors.vendors import databento
from actors.vendors.databento.keys import DatabentoKey
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from messages import Bar, Tick
from messages.values import SECOND_NS, Nanos
from tests.vendors.databento.gateway import DATASET, KEY, PUBLISHER
from tests.vendors.history.http_server import Reply, VendorServer
from tests.vendors.history.world import HttpWorld

_SCALE = 10**9
_RTYPES = {"ohlcv-1m": 33, "ohlcv-1s": 32}
_AUTHORITY = trustme.CA()


class DatabentoHistoryServer(VendorServer):
    """The endpoint of one dataset.

    Args:
        bars: what there is, of one length.
        schema: what that is.
        ticks: trades.
        available_ns: until when there is something; ``None``: until for ever.
        warned: what the answers warn of.
        more: see ``VendorServer``.
    """

    def __init__(
        self,
        bars: Iterable[Bar] = (),
        *,
        schema: str = "ohlcv-1m",
        ticks: Iterable[tuple[int, Tick]] = (),
        dataset: str = DATASET,
        available_ns: Nanos | None = None,
        warned: list[str] | None = None,
        publisher: int = PUBLISHER,
        **more: Any,
    ) -> None:
        self.schema, self.dataset, self.available_ns = schema, dataset, available_ns
        self.warned = warned or []
        self.cut = False
        """Whether an answer is cut short, and says that it is whole."""
        self.publisher = publisher
        self.bars = sorted(bars, key=lambda bar: bar.start_ns)
        self.known = {bar.symbol.upper() for bar in self.bars}
        self.roots: dict[str, str] = {}
        """What continuous contracts stand for."""
        self.ticks = list(ticks)
        self.known |= {tick.symbol for _, tick in self.ticks}
        self.dollars = 1.25
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _AUTHORITY.issue_cert("127.0.0.1").configure_cert(tls)
        super().__init__(tls=tls, **more)
        self._bundle = _AUTHORITY.cert_pem.tempfile()
        os.environ["REQUESTS_CA_BUNDLE"] = self._bundle.__enter__()

    def stop(self) -> None:
        super().stop()
        os.environ.pop("REQUESTS_CA_BUNDLE", None)
        self._bundle.__exit__(None, None, None)

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        expected = "Basic " + base64.b64encode(f"{KEY.key}:".encode()).decode()
        if headers.get("authorization") != expected:
            return _said(401, "auth_authentication_failed", "Authentication failed.")
        if query["dataset"] != self.dataset:
            return _said(422, "dataset_invalid", f"The dataset {query['dataset']} is not known.")
        if path == "/v0/metadata.get_cost":
            return Reply(json.dumps(self.dollars).encode())
        if path != "/v0/timeseries.get_range":
            return _said(404, "not_found", "no such method")
        start_ns, end_ns = _nanos(query["start"]), _nanos(query["end"])
        if self.available_ns is not None and end_ns > self.available_ns:
            edge = datetime.fromtimestamp(self.available_ns // SECOND_NS, UTC)
            text = f"The dataset {self.dataset} has data available up to '{edge}'. The `end` in the query is after it."
            return _said(422, "data_end_after_available_end", text)
        symbols = query["symbols"].split(",")
        if all(self.roots.get(symbol, symbol) not in self.known for symbol in symbols):
            return _said(422, "symbology_invalid_request", "None of the symbols could be resolved")
        return self._range(symbols, query["schema"], start_ns, end_ns)

    def _range(self, symbols: list[str], schema: str, start_ns: Nanos, end_ns: Nanos) -> Reply:
        numbers = {self.roots.get(symbol, symbol): place + 1 for place, symbol in enumerate(symbols)}
        records: list[Any] = []
        if schema == self.schema:
            wanted = (bar for bar in self.bars if bar.symbol.upper() in numbers and start_ns <= bar.start_ns < end_ns)
            records = [self._bar(bar, numbers[bar.symbol.upper()]) for bar in wanted]
        elif schema == "trades":
            wanted_ticks = ((one, tick) for one, tick in self.ticks if start_ns <= tick.at_ns < end_ns)
            records = [_trade(one, tick, numbers[tick.symbol]) for one, tick in wanted_ticks if tick.symbol in numbers]
        found = [symbol for symbol in symbols if self.roots.get(symbol, symbol) in self.known]
        day = datetime.fromtimestamp(start_ns // SECOND_NS, UTC).date()
        metadata = dbn.Metadata(
            dataset=self.dataset, start=start_ns, end=end_ns, stype_in=dbn.SType.RAW_SYMBOL,
            stype_out=dbn.SType.INSTRUMENT_ID, schema=dbn.Schema.from_str(schema), symbols=symbols, partial=[],
            not_found=[symbol for symbol in symbols if symbol not in found],
            mappings=[_mapping(symbol, numbers[self.roots.get(symbol, symbol)], day) for symbol in found],
        )  # fmt: skip
        body = zstandard.compress(metadata.encode() + b"".join(map(bytes, records)))
        warned = {"X-Warning": json.dumps(self.warned)} if self.warned else {}
        return Reply(body[:-5] if self.cut else body, headers=warned)

    def _bar(self, bar: Bar, number: int) -> Any:
        prices = {
            name: dbn.UNDEF_PRICE if (price := getattr(bar, name)) != price else round(price * _SCALE)
            for name in ("open", "high", "low", "close")
        }
        return dbn.OHLCVMsg(
            rtype=_RTYPES[self.schema], publisher_id=self.publisher, instrument_id=number, ts_event=bar.start_ns,
            volume=int(bar.volume), **prices,
        )  # fmt: skip

    def too_fast(self, after_s: float) -> Reply:
        refused = _said(429, "rate_limit_exceeded", "Too many requests.")
        return Reply(refused.body, 429, {"Retry-After": str(max(1, round(after_s + 0.5)))})


def _trade(publisher: int, tick: Tick, number: int) -> Any:
    return dbn.TradeMsg(
        publisher_id=publisher, instrument_id=number, ts_event=tick.at_ns - 1000, price=round(tick.price * _SCALE),
        size=int(tick.size), action=dbn.Action.TRADE, side=dbn.Side.BID, depth=0, ts_recv=tick.at_ns, flags=0,
        ts_in_delta=0, sequence=1,
    )  # fmt: skip


def _mapping(symbol: str, number: int, day: date) -> Any:
    interval = SimpleNamespace(symbol=str(number), start_date=day, end_date=date.fromordinal(day.toordinal() + 2))
    return SimpleNamespace(raw_symbol=symbol, intervals=[interval])


def _said(status: int, case: str, text: str) -> Reply:
    detail = {"case": case, "message": text, "status_code": status, "docs": "https://databento.com/docs", "payload": {}}
    return Reply(json.dumps({"detail": detail}).encode(), status)


def _nanos(text: str) -> Nanos:
    return round(datetime.fromisoformat(text).timestamp()) * SECOND_NS


class DatabentoStocks(HttpWorld):
    """A dataset of one venue."""

    entry = databento.VENDOR.history[0]
    tape = DATASET
    symbols = ("AAPL", "BRK.B", "MSFT")
    secrets = (KEY.key,)
    pages = False
    requests_in_vain = 0  # the others' bars come with the refusal
    way_s = 0.2

    def __init__(
        self,
        bars: Iterable[Bar],
        *,
        pace: tuple[int, float] | None = None,
        rows_a_page: int | None = None,
        faults: Mapping[int, str] | None = None,
    ) -> None:
        self.server = DatabentoHistoryServer(bars, pace=pace, faults=faults)

    def open(self, request: HistoryRequest, *, wrong_keys: bool = False) -> OpenedHistory:
        with warnings.catch_warnings():  # Databento's library sets filters for the whole process
            from actors.vendors.databento.history import DatabentoHistory
        key = DatabentoKey(key="db-wrong") if wrong_keys else KEY
        gateway = f"https://{urlsplit(self.server.url).netloc}"
        client = DatabentoHistory(key, request.tape, deadline_s=request.deadline_s, gateway=gateway)
        return OpenedHistory(client=client, account="test")
