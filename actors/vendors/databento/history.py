"""Databento's history of bars, through the client of its own library: a span of many symbols is one answer.

What it answers is DBN, packed by zstandard, which the library reads to where it ends; an answer that was cut short
would only be shorter, so it is looked at whether the packing ends. Its warnings say of which days a dataset lacks
something: then nothing is concluded from a minute without a record. Imported only when a history is opened.
"""

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import requests
import zstandard
from databento.common.dbnstore import DBNStore
from databento.common.error import BentoError, BentoHttpError
from databento.common.http import WARNING_HEADER_FIELD, check_http_error
from databento.historical.api.metadata import MetadataHttpAPI
from databento.historical.api.timeseries import TimeseriesHttpAPI
from requests.auth import HTTPBasicAuth

from actors.reading.fold import MinuteBars, fold_bars, fold_ticks
from actors.vendors.databento.bars import SCALE
from actors.vendors.databento.instruments import Instruments
from actors.vendors.databento.keys import DatabentoKey
from actors.vendors.databento.records import MINUTES, SECONDS, TRADES, of_file
from actors.vendors.databento.symbols import by_type
from actors.vendors.history.clock import VendorClock
from actors.vendors.history.pages import (
    AskedTooMuch,
    HistoryRefused,
    NoAnswer,
    NotOutYet,
    Page,
    PageRequest,
    SymbolsRefused,
    is_html,
)
from actors.vendors.secrets import without_keys
from messages.tables.columns import FIELDS, BarBatch
from messages.values import ONE_MINUTE, SECOND_NS, Interval, Nanos

GATEWAY = "https://hist.databento.com"
ONE_SECOND = Interval(seconds=1)
_CONNECT_S = 5.0
_RECORDS = 1 << 17
_UNDEFINED = np.iinfo(np.int64).max
_SHOWN = 200
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?")
_LACKING = "quality"
"""What a warning says of days that are ``degraded``: https://databento.com/docs/api-historical/metadata"""


class _Timeseries(TimeseriesHttpAPI):
    """Its requests, with a deadline of ours; its warnings are kept and not raised in the whole process."""

    def __init__(self, key: str, gateway: str, deadline_s: float, clock: VendorClock) -> None:
        super().__init__(key=key, gateway=gateway)
        self._deadline_s = deadline_s
        self._clock = clock

    def _stream(self, url: str, data: Any, basic_auth: bool, path: Any = None) -> "Answer":  # type: ignore[override]  # noqa: ARG002
        with requests.post(
            url=url,
            data=data,
            headers=self._headers,
            auth=HTTPBasicAuth(self._key, ""),
            timeout=(_CONNECT_S, self._deadline_s),
        ) as response:
            self._clock.hear(response.headers.get("Date"))
            check_http_error(response)
            return Answer(response.content, response.headers.get(WARNING_HEADER_FIELD, "[]"))


class Answer:
    """A span of records.

    Raises:
        NoAnswer: it is cut short, or none of Databento's.
    """

    def __init__(self, packed: bytes, warnings: str) -> None:
        unpacking = zstandard.ZstdDecompressor().decompressobj()
        try:
            whole = unpacking.decompress(packed)
            self.warnings = [str(one) for one in json.loads(warnings)]
            if not unpacking.eof:
                raise NoAnswer("Databento's answer is cut short")
            self.store = DBNStore.from_bytes(whole)
        except (zstandard.ZstdError, BentoError, ValueError, RecursionError) as error:
            raise NoAnswer(f"Databento's answer is no DBN: {str(error).splitlines()[0]}") from error

    @property
    def is_lacking(self) -> bool:
        """Whether the vendor itself says that it may lack something."""
        return any(_LACKING in warning for warning in self.warnings)


class DatabentoHistory:
    """Bars of a dataset, or of one publisher of it; of several publishers, folded from their trades.

    Args:
        key: see ``DatabentoKey.find``.
        dataset: such as ``XNAS.ITCH``.
        venues: the publishers of the dataset, as far as the library knows them: their numbers and names.
        publisher: the number of the only one whose records are used.
        deadline_s: after so long without a byte a request has failed.
        gateway: another endpoint in place of Databento's; TLS, whatever it says.
        now_ns: the time.
    """

    def __init__(
        self,
        key: DatabentoKey,
        dataset: str,
        *,
        venues: int = 1,
        publisher: int | None = None,
        deadline_s: float = 60.0,
        gateway: str = GATEWAY,
        now_ns: Callable[[], Nanos] = time.time_ns,
    ) -> None:
        self._key = key.key
        self._dataset = dataset
        self._is_folded = venues > 1 and publisher is None
        self._publisher = publisher
        self._now_ns = now_ns
        self.clock = VendorClock()
        self._timeseries = _Timeseries(key.key, gateway, deadline_s, self.clock)
        metadata: Any = MetadataHttpAPI(key=key.key, gateway=gateway)
        metadata.TIMEOUT = deadline_s
        self._metadata = metadata

    def page(self, request: PageRequest) -> Page:
        """Return all bars of the span, of the symbols of one kind; see ``VendorHistory``."""
        kinds = by_type(request.symbols)
        place = [stype for stype, _ in kinds].index(request.token) if request.token else 0
        stype, symbols = kinds[place]
        answer = self._asked(lambda: self._timeseries.get_range(**self._fields(request, stype, symbols)), symbols)
        spelled = {symbol.upper(): symbol for symbol in symbols}
        lacking = [spelled[name.upper()] for name in answer.store.metadata.not_found if name.upper() in spelled]
        bars, unread = self._bars(answer.store, request, spelled)
        return Page(
            bars=bars,
            unread=unread + answer.is_lacking,
            refused={name: f"Databento: {self._dataset} has no {name} in this session" for name in lacking},
            next_token=kinds[place + 1][0] if place + 1 < len(kinds) else None,
        )

    def cost(self, request: PageRequest) -> float:
        """Return what the span costs, in US dollars; see ``Priced``."""
        return sum(
            float(self._asked(lambda: self._metadata.get_cost(**self._fields(request, *kind)), kind[1]))  # noqa: B023
            for kind in by_type(request.symbols)
        )

    def close(self) -> None:
        """Do nothing: each request has a connection of its own."""

    # --- asking

    def _schema(self, interval: Interval) -> str:
        return TRADES if self._is_folded else MINUTES if interval == ONE_MINUTE else SECONDS

    def _fields(self, request: PageRequest, stype: str, symbols: list[str]) -> dict[str, Any]:
        return {
            "dataset": self._dataset,
            "schema": self._schema(request.interval),
            "symbols": symbols,
            "stype_in": stype,
            "start": _moment(request.start_ns),
            "end": _moment(request.end_ns),
        }

    def _asked(self, call: Callable[[], Any], symbols: list[str]) -> Any:
        try:
            return call()
        except BentoHttpError as error:
            raise self._refusal(error, symbols) from None
        except requests.RequestException as error:
            raise NoAnswer(f"Databento cannot be reached, or broke off: {type(error).__name__}") from error
        except BentoError as error:
            said = without_keys(str(error) or type(error).__name__, self._key)
            raise NoAnswer(f"Databento: {said.splitlines()[0][:_SHOWN]}") from error

    def _refusal(self, error: BentoHttpError, symbols: list[str]) -> Exception:
        """Return what an error means; https://databento.com/docs/api-historical/basics/errors has the cases."""
        case, text, payload = _told(error)
        status, said = error.http_status, f"Databento: {without_keys(text, self._key)} ({error.http_status})"
        edge = _STAMP.search(str(payload.get("available_end", "")) or text)
        if edge is not None and ("after_available_end" in case or "license" in case):
            delay_ns = self._now_ns() - _nanos(edge[0])
            return NotOutYet(said, max(delay_ns, 0) / SECOND_NS + 1.0)
        if case.startswith("symbology"):
            named = {word.strip("'\"`,.:;()[]").upper() for word in text.split()}
            found = tuple(symbol for symbol in symbols if symbol.upper() in named)
            return SymbolsRefused(said, found or tuple(symbols), is_of_span=True)
        after_s = _after_s(error)
        if status == 429 or (status == 503 and after_s is not None):
            return AskedTooMuch(said, 1.0 if after_s is None else after_s)
        if status in (400, 401, 402, 403, 404, 422) and "available_start" not in case:
            return HistoryRefused(said)
        return NoAnswer(said)

    # --- reading

    def _bars(self, store: Any, request: PageRequest, spelled: dict[str, str]) -> tuple[BarBatch, int]:
        instruments = Instruments.of(store)
        names = tuple(spelled.get(name.upper(), name) for name in instruments.symbols)
        schema, step_ns = self._schema(request.interval), request.interval.span_ns
        unread = 0
        columns: list[tuple[Any, Any, Any]] = []
        for records in of_file(store, schema, _RECORDS):
            stamps, values = _columns(records, schema)
            index = instruments.places(records["instrument_id"].astype(np.int64), stamps)
            is_ours = (
                np.ones(len(index), np.bool_) if self._publisher is None else records["publisher_id"] == self._publisher
            )
            is_sound = is_ours & (index >= 0) & ~np.isnan(values).any(axis=0)
            unread += int(np.count_nonzero(is_ours & ~is_sound))
            columns.append((stamps[is_sound], index[is_sound], np.compress(is_sound, values, axis=1)))
        rows = 2 if schema == TRADES else len(FIELDS)
        stamps = np.concatenate([np.zeros(0, np.int64), *(one for one, _, _ in columns)])
        index = np.concatenate([np.zeros(0, np.int32), *(one for _, one, _ in columns)])
        values = np.concatenate([np.zeros((rows, 0)), *(one for _, _, one in columns)], axis=1)
        if schema == TRADES:
            folded = fold_ticks(stamps, values[0], values[1], index, step_ns=step_ns)
        elif request.interval in (ONE_MINUTE, ONE_SECOND):
            return _batch(names, index, stamps, values, request.interval), unread
        else:
            folded = fold_bars(stamps, values, index, np.arange(len(index), dtype=np.int64), step_ns)
        return _folded(names, folded, request.interval), unread


def _columns(records: Any, schema: str) -> tuple[Any, Any]:
    """Return the times of records and their numbers; prices that are not defined are NaN."""
    if schema == TRADES:
        return records["ts_recv"].astype(np.int64), np.stack([_prices(records["price"]), records["size"].astype(float)])
    prices = [_prices(records[name]) for name in FIELDS[:4]]
    return records["ts_event"].astype(np.int64), np.stack([*prices, records["volume"].astype(float)])


def _prices(fixed: Any) -> Any:
    return np.where(fixed == _UNDEFINED, np.nan, fixed / SCALE)


def _folded(names: tuple[str, ...], bars: MinuteBars, interval: Interval) -> BarBatch:
    return _batch(names, bars.symbol_index, bars.start_ns, bars.values, interval)


def _batch(names: tuple[str, ...], index: Any, starts: Any, values: Any, interval: Interval) -> BarBatch:
    return BarBatch(symbols=names, symbol_index=index, start_ns=starts, values=values, interval=interval)


def _moment(instant_ns: Nanos) -> str:
    return datetime.fromtimestamp(instant_ns // SECOND_NS, UTC).isoformat()


def _nanos(text: str) -> Nanos:
    moment = datetime.fromisoformat(re.sub(r"\.\d+", "", text))
    return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) * SECOND_NS


def _told(error: BentoHttpError) -> tuple[str, str, dict[str, Any]]:
    """Return an error's case, its text in one line, and what it says besides."""
    detail = error.json_body.get("detail") if isinstance(error.json_body, dict) else None
    if isinstance(detail, dict):
        payload = detail.get("payload")
        text = str(detail.get("message", ""))
        return str(detail.get("case", "")), _line(text), payload if isinstance(payload, dict) else {}
    body = str(error.http_body or "")
    text = "a page of HTML" if is_html(body) else str(detail or body or "nothing more is said")
    return "", _line(text), {}


def _line(text: str) -> str:
    short = " ".join(text.split())
    return short if len(short) <= _SHOWN else f"{short[:_SHOWN]}..."


def _after_s(error: BentoHttpError) -> float | None:
    try:
        return max(float(error.headers["Retry-After"]), 0.1)
    except (KeyError, ValueError):
        return None
