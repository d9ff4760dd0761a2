"""Messages to bytes and back: MessagePack, numpy columns as an extension of their own."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar, get_args

import msgspec
import numpy as np

from messages.errors import UNREADABLE
from messages.tables.columns import freeze

M = TypeVar("M")

_COLUMN = 1  # the extension code of a numpy array: (dtype, shape, bytes)


def encode(message: msgspec.Struct | Sequence[msgspec.Struct]) -> bytes:
    """Return a message, what one is made of, or several, as MessagePack; deterministic for equal ones."""
    return _ENCODER.encode(message)


def encode_after(head: bytes, message: msgspec.Struct | Sequence[msgspec.Struct]) -> bytearray:
    """Return what ``encode`` does, behind some bytes: of a large message this spares a copy."""
    whole = bytearray(head)
    _ENCODER.encode_into(message, whole, len(head))
    return whole


def decoder(kind: type[M] | Any) -> "msgspec.msgpack.Decoder[M]":
    """Return a strict decoder for a message class or a union of them; its columns are read-only.

    Its ``decode`` raises ``msgspec.ValidationError`` where the bytes are no such message.
    """
    return msgspec.msgpack.Decoder(kind, dec_hook=_as_array, ext_hook=_unpack)


def _pack(value: object) -> Any:
    if isinstance(value, np.ndarray):
        column = np.ascontiguousarray(value)
        return msgspec.msgpack.Ext(_COLUMN, _ENCODER.encode((column.dtype.str, value.shape, column.data)))
    raise NotImplementedError(f"no message holds a {type(value).__name__}")


def _unpack(code: int, data: memoryview) -> object:
    if code != _COLUMN:
        raise msgspec.ValidationError(f"unknown extension {code}; a column has {_COLUMN}")
    try:
        dtype, shape, raw = _COLUMNS.decode(data)
        return freeze(np.frombuffer(raw, dtype=_dtype(dtype)).reshape(shape))
    except (TypeError, ValueError, *UNREADABLE) as error:
        raise msgspec.ValidationError(f"a column is damaged: {error}") from error


def _as_array(kind: Any, value: object) -> object:
    wanted = _wanted(kind)
    if isinstance(value, np.ndarray) and value.dtype == wanted and value.ndim > 0:
        return value
    seen = f"{value.ndim}-dimensional {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    raise msgspec.ValidationError(f"expected a column of {wanted}, got {seen}")


@lru_cache(maxsize=64)
def _dtype(name: str) -> "np.dtype[Any]":
    if _NUMBERS.fullmatch(name) is None:  # of other names NumPy makes what no column is, or reads them as Python
        raise ValueError(f"there is no column of {name!r}")
    return np.dtype(name)


@lru_cache(maxsize=64)
def _wanted(kind: Any) -> "np.dtype[Any]":
    """Return what a field of a column holds, by its annotation."""
    wanted: np.dtype[Any] = np.dtype(get_args(get_args(kind)[1])[0])
    return wanted


_NUMBERS = re.compile(r"[<>|][biuf][1248]")
_COLUMNS = msgspec.msgpack.Decoder(tuple[str, tuple[int, ...], bytes])
_ENCODER = msgspec.msgpack.Encoder(enc_hook=_pack)
