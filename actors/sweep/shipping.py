"""What is sent to other processes as bytes: a strategy goes by value, with all that it uses of its own files.

So a worker needs none of the user's files, and a script is not run again by those that it starts. What is installed,
this package included, goes by its name. cloudpickle does it, but for classes of msgspec, which it takes for others.
"""

import io
import os
import pickle
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cloudpickle
import msgspec

from actors.strategy import is_users
from messages.errors import SettingsError

_PLACED = frozenset({"__dict__", "__weakref__", "__slots__", "__annotations__", "__match_args__"})
_OPTIONS = (
    *("array_like", "cache_hash", "dict", "eq", "forbid_unknown_fields", "frozen", "gc", "omit_defaults", "order"),
    *("repr_omit_defaults", "tag", "tag_field", "weakref"),
)


def shipped(given: object, name: str, own: Sequence[str] | None = None) -> bytes:
    """Return something of the user's as bytes, functions and classes included.

    Args:
        given: what it is.
        name: how it is called in an error.
        own: modules that go by value; by default those that lie where that of ``given`` does.

    Raises:
        SettingsError: part of it cannot be sent; says which.
    """
    sink = io.BytesIO()
    modules = own_modules(given) if own is None else own
    try:
        with _by_value(modules):
            _Shipper(sink, frozenset(modules)).dump(given)
    except Exception as error:
        raise SettingsError(f"{name} cannot be sent to another process: {error}") from error
    return sink.getvalue()


def unpacked(parcel: bytes) -> Any:
    """Return what was shipped."""
    return pickle.loads(parcel)  # noqa: S301  # made by the program that started this one


class _Shipper(cloudpickle.Pickler):  # type: ignore[misc]  # it says nothing of types
    def __init__(self, sink: io.BytesIO, own: frozenset[str]) -> None:
        super().__init__(sink)
        self._own = own

    def reducer_override(self, obj: Any) -> Any:
        """Take apart a class of msgspec that goes by value; leave all others to cloudpickle."""
        if isinstance(obj, type) and issubclass(obj, msgspec.Struct) and self._goes_by_value(obj):
            return _taken_apart(obj)
        return super().reducer_override(obj)

    def _goes_by_value(self, kind: type) -> bool:
        found: object = sys.modules.get(kind.__module__)
        for word in kind.__qualname__.split("."):
            found = getattr(found, word, None)
        return kind.__module__ in self._own or found is not kind


def _taken_apart(kind: type[msgspec.Struct]) -> tuple[Any, ...]:
    """Return how to make a class again: first its fields, then its other members, which may speak of it."""
    hints = vars(kind).get("__annotations__", {})
    fields = [field for field in msgspec.structs.fields(kind) if field.name in hints]
    defined = [(field.name, hints[field.name], field.default, field.default_factory) for field in fields]
    options = {name: getattr(kind.__struct_config__, name) for name in _OPTIONS}
    options["kw_only"] = any(field.name not in kind.__match_args__ for field in fields)
    options["rename"] = {field.name: field.encode_name for field in fields}
    members = {
        name: member
        for name, member in vars(kind).items()
        if name not in _PLACED
        and not name.startswith("__struct_")
        and not isinstance(member, types.MemberDescriptorType)
    }
    first = {"__post_init__": members.pop("__post_init__")} if "__post_init__" in members else {}
    return _put_together, (kind.__name__, kind.__bases__, defined, options, first), members, None, None, _filled


def _put_together(
    name: str, bases: tuple[type, ...], fields: list[Any], options: Mapping[str, Any], first: dict[str, Any]
) -> type[msgspec.Struct]:
    none = msgspec.NODEFAULT
    whole = [
        (field, hint)
        if default is none and factory is none
        else (
            field,
            hint,
            msgspec.field(default=default) if factory is none else msgspec.field(default_factory=factory),
        )
        for field, hint, default, factory in fields
    ]
    return msgspec.defstruct(name, whole, bases=bases, namespace=first, **options)


def _filled(kind: type, members: Mapping[str, Any]) -> None:
    for name, member in members.items():
        setattr(kind, name, member)


def own_modules(given: object) -> list[str]:
    """Return the modules that lie where that of something does, which no other computer can be expected to have."""
    name = getattr(given, "__module__", "__main__")
    file = getattr(sys.modules.get(name), "__file__", None)
    folder = os.path.dirname(os.path.abspath(file)) if file else ""
    if not folder or not is_users(name, Path(folder)):
        return ["__main__"]
    near = ["__main__"]
    for other, module in list(sys.modules.items()):
        place = os.path.abspath(getattr(module, "__file__", None) or "")
        if place.startswith(folder + os.sep) and is_users(other, Path(place)):
            near.append(other)
    return near


@contextmanager
def _by_value(modules: Sequence[str]) -> Iterator[None]:
    known = cloudpickle.list_registry_pickle_by_value()
    added = [sys.modules[name] for name in modules if name != "__main__" and name not in known]
    for module in added:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in added:
            cloudpickle.unregister_pickle_by_value(module)
