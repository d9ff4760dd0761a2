"""Logging and counters. The only importer of loguru besides the doors; silent until a host enables ``actors``."""

from collections import deque
from functools import partial
from typing import Any

import numpy as np
from loguru import logger

from messages.commands import PublishBars
from messages.events import (
    BarsArrived,
    QuotesArrived,
    SessionBoundary,
    SessionPrefetched,
    SessionRead,
    SessionReported,
    TicksArrived,
)
from messages.feeds import FeedBars, FeedQuotes, FeedTicks
from messages.joining import SymbolsLoaded
from messages.values import Bar

logger.disable("actors")

_SUB_BUCKETS = 16
_CARRIERS = frozenset(
    {
        BarsArrived,
        FeedBars,
        FeedQuotes,
        FeedTicks,
        PublishBars,
        QuotesArrived,
        SessionBoundary,
        SessionPrefetched,
        SessionRead,
        SessionReported,
        SymbolsLoaded,
        TicksArrived,
    }
)


def note(event: str, **fields: Any) -> None:
    """Log one structured line: an event that matters, and its fields."""
    logger.bind(event=event, **fields).info(_line(event, fields))


def alarm(event: str, **fields: Any) -> None:
    """Log something that should not have happened."""
    logger.bind(event=event, **fields).error(_line(event, fields))


def _line(event: str, fields: dict[str, Any]) -> str:
    return " ".join([event, *(f"{name}={value}" for name, value in fields.items())])


class EventLog:
    """An address that logs what it is told: one line an event, long columns left out."""

    def tell(self, message: Any) -> None:
        """Log one message. It is put into words only if somebody reads them."""
        logger.patch(partial(_put_into_words, message)).info("")


def _put_into_words(message: Any, record: Any) -> None:
    event, fields = type(message).__name__, {name: getattr(message, name) for name in message.__struct_fields__}
    if isinstance(bar := fields.pop("bar", None), Bar):
        fields = {"symbol": bar.symbol, "start": bar.start.isoformat(), **fields}
    short = {name: value for name, value in fields.items() if _is_short(value)}
    record["message"] = _line(event, short)
    record["extra"].update(event=event, **short)


def _is_short(value: object) -> bool:
    return isinstance(value, str | int | float | bool) or (isinstance(value, tuple) and len(value) <= 5)


class LatencyHistogram:
    """Durations in buckets a sixteenth of an octave wide: cheap to add to, good to 6 % to read from.

    ``add`` counts one, in nanoseconds. They are put into their buckets when somebody looks, which is once a second.
    """

    def __init__(self) -> None:
        self._counts = np.zeros(64 * _SUB_BUCKETS, dtype=np.int64)
        self._new: list[int] = []
        self.add = self._new.append

    def _sort(self) -> None:
        count = len(self._new)
        nanos = np.array(self._new[:count], dtype=np.int64)
        del self._new[:count]
        bits = np.frexp(nanos.astype(np.float64))[1]
        exponents = np.maximum(bits - 5, 0)
        np.add.at(self._counts, exponents * _SUB_BUCKETS + (nanos >> exponents), 1)

    def quantile_us(self, share: float) -> float:
        """Return the duration below which ``share`` (0..1) of them lie, in microseconds; 0 when empty."""
        self._sort()
        seen = self._counts.cumsum()
        bucket = int(np.searchsorted(seen, max(share * seen[-1], 1)))
        if bucket == len(seen):
            return 0.0
        exponent = max(bucket // _SUB_BUCKETS - 1, 0)
        return ((bucket - exponent * _SUB_BUCKETS) << exponent) / 1000


class Story:
    """The last few hundred messages of a room, for the log line of a failure.

    Of a message that carries columns only the class is kept, else the story would hold whole sessions in memory.
    """

    def __init__(self, length: int = 300) -> None:
        self._messages: deque[object] = deque(maxlen=length)
        self._append = self._messages.append

    def add(self, message: object) -> None:
        """Remember a message."""
        kind = type(message)
        self._append(kind if kind in _CARRIERS else message)

    def lines(self, last: int = 20) -> list[str]:
        """Return the last few, cut to one line each."""
        return [repr(message)[:200] for message in list(self._messages)[-last:]]
