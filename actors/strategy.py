"""Strategies as users write them: what one is, how it is found in a file, and how it is called.

A strategy is a function ``strategy(system, **parameters)``, or a class that is made with its parameters and has
``run(system)``; either returns a msgspec Struct or a dict. Two attributes say what may be done with it:

``carry``
    names of the class's attributes whose values cross from one session to the next; without it a session knows
    nothing of the one before but its history.
``by_symbol``
    whether it treats symbols one by one, so that each may be played by itself.
"""

import hashlib
import importlib.util
import inspect
import linecache
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec

from actors.reading.spelling.addresses import path_of
from messages.errors import SettingsError, StrategyFailed, nearest, shown

if TYPE_CHECKING:
    from actors.system import System

_OURS = frozenset({"actors", "messages", "barkeeper"})
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_NUMBERS = {"int": "an int", "float": "a float", "bool": "true or false"}
_KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What one call of a strategy came to."""

    result: dict[str, Any]
    """What it returned, in plain values."""
    carried: dict[str, Any] = {}
    """The values of what it carries, as they are after the session."""


class Strategy:
    """A function or a class of the user's, checked.

    Args:
        given: the function or class.

    Raises:
        SettingsError: it cannot be called as a strategy; says what is missing.
    """

    def __init__(self, given: Callable[..., Any]) -> None:
        self.given = given
        self.is_class = inspect.isclass(given)
        self.name = getattr(given, "__qualname__", type(given).__name__)
        if not callable(given):
            raise SettingsError(f"strategy: expected a function or a class, got {shown(given)}")
        if self.is_class and not callable(getattr(given, "run", None)):
            raise SettingsError(f"{self.name} has no method run(system): that is what plays a session")
        self.carry = self._carried()
        self.by_symbol = bool(getattr(given, "by_symbol", False))
        self._parameters = self._signature()

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters, the system aside."""
        return tuple(name for name, one in self._parameters.items() if one.kind in _KINDS)

    def check(self, given: Mapping[str, Any]) -> None:
        """Check that it takes these parameters and no other is needed.

        Raises:
            SettingsError: names the one that is unknown, is missing, or is a text where the signature says a number.
        """
        takes_any = any(one.kind is one.VAR_KEYWORD for one in self._parameters.values())
        for name, value in given.items():
            if name not in self.parameters and not takes_any:
                hint = nearest(name, self.parameters) if self.parameters else "; it takes none"
                raise SettingsError(f"{self.name} has no parameter {name}{hint}")
            if isinstance(value, str) and (kind := self._number(name)):
                raise SettingsError(f"{self.name} takes {kind} as {name}, got {shown(value)}")
        needed = [name for name in self.parameters if self._parameters[name].default is inspect.Parameter.empty]
        if lacking := [name for name in needed if name not in given]:
            raise SettingsError(f"{self.name} needs a value for {', '.join(lacking)}, which has no default")

    def play(
        self,
        system: "System",
        parameters: Mapping[str, Any] | None = None,
        carried: Mapping[str, Any] | None = None,
    ) -> Played:
        """Let it play a started system.

        Args:
            system: what it reads.
            parameters: of the function, or of the class when it is made.
            carried: what it had of ``carry`` after the session before; nothing before the first.

        Raises:
            StrategyFailed: it raised, or returned what is no result.
        """
        values = dict(parameters or {})
        try:
            if not self.is_class:
                return Played(result=_plain(self.given(system, **values)))
            made = self.given(**values)
            for name, value in (carried or {}).items():
                setattr(made, name, value)
            result = _plain(made.run(system))
            return Played(result=result, carried={name: getattr(made, name) for name in self.carry})
        except Exception as error:
            raise StrategyFailed(_told(error, self.given)) from error

    def _number(self, name: str) -> str | None:
        """Return the kind of number that the signature says a parameter is, if it says so."""
        one = self._parameters.get(name)
        kind = None if one is None else one.annotation
        word = kind if isinstance(kind, str) else getattr(kind, "__name__", None)
        return _NUMBERS.get(word or "")

    def _carried(self) -> tuple[str, ...]:
        named = getattr(self.given, "carry", ())
        names = (named,) if isinstance(named, str) else tuple(named)
        if not all(isinstance(name, str) and name.isidentifier() for name in names):
            raise SettingsError(f"{self.name}.carry: expected names of attributes, got {shown(named)}")
        if names and not self.is_class:
            raise SettingsError(f"{self.name} is a function and has no attributes of its own to carry; make it a class")
        return names

    def _signature(self) -> dict[str, inspect.Parameter]:
        try:
            found = dict(inspect.signature(self.given).parameters)
        except (TypeError, ValueError) as error:
            raise SettingsError(f"{self.name}: cannot see what it takes: {error}") from error
        if self.is_class:
            return found
        first = next(iter(found.values()), None)
        if first is None or first.kind is first.KEYWORD_ONLY or first.kind is first.VAR_KEYWORD:
            raise SettingsError(f"{self.name} takes no system: expected {self.name}(system, ...)")
        if first.kind is not first.VAR_POSITIONAL:
            del found[first.name]
        return found


def is_users(name: str, path: Path) -> bool:
    """Return whether a module is the user's own, by its name and file: not installed, Python's or of this package."""
    is_installed = _INSTALLED.intersection(path.parts) or path.is_relative_to(sysconfig.get_path("stdlib"))
    return name.partition(".")[0] not in _OURS and not is_installed


def load(place: str) -> Strategy:
    """Return the strategy that ``FILE.py:NAME`` names; its folder is importable from then on, as a script's is.

    Raises:
        SettingsError: there is no such file or name, the file cannot be imported, or what it names is no strategy.
    """
    file, colon, name = place.rpartition(":")
    path = path_of(file)
    if not colon or not name or path.suffix != ".py":
        raise SettingsError(f"strategy: expected FILE.py:NAME, as in my_strategy.py:Strategy, got {shown(place)}")
    if not path.is_file():
        raise SettingsError(f"strategy: there is no file {path}")
    module = _module_of(path.resolve())
    if not hasattr(module, name):
        there = [word for word, one in vars(module).items() if getattr(one, "__module__", "") == module.__name__]
        raise SettingsError(f"{path} has no {name}{nearest(name, there) if there else ', nor any function or class'}")
    return Strategy(getattr(module, name))


def _module_of(path: Path) -> ModuleType:
    """Import a file under a name of its own, so that it hides no other module and none hides it."""
    digest = hashlib.sha256(os.fspath(path).encode()).hexdigest()[:8]
    name = f"strategy_{path.stem}_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, "it ends in .py"
    assert spec.loader is not None, "it ends in .py"
    module = importlib.util.module_from_spec(spec)
    if (folder := os.fspath(path.parent)) not in sys.path:
        sys.path.insert(0, folder)
    linecache.checkcache(os.fspath(path))
    before = sys.modules.get(name)
    sys.modules[name] = module  # annotations of its classes are looked up there
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before
        if not isinstance(error, Exception):
            raise
        raise SettingsError(f"{path} cannot be imported: {_told(error, module)}") from error
    return module


def _plain(result: object) -> dict[str, Any]:
    """Return a result as plain values.

    Raises:
        TypeError: it is neither a Struct nor a dict, or something in it cannot be written down.
    """
    if not isinstance(result, (msgspec.Struct, dict)):
        raise TypeError(f"a strategy returns a msgspec Struct or a dict, not {shown(result)}")
    plain: dict[str, Any] = msgspec.to_builtins(result, enc_hook=_without_numpy, str_keys=True)
    return plain


def _without_numpy(value: object) -> Any:
    for method in ("item", "tolist"):
        if hasattr(value, "dtype") and (method == "tolist" or getattr(value, "ndim", 1) == 0):
            return getattr(value, method)()
    raise TypeError(f"a result holds {shown(value)}, of type {type(value).__name__}, which cannot be written down")


def _told(error: Exception, given: object) -> str:
    """Return an error with the last line of the user's file that it came through."""
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError):
        return said
    name = getattr(given, "__module__", None) or getattr(given, "__name__", None)
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        known = frame.f_globals  # also of what came as bytes, whose code has no file here
        if known.get("__name__") == name and known.get("__file__"):
            return f"{said} (line {line} of {Path(known['__file__']).name})"
    return said
