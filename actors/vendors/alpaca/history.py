"""Alpaca's history of bars, through alpaca-py's clients, one page a call.

Its own loop over pages starts a question anew where one page fails, and waits for as long as it likes: it sets no
timeout on a connection, and after a 429 it sleeps three seconds three times whatever the answer says. So pages are
asked for one by one, with a timeout, and without its tries. Imported only when a history is opened: it is an extra.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from alpaca.common.exceptions import APIError
from alpaca.data.enums import Adjustment, DataFeed
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.historical.crypto import CryptoHistoricalDataClient
from alpaca.data.historical.stock import StockHistoricalDataClient
from alpaca.data.requests import CryptoBarsRequest, StockBarsRequest
from alpaca.data.timeframe import TimeFrame
from requests import Response
from requests.adapters import HTTPAdapter
from requests.exceptions import JSONDecodeError, RequestException

from actors.vendors.alpaca.keys import AlpacaKeys
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
from actors.vendors.secrets import without_keys
from messages.tables.columns import EXTRA_FIELDS, FIELDS, BarBatch
from messages.values import SECOND_NS, Nanos

ROWS_A_PAGE = 10_000
_CONNECT_S = 5.0
_KEPT_BACK_S = 900.0
"""https://docs.alpaca.markets/docs/about-market-data-api: SIP data of the last 15 minutes is not in the free plan."""
_SHOWN = 200
_FIRST_DATE = "2016-01-01"
_MOST_NAMES = 5
"""Changes of name that are followed, one after the other."""
_LONGEST_RESET_S = 120.0
_BAD_SYMBOL = re.compile(r"invalid symbols?:?\s*([^\s\"}][^\"}]*)", re.IGNORECASE)
_NAMES = ("o", "h", "l", "c", "v", "vw", "n")
"""Alpaca's names of ``FIELDS`` and ``EXTRA_FIELDS``."""


class _Timed(HTTPAdapter):
    """Connections that are given up when nothing comes; what time it is there is heard."""

    def __init__(self, seconds: float, clock: VendorClock) -> None:
        self._seconds = seconds
        self._clock = clock
        super().__init__(max_retries=0)

    def send(self, *arguments: Any, **more: Any) -> Response:
        response = super().send(*arguments, **{**more, "timeout": (_CONNECT_S, self._seconds)})
        self._clock.hear(response.headers.get("Date"))
        return response


class AlpacaHistory:
    """Bars of stocks, or of crypto.

    Args:
        keys: see ``AlpacaKeys.find``; of crypto ``None`` will do.
        tape: ``iex``, ``sip``, ``boats`` or ``otc``; crypto's ``us``.
        adjustment: ``raw``, ``split``, ``dividend`` or ``all``.
        deadline_s: after so long without a byte a request has failed.
        url: another endpoint in its place.
        is_crypto: whether it is crypto's.
    """

    def __init__(
        self,
        keys: AlpacaKeys | None,
        *,
        tape: str = "iex",
        adjustment: str = "raw",
        deadline_s: float = 20.0,
        url: str | None = None,
        is_crypto: bool = False,
    ) -> None:
        self.clock = VendorClock()
        self._keys = (keys.key, keys.secret) if keys else ()
        self._tape = tape
        self._adjustment = adjustment
        self._is_crypto = is_crypto
        kind = CryptoHistoricalDataClient if is_crypto else StockHistoricalDataClient
        key, secret = self._keys or (None, None)
        self._client = kind(key, secret, raw_data=True, url_override=url)
        self._actions = CorporateActionsClient(key, secret, raw_data=True, url_override=url) if key else None
        for client in filter(None, (self._client, self._actions)):
            client._retry = 0  # noqa: SLF001  # pages are asked for again with the vendor's own patience
            for scheme in ("https://", "http://"):
                client._session.mount(scheme, _Timed(deadline_s, self.clock))  # noqa: SLF001  # as alpaca-py issue 415 has it

    def page(self, request: PageRequest) -> Page:
        """Return one page; see ``VendorHistory``."""
        path = f"/crypto/{self._tape}/bars" if self._is_crypto else "/stocks/bars"
        fields = {**self._fields(request), "limit": ROWS_A_PAGE, "page_token": request.token}
        answer = self._answer(self._client, path, fields)
        if not isinstance(bars := answer.get("bars", ""), Mapping | None):
            raise NoAnswer(f"Alpaca's answer has no bars: {self._shown(repr(answer))}")
        token = answer.get("next_page_token")
        batch, unread = _batch(bars or {}, request)
        return Page(bars=batch, unread=unread, next_token=str(token) if token else None)

    def fate(self, symbol: str) -> Fate | None:
        """Return under which name a stock goes on, by Alpaca's list of changed names; see ``TellsFate``."""
        if self._is_crypto or self._actions is None:
            return None
        name, since = symbol, ""
        for _ in range(_MOST_NAMES):
            fields = {"symbols": name, "types": "name_change", "start": since or _FIRST_DATE, "end": _today()}
            answer = self._answer(self._actions, "/corporate-actions", {**fields, "limit": 1000})
            following = [change for change in _changes(answer) if change[1] == name and change[0] >= since]
            if not following:
                break
            changed, _, name = max(following)
            since = since or changed
        return None if name == symbol else Fate(said=f"{symbol} was renamed on {since}: ask for {name}", since=since)

    def _answer(self, client: Any, path: str, fields: dict[str, Any]) -> Mapping[str, Any]:
        try:
            answer = client.get(path, fields)
        except APIError as error:
            raise self._refusal(error) from None
        except (JSONDecodeError, RecursionError) as error:
            raise NoAnswer("Alpaca's answer is no JSON, or not all of it") from error
        except RequestException as error:
            raise NoAnswer(f"Alpaca cannot be reached, or broke off: {type(error).__name__}") from error
        if not isinstance(answer, Mapping):
            raise NoAnswer(f"Alpaca's answer is no mapping: {self._shown(repr(answer))}")
        return answer

    def close(self) -> None:
        """Close its connections."""
        for client in filter(None, (self._client, self._actions)):
            client._session.close()  # noqa: SLF001  # the client has no way to be closed

    def _fields(self, request: PageRequest) -> dict[str, Any]:
        span: dict[str, Any] = {
            "symbol_or_symbols": list(request.symbols),
            "timeframe": TimeFrame.Minute,
            "start": _moment(request.start_ns),
            "end": _moment(request.end_ns - SECOND_NS),  # itself included
        }
        asked = (
            CryptoBarsRequest(**span)
            if self._is_crypto
            else StockBarsRequest(**span, feed=DataFeed(self._tape), adjustment=Adjustment(self._adjustment))
        )
        fields: dict[str, Any] = asked.to_request_fields()
        return fields

    def _refusal(self, error: APIError) -> Exception:
        """Return what an answer means that is none of bars."""
        response: Response | None = error.response
        if response is None:
            return NoAnswer(f"Alpaca: {self._shown(str(error))}")
        text, status = _message(response), response.status_code
        said = f"Alpaca: {self._shown(text)} ({status})"
        if status == 403 and "recent" in text and "subscription" in text:
            return NotOutYet(said, _KEPT_BACK_S)
        if status in (401, 402, 403):
            return HistoryRefused(said)
        if status in (400, 422) and (found := _BAD_SYMBOL.search(text)):
            return SymbolsRefused(said, tuple(name.strip() for name in found[1].split(",")))
        after_s = _after_s(response)
        if status == 429 or (status == 503 and after_s is not None):
            return AskedTooMuch(said, 5.0 if after_s is None else after_s)
        return NoAnswer(said)

    def _shown(self, text: str) -> str:
        short = " ".join(without_keys(text, *self._keys).split())
        return short if len(short) <= _SHOWN else f"{short[:_SHOWN]}..."


def _changes(answer: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield when which name was changed to which."""
    actions = answer.get("corporate_actions")
    changes = actions.get("name_changes") if isinstance(actions, Mapping) else None
    for change in changes if isinstance(changes, list) else ():
        told = [change.get(name) for name in ("process_date", "old_symbol", "new_symbol")]
        if all(isinstance(one, str) for one in told) and told[1] != told[2]:
            yield told[0], told[1], told[2]


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _moment(instant_ns: Nanos) -> datetime:
    return datetime.fromtimestamp(instant_ns // SECOND_NS, UTC)


def _message(response: Response) -> str:
    """Return what an error says: Alpaca's is JSON with a message, what stands before it may answer with HTML."""
    try:
        found = json.loads(response.text)
    except (ValueError, RecursionError):
        return f"a page of HTML, {response.reason}" if is_html(response.text) else response.text or str(response.reason)
    message = found.get("message") if isinstance(found, dict) else None
    return str(message or response.text)


def _after_s(response: Response) -> float | None:
    """Return after how many seconds to ask again, if that is said: in seconds, or when the limit begins anew."""
    for name, offset_s in (("Retry-After", 0.0), ("X-RateLimit-Reset", time.time())):
        try:
            after_s = float(response.headers[name]) - offset_s
        except (KeyError, ValueError):
            continue
        # A reset by a clock that differs from ours may be any time.
        return max(after_s, 0.5) if not offset_s else min(max(after_s, 0.5), _LONGEST_RESET_S)
    return None


def _batch(bars: Mapping[str, Any], request: PageRequest) -> tuple[BarBatch, int]:
    """Return the rows of an answer, and how many make no sense."""
    names, rows, unread = [], [], 0
    for symbol, given in bars.items():
        if not isinstance(given, list):
            unread += 1
            continue
        good = [row for row in given if _is_row(row)]
        unread += len(given) - len(good)
        names += [symbol] * len(good)
        rows += good
    table = sorted(set(names))
    place = {symbol: number for number, symbol in enumerate(table)}
    values = [[row.get(name, np.nan) for row in rows] for name in _NAMES]
    batch = BarBatch(
        symbols=tuple(table),
        symbol_index=np.array([place[name] for name in names], dtype=np.int32),
        start_ns=np.array([row["t"][:-1] for row in rows], dtype="datetime64[ns]").astype(np.int64),
        values=np.array(values, dtype=np.float64).reshape(len(FIELDS) + len(EXTRA_FIELDS), len(rows)),
        interval=request.interval,
    )
    return batch, unread


_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


def _is_row(row: Any) -> bool:
    """Return whether a row has its time and its five numbers."""
    if not isinstance(row, dict) or not isinstance(stamp := row.get("t"), str) or not _STAMP.fullmatch(stamp):
        return False
    return all(isinstance(row.get(name), int | float) for name in _NAMES[:5]) and all(
        isinstance(row.get(name, 0), int | float) for name in _NAMES[5:]
    )
