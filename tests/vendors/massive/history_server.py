"""Massive's aggregates as its documentation describes them: a ticker, a span that includes its end, pages by address.

https://massive.com/docs/rest/stocks/aggregates/custom-bars: ``limit`` counts base bars, ``next_url`` has the rest.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from actors.vendors.history.pages import HistoryRequest, OpenedHistory
from actors.vendors.massive import VENDOR
from actors.vendors.massive.history import MassiveHistory
from actors.vendors.massive.keys import MassiveKey
from messages import Bar
from tests.vendors.history.http_server import Reply, VendorServer
from tests.vendors.history.world import HttpWorld
from tests.vendors.massive.server import KEY

_MS_NS = 10**6
_PATH = re.compile(r"/v2/aggs/ticker/([^/]+)/range/1/(minute|second)/(\d+)/(\d+)")


class MassiveServer(VendorServer):
    """The endpoint of custom bars.

    Args:
        bars: what there is.
        rows_a_page: so many at most, whatever ``limit`` says.
        more: see ``VendorServer``.
    """

    def __init__(self, bars: Iterable[Bar], *, rows_a_page: int = 50_000, **more: Any) -> None:
        self._rows: dict[str, list[Bar]] = {}
        for bar in sorted(bars, key=lambda bar: bar.start_ns):
            self._rows.setdefault(bar.symbol, []).append(bar)
        self._rows_a_page = rows_a_page
        self.adjusted: list[str] = []
        self.names: dict[str, tuple[str, str]] = {}
        """By a name that is inactive the new one, or none, and since when."""
        super().__init__(**more)

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        if headers.get("authorization") != f"Bearer {KEY.key}":
            return _said(401, "Unknown API Key")
        if path == "/v3/reference/tickers":
            return self._listed(query)
        if path.startswith("/vX/reference/tickers/FIGI-"):
            return self._events(path.split("/")[4].removeprefix("FIGI-"))
        named = _PATH.fullmatch(path)
        if named is None:
            return _said(404, "not found")
        ticker, first, last = unquote(named[1]), int(query.get("cursor", named[3])), int(named[4])
        self.adjusted.append(query.get("adjusted", "true"))
        rows = [bar for bar in self._rows.get(ticker, []) if first <= bar.start_ns // _MS_NS <= last]
        shown, rest = rows[: self._rows_a_page], rows[self._rows_a_page :]
        told: dict[str, Any] = {"ticker": ticker, "status": "OK", "queryCount": len(shown), "resultsCount": len(shown)}
        if shown:
            told["results"] = [_row(bar) for bar in shown]
        if rest:
            cursor = rest[0].start_ns // _MS_NS
            told["next_url"] = f"https://api.massive.com{path}?adjusted={query['adjusted']}&cursor={cursor}"
        return Reply(json.dumps(told).encode())

    def _listed(self, query: Mapping[str, str]) -> Reply:
        ticker, is_gone = query["ticker"], query.get("active") == "false"
        found = []
        if is_gone and ticker in self.names:
            new, date = self.names[ticker]
            found = [{"ticker": ticker, "active": False, "delisted_utc": f"{date}T00:00:00Z"}]
            found[0] |= {"composite_figi": f"FIGI-{ticker}"} if new else {}
        return Reply(json.dumps({"status": "OK", "count": len(found), "results": found}).encode())

    def _events(self, ticker: str) -> Reply:
        new, date = self.names[ticker]
        told = [{"type": "ticker_change", "date": date, "ticker_change": {"ticker": new}},
                {"type": "ticker_change", "date": "2012-05-18", "ticker_change": {"ticker": ticker}}]  # fmt: skip
        return Reply(json.dumps({"status": "OK", "results": {"name": "One, Inc.", "events": told}}).encode())

    def too_fast(self, after_s: float) -> Reply:
        body = b'{"status": "ERROR", "error": "You\'ve exceeded the maximum requests per minute."}'
        return Reply(body, 429, {"Retry-After": str(max(1, round(after_s + 0.5)))})


def _row(bar: Bar) -> dict[str, Any]:
    row = {"v": bar.volume, "o": bar.open, "c": bar.close, "h": bar.high, "l": bar.low, "t": bar.start_ns // _MS_NS}
    return {**row, **({} if bar.vwap is None else {"vw": bar.vwap}), "n": round(bar.trades or 0)}


def _said(status: int, text: str) -> Reply:
    return Reply(json.dumps({"status": "ERROR", "request_id": "1", "error": text}).encode(), status)


class MassiveStocks(HttpWorld):
    """Massive's stocks."""

    entry = VENDOR.history[0]
    tape = ""
    symbols = ("AAPL", "MSFT", "TSLA")
    secrets = ("wrong-secret", KEY.key)
    refuses_symbols = False
    requests_a_question = 2

    def __init__(
        self,
        bars: Iterable[Bar],
        *,
        pace: tuple[int, float] | None = None,
        rows_a_page: int | None = None,
        server: MassiveServer | None = None,
    ) -> None:
        self.server = server or MassiveServer(bars, rows_a_page=rows_a_page or 50_000, pace=pace)

    def open(self, request: HistoryRequest, *, wrong_keys: bool = False) -> OpenedHistory:
        key = MassiveKey(key="wrong-secret") if wrong_keys else KEY
        client = MassiveHistory(key, adjustment=request.adjustment, deadline_s=request.deadline_s, base=self.server.url)
        return OpenedHistory(client=client, account="test")

    def rename(self, old: str, new: str, date: str) -> None:
        self.server.names[old] = new, date
