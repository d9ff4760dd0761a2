"""Alpaca's history as its documentation describes it: multi-symbol bars in pages, keys in headers, limits.

https://docs.alpaca.markets/reference/stockbars and ``cryptobars``: rows are sorted by symbol, then by time; ``limit``
counts the rows of all symbols; ``end`` is included; symbols without bars are left out.
"""

import base64
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from actors.vendors import alpaca
from actors.vendors.alpaca.history import AlpacaHistory
from actors.vendors.alpaca.keys import AlpacaKeys
from actors.vendors.history.entry import HistoryEntry
from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from messages import Bar, TradingSession
from messages.tables.columns import BarBatch
from messages.values import SECOND_NS, Nanos
from tests.builders import NIGHT, ROUND_THE_CLOCK
from tests.vendors.alpaca.server import KEYS
from tests.vendors.history.http_server import Reply, VendorServer
from tests.vendors.history.world import HttpWorld

_SYMBOL = re.compile(r"[A-Z]{1,6}\d{0,4}(\.[A-Z])?|[A-Z]{2,6}/[A-Z]{3,4}")
_LATEST_NS = 900 * SECOND_NS


class AlpacaHistoryServer(VendorServer):
    """The data endpoint of both kinds.

    Args:
        bars: what there is.
        rows_a_page: so many at most, whatever ``limit`` says.
        now_ns: the vendor's clock, by which SIP data of the last 15 minutes are not given.
        tapes: of which there are bars; those of another are none.
        more: see ``VendorServer``.
    """

    def __init__(
        self,
        bars: Iterable[Bar] | BarBatch,
        *,
        rows_a_page: int = 10_000,
        now_ns: Callable[[], Nanos] = time.time_ns,
        tapes: tuple[str, ...] = ("iex", "sip"),
        **more: Any,
    ) -> None:
        batch = bars if isinstance(bars, BarBatch) else BarBatch.of(bars)
        self._rows_a_page = rows_a_page
        self._now_ns = now_ns
        self._tapes = tapes
        self._bars: dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]] = {}
        for number, symbol in enumerate(batch.symbols):
            rows = batch.symbol_index == number
            self._bars[symbol] = batch.start_ns[rows], batch.values[:, rows]
        self.minutes: list[tuple[str, Nanos]] = []
        """Every minute of every symbol that was asked for, as often as it was; kept if ``is_noting``."""
        self.is_noting = False
        self.name_changes: list[dict[str, str]] = []
        super().__init__(**more)

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        is_crypto = path.startswith("/v1beta3/crypto/")
        if not is_crypto and path not in ("/v2/stocks/bars", "/v1/corporate-actions"):
            return _said(404, "endpoint not found.")
        given = headers.get("apca-api-key-id"), headers.get("apca-api-secret-key")
        if given != (KEYS.key, KEYS.secret) and not (is_crypto and given == (None, None)):
            return _said(403, "forbidden.") if any(given) else _said(401, "unauthorized.")
        symbols = query.get("symbols", "").split(",")
        if path == "/v1/corporate-actions":
            return self._actions(symbols[0], query)
        if wrong := [symbol for symbol in symbols if not _SYMBOL.fullmatch(symbol)]:
            return _said(400, f"invalid symbol: {wrong[0]}")
        if query.get("timeframe") != "1Min":
            return _said(400, "invalid timeframe")
        start_ns, end_ns = _nanos(query["start"]), _nanos(query["end"])
        if query.get("feed") == "sip" and end_ns > self._now_ns() - _LATEST_NS:
            return _said(403, "subscription does not permit querying recent SIP data")
        if self.is_noting and "page_token" not in query:
            minutes = range(start_ns, end_ns + 1, 60 * SECOND_NS)
            self.minutes += [(symbol, minute) for symbol in symbols for minute in minutes]
        there = symbols if is_crypto or query.get("feed") in self._tapes else []
        return self._page(sorted(there), start_ns, end_ns, int(query.get("limit", 1000)), query.get("page_token"))

    def _actions(self, symbol: str, query: Mapping[str, str]) -> Reply:
        found = [
            change
            for change in self.name_changes
            if symbol in (change["old_symbol"], change["new_symbol"])
            and query["start"] <= change["process_date"] <= query["end"]
        ]
        actions = {"name_changes": found} if query["types"] == "name_change" and found else {}
        return Reply(msgspec.json.encode({"corporate_actions": actions, "next_page_token": None}))

    def _page(self, symbols: list[str], start_ns: Nanos, end_ns: Nanos, limit: int, token: str | None) -> Reply:
        after, left = _from_token(token), min(limit, self._rows_a_page)
        bars: dict[str, list[dict[str, Any]]] = {}
        next_token = None
        for symbol in symbols:
            if symbol not in self._bars or symbol < after[0]:
                continue
            starts, values = self._bars[symbol]
            first_ns = max(start_ns, after[1] if symbol == after[0] else start_ns)
            first, end = np.searchsorted(starts, (first_ns, end_ns + 1)).tolist()
            if end > first and not left:
                next_token = _token(symbol, int(starts[first]))
                break
            last = min(end, first + left)
            if last > first:
                bars[symbol] = [_row(starts[place], values[:, place]) for place in range(first, last)]
            left -= last - first
            if last < end:
                next_token = _token(symbol, int(starts[last]))
                break
        return Reply(msgspec.json.encode({"bars": bars, "next_page_token": next_token}))

    def too_fast(self, after_s: float) -> Reply:
        reset = {"X-RateLimit-Limit": str(self.pace[0] if self.pace else 0), "X-RateLimit-Remaining": "0"}
        reset["X-RateLimit-Reset"] = str(int(time.time() + after_s) + 1)
        return Reply(b'{"message": "too many requests."}', 429, reset)


def _said(status: int, text: str) -> Reply:
    return Reply(msgspec.json.encode({"message": text}), status)


def _nanos(text: str) -> Nanos:
    return round(datetime.fromisoformat(text).timestamp()) * SECOND_NS


def _token(symbol: str, start_ns: Nanos) -> str:
    return base64.b64encode(f"{symbol}|M|{start_ns}".encode()).decode()


def _from_token(token: str | None) -> tuple[str, Nanos]:
    if token is None:
        return "", 0
    symbol, _, start = base64.b64decode(token).decode().split("|")
    return symbol, int(start)


def _row(start_ns: Any, values: Any) -> dict[str, Any]:
    stamp = datetime.fromtimestamp(int(start_ns) // SECOND_NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    numbers = values.tolist()
    vwap, trades = numbers[5:] if len(numbers) > 5 else (numbers[3], 3)
    row = dict(zip("ohlcv", numbers, strict=False))
    return {**row, "t": stamp, "vw": numbers[3] if vwap != vwap else vwap, "n": 3 if trades != trades else trades}


class AlpacaStocks(HttpWorld):
    """Alpaca's stocks."""

    entry: HistoryEntry = alpaca.VENDOR.history[0]
    tape = "iex"
    symbols = ("AAPL", "BRK.B", "MSFT")
    secrets = (KEYS.key, KEYS.secret)
    is_crypto = False

    def __init__(
        self,
        bars: Iterable[Bar],
        *,
        pace: tuple[int, float] | None = None,
        rows_a_page: int | None = None,
        server: AlpacaHistoryServer | None = None,
    ) -> None:
        self.server = server or AlpacaHistoryServer(bars, pace=pace, rows_a_page=rows_a_page or 10_000)

    def open(self, request: HistoryRequest, *, wrong_keys: bool = False) -> OpenedHistory:
        keys = AlpacaKeys(key=KEYS.key, secret="wrong") if wrong_keys else KEYS
        client = AlpacaHistory(
            keys,
            tape=request.tape,
            adjustment=request.adjustment,
            deadline_s=request.deadline_s,
            url=self.server.url,
            is_crypto=self.is_crypto,
        )
        return OpenedHistory(client=client, account="test")

    def rename(self, old: str, new: str, date: str) -> None:
        self.server.name_changes.append({"id": "1", "old_symbol": old, "new_symbol": new, "process_date": date})


class AlpacaNight(AlpacaStocks):
    """Alpaca's bars of Blue Ocean's nights, which no other tape has."""

    tape = "boats"
    session: TradingSession = NIGHT

    def __init__(
        self,
        bars: Iterable[Bar],
        *,
        pace: tuple[int, float] | None = None,
        rows_a_page: int | None = None,
        server: AlpacaHistoryServer | None = None,
    ) -> None:
        night = server or AlpacaHistoryServer(bars, pace=pace, rows_a_page=rows_a_page or 10_000, tapes=("boats",))
        super().__init__((), server=night)


class AlpacaCrypto(AlpacaStocks):
    """Alpaca's crypto."""

    entry = alpaca.VENDOR.history[1]
    tape = "us"
    symbols = ("BTC/USD", "ETH/USD", "SOL/USD")
    session: TradingSession = ROUND_THE_CLOCK
    is_crypto = True
