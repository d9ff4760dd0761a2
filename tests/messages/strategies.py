"""Any message at all, built from the annotations of its class."""

import enum
import types
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from messages.tables.columns import freeze

INSTANTS = st.integers(-(2**63), 2**63 - 1)


def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for a type as messages use it: scalars, enums, structs, unions, tuples, columns."""
    if kind in _SCALARS:
        return _SCALARS[kind]
    origin, args = get_origin(kind), get_args(kind)
    if hasattr(origin, "__value__"):  # since Python 3.12 numpy's NDArray is a ``type`` statement
        return anything(origin.__value__[args])
    if origin in (Union, types.UnionType):
        return st.one_of([anything(arg) for arg in args])
    if origin is tuple:
        return _tuples(args)
    if origin is dict:
        return st.dictionaries(anything(args[0]), anything(args[1]), max_size=3)
    if origin is np.ndarray:
        return columns(np.dtype(get_args(args[1])[0]))
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return st.sampled_from(kind)
    return struct(kind)


def struct(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Return a strategy for a struct class: every field is filled in."""
    fields = {name: anything(hint) for name, hint in get_type_hints(kind).items() if name in kind.__struct_fields__}
    return st.fixed_dictionaries(fields).map(lambda given: kind(**given))


def columns(dtype: "np.dtype[Any]") -> st.SearchStrategy[Any]:
    """Return a strategy for read-only numpy columns of one to three dimensions, empty ones and NaN included."""
    shapes = arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3)
    return arrays.arrays(dtype, shapes).map(freeze)


def _tuples(args: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if len(args) == 2 and args[1] is Ellipsis:
        return st.lists(anything(args[0]), max_size=2).map(tuple)
    return st.tuples(*map(anything, args))


_SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text("aZ9. é€𝄞\0", max_size=5),
    int: INSTANTS,
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    type(None): st.none(),
}
