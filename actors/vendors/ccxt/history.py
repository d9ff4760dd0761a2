"""An exchange's candles or trades through ccxt, one page of one symbol a call, without ccxt's pace and tries.

ccxt takes a page of HTML, half an answer or an empty body with status 200 for an answer without anything; so what came
is looked at beside what ccxt made of it. Its exchanges remember the last answer, and so each call has its own.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from actors.vendors.ccxt.folded_pages import FoldedPages, folded, is_sound
from actors.vendors.ccxt.library import in_our_words, is_of_a_request, sentence, why_not_traded
from actors.vendors.history.clock import VendorClock
from actors.vendors.history.pages import (
    AskedTooMuch,
    Fate,
    HistoryRefused,
    NoAnswer,
    Page,
    PageRequest,
    SymbolsRefused,
)
from messages.errors import FeedRefused
from messages.tables.columns import FIELDS, BarBatch, freeze
from messages.values import Nanos

_MILLISECOND_NS = 10**6
_LAST_MS = ((1 << 63) - 1) // _MILLISECOND_NS
_USUAL_ROWS = {"fetchOHLCV": 500, "fetchTrades": 1000}
_BUSY = ("RateLimitExceeded", "DDoSProtection")
_BUSY_S = 10.0
"""To be left alone for so long, where the exchange does not say how long."""


class _Place(msgspec.Struct, frozen=True):
    """Where a page begins: at which symbol of those that are asked for, and from which millisecond on."""

    symbol: int
    since: int
    carried: int = 0
    """What the page before had of an interval that is not whole; see ``FoldedPages``."""


class CcxtHistory:
    """Bars of one exchange. A question about several symbols is one page after the other for each of them.

    Args:
        kind: ccxt's class of the exchange.
        deadline_s: after so long without an answer a request has failed.
        config: what the exchange is made with besides, in ccxt's names.
        from_trades: whether bars are folded from the exchange's trades; else they are its candles.
    """

    def __init__(
        self,
        kind: Any,
        *,
        deadline_s: float = 20.0,
        config: Mapping[str, Any] | None = None,
        from_trades: bool = False,
    ) -> None:
        own = {"enableRateLimit": False, "enableLastJsonResponse": True, "timeout": max(1000, round(deadline_s * 1000))}
        self.clock = VendorClock()
        self._kind, self._config = kind, {**(config or {}), **own}
        self._folded = FoldedPages() if from_trades else None
        self._idle: list[Any] = []
        self._busy: set[Any] = set()
        self._markets: tuple[Any, Any] | None = None
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def page(self, request: PageRequest) -> Page:
        """Return one page; see ``VendorHistory``."""
        exchange = self._borrowed()
        try:
            self._load_markets(exchange)
            _check_symbols(exchange, request.symbols)
            page = self._page(exchange, request)
            self.clock.hear(_headers(exchange).get("date"))
        except Exception as error:
            raise _meaning(error, exchange) from error
        finally:
            with self._lock:
                self._busy.discard(exchange)
        with self._lock:
            self._idle.append(exchange)
        return page

    def fate(self, symbol: str) -> Fate | None:
        """Return whether a symbol is still traded; see ``TellsFate``. Its past may still be there."""
        exchange = self._borrowed()
        try:
            self._load_markets(exchange)
            why = why_not_traded(exchange, symbol, symbol)
        finally:
            with self._lock:
                self._busy.discard(exchange)
                self._idle.append(exchange)
        return None if why is None else Fate(said=why)

    def close(self) -> None:
        """Close its connections."""
        with self._lock:
            exchanges = [*self._idle, *self._busy]
            self._idle.clear()
        for exchange in exchanges:
            exchange.session.close()

    def _borrowed(self) -> Any:
        with self._lock:
            exchange = self._idle.pop() if self._idle else self._kind(self._config)
            self._busy.add(exchange)
            return exchange

    def _load_markets(self, exchange: Any) -> None:
        """Ask once what the exchange trades."""
        if exchange.markets:
            return
        with self._loading:
            if self._markets is None:
                exchange.load_markets()
                if not exchange.markets:
                    raise NoAnswer(f"{exchange.id} does not say what it trades")
                self._markets = exchange.markets, exchange.currencies
            else:
                exchange.set_markets(*self._markets)

    def _page(self, exchange: Any, request: PageRequest) -> Page:
        first = request.start_ns // _MILLISECOND_NS
        place = _Place(0, first) if request.token is None else msgspec.json.decode(request.token, type=_Place)
        symbol = request.symbols[place.symbol]
        if self._folded is None:
            bars, unread, since, carried = *_candles(exchange, symbol, place.since, request), 0
        else:
            bars, unread, since, carried = _of_trades(exchange, symbol, place, request, self._folded)
        if since is not None:
            place = _Place(place.symbol, since, carried)
        elif place.symbol + 1 < len(request.symbols):
            place = _Place(place.symbol + 1, first)
        else:
            return Page(bars=bars, unread=unread)
        return Page(bars=bars, unread=unread, next_token=msgspec.json.encode(place).decode())


def _candles(exchange: Any, symbol: str, since: int, request: PageRequest) -> tuple[BarBatch, int, int | None]:
    """Return candles from a millisecond on, how many rows make no sense, and from where on there may be more."""
    step, limit = request.interval.span_ns // _MILLISECOND_NS, _rows_a_page(exchange, symbol, "fetchOHLCV")
    rows = exchange.fetch_ohlcv(symbol, str(request.interval), since=since, limit=limit)
    _check_answer(exchange)
    bars, unread = _batch(symbol, rows, request)
    last = max((int(start) // _MILLISECOND_NS for start in bars.start_ns), default=None)
    after = since + limit * step if last is None or last < since else last + step
    return bars, unread, after if after < request.end_ns // _MILLISECOND_NS else None


def _of_trades(
    exchange: Any, symbol: str, place: _Place, request: PageRequest, pages: FoldedPages
) -> tuple[BarBatch, int, int | None, int]:
    limit = _rows_a_page(exchange, symbol, "fetchTrades")
    rows = exchange.fetch_trades(symbol, since=place.since, limit=limit)
    _check_answer(exchange)
    sound = [trade for trade in rows if is_sound(trade)]
    step, end = request.interval.span_ns // _MILLISECOND_NS, request.end_ns // _MILLISECOND_NS
    trades, since, carried = pages.take(sound, place.carried, step, end)
    is_stuck = since is None and not (trades and trades[-1]["timestamp"] >= end)
    if is_stuck and _longest(exchange.last_json_response) >= limit:  # else what comes after would be taken for silence
        raise NoAnswer(f"{exchange.id}: more trades of {symbol} at one instant than a page holds")
    return folded(symbol, trades, request.interval), len(rows) - len(sound), since, carried


def _longest(answer: Any) -> int:
    """Return how many rows the longest list of an answer has."""
    parts = answer.values() if isinstance(answer, Mapping) else ()
    return len(answer) if isinstance(answer, list) else max(map(_longest, parts), default=0)


def _check_symbols(exchange: Any, symbols: Sequence[str]) -> None:
    refused = [symbol for symbol in symbols if symbol not in exchange.markets]
    if len(refused) == 1:
        raise SymbolsRefused(str(why_not_traded(exchange, refused[0], refused[0])), tuple(refused))
    if refused:
        raise SymbolsRefused(f"{exchange.id} does not trade {', '.join(refused)}", tuple(refused))


def _check_answer(exchange: Any) -> None:
    if not isinstance(exchange.last_json_response, Mapping | list):
        raise NoAnswer(f"{exchange.id}: what came is no JSON")


def _rows_a_page(exchange: Any, symbol: str, method: str) -> int:
    return int(exchange.feature_value(symbol, method, "limit") or _USUAL_ROWS[method])


def _batch(symbol: str, rows: Sequence[Sequence[Any]], request: PageRequest) -> tuple[BarBatch, int]:
    """Return candles as bars, and how many make no sense."""
    sound = [row for row in rows if _is_sound(row)]
    starts: list[Nanos] = [int(row[0]) * _MILLISECOND_NS for row in sound]
    values = np.array([[float(number) for number in row[1:6]] for row in sound], dtype=np.float64)
    bars = BarBatch(
        symbols=(symbol,),
        symbol_index=freeze(np.zeros(len(sound), dtype=np.int32)),
        start_ns=freeze(np.array(starts, dtype=np.int64)),
        values=freeze(np.ascontiguousarray(values.reshape(len(sound), len(FIELDS)).T)),
        interval=request.interval,
    )
    return bars, len(rows) - len(sound)


def _is_sound(row: Sequence[Any]) -> bool:
    return (
        len(row) > len(FIELDS)
        and all(isinstance(number, int | float) and math.isfinite(number) for number in row[: len(FIELDS) + 1])
        and abs(row[0]) <= _LAST_MS
    )


def _meaning(error: Exception, exchange: Any) -> Exception:
    """Return what an error of ccxt means for a page."""
    if isinstance(error, SymbolsRefused | NoAnswer):
        return error
    names = {kind.__name__ for kind in type(error).__mro__}
    if names.intersection(_BUSY):
        return AskedTooMuch(f"{exchange.id}: {sentence(error, exchange.id)}", _after_s(exchange))
    if isinstance(in_our_words(error, exchange.id), FeedRefused):
        return HistoryRefused(f"{exchange.id}: {sentence(error, exchange.id)}")
    if "BadSymbol" not in names and is_of_a_request(error):
        return HistoryRefused(f"{exchange.id}: {sentence(error, exchange.id)}")
    return NoAnswer(f"{exchange.id}: {sentence(error, exchange.id)}")


def _after_s(exchange: Any) -> float:
    try:
        return float(_headers(exchange)["retry-after"])
    except (KeyError, ValueError):
        return _BUSY_S


def _headers(exchange: Any) -> dict[str, str]:
    """Return what stands above the exchange's last answer, by names in small letters."""
    return {str(name).lower(): text for name, text in dict(exchange.last_response_headers or {}).items()}
