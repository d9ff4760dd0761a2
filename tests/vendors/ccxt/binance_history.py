"""Binance's klines as its documentation describes them: pages of at most a thousand, from a start on.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#klinecandlestick-data
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec

from actors.vendors.ccxt import VENDOR
from actors.vendors.ccxt.history import CcxtHistory
from actors.vendors.ccxt.library import exchange_class
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from messages import Bar, TradingSession
from tests.builders import ROUND_THE_CLOCK
from tests.vendors.history.http_server import Reply, VendorServer
from tests.vendors.history.world import HttpWorld

PAIRS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
_MS_NS = 10**6
_MINUTE_MS = 60_000


class BinanceServer(VendorServer):
    """Only klines are counted, and keep the pace or fail: what there is to trade is asked once.

    Args:
        bars: what there is.
        rows_a_page: so many at most, whatever ``limit`` says.
        more: see ``VendorServer``.
    """

    def __init__(self, bars: Iterable[Bar], *, rows_a_page: int = 1000, **more: Any) -> None:
        self._rows: dict[str, dict[int, Bar]] = {}
        for bar in bars:
            self._rows.setdefault(bar.symbol.replace("/", ""), {})[bar.start_ns // _MS_NS] = bar
        self._rows_a_page = rows_a_page
        super().__init__(**more)

    @property
    def config(self) -> dict[str, Any]:
        """What ccxt's exchange is made with to find this server, and to ask for spot markets only."""
        api = {"public": f"{self.url}/api/v3"}
        return {"urls": {"api": api}, "options": {"fetchMarkets": {"types": ["spot"]}}}

    def handle(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply | str:
        if path == "/api/v3/exchangeInfo":
            return Reply(json.dumps({"symbols": [market(pair) for pair in PAIRS]}).encode())
        return super().handle(path, query, headers)

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        if path != "/api/v3/klines" or query.get("interval") != "1m":
            return Reply(b'{"code": -1100, "msg": "Illegal characters found in a parameter."}', 400)
        rows = self._rows.get(query["symbol"], {})
        first, most = int(query.get("startTime", 0)), min(int(query.get("limit", 500)), self._rows_a_page)
        last = int(query.get("endTime", 1 << 60))
        starts = [start for start in sorted(rows) if first <= start <= last][:most]
        return Reply(json.dumps([_kline(start, rows[start]) for start in starts]).encode())

    def too_fast(self, after_s: float) -> Reply:
        body = b'{"code": -1003, "msg": "Too many requests; current limit is 6000 request weight per 1 MINUTE."}'
        return Reply(body, 429, {"Retry-After": str(max(1, round(after_s + 0.5)))})


def _kline(start: int, bar: Bar) -> list[Any]:
    prices = [repr(number) for number in (bar.open, bar.high, bar.low, bar.close, bar.volume)]
    return [start, *prices, start + _MINUTE_MS - 1, "0", 3, "0", "0", "0"]


def market(pair: str) -> dict[str, Any]:
    base, quote = pair.split("/")
    size = {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"}
    price = {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"}
    assets = {"baseAsset": base, "quoteAsset": quote, "baseAssetPrecision": 8, "quoteAssetPrecision": 8}
    return {
        "symbol": base + quote,
        "status": "TRADING",
        "isSpotTradingAllowed": True,
        "permissions": ["SPOT"],
        "orderTypes": ["LIMIT"],
        "filters": [size, price],
        **assets,
    }


class CcxtBinance(HttpWorld):
    """Binance through ccxt."""

    entry = VENDOR.history[0]
    tape = "binance"
    symbols = PAIRS
    session: ClassVar[TradingSession] = ROUND_THE_CLOCK
    requests_a_question = 4
    requests_to_see_the_end = 2
    refuses_before_it_asks = True
    way_s = 0.3

    def __init__(
        self, bars: Iterable[Bar], *, pace: tuple[int, float] | None = None, rows_a_page: int | None = None
    ) -> None:
        self.server = BinanceServer(bars, rows_a_page=rows_a_page or 1000, pace=pace)

    def open(self, request: HistoryRequest, *, wrong_keys: bool = False) -> OpenedHistory:
        kind = exchange_class("binance", is_live=False)
        client = CcxtHistory(kind, deadline_s=request.deadline_s, config=self.server.config)
        return OpenedHistory(client=client, account="test", entry=msgspec.structs.replace(request.entry, pace=()))
