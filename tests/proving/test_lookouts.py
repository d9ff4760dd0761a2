"""The watch over a store's files: what it sees, and that nothing of it stays."""

import builtins
import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from actors.proving.lookouts import FileWatch

HERE = frozenset({__name__})


def opens_by_os(path: Path) -> None:
    os.close(os.open(path=path, flags=os.O_RDONLY))


def opens_by_name(path: Path) -> None:
    with open(file=str(path), mode="rb"):
        pass


@pytest.mark.parametrize("opens", [Path.read_bytes, opens_by_os, opens_by_name])
def test_whoever_opens_a_file_of_a_store_is_named_with_the_line(tmp_path: Path, opens: Callable[[Path], None]) -> None:
    bars, note = tmp_path / "bars.parquet", tmp_path / "note.txt"
    for path in (bars, note):
        path.write_bytes(b"1")
    with FileWatch([tmp_path], HERE) as watch:
        opens(note)
        assert watch.look() == []
        opens(bars)
        said = watch.look()

    assert len(said) == 1
    assert said[0].startswith("bars.parquet (line ")
    assert said[0].endswith(f" of {Path(__file__).name})")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells of other processes")
def test_another_process_that_opens_it_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "bars.parquet"
    path.write_bytes(b"1")
    with FileWatch([tmp_path], HERE) as watch:
        subprocess.run([sys.executable, "-c", f"open({str(path)!r}, 'rb').read()"], check=True)

        assert watch.look() == ["bars.parquet"]


def test_when_nobody_watches_any_more_all_is_as_it_was(tmp_path: Path) -> None:
    there: list[ModuleType] = [builtins, io, os]
    before = [vars(module)["open"] for module in there]
    with FileWatch([tmp_path], HERE):
        pass

    assert [vars(module)["open"] for module in there] == before


def test_no_hook_stays_that_costs_a_thread_its_life(tmp_path: Path) -> None:
    """With an audit hook in Python, one of two threads that begin under a trace at once dies in Python 3.11."""
    refused: list[object] = []
    hook, every = sys.unraisablehook, sys.getswitchinterval()
    sys.unraisablehook = lambda told: refused.append(told.exc_value)
    traced = threading.gettrace()
    try:
        sys.setswitchinterval(1e-6)
        for _ in range(20):
            with FileWatch([tmp_path], HERE):
                pass
        threading.settrace(traced or (lambda *_: None))
        starting = [threading.Thread(target=_start_many) for _ in range(6)]
        for one in starting:
            one.start()
        for one in starting:
            one.join(60)
    finally:
        sys.unraisablehook = hook
        sys.setswitchinterval(every)
        threading.settrace(traced)  # type: ignore[arg-type]  # None takes it back

    assert refused == []


def _start_many() -> None:
    for _ in range(200):
        one = threading.Thread(target=int)
        one.start()
        one.join(60)
