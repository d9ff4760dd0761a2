"""Answers on their way: as messages to our own client, and as Arrow tables or JSON to anybody else."""

import functools
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import msgspec
import numpy as np

from actors.flight.failures import Failure
from actors.kernel.outcome import as_rows
from messages.base import Event, Query, R
from messages.codec import decoder, encode_after
from messages.errors import BarkeeperError
from messages.events import BarsUpdated
from messages.tables.columns import BarBatch
from messages.tables.matrices import BarMatrix
from messages.tables.windows import BarWindow, VerdictPlane
from messages.values import Interval

if TYPE_CHECKING:
    import pyarrow as pa

M = TypeVar("M")

FACTS = b"barkeeper"
"""The key of a table's schema metadata: what a reply says beside its columns, as JSON."""

_ANSWERED, _FAILED, _DROPPED = b"\0", b"\1", b"\2"
ENDED = b"\3"
"""No more will be told."""

Table = BarWindow | BarMatrix | VerdictPlane
"""What travels as a table, that of its ``to_arrow``."""


# --- between our own client and server


def packed(answer: Any) -> bytearray:
    """Return an answer as bytes."""
    return encode_after(_ANSWERED, answer)


def packed_failure(error: BaseException) -> bytearray:
    """Return why there is none."""
    return encode_after(_FAILED, Failure.of(error))


def packed_loss(count: int) -> bytes:
    """Return how many events a listener has lost so far."""
    return _DROPPED + msgspec.msgpack.encode(count)


def loss(message: memoryview) -> int | None:
    """Return how many events were lost so far, if a message tells that."""
    return _numbers().decode(message[1:]) if message[:1] == _DROPPED else None


def unpacked(query: Query[R], reply: memoryview) -> R:
    """Return the answer.

    Raises:
        BarkeeperError: there is none; the error that was raised over there.
        msgspec.DecodeError: it is none to this query.
    """
    answer: R = as_rows(unpacked_as(_answers(type(query)), reply))
    return answer


def unpacked_as(read: "msgspec.msgpack.Decoder[M]", message: memoryview) -> M:
    """Return what a message says, or raise the error that it tells."""
    error = failed(message)
    if error is not None:
        raise error
    return read.decode(message[1:])


def failed(message: memoryview) -> BarkeeperError | None:
    """Return the error that a message tells, if it does."""
    return _failures().decode(message[1:]).exception() if message[:1] == _FAILED else None


@functools.cache
def _answers(kind: type[Query[Any]]) -> "msgspec.msgpack.Decoder[Any]":
    (base,) = kind.__orig_bases__  # type: ignore[attr-defined]  # every query says what answers it
    return decoder(get_args(base)[0])


@functools.cache
def _numbers() -> "msgspec.msgpack.Decoder[int]":
    return decoder(int)


@functools.cache
def _failures() -> "msgspec.msgpack.Decoder[Failure]":
    return decoder(Failure)


# --- to anybody else


def table_of(reply: Table, life: str) -> "pa.Table":
    """Return the table of a reply, with what it says beside its columns, and of which system, in its metadata."""
    columns = {
        name: value
        for name in reply.__struct_fields__
        if not isinstance(value := getattr(reply, name), np.ndarray) and name != "symbols"
    }
    facts = as_json({"type": type(reply).__name__, **columns, "life": life})
    return reply.to_arrow().replace_schema_metadata({FACTS: facts})


def as_json(answer: Any) -> bytes:
    """Return a message, or several, as JSON: columns as lists, intervals of the answer itself as text."""
    if isinstance(answer, dict):
        answer = {name: str(value) if isinstance(value, Interval) else value for name, value in answer.items()}
    return msgspec.json.encode(answer, enc_hook=_as_list)


def _as_list(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise NotImplementedError(f"no message holds a {type(value).__name__}")


@functools.cache
def bars_schema() -> "pa.Schema":
    """Return the schema of bars as they are told."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("symbol", pa.string(), nullable=False),
            pa.field("start", pa.timestamp("ns", tz="UTC"), nullable=False),
            pa.field("interval", pa.string(), nullable=False),
            *(pa.field(name, pa.float64()) for name in ("open", "high", "low", "close", "volume", "vwap", "trades")),
            pa.field("is_complete", pa.bool_(), nullable=False),
            pa.field("is_repair", pa.bool_(), nullable=False),
            pa.field("revision", pa.int64(), nullable=False),
        ]
    )


def told(events: Sequence[Event]) -> "list[tuple[pa.RecordBatch, pa.Buffer | None]]":
    """Return events as they are told to anybody: bars as batches, others as JSON beside an empty one."""
    import pyarrow as pa

    chunks: list[tuple[pa.RecordBatch, pa.Buffer | None]] = []
    for is_bars, run in itertools.groupby(events, key=lambda event: isinstance(event, BarsUpdated)):
        if is_bars:
            chunks.append((told_bars([event for event in run if isinstance(event, BarsUpdated)]), None))
        else:
            chunks += [(empty(bars_schema()), pa.py_buffer(as_json(event))) for event in run]
    return chunks


def empty(schema: "pa.Schema") -> "pa.RecordBatch":
    """Return a batch without a row."""
    import pyarrow as pa

    return pa.record_batch([pa.array([], field.type) for field in schema], schema=schema)


def told_bars(events: list[BarsUpdated]) -> "pa.RecordBatch":
    """Return bars that were told one after the other as one batch."""
    import pyarrow as pa

    counts = [len(event.batch) for event in events]
    rows = sum(counts)
    values = np.full((7, rows), np.nan)
    place = 0
    for event, count in zip(events, counts, strict=True):
        values[: len(event.batch.values), place : place + count] = event.batch.values
        place += count
    starts = np.concatenate([event.batch.start_ns for event in events])
    complete = np.concatenate([_is_complete(event) for event in events])
    prices = [pa.array(row, from_pandas=True) for row in values]
    return pa.record_batch(
        [
            pa.array([name for event in events for name in event.batch.names()], pa.string()),
            pa.array(starts, pa.timestamp("ns", tz="UTC")),
            pa.array(np.repeat([str(event.interval) for event in events], counts), pa.string()),
            *prices,
            pa.array(complete),
            pa.array(np.repeat([event.is_repair for event in events], counts)),
            pa.array(np.repeat(np.array([event.revision for event in events], np.int64), counts)),
        ],
        schema=bars_schema(),
    )


def _is_complete(event: BarsUpdated) -> Any:
    batch: BarBatch = event.batch
    if event.base_counts is None:
        return np.ones(len(batch), np.bool_)
    return np.array(event.base_counts) == event.base_expected
