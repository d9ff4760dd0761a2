"""Settings from what a program passes by keyword: every option is read as its field in the settings wants it.

Text for one of several, dates, timedeltas, NumPy's numbers, and mappings for whole sections are taken.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from inspect import signature
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from actors.kernel.ask import arguments as take
from actors.kernel.ask.readers import Length
from actors.kernel.ports import BarStore
from messages.errors import SettingsError, nearest
from messages.values import Interval

S = TypeVar("S", bound=msgspec.Struct)

_PATHS = ("store", "fill_from")

# A sweep reads settings anew for each task, and to work hints out is a third of all calls that one takes to begin.
_hints = cache(get_type_hints)


def section(kind: type[S], given: object, place: str = "", days: Sequence[str] = ()) -> S:
    """Return a struct of settings, given as it is or as a mapping of its fields.

    Args:
        kind: what it is.
        given: its options.
        place: how it is called, for errors; of the settings themselves nothing.
        days: those of its fields that are dates.

    Raises:
        SettingsError: there is no such option, and which is nearest; or it does not take what was given.
    """
    if isinstance(given, kind):
        made = section(kind, msgspec.structs.asdict(given), place, days)
        return given if made == given else made
    if not isinstance(given, Mapping):
        raise take.refused(place or "settings", f"{kind.__name__}(...) or a mapping of its fields", given)
    within = f"{place}." if place else ""
    fields = _hints(kind)
    for key in given:
        if key not in fields:
            raise SettingsError(f"there is no option {within}{key}{nearest(str(key), kind.__struct_fields__)}")
    values = {
        key: take.day(value, within + key) if key in days else _read(fields[key], value, key, within + key)
        for key, value in given.items()
    }
    return kind(**values)


def check_names(given: Iterable[str], method: Callable[..., Any], kind: type[msgspec.Struct]) -> None:
    """Refuse keywords that are neither a method's own nor fields of its settings, which it takes too.

    Raises:
        SettingsError: names the nearest that there is, within a section of the settings too.
    """
    fields = _hints(kind)
    own = [name for name, one in signature(method).parameters.items() if one.kind is not one.VAR_KEYWORD]
    sections = {name: hint for name, hint in fields.items() if hasattr(hint, "__struct_fields__")}
    within = [f"{name}={{'{field}': ...}}" for name, hint in sections.items() for field in hint.__struct_fields__]
    places = {one.split("'")[1]: one for one in reversed(within)}
    for key in given:
        if key not in fields:
            near = get_close_matches(key, [*own, *fields, *places], n=1, cutoff=0.5)
            hint = (
                f"; nearest: {near[0] if near[0] in {*own, *fields} else places[near[0]]}"
                if near
                else f"; there are {', '.join([*own, *fields])}"
            )
            raise SettingsError(f"there is no option {key}{hint}")


def of_lengths(
    kind: type[S], rules: object, base: Length | None, intervals: Length | Iterable[Length] | None = None
) -> S:
    """Return rules with base bars and derived bars of these lengths, where any are named."""
    lengths: dict[str, Any] = {}
    if base is not None:
        lengths["base_interval"] = take.interval(base, "base_interval")
    if intervals is not None:
        lengths["intervals"] = take.intervals(intervals)
    named = {**rules, **lengths} if isinstance(rules, Mapping) else rules
    made = section(kind, named, "rules")
    return msgspec.structs.replace(made, **lengths)


def store_of(store: "str | os.PathLike[str] | BarStore") -> tuple[str, BarStore | None]:
    """Return the name of a store, and the store itself unless it is only named."""
    if isinstance(store, (str, os.PathLike)):
        return os.fspath(store), None
    if not hasattr(store, "read") or not hasattr(store, "dates"):
        raise take.refused("store", "the folder of a store, or a BarStore", store)
    return type(store).__name__, store


def _read(hint: Any, given: Any, field: str, name: str) -> Any:
    """Return one field's value."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if given is None and type(None) in kinds:
        return None
    kind = kinds[0]
    if get_origin(kind) is tuple:
        return _several(get_args(kind)[0], given, field, name)
    if field in _PATHS:
        return os.fspath(given) if isinstance(given, (str, os.PathLike)) else take.text(given, name)
    return _single(kind, given, name)


def _several(kind: Any, given: Any, field: str, name: str) -> tuple[Any, ...]:
    if kind is Interval:
        return take.intervals(given, name)
    if field in _PATHS and isinstance(given, os.PathLike):
        return (os.fspath(given),)
    if field in _PATHS and isinstance(given, Iterable) and not isinstance(given, str):
        given = [os.fspath(one) if isinstance(one, os.PathLike) else one for one in given]
    if field == "fill_from" and any(hasattr(one, "fetch") for one in (given if isinstance(given, list) else [given])):
        raise SettingsError(f"{name} names stores, folders and vendors; an object goes into sources=[...]")
    return take.symbols(given, name) if field == "symbols" else take.texts(given, name)


def _single(kind: Any, given: Any, name: str) -> Any:
    if kind is Interval:
        return take.interval(given, name)
    if kind is bool:
        return take.flag(given, name)
    if kind is int:
        return take.whole(given, name)
    if kind is float:
        return take.number(given, name)
    if kind is str:
        return take.text(given, name)
    if get_origin(kind) is dict:
        if not isinstance(given, Mapping):
            raise take.refused(name, "a mapping", given)
        return dict(given)  # what is in it, the settings read themselves
    if issubclass(kind, StrEnum):
        return take.choice(kind, given, name)
    return section(kind, given, name)
