"""What can be seen of a value: in bytes that are equal where it is, and in text for people."""

import dataclasses
import datetime as dt
import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

import msgspec
import numpy as np

from messages.replies import RunSummary, SessionReport, SystemStatus

MEASURED = frozenset({"transition_ms", "is_prefetched", "rooms"})
"""Fields of answers that say how fast this computer was: no two runs agree in them."""

_DEEPEST = 8
_PLAIN = (str, bytes, int, float, complex, bool, type(None), dt.date, dt.time, dt.timedelta)
_LONGEST = 160

_WITH_MEASURED = (RunSummary, SessionReport, SystemStatus)

IsOwn = Callable[[type], bool]


def nobodys(kind: type) -> bool:
    """Say of a class that nobody looks into its objects."""
    del kind
    return False


def digest_of(value: object, is_own: IsOwn = nobodys) -> bytes:
    """Return sixteen bytes that are those of another value only if it is the same to the bit.

    Args:
        value: any; of what is neither data nor an object of one's own only the class counts.
        is_own: whether the attributes of a class's objects are looked at.
    """
    total = hashlib.blake2b(digest_size=16)
    if not isinstance(value, _WITH_MEASURED):
        try:  # all at once, where msgspec knows what to do
            total.update(
                msgspec.msgpack.encode(value, enc_hook=lambda one: _unknown(one, is_own), order="deterministic")
            )
        except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
            pass
        else:
            return total.digest()
    _feed(value, total.update, is_own, 0)
    return total.digest()


def _unknown(value: object, is_own: IsOwn) -> Any:
    """Return what msgspec knows, in the place of what it does not."""
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.ascontiguousarray(value)
        return array.ravel().tolist() if array.dtype.hasobject else (array.dtype.str, array.shape, array.tobytes())
    if isinstance(value, deque):
        return list(value)
    return (type(value).__qualname__, _parts(value, is_own))


def _feed(value: object, feed: Callable[[bytes], None], is_own: IsOwn, depth: int) -> None:
    if isinstance(value, float):
        feed(b"f" + np.float64(value).tobytes())
    elif isinstance(value, (np.ndarray, np.generic)):
        array = np.ascontiguousarray(value)
        feed(f"a{array.dtype.str}{array.shape}".encode())
        if array.dtype.hasobject:
            _feed(array.ravel().tolist(), feed, is_own, depth + 1)
        else:
            feed(array.tobytes())
    elif isinstance(value, _PLAIN) and not isinstance(value, Enum):
        feed(f"{type(value).__name__}{value!r};".encode())
    elif depth > _DEEPEST:
        feed(type(value).__qualname__.encode())
    else:
        feed(f"<{type(value).__qualname__}".encode())
        for name, part in _parts(value, is_own):
            feed(f".{name}".encode())
            _feed(part, feed, is_own, depth + 1)
        feed(b">")


def _parts(value: object, is_own: IsOwn) -> list[tuple[object, object]]:
    """Return the named parts of a value that is made of several."""
    if isinstance(value, Enum):
        return [("value", value.value)]
    if isinstance(value, msgspec.Struct):
        return [(name, getattr(value, name)) for name in value.__struct_fields__ if name not in MEASURED]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name, None)) for field in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, AbstractSet):
        return list(enumerate(sorted(value, key=repr)))
    if isinstance(value, (list, tuple, deque)):
        return list(enumerate(value))
    if is_own(type(value)):
        return sorted(vars(value).items()) if hasattr(value, "__dict__") else []
    if type(value).__module__.partition(".")[0] == "pandas" and (to_numpy := getattr(value, "to_numpy", None)):
        return [("values", to_numpy()), ("index", getattr(getattr(value, "index", None), "to_numpy", list)())]
    return []


def is_data(value: object, is_own: IsOwn = nobodys) -> bool:
    """Return whether more can be seen of a value than its class."""
    looked_into = (msgspec.Struct, Mapping, AbstractSet, list, tuple, deque, np.ndarray, np.generic, Enum, *_PLAIN)
    return (
        isinstance(value, looked_into)
        or (dataclasses.is_dataclass(value) and not isinstance(value, type))
        or is_own(type(value))
        or (type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "to_numpy"))
    )


def difference(here: object, there: object, is_own: IsOwn = nobodys, path: str = "") -> tuple[str, str, str] | None:
    """Return the first place where two values differ, and what each has there, as text; ``None``: they are the same."""
    if digest_of(here, is_own) == digest_of(there, is_own):
        return None
    parts = [_parts(one, is_own) for one in (here, there)] if type(here) is type(there) else [[], []]
    mine, theirs = (dict(one) for one in parts)
    for name, part in mine.items():
        if name in theirs and (found := difference(part, theirs[name], is_own, f"{path}.{name}")) is not None:
            return found
    if isinstance(here, np.ndarray) and isinstance(there, np.ndarray) and here.shape == there.shape and here.size:
        is_other = ~((here == there) | (_is_nan(here) & _is_nan(there)))
        if is_other.any():
            place = tuple(int(one) for one in np.argwhere(is_other)[0])
            return f"{path}{list(place)}", told(here[place]), told(there[place])
    return path, told(here), told(there)


def told(value: object) -> str:
    """Return a value as text that is not too long."""
    text: str = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _is_nan(array: "np.ndarray[Any, Any]") -> Any:
    return np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, dtype=np.bool_)
