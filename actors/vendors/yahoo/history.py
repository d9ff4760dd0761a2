"""Yahoo's minutes of the last days, through what yfinance gets past its gates with: cookies, crumbs, a browser's TLS.

yfinance's own frames are left aside: they keep answers for as long as the process lives, empty ones too, and print what
went wrong. So the chart is asked for through its session, and read here. Imported only when a history is
opened: the package is an extra.
"""

import logging
import math
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec
import numpy as np
from yfinance.config import YfConfig
from yfinance.data import YfData
from yfinance.exceptions import YFRateLimitError

from actors.vendors.history.clock import VendorClock
from actors.vendors.history.pages import AskedTooMuch, NoAnswer, Page, PageRequest, SymbolsRefused, is_html
from messages.errors import UNREADABLE
from messages.tables.columns import FIELDS, BarBatch, freeze
from messages.values import SECOND_NS, Nanos

_CHART = "https://query2.finance.yahoo.com/v8/finance/chart/"
_KEPT_NS: Nanos = 30 * 24 * 3600 * SECOND_NS
"""https://github.com/ranaroussi/yfinance/issues/383; and seven days at once, issue 356, which no session is."""
_BUSY_S = 60.0
_NOBODY = (5, 6, 7)
"""What curl says where no computer has the name, or nobody listens: https://curl.se/libcurl/c/libcurl-errors.html"""
_SHOWN = 200
_LAST_S = ((1 << 63) - 1) // SECOND_NS
_UNHEARD = logging.NullHandler()


class _Place(msgspec.Struct, frozen=True):
    """At which of the tickers that are asked for a page begins."""

    symbol: int


class _Error(msgspec.Struct, frozen=True):
    code: str = ""
    description: str = ""


class _Quotes(msgspec.Struct, frozen=True):
    open: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    low: tuple[float | None, ...] = ()
    close: tuple[float | None, ...] = ()
    volume: tuple[float | None, ...] = ()


class _Indicators(msgspec.Struct, frozen=True):
    quote: tuple[_Quotes, ...] = ()


class _Meta(msgspec.Struct, frozen=True):
    symbol: str = ""


class _Result(msgspec.Struct, frozen=True):
    meta: _Meta = _Meta()
    timestamp: tuple[int, ...] = ()
    indicators: _Indicators = _Indicators()


class _Chart(msgspec.Struct, frozen=True):
    result: tuple[_Result, ...] | None = None
    error: _Error | None = None


class _Answer(msgspec.Struct, frozen=True):
    """What is used of a chart: times in seconds, and a column a field in which a minute without a trade is empty."""

    chart: _Chart


class YahooHistory:
    """Minutes of Yahoo's chart. A question about several tickers is one page after the other for each.

    Args:
        deadline_s: after so long without an answer a request has failed.
        proxy: all requests of this process to Yahoo go by it; as yfinance's own setting.
        now_ns: today, by which Yahoo counts back thirty days.
    """

    def __init__(
        self, *, deadline_s: float = 20.0, proxy: str | None = None, now_ns: Callable[[], Nanos] = time.time_ns
    ) -> None:
        if proxy:
            YfConfig.network.proxy = proxy
        logging.getLogger("yfinance").addHandler(_UNHEARD)  # what fails is raised: it need not be printed as well
        self.clock = VendorClock()
        self._deadline_s = deadline_s
        self._now_ns = now_ns
        self._decoder = msgspec.json.Decoder(_Answer)

    def page(self, request: PageRequest) -> Page:
        """Return one page; see ``VendorHistory``. Of what is longer ago than Yahoo keeps, nobody is asked."""
        place = _Place(0) if request.token is None else msgspec.json.decode(request.token, type=_Place)
        symbol = request.symbols[place.symbol]
        start_ns = max(request.start_ns, self._now_ns() - _KEPT_NS)
        if start_ns < request.end_ns:
            bars, unread = _batch(symbol, self._asked(symbol, start_ns, request), request)
        else:
            bars, unread = _batch(symbol, _Result(), request)
        is_last = place.symbol + 1 == len(request.symbols)
        token = None if is_last else msgspec.json.encode(_Place(place.symbol + 1)).decode()
        return Page(bars=bars, unread=unread, next_token=token)

    def close(self) -> None:
        """Nothing is held: yfinance's session is the process's."""

    def _asked(self, symbol: str, start_ns: Nanos, request: PageRequest) -> _Result:
        span = {"period1": start_ns // SECOND_NS, "period2": request.end_ns // SECOND_NS}
        asked = {**span, "interval": "1m", "includePrePost": True}
        try:
            response = YfData().get(_CHART + quote(symbol, safe=""), asked, timeout=math.ceil(self._deadline_s))
        except YFRateLimitError as error:
            raise AskedTooMuch(f"Yahoo: {error}", _BUSY_S) from error
        except Exception as error:  # noqa: BLE001  # what curl raises is of all kinds
            nobody = ConnectionRefusedError() if getattr(error, "code", None) in _NOBODY else None
            raise NoAnswer(f"Yahoo: {type(error).__name__}: {_short(str(error))}") from nobody or error
        self.clock.hear(response.headers.get("Date"))
        try:
            chart = self._decoder.decode(response.content).chart
        except UNREADABLE as error:
            what = "a page of HTML" if is_html(response.content) else _short(str(error))
            raise NoAnswer(f"Yahoo's answer is no chart ({response.status_code}): {what}") from error
        if chart.error is not None:
            said = f"Yahoo: {_short(chart.error.description)} ({chart.error.code})"
            raise SymbolsRefused(said, (symbol,)) if response.status_code == 404 else NoAnswer(said)
        if response.status_code >= 400 or not chart.result:
            raise NoAnswer(f"Yahoo's answer has no chart ({response.status_code})")
        named = chart.result[0].meta.symbol
        if named.upper() not in ("", symbol.upper()):
            raise SymbolsRefused(f"Yahoo answers for {symbol} with {named}: ask for that", (symbol,))
        return chart.result[0]


def _batch(symbol: str, result: _Result, request: PageRequest) -> tuple[BarBatch, int]:
    """Return rows as bars, those that are empty left out, and how many make no sense."""
    quotes = result.indicators.quote[0] if result.indicators.quote else _Quotes()
    columns = [getattr(quotes, name) for name in FIELDS]
    if any(len(column) != len(result.timestamp) for column in columns) and result.timestamp:
        raise NoAnswer("Yahoo's answer has columns of other lengths than its times")
    rows = list(zip(result.timestamp, *columns, strict=True)) if result.timestamp else []
    shown = [row for row in rows if any(value is not None for value in row[1:])]
    sound = [row for row in shown if _is_sound(row)]
    values = np.array([row[1:] for row in sound], dtype=np.float64).reshape(len(sound), len(FIELDS))
    bars = BarBatch(
        symbols=(symbol,),
        symbol_index=freeze(np.zeros(len(sound), dtype=np.int32)),
        start_ns=freeze(np.array([row[0] * SECOND_NS for row in sound], dtype=np.int64)),
        values=freeze(np.ascontiguousarray(values.T)),
        interval=request.interval,
    )
    return bars, len(shown) - len(sound)


def _is_sound(row: tuple[Any, ...]) -> bool:
    return abs(row[0]) <= _LAST_S and all(value is not None and math.isfinite(value) for value in row)


def _short(text: str) -> str:
    return " ".join(text.split())[:_SHOWN]
