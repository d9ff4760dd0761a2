"""What may be asked from another process: the queries of ``messages``, as JSON by anybody, as MessagePack by us.

Both are read strictly, and what cannot be meant is refused in the words of the readers.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any, get_args

import msgspec

from actors.kernel.ask import arguments as take
from messages.base import Message, Query
from messages.codec import decoder
from messages.errors import UNREADABLE, SettingsError, nearest
from messages.inboxes import SessionDataQuery
from messages.lifecycle import GetLiveStatus
from messages.queries import (
    GetGaps,
    GetHistory,
    GetMatrix,
    GetProgress,
    GetQuality,
    GetRunSummary,
    GetStatus,
    GetVerdicts,
)
from messages.readiness import GetReadiness
from messages.repairs import GetCertificate, GetGapStories
from messages.values import Interval, Policy

VERSION = 2
"""Of what is said between our own client and server."""

ASK = b"ask"
"""The descriptor of an exchange in which any number of queries are asked and answered, in order."""

EXAMPLE = '{"type":"GetLastBars","symbol":"AAPL","count":20,"interval":"5m"}'


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a client is told of the session that it has come to."""

    version: int
    base_interval: Interval
    is_live: bool
    life: str
    """Which system it is: another one, of a process that was started anew, say, counts its revisions anew."""


class Hello(Query[Welcome], frozen=True, kw_only=True):
    """A client of ours has come."""

    version: int = VERSION


class Subscribe(Message, frozen=True, kw_only=True):
    """Somebody wants to listen; as ``System.subscribe``."""

    events: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    intervals: tuple[Interval, ...] = ()
    policy: Policy = Policy.DROP_OLDEST
    bound: int = 10_000
    name: str = ""


OF_UPKEEP = (GetCertificate, GetGapStories)
QUERIES: tuple[type[Query[Any]], ...] = (
    *get_args(SessionDataQuery),
    *OF_UPKEEP,
    GetStatus,
    GetProgress,
    GetRunSummary,
    GetLiveStatus,
    GetReadiness,
)
"""All that is answered."""

_BY_NAME: dict[str, type[Message]] = {Subscribe.__name__: Subscribe, **{kind.__name__: kind for kind in QUERIES}}
_ANY: Any = functools.reduce(operator.or_, (*QUERIES, Hello, Subscribe))


def of_json(ticket: bytes) -> Message:
    """Read a ticket as anybody writes it: ``type``, and the fields of the message; intervals as text.

    Raises:
        SettingsError: it is none, or asks for what cannot be meant; says which field, and what it takes.
    """
    try:
        given = msgspec.json.decode(ticket)
    except UNREADABLE as error:
        raise SettingsError(f"a ticket is JSON such as {EXAMPLE}: {error}") from None
    if not isinstance(given, dict) or not isinstance(given.get("type"), str):
        raise SettingsError(f"a ticket is a JSON object with a type, such as {EXAMPLE}")
    kind = _BY_NAME.get(given["type"])
    if kind is None:
        raise SettingsError(f"there is no query {given['type']!r}{nearest(given['type'], _BY_NAME)}")
    fields = {name: value for name, value in given.items() if name != "type"}
    for name in fields:
        if name not in kind.__struct_fields__:
            raise SettingsError(f"{kind.__name__} has no field {name!r}{nearest(name, kind.__struct_fields__)}")
    for name, read in (("interval", take.interval), ("intervals", take.intervals)):
        if isinstance(fields.get(name), (str, list)):
            fields[name] = msgspec.to_builtins(read(fields[name]))
    try:
        return checked(msgspec.convert({"type": kind.__name__, **fields}, _ANY))
    except msgspec.ValidationError as error:
        raise SettingsError(f"{kind.__name__}: {error}") from None


def of_bytes(message: bytes) -> Message:
    """Read what our own client asks.

    Raises:
        SettingsError: it is nothing that may be asked.
    """
    try:
        return checked(_decoder().decode(message))
    except UNREADABLE as error:
        raise SettingsError(f"that is nothing that may be asked: {error}") from None


def checked(message: Message) -> Message:
    """Return a message that can be meant, as the methods of ``Readers`` would make it of their arguments."""
    changes = {}
    for name in message.__struct_fields__:
        check = _CHECKS.get(name)
        value = getattr(message, name)
        if check is not None and value is not None:
            found = check(message, value)
            if found != value:
                changes[name] = found
    return msgspec.structs.replace(message, **changes) if changes else message


def _symbols(message: Message, given: Any) -> tuple[str, ...]:
    symbols = take.symbols(given)
    return tuple(dict.fromkeys(symbols)) if isinstance(message, _SUMMED_UP) else symbols


_SUMMED_UP = (GetMatrix, GetQuality, GetGaps, GetVerdicts)
"""Where each symbol counts once, however often it is named."""

_CHECKS: dict[str, Callable[[Message, Any], Any]] = {
    "symbol": lambda _, given: take.symbol(given),
    "symbols": _symbols,
    "count": lambda _, given: take.count(given, "count"),
    "sessions": lambda to, given: take.count(given, "sessions", 1 if isinstance(to, GetHistory) else 0),
    "interval": lambda _, given: take.interval(given),
    "intervals": lambda _, given: take.intervals(given),
    "start": lambda _, given: take.moment(given, "start"),
    "end": lambda _, given: take.moment(given, "end"),
    "date": lambda _, given: take.day(given, "date"),
    "revision": lambda _, given: take.revision(given),
    "bound": lambda _, given: take.count(given, "bound"),
}


@functools.cache
def _decoder() -> "msgspec.msgpack.Decoder[Any]":
    return decoder(_ANY)
