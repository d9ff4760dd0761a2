"""What a strategy may not look at: the files of its store, and any other clock than its session's."""

import ast
import builtins
import ctypes
import functools
import importlib.util
import io
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

_CLOCKS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "dt": {"now", "utcnow", "today"},
    "Timestamp": {"now", "utcnow", "today"},
    "random": {"random", "randint", "choice", "uniform", "gauss", "shuffle", "sample", "randrange"},
}
_IN_OPEN, _IN_ISDIR = 0x20, 0x40000000
_NONBLOCK = 0o4000
_OF_DAYS = (".parquet", ".pq", ".json", ".journal")
_HEAD = struct.Struct("iIII")
_MOST_FOLDERS = 8000


def clocks_in(modules: Iterable[ModuleType]) -> list[str]:
    """Return where a strategy's files ask a clock, or dice without a seed: ``my_strategy.py:12 time.time``."""
    found = []
    for module in modules:
        path = Path(getattr(module, "__file__", None) or "")
        if path.suffix != ".py" or not path.is_file():
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        bare = _bare_names(tree)
        called = ((node.lineno, _clock_of(node.func, bare)) for node in ast.walk(tree) if isinstance(node, ast.Call))
        found += [f"{path.name}:{line} {said}" for line, said in called if said is not None]
    return found


def imports_of(module: ModuleType) -> set[str]:
    """Return the full names of all that a module's text imports, be it a module or something of one."""
    path = Path(getattr(module, "__file__", None) or "")
    if path.suffix != ".py" or not path.is_file():
        return set()
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = importlib.util.resolve_name("." * node.level + base, module.__package__ or "")
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found | {name.rpartition(".")[0] for name in found}


def _bare_names(tree: ast.AST) -> dict[str, str]:
    """Return what ``from time import time as now`` and the like give other names."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "random"):
            for alias in node.names:
                if alias.name in _CLOCKS[node.module]:
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _clock_of(called: ast.expr, bare: dict[str, str]) -> str | None:
    if isinstance(called, ast.Name):
        return bare.get(called.id)
    if not isinstance(called, ast.Attribute):
        return None
    owner = called.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return f"{name}.{called.attr}" if called.attr in _CLOCKS.get(name, ()) else None


class FileWatch:
    """Sees whoever opens a file of some folders, by whatever library: nobody but a strategy has a reason to.

    Linux tells of any process; elsewhere only what is opened by ``open`` in the thread that watches is seen, which is
    also how the line is known. An audit hook would hear of more, but cannot be taken back, and with one in Python
    code Python 3.11 refuses a thread that begins under coverage or a debugger while another does.

    Args:
        folders: with all that is below them.
        modules: of the strategy, to name the line.
    """

    def __init__(self, folders: Sequence[Path], modules: frozenset[str]) -> None:
        self._roots = [os.path.realpath(folder) for folder in folders if folder.is_dir()]
        self._modules = modules
        self._thread = threading.get_ident()
        self._watched: dict[int, str] = {}
        self._descriptor = -1
        self._replaced: list[tuple[ModuleType, Callable[..., Any]]] = []
        self.opened: list[str] = []
        """What was opened: the file as it is called in its folder, and the line of the strategy if it is known."""

    def __enter__(self) -> Self:
        self._watch()
        for module in (builtins, io, os):
            opens: Callable[..., Any] = vars(module)["open"]
            self._replaced.append((module, opens))
            setattr(module, "open", self._overheard(opens))  # noqa: B010  # of a module that types know otherwise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._replaced:
            module, opens = self._replaced.pop()
            setattr(module, "open", opens)  # noqa: B010
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def look(self) -> list[str]:
        """Return what has been opened so far."""
        if self._descriptor >= 0:
            while raw := _read(self._descriptor):
                self._take(raw)
        return self.opened

    def _watch(self) -> None:
        if not sys.platform.startswith("linux") or not self._roots:
            return
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(_NONBLOCK)
        folders = [folder for root in self._roots for folder, _, _ in os.walk(root)]
        for folder in folders[:_MOST_FOLDERS] if self._descriptor >= 0 else ():
            watch = libc.inotify_add_watch(self._descriptor, os.fsencode(folder), _IN_OPEN)
            if watch >= 0:
                self._watched[watch] = folder

    def _take(self, raw: bytes) -> None:
        place = 0
        while place + _HEAD.size <= len(raw):
            watch, mask, _, length = _HEAD.unpack_from(raw, place)
            name = os.fsdecode(raw[place + _HEAD.size : place + _HEAD.size + length].rstrip(b"\0"))
            place += _HEAD.size + length
            if not mask & _IN_ISDIR and name.endswith(_OF_DAYS):
                self._note(os.path.join(self._watched.get(watch, ""), name), "")

    def _overheard(self, opens: Callable[..., Any]) -> Callable[..., Any]:
        """Return what opens a file as before, and hears who does."""

        @functools.wraps(opens)
        def opened(*args: Any, **kwargs: Any) -> Any:
            file = args[0] if args else kwargs.get("file", kwargs.get("path"))
            if threading.get_ident() == self._thread and isinstance(file, (str, bytes, os.PathLike)):
                self._hear(os.fsdecode(file))
            return opens(*args, **kwargs)

        return opened

    def _hear(self, path: str) -> None:
        real = os.path.realpath(path)
        if real.endswith(_OF_DAYS) and any(real.startswith(root + os.sep) for root in self._roots):
            self._note(real, self._line())

    def _note(self, real: str, line: str) -> None:
        # As it is called in the store: the same store may lie elsewhere when a proof is verified.
        path = next((os.path.relpath(real, root) for root in self._roots if real.startswith(root + os.sep)), real)
        known = [place for place, said in enumerate(self.opened) if said.partition(" (")[0] == path]
        if not known:
            self.opened.append(f"{path} ({line})" if line else path)
        elif line and " (" not in self.opened[known[0]]:
            self.opened[known[0]] = f"{path} ({line})"

    def _line(self) -> str:
        frame = sys._getframe(1)  # noqa: SLF001  # who opens it
        while frame is not None:
            if frame.f_globals.get("__name__") in self._modules:
                return f"line {frame.f_lineno} of {Path(frame.f_code.co_filename).name}"
            frame = frame.f_back  # type: ignore[assignment]
        return ""


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return b""
