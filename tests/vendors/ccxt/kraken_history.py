"""Kraken's trades as its documentation describes them: from a second on, oldest first, a thousand at most.

https://docs.kraken.com/api-reference/market-data/get-recent-trades: and of candles it has its latest 720 only.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import msgspec

from actors.vendors.ccxt import VENDOR
from actors.vendors.ccxt.open_history import open_ccxt
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from messages import Bar, TradingSession
from messages.values import MINUTE_NS, SECOND_NS, Nanos
from tests.builders import ROUND_THE_CLOCK
from tests.vendors.ccxt.kraken import asset_pair
from tests.vendors.history.http_server import Reply, VendorServer
from tests.vendors.history.world import HttpWorld

PAIRS = ("A/USD", "B/USD", "C/USD")
_LITTLE = 1 / 1024


class KrakenTrades(VendorServer):
    """Only what is asked of trades and candles is counted, and keeps the pace or fails.

    Args:
        bars: what the trades fold to.
        rows_a_page: so many at most.
        pairs: what there is to trade.
        now_ns: the exchange's clock: what is later is not there.
        more: see ``VendorServer``.
    """

    def __init__(
        self, bars: Iterable[Bar], *, rows_a_page: int = 1000, pairs: tuple[str, ...] = PAIRS, **more: Any
    ) -> None:
        self._now_ns = more.pop("now_ns", lambda: 1 << 62)
        self._pairs = pairs
        self._trades: dict[str, list[list[Any]]] = {}
        for bar in sorted(bars, key=lambda bar: bar.start_ns):
            trades = self._trades.setdefault(bar.symbol.replace("/", ""), [])
            trades += trades_of(bar, len(trades))
        self._rows_a_page = rows_a_page
        super().__init__(**more)

    def handle(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply | str:
        if path == "/0/public/Assets":
            codes = {code for pair in self._pairs for code in pair.split("/")}
            return _result({code: {"aclass": "currency", "altname": code, "decimals": 8} for code in codes})
        if path == "/0/public/AssetPairs":
            return _result({pair.replace("/", ""): asset_pair(pair) for pair in self._pairs})
        return super().handle(path, query, headers)

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        if path != "/0/public/Trades":
            return Reply(b'{"error": ["EGeneral:Unknown method"]}')
        since, most = float(query.get("since", 0)), min(int(query.get("count", 1000)), self._rows_a_page)
        now_s = self._now_ns() / SECOND_NS
        rows = [row for row in self._trades.get(query["pair"], []) if since <= row[2] <= now_s][:most]
        return _result({query["pair"]: rows, "last": str(round((rows[-1][2] if rows else since) * SECOND_NS))})

    def too_fast(self, after_s: float) -> Reply:
        return Reply(
            b'{"error": ["EAPI:Rate limit exceeded"]}', 429, {"Retry-After": str(max(1, round(after_s + 0.5)))}
        )


def prints_of(bar: Bar) -> Iterator[tuple[Nanos, float, float]]:
    """Yield the instants, prices and sizes of trades that fold to a bar."""
    count = max(4, round(bar.trades or 4))
    prices = [bar.open, bar.high, bar.low, *[bar.close] * (count - 3)]
    sizes = [bar.volume - (count - 1) * _LITTLE, *[_LITTLE] * (count - 1)]
    for number, (price, size) in enumerate(zip(prices, sizes, strict=True)):
        yield bar.start_ns + number * (MINUTE_NS // (count + 1) // 10**7 * 10**7), price, size


def trades_of(bar: Bar, first: int) -> list[list[Any]]:
    return [
        [repr(price), repr(size), at_ns / SECOND_NS, "b", "l", "", first + number]
        for number, (at_ns, price, size) in enumerate(prints_of(bar), 1)
    ]


def _result(found: Any) -> Reply:
    return Reply(json.dumps({"error": [], "result": found}).encode())


class CcxtKraken(HttpWorld):
    """Kraken through ccxt: bars folded from its trades."""

    entry = msgspec.structs.replace(VENDOR.history[0], is_silence_told=True, silent_after_s=60.0)
    tape = "kraken"
    symbols = PAIRS
    session: ClassVar[TradingSession] = ROUND_THE_CLOCK
    requests_a_question = 4
    refuses_before_it_asks = True
    way_s = 0.3
    pages = False
    most_trades = 16

    def __init__(
        self,
        bars: Iterable[Bar],
        *,
        pace: tuple[int, float] | None = None,
        rows_a_page: int | None = None,
        server: KrakenTrades | None = None,
    ) -> None:
        self.server = server or KrakenTrades(bars, rows_a_page=rows_a_page or 100_000, pace=pace)

    def open(self, request: HistoryRequest, *, wrong_keys: bool = False) -> OpenedHistory:
        opened = open_ccxt(msgspec.structs.replace(request, options={"url": self.server.url}))
        assert opened.entry is not None
        return msgspec.structs.replace(opened, entry=msgspec.structs.replace(opened.entry, pace=()))
