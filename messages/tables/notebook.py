"""What a notebook shows of an answer: a quiet table."""

import enum
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

T = TypeVar("T")

_NOTHING = "-"
_NAMED = 8
_MOST_ROWS = 20
_UNSAID = (None, "", ())
_ANCIENT_NS = 10**15
"""Nanoseconds from here on are an instant (of 1970 or later), less is a length of time."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, shown by a notebook as its fields and what stands in them; as text without what is as usual."""

    def __repr__(self) -> str:
        # By what they are equal to: msgspec's own leaves out what is the very same object, and so not what was decoded.
        fields = [(one.name, getattr(self, one.name), one.default) for one in msgspec.structs.fields(self)]
        told = (f"{name}={value!r}" for name, value, usual in fields if usual is msgspec.NODEFAULT or value != usual)
        return f"{type(self).__name__}({', '.join(told)})"

    def _repr_html_(self) -> str:
        tz = getattr(self, "tz", "UTC")
        rows = ((_name(field), _told(field, getattr(self, field), tz)) for field in self.__struct_fields__)
        return table((), rows)


class Rows(tuple[T, ...]):
    """An answer of several: a tuple, shown by a notebook as a table with a row for each."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        first: Any = next((each for each in self if each is not None), None)
        if not isinstance(first, msgspec.Struct):
            return f"<p>{_plain(_several(self))}</p>"
        said = [
            name for name in first.__struct_fields__ if any(getattr(each, name, None) not in _UNSAID for each in self)
        ]
        rows = ([_told(name, getattr(each, name, None), getattr(each, "tz", "UTC")) for name in said] for each in self)
        return table([*map(_name, said)], rows)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of text, of which the first cell of a row is its name; of many rows the first few."""
    told = list(rows)
    head = f"<thead><tr>{''.join(f'<th>{_plain(each)}</th>' for each in heads)}</tr></thead>" if heads else ""
    shown = told[:_MOST_ROWS] if heads else told
    body = "".join(
        f"<tr><th>{_plain(name)}</th>{''.join(f'<td>{_plain(cell)}</td>' for cell in cells)}</tr>"
        for name, *cells in shown
    )
    more = len(told) - len(shown)
    return f"<table>{head}<tbody>{body}</tbody></table>{f'<p>and {more:,} more</p>' if more else ''}"


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def word(value: object) -> str:
    """Return a value of any field in a word or few."""
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, enum.IntEnum):
        return value.name.lower().replace("_", " ")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{round(value, 6):,}"
    return str(value)


def _name(field: str) -> str:
    return field.removesuffix("_ns").replace("_", " ")


def _told(field: str, value: Any, tz: str) -> str:
    if field.endswith("_ns") and isinstance(value, int):
        return _when(value, tz)
    if isinstance(value, dict):
        value = tuple(value.items())
    if isinstance(value, tuple):
        return _several(value)
    if isinstance(value, msgspec.Struct):
        return _inside(value)
    return word(value)


def _when(nanos: int, tz: str) -> str:
    if abs(nanos) < _ANCIENT_NS:
        return f"{nanos / 1e9:,} s"
    at = datetime.fromtimestamp(nanos // 10**9, UTC).astimezone(ZoneInfo(tz))
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"


def _several(values: tuple[Any, ...]) -> str:
    if not values:
        return _NOTHING
    if any(isinstance(value, msgspec.Struct) for value in values):
        number = sum(value is not None for value in values)
        return f"{number:,} of {len(values):,}" if number < len(values) else f"{number:,}"
    named = [" ".join(map(word, value)) if isinstance(value, tuple) else word(value) for value in values]
    more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more


def _inside(value: msgspec.Struct) -> str:
    """Return a struct within another in a line: what is not nothing in it."""
    if type(value).__str__ is not object.__str__:
        return str(value)
    told = ((_name(field), getattr(value, field)) for field in value.__struct_fields__)
    parts = [f"{name} {_told(name, each, 'UTC')}" for name, each in told if each not in (None, 0, (), "")]
    return ", ".join(parts) or _NOTHING
