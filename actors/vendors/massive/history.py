"""Massive's aggregates of the past: one page of one ticker a call through its own client, or a day from a flat file.

The client's pages go on by themselves, print what they cannot read and call it the end, and keep to themselves how long
to wait after a 429. So its connections are used, with its key and TLS, and each answer is read here. Imported only when
a history is opened: the package is an extra.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from massive import RESTClient
from urllib3.exceptions import HTTPError

from actors.kernel.telemetry import note
from actors.vendors.history.clock import VendorClock
from actors.vendors.history.pages import (
    AskedTooMuch,
    Fate,
    HistoryRefused,
    NoAnswer,
    NotOutYet,
    Page,
    PageRequest,
    SymbolsRefused,
    is_html,
)
from actors.vendors.massive.flat import FlatFiles
from actors.vendors.massive.keys import MassiveKey
from actors.vendors.secrets import without_keys
from messages.errors import UNREADABLE
from messages.tables.columns import EXTRA_FIELDS, FIELDS, BarBatch, freeze
from messages.values import ONE_MINUTE, SECOND_NS

BASE = "https://api.massive.com"
ROWS_A_PAGE = 50_000
MOST_TICKERS = 20
"""With more, and a request for each of them, a flat file of the whole market's day comes sooner."""
_HOME = ZoneInfo("America/New_York")
_MILLISECOND_NS = 10**6
_LAST_MS = ((1 << 63) - 1) // _MILLISECOND_NS
_NAMES = ("o", "h", "l", "c", "v", "vw", "n")
"""Massive's names of ``FIELDS`` and ``EXTRA_FIELDS``."""
_BUSY_S = 15.0
_DAY_S = 24 * 3600.0
_SHOWN = 200
R = TypeVar("R")


class _Place(msgspec.Struct, frozen=True):
    """Where a page begins: at which of the tickers that are asked for, and by which address; empty: the first."""

    symbol: int
    path: str = ""


class _Answer(msgspec.Struct):
    """What is used of an answer; a ticker without aggregates has no results."""

    status: str
    ticker: str = ""
    results: tuple[Any, ...] = ()
    next_url: str | None = None


class _Listed(msgspec.Struct, frozen=True):
    ticker: str
    composite_figi: str | None = None
    delisted_utc: str | None = None


class _Tickers(msgspec.Struct, frozen=True):
    results: tuple[_Listed, ...] = ()


class _Name(msgspec.Struct, frozen=True):
    ticker: str


class _Event(msgspec.Struct, frozen=True):
    date: str
    ticker_change: _Name


class _History(msgspec.Struct, frozen=True):
    events: tuple[_Event, ...] = ()


class _Events(msgspec.Struct, frozen=True):
    results: _History = _History()


class MassiveHistory:
    """Aggregates of a minute or a second. A question about several tickers is one page after the other for each.

    About many of them, a day's flat file answers at once, if it is there by then; its prices are as they were paid.

    Args:
        key: see ``MassiveKey.find``.
        adjustment: ``raw`` or ``split``.
        deadline_s: after so long without a byte a request has failed.
        base: another address in place of Massive's.
        files: the flat files, or why there are none.
    """

    def __init__(
        self,
        key: MassiveKey,
        *,
        adjustment: str = "raw",
        deadline_s: float = 20.0,
        base: str | None = None,
        files: FlatFiles | str = "no keys",
    ) -> None:
        self.clock = VendorClock()
        self._key = key.key
        self._is_adjusted = adjustment == "split"
        self._files = files
        self._client = RESTClient(
            key.key,
            base=(base or BASE).rstrip("/"),
            connect_timeout=5.0,
            read_timeout=deadline_s,
            connection_pool_kw={"retries": False, "maxsize": 8},
        )

    def page(self, request: PageRequest) -> Page:
        """Return one page; see ``VendorHistory``."""
        if request.token is None and len(request.symbols) > MOST_TICKERS:
            try:
                return self._file(request)
            except (HistoryRefused, NotOutYet) as error:  # by aggregates then
                note("no_flat_file", reason=str(error))
        place = _Place(0) if request.token is None else msgspec.json.decode(request.token, type=_Place)
        symbol = request.symbols[place.symbol]
        answer = self._asked(place.path or self._path(symbol, request))
        if answer.ticker not in ("", symbol):
            raise SymbolsRefused(
                f"Massive answers for {symbol} with {answer.ticker}: ask for that", (symbol,), is_of_span=True
            )
        bars, unread = _batch(symbol, answer.results, request)
        if answer.next_url:
            parts = urlsplit(answer.next_url)
            place = _Place(place.symbol, f"{parts.path}?{parts.query}")
        elif place.symbol + 1 < len(request.symbols):
            place = _Place(place.symbol + 1)
        else:
            return Page(bars=bars, unread=unread)
        return Page(bars=bars, unread=unread, next_token=msgspec.json.encode(place).decode())

    def symbols(self, request: PageRequest) -> tuple[str, ...]:
        """Return the tickers of the market that have a bar in a span; see ``ListsSymbols``."""
        bars = self._file(request).bars
        inside = (bars.start_ns >= request.start_ns) & (bars.start_ns < request.end_ns)
        return tuple(bars.symbols[number] for number in np.unique(bars.symbol_index[inside]).tolist())

    def close(self) -> None:
        """Close its connections."""
        self._client.client.clear()

    def _file(self, request: PageRequest) -> Page:
        """Return the day of a request, of all tickers."""
        if isinstance(self._files, str):
            raise HistoryRefused(self._files)
        if self._is_adjusted or request.interval != ONE_MINUTE:
            raise HistoryRefused("Massive's flat files have minutes, and prices as they were paid")
        first, last = (
            datetime.fromtimestamp(at_ns // SECOND_NS, _HOME).date().isoformat()
            for at_ns in (request.start_ns, request.end_ns - 1)
        )
        if first != last:
            raise HistoryRefused("Massive's flat files have a day each")
        return msgspec.structs.replace(self._files.day(first), has_others=True)

    def _path(self, symbol: str, request: PageRequest) -> str:
        span = "minute" if request.interval == ONE_MINUTE else "second"
        first, last = request.start_ns // _MILLISECOND_NS, request.end_ns // _MILLISECOND_NS - 1  # itself included
        adjusted = str(self._is_adjusted).lower()
        ticker = quote(symbol, safe="")
        return (
            f"/v2/aggs/ticker/{ticker}/range/1/{span}/{first}/{last}?adjusted={adjusted}&sort=asc&limit={ROWS_A_PAGE}"
        )

    def fate(self, symbol: str) -> Fate | None:
        """Return under which name a stock goes on, or since when it is inactive; see ``TellsFate``."""
        asked = f"/v3/reference/tickers?ticker={quote(symbol, safe='')}&market=stocks&active=false&limit=1000"
        listed = [one for one in self._read(asked, _Tickers).results if one.ticker == symbol]
        if not listed:
            return None
        last = max(listed, key=lambda one: one.delisted_utc or "")
        gone = (last.delisted_utc or "")[:10]
        names = self._names(last.composite_figi) if last.composite_figi else []
        place = next((number for number, (_, name) in enumerate(names) if name == symbol), None)
        if place:  # the newest comes first: before it are the names that it had later
            since = names[place - 1][0]
            return Fate(said=f"{symbol} was renamed on {since}: ask for {names[0][1]}", since=since)
        if not gone:
            return Fate(said=f"{symbol} is inactive")
        after = date.fromisoformat(gone) + timedelta(days=1)
        return Fate(said=f"{symbol} is inactive: it was traded until {gone}", since=after.isoformat())

    def _names(self, figi: str) -> list[tuple[str, str]]:
        """Return the names that a stock has had and from when on, the newest first."""
        told = self._read(f"/vX/reference/tickers/{quote(figi, safe='')}/events?types=ticker_change", _Events)
        return sorted(((one.date, one.ticker_change.ticker) for one in told.results.events), reverse=True)

    def _asked(self, path: str) -> _Answer:
        return self._read(path, _Answer)

    def _read(self, path: str, kind: type[R]) -> R:
        try:
            response = self._client.client.request("GET", self._client.BASE + path)
            self.clock.hear(response.headers.get("Date"))
            body = response.data
        except HTTPError as error:
            raise NoAnswer(f"Massive cannot be reached, or broke off: {type(error).__name__}") from error
        if response.status != 200:
            raise self._refusal(response.status, body, response.headers)
        try:
            return msgspec.json.decode(body, type=kind)
        except UNREADABLE as error:
            what = "a page of HTML" if is_html(body) else self._shown(str(error))
            raise NoAnswer(f"Massive's answer has no aggregates: {what}") from error

    def _refusal(self, status: int, body: bytes, headers: Mapping[str, str]) -> Exception:
        """Return what an answer means that is none of aggregates."""
        text = self._shown(_message(body))
        said = f"Massive: {text} ({status})"
        if status == 429:
            return AskedTooMuch(said, _after_s(headers))
        if status == 403 and "before end of day" in text:
            return NotOutYet(said, _DAY_S)
        if status in (401, 403):
            return HistoryRefused(said)
        return NoAnswer(said)

    def _shown(self, text: str) -> str:
        return without_keys(" ".join(text.split())[:_SHOWN], self._key)


def _batch(symbol: str, results: Sequence[Any], request: PageRequest) -> tuple[BarBatch, int]:
    """Return aggregates as bars, and how many make no sense."""
    sound = [row for row in results if _is_sound(row)]
    values = np.array([[row.get(name, math.nan) for name in _NAMES] for row in sound], dtype=np.float64)
    bars = BarBatch(
        symbols=(symbol,),
        symbol_index=freeze(np.zeros(len(sound), dtype=np.int32)),
        start_ns=freeze(np.array([row["t"] * _MILLISECOND_NS for row in sound], dtype=np.int64)),
        values=freeze(np.ascontiguousarray(values.reshape(len(sound), len(FIELDS) + len(EXTRA_FIELDS)).T)),
        interval=request.interval,
    )
    return bars, len(results) - len(sound)


def _is_sound(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("t"), int)
        and abs(row["t"]) <= _LAST_MS
        and all(isinstance(row.get(name), int | float) for name in _NAMES[: len(FIELDS)])
        and all(isinstance(row.get(name, 0), int | float) for name in _NAMES)
    )


def _message(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body)
    except UNREADABLE:
        return "a page of HTML" if is_html(body) else "no JSON"
    named = found if isinstance(found, dict) else {}
    return str(named.get("error") or named.get("message") or named.get("status") or "no reason")


def _after_s(headers: Mapping[str, str]) -> float:
    try:
        return float(headers.get("Retry-After", _BUSY_S))
    except ValueError:
        return _BUSY_S
